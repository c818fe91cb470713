package program_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A webhook without a valid signature of now is refused, stores nothing and
// wakes nobody (T9).
func TestT9BadSignatures(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	path := w.connectWithSecret()
	payload := event("evt_t9", "payment_intent.succeeded", map[string]any{"id": "pi_1", "object": "payment_intent"}, nil)
	now := time.Now()
	good := signature(payload, testWebhookSecret, now)
	at, mac, _ := strings.Cut(good, ",")
	before := w.tables("sessions")
	for name, header := range map[string]string{
		"missing": "", "nonsense": "x", "of nothing": at, "without a time": mac, "of another secret": signature(payload, "whsec_other", now),
		"of an empty secret": signature(payload, "", now), "old": signature(payload, testWebhookSecret, now.Add(-301*time.Second)),
		"of the future": signature(payload, testWebhookSecret, now.Add(360*time.Second)), "of another body": signature(payload+" ", testWebhookSecret, now),
		"of another scheme": strings.Replace(good, "v1=", "v0=", 1), "of two times": good + "," + strings.Replace(at, "t=", "t=1", 1),
		"of a time long ago": "t=1," + mac,
	} {
		headers := map[string]string{"Content-Type": "application/json"}
		if header != "" {
			headers["Stripe-Signature"] = header
		}
		if got := w.anonymous().raw("POST", path, payload, headers); got.status != http.StatusBadRequest {
			t.Errorf("a signature %s: %d %s", name, got.status, got.raw)
		}
	}
	for name, where := range map[string]string{
		"the platform's": "/webhooks/stripe", "an unknown connection's": "/webhooks/stripe/" + uuid.NewString(), "no connection's": "/webhooks/stripe/x",
	} {
		got := w.anonymous().raw("POST", where, payload, map[string]string{"Content-Type": "application/json", "Stripe-Signature": good})
		if got.status != http.StatusBadRequest && got.status != http.StatusNotFound {
			t.Errorf("at %s address: %d %s", name, got.status, got.raw)
		}
	}
	for name, body := range map[string]string{"not JSON": "x", "no event": "{}", "a list": "[]", "without a type": `{"id":"evt_1"}`} {
		if got := w.deliver(path, body); got.status != http.StatusBadRequest {
			t.Errorf("signed, but %s: %d %s", name, got.status, got.raw)
		}
	}
	w.unchanged("an unsigned webhook", before, w.tables("sessions"))
	w.deliver(path, payload).want(200)
}

// One event that arrives a hundred times at once is one row and one booking (T10).
func TestT10Failure11OneEventAHundredTimesAtOnce(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	path := w.connectWithSecret()
	customer, card := w.customer(w.branchA, "4242424242424242")
	payer := w.signIn("payer.a")
	invoice, item := w.invoice(w.branchA, customer, 5000)
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	payment := payer.get("/v1/invoices/" + invoice + "/payments").want(200)
	intent := payment.text("data", 0, "stripe", "payment_intent")
	if intent == "" {
		intent = w.sql("select payment_intent from payments where invoice_id = $1::uuid", invoice)[0][0]
	}
	open, _ := w.invoice(w.branchA, customer, 5100)
	page := payer.post("/v1/invoices/"+open+"/pay", map[string]any{"amount": 5100, "checkout": true}).want(202).text("checkout", "url")
	session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid", open)[0][0]
	w.submit(page, "4242424242424242", false)
	for id, payload := range map[string]string{
		"evt_t10_paid":     event("evt_t10_paid", "payment_intent.succeeded", map[string]any{"id": intent, "object": "payment_intent"}, nil),
		"evt_t10_complete": event("evt_t10_complete", "checkout.session.completed", map[string]any{"id": session, "object": "checkout.session"}, nil),
	} {
		var all sync.WaitGroup
		answers := make([]int, 100)
		for n := range answers {
			all.Go(func() { answers[n] = w.deliver(path, payload).status })
		}
		all.Wait()
		for _, status := range answers {
			if status/100 != 2 {
				t.Fatalf("%s: an answer of %d", id, status)
			}
		}
		if rows := w.sql("select count(*)::text from stripe_events where event_id = $1", id); rows[0][0] != "1" {
			t.Errorf("%s is stored %s times", id, rows[0][0])
		}
	}
	for each, want := range map[string]int64{invoice: 5000, open: 5100} {
		w.until("it is paid", func() bool { return payer.get("/v1/invoices/"+each).want(200).text("status") == "paid" })
		rows := w.sql("select count(*)::text, sum(amount_captured)::text from payments where invoice_id = $1::uuid and state = 'succeeded'", each)
		if rows[0][0] != "1" || rows[0][1] != strconv.FormatInt(want, 10) {
			t.Errorf("booked %v, want %d once", rows[0], want)
		}
		if excess := payer.get("/v1/invoices/" + each).want(200).number("outstanding"); excess != 0 {
			t.Errorf("%d is outstanding", excess)
		}
	}
}

// Events of an account, a mode or an object that is not ours are taken, marked
// and change nothing, whatever their metadata says (T11, T12, T13).
func TestT11T12T13Failure18ForeignEvents(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	path := w.connectWithSecret()
	customer, card := w.customer(w.branchA, "4242424242424242")
	payer := w.signIn("payer.a")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	_ = card
	tenant := w.sql("select id::text from tenants where path = $1", w.top)[0][0]

	// The owner of an account makes an intent that claims to be of our invoice
	// and pays it; ours is not touched by it, in our tenant or another.
	stranger, elsewhere := w.stranger()
	theirKey := "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	stranger.put("/v1/stripe/connection/keys", map[string]any{"secret_key": theirKey, "publishable_key": "pk_test_2", "webhook_secret": testWebhookSecret}).want(200)
	theirs := w.sql("select id::text from connections where tenant = (select id from tenants where path = $1)", elsewhere)[0][0]
	claim := map[string]any{
		"id": "pi_foreign", "object": "payment_intent", "status": "succeeded", "amount": 5000, "amount_received": 5000, "currency": "usd",
		"metadata": map[string]any{"remit_tenant": tenant, "remit_invoice": invoice, "remit_payment": uuid.NewString()},
	}
	intent := w.sql("select payment_intent from payments where invoice_id = $1::uuid and payment_intent is not null", invoice)
	ours := "pi_none"
	if len(intent) > 0 {
		ours = intent[0][0]
	}
	session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid", invoice)[0][0]
	except := []string{"sessions", "stripe_events", "agenda", "attempts"} // a poll may come in between
	before := w.digests(except...)
	for id, e := range map[string]struct{ where, payload, state string }{
		"evt_t11": {path, event("evt_t11", "payment_intent.succeeded", claim, map[string]any{"account": "acct_unknown"}), "foreign"},
		"evt_t12": {path, event("evt_t12", "payment_intent.succeeded", map[string]any{"id": ours, "object": "payment_intent"}, map[string]any{"livemode": true}), "wrong_mode"},
		"evt_t13": {path, event("evt_t13", "payment_intent.succeeded", claim, nil), "foreign"},
		"evt_t13_other_tenant": {
			"/webhooks/stripe/" + theirs, event("evt_t13_other_tenant", "payment_intent.succeeded", claim, nil), "foreign",
		},
		"evt_t13_session": {
			"/webhooks/stripe/" + theirs,
			event("evt_t13_session", "checkout.session.completed", map[string]any{"id": session, "object": "checkout.session", "payment_status": "paid"}, nil), "foreign",
		},
		"evt_t13_intent": {
			"/webhooks/stripe/" + theirs, event("evt_t13_intent", "payment_intent.succeeded", map[string]any{"id": ours, "object": "payment_intent"}, nil), "foreign",
		},
		"evt_unknown_type": {path, event("evt_unknown_type", "climate.order.created", map[string]any{"id": "x"}, nil), "foreign"},
	} {
		w.deliver(e.where, e.payload).want(200)
		rows := w.sql("select state from stripe_events where event_id = $1", id)
		if len(rows) != 1 || rows[0][0] != e.state && rows[0][0] != "ignored" {
			t.Errorf("%s is stored as %v, want %s", id, rows, e.state)
		}
	}
	w.unchanged("a foreign event", before, w.digests(except...))
	if status := payer.get("/v1/invoices/" + invoice).want(200).text("status"); status != "open" {
		t.Errorf("the invoice is %s", status)
	}
}

// Coming back by the success address without having paid settles nothing: Stripe
// is asked (T14).
func TestT14TheSuccessAddressProvesNothing(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	customer, _ := w.customer(w.branchA, "4242424242424242")
	payer := w.signIn("payer.a")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid", invoice)[0][0]
	view, err := w.program.Commands.CheckoutReturn(t.Context(), session)
	must(t, err)
	if view.State != "requires_action" || view.Left != 5000 {
		t.Errorf("who comes back unpaid is told %+v", view)
	}
	for _, path := range []string{"/pay/return?session_id=" + session, "/pay/return?session_id=cs_test_none", "/pay/return"} {
		w.anonymous().get(path)
	}
	got := payer.get("/v1/invoices/" + invoice).want(200)
	if got.text("status") != "open" || got.number("outstanding") != 5000 {
		t.Errorf("after coming back unpaid: %s", got.raw)
	}
	if _, err := w.program.Commands.CheckoutReturn(t.Context(), "cs_test_none"); err == nil {
		t.Error("an unknown session is somebody's")
	}
}

package program_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A declined payment at one account does not stand in the way of paying at the
// next: the keys of the account before are kept until Stripe has canceled what
// is open there, and dropped then (M2, M3).
func TestDeclinedPaymentDoesNotOutliveItsAccount(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4000000000000341")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(402)
	other := "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	admin.put("/v1/stripe/connection/keys", map[string]any{"secret_key": other, "publishable_key": "pk_test_2"}).want(200)

	got := payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	if got.path("checkout", "url") == "" {
		t.Fatalf("no page was opened: %s", got.raw)
	}
	w.until("the keys of the account before are dropped", func() bool {
		return w.sql("select count(*)::text from connections where disconnected_at is not null and secret_key is not null")[0][0] == "0"
	})
}

// An account that is connected after the organisation's clock has gone on shows
// the same time from then on: a hosted checkout opens there (M15).
func TestAccountThatComesLaterShowsTheSameTime(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.later(40 * 24 * time.Hour)
	w.key = "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	admin.put("/v1/stripe/connection/keys", map[string]any{"secret_key": w.key, "publishable_key": "pk_test_2"}).want(200)
	customer, _ := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	opened := w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	if opened.path("checkout", "url") == "" {
		t.Fatalf("no page was opened: %s", opened.raw)
	}
}

// Two organisations that share a Stripe account are each sent every event: what
// is foreign to the one that hears of it first is the other's all the same (M6).
func TestEventsOfASharedAccountReachEveryOrganisation(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	path := w.connectWithSecret()
	customer, _ := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid", invoice)[0][0]

	partner, elsewhere := w.stranger()
	partner.put("/v1/stripe/connection/keys", map[string]any{"secret_key": w.key, "publishable_key": "pk_test_1", "webhook_secret": testWebhookSecret}).want(200)
	theirs := w.sql("select id::text from connections where tenant = (select id from tenants where path = $1)", elsewhere)[0][0]
	hint := event("evt_shared", "checkout.session.completed", map[string]any{"id": session, "object": "checkout.session"}, nil)
	w.deliver("/webhooks/stripe/"+theirs, hint).want(200)
	w.deliver(path, hint).want(200)
	states := w.sql("select e.state from stripe_events e join tenants t on t.id = e.tenant where e.event_id = 'evt_shared' and t.path = $1", w.top)
	if len(states) != 1 || states[0][0] == "foreign" {
		t.Fatalf("the event of our session is stored as %v", states)
	}
}

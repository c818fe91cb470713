package program_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"remit/program"
)

// found is a reconciliation's differences as "kind id amount cause", sorted.
func found(r *answer) []string {
	list, _ := r.at("differences").([]any)
	lines := make([]string, 0, len(list))
	for _, each := range list {
		d, _ := each.(map[string]any)
		lines = append(lines, fmt.Sprintf("%v %v %v %v", d["kind"], d["stripe_id"], d["amount"], d["cause"]))
	}
	slices.Sort(lines)
	return lines
}

func (w *world) reconcile() *answer {
	w.t.Helper()
	return w.signIn("admin").post("/v1/reconciliations", map[string]any{"organisation": w.top}).want(201)
}

// paidInvoices are paid invoices of 50.00 each with their charges.
func (w *world) paidInvoices(n int) (charges map[string]string) {
	w.t.Helper()
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	charges = map[string]string{}
	for range n {
		invoice, _ := w.invoice(w.branchA, customer, 5000)
		admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
		charges[invoice] = admin.get("/v1/invoices/"+invoice+"/payments").want(200).text("data", 0, "stripe", "charge")
	}
	return charges
}

// Ten refunds and ten disputes whose every webhook was lost, and a charge that
// was not made through Remit, are named with their causes, and nothing else is;
// what is then fetched is booked by the invoices' own workflows, and only what
// is none of Remit's is left, explained (Z5, M6, M9).
func TestReconciliationNamesWhatWasLost(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	charges := w.paidInvoices(20)
	if clean := w.reconcile(); clean.at("unexplained") != 0.0 || len(found(clean)) != 0 || clean.at("totals", "charges", "ledger") != 100000.0 {
		t.Fatalf("with nothing lost: %s", clean.raw)
	}
	w.sandbox("POST", "/faults", map[string]any{"webhooks": map[string]any{"drop": 1.0, "seed": 1}})
	var want []string
	var refunded, disputed []string
	unexplained := 0.0
	for n, invoice := range slices.Sorted(maps.Keys(charges)) {
		if n%2 == 0 {
			amount := 1000 + n
			made := w.sandbox("POST", "/charges/"+charges[invoice]+"/refund", map[string]any{"amount": amount})
			want = append(want, fmt.Sprintf("refund %v %d refund_at_stripe", made["id"], -amount))
			refunded = append(refunded, invoice)
			unexplained += float64(amount)
			continue
		}
		made := w.sandbox("POST", "/charges/"+charges[invoice]+"/dispute", map[string]any{})
		want = append(want, fmt.Sprintf("dispute %v -5000 dispute_withdrawn", made["id"]))
		disputed = append(disputed, invoice)
		unexplained += 5000
	}
	made := w.sandbox("POST", "/charges", map[string]any{"amount": 777})
	foreign := fmt.Sprintf("charge %v 777 foreign", made["id"])
	want = append(want, foreign)
	slices.Sort(want)

	first := w.reconcile()
	if got := found(first); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	if first.at("unexplained") != unexplained || first.text("currency") != "USD" {
		t.Errorf("unexplained is %v, want %v", first.at("unexplained"), unexplained)
	}
	for invoice := range charges {
		if got := admin.get("/v1/invoices/" + invoice).want(200).text("status"); got != "paid" {
			t.Errorf("reconciling made %s of an invoice", got)
		}
	}
	for at, words := range map[string][]string{
		"/reconciliation": {"Unexplained $", "Fetch missing event", "Not made through Remit.", "not synced to your accounting"}, "/payments": {"Succeeded", "not synced to your accounting"},
	} {
		shown := admin.send("GET", at, nil, asPage).want(200)
		for _, word := range words {
			if !strings.Contains(string(shown.raw), word) {
				t.Errorf("%s does not say %q", at, word)
			}
		}
	}
	if n := admin.post("/v1/reconciliations/"+first.text("id")+"/fetch", nil).want(200).at("fetched"); n != 20.0 {
		t.Errorf("fetched %v", n)
	}
	for _, invoice := range disputed {
		w.status(invoice, "contested")
	}
	for _, invoice := range refunded {
		w.until("the refund is booked", func() bool {
			payments := admin.get("/v1/invoices/" + invoice + "/payments").want(200)
			back, _ := payments.at("data", 0, "amount_refunded").(float64)
			return back > 0
		})
	}
	second := w.reconcile()
	if got := found(second); !slices.Equal(got, []string{foreign}) || second.at("unexplained") != 0.0 {
		t.Errorf("after fetching: %s", second.raw)
	}
	if list := admin.get("/v1/reconciliations?limit=2").want(200); list.text("data", 0, "id") != second.text("id") || list.text("data", 1, "id") != first.text("id") || list.text("next") == "" {
		t.Errorf("listed: %s", list.raw)
	}
	admin.post("/v1/reconciliations/"+second.text("id")+"/fetch", map[string]any{"stripe_id": fmt.Sprint(made["id"])}).want(422)

	stranger, top := w.stranger()
	if list := stranger.get("/v1/reconciliations").want(200); list.at("data", 0) != nil {
		t.Errorf("a stranger sees %s", list.raw)
	}
	stranger.post("/v1/reconciliations/"+first.text("id")+"/fetch", nil).want(404)
	stranger.post("/v1/reconciliations", map[string]any{"organisation": w.top}).want(422)
	stranger.post("/v1/reconciliations", map[string]any{"organisation": top}).want(409)
	w.signIn("payer.a").get("/v1/reconciliations?organisation=" + strings.ReplaceAll(w.branchA, " ", "%20")).want(403)
}

// A refund that had succeeded and failed later, with its event lost, is noticed
// in the night and named; so is nothing else, and a second look at the same night
// is the same run (M14, M15).
func TestNightNoticesARefundThatFailedLater(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.sandbox("POST", "/faults", map[string]any{"webhooks": map[string]any{"drop": 1.0, "seed": 1}})
	var invoice string
	for invoice = range w.paidInvoices(1) {
		payment := admin.get("/v1/invoices/"+invoice+"/payments").want(200).text("data", 0, "id")
		refund := admin.post("/v1/payments/"+payment+"/refunds", map[string]any{"amount": 2000, "reason": "x", "then": "settle"}).want(201)
		if refund.text("state") != "succeeded" {
			t.Fatal(refund.raw)
		}
	}
	id := w.sql("select stripe_refund from refunds where invoice_id = $1::uuid", invoice)[0][0]
	w.sandbox("POST", "/refunds/"+id, map[string]any{"status": "failed"})
	w.later(26 * time.Hour)
	list := admin.get("/v1/reconciliations").want(200)
	night := &answer{t: t, what: "the night", status: 200, body: list.at("data", 0)}
	if got, want := found(night), []string{"refund_failure " + id + " 2000 refund_failed"}; !slices.Equal(got, want) || night.at("unexplained") != 2000.0 {
		t.Fatalf("found %q, want %q in %s", got, want, list.raw)
	}
	admin.post("/v1/reconciliations/"+night.text("id")+"/fetch", map[string]any{"stripe_id": id}).want(200)
	w.until("it is booked as failed", func() bool {
		return w.sql("select state from refunds where stripe_refund = $1", id)[0][0] == "failed"
	})
	w.later(24 * time.Hour)
	list = admin.get("/v1/reconciliations").want(200)
	if list.at("data", 0, "unexplained") != 0.0 || list.text("data", 0, "id") == night.text("id") {
		t.Errorf("the night after: %s", list.raw)
	}
	if twice := w.sql("select count(*)::text from (select 1 from reconciliation_runs where nightly group by since, at having count(*) > 1) x"); twice[0][0] != "0" {
		t.Errorf("%s nights were reconciled twice", twice[0][0])
	}
}

// A run whose process dies before its result is recorded is made again by
// another, and gives one result.
func TestReconciliationOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	var died atomic.Bool
	w := openWorld(t, func(c *program.Config) {
		c.Crash = func(boundary string) {
			if boundary == "compared with Stripe" && died.CompareAndSwap(false, true) {
				runtime.Goexit()
			}
		}
	})
	w.paidInvoices(1)
	done := w.reconcile()
	if !died.Load() || done.at("unexplained") != 0.0 {
		t.Errorf("died %t: %s", died.Load(), done.raw)
	}
	if rows := w.sql("select count(*)::text, min(state) from reconciliation_runs r join reconciliations c on c.run_id = r.id where r.id = $1::uuid", done.text("id")); rows[0][0] != "1" || rows[0][1] != "done" {
		t.Errorf("recorded: %v", rows)
	}
}

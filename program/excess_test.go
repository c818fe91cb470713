package program_test

import (
	"net/url"
	"testing"
	"time"
)

// paidAfterVoid makes an invoice of which money came in after it was cancelled,
// and gives it with the item of the excess desk.
func (w *world) paidAfterVoid(customer, card string, amount int64) (invoice string, item *answer) {
	w.t.Helper()
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	invoice, work := w.invoice(w.branchA, customer, amount)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"times": 1}, "effect": "decline", "decline_code": "insufficient_funds"}}})
	payer.post("/v1/work-items/"+work+"/pay", map[string]any{"amount": amount, "payment_method": card}).want(402)
	w.voidWithoutKeys(admin, invoice)
	row := w.sql("select payment_intent, (select stripe_payment_method from payment_methods where id = $2::uuid) from payments where invoice_id = $1::uuid", invoice, card)[0]
	if !w.confirmAtStripe(row[0], row[1]) {
		w.t.Fatal("the intent cannot be confirmed past Remit, so nothing arrives")
	}
	w.until("the money is on the desk", func() bool {
		item = admin.get("/v1/excess?organisation=" + url.QueryEscape(w.branchA)).want(200)
		return item.at("data", 0) != nil && item.text("data", 0, "invoice_id") == invoice
	})
	return invoice, item
}

// Money that could not be applied goes back by itself on its date on the
// organisation's clock, once, when nobody has decided (Z4, M15).
func TestZ4ExcessGoesBackByItself(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.paidAfterVoid(customer, card, 5000)
	if item.text("data", 0, "reason") != "paid_after_void" || item.text("data", 0, "default_action") != "refund" || item.number("data", 0, "amount") != 5000 {
		t.Fatalf("the item is %s", item.raw)
	}
	due, err := time.Parse(time.RFC3339, item.text("data", 0, "due"))
	must(t, err)
	advance := func(to time.Time) {
		t.Helper()
		for range 20 {
			if admin.post("/v1/clock/advance", map[string]any{"organisation": w.top, "to": to.UTC().Format(time.RFC3339)}).want(200, 202).status == 200 {
				return
			}
		}
		t.Fatal("the clock does not get there")
	}
	advance(due.Add(-time.Minute))
	if waiting := admin.get("/v1/excess").want(200); waiting.text("data", 0, "state") != "open" {
		t.Fatalf("before its date: %s", waiting.raw)
	}
	advance(due.Add(48 * time.Hour)) // what was paid out is taken back from the bank in the night after
	w.until("the money went back", func() bool {
		back := admin.get("/v1/excess?state=resolved").want(200)
		return back.at("data", 0) != nil && back.text("data", 0, "state") == "refunded"
	})
	sums := w.sql("select coalesce(sum(amount) filter (where account = 'stripe'), 0)::text, coalesce(sum(amount) filter (where account = 'excess'), 0)::text from ledger_lines where invoice_id = $1::uuid", invoice)[0]
	if sums[0] != "0" || sums[1] != "0" {
		t.Errorf("at Stripe %s, excess %s", sums[0], sums[1])
	}
	if n := w.sql("select count(*)::text from refunds where invoice_id = $1::uuid", invoice)[0][0]; n != "1" {
		t.Errorf("%s refunds", n)
	}
}

// A person decides before, once: what came for an invoice becomes credit, and a
// transfer that fits no invoice pays the customer's oldest open one. Who may not
// sees nothing (Z4, P1, T1).
func TestZ4APersonDecides(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, list := w.paidAfterVoid(customer, card, 5000)
	item := list.text("data", 0, "id")
	stranger, theirs := w.stranger()
	stranger.post("/v1/excess/"+item+"/resolve", map[string]any{"action": "credit"}).want(404)
	w.signIn("payer.a").post("/v1/excess/"+item+"/resolve", map[string]any{"action": "credit"}).want(404)
	stranger.post("/v1/excess", map[string]any{"organisation": theirs, "amount": 100, "currency": "USD", "reference": "x", "customer_id": customer}).want(422)

	kept := admin.post("/v1/excess/"+item+"/resolve", map[string]any{"action": "credit"}).want(200)
	if kept.text("state") != "credited" || kept.at("resolved_at") == nil {
		t.Errorf("decided: %s", kept.raw)
	}
	admin.post("/v1/excess/"+item+"/resolve", map[string]any{"action": "refund"}).want(409)
	admin.post("/v1/excess/"+item+"/resolve", map[string]any{"action": "apply"}).want(409)
	if credit := admin.get("/v1/customers/" + customer + "/credit").want(200); credit.number("credits", 0, "amount") != 5000 || credit.text("history", 0, "invoice_id") != invoice {
		t.Errorf("the credit is %s", credit.raw)
	}
	used, _ := w.invoice(w.branchA, customer, 8000) // when it is sent
	if got := admin.get("/v1/invoices/" + used).want(200); got.number("outstanding") != 3000 || got.text("status") != "partially_paid" {
		t.Errorf("the next invoice is %s", got.raw)
	}

	admin.post("/v1/excess", map[string]any{"organisation": w.branchA, "amount": 4000, "currency": "XXX", "reference": "RF18"}).want(422)
	transfer := admin.post("/v1/excess", map[string]any{"organisation": w.branchA, "amount": 4000, "currency": "USD", "reference": "RF18"}).want(201)
	id := transfer.text("id")
	if transfer.text("default_action") != "none" || transfer.at("due") != nil {
		t.Errorf("the transfer is %s", transfer.raw)
	}
	admin.post("/v1/excess/"+id+"/resolve", map[string]any{"action": "refund"}).want(409)
	admin.post("/v1/excess/"+id+"/resolve", map[string]any{"action": "apply"}).want(422)
	applied := admin.post("/v1/excess/"+id+"/resolve", map[string]any{"action": "apply", "customer_id": customer}).want(200)
	if applied.text("state") != "applied" {
		t.Errorf("applied: %s", applied.raw)
	}
	if got := admin.get("/v1/invoices/" + used).want(200); got.text("status") != "paid" {
		t.Errorf("the oldest open invoice is %s", got.raw)
	}
	if credit := admin.get("/v1/customers/" + customer + "/credit").want(200); credit.number("credits", 0, "amount") != 1000 {
		t.Errorf("the rest is %s", credit.raw)
	}
	if left := admin.get("/v1/excess").want(200); left.at("data", 0) != nil {
		t.Errorf("still to decide: %s", left.raw)
	}
}

package program_test

import "testing"

// A payer signs in, finds the invoice in his inbox, pays it with a saved card,
// and it is Paid, with a timeline that says why (W1-W8, RC1).
func TestPayerPaysFromTheInbox(t *testing.T) {
	w := openWorld(t)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 12000)
	payer := w.signIn("payer.a")
	inbox := payer.get("/v1/work-items").want(200)
	if inbox.text("data", 0, "id") != item {
		t.Fatalf("the inbox shows %s", inbox.raw)
	}
	paid := payer.keyed("/v1/work-items/"+item+"/pay", "k1", map[string]any{"amount": 12000, "payment_method": card}).want(200)
	if paid.text("invoice", "status") != "paid" || paid.text("payment", "state") != "succeeded" {
		t.Fatalf("paying answered %s", paid.raw)
	}
	again := payer.keyed("/v1/work-items/"+item+"/pay", "k1", map[string]any{"amount": 12000, "payment_method": card}).want(200)
	if again.header.Get("Idempotent-Replayed") != "true" {
		t.Fatal("the second answer is not marked as replayed")
	}
	if cents, charges := w.captured(invoice); cents != 12000 || charges != 1 {
		t.Fatalf("captured %d in %d charges", cents, charges)
	}
	timeline := payer.get("/v1/invoices/" + invoice + "/timeline").want(200)
	if timeline.at("data", 0, "why") == nil {
		t.Fatalf("the timeline is %s", timeline.raw)
	}
	if state := payer.get("/v1/work-items/" + item).want(200).text("state"); state != "done" {
		t.Fatalf("the work item is %s", state)
	}
}

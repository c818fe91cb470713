package program_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A process that dies after money moved and before its answer was kept leaves a
// key behind: the same request sent again under it charges and books nothing
// more, and gives the answer (X4, M2).
func TestFailure07AKeySentAgainAfterADeathIsTheSameRequest(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	customer, card := w.customer(w.branchA, "4242424242424242")
	payer, admin := w.signIn("payer.a"), w.signIn("admin")
	die := func() {
		t.Helper()
		must(t, w.program.Commands.DB.Global(context.Background(), func(tx pgx.Tx) error {
			tag, err := tx.Exec(context.Background(), "update idempotency_keys set status = null, answer = null, created_at = now() - interval '121 seconds' where key = 'k1'")
			if tag.RowsAffected() == 0 {
				t.Error("no key was there")
			}
			return err
		}))
	}
	for _, amount := range []int64{10000, 20000} { // a part, and all of it
		invoice, item := w.invoice(w.branchA, customer, 20000)
		body := map[string]any{"amount": amount, "payment_method": card}
		first := payer.keyed("/v1/work-items/"+item+"/pay", "k1", body).want(200)
		die()
		again := payer.keyed("/v1/work-items/"+item+"/pay", "k1", body).want(200)
		if first.text("payment", "id") != again.text("payment", "id") {
			t.Errorf("two payments: %s %s", first.raw, again.raw)
		}
		if cents, charges := w.captured(invoice); cents != amount || charges != 1 {
			t.Errorf("captured %d in %d", cents, charges)
		}
	}
	invoice, _ := w.invoice(w.branchA, customer, 20000)
	transfer := map[string]any{"amount": 10000, "method": "bank_transfer", "reference": "WIRE 1"}
	admin.keyed("/v1/invoices/"+invoice+"/payments", "k1", transfer).want(201)
	die()
	admin.keyed("/v1/invoices/"+invoice+"/payments", "k1", transfer).want(201)
	if owed := admin.get("/v1/invoices/" + invoice).want(200).number("outstanding"); owed != 10000 {
		t.Errorf("%d is owed", owed)
	}
	// What was refused may be asked again under its key.
	refused, item := w.invoice(w.branchA, customer, 20000)
	admin.post("/v1/invoices/"+refused+"/void", map[string]any{"reason": "mistake"}).want(200)
	payer.keyed("/v1/work-items/"+item+"/pay", "k2", map[string]any{"amount": 20000, "payment_method": card}).want(409)
	payer.keyed("/v1/work-items/"+item+"/pay", "k2", map[string]any{"amount": 20000, "payment_method": card}).want(409)
}

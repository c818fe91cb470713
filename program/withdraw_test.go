package program_test

import (
	"testing"
	"time"

	"remit/program"
)

// A change that no worker took up in time is withdrawn: whoever is told that
// nothing was changed may send it again.
func TestChangeThatWasNotAnsweredIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.Work, c.Answer = false, 700*time.Millisecond })
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	transfer := map[string]any{"amount": 2000, "method": "bank_transfer", "reference": "wire 7"}
	admin.post("/v1/invoices/"+invoice+"/payments", transfer).want(503)
	withdrawn := w.sql("select (done_at is not null)::text from invoice_requests where invoice_id = $1::uuid", invoice)
	if len(withdrawn) != 1 || withdrawn[0][0] != "true" {
		t.Fatalf("requests that were withdrawn: %v", withdrawn)
	}
}

package program_test

import (
	"strings"
	"testing"

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

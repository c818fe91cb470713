package program_test

import (
	"testing"
	"time"

	"remit/program"
)

// What is at Stripe is shown as it was read last, also while Stripe cannot be
// reached, and read again by itself once Stripe reports a payout: a hint that is
// retrieved (M6). Each payout's lines lead to the invoices in it (PO1-PO7).
func TestDashboardShowsWhatWasReadLast(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages, func(c *program.Config) { c.DashboardEvery = time.Hour })
	admin := w.signIn("admin")
	charges := w.paidInvoices(2)
	admin.post("/v1/stripe/refresh", nil).want(202)
	w.until("the charges are in the balance", func() bool {
		return admin.get("/v1/stripe/balance").want(200).at("data", 0, "pending") == 9650.0
	})
	w.sandbox("POST", "/clock", map[string]any{"advance_days": 5})
	w.until("the payout is known with its lines", func() bool {
		payouts := admin.get("/v1/stripe/payouts").want(200)
		return payouts.at("data", 0, "status") == "paid" && payouts.at("data", 0, "unexplained") == 0.0
	})
	payout := admin.get("/v1/stripe/payouts").text("data", 0, "id")
	lines := admin.get("/v1/stripe/transactions?type=charge&payout=" + payout).want(200)
	for n := range 2 {
		if invoice := lines.text("data", n, "invoice_id"); charges[invoice] != lines.text("data", n, "source") {
			t.Errorf("line %d is of the invoice %s: %s", n, invoice, lines.raw)
		}
	}
	w.sandbox("POST", "/faults", map[string]any{"rules": []any{map[string]any{"effect": "error_before"}}})
	for _, path := range []string{"account", "balance", "payouts", "transactions", "customers", "bank-accounts"} {
		if got := admin.get("/v1/stripe/" + path).want(200); got.at("as_of") == nil {
			t.Errorf("%s has no age: %s", path, got.raw)
		}
	}
	if link := admin.post("/v1/stripe/dashboard-link", nil).want(200).text("url"); link == "" {
		t.Error("no link")
	}
}

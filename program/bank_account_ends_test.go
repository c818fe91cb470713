package program_test

import (
	"testing"
	"time"
)

// An account that waits at a Stripe account which is not connected any more does
// not wait for ever: it ends when its time is over, can be removed before, and
// keeps nobody busy meanwhile.
func TestAccountsAtADisconnectedStripeAccountEnd(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.deposits("amounts")
	customer := w.bare()
	path := "/v1/customers/" + customer + "/bank-accounts"
	waiting := admin.post(path, bankAccountBody("000123456789")).want(201).text("id")
	removed := admin.post(path, bankAccountBody("000222222227")).want(201).text("id")
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{
		{"match": map[string]any{"path": "/v1/setup_intents/*/confirm", "times": 1}, "effect": "drop_after"},
		{"match": map[string]any{"method": "GET", "path": "/v1/setup_intents/*"}, "effect": "error_before", "status": 500},
	}})
	requested := admin.post(path, bankAccountBody("000111111113")).want(201).text("id")
	admin.del("/v1/stripe/connection").want(204)
	admin.del("/v1/payment-methods/" + removed).want(204)
	w.later(12 * 24 * time.Hour)
	for _, id := range []string{waiting, requested} {
		if got := admin.get("/v1/bank-accounts/" + id).want(200); got.text("status") != "expired" && got.text("status") != "failed" {
			t.Errorf("it is %s", got.raw)
		}
	}
}

package program_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// While money is on its way at an account nobody can connect another one, and
// where one gets connected all the same between an attempt's start and its
// confirm, the last look refuses (T15).
func TestT15ReconnectInTheMiddleOfAnAttempt(t *testing.T) {
	t.Parallel()
	var crash boundaries
	w := openWorld(t, crash.hook)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	other := map[string]any{"secret_key": "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", ""), "publishable_key": "pk_test_2"}
	same := map[string]any{"secret_key": w.key, "publishable_key": "pk_test_3"}
	status := func() int { return admin.put("/v1/stripe/connection/keys", other).status }

	invoice, _ := w.invoice(w.branchA, customer, 5000)
	pay := map[string]any{"amount": 5000, "payment_method": card}
	for _, boundary := range []string{"reserved", "intent stored", "last look passed"} {
		each, _ := w.invoice(w.branchA, customer, 5000)
		got := 0
		crash.at(boundary, func() { got = status() })
		payer.post("/v1/invoices/"+each+"/pay", pay).want(200)
		if got != 409 {
			t.Errorf("at %q another account's keys were answered %d", boundary, got)
		}
	}
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	admin.put("/v1/stripe/connection/keys", other).want(409)
	admin.put("/v1/stripe/connection/keys", same).want(200)
	page := w.sql("select session_url from attempts where invoice_id = $1::uuid", invoice)[0][0]
	w.submit(page, "4242424242424242", false)
	w.until("it is paid", func() bool { return payer.get("/v1/invoices/"+invoice).want(200).text("status") == "paid" })

	// Disconnected, and connected elsewhere, in the middle.
	confirms := w.asked("POST", "/confirm")
	moved, _ := w.invoice(w.branchA, customer, 5000)
	crash.at("intent stored", func() {
		admin.del("/v1/stripe/connection").want(204)
		admin.put("/v1/stripe/connection/keys", other).want(200, 409)
	})
	got := payer.post("/v1/invoices/"+moved+"/pay", pay).want(409)
	if code := got.text("code"); code != "conflict" && code != "stripe_not_connected" {
		t.Errorf("paying over a changed account answers %s", got.raw)
	}
	if after := w.asked("POST", "/confirm"); after != confirms {
		t.Errorf("%d confirms were sent to the account before", after-confirms)
	}
	w.until("nothing is in flight", func() bool { return payer.get("/v1/invoices/"+moved).want(200).at("in_flight") == nil })
	if cents, _ := w.captured(moved); cents != 0 {
		t.Errorf("captured %d", cents)
	}
	// What was saved at the account before cannot be charged at another.
	admin.put("/v1/stripe/connection/keys", other).want(200)
	if code := payer.post("/v1/invoices/"+moved+"/pay", pay).want(409, 422).text("code"); code == "" {
		t.Error("a method of another account is charged")
	}
}

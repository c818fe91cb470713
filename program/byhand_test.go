package program_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// lostForDays pays an invoice by card, the answer being lost and Stripe silent for
// longer than it is waited for, and gives the payment.
func (w *world) lostForDays(invoice string, pay map[string]any) (payment string) {
	w.t.Helper()
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{
		{"match": map[string]any{"method": "POST", "path": "/v1/payment_intents/*/confirm"}, "effect": "drop_after"},
		{"match": map[string]any{"method": "GET", "path": "/v1/payment_intents/"}, "effect": "drop_before"},
	}})
	payment = w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", pay).want(202).text("payment", "id")
	w.later(4 * 24 * time.Hour)
	w.until("somebody is asked to look in Stripe", func() bool {
		list := w.signIn("admin").get("/v1/unknown-payments").want(200)
		return list.at("data", 0) != nil && list.text("data", 0, "payment_id") == payment
	})
	return payment
}

// A payment that Stripe stays silent about is settled by who may refund at its
// place, with a reason, once; payers and others may not, and the timeline tells
// who said so (M3, T1-3).
func TestM3SettledByWhoMayRefund(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 6000)
	payment := w.lostForDays(invoice, map[string]any{"amount": 6000, "payment_method": card})
	path, admin := "/v1/payments/"+payment+"/settle", w.signIn("admin")
	word := map[string]any{"charged": true, "charge": "ch_seen", "reason": "seen in the dashboard"}

	w.signIn("payer.a").post(path, word).want(403)
	w.signIn("payer.b").post(path, word).want(404)
	w.signIn("clerk").post(path, word).want(403)
	w.signIn("payer.a").get("/v1/unknown-payments").want(403)
	for field, wrong := range map[string]map[string]any{
		"reason": {"charged": true, "reason": " "}, "charge": {"charged": true, "charge": "4242", "reason": "seen"}, "payment_intent": {"charged": false, "payment_intent": "pi_1", "reason": "seen"},
	} {
		if got := admin.post(path, wrong).want(422); got.text("errors", 0, "field") != field {
			t.Errorf("the field is %s", got.raw)
		}
	}
	if state := admin.get("/v1/invoices/"+invoice).want(200).text("in_flight", "state"); state != "confirming" {
		t.Fatalf("what was refused changed it: %s", state)
	}
	look := "/payments/" + payment + "/look"
	page := func(b *browser, method, path string, form url.Values) *answer {
		return b.raw(method, path, form.Encode(), map[string]string{"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"})
	}
	for _, path := range []string{"/inbox", "/invoices/" + invoice} {
		if got := page(admin, "GET", path, nil).want(200); !strings.Contains(string(got.raw), look) {
			t.Errorf("%s does not lead to %s", path, look)
		}
		if got := page(w.signIn("payer.a"), "GET", path, nil).want(200); strings.Contains(string(got.raw), look) {
			t.Errorf("%s leads a payer to %s", path, look)
		}
	}
	page(w.signIn("payer.a"), "GET", look, nil).want(403)
	shown := page(admin, "GET", look, nil).want(200)
	for _, text := range []string{"USD 60.00", "pi_", "acct_", "Unknown since"} {
		if !strings.Contains(string(shown.raw), text) {
			t.Errorf("the page does not show %q", text)
		}
	}
	for said, form := range map[string]url.Values{
		"Say what Stripe shows.": {"reason": {"seen"}}, "Say what you saw": {"saw": {"charged"}}, "This is no id of a charge": {"saw": {"charged"}, "charge": {"4242"}, "reason": {"seen"}},
	} {
		form.Set("key", uuid.NewString())
		if got := page(admin, "POST", look, form).want(422); !strings.Contains(string(got.raw), said) {
			t.Errorf("%v does not answer %q", form, said)
		}
	}
	if settled := admin.post(path, word).want(200); settled.text("state") != "succeeded" || settled.text("stripe", "charge") != "ch_seen" {
		t.Errorf("settled: %s", settled.raw)
	}
	admin.post(path, map[string]any{"charged": false, "reason": "no"}).want(409)
	page(admin, "GET", look, nil).want(409)
	w.sandbox("DELETE", "/faults", nil)
	if status := admin.get("/v1/invoices/" + invoice).want(200).text("status"); status != "paid" {
		t.Errorf("the invoice is %s", status)
	}
	if list := admin.get("/v1/unknown-payments").want(200); list.at("data", 0) != nil {
		t.Errorf("still asked: %s", list.raw)
	}
	told := admin.get("/v1/invoices/" + invoice + "/timeline").want(200)
	found := false
	for n := 0; told.at("data", n) != nil; n++ {
		found = found || told.text("data", n, "kind") == "settled" && told.text("data", n, "actor", "kind") == "user"
	}
	if !found {
		t.Errorf("the timeline says %s", told.raw)
	}
	if cents, charges := w.captured(invoice); cents != 6000 || charges != 1 {
		t.Errorf("captured %d in %d", cents, charges)
	}
}

// An API token that is revoked while Stripe is asked once more settles nothing,
// although whoever it speaks for still may (T4).
func TestT4TokenRevokedBeforeItsWordIsTaken(t *testing.T) {
	t.Parallel()
	var crash boundaries
	w := openWorld(t, crash.hook)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 6000)
	payment := w.lostForDays(invoice, map[string]any{"amount": 6000, "payment_method": card})
	admin := w.signIn("admin")
	token := admin.post("/v1/api-tokens", map[string]any{"name": "desk"}).want(201)
	machine := &browser{w: w, client: w.anonymous().client, bearer: token.text("secret")}
	crash.at("asked once more", func() { admin.del("/v1/api-tokens/" + token.text("id")).want(204) })
	machine.post("/v1/payments/"+payment+"/settle", map[string]any{"charged": true, "charge": "ch_seen", "reason": "seen"}).want(403)
	if state := admin.get("/v1/invoices/"+invoice).want(200).text("in_flight", "state"); state != "confirming" {
		t.Errorf("it was settled: %s", state)
	}
}

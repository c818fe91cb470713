package program_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// A refund that was sent when its account was disconnected without waiting is settled by
// who may refund at its place, with a reason, once, here or by the pages that lead there;
// and the drill says what is on its way (M3, Z7).
func TestM3RefundIsSettledByWhoMayRefund(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 6000)
	payment := w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 6000, "payment_method": card}).want(200).text("payment", "id")
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"method": "POST", "path": "/v1/refunds"}, "effect": "drop_before"}}})
	refund := admin.post("/v1/payments/"+payment+"/refunds", map[string]any{"amount": 6000, "reason": "sent back", "then": "settle"}).want(201).text("id")
	if drill := admin.get("/v1/stripe/connection/impact").want(200); drill.at("refunds", "count") != float64(1) {
		t.Errorf("the drill says %s", drill.raw)
	}
	path := "/v1/payments/" + payment + "/settle-back"
	word := map[string]any{"refund": refund, "went_back": true, "reason": "seen in the dashboard"}
	admin.post(path, word).want(409) // Stripe can be asked
	admin.del("/v1/stripe/connection?force=true").want(204)

	list := admin.get("/v1/unknown-back").want(200)
	if list.text("data", 0, "id") != refund || list.text("data", 0, "kind") != "refund" || list.at("data", 0, "amount") != float64(6000) {
		t.Fatalf("asked to look: %s", list.raw)
	}
	w.signIn("payer.a").get("/v1/unknown-back").want(403)
	w.signIn("payer.a").post(path, word).want(403)
	w.signIn("payer.b").post(path, word).want(404)
	for field, wrong := range map[string]map[string]any{
		"reason": {"refund": refund, "went_back": true, "reason": " "}, "refund": {"went_back": true, "reason": "seen"},
	} {
		if got := admin.post(path, wrong).want(422); got.text("errors", 0, "field") != field {
			t.Errorf("the field is %s", got.raw)
		}
	}
	look := "/payments/" + payment + "/back/" + refund
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
	page(admin, "GET", "/payments/"+payment+"/back/"+uuid.NewString(), nil).want(409)
	if shown := page(admin, "GET", look, nil).want(200); !strings.Contains(string(shown.raw), "USD 60.00") {
		t.Errorf("the page shows %s", shown.raw)
	}
	if got := page(admin, "POST", look, url.Values{"key": {uuid.NewString()}, "reason": {"seen"}}).want(422); !strings.Contains(string(got.raw), "Say what Stripe shows.") {
		t.Errorf("without what was seen: %s", got.raw)
	}
	page(admin, "POST", look, url.Values{"key": {uuid.NewString()}, "saw": {"back"}, "reason": {"seen in the dashboard"}}).want(200)
	admin.post(path, word).want(409)
	if state := admin.get("/v1/payments/"+payment+"/refunds").want(200).text("data", 0, "state"); state != "succeeded" {
		t.Errorf("the refund is %s", state)
	}
	if list := admin.get("/v1/unknown-back").want(200); list.at("data", 0) != nil {
		t.Errorf("still asked: %s", list.raw)
	}
}

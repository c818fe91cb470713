package program_test

import "testing"

// Of hosted pages on which cards were added, one whose outcome cannot be read
// holds up no other.
func TestACardPageThatCannotBeReadHoldsUpNone(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	open := func() string {
		return admin.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(201).text("url")
	}
	methods := func() []any {
		list, _ := admin.get("/v1/customers/" + customer + "/payment-methods").want(200).at("data").([]any)
		return list
	}
	first, second := open(), open()
	session := w.sql("select stripe_session from setup_sessions where customer_id = $1::uuid order by created_at limit 1", customer)[0][0]
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"method": "GET", "path": "/v1/checkout/sessions/" + session}, "effect": "error_before", "status": 500}}, "webhooks": map[string]any{"drop": 1}})
	w.submit(first, "4242424242424242", false)
	w.submit(second, "5555555555554444", false)
	if list := methods(); len(list) != 1 {
		t.Errorf("%d cards are saved, of which one can be read: %v", len(list), list)
	}
	w.sandbox("DELETE", "/faults", nil)
	if list := methods(); len(list) != 2 {
		t.Errorf("%d cards are saved: %v", len(list), list)
	}
}

package program_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// After another Stripe account is connected, what was saved at the one before is
// nobody's default: the first method saved at the new one is, and none of the old
// ones can be chosen.
func TestTheDefaultIsOneThatCanBeCharged(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, old := w.customer(w.branchA, "4242424242424242")
	admin.del("/v1/stripe/connection").want(204)
	admin.put("/v1/stripe/connection/keys", map[string]any{"secret_key": "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", ""), "publishable_key": "pk_test_2"}).want(200)
	path := "/v1/customers/" + customer
	w.submit(admin.post(path+"/payment-methods", map[string]any{}).want(201).text("url"), "5555555555554444", false)
	list := admin.get(path + "/payment-methods").want(200)
	if list.at("data", 0, "default") != true {
		t.Errorf("the only method that can be charged: %s", list.raw)
	}
	admin.put(path+"/default-payment-method", map[string]any{"payment_method": old}).want(422)
}

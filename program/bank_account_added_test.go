package program_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Whoever may only read customers learns which accounts wait, but not the address
// of Stripe's page on which deposits are entered, and tries used up, by anybody.
func TestReadersDoNotLearnWhereDepositsAreEntered(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer := w.bare()
	admin.post("/v1/customers/"+customer+"/bank-accounts", bankAccountBody("000123456789")).want(201)
	if seen := admin.get("/v1/bank-accounts").want(200); seen.at("data", 0, "hosted_verification_url") == nil {
		t.Errorf("whoever may enter them reads %s", seen.raw)
	}
	seen := w.signIn("clerk").get("/v1/bank-accounts").want(200)
	if seen.text("data", 0, "customer_id") != customer || seen.at("data", 0, "hosted_verification_url") != nil {
		t.Errorf("whoever may not reads %s", seen.raw)
	}
}

// Where Stripe's answer to the naming of an account is lost and the customer's
// address is changed before the same request is sent again, it is still the one
// account, whose deposits are on their way.
func TestAnAccountNamedAgainAfterAChangeIsTheSame(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.deposits("amounts")
	customer := w.bare()
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{
		{"match": map[string]any{"path": "/v1/setup_intents/*/confirm", "times": 1}, "effect": "drop_after"},
		{"match": map[string]any{"method": "GET", "path": "/v1/setup_intents/*"}, "effect": "error_before", "status": 500},
	}})
	path := "/v1/customers/" + customer + "/bank-accounts"
	key := uuid.NewString()
	first := admin.keyed(path, key, bankAccountBody("000123456789")).want(201)
	// The process dies before it has kept the answer.
	w.sql("update idempotency_keys set status = null, answer = null, created_at = now() - interval '10 minutes' where key = $1", key)
	w.sql("update customers set email = 'new@globex.test' where id = $1::uuid", customer)
	again := admin.keyed(path, key, bankAccountBody("000123456789"))
	w.sandbox("DELETE", "/faults", nil)
	w.later(time.Hour)
	got := admin.get("/v1/bank-accounts/" + first.text("id")).want(200)
	if again.status != 201 || got.text("status") != "awaiting_deposit" || got.text("deposit") != "amounts" {
		t.Errorf("it is %s", got.raw)
	}
}

// A browser may name itself in bytes that are no text.
func TestABrowsersNameIsNoText(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer := w.bare()
	token := w.token(admin)
	for n, agent := range []string{"Mozilla/5.0 \xff\xfe", strings.Repeat("a", 499) + "é"} {
		body := `{"account_number":"000123456789","routing_number":"110000000","account_holder_name":"Jo Payer","account_holder_type":"individual","country":"US","currency":"USD","mandate_accepted":true}`
		got := token.raw("POST", "/v1/customers/"+customer+"/bank-accounts", body, map[string]string{"Content-Type": "application/json", "User-Agent": agent})
		if got.status != 201 {
			t.Errorf("agent %d: %d %s", n, got.status, got.raw)
		}
	}
}

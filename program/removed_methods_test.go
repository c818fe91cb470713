package program_test

import (
	"testing"

	"github.com/google/uuid"

	"remit/postgres"
)

// A bank account whose verification came to nothing, and a card that was taken
// away at Stripe without a word of it, are attached to nobody there: they can be
// removed here all the same (PM15).
func TestWhatStripeHoldsNoMoreIsRemoved(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.deposits("amounts")
	customer, card := w.customer(w.branchA, "4242424242424242")
	locked := admin.post("/v1/customers/"+customer+"/bank-accounts", bankAccountBody("000123456789")).want(201).text("id")
	admin.post("/v1/bank-accounts/"+locked+"/verification", map[string]any{"amounts": []int{10, 11}}).want(409)
	admin.del("/v1/payment-methods/" + locked).want(204)
	w.sandbox("POST", "/faults", map[string]any{"webhooks": map[string]any{"drop": 1}})
	stripe := w.sql("select stripe_payment_method from payment_methods where id = $1::uuid", card)[0][0]
	w.sandbox("POST", "/payment_methods/"+stripe+"/detach", map[string]any{})
	admin.del("/v1/payment-methods/" + card).want(204)
	if list, _ := admin.get("/v1/customers/" + customer + "/payment-methods").want(200).at("data").([]any); len(list) != 0 {
		t.Errorf("left are %v", list)
	}
}

// Stripe's word that a verification is called off has the account looked at while it
// is being removed: neither waits for the other's lock in a circle.
func TestAnAccountIsLookedAtWhileItIsRemoved(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	id := admin.post("/v1/customers/"+w.bare()+"/bank-accounts", bankAccountBody("000123456789")).want(201).text("id")
	tenant := uuid.MustParse(w.sql("select tenant::text from bank_accounts where id = $1::uuid", id)[0][0])
	removed := make(chan *answer, 1)
	must(t, w.program.Commands.DB.InTenant(t.Context(), tenant, func(tx *postgres.Tx) error {
		b, err := tx.LockBankAccount(t.Context(), uuid.MustParse(id))
		if err != nil {
			return err
		}
		go func() { removed <- admin.del("/v1/payment-methods/" + id) }()
		w.until("the removal waits", func() bool {
			return w.sql("select count(*)::text from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%It was removed.%' and pid <> pg_backend_pid()")[0][0] != "0"
		})
		return tx.SaveBankAccount(t.Context(), b)
	}))
	(<-removed).want(204)
}

// An account that was taken away at Stripe before its page was looked at does not
// come in any more, and nobody is told that it can pay.
func TestAnAccountRemovedBeforeItsPageIsLookedAt(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer := w.bare()
	w.payByBank(admin.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(201).text("url"), "success")
	stripe := ""
	for _, raw := range w.sandbox("GET", "/books", nil)["payment_methods"].([]any) {
		if m, _ := raw.(map[string]any); m["type"] == "us_bank_account" {
			stripe, _ = m["id"].(string)
		}
	}
	w.sandbox("POST", "/payment_methods/"+stripe+"/detach", map[string]any{})
	w.until("the account is not among what is saved", func() bool { // its page may have been looked at just before
		list, _ := admin.get("/v1/customers/" + customer + "/payment-methods").want(200).at("data").([]any)
		return len(list) == 0
	})
	if mails := w.sql("select stage from mails where bank_account_id is not null and tenant = (select tenant from customers where id = $1::uuid)", customer); len(mails) != 0 {
		t.Errorf("told is %v", mails)
	}
}

package program_test

import (
	"testing"
	"time"
)

// Stripe's answers are lost at each call of adding an account: it is one account
// all the same, and what never reached Stripe is given up, once that is sure, with
// words that say so (M1, M12).
func TestBankAccountSurvivesLostAnswers(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.deposits("amounts")
	lose := func(path, effect string, times int) {
		w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"method": "POST", "path": path, "times": times}, "effect": effect}}})
	}
	customer := w.bare()
	accounts := "/v1/customers/" + customer + "/bank-accounts"
	setups := func() int { // of this customer, verified or waiting, at Stripe
		intents, _ := w.sandbox("GET", "/books", nil)["setup_intents"].([]any)
		named := 0
		for _, each := range intents {
			if intent, _ := each.(map[string]any); intent["payment_method"] != nil && intent["status"] != "canceled" {
				named++
			}
		}
		return named
	}
	before := setups()

	// The SetupIntent's create is lost: the same request, sent again, goes on.
	lose("/v1/setup_intents", "drop_after", 1)
	admin.keyed(accounts, "one", bankAccountBody("000123456789")).want(503)
	w.sandbox("DELETE", "/faults", nil)
	first := admin.keyed(accounts, "one", bankAccountBody("000123456789")).want(201)
	if first.text("deposit") != "amounts" || setups() != before+1 {
		t.Fatalf("sent again: %s, %d set-ups", first.raw, setups()-before)
	}

	// The account reached Stripe and nobody heard: its workflow finds out.
	lose("/v1/setup_intents/*/confirm", "drop_after", 1)
	second := admin.keyed(accounts, "two", bankAccountBody("000222222227")).want(201).text("id")
	w.until("it is found out", func() bool { return admin.get("/v1/bank-accounts/"+second).want(200).text("last4") == "2227" })
	if setups() != before+2 {
		t.Errorf("%d set-ups", setups()-before)
	}

	// It never reached Stripe: after a while it is given up, and can be added again.
	lose("/v1/setup_intents/*/confirm", "drop_before", 1)
	third := admin.keyed(accounts, "three", bankAccountBody("000123456789")).want(201).text("id")
	w.sandbox("DELETE", "/faults", nil)
	w.later(20 * time.Minute)
	w.wantEnded(third, "failed", "It did not reach Stripe. Add it again.")
	if setups() != before+2 {
		t.Errorf("%d set-ups", setups()-before)
	}
	admin.keyed(accounts, "four", bankAccountBody("000123456789")).want(201)
}

// What is to happen to a waiting account is on the agenda: with all of Temporal's
// memory of it gone, a rebuild has it go on (M15).
func TestRebuildGoesOnWithBankAccounts(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	w.deposits("amounts")
	id := w.added("000123456789")
	workflow := "bank-account/" + id
	// A late webhook of the set-up may start it between the two; then it is lost once
	// more. Nothing but a hint does so, since nothing is due, and hints end.
	w.until("a rebuild starts what is lost", func() bool {
		must(t, w.program.Commands.Temporal.TerminateWorkflow(t.Context(), workflow, "", "lost"))
		report, err := w.program.Commands.Rebuild(t.Context())
		must(t, err)
		return report.Started == 1
	})
	w.later(11 * 24 * time.Hour)
	w.wantEnded(id, "expired", "10 days have passed. Add it again.")
}

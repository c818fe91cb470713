package program_test

import "testing"

// An event that was stored by whoever died before he looked, and that nobody sends again, is
// looked at all the same: a card that was taken away at Stripe is not charged. What nobody
// can look at any more does not wait for ever.
func TestAnEventThatWasOnlyStoredIsLookedAt(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	w.sandbox("POST", "/faults", map[string]any{"webhooks": map[string]any{"drop": 1}})
	row := w.sql("select stripe_payment_method, account, tenant::text from payment_methods where id = $1::uuid", card)[0]
	stripe, account, tenant := row[0], row[1], row[2]
	w.sandbox("POST", "/payment_methods/"+stripe+"/detach", map[string]any{})
	for id, of := range map[string][3]string{
		"evt_method": {"payment_method.detached", stripe, account}, "evt_payout": {"payout.paid", "po_1", account}, "evt_gone": {"payout.created", "po_2", "acct_gone"},
	} {
		w.sql(`insert into stripe_events (event_id, account, tenant, type, object_id, livemode, state, received_at)
			values ($1, $4, $5::uuid, $2, $3, false, 'waiting', now() - interval '2 minutes') returning event_id`, id, of[0], of[1], of[2], tenant)
	}
	w.sql(`insert into stripe_events (event_id, account, tenant, type, object_id, livemode, state, received_at)
		values ('evt_new', $1, $2::uuid, 'payout.paid', 'po_3', false, 'waiting', now() + interval '1 hour') returning event_id`, account, tenant)
	must(t, w.program.Commands.SweepStripe(t.Context()))
	for id, state := range map[string]string{"evt_method": "done", "evt_payout": "done", "evt_gone": "ignored", "evt_new": "waiting"} {
		if got := w.sql("select state from stripe_events where event_id = $1 and tenant = $2::uuid", id, tenant)[0][0]; got != state {
			t.Errorf("%s is %s, and should be %s", id, got, state)
		}
	}
	if list, _ := admin.get("/v1/customers/" + customer + "/payment-methods").want(200).at("data").([]any); len(list) != 0 {
		t.Errorf("saved are still %v", list)
	}
}

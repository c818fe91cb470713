package remit_test

import (
	"fmt"
	"testing"
	"time"

	"remit"
)

// A1 to A5: each combination of what Stripe can say has the one status that a
// person would give it.
func TestFailure55StatusOfAccount(t *testing.T) {
	t.Parallel()
	due := []string{"individual.verification.document"}
	for _, c := range []struct {
		name string
		f    remit.AccountFacts
		want remit.ConnectionStatus
	}{
		{"made a second ago", remit.AccountFacts{DisabledReason: "requirements.past_due", CurrentlyDue: due, PastDue: due}, remit.ConnectionOnboarding},
		{"the form left early", remit.AccountFacts{CurrentlyDue: due}, remit.ConnectionOnboarding},
		{"handed in, being checked", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "requirements.pending_verification", PendingVerification: due}, remit.ConnectionPending},
		{"under review", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "under_review"}, remit.ConnectionPending},
		{"off for a reason nobody knows", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "something.new"}, remit.ConnectionPending},
		{"off without a reason", remit.AccountFacts{DetailsSubmitted: true}, remit.ConnectionPending},
		{"charges on, payouts being checked", remit.AccountFacts{DetailsSubmitted: true, ChargesEnabled: true, PendingVerification: due}, remit.ConnectionPending},
		{"all on", remit.AccountFacts{DetailsSubmitted: true, ChargesEnabled: true, PayoutsEnabled: true}, remit.ConnectionActive},
		{"all on, something due by a day", remit.AccountFacts{DetailsSubmitted: true, ChargesEnabled: true, PayoutsEnabled: true, CurrentlyDue: due}, remit.ConnectionActive},
		{"all on, being checked anew", remit.AccountFacts{DetailsSubmitted: true, ChargesEnabled: true, PayoutsEnabled: true, PendingVerification: due}, remit.ConnectionActive},
		{"payouts off until something is sent", remit.AccountFacts{DetailsSubmitted: true, ChargesEnabled: true, CurrentlyDue: due}, remit.ConnectionRestricted},
		{"charges off until something is sent", remit.AccountFacts{DetailsSubmitted: true, PayoutsEnabled: true, CurrentlyDue: due}, remit.ConnectionRestricted},
		{"the day has passed", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "requirements.past_due", PastDue: due}, remit.ConnectionRestricted},
		{"overdue though all is on", remit.AccountFacts{DetailsSubmitted: true, ChargesEnabled: true, PayoutsEnabled: true, PastDue: due}, remit.ConnectionRestricted},
		{"a capability wants something", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "action_required.requested_capabilities"}, remit.ConnectionRestricted},
		{"rejected", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "rejected.fraud"}, remit.ConnectionRestricted},
		{"rejected before the form was finished", remit.AccountFacts{DisabledReason: "rejected.terms_of_service"}, remit.ConnectionRestricted},
		{"paused by the platform", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "platform_paused"}, remit.ConnectionRestricted},
		{"listed", remit.AccountFacts{DetailsSubmitted: true, DisabledReason: "listed"}, remit.ConnectionRestricted},
		{"access taken away", remit.AccountFacts{Gone: true, DetailsSubmitted: true, ChargesEnabled: true, PayoutsEnabled: true}, remit.ConnectionDisconnected},
	} {
		if got := remit.StatusOfAccount(c.f); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}

// Over every combination: only an account on which all is on is active, only one
// that is gone is disconnected, and no unfinished form reads as anything but that,
// unless Stripe has decided against the account.
func TestFailure55StatusOfEveryAccount(t *testing.T) {
	t.Parallel()
	lists := [][]string{nil, {"external_account"}}
	reasons := []string{
		"", "action_required.requested_capabilities", "requirements.past_due", "requirements.pending_verification", "listed", "platform_paused",
		"rejected.fraud", "rejected.incomplete_verification", "rejected.listed", "rejected.other", "rejected.terms_of_service", "under_review", "other",
	}
	for n := range 1 << 7 {
		bit := func(i int) bool { return n>>i&1 == 1 }
		for _, reason := range reasons {
			f := remit.AccountFacts{
				Gone: bit(0), DetailsSubmitted: bit(1), ChargesEnabled: bit(2), PayoutsEnabled: bit(3), DisabledReason: reason,
				CurrentlyDue: lists[n>>4&1], PastDue: lists[n>>5&1], PendingVerification: lists[n>>6&1],
			}
			got, told := remit.StatusOfAccount(f), fmt.Sprintf("%+v", f)
			against := reason == "listed" || reason == "platform_paused" || len(reason) > 9 && reason[:9] == "rejected."
			switch {
			case (got == remit.ConnectionDisconnected) != f.Gone:
				t.Errorf("%s: %s", told, got)
			case f.Gone:
			case got == remit.ConnectionActive && !(f.ChargesEnabled && f.PayoutsEnabled && f.DetailsSubmitted && f.PastDue == nil):
				t.Errorf("%s is active", told)
			case !f.DetailsSubmitted && !against && got != remit.ConnectionOnboarding:
				t.Errorf("%s: %s", told, got)
			case against && got != remit.ConnectionRestricted:
				t.Errorf("%s: %s", told, got)
			}
		}
	}
}

// A8: each field is listed once, under what presses most, with its day and with
// what was wrong with what was sent.
func TestRequirements(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC)
	list := remit.AccountFacts{
		PastDue: []string{"a"}, CurrentlyDue: []string{"a", "b"}, PendingVerification: []string{"c"}, EventuallyDue: []string{"b", "d"}, Deadline: &day,
		Errors: []remit.RequirementError{{Field: "b", Code: "verification_document_failed_copy", Reason: "It cannot be read."}},
	}.Requirements()
	told := ""
	for _, r := range list {
		told += fmt.Sprintf("%s %s %v %q; ", r.Field, r.Reason, r.Due != nil, r.Error)
	}
	if want := `a past_due false ""; b currently_due true "It cannot be read."; c pending_verification false ""; d eventually_due false ""; `; told != want {
		t.Errorf("%s", told)
	}
}

// Protects an organisation whose account was asked for by a process that died: it is
// made within minutes, and not when an account that exists would be looked at again.
func TestAnAccountThatIsNotMadeIsSeenToSoon(t *testing.T) {
	c := remit.Connection{Mode: remit.ModeExpress, Status: remit.ConnectionOnboarding, CreatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	now := c.CreatedAt
	if in := c.NextLook(now); in > 2*time.Minute {
		t.Errorf("it is made in %s", in)
	}
	c.Account = "acct_1"
	if in := c.NextLook(now); in < 15*time.Minute {
		t.Errorf("an account whose owner has a form to fill in is asked about every %s", in)
	}
}

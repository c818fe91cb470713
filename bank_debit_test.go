package remit

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Protects what a payer is told of a debit's result: business days are counted by
// Eastern time, without weekends and the banks' holidays, from the day it goes out.
func TestDebitResultBy(t *testing.T) {
	for at, want := range map[string]string{
		"2026-03-16T15:00:00Z": "2026-03-20", // a Monday
		"2026-03-17T00:59:00Z": "2026-03-20", // the same Monday, 20:59 in the East
		"2026-03-17T01:00:00Z": "2026-03-23", // 21:00: it goes out on Tuesday
		"2026-03-14T15:00:00Z": "2026-03-20", // a Saturday
		"2026-07-02T15:00:00Z": "2026-07-08", // the Fourth on a Saturday is not kept
		"2027-07-02T15:00:00Z": "2027-07-09", // the Fourth on a Sunday is kept on Monday
		"2026-11-24T15:00:00Z": "2026-12-01", // Thanksgiving
		"2026-12-24T15:00:00Z": "2026-12-31", // Christmas
		"2026-12-31T23:00:00Z": "2027-01-07", // New Year
		"2026-05-22T15:00:00Z": "2026-05-29", // Memorial Day
		"2026-01-16T15:00:00Z": "2026-01-23", // Martin Luther King's Day
		"2026-06-18T15:00:00Z": "2026-06-25", // Juneteenth
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := DebitResultBy(when).String(); got != want {
			t.Errorf("a debit of %s is known by %s, want %s", at, got, want)
		}
	}
}

// Protects the law behind the table: a result comes on a business day, after four
// at least, never earlier for a later debit, and within two weeks.
func TestDebitResultsComeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1_600_000_000, 2_500_000_000).Draw(t, "at"), 0)
		later := at.Add(time.Duration(rapid.Int64Range(0, 1_000_000).Draw(t, "seconds later")) * time.Second)
		by := DebitResultBy(at)
		if !businessDay(by) {
			t.Fatalf("%s is no business day", by)
		}
		if DebitResultBy(later).Before(by) {
			t.Fatalf("a debit of %s is known by %s, one of %s by %s", at, by, later, DebitResultBy(later))
		}
		if today := DateOf(at.UTC()); by.Before(today.AddDays(3)) || today.AddDays(14).Before(by) {
			t.Fatalf("a debit of %s is known by %s", at, by)
		}
	})
}

// Protects who waits for a bank from being promised a day that is over: on the day
// itself its answer is not late yet, wherever midnight came before.
func TestAResultIsLateOnceItsDayIsOver(t *testing.T) {
	at := time.Date(2026, 3, 16, 15, 0, 0, 0, time.UTC)
	debit := Attempt{State: AttemptProcessing, ConfirmAt: &at} // known by 20 March
	for now, late := range map[time.Time]bool{
		at: false, time.Date(2026, 3, 21, 3, 59, 0, 0, time.UTC): false, time.Date(2026, 3, 21, 4, 0, 0, 0, time.UTC): true,
	} {
		if debit.ResultLate(now) != late {
			t.Errorf("at %s it is late: %v", now, !late)
		}
	}
	if (Attempt{State: AttemptSucceeded, ConfirmAt: &at}).ResultLate(at.AddDate(1, 0, 0)) {
		t.Error("what is settled is late")
	}
}

// Protects a debit on its way from being taken for anything else: only what is
// processing has a day by which its result is known.
func TestOnlyADebitOnItsWayHasAResultToCome(t *testing.T) {
	at := time.Date(2026, 3, 16, 15, 0, 0, 0, time.UTC)
	for _, state := range []AttemptState{AttemptCreated, AttemptConfirming, AttemptRequiresAction, AttemptFailed, AttemptCanceled, AttemptSucceeded} {
		if by := (Attempt{State: state, ConfirmAt: &at}).ResultBy(); !by.IsZero() {
			t.Errorf("%s has a result by %s", state, by)
		}
	}
	if by := (Attempt{State: AttemptProcessing, ConfirmAt: &at, Since: at.AddDate(0, 0, 5)}).ResultBy(); by.String() != "2026-03-20" {
		t.Errorf("a debit found on its way later is known by %s", by)
	}
	if by := (Attempt{State: AttemptProcessing, Since: at}).ResultBy(); by.String() != "2026-03-20" {
		t.Errorf("a checkout's debit is known by %s", by)
	}
}

// Protects whoever refunds a bank debit from a promise that cannot be kept: not
// before it has settled, nor half a year after it was made; of cards nothing is said.
func TestDebitsAreRefundableForHalfAYear(t *testing.T) {
	at := time.Date(2026, 3, 16, 15, 0, 0, 0, time.UTC)
	bank := &MethodSummary{Type: "us_bank_account"}
	for name, c := range map[string]struct {
		attempt Attempt
		after   time.Duration
		want    string
	}{
		"on its way":         {Attempt{State: AttemptProcessing, ConfirmAt: &at, Method: bank}, time.Hour, "Settling; refund from 20 Mar 2026."},
		"settled":            {Attempt{State: AttemptSucceeded, ConfirmAt: &at, Method: bank}, 5 * 24 * time.Hour, ""},
		"the last hour":      {Attempt{State: AttemptSucceeded, CreatedAt: at, Method: bank}, RefundableFor - time.Hour, ""},
		"half a year":        {Attempt{State: AttemptSucceeded, CreatedAt: at, Method: bank}, RefundableFor, "A bank debit can be refunded for 180 days. Pay it back from your bank."},
		"a card's, a year":   {Attempt{State: AttemptSucceeded, CreatedAt: at, Method: &MethodSummary{Type: "card"}}, 365 * 24 * time.Hour, ""},
		"of nothing, a year": {Attempt{State: AttemptSucceeded, CreatedAt: at}, 365 * 24 * time.Hour, ""},
	} {
		got := ""
		if err := c.attempt.MayRefund(at.Add(c.after)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

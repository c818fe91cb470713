package remit

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// A bank debit takes days. Until it has settled it is neither paid nor failed, and
// no clock of ours ends it (M7).

// debitSettles is how many business days after a debit went out its result is
// known (Stripe: "ACH Direct Debit", standard settlement), and debitCutOff the hour
// of Eastern time until which one still goes out on the same day.
const (
	debitSettles = 4
	debitCutOff  = 21
)

// RefundableFor is how long after it was made a bank debit can be paid back through
// Stripe (Stripe: "ACH Direct Debit", refunds).
const RefundableFor = 180 * 24 * time.Hour

// DebitResultBy is the day by which the result of a debit that was asked for at a
// time is known: the fourth business day after the one on which it goes out.
func DebitResultBy(at time.Time) Date {
	local := at.In(eastern(at))
	day := DateOf(local)
	if !businessDay(day) || local.Hour() >= debitCutOff {
		day = businessDaysAfter(day, 1)
	}
	return businessDaysAfter(day, debitSettles)
}

// ResultBy is the day by which the bank's result of a debit that is on its way is
// known; no date for any other attempt.
func (a Attempt) ResultBy() Date {
	if a.State != AttemptProcessing {
		return Date{}
	}
	if a.ConfirmAt != nil {
		return DebitResultBy(*a.ConfirmAt)
	}
	return DebitResultBy(a.Since)
}

// ResultLate reports that the day by which the bank's result was to be known is over
// where its debits go out.
func (a Attempt) ResultLate(now time.Time) bool {
	by := a.ResultBy()
	return !by.IsZero() && by.Before(DateOf(now.In(eastern(now))))
}

// CancelRequest is the payload of a request of kind cancel.
type CancelRequest struct {
	Payment uuid.UUID `json:"payment"`
	Permit  Permit    `json:"permit"`
}

// AwaitsDeposits reports a hosted checkout that its payer has sent off with a bank
// account which is still to be verified: it can take money as soon as it is.
func (a Attempt) AwaitsDeposits() bool {
	return a.Kind == AttemptCheckout && a.State == AttemptRequiresAction && a.NextAction != ""
}

// MayCancel says whether an attempt may be cancelled by its payer, as far as is
// known here: a bank debit on its way, or one that waits for its account to be
// verified. Whether the bank has it already only Stripe knows. What was paid on
// Stripe's page it cancels for nobody (Stripe: "Cancel a PaymentIntent").
func (a Attempt) MayCancel() error {
	switch a.State {
	case AttemptProcessing:
		if a.Kind == AttemptCheckout {
			return Conflict(CodeConflict, "It was paid on Stripe's page, where it cannot be cancelled any more.")
		}
		return nil
	case AttemptRequiresAction:
		if a.AwaitsDeposits() {
			return nil
		}
		return Conflict(CodeConflict, "This is a page that is still open. Paying another way closes it.")
	case AttemptCreated, AttemptConfirming:
		return Conflict(CodeInFlight, "What becomes of this payment is not known yet. Wait for it.")
	case AttemptSucceeded:
		return Conflict(CodeConflict, "This payment went through. It can be refunded.")
	case AttemptFailed, AttemptCanceled:
	}
	return Conflict(CodeConflict, "Nothing of this payment is on its way.")
}

// MayRefund says whether what an attempt brought in may be paid back through Stripe
// now, as far as it is a bank debit: not before it has settled, nor half a year on.
func (a Attempt) MayRefund(now time.Time) error {
	made := a.CreatedAt
	if a.ConfirmAt != nil {
		made = *a.ConfirmAt
	}
	switch {
	case a.State == AttemptProcessing:
		return Conflict(CodeNotRefundable, "Settling; refund from %s.", a.ResultBy().Words())
	case a.Method != nil && a.Method.Type == "us_bank_account" && now.Sub(made) >= RefundableFor:
		return Conflict(CodeNotRefundable, "A bank debit can be refunded for 180 days. Pay it back from your bank.")
	}
	return nil
}

// businessDaysAfter is the nth business day after a day.
func businessDaysAfter(day Date, n int) Date {
	for n > 0 {
		if day = day.AddDays(1); businessDay(day) {
			n--
		}
	}
	return day
}

// businessDay reports that the Federal Reserve moves money on a day: Monday to
// Friday without its holidays (frbservices.org, holiday schedules). One on a Sunday
// is kept on the Monday after it, one on a Saturday not at all.
func businessDay(day Date) bool {
	weekday := day.utc().Weekday()
	if weekday == time.Saturday || weekday == time.Sunday {
		return false
	}
	for _, holiday := range []Date{
		{day.Year, time.January, 1}, {day.Year, time.June, 19}, {day.Year, time.July, 4}, {day.Year, time.November, 11}, {day.Year, time.December, 25},
	} {
		if holiday.utc().Weekday() == time.Sunday {
			holiday = holiday.AddDays(1)
		}
		if day == holiday {
			return false
		}
	}
	return !slices.Contains([]Date{
		nthWeekday(day.Year, time.January, time.Monday, 3), nthWeekday(day.Year, time.February, time.Monday, 3),
		nthWeekday(day.Year, time.June, time.Monday, 1).AddDays(-7), // the last Monday of May
		nthWeekday(day.Year, time.September, time.Monday, 1), nthWeekday(day.Year, time.October, time.Monday, 2),
		nthWeekday(day.Year, time.November, time.Thursday, 4),
	}, day)
}

// eastern is the zone of New York at a time, counted out so that no machine's
// table of zones decides it: summer time is from the second Sunday of March, 2:00,
// to the first Sunday of November, 2:00 (15 U.S.C. 260a).
func eastern(at time.Time) *time.Location {
	year := at.UTC().Year()
	from := nthWeekday(year, time.March, time.Sunday, 2).utc().Add(7 * time.Hour)
	to := nthWeekday(year, time.November, time.Sunday, 1).utc().Add(6 * time.Hour)
	if at.Before(from) || !at.Before(to) {
		return time.FixedZone("EST", -5*60*60)
	}
	return time.FixedZone("EDT", -4*60*60)
}

func nthWeekday(year int, month time.Month, weekday time.Weekday, n int) Date {
	first := Date{year, month, 1}
	return first.AddDays(int(weekday-first.utc().Weekday()+7)%7 + 7*(n-1))
}

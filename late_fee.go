package remit

import (
	"fmt"
	"slices"
	"time"

	"remit/money"
)

// LateFeeSettings are what an invoice is charged besides, once it is late. They are
// copied onto it when it is made (D7). Without stages, the default, nothing is.
type LateFeeSettings struct {
	Stages     []LateFeeStage `json:"stages"`      // at most [MaxLateFeeStages], each later than the one before it
	CapPercent Percent        `json:"cap_percent"` // of what the invoice bills without fees; 0: no such cap
	CapFixed   int64          `json:"cap_fixed"`   // minor units of the invoice's currency; 0: no such cap
}

// LateFeeStage is one fee: a percentage, or an amount.
type LateFeeStage struct {
	Days    int     `json:"after_due_days"`
	Percent Percent `json:"percent"` // of what is owed that day without fees
	Fixed   int64   `json:"fixed"`   // minor units of the invoice's currency
}

// Bounds of the settings.
const (
	MaxLateFeeStages         = 3
	MaxLateFeeRate   Percent = 30_000 // more is a slip of the finger
)

// On reports whether there are late fees at all.
func (s LateFeeSettings) On() bool { return len(s.Stages) > 0 }

// Shown is the settings with stages that are there, if none.
func (s LateFeeSettings) Shown() LateFeeSettings {
	if s.Stages == nil {
		s.Stages = []LateFeeStage{}
	}
	return s
}

// Check gives the settings as they are kept. Errors name the field below "late_fees".
func (s LateFeeSettings) Check() (LateFeeSettings, error) {
	if len(s.Stages) > MaxLateFeeStages {
		return s, Invalid("late_fees.stages", "There are at most %d late fees.", MaxLateFeeStages)
	}
	for n, stage := range s.Stages {
		field := fmt.Sprintf("late_fees.stages[%d].", n)
		switch {
		case stage.Days < 1 || stage.Days > MaxReminderDays || n > 0 && stage.Days <= s.Stages[n-1].Days:
			return s, Invalid(field+"after_due_days", "Each stage is a number of days from 1 to %d after the due date, and later than the one before it.", MaxReminderDays)
		case stage.Percent < 0 || stage.Percent > MaxLateFeeRate:
			return s, Invalid(field+"percent", "Enter a percentage from 0 to %s.", MaxLateFeeRate)
		case stage.Fixed < 0 || stage.Fixed > money.MaxStripeAmount:
			return s, Invalid(field+"fixed", "Enter an amount of nothing or more.")
		case (stage.Percent > 0) == (stage.Fixed > 0):
			return s, Invalid(field+"percent", "Enter a percentage or an amount, and not both.")
		}
	}
	switch {
	case s.CapPercent < 0 || s.CapPercent > percentWhole:
		return s, Invalid("late_fees.cap_percent", "Enter a percentage from 0 to %s.", percentWhole)
	case s.CapFixed < 0 || s.CapFixed > money.MaxStripeAmount:
		return s, Invalid("late_fees.cap_fixed", "Enter an amount of nothing or more.")
	case s.On() && s.CapPercent == 0 && s.CapFixed == 0:
		return s, Invalid("late_fees.cap_percent", "Say what all late fees of an invoice come to at most: a percentage, an amount, or both.")
	}
	return s.Shown(), nil
}

// FollowCharge refuses stages that would come before what is charged by itself is charged,
// whether or not all are: a customer or a schedule may have it so, by the same days. Nobody
// is late with what the seller himself has not come to take. The error names the stage.
func (s LateFeeSettings) FollowCharge(charge AutoCharge) error {
	if charge.At != ChargeOnDueDate {
		return nil
	}
	for n, stage := range s.Stages {
		if stage.Days <= charge.Days {
			return Invalid(fmt.Sprintf("late_fees.stages[%d].after_due_days", n), "Automatic charges are made %s after the due date; a late fee comes later than that.", daysInWords(charge.Days))
		}
	}
	return nil
}

// cap is what all fees of an invoice come to at most that bills own without them.
func (s LateFeeSettings) cap(own int64) int64 {
	most := int64(0)
	if s.CapPercent > 0 {
		most = part(max(own, 0), s.CapPercent, false)
	}
	if s.CapFixed > 0 && (s.CapPercent == 0 || s.CapFixed < most) {
		most = s.CapFixed
	}
	return most
}

// LateFee is one that was charged. A stage is charged once, also where its fee was taken
// back.
type LateFee struct {
	Stage      int // from 1
	Amount     int64
	ChargedAt  time.Time
	ReversedAt *time.Time
}

// StandingFees is what of late fees was not taken back.
func StandingFees(fees []LateFee) (sum int64) {
	for _, fee := range fees {
		if fee.ReversedAt == nil {
			sum += fee.Amount
		}
	}
	return sum
}

// AdjustmentLateFee is the kind of adjustment by which an invoice bills a late fee, and
// by which it takes one back.
const AdjustmentLateFee = "late_fee"

// LateFeeAt is when a stage of fees is charged: as its day begins where the invoice is.
func LateFeeAt(stage LateFeeStage, due Date, zone *time.Location) time.Time {
	return due.AddDays(stage.Days).StartIn(zone)
}

// NextLateFee is the number of the first stage that is yet to come after now. What passed
// before an invoice was sent, or while nothing could be charged on it, is not made up for.
func NextLateFee(s LateFeeSettings, due Date, zone *time.Location, fees []LateFee, now time.Time) (stage int, at time.Time, ok bool) {
	for n, each := range s.Stages {
		if at := LateFeeAt(each, due, zone); at.After(now) && !charged(fees, n+1) {
			return n + 1, at, true
		}
	}
	return 0, time.Time{}, false
}

func charged(fees []LateFee, stage int) bool {
	return slices.ContainsFunc(fees, func(f LateFee) bool { return f.Stage == stage })
}

// LateFeeVerdict is what becomes of a stage whose time has come.
type LateFeeVerdict string

// The verdicts.
const (
	LateFeeCharged LateFeeVerdict = "charged"
	LateFeeWaits   LateFeeVerdict = "waits"  // it is asked again on a later day
	LateFeeLapses  LateFeeVerdict = "lapses" // it is not charged any more
	LateFeeGone    LateFeeVerdict = "gone"   // there is nothing to be late with
)

// LateFeeFacts is what decides about the stage whose time has come.
type LateFeeFacts struct {
	Invoice  Invoice
	Zone     *time.Location
	Fees     []LateFee
	InFlight bool // an attempt is alive, an open payment page included
	Planned  bool // it is to be charged by itself, and was not tried yet
	Contests bool // a bank has yet to decide on a payment of it
}

// LateFeeDecision says what becomes of it.
type LateFeeDecision struct {
	Verdict LateFeeVerdict
	Stage   int
	Amount  int64     // of one that is charged
	Until   time.Time // of one that waits
	Because string    // of one that lapses: half a sentence
}

// DecideLateFee decides about the last stage whose time has come by now: of several that
// came while Remit slept, or while a payment was on its way, only that one is charged
// (M11). A fee is for who does not pay, so none is charged while money is on its way, nor
// before Remit has tried to charge what it is to charge by itself, nor within a promise that the seller took; it waits. None is charged at all on what the
// seller himself holds back, or a bank is reviewing: that stage lapses, so that lifting a
// hold is no trap. Together fees never exceed the cap.
func DecideLateFee(f LateFeeFacts, now time.Time) LateFeeDecision {
	i, s, d := f.Invoice, f.Invoice.Settings.LateFees, LateFeeDecision{Verdict: LateFeeGone}
	for n, stage := range s.Stages {
		if !LateFeeAt(stage, i.DueDate, f.Zone).After(now) {
			d.Stage = n + 1
		}
	}
	today := DateOf(now.In(f.Zone))
	switch {
	case d.Stage == 0 || charged(f.Fees, d.Stage) || i.SentAt == nil || i.VoidedAt != nil || i.Outstanding <= 0:
		return d
	case f.Contests:
		d.Verdict, d.Because = LateFeeLapses, "a bank is reviewing a payment of it"
		return d
	case i.Hold != nil:
		d.Verdict, d.Because = LateFeeLapses, "it is on hold"
		return d
	case f.InFlight, f.Planned:
		d.Verdict, d.Until = LateFeeWaits, today.AddDays(1).StartIn(f.Zone)
		return d
	case !i.Status.Payable():
		return d
	case i.Promise != nil && i.Promise.BrokenAt == nil && !i.Promise.Until.Before(today):
		d.Verdict, d.Until = LateFeeWaits, i.Promise.Until.AddDays(1).StartIn(f.Zone)
		return d
	}
	if OnlineMinimum(i.outstanding()) != nil {
		d.Verdict, d.Because = LateFeeLapses, "what is left is too small to be paid online"
		return d
	}
	if d.Amount = s.fee(s.Stages[d.Stage-1], i, StandingFees(f.Fees)); d.Amount <= 0 {
		d.Verdict, d.Because = LateFeeLapses, "late fees have come to their cap"
		return d
	}
	d.Verdict = LateFeeCharged
	return d
}

// fee is what a stage comes to, in minor units: rounded once, half up, within what the cap
// leaves, to what Stripe can charge. There are no fees on fees: payments pay what is
// billed first.
func (s LateFeeSettings) fee(stage LateFeeStage, i Invoice, standing int64) int64 {
	fee := stage.Fixed
	if stage.Percent > 0 {
		fee = part(max(i.Outstanding-standing, 0), stage.Percent, true)
	}
	fee = max(min(fee, s.cap(i.Total-standing)-standing), 0)
	return fee - fee%money.ChargeStep(money.Currency(i.Currency))
}

// Line is the adjustment by which the invoice bills the fee.
func (f LateFee) Line(s LateFeeSettings) Adjustment {
	days := "late"
	if f.Stage <= len(s.Stages) {
		days = fmt.Sprintf("%d days late", s.Stages[f.Stage-1].Days)
	}
	return Adjustment{Kind: AdjustmentLateFee, Description: fmt.Sprintf("Late fee %d (%s)", f.Stage, days), Amount: f.Amount}
}

// Reversal is the adjustment by which it takes the fee back.
func (f LateFee) Reversal() Adjustment {
	return Adjustment{Kind: AdjustmentLateFee, Description: fmt.Sprintf("Late fee %d taken back", f.Stage), Amount: -f.Amount}
}

// LateFeeRequest is the payload of a request of kind [RequestReverseLateFee].
type LateFeeRequest struct {
	Stage  int    `json:"stage"`
	Reason string `json:"reason"`
}

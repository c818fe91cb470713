package remit

import (
	"time"

	"github.com/google/uuid"
)

// ReconciliationOverlap is how much of what the reconciliation before has seen
// is looked at again, for what came late and for clocks that differ.
const ReconciliationOverlap = 24 * time.Hour

// SinceOf is from when on a reconciliation compares: asked, if that is set, and
// from the last one before, if there is one, at the latest, so that no run leaves
// to nobody what lies between. The zero time is the beginning.
func SinceOf(asked time.Time, before *ReconciliationRun) time.Time {
	if before == nil {
		return asked
	}
	from := before.At.Add(-ReconciliationOverlap)
	if asked.IsZero() || asked.After(from) {
		return from
	}
	return asked
}

// ReconciliationHour is the local hour of the night at which an organisation is
// reconciled.
const ReconciliationHour = 3

// NextReconciliation is the next night's reconciliation after a time, in the
// organisation's time zone.
func NextReconciliation(after time.Time, zone *time.Location) time.Time {
	local := after.In(zone)
	for day := local.Day(); ; day++ {
		at := time.Date(local.Year(), local.Month(), day, ReconciliationHour, 0, 0, 0, zone)
		if at.After(after) {
			return at
		}
	}
}

// RunState is how far a comparison with Stripe has come.
type RunState string

// The states of a run.
const (
	RunRunning RunState = "running"
	RunDone    RunState = "done"
	RunFailed  RunState = "failed" // Stripe could not be asked; the next one covers its time too
)

// ReconciliationRun is one comparison of an organisation's ledger with its
// account at Stripe. It gives a [Reconciliation] for each currency.
type ReconciliationRun struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string
	Currency       string // the organisation's: there is a reconciliation in it whatever moved
	Nightly        bool
	Account        string
	Livemode       bool
	Since          time.Time // organisation's clock; zero is from the beginning on
	At             time.Time // organisation's clock, when it was begun
	State          RunState
	Failure        string
	Work           ReconciliationWork
	Actor          Actor
	EndedAt        *time.Time
}

// ReconciliationWork counts what a run has looked at: it follows what happened
// since the run before, not the account's history.
type ReconciliationWork struct {
	Movements int // balance transactions at Stripe
	Payouts   int
	Entries   int // of the ledger
}

// Reconciliation is what a run found in one currency. Amounts are minor units.
type Reconciliation struct {
	ID           uuid.UUID
	Run          uuid.UUID
	Organisation string
	State        RunState // until it is done there are no amounts
	Failure      string
	Since        time.Time
	At           time.Time
	Currency     string
	Totals       ReconciliationTotals
	// Unexplained is the sum of what differs for no cause that may stay, each
	// taken without its sign, so that no two hide each other.
	Unexplained int64
	Differences []Difference
}

// ReconciliationTotals are the three ways in which the same money is counted.
type ReconciliationTotals struct {
	Charges  BothSides `json:"charges"`
	Refunds  BothSides `json:"refunds"`
	Disputes BothSides `json:"disputes"`
	Foreign  int64     `json:"foreign"` // of charges that were not made through Remit, and what went back of them
	Other    int64     `json:"other"`   // top-ups, adjustments and the like
	Fees     int64     `json:"fees"`    // that Stripe kept; Remit's ledger is gross
	// PaidOut is what left the balance to the bank by the balance transactions,
	// Payouts the same by the payouts themselves, those that came back left out.
	PaidOut int64 `json:"paid_out"`
	Payouts int64 `json:"payouts"`
}

// Net is what the balance at Stripe moved by.
func (t ReconciliationTotals) Net() int64 {
	return t.Charges.Stripe + t.Refunds.Stripe + t.Disputes.Stripe + t.Foreign + t.Other - t.Fees - t.PaidOut
}

// BothSides is money by the ledger and by Stripe's balance transactions.
type BothSides struct {
	Ledger int64 `json:"ledger"`
	Stripe int64 `json:"stripe"`
}

// MovementKind says what moved money at Stripe.
type MovementKind string

// The kinds of movement.
const (
	MovedCharge          MovementKind = "charge"
	MovedChargeFailure   MovementKind = "charge_failure" // a bank's debit that Stripe had listed failed
	MovedRefund          MovementKind = "refund"
	MovedRefundFailure   MovementKind = "refund_failure" // a refund's money came back
	MovedDispute         MovementKind = "dispute"
	MovedDisputeReversal MovementKind = "dispute_reversal" // a bank gave back what it took
	MovedPayout          MovementKind = "payout"
	MovedPayoutFailure   MovementKind = "payout_failure" // a payout's money came back
	MovedFee             MovementKind = "fee"            // a fee of its own
	MovedAdjustment      MovementKind = "adjustment"     // top-ups and all else
)

// Booked reports that the ledger books movements of the kind.
func (k MovementKind) Booked() bool {
	switch k {
	case MovedCharge, MovedRefund, MovedRefundFailure, MovedDispute, MovedDisputeReversal:
		return true
	case MovedChargeFailure, MovedPayout, MovedPayoutFailure, MovedFee, MovedAdjustment:
	}
	return false
}

// Movement is one balance transaction, as far as it decides.
type Movement struct {
	Kind     MovementKind
	StripeID string // of the charge, refund, dispute or payout
	Intent   string // that it belongs to; "" if none
	Currency string
	Amount   int64 // minor units, signed
	Fee      int64
	At       time.Time
	// Claimed says that its charge carries the organisation's own metadata. That
	// only names a cause: metadata proves nothing.
	Claimed bool
	// Of a bank's debit, which is listed before it is final: its bank has not
	// decided yet, or has refused it.
	Pending, Failed bool
}

// Booking is what the record has of a movement.
type Booking struct {
	Entry     uuid.UUID  // of the ledger; [uuid.Nil] where it is not booked
	InvoiceID *uuid.UUID // of the payment that the movement's intent belongs to; nil where that is none of ours
	Known     bool       // the refund or dispute itself is recorded
	Currency  string
	Amount    int64
}

// PayoutFact is one payout, as far as it decides.
type PayoutFact struct {
	StripeID string
	Currency string
	Amount   int64
	Returned bool // failed or canceled: its money is back in the balance
	At       time.Time
}

// Cause is why Stripe and the ledger differ, as far as can be told.
type Cause string

// The causes. Those of the second group need nothing done.
const (
	CauseChargeMissed      Cause = "charge_event_lost"
	CauseRefundMissed      Cause = "refund_event_lost"   // of a refund that was asked for here
	CauseRefundAtStripe    Cause = "refund_at_stripe"    // made there, for instance in the dashboard
	CauseRefundFailed      Cause = "refund_failed"       // after it had succeeded
	CauseDisputeWithdrawn  Cause = "dispute_withdrawn"   // a bank took the money
	CauseDisputeReinstated Cause = "dispute_reinstated"  // and gave it back
	CauseUnknownHere       Cause = "unknown_here"        // it names this organisation, and is not recorded
	CauseAmount            Cause = "amount_differs"      // booked with another amount
	CauseNotAtStripe       Cause = "not_at_stripe"       // booked, and Stripe has no such movement
	CauseChargeReversed    Cause = "charge_reversed"     // booked, and taken out of the balance since as failed
	CausePayout            Cause = "payout_without_pair" // a payout and its movement do not agree

	CauseForeign       Cause = "foreign"        // of a charge not made through Remit
	CauseChargePending Cause = "charge_pending" // a bank's debit that is not final
	CauseChargeFailed  Cause = "charge_failed"  // or that came to nothing: it is taken out again
	CauseRefundUndone  Cause = "refund_undone"  // made at Stripe and failed there: nothing moved in the end
	CausePayoutFailed  Cause = "payout_failed"  // its money is back in the balance
	CauseAdjustment    Cause = "adjustment"     // by Stripe or the account's owner
	causeNone          Cause = ""
)

// Explained reports that a difference with the cause may stay.
func (c Cause) Explained() bool {
	switch c {
	case CauseForeign, CauseChargePending, CauseChargeFailed, CauseRefundUndone, CausePayoutFailed, CauseAdjustment:
		return true
	case CauseChargeMissed, CauseRefundMissed, CauseRefundAtStripe, CauseRefundFailed, CauseDisputeWithdrawn, CauseDisputeReinstated,
		CauseUnknownHere, CauseAmount, CauseNotAtStripe, CauseChargeReversed, CausePayout, causeNone:
	}
	return false
}

// Open reports that a difference with the cause is looked at again by the next
// run: it may not stay, or not as it is.
func (c Cause) Open() bool { return !c.Explained() || c == CauseChargePending }

// Difference is one movement on which Stripe and the ledger do not agree.
type Difference struct {
	Kind      MovementKind
	StripeID  string
	Currency  string
	Amount    int64 // what Stripe has and the ledger has not; negative is the other way round
	Cause     Cause
	Intent    string
	InvoiceID *uuid.UUID
	At        time.Time
	Carried   bool // found before, and not mended since
}

// Fetchable reports that having the object retrieved may mend it.
func (d Difference) Fetchable() bool {
	return d.InvoiceID != nil && d.Intent != "" && d.Kind.Booked() && !d.Cause.Explained() && d.Cause != CauseUnknownHere && d.Cause != CauseAmount
}

// EventType is that of the event that Stripe would have sent about it.
func (d Difference) EventType() string {
	switch d.Kind {
	case MovedRefund, MovedRefundFailure:
		return "refund.updated"
	case MovedDispute, MovedDisputeReversal:
		return "charge.dispute.updated"
	case MovedCharge, MovedChargeFailure, MovedPayout, MovedPayoutFailure, MovedFee, MovedAdjustment:
	}
	return "payment_intent.succeeded"
}

// ObjectID is the object of that event.
func (d Difference) ObjectID() string {
	if d.Kind == MovedCharge {
		return d.Intent
	}
	return d.StripeID
}

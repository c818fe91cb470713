package remit

import (
	"time"

	"github.com/google/uuid"

	"remit/money"
)

// RefundState is how far money has come on its way back. States only climb:
//
//	requested < sent < pending, requires_action < succeeded < failed, canceled
//
// A refund that has succeeded can still fail, when the payer's bank sends the
// money back (Stripe: "Handle failed refunds").
type RefundState string

// The states of a refund.
const (
	RefundRequested      RefundState = "requested" // reserved on the ledger
	RefundSent           RefundState = "sent"      // on its way to Stripe, outcome unknown
	RefundPending        RefundState = "pending"
	RefundRequiresAction RefundState = "requires_action" // the customer has to give bank details to Stripe
	RefundSucceeded      RefundState = "succeeded"
	RefundFailed         RefundState = "failed"
	RefundCanceled       RefundState = "canceled"
)

// Climbs reports whether a refund in state s may go to next.
func (s RefundState) Climbs(next RefundState) bool {
	if s == next || s.rank() == 4 {
		return false
	}
	return next.rank() > s.rank() || s.rank() == 2 && next.rank() == 2
}

// Failed reports that the money did not go back.
func (s RefundState) Failed() bool { return s == RefundFailed || s == RefundCanceled }

// Ended reports that Stripe need not be asked again about the refund.
func (s RefundState) Ended() bool { return s.rank() >= 3 }

func (s RefundState) rank() int {
	switch s {
	case RefundRequested:
		return 0
	case RefundSent:
		return 1
	case RefundPending, RefundRequiresAction:
		return 2
	case RefundSucceeded:
		return 3
	case RefundFailed, RefundCanceled:
		return 4
	}
	return 0
}

// RefundChoice is what the person refunding wants to become of the invoice (F7).
type RefundChoice string

// What a refund does to its invoice.
const (
	RefundReopens   RefundChoice = "reopen"    // the amount is due again, on hold
	RefundSettles   RefundChoice = "settle"    // the invoice stays paid
	RefundWritesOff RefundChoice = "write_off" // the amount is given up, the invoice closed
	RefundExcess    RefundChoice = "excess"    // money that was never applied goes back
)

// Refund is money of a payment on its way back. Amounts are minor units of
// Currency; Amount does not include the Surcharge that goes back besides.
type Refund struct {
	ID           uuid.UUID
	InvoiceID    uuid.UUID
	PaymentID    uuid.UUID
	RequestID    *uuid.UUID // nil for one made at Stripe
	ExcessID     *uuid.UUID
	Account      string
	Livemode     bool
	Currency     string
	Amount       int64
	Surcharge    int64
	ReturnFee    bool // the platform's fee goes back with it, in proportion
	Reason       string
	Choice       RefundChoice
	State        RefundState
	StripeRefund string
	Failure      string // why it failed, fit for staff
	SentAt       *time.Time
	Polls        int
	Actor        Actor
	CreatedAt    time.Time
	Since        time.Time
	EndedAt      *time.Time
}

// Total is what leaves the account, in minor units.
func (r Refund) Total() int64 { return r.Amount + r.Surcharge }

// RefundRequest is the payload of a request of kind refund.
type RefundRequest struct {
	Payment         uuid.UUID    `json:"payment"`
	Amount          int64        `json:"amount"` // without the surcharge
	Reason          string       `json:"reason"`
	Choice          RefundChoice `json:"then"`
	ReturnSurcharge bool         `json:"return_surcharge,omitempty"`
	Excess          *uuid.UUID   `json:"excess,omitempty"`
	Permit          Permit       `json:"permit"`
}

// Refundable is what a refund of a payment may still take, in minor units.
type Refundable struct {
	Applied   int64 // paid on the invoice by it, and not gone back
	Surcharge int64 // passed on with it, and not gone back
	Disputed  bool  // a bank is looking at it
}

// Refund gives what a refund of an amount takes besides, or why it may not be
// made. Of the surcharge goes back the same part as of the amount, rounded half
// up, and the rest with the last cent (M8).
func (r Refundable) Refund(amount int64, currency money.Currency, returnSurcharge bool) (surcharge int64, err error) {
	switch {
	case r.Disputed:
		return 0, Conflict(CodeNotRefundable, "Disputed: the bank decides.")
	case r.Applied == 0:
		return 0, Conflict(CodeNotRefundable, "Nothing is left to refund of this payment.")
	case amount <= 0:
		return 0, Invalid("amount", "Enter an amount above zero.")
	case amount > r.Applied:
		return 0, Invalid("amount", "At most %s.", money.Of(r.Applied, currency))
	case !returnSurcharge || r.Surcharge == 0:
	case amount == r.Applied:
		surcharge = r.Surcharge
	default:
		surcharge = money.Share(r.Surcharge, amount, r.Applied)
		surcharge -= surcharge % money.ChargeStep(currency) // of what Stripe can send back
	}
	if _, err := money.Of(amount+surcharge, currency).Stripe(); err != nil {
		return 0, Invalid("amount", "%s", err) // it would be promised, and refused
	}
	return surcharge, nil
}

// RefundView is what Stripe says of a refund.
type RefundView struct {
	ID            string
	PaymentIntent string
	Charge        string
	Amount        int64 // in Stripe's units
	Currency      string
	Status        RefundState
	FailureReason string
	Debited       bool // Stripe took the money
	Metadata      map[string]string
	Created       time.Time
}

// Why a refund came to nothing, in our own words beside Stripe's codes.
const (
	RefundNotSeen      = "remit_not_seen"     // a person looked in Stripe, and the money did not go back
	RefundDisconnected = "remit_disconnected" // its account was disconnected before it was sent
)

// NextRefundPoll is how long to wait before asking Stripe again about a refund
// that was asked about n times. Nearly all end at once; the rest take days.
func NextRefundPoll(state RefundState, n int) time.Duration {
	ladder := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour}
	if state == RefundPending || state == RefundRequiresAction {
		ladder = []time.Duration{time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	}
	if n >= len(ladder) {
		return ladder[len(ladder)-1]
	}
	return ladder[n]
}

package remit

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// AttemptState is how far one confirm of a PaymentIntent, or one Checkout
// Session, has come. States only climb:
//
//	created < requires_action, processing, confirming < failed, canceled < succeeded
//
// so that events in any order, doubled or lost, end in the same state.
type AttemptState string

// The states of an attempt, and of the payment it belongs to.
const (
	AttemptCreated        AttemptState = "created"
	AttemptRequiresAction AttemptState = "requires_action" // the payer is on Stripe's page or must confirm with the bank
	AttemptProcessing     AttemptState = "processing"      // a bank debit is on its way
	AttemptConfirming     AttemptState = "confirming"      // sent, outcome unknown: nothing else may start
	AttemptFailed         AttemptState = "failed"
	AttemptCanceled       AttemptState = "canceled"
	AttemptSucceeded      AttemptState = "succeeded"
)

// Live reports that the attempt may still take money, so that no other may start.
func (s AttemptState) Live() bool { return s.rank() < 2 }

// Climbs reports whether an attempt in state s may go to next. Between the
// three states of the middle it may move freely; failed and canceled give way
// only to succeeded, since Stripe's "succeeded" is money.
func (s AttemptState) Climbs(next AttemptState) bool {
	if s == next {
		return false
	}
	if s.rank() == 2 {
		return next == AttemptSucceeded
	}
	return next.rank() >= s.rank() && s.rank() < 3
}

func (s AttemptState) rank() int {
	switch s {
	case AttemptCreated:
		return 0
	case AttemptRequiresAction, AttemptProcessing, AttemptConfirming:
		return 1
	case AttemptFailed, AttemptCanceled:
		return 2
	case AttemptSucceeded:
		return 3
	}
	return 0
}

// AttemptKind tells a charge of a saved method from a hosted checkout.
type AttemptKind string

// The kinds of attempt.
const (
	AttemptCharge   AttemptKind = "charge"
	AttemptCheckout AttemptKind = "checkout"
)

// Payment owns one PaymentIntent. Amounts are minor units; Amount never
// includes Surcharge, the intent's amount is their sum.
type Payment struct {
	ID             uuid.UUID
	InvoiceID      uuid.UUID
	CustomerID     uuid.UUID
	Source         string // stripe, checkout or bank_transfer
	Account        string
	Livemode       bool
	StripeCustomer string
	Currency       string
	PaymentIntent  string
	IntentAmount   int64
	IntentClosed   bool
	Charge         string
	Amount         int64
	Surcharge      int64
	AmountCaptured int64
	AmountRefunded int64
	State          AttemptState
	Reference      string
	CreatedAt      time.Time
	SettledAt      *time.Time
	Attempts       []Attempt
}

// ForPayers is the payment as somebody reads it who may not read what a bank
// said to the merchant.
func (p Payment) ForPayers() Payment {
	p.Attempts = slices.Clone(p.Attempts)
	for n, a := range p.Attempts {
		p.Attempts[n] = a.ForPayers()
	}
	return p
}

// Attempt is one try to collect: see [AttemptState].
type Attempt struct {
	ID              uuid.UUID
	InvoiceID       uuid.UUID
	PaymentID       uuid.UUID
	RequestID       uuid.UUID
	Number          int
	Kind            AttemptKind
	State           AttemptState
	Amount          int64
	Surcharge       int64
	PaymentMethodID *uuid.UUID
	Method          *MethodSummary
	ChargeBefore    *string // nil until the last look was passed
	ConfirmAt       *time.Time
	Charge          string
	StripeSession   string
	SessionParams   []byte
	SessionURL      string
	ExpiresAt       *time.Time
	NextAction      string
	Decline         *DeclineRecord
	Polls           int
	Actor           Actor
	CreatedAt       time.Time
	Since           time.Time
	EndedAt         *time.Time
}

// MethodSummary is a payment method as it was when it was used.
type MethodSummary struct {
	ID    string `json:"id,omitempty"`
	Type  string `json:"type"`
	Brand string `json:"brand,omitempty"`
	Last4 string `json:"last4,omitempty"`
}

// DeclineRecord is why a bank or Stripe said no. Code is for staff only.
type DeclineRecord struct {
	Class   string `json:"class"`
	Code    string `json:"code"`
	Message string `json:"message"` // fit for the payer
	Hard    bool   `json:"hard"`
	Rule    string `json:"rule"`
	Version string `json:"version"`
}

// ForPayers is the attempt without the bank's code and the rule it leads to: of
// a decline payers read the words and the class.
func (a Attempt) ForPayers() Attempt {
	if a.Decline != nil {
		a.Decline = &DeclineRecord{Class: a.Decline.Class, Message: a.Decline.Message}
	}
	return a
}

// IntentView is what Stripe says of a PaymentIntent.
type IntentView struct {
	ID             string
	Status         string
	Customer       string
	Currency       string
	Amount         int64
	AmountReceived int64
	LatestCharge   string
	PaymentMethod  string
	NextActionURL  string
	ErrorCode      string
	DeclineCode    string
	AdviceCode     string
	Method         *MethodSummary
}

// Outcome is what an attempt has come to, as far as Stripe's word goes.
type Outcome struct {
	State AttemptState
	Known bool // false: the intent was not charged by this attempt, or not yet
}

// OutcomeOf reads an attempt's result off its intent. chargeBefore is the
// intent's latest charge stored before the confirm was sent: a different one
// afterwards is this attempt's doing, the same one says nothing about it.
func OutcomeOf(v IntentView, chargeBefore string) Outcome {
	switch v.Status {
	case "succeeded":
		return Outcome{AttemptSucceeded, true}
	case "processing":
		return Outcome{AttemptProcessing, true}
	case "requires_action":
		return Outcome{AttemptRequiresAction, true}
	case "canceled":
		return Outcome{AttemptCanceled, true}
	case "requires_payment_method", "requires_confirmation":
		if v.LatestCharge != "" && v.LatestCharge != chargeBefore {
			return Outcome{AttemptFailed, true}
		}
	}
	return Outcome{AttemptConfirming, false}
}

// KeyLife is how long Stripe is sure to remember an idempotency key. Past it a
// repeated request would be a new one.
const KeyLife = 24 * time.Hour

// NextPoll is how long to wait before asking Stripe again about an attempt
// that has been asked about n times. Unknown outcomes are asked about soon; a
// page a person has open is left to its webhook at first.
func NextPoll(kind AttemptKind, state AttemptState, n int) time.Duration {
	ladder := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute,
		5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour}
	if kind == AttemptCheckout && state == AttemptRequiresAction {
		ladder = []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	}
	if n >= len(ladder) {
		return ladder[len(ladder)-1]
	}
	return ladder[n]
}

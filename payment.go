package remit

import (
	"encoding/json"
	"slices"
	"strings"
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

// OpenCheckout reports that an attempt of a kind, in a state, is a hosted
// checkout that nobody has paid yet: another payment may take its place.
func OpenCheckout(kind AttemptKind, state AttemptState) bool {
	return kind == AttemptCheckout && (state == AttemptCreated || state == AttemptRequiresAction)
}

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
	IntentFee      int64 // the application fee it is created with, in Stripe's units
	IntentClosed   bool
	Charge         string
	Amount         int64
	Surcharge      int64
	ApplicationFee int64 // of it, that the platform takes; minor units
	AmountCaptured int64
	AmountRefunded int64
	Disputed       bool // a bank has yet to decide on it, or took it back
	Returned       bool // it was a bank debit and came back
	State          AttemptState
	Reference      string
	ByHand         bool // a person said what became of it, whom Stripe did not tell Remit
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
	UnknownSince    *time.Time // nothing is known of it since then
	LookSince       *time.Time // a person is asked to look in Stripe since then
	Actor           Actor
	CreatedAt       time.Time
	Since           time.Time
	EndedAt         *time.Time
}

// LastAttempt is the one that was begun last, with its payment; nil where there is
// none.
func LastAttempt(payments []Payment) (payment *Payment, last *Attempt) {
	for n := range payments {
		of := &payments[n]
		for k := range of.Attempts {
			if try := &of.Attempts[k]; last == nil || try.CreatedAt.After(last.CreatedAt) {
				payment, last = of, try
			}
		}
	}
	return payment, last
}

// WantsPayer reports that the last try failed because a bank wants its payer to confirm
// himself, which he can do on a hosted page alone.
func WantsPayer(payments []Payment) bool {
	_, last := LastAttempt(payments)
	return last != nil && last.State == AttemptFailed && last.Decline != nil && last.Decline.Class == "authenticate"
}

// TakesNoCard reports a hosted checkout in which only a bank account can pay.
func (a Attempt) TakesNoCard() bool {
	var params struct {
		BankOnly bool `json:"bank_only"`
	}
	return json.Unmarshal(a.SessionParams, &params) == nil && params.BankOnly
}

// Keeps reports a hosted checkout that keeps what is paid with.
func (a Attempt) Keeps() bool {
	var params struct {
		Save bool `json:"save"`
	}
	return json.Unmarshal(a.SessionParams, &params) == nil && params.Save
}

// ByItself reports an attempt that nobody made: nobody sees how it ends.
func (a Attempt) ByItself() bool { return a.Actor.Kind == System.Kind }

// MethodSummary is a payment method as it was when it was used.
type MethodSummary struct {
	ID    string `json:"id,omitempty"`
	Type  string `json:"type"`
	Brand string `json:"brand,omitempty"`
	Last4 string `json:"last4,omitempty"`
	// Funding is credit, debit, prepaid or unknown of a card; "" where it was not read.
	Funding string `json:"funding,omitempty"`
	// Fingerprint is the same for the same card or account, however often it was
	// saved, and tells nothing about it. It is shown to nobody.
	Fingerprint string `json:"fingerprint,omitempty"`
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
	ApplicationFee int64 // of Amount, that the platform takes
	LatestCharge   string
	PaymentMethod  string
	NextActionURL  string
	ErrorCode      string
	DeclineCode    string
	AdviceCode     string
	Method         *MethodSummary
	Mandate        string // by which a bank was debited
	StripeInvoice  string // Stripe's own invoice that it belongs to, whose tries Stripe repeats by itself
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
// page a person has open is left to its webhook at first; a debit that a bank has
// takes days.
func NextPoll(kind AttemptKind, state AttemptState, n int) time.Duration {
	ladder := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute,
		5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour}
	if kind == AttemptCheckout && state == AttemptRequiresAction {
		ladder = []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	}
	if state == AttemptProcessing {
		ladder = []time.Duration{time.Minute, time.Hour, 12 * time.Hour} // events tell sooner
	}
	if n >= len(ladder) {
		return ladder[len(ladder)-1]
	}
	return ladder[n]
}

// Try is an attempt with what a list shows of its invoice.
type Try struct {
	Attempt
	Currency      string
	InvoiceNumber string
	Organisation  string
	CustomerName  string
}

// Words name a method as people do, "Visa 4242".
func (m *MethodSummary) Words() string {
	switch {
	case m == nil:
		return "a card"
	case m.Type == "us_bank_account":
		return strings.TrimSpace(m.Brand + " account " + m.Last4)
	case m.Brand == "":
		return "card " + m.Last4
	}
	brand, known := map[string]string{
		"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover", "diners": "Diners Club", "jcb": "JCB",
	}[m.Brand]
	if !known {
		brand = m.Brand
	}
	return brand + " " + m.Last4
}

package remit

import (
	"time"

	"github.com/google/uuid"
)

// How long the outcome of an attempt may be unknown before a person is asked to
// look in Stripe (M3): Stripe is asked all the while, and goes on being asked.
const (
	// LookAfterRefusal is for an account that answers but does not say: the object
	// is not found there, or the keys are not taken any more.
	LookAfterRefusal = time.Hour
	// LookAfterSilence is for everything else: no answer, or none that decides.
	LookAfterSilence = 72 * time.Hour
)

// LookDue reports whether a person is to look in Stripe for an attempt of which
// nothing has been known since a time. refused says that Stripe answered, and
// would not say.
func LookDue(since time.Time, refused bool, now time.Time) bool {
	after := LookAfterSilence
	if refused {
		after = LookAfterRefusal
	}
	return now.Sub(since) >= after
}

// Stripe is asked every day, for a month, about an attempt that a person said
// had charged nothing: what was charged after all is booked, events or none.
const (
	DoubtedPoll = 24 * time.Hour
	DoubtedFor  = 30 * 24 * time.Hour
)

// SettleRequest is the payload of a request of kind settle: what a person saw in
// Stripe of a payment whose outcome stayed unknown; or, where a refund or a dispute of it
// is named, of the money that was on its way back.
type SettleRequest struct {
	Payment       uuid.UUID `json:"payment"`
	Charged       bool      `json:"charged"`
	Charge        string    `json:"charge,omitempty"`         // its id, where the person gave it
	PaymentIntent string    `json:"payment_intent,omitempty"` // where none is known here
	Reason        string    `json:"reason"`
	Permit        Permit    `json:"permit"`

	Refund   *uuid.UUID `json:"refund,omitempty"`
	Dispute  *uuid.UUID `json:"dispute,omitempty"`
	WentBack bool       `json:"went_back,omitempty"` // the payer has the money
}

// Back reports that the word is about money on its way back.
func (r SettleRequest) Back() bool { return r.Refund != nil || r.Dispute != nil }

// RefundSaid is what a refund came to by a person's word.
func (r SettleRequest) RefundSaid() RefundView {
	if r.WentBack {
		return RefundView{Status: RefundSucceeded}
	}
	return RefundView{Status: RefundFailed, FailureReason: RefundNotSeen}
}

// DisputeSaid is what a dispute came to by a person's word.
func (r SettleRequest) DisputeSaid(d Dispute) DisputeFacts {
	if r.WentBack {
		return DisputeFacts{State: DisputeLost, Reason: d.Reason, ByHand: true}
	}
	if d.State.Inquiry() { // that one was dropped says nothing of a dispute that follows
		return DisputeFacts{State: DisputeWarningClosed, Reason: d.Reason, ByHand: true}
	}
	return DisputeFacts{State: DisputeWon, Reason: d.Reason, ByHand: true}
}

// UnknownPayment is a payment of which nobody knows whether it was charged, as
// those read it who are asked to look in Stripe. Amounts are minor units.
type UnknownPayment struct {
	AttemptID     uuid.UUID
	PaymentID     uuid.UUID
	InvoiceID     uuid.UUID
	InvoiceNumber string
	Organisation  string // path
	CustomerName  string
	Attempt       int
	Kind          AttemptKind
	State         AttemptState
	Amount        int64
	Surcharge     int64
	Currency      string
	Account       string
	Livemode      bool
	PaymentIntent string
	StripeSession string
	Since         time.Time // nothing has been known since
	AskedAt       time.Time // a person is asked to look since
}

// UnknownBack is money that was on its way back to a payer, by a refund or a dispute, at
// an account that nobody can ask any more: whoever is asked to look in Stripe reads it.
// Amount is minor units, with what goes back of a surcharge.
type UnknownBack struct {
	Dispute       bool // else a refund
	ID            uuid.UUID
	PaymentID     uuid.UUID
	InvoiceID     uuid.UUID
	InvoiceNumber string
	Organisation  string // path
	CustomerName  string
	Amount        int64
	Currency      string
	Account       string
	Livemode      bool
	StripeID      string // of the refund or the dispute; "" where none is known
	PaymentIntent string
	Since         time.Time // it was heard of last, or opened
}

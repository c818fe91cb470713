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
// Stripe of a payment whose outcome stayed unknown.
type SettleRequest struct {
	Payment       uuid.UUID `json:"payment"`
	Charged       bool      `json:"charged"`
	Charge        string    `json:"charge,omitempty"`         // its id, where the person gave it
	PaymentIntent string    `json:"payment_intent,omitempty"` // where none is known here
	Reason        string    `json:"reason"`
	Permit        Permit    `json:"permit"`
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

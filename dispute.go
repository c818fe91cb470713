package remit

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// DisputeState is how far a dispute has come, in Stripe's words. States only
// climb, whatever order they are heard of in:
//
//	warning_needs_response < warning_under_review < warning_closed
//	  < needs_response < under_review < lost < won
//
// An inquiry ("warning") in which no money moves can become a dispute in which
// it does, even after it was closed; a bank may give money back after it was
// thought to be lost.
type DisputeState string

// The states of a dispute.
const (
	DisputeWarningNeedsResponse DisputeState = "warning_needs_response"
	DisputeWarningUnderReview   DisputeState = "warning_under_review"
	DisputeWarningClosed        DisputeState = "warning_closed"
	DisputeNeedsResponse        DisputeState = "needs_response"
	DisputeUnderReview          DisputeState = "under_review"
	DisputeLost                 DisputeState = "lost"
	DisputeWon                  DisputeState = "won"
)

// DisputeStates are all of them, lowest first.
func DisputeStates() []DisputeState {
	return []DisputeState{
		DisputeWarningNeedsResponse, DisputeWarningUnderReview, DisputeWarningClosed,
		DisputeNeedsResponse, DisputeUnderReview, DisputeLost, DisputeWon,
	}
}

// Known reports whether it is one of the states; Stripe may invent others.
func (s DisputeState) Known() bool { return slices.Contains(DisputeStates(), s) }

// Climbs reports whether a dispute in state s may go to next.
func (s DisputeState) Climbs(next DisputeState) bool { return next.rank() > s.rank() }

// Contests reports that a bank has yet to decide, so that nothing may be
// collected for the invoice.
func (s DisputeState) Contests() bool {
	return s.NeedsResponse() || s == DisputeWarningUnderReview || s == DisputeUnderReview
}

// NeedsResponse reports that the bank waits for the business's evidence.
func (s DisputeState) NeedsResponse() bool {
	return s == DisputeWarningNeedsResponse || s == DisputeNeedsResponse
}

// Inquiry reports that the bank only asks: no money has moved.
func (s DisputeState) Inquiry() bool {
	return s == DisputeWarningNeedsResponse || s == DisputeWarningUnderReview || s == DisputeWarningClosed
}

func (s DisputeState) rank() int { return slices.Index(DisputeStates(), s) }

// Dispute is a payer's objection to a charge at his bank. Amount is minor units
// of Currency.
type Dispute struct {
	ID            uuid.UUID
	InvoiceID     uuid.UUID
	PaymentID     uuid.UUID
	Account       string
	Livemode      bool
	StripeDispute string
	Charge        string
	Currency      string
	Amount        int64
	Reason        string
	State         DisputeState
	RespondBy     *time.Time
	Withdrawn     bool // the bank took the money
	Reinstated    bool // and gave it back
	ByHand        bool // its state is a person's word, where nobody could ask Stripe
	Wanted        bool // a person said that it is over, and Stripe waits for evidence until RespondBy
	Overruled     bool // that it took and gave the money back was a person's word, and Stripe takes it once more
	CreatedAt     time.Time
	ClosedAt      *time.Time

	// What the dispute is about, where it is read for people.
	InvoiceNumber string
	Organisation  string // path
	CustomerName  string
	MethodType    string // of the payment: card, us_bank_account
}

// returnReasons are those with which a bank debit comes back after it had
// succeeded (Stripe: "ACH Direct Debit: disputes").
var returnReasons = []string{
	"bank_cannot_process", "customer_initiated", "debit_not_authorized", "incorrect_account_details", "insufficient_funds",
}

// Return reports that it is a bank debit coming back, which is final: there is
// no evidence to give.
func (d Dispute) Return() bool {
	return d.MethodType == "us_bank_account" || slices.Contains(returnReasons, d.Reason)
}

// Respond reports whether, and until when, evidence may be given.
func (d Dispute) Respond() (by time.Time, may bool) {
	if d.RespondBy == nil || d.Return() || !d.State.NeedsResponse() && !d.Wanted {
		return time.Time{}, false
	}
	return *d.RespondBy, true
}

// Stands reports that the payment is disputed: a bank has yet to decide, or has
// decided for the payer.
func (d Dispute) Stands() bool { return d.State.Contests() || d.State == DisputeLost }

// Doubted reports that only a person said what came of it, which Stripe may say otherwise.
func (d Dispute) Doubted() bool { return d.ByHand && !d.State.Contests() }

// Contest notes on a payment what its disputes mean for it.
func (p *Payment) Contest(disputes []Dispute) {
	for _, d := range disputes {
		if d.PaymentID == p.ID && d.Stands() {
			p.Disputed = true
			p.Returned = p.Returned || d.Return() && d.Withdrawn
		}
	}
}

// DisputeFacts is what Stripe says of a dispute, as far as it decides anything.
type DisputeFacts struct {
	State      DisputeState
	Reason     string
	RespondBy  *time.Time
	Withdrawn  bool // Stripe debited the account
	Reinstated bool // and credited it again
	ByHand     bool // it is not Stripe that says so
}

// DisputeMoves is what a look at Stripe brought.
type DisputeMoves struct {
	State      bool // it came to another state
	Deadline   bool // evidence is due at another time
	Wanted     bool // evidence is due, or at another time, of what a person said was over
	Withdrawn  bool
	Reinstated bool
}

// Any reports that something changed.
func (m DisputeMoves) Any() bool {
	return m.State || m.Deadline || m.Wanted || m.Withdrawn || m.Reinstated
}

// Take brings a dispute in line with what Stripe says of it and tells what
// changed. Money that moved never moves back by a view that does not show it.
// A dispute that was lost has its money taken, and one that was won has it given
// back, whether the movement is listed already or not. One that only a person said was
// won is lost when Stripe says so: what was booked as given back is taken again. And one that
// only a person said was lost, and was an inquiry that is closed, has taken nothing.
func (d Dispute) Take(v DisputeFacts, now time.Time) (Dispute, DisputeMoves) {
	var m DisputeMoves
	taken := d.State == DisputeWarningClosed && d.Withdrawn // by a person's word alone
	d.Reason = v.Reason
	switch {
	case d.State == "" || d.State.Climbs(v.State):
		d.State, d.ByHand, m.State = v.State, v.ByHand, true
	case d.State == v.State && !v.ByHand:
		d.ByHand = false // Stripe says so as well, and from now on it is its word
	case d.Doubted() && d.State == DisputeLost && v.State == DisputeWarningClosed && !v.ByHand: // it took nothing
		d.State, d.ByHand, m.State = v.State, false, true
		m.Reinstated, d.Reinstated = d.Withdrawn && !d.Reinstated, d.Withdrawn
	case d.Doubted() && d.State == DisputeWon && v.State == DisputeLost: // which a state that Stripe has told never comes to
		d.State, d.ByHand, m.State = v.State, false, true
		d.Overruled, m.Withdrawn = d.Reinstated, d.Reinstated
		d.Reinstated = false
		d.ClosedAt = &now
	}
	if d.State == v.State && v.RespondBy != nil && (d.RespondBy == nil || !d.RespondBy.Equal(*v.RespondBy)) {
		d.RespondBy, m.Deadline = v.RespondBy, true
	}
	m.Wanted = d.want(v, now)
	if taken && !d.State.Inquiry() { // it may take now what a person had said it did
		d.Overruled, d.Withdrawn, d.Reinstated = true, false, false
	}
	if (v.Withdrawn || d.State == DisputeLost) && !d.Withdrawn {
		d.Withdrawn, m.Withdrawn = true, true
	}
	if d.Withdrawn && !d.Reinstated && (v.Reinstated || d.State == DisputeWon) {
		d.Reinstated, m.Reinstated = true, true
	}
	switch {
	case d.State.Contests():
		d.ClosedAt = nil // an inquiry that was closed came back as a dispute
	case d.ClosedAt == nil:
		d.ClosedAt = &now
	}
	return d, m
}

// want notes whether Stripe waits for evidence of what a person said was over, and reports
// that it does since, or until another time: the person's word stands until Stripe decides.
func (d *Dispute) want(v DisputeFacts, now time.Time) bool {
	before := *d
	d.Wanted = d.Doubted() && !v.ByHand && v.State.NeedsResponse() && v.RespondBy != nil && (v.RespondBy.After(now) || before.Wanted && before.RespondBy.Equal(*v.RespondBy))
	if !d.Wanted {
		return false
	}
	d.RespondBy = v.RespondBy
	_, may := d.Respond()
	return may && (!before.Wanted || !before.RespondBy.Equal(*v.RespondBy))
}

// How long to wait before Stripe is asked again about a dispute that is open:
// banks take weeks, and events tell sooner; and where Stripe did not answer.
const (
	NextDisputePoll  = 24 * time.Hour
	DisputePollAgain = 15 * time.Minute
)

// AskDispute is that look on the agenda, in words.
const AskDispute = "Ask Stripe about the dispute"

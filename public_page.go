package remit

import "time"

// PublicState is what the public pay page of an invoice is about. Of several
// that fit, the first of [PublicStateOf]'s order is shown.
type PublicState string

// The states of the public page.
const (
	PublicVoid        PublicState = "void"
	PublicReplaced    PublicState = "replaced"
	PublicConfirming  PublicState = "confirming" // back from Stripe's page, or the outcome is unknown
	PublicProcessing  PublicState = "processing" // a bank has it
	PublicContested   PublicState = "contested"
	PublicRefunded    PublicState = "refunded" // given back, and nothing is owed
	PublicPaid        PublicState = "paid"
	PublicClosed      PublicState = "closed" // written off
	PublicNothing     PublicState = "nothing"
	PublicUnavailable PublicState = "unavailable" // online payment is off; not why
	PublicTooSmall    PublicState = "too_small"   // below Stripe's minimum
	PublicReturned    PublicState = "returned"    // the bank returned it
	PublicFailed      PublicState = "failed"      // the last try failed
	PublicChargeSet   PublicState = "charge_set"  // the saved method will be charged
	PublicReopened    PublicState = "reopened"    // a refund reopened it
	PublicOverdue     PublicState = "overdue"
	PublicDeposit     PublicState = "deposit"
	PublicPartlyPaid  PublicState = "partly_paid"
	PublicSent        PublicState = "sent"
)

// Payable reports whether the page offers to pay.
func (s PublicState) Payable() bool {
	switch s {
	case PublicReturned, PublicFailed, PublicChargeSet, PublicReopened, PublicOverdue, PublicDeposit, PublicPartlyPaid, PublicSent:
		return true
	case PublicVoid, PublicReplaced, PublicConfirming, PublicProcessing, PublicContested, PublicRefunded, PublicPaid, PublicClosed,
		PublicNothing, PublicUnavailable, PublicTooSmall:
	}
	return false
}

// Shows reports whether the page shows what the invoice is about: sums, lines
// and bank details. An invoice that is void or replaced shows none of it.
func (s PublicState) Shows() bool { return s != PublicVoid && s != PublicReplaced }

// PublicFacts is what the page's state is derived from.
type PublicFacts struct {
	Invoice    Invoice
	Collecting bool       // the connection may charge
	Refunded   int64      // minor units that went back
	FailedAt   *time.Time // when the last try failed, if it did and nothing followed
}

// PublicStateOf says what the public page of a sent invoice shows.
func PublicStateOf(f PublicFacts) PublicState {
	i := f.Invoice
	switch {
	case i.ReplacedBy != nil:
		return PublicReplaced
	case i.Status == InvoiceVoid:
		return PublicVoid
	case i.InFlight != nil && i.InFlight.State == AttemptConfirming:
		return PublicConfirming
	case i.Status == InvoiceProcessing || i.InFlight != nil && i.InFlight.State == AttemptProcessing:
		return PublicProcessing
	case i.Status == InvoiceContested:
		return PublicContested
	case i.Status == InvoicePaid && f.Refunded > 0:
		return PublicRefunded
	case i.Status == InvoicePaid && i.Total != 0:
		return PublicPaid
	case i.Status == InvoiceUncollectible:
		return PublicClosed
	case i.Outstanding == 0:
		return PublicNothing
	case !f.Collecting || !i.Settings.OnlinePayments:
		return PublicUnavailable
	case OnlineMinimum(i.outstanding()) != nil:
		return PublicTooSmall
	case i.Hold != nil && i.Hold.Kind == HoldReturn:
		return PublicReturned
	case f.FailedAt != nil:
		return PublicFailed
	case i.Hold != nil && i.Hold.Kind == HoldRefund:
		return PublicReopened
	case i.Overdue:
		return PublicOverdue
	case i.Applied > 0:
		return PublicPartlyPaid
	}
	return PublicSent
}

// Linkable reports whether an invoice has a public page: one that asks for
// money. Drafts have the address already, at which nothing is until they are
// sent.
func (i Invoice) Linkable() bool { return i.Total > 0 }

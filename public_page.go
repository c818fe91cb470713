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
	PublicDeposits    PublicState = "deposits"   // it was sent off with a bank account that is still to be verified
	PublicContested   PublicState = "contested"
	PublicRefunded    PublicState = "refunded" // given back, and nothing is owed
	PublicPaid        PublicState = "paid"
	PublicClosed      PublicState = "closed"  // written off
	PublicCarried     PublicState = "carried" // another invoice bills it
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
	case PublicVoid, PublicReplaced, PublicConfirming, PublicProcessing, PublicDeposits, PublicContested, PublicRefunded, PublicPaid, PublicClosed,
		PublicCarried, PublicNothing, PublicUnavailable, PublicTooSmall:
	}
	return false
}

// Shows reports whether the page shows what the invoice is about: sums, lines
// and bank details. An invoice that is void or replaced shows none of it.
func (s PublicState) Shows() bool { return s != PublicVoid && s != PublicReplaced }

// TakesTransfer reports whether the page names the seller's bank account: where
// money is owed and none is on its way.
func (s PublicState) TakesTransfer() bool {
	return s.Payable() || s == PublicUnavailable || s == PublicTooSmall
}

// PublicFacts is what the page's state is derived from.
type PublicFacts struct {
	Invoice    Invoice
	Collecting bool       // the connection may charge what the invoice takes
	Captured   int64      // minor units that came in
	Refunded   int64      // minor units of them that went back
	Deposits   bool       // a payment goes on once the deposits to its bank account are entered
	FailedAt   *time.Time // when the last try failed, if it did and nothing followed
	ChargeSet  bool       // a saved method will be charged by itself
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
	case f.Deposits:
		return PublicDeposits
	case i.Status == InvoiceContested:
		return PublicContested
	case i.Status == InvoicePaid && f.Refunded > 0 && f.Refunded >= f.Captured:
		return PublicRefunded
	case i.Status == InvoicePaid && i.Total != 0:
		return PublicPaid
	case i.Status == InvoiceUncollectible:
		return PublicClosed
	case i.Status == InvoiceCarried:
		return PublicCarried
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
	case f.ChargeSet:
		return PublicChargeSet
	case i.Hold != nil && i.Hold.Kind == HoldRefund:
		return PublicReopened
	case i.Overdue:
		return PublicOverdue
	case i.DepositLeft() > 0:
		return PublicDeposit
	case i.Applied > 0:
		return PublicPartlyPaid
	}
	return PublicSent
}

// Linkable reports whether an invoice has a public page: one that asks for
// money. Drafts have the address already, at which nothing is until they are
// sent.
func (i Invoice) Linkable() bool { return i.Total > 0 }

// ShowsLink reports whether the address of its public page is told to anybody.
// A seller who hides links (C12) has the page all the same: whoever was given
// the address reads there what he reads in the mail, and the way back from
// Stripe's page leads to it.
func (i Invoice) ShowsLink() bool { return i.Linkable() && i.Settings.PaymentLinks }

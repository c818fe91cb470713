package sandbox

import "time"

const (
	// bankRefundTime is how long after its charge a debit can be refunded.
	bankRefundTime = 180 * 24 * time.Hour
	// bankRefundDays is how many business days a refund takes to the account.
	bankRefundDays = 3
)

func init() {
	runners["refund.short"] = func(t *tx, id string) { t.failRefund(id, "insufficient_funds") }
}

func (t *tx) tooOldToRefund(ch *charge) bool {
	return ch.PaymentMethodDetails.USBankAccount != nil && t.at.After(time.Unix(ch.Created, 0).Add(bankRefundTime))
}

// sendBankRefund pays a debit back by a transfer of its own. One that the
// available balance does not cover waits for nothing: it fails
// (docs.stripe.com/refunds).
func (t *tx) sendBankRefund(r *refund) {
	if t.available(r.Currency) < 0 {
		t.schedule(t.at, "refund.short", r.ID)
		return
	}
	t.schedule(midnight(addBusinessDays(sendingDay(t.at), bankRefundDays), 0), "refund.settle", r.ID)
}

// arrive completes a refund to a bank account with the reference that its owner
// can ask for it by.
func (r *refund) arrive(t *tx) {
	if r.DestinationDetails.USBankTransfer == nil {
		return
	}
	reference := "09100001" + digits(t.server.digest(12, "payment reference", r.ID), 7)
	r.DestinationDetails.USBankTransfer = &refundedBank{Reference: &reference, ReferenceStatus: "available"}
}

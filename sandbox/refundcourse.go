package sandbox

import "time"

// refundTime is how long a refund takes that does not end at once.
const refundTime = time.Minute

// refundActionTime is how long the payer has to say where his money is to go.
const refundActionTime = 45 * 24 * time.Hour

func init() {
	runners["refund.settle"] = settleRefund
	runners["refund.fail"] = func(t *tx, id string) { t.failRefund(id, "expired_or_canceled_card") }
	runners["refunds.release"] = releaseRefunds
	endpoint("POST", "/v1/refunds/{refund}/cancel", cancelRefund)
}

// sendRefund hands the money to the payer's bank. The card decides how it goes
// on. Put the refund afterwards.
func (t *tx) sendRefund(r *refund, ch *charge) {
	r.Kept.Waits = false
	switch must[paymentMethod](t, ch.PaymentMethod).spec().refund {
	case "pending":
		r.Status = "pending"
		t.schedule(t.at.Add(refundTime), "refund.settle", r.ID)
	case "fail":
		r.Status = succeeded
		t.schedule(t.at.Add(refundTime), "refund.fail", r.ID)
	default:
		r.Status = succeeded
	}
}

func settleRefund(t *tx, id string) {
	r, ok := get[refund](t, id)
	if !ok || r.Status != "pending" || r.Kept.Waits {
		return
	}
	was := *r
	r.Status = succeeded
	r.arrive(t)
	t.put(r)
	t.refundChanged(&was, r)
}

// refundChanged tells of a refund's new state by both of its event types.
func (t *tx) refundChanged(was, is *refund) {
	t.emitChange("refund.updated", was, is)
	t.emitChange("charge.refund.updated", was, is)
}

// failRefund brings the money back: the payer's bank did not take it, or it
// never went.
func (t *tx) failRefund(id, reason string) {
	r, ok := get[refund](t, id)
	if !ok || r.ended() {
		return
	}
	was := *r
	r.Status, r.FailureReason = "failed", &reason
	t.returnRefund(r)
	t.refundChanged(&was, r)
	t.emit("refund.failed", r)
}

// ended says that nothing can become of the refund any more. One that
// succeeded can still come back.
func (r *refund) ended() bool { return r.Status == "failed" || r.Status == canceled }

// returnRefund books a refund's money back and puts it.
func (t *tx) returnRefund(r *refund) {
	what := "REFUND FAILURE"
	b := t.bookTransaction(movement{
		kind: "refund_failure", source: r.ID, currency: r.Currency, amount: r.Amount, description: &what,
	})
	r.FailureBalanceTransaction, r.Kept.Waits, r.NextAction = &b.ID, false, nil
	ch := must[charge](t, r.Charge)
	ch.AmountRefunded -= r.Amount
	ch.Refunded = false
	t.put(r)
	t.put(ch)
}

// askPayer lets a refund wait for the payer, as with payment methods that have
// no way back of their own.
func (t *tx) askPayer(r *refund, email string) {
	was := *r
	r.Status, r.NextAction = "requires_action", &refundAction{Type: "display_details", DisplayDetails: refundDetails{
		EmailSent: refundEmail{At: t.seconds(), To: email}, ExpiresAt: t.at.Add(refundActionTime).Unix(),
	}}
	t.put(r)
	t.refundChanged(&was, r)
}

func cancelRefund(c *call) (any, error) {
	r, err := named[refund](c, "refund", "refund")
	if err != nil {
		return nil, err
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if r.Status != "requires_action" {
		return nil, refuse("", "", "You cannot cancel this refund because it has a status of %s. Only a refund with the status requires_action may be canceled.", r.Status)
	}
	c.cancelRefund(r)
	return r, nil
}

func (t *tx) cancelRefund(r *refund) {
	was := *r
	reason := "merchant_request"
	r.Status, r.FailureReason = canceled, &reason
	t.returnRefund(r)
	t.refundChanged(&was, r)
}

// lookForFunds lets waiting refunds try again when the money is there.
func (t *tx) lookForFunds(b *balanceTransaction) {
	if t.table(refunds).count("waiting:"+b.Currency) > 0 {
		t.schedule(b.available(), "refunds.release", b.Currency)
	}
}

// releaseRefunds sends the refunds of a currency that wait for money, oldest
// first, as far as it reaches. Their amounts are booked already: what is
// there for the first is the balance without those behind it.
func releaseRefunds(t *tx, currency string) {
	waiting := t.table(refunds).all("waiting:" + currency)
	behind := int64(0)
	for _, o := range waiting {
		behind += o.(*refund).Amount
	}
	for _, o := range waiting {
		r := o.(*refund)
		behind -= r.Amount
		if t.available(currency)+behind < 0 {
			t.lookAgain(currency)
			return
		}
		was, is := *r, must[refund](t, r.ID) // a copy to change
		t.sendRefund(is, must[charge](t, is.Charge))
		t.put(is)
		t.refundChanged(&was, is)
	}
}

// lookAgain waits for the next money that is on its way.
func (t *tx) lookAgain(currency string) {
	book := t.book.byCurrency[currency]
	if book == nil {
		return
	}
	if second, ever := book.next(t.seconds()); ever {
		t.schedule(time.Unix(second, 0), "refunds.release", currency)
	}
}

// waitingRefunds are a charge's refunds that have not reached the payer's bank.
func (t *tx) waitingRefunds(ch *charge) []*refund {
	var waiting []*refund
	for _, o := range t.table(refunds).all("charge:" + ch.ID) {
		if r := o.(*refund); r.Kept.Waits {
			waiting = append(waiting, r)
		}
	}
	return waiting
}

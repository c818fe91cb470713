package sandbox

func init() { endpoint("POST", "/v1/refunds", createRefund) }

// refundReasons are those that a seller may give.
var refundReasons = map[string]bool{"duplicate": true, "fraudulent": true, "requested_by_customer": true}

func createRefund(c *call) (any, error) {
	chargeID, intentID := c.p.string("charge"), c.p.string("payment_intent")
	amount, partial := c.p.integer("amount")
	if partial && amount < 1 {
		c.p.fail("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	}
	reason := c.p.enum("reason", sortedKeys(refundReasons)...)
	metadata := c.p.metadata(nil)
	refundFee, _ := c.p.boolean("refund_application_fee")
	reverse, _ := c.p.boolean("reverse_transfer")
	if chargeID == "" && intentID == "" {
		c.p.fail("parameter_missing", "charge", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	ch, err := c.refundable(chargeID, intentID)
	if err != nil {
		return nil, err
	}
	switch {
	case refundFee && (c.platform == "" || ch.ApplicationFeeAmount == nil):
		return nil, refuse("", "refund_application_fee", "You can only refund an application fee on a charge that has one, as the application that took it.")
	case reverse && ch.TransferData == nil:
		return nil, refuse("", "reverse_transfer", "Cannot reverse a transfer on charge %s: it does not have an associated transfer.", ch.ID)
	}
	amount, failed := c.refundableAmount(ch, amount, partial)
	if failed != nil {
		return nil, failed
	}
	return c.refund(ch, amount, reason, metadata, refundFee), nil
}

// refundableAmount is how much of a charge is to be refunded, all that is left
// unless it is partial. What the charge has not got is refused.
func (t *tx) refundableAmount(ch *charge, amount int64, partial bool) (int64, *apiError) {
	rest := ch.Amount - ch.AmountRefunded
	switch {
	case t.tooOldToRefund(ch):
		return 0, refuse("charge_not_refundable", "", "Charge %s cannot be refunded: bank debits can be refunded within 180 days.", ch.ID)
	case t.chargedBack(ch):
		return 0, refuse("charge_disputed", "", "Charge %s has been charged back; cannot issue a refund.", ch.ID)
	case rest == 0:
		return 0, refuse("charge_already_refunded", "", "Charge %s has already been refunded.", ch.ID)
	case !partial:
		return rest, nil
	case amount < 1:
		return 0, refuse("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount > ch.Amount:
		return 0, refuse("", "amount", "Refund amount (%s) is greater than charge amount (%s)", money(amount, ch.Currency), money(ch.Amount, ch.Currency))
	case amount > rest:
		return 0, refuse("", "amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", money(amount, ch.Currency), money(rest, ch.Currency))
	}
	return amount, nil
}

// refundable finds the charge to refund.
func (c *call) refundable(chargeID, intentID string) (*charge, error) {
	if intentID != "" {
		pi, err := referred[paymentIntent](c, "payment_intent", intentID)
		if err != nil {
			return nil, err
		}
		if pi.Status != succeeded {
			return nil, refuse("", "payment_intent", "This PaymentIntent (%s) does not have a successful charge to refund.", pi.ID)
		}
		if chargeID != "" && chargeID != *pi.LatestCharge {
			return nil, refuse("", "charge", "The charge %s does not belong to the PaymentIntent %s.", chargeID, pi.ID)
		}
		chargeID = *pi.LatestCharge
	}
	ch, err := referred[charge](c, "charge", chargeID)
	if err == nil && ch.Status != succeeded {
		return nil, refuse("charge_not_refundable", "charge", "Charge %s cannot be refunded because it has a status of %s.", ch.ID, ch.Status)
	}
	return ch, err
}

// refund takes the money from the balance and sends it off. If the balance
// does not hold it, the balance goes below zero and the refund waits
// (support.stripe.com/questions/pending-refunds-due-to-insufficient-funds-or-stripe-balance).
// Money that a charge has yet to make available pays its own refund.
// withFee gives the platform's fee back in proportion.
func (t *tx) refund(ch *charge, amount int64, reason string, metadata map[string]string, withFee bool) *refund {
	was := *ch
	r := &refund{
		ID: newID("re"), Object: "refund", Amount: amount, Charge: ch.ID, Created: t.seconds(), Currency: ch.Currency,
		DestinationDetails: refundDestination{Type: "card", Card: &refundedCard{
			ReferenceStatus: "pending", ReferenceType: "acquirer_reference_number", Type: "refund",
		}},
		Metadata: metadata, PaymentIntent: ch.PaymentIntent, Status: "pending",
	}
	if reason != "" {
		r.Reason = &reason
	}
	movementKind := "refund"
	if ch.PaymentMethodDetails.USBankAccount != nil {
		r.ID, movementKind = newID(refunds.alias), "payment_refund"
		r.DestinationDetails = refundDestination{Type: "us_bank_transfer", USBankTransfer: &refundedBank{ReferenceStatus: "pending"}}
	}
	available := max(t.seconds(), t.availableOn(ch))
	description := "REFUND FOR CHARGE"
	money := movement{
		kind: movementKind, category: "refund", source: r.ID, currency: r.Currency, amount: -amount, availableOn: available, description: &description,
	}
	if withFee {
		t.returnFee(ch, ch.AmountRefunded+amount, &money)
	}
	r.BalanceTransaction = &t.bookTransaction(money).ID
	switch {
	case r.DestinationDetails.USBankTransfer != nil:
		t.sendBankRefund(r)
	case available > t.seconds() || t.available(r.Currency) >= 0:
		t.sendRefund(r, ch)
	default:
		r.Kept.Waits = true
		t.schedule(t.at, "refunds.release", r.Currency)
	}
	ch.AmountRefunded += amount
	ch.Refunded = ch.AmountRefunded == ch.Amount
	t.put(r)
	t.put(ch)
	t.mailReceipt(ch, "refund", amount)
	t.emitChange("charge.refunded", &was, ch)
	t.emit("refund.created", r)
	return r
}

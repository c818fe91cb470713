package sandbox

import (
	"strings"
	"time"
)

// refund is money on its way back to the payer (docs.stripe.com/api/refunds).
type refund struct {
	ID                        string            `json:"id"`
	Object                    string            `json:"object"`
	Amount                    int64             `json:"amount"`
	BalanceTransaction        *string           `json:"balance_transaction"`
	Charge                    string            `json:"charge"`
	Created                   int64             `json:"created"`
	Currency                  string            `json:"currency"`
	DestinationDetails        refundDestination `json:"destination_details"`
	FailureBalanceTransaction *string           `json:"failure_balance_transaction,omitempty"`
	FailureReason             *string           `json:"failure_reason,omitempty"`
	Metadata                  map[string]string `json:"metadata"`
	PaymentIntent             string            `json:"payment_intent"`
	Reason                    *string           `json:"reason"`
	ReceiptNumber             *string           `json:"receipt_number"`
	SourceTransferReversal    *string           `json:"source_transfer_reversal"`
	Status                    string            `json:"status"`
	TransferReversal          *string           `json:"transfer_reversal"`
}

type refundDestination struct {
	Card *refundedCard `json:"card,omitempty"`
	Type string        `json:"type"`
}

type refundedCard struct {
	ReferenceStatus string `json:"reference_status"`
	ReferenceType   string `json:"reference_type"`
	Type            string `json:"type"`
}

var refunds = register(&kind{
	name: "refund", prefix: "re", fresh: func() object { return &refund{} },
	expands: []string{
		"balance_transaction", "charge", "failure_balance_transaction", "payment_intent",
		"source_transfer_reversal", "transfer_reversal",
	},
})

func (*refund) kind() *kind   { return refunds }
func (r *refund) key() string { return r.ID }
func (r *refund) born() int64 { return r.Created }
func (r *refund) hidden() any { return nil }
func (r *refund) listedBy() []string {
	return []string{"charge:" + r.Charge, "payment_intent:" + r.PaymentIntent}
}

func init() {
	runners["refund.settle"] = settleRefund
	runners["refund.fail"] = failRefund
	endpoint("POST", "/v1/refunds", createRefund)
	endpoint("GET", "/v1/refunds", listRefunds)
	endpoint("GET", "/v1/refunds/{refund}", retrieve(refunds, "refund", "refund"))
	endpoint("POST", "/v1/refunds/{refund}", updateRefund)
	endpoint("GET", "/v1/charges/{charge}/refunds", func(c *call) (any, error) {
		if _, err := named[charge](c, "charge", "id"); err != nil {
			return nil, err
		}
		return c.page(refunds, "charge:"+c.vars["charge"], nil)
	})
}

// refundTime is how long a refund takes that does not end at once.
const refundTime = time.Minute

func createRefund(c *call) (any, error) {
	chargeID, intentID := c.p.string("charge"), c.p.string("payment_intent")
	amount, partial := c.p.integer("amount")
	if partial && amount < 1 {
		c.p.fail("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	}
	reason := c.p.enum("reason", "duplicate", "fraudulent", "requested_by_customer")
	metadata := c.p.metadata(nil)
	if _, sent := c.p.boolean("refund_application_fee"); sent && c.platform == "" {
		c.p.fail("", "refund_application_fee", "You can only refund an application fee on a charge that has one.")
	}
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
	rest := ch.Amount - ch.AmountRefunded
	switch {
	case rest == 0:
		return nil, refuse("charge_already_refunded", "", "Charge %s has already been refunded.", ch.ID)
	case !partial:
		amount = rest
	case amount > ch.Amount:
		return nil, refuse("", "amount", "Refund amount (%s) is greater than charge amount (%s)", money(amount, ch.Currency), money(ch.Amount, ch.Currency))
	case amount > rest:
		return nil, refuse("", "amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", money(amount, ch.Currency), money(rest, ch.Currency))
	}
	return c.refund(ch, amount, reason, metadata), nil
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

// refund takes the money from the balance and sends it off. The card decides
// how it goes on.
func (t *tx) refund(ch *charge, amount int64, reason string, metadata map[string]string) *refund {
	was := *ch
	r := &refund{
		ID: newID("re"), Object: "refund", Amount: amount, Charge: ch.ID, Created: t.seconds(), Currency: ch.Currency,
		DestinationDetails: refundDestination{Type: "card", Card: &refundedCard{
			ReferenceStatus: "pending", ReferenceType: "acquirer_reference_number", Type: "refund",
		}},
		Metadata: metadata, PaymentIntent: ch.PaymentIntent, Status: succeeded,
	}
	if reason != "" {
		r.Reason = &reason
	}
	switch must[paymentMethod](t, ch.PaymentMethod).spec().refund {
	case "pending":
		r.Status = "pending"
		t.schedule(t.at.Add(refundTime), "refund.settle", r.ID)
	case "fail":
		t.schedule(t.at.Add(refundTime), "refund.fail", r.ID)
	}
	// The money comes out of what the charge brought in, so it is not
	// available before that is.
	available := t.seconds()
	if ch.BalanceTransaction != nil {
		available = max(available, must[balanceTransaction](t, *ch.BalanceTransaction).AvailableOn)
	}
	description := "REFUND FOR CHARGE"
	b := t.bookTransaction("refund", r.ID, r.Currency, -amount, 0, available, &description)
	r.BalanceTransaction = &b.ID
	ch.AmountRefunded += amount
	ch.Refunded = ch.AmountRefunded == ch.Amount
	t.put(r)
	t.put(ch)
	t.emitChange("charge.refunded", &was, ch)
	t.emit("refund.created", r)
	return r
}

func settleRefund(t *tx, id string) {
	r, ok := get[refund](t, id)
	if !ok || r.Status != "pending" {
		return
	}
	was := *r
	r.Status = succeeded
	t.put(r)
	t.emitChange("refund.updated", &was, r)
	t.emitChange("charge.refund.updated", &was, r)
}

// failRefund brings the money back: the payer's bank did not take it.
func failRefund(t *tx, id string) {
	r, ok := get[refund](t, id)
	if !ok || r.Status == "failed" {
		return
	}
	was := *r
	why := "expired_or_canceled_card"
	r.Status, r.FailureReason = "failed", &why
	t.returnRefund(r, "refund_failure")
	t.emitChange("refund.updated", &was, r)
	t.emitChange("charge.refund.updated", &was, r)
	t.emit("refund.failed", r)
}

// returnRefund books a refund's money back and puts it.
func (t *tx) returnRefund(r *refund, category string) {
	what := strings.ToUpper(strings.ReplaceAll(category, "_", " "))
	b := t.bookTransaction(category, r.ID, r.Currency, r.Amount, 0, t.seconds(), &what)
	r.FailureBalanceTransaction = &b.ID
	ch := must[charge](t, r.Charge)
	ch.AmountRefunded -= r.Amount
	ch.Refunded = false
	t.put(r)
	t.put(ch)
}

func listRefunds(c *call) (any, error) {
	chargeID, intentID := c.p.string("charge"), c.p.string("payment_intent")
	by := ""
	switch {
	case chargeID != "":
		by = "charge:" + chargeID
	case intentID != "":
		by = "payment_intent:" + intentID
	}
	return c.page(refunds, by, nil)
}

func updateRefund(c *call) (any, error) {
	r, err := named[refund](c, "refund", "refund")
	if err != nil {
		return nil, err
	}
	was := *r
	r.Metadata = c.p.metadata(r.Metadata)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	c.put(r)
	c.emitChange("refund.updated", &was, r)
	return r, nil
}

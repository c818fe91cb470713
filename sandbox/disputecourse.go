package sandbox

import (
	"slices"
	"time"
)

const (
	// disputeTime is how long after its charge a test card's dispute opens, and
	// how long the bank takes over evidence that decides.
	disputeTime = time.Minute
	// evidenceTime is how long the seller has to answer, to the end of that day.
	evidenceTime = 7 * 24 * time.Hour
	// inquiryTime is how long an inquiry can still become a chargeback.
	inquiryTime = 120 * 24 * time.Hour
	// disputeFee is for each chargeback, and kept whoever wins: Stripe returns
	// it no more since 2025-06-17.
	disputeFee = 1500
)

// disputeReasons are the reasons a card's bank may give, with the code that
// Visa has for each (docs.stripe.com/disputes/categories).
var disputeReasons = map[string]string{
	"credit_not_processed": "13.6", "duplicate": "12.6.1", "fraudulent": "10.4", "general": "",
	"product_not_received": "13.1", "product_unacceptable": "13.3", "subscription_canceled": "13.2", "unrecognized": "",
}

func init() {
	runners["dispute.open"] = openCardDispute
	runners["dispute.decide"] = decideDispute
	runners["dispute.lapse"] = lapseDispute
	endpoint("POST", "/v1/disputes/{dispute}", updateDispute)
	endpoint("POST", "/v1/disputes/{dispute}/close", acceptDispute)
}

// disputeLater lets a test card's charge be disputed.
func (t *tx) disputeLater(ch *charge, m *paymentMethod) {
	if m.Card != nil && m.spec().dispute != nil {
		t.schedule(t.at.Add(disputeTime), "dispute.open", ch.ID)
	}
}

func openCardDispute(t *tx, id string) {
	ch := must[charge](t, id)
	d := must[paymentMethod](t, ch.PaymentMethod).spec().dispute
	rest := ch.Amount - ch.AmountRefunded
	for part := range d.times {
		amount := rest / d.times
		if part == d.times-1 {
			amount = rest - amount*(d.times-1)
		}
		if amount > 0 {
			t.openDispute(ch, amount, d.reason, d.inquiry)
		}
	}
}

// openDispute begins a dispute. A chargeback takes the money and the fee at
// once; refunds that still waited for money fail, since the payer gets it from
// his bank.
func (t *tx) openDispute(ch *charge, amount int64, reason string, inquiry bool) *dispute {
	d := t.newDispute(ch, amount, reason)
	d.Status, d.EvidenceDetails.DueBy = warningNeeds, t.evidenceDue()
	d.PaymentMethodDetails = &disputeMethodDetails{Type: "card", Card: disputedCard{CaseType: caseInquiry}}
	if card := ch.PaymentMethodDetails.Card; card != nil {
		d.PaymentMethodDetails.Card.Brand = card.Brand
	}
	if code := disputeReasons[reason]; code != "" {
		d.PaymentMethodDetails.Card.NetworkReasonCode = &code
	}
	ch.Disputed = true
	t.put(ch)
	for _, r := range t.waitingRefunds(ch) {
		t.failRefund(r.ID, "charge_for_pending_refund_disputed")
	}
	if inquiry {
		t.schedule(t.at.Add(inquiryTime), "dispute.lapse", d.ID)
	} else {
		t.withdraw(d)
	}
	t.put(d)
	t.emit("charge.dispute.created", d)
	if !inquiry {
		t.emit("charge.dispute.funds_withdrawn", d)
	}
	return d
}

// newDispute is a dispute as it begins. Put it once it is complete.
func (t *tx) newDispute(ch *charge, amount int64, reason string) *dispute {
	return &dispute{
		ID: newID("dp"), Object: "dispute", Amount: amount, BalanceTransactions: []any{}, Charge: ch.ID,
		Created: t.seconds(), Currency: ch.Currency, Metadata: map[string]string{}, PaymentIntent: ch.PaymentIntent,
		Evidence: evidence{CustomerEmailAddress: ch.BillingDetails.Email, CustomerName: ch.BillingDetails.Name},
		Reason:   reason,
	}
}

// evidenceDue is the last second of the day.
func (t *tx) evidenceDue() int64 {
	day := t.at.UTC().Add(evidenceTime).Truncate(24 * time.Hour)
	return day.Add(24*time.Hour - time.Second).Unix()
}

// withdraw makes a dispute a chargeback: the bank takes the money.
func (t *tx) withdraw(d *dispute) {
	what := "Chargeback withdrawal for " + d.Charge
	b := t.bookTransaction(movement{
		kind: "adjustment", category: "dispute", source: d.ID, currency: d.Currency,
		amount: -d.Amount, fee: disputeFee, feeWords: "Dispute fee", description: &what,
	})
	d.Kept.Transactions = append(slices.Clip(d.Kept.Transactions), b.ID)
	details := *d.PaymentMethodDetails
	details.Card.CaseType = caseChargeback
	d.Status, d.PaymentMethodDetails = needsResponse, &details
	d.EvidenceDetails.DueBy = t.evidenceDue()
	t.schedule(time.Unix(d.EvidenceDetails.DueBy+1, 0), "dispute.lapse", d.ID)
}

// escalate turns an inquiry into a chargeback.
func (t *tx) escalate(d *dispute) {
	was := *d
	t.withdraw(d)
	t.put(d)
	t.emitChange("charge.dispute.updated", &was, d)
	t.emit("charge.dispute.funds_withdrawn", d)
}

func updateDispute(c *call) (any, error) {
	d, err := named[dispute](c, "dispute", "dispute")
	if err != nil {
		return nil, err
	}
	was := *d
	said := d.Evidence.read(c.p)
	submit, chosen := c.p.boolean("submit")
	d.Metadata = c.p.metadata(d.Metadata)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if said || submit {
		if !d.open() {
			return nil, refuse("", "", "This dispute is already closed")
		}
		if d.EvidenceDetails.DueBy < c.seconds() {
			return nil, refuse("", "", "The deadline for submitting evidence to this dispute has passed")
		}
		d.EvidenceDetails.HasEvidence = true
	}
	if submit || said && !chosen {
		c.submitEvidence(d)
	}
	c.put(d)
	c.emitChange("charge.dispute.updated", &was, d)
	return d, nil
}

// submitEvidence hands the evidence to the bank. Its free text decides, if it is one
// of Stripe's two test words (docs.stripe.com/testing#evidence).
func (t *tx) submitEvidence(d *dispute) {
	d.EvidenceDetails.SubmissionCount++
	if d.inquiry() {
		d.Status = warningReview
	} else {
		d.Status = underReview
	}
	if d.verdict() != "" {
		t.schedule(t.at.Add(disputeTime), "dispute.decide", d.ID)
	}
}

func (d *dispute) verdict() string {
	if d.Evidence.UncategorizedText == nil {
		return ""
	}
	return map[string]string{"winning_evidence": disputeWon, "losing_evidence": disputeLost}[*d.Evidence.UncategorizedText]
}

func decideDispute(t *tx, id string) {
	if d := must[dispute](t, id); d.open() && d.verdict() != "" {
		t.closeDispute(d, d.verdict())
	}
}

// lapseDispute ends what nobody answered: a chargeback is lost, and an inquiry
// came to nothing.
func lapseDispute(t *tx, id string) {
	d := must[dispute](t, id)
	switch {
	case d.Status == needsResponse && d.EvidenceDetails.DueBy < t.seconds():
		t.closeDispute(d, disputeLost)
	case d.open() && d.inquiry():
		t.closeDispute(d, warningClosed)
	}
}

func acceptDispute(c *call) (any, error) {
	d, err := named[dispute](c, "dispute", "dispute")
	if err != nil {
		return nil, err
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if !d.open() {
		return nil, refuse("", "", "This dispute is already closed")
	}
	c.closeDispute(d, disputeLost)
	return d, nil
}

// closeDispute is the bank's word. Won, the amount comes back.
func (t *tx) closeDispute(d *dispute, outcome string) {
	was := *d
	d.Status = outcome
	if was.inquiry() {
		d.Status = warningClosed
	}
	if d.Status == disputeWon {
		what := "Chargeback reversal for " + d.Charge
		b := t.bookTransaction(movement{
			kind: "adjustment", category: "dispute_reversal", source: d.ID, currency: d.Currency,
			amount: d.Amount, description: &what,
		})
		d.Kept.Transactions = append(slices.Clip(d.Kept.Transactions), b.ID)
	}
	t.put(d)
	t.emitChange("charge.dispute.closed", &was, d)
	if d.Status == disputeWon {
		t.emit("charge.dispute.funds_reinstated", d)
	}
}

package remit

import (
	"cmp"
	"maps"
	"slices"
)

// Comparison matches an account's movements at Stripe with the ledger and with
// its payouts, one by one, so that it takes the memory of what differs and not of
// all that agrees. It decides; it does not look anything up. The zero value is
// ready.
type Comparison struct {
	byCurrency  map[string]*Reconciliation
	differences map[movementKey]Difference
	paidOut     map[string]payoutSides
}

type movementKey struct {
	kind MovementKind
	id   string
}

// payoutSides is one payout by its movements and by itself.
type payoutSides struct {
	moved, payout *Difference
}

// Moved takes a movement at Stripe and what the record has of it.
func (c *Comparison) Moved(m Movement, b Booking) {
	totals := &c.in(m.Currency).Totals
	totals.Fees += m.Fee
	switch {
	case m.Kind.Booked(), m.Kind == MovedChargeFailure:
		c.bookable(totals, m, b)
	case m.Kind == MovedPayout:
		totals.PaidOut -= m.Amount
		d := m.difference(CausePayout, m.Amount)
		sides := c.payout(m.StripeID)
		sides.moved = &d
		c.paidOut[m.StripeID] = sides
	case m.Kind == MovedPayoutFailure:
		totals.PaidOut -= m.Amount
		c.differ(m.difference(CausePayoutFailed, m.Amount))
	case m.Kind == MovedFee:
		totals.Fees -= m.Amount
	default:
		totals.Other += m.Amount
		c.differ(m.difference(CauseAdjustment, m.Amount))
	}
}

func (c *Comparison) bookable(totals *ReconciliationTotals, m Movement, b Booking) {
	cause, amount := judge(m, b)
	if cause == CauseForeign {
		totals.Foreign += m.Amount
	} else {
		sides := totals.of(m.Kind)
		sides.Stripe += m.Amount
		sides.Ledger += m.Amount - amount
	}
	if cause == causeNone {
		return
	}
	d := m.difference(cause, amount)
	d.InvoiceID = b.InvoiceID
	c.differ(d)
}

// judge says why a movement and the ledger differ, and by how much. Stripe may
// book what was charged in another currency: there are no amounts to compare then.
func judge(m Movement, b Booking) (Cause, int64) {
	switch {
	case !b.booked():
	case m.Kind == MovedChargeFailure:
		return CauseChargeReversed, m.Amount
	case b.Currency != m.Currency || b.Amount == m.Amount:
		return causeNone, 0
	default:
		return CauseAmount, m.Amount - b.Amount
	}
	switch {
	case b.InvoiceID == nil && !m.Claimed:
		return CauseForeign, m.Amount
	case m.Kind == MovedChargeFailure, m.Kind == MovedCharge && m.Failed:
		return CauseChargeFailed, m.Amount
	case m.Kind == MovedCharge && m.Pending:
		return CauseChargePending, m.Amount
	case b.InvoiceID == nil:
		return CauseUnknownHere, m.Amount
	case m.Kind == MovedRefund && b.Known:
		return CauseRefundMissed, m.Amount
	case m.Kind == MovedRefund:
		return CauseRefundAtStripe, m.Amount
	case m.Kind == MovedRefundFailure:
		return CauseRefundFailed, m.Amount
	case m.Kind == MovedDispute:
		return CauseDisputeWithdrawn, m.Amount
	case m.Kind == MovedDisputeReversal:
		return CauseDisputeReinstated, m.Amount
	}
	return CauseChargeMissed, m.Amount
}

func (b Booking) booked() bool { return b.Entry != [16]byte{} }

func (m Movement) difference(cause Cause, amount int64) Difference {
	return Difference{Kind: m.Kind, StripeID: m.StripeID, Currency: m.Currency, Amount: amount, Cause: cause, Intent: m.Intent, At: m.At}
}

// BookedOnly takes what the ledger has booked and Stripe has no movement of.
func (c *Comparison) BookedOnly(m Movement, b Booking) {
	c.in(m.Currency).Totals.of(m.Kind).Ledger += m.Amount
	d := m.difference(CauseNotAtStripe, -m.Amount)
	d.InvoiceID = b.InvoiceID
	c.differ(d)
}

// Payout takes a payout.
func (c *Comparison) Payout(p PayoutFact) {
	totals := &c.in(p.Currency).Totals
	if !p.Returned {
		totals.Payouts += p.Amount
	}
	sides := c.payout(p.StripeID)
	sides.payout = &Difference{Kind: MovedPayout, StripeID: p.StripeID, Currency: p.Currency, Amount: p.Amount, Cause: CausePayout, At: p.At}
	c.paidOut[p.StripeID] = sides
}

// Again takes a difference of the reconciliation before that lies before this
// one's time, and what the record has of it by now.
func (c *Comparison) Again(d Difference, b Booking) {
	c.in(d.Currency)
	if b.booked() && d.Cause != CauseAmount && d.Cause != CauseNotAtStripe && d.Cause != CauseChargeReversed {
		return
	}
	if d.Cause == CauseNotAtStripe && d.Kind == MovedDisputeReversal && !b.booked() {
		return // only a person said that it came back: it was taken again by an entry of its own
	}
	d.Carried = true
	if _, found := c.differences[movementKey{d.Kind, d.StripeID}]; !found {
		c.differ(d)
	}
}

// Close gives a reconciliation for each currency in which anything moved, and
// one in the organisation's own whatever moved, that one first.
func (c *Comparison) Close(own string) []Reconciliation {
	c.in(own)
	for _, id := range slices.Sorted(maps.Keys(c.paidOut)) {
		if d := c.paidOut[id].differ(); d != nil {
			c.differ(*d)
		}
	}
	c.undone()
	for _, d := range c.differences {
		r := c.in(d.Currency)
		r.Differences = append(r.Differences, d)
		if !d.Cause.Explained() {
			r.Unexplained += max(d.Amount, -d.Amount)
		}
	}
	all := slices.SortedFunc(maps.Values(c.byCurrency), func(a, b *Reconciliation) int {
		switch own {
		case a.Currency:
			return -1
		case b.Currency:
			return 1
		}
		return cmp.Compare(a.Currency, b.Currency)
	})
	out := make([]Reconciliation, len(all))
	for n, r := range all {
		slices.SortFunc(r.Differences, func(a, b Difference) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.StripeID, b.StripeID), cmp.Compare(a.Kind, b.Kind))
		})
		out[n] = *r
	}
	return out
}

// differ says how a payout's movement and the payout itself differ, if they do.
func (p payoutSides) differ() *Difference {
	switch {
	case p.moved == nil:
		d := *p.payout
		d.Amount = -d.Amount
		return &d
	case p.payout == nil:
		return p.moved
	case p.moved.Amount == -p.payout.Amount && p.moved.Currency == p.payout.Currency:
		return nil
	}
	d := *p.moved
	d.Amount += p.payout.Amount
	return &d
}

// undone explains refunds that were made at Stripe and failed there before the
// record had heard of them: it never will, as nothing moved in the end.
func (c *Comparison) undone() {
	for key, back := range c.differences {
		sent, found := c.differences[movementKey{MovedRefund, key.id}]
		if key.kind != MovedRefundFailure || !found || back.Cause != CauseRefundFailed || sent.Cause != CauseRefundAtStripe || sent.Amount != -back.Amount {
			continue
		}
		sent.Cause, back.Cause = CauseRefundUndone, CauseRefundUndone
		c.differences[key], c.differences[movementKey{MovedRefund, key.id}] = back, sent
	}
}

func (c *Comparison) differ(d Difference) {
	if c.differences == nil {
		c.differences = map[movementKey]Difference{}
	}
	c.differences[movementKey{d.Kind, d.StripeID}] = d
}

func (c *Comparison) payout(id string) payoutSides {
	if c.paidOut == nil {
		c.paidOut = map[string]payoutSides{}
	}
	return c.paidOut[id]
}

func (c *Comparison) in(currency string) *Reconciliation {
	if c.byCurrency == nil {
		c.byCurrency = map[string]*Reconciliation{}
	}
	r, found := c.byCurrency[currency]
	if !found {
		r = &Reconciliation{Currency: currency, State: RunDone}
		c.byCurrency[currency] = r
	}
	return r
}

func (t *ReconciliationTotals) of(kind MovementKind) *BothSides {
	switch kind {
	case MovedRefund, MovedRefundFailure:
		return &t.Refunds
	case MovedDispute, MovedDisputeReversal:
		return &t.Disputes
	case MovedCharge, MovedChargeFailure, MovedPayout, MovedPayoutFailure, MovedFee, MovedAdjustment:
	}
	return &t.Charges
}

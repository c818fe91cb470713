package remit

import (
	"slices"

	"github.com/google/uuid"

	"remit/money"
)

// RemainderRule says what becomes of an invoice that owes less than Stripe takes (C10).
type RemainderRule string

// The rules.
const (
	RemainderAsk   RemainderRule = "ask"   // it is left open, and says why it cannot be paid online
	RemainderWaive RemainderRule = "waive" // it is given up
	RemainderCarry RemainderRule = "carry" // it is billed again with the next invoice that its customer is sent
)

// Check names the field "below_minimum" where it is none of them.
func (r RemainderRule) Check() error {
	switch r {
	case RemainderAsk, RemainderWaive, RemainderCarry:
		return nil
	}
	return Invalid("below_minimum", "Choose ask, waive or carry.")
}

// WaivesRest reports that what is left of an invoice, in minor units, is given up: too
// little for Stripe, by the settings that were copied onto it. What a refund or a
// dispute has reopened is on hold, and a person's to decide about.
func (i Invoice) WaivesRest(left int64) bool {
	return !i.Order() && i.Settings.Remainders == RemainderWaive && i.SentAt != nil && i.VoidedAt == nil && i.Hold == nil &&
		OnlineMinimum(money.Of(left, money.Currency(i.Currency))) != nil
}

// CarriesRest reports that what is left of an invoice goes onto the next one of its
// customer: too little for Stripe, by the settings that were copied onto it, and nobody
// is paying it. What is on hold is a person's to decide about.
func (i Invoice) CarriesRest() bool {
	return !i.Order() && i.Settings.Remainders == RemainderCarry && i.Status.Payable() && i.Hold == nil && i.InFlight == nil &&
		OnlineMinimum(i.outstanding()) != nil
}

// AdjustmentCarried is the kind of adjustment by which an invoice bills what was left of
// another one. Nobody sends it: it is added when the invoice is sent.
const AdjustmentCarried = "carried"

// Carried is what of one invoice another one bills now. Amount, in minor units, is what
// was carried and has not come back.
type Carried struct {
	From, To             uuid.UUID
	FromNumber, ToNumber string
	Amount               int64
}

// Adjustment is the line by which the other invoice bills it.
func (c Carried) Adjustment() Adjustment {
	return Adjustment{Kind: AdjustmentCarried, Description: "Carried from " + c.FromNumber, Amount: c.Amount}
}

// AsItCame is the invoice without what was carried onto it and its late fees: as its
// sender knows it.
func (i Invoice) AsItCame() Invoice {
	var own []Adjustment
	for _, a := range i.Adjustments {
		if a.added() {
			i.Total -= a.Amount
			continue
		}
		own = append(own, a)
	}
	i.Adjustments = own
	return i
}

// added reports an adjustment that Remit adds, and that stays when an invoice is amended.
func (a Adjustment) added() bool { return a.Kind == AdjustmentCarried || a.Kind == AdjustmentLateFee }

// noneAdded refuses an invoice that comes with what Remit adds by itself.
func noneAdded(adjustments []Adjustment) error {
	if slices.ContainsFunc(adjustments, Adjustment.added) {
		return Invalid("adjustments", "What is carried from another invoice, and late fees, are added by Remit, and stay. Leave them out.")
	}
	return nil
}

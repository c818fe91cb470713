package remit

import "remit/money"

// RemainderRule says what becomes of an invoice that owes less than Stripe takes (C10).
type RemainderRule string

// The rules.
const (
	RemainderAsk   RemainderRule = "ask"   // it is left open, and says why it cannot be paid online
	RemainderWaive RemainderRule = "waive" // it is given up
)

// Check names the field "below_minimum" where it is none of them.
func (r RemainderRule) Check() error {
	switch r {
	case RemainderAsk, RemainderWaive:
		return nil
	}
	return Invalid("below_minimum", "Choose ask or waive.")
}

// WaivesRest reports that what is left of an invoice, in minor units, is given up: too
// little for Stripe, by the settings that were copied onto it. What a refund or a
// dispute has reopened is on hold, and a person's to decide about.
func (i Invoice) WaivesRest(left int64) bool {
	return i.Settings.Remainders == RemainderWaive && i.SentAt != nil && i.VoidedAt == nil && i.Hold == nil &&
		OnlineMinimum(money.Of(left, money.Currency(i.Currency))) != nil
}

package page

import (
	"github.com/google/uuid"

	"remit"
	"remit/money"
)

// Fees are what a payment comes to with each saved method, where a card's fee is passed
// on to who pays by credit card.
type Fees struct {
	On     bool // fees are passed on
	Amount int64
	Of     map[uuid.UUID]int64 // by method, in minor units of the payment's currency
}

// FeesOf are the fees of one payment, or of several invoices that are paid in full.
func FeesOf(methods []remit.PaymentMethod, amounts ...FeeOf) Fees {
	f := Fees{Of: map[uuid.UUID]int64{}}
	for _, of := range amounts {
		f.On = f.On || of.Invoice.Settings.PassesFees()
		f.Amount += of.Amount
		for _, m := range methods {
			f.Of[m.ID] += of.fee(m)
		}
	}
	return f
}

// FeeOf is an amount to be paid on an invoice.
type FeeOf struct {
	Invoice remit.Invoice
	Amount  int64
}

// fee is what is passed on with a method; 0 where the payment would be refused, which
// is said when it is asked for.
func (of FeeOf) fee(m remit.PaymentMethod) int64 {
	fee, err := remit.Surcharge(of.Invoice.Settings.Surcharge, m.Summary(), money.Of(of.Amount, money.Currency(of.Invoice.Currency)))
	if err != nil {
		return 0
	}
	return fee
}

// With is the fee of a method, named by its id; 0 for a new card, of which it is not
// known yet.
func (f Fees) With(method string) int64 {
	id, err := uuid.Parse(method)
	if err != nil {
		return 0
	}
	return f.Of[id]
}

// hint says at a saved method what is added to the payment.
func (f Fees) hint(m remit.PaymentMethod, currency string) string {
	if fee := f.Of[m.ID]; fee > 0 {
		return "A card fee of " + Money(fee, currency) + " is added."
	}
	return ""
}

// newHint says of a new card what is not known yet.
func (f Fees) newHint(otherwise string) string {
	if f.On {
		return otherwise + " A credit card has a fee; you see it before you pay."
	}
	return otherwise
}

// withFee names the fee that is charged with an amount, to follow it; "" for none.
func withFee(fee int64, currency string) string {
	if fee == 0 {
		return ""
	}
	return " and a card fee of " + Money(fee, currency)
}

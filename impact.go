package remit

import "time"

// ImpactAhead is how far ahead charges are counted that disconnecting would hold up.
const ImpactAhead = 30 * 24 * time.Hour

// ReturnWindow is how long after it succeeded a bank debit may come back, where its payer
// says that he did not allow it (Nacha Operating Rules: 60 calendar days).
const ReturnWindow = 60 * 24 * time.Hour

// Impact is what disconnecting an account would touch.
type Impact struct {
	Links      Touched // invoices that can be paid by their link now
	Checkouts  Touched // hosted pages that are open, and would be closed
	Charges    Touched // by themselves, in the next 30 days: they wait until an account is connected
	BankDebits Touched // on their way, and followed to their end first
	Returnable Touched // bank debits that succeeded and may still come back: nobody hears of it afterwards
	Confirming Touched // cards whose outcome is not known yet
	Refunds    Touched // not through yet
	Disputes   Touched // open: followed to their end first; their deadlines go on at Stripe
	Until      time.Time
}

// Touched is a number of things with what they come to, by currency.
type Touched struct {
	Count int
	Sums  []Sum
}

// Sum is an amount in one currency, in minor units.
type Sum struct {
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
}

// InFlight reports whether access cannot end at once.
func (i Impact) InFlight() bool {
	return i.BankDebits.Count+i.Confirming.Count+i.Refunds.Count+i.Disputes.Count > 0
}

package ledger

// Held is what of a payment's money has not gone back, in minor units.
type Held struct {
	Applied   int64 // to what the invoice bills
	Excess    int64 // kept without a use
	Surcharge int64
	Credit    int64 // its customer's, and not used yet
}

// Taken is what a dispute of an amount takes its money off: first what the
// payment paid on the invoice, which owes it again, then what could not be
// applied, then the fee that was passed on, last the credit that money of it
// became: nobody has it twice. A bank may take more than is left, where some was
// refunded before or that credit is used; that is the business's loss.
func (h Held) Taken(amount int64) Against {
	var of Against
	take := func(from *int64, held int64) {
		*from = min(max(held, 0), amount)
		amount -= *from
	}
	take(&of.Receivable, h.Applied)
	take(&of.Excess, h.Excess)
	take(&of.Surcharge, h.Surcharge)
	take(&of.Credit, h.Credit)
	of.Revenue = amount
	return of
}

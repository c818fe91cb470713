package ledger

import (
	"fmt"

	"github.com/google/uuid"
)

// KeepCredit turns excess into the customer's credit.
func KeepCredit(excess, invoice uuid.UUID, currency string, amount int64) Entry {
	return Entry{
		Key: fmt.Sprintf("credit/%s", excess), Kind: KindCredit, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Excess, amount}, {CustomerCredit, -amount}},
	}
}

// CreditNote books a credit note that came in: the customer owes that much less,
// on whatever he pays next.
func CreditNote(id uuid.UUID, currency string, amount int64) Entry {
	return Entry{
		Key: fmt.Sprintf("credit-note/%s", id), Kind: KindCreditNote, Currency: currency,
		Lines: []Line{{Revenue, amount}, {CustomerCredit, -amount}},
	}
}

// UseCredit pays an invoice from its customer's credit. key names what asked for
// it.
func UseCredit(key string, invoice uuid.UUID, currency string, amount int64) Entry {
	return Entry{
		Key: "credit-used/" + key, Kind: KindCreditUsed, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{CustomerCredit, amount}, {Receivable, -amount}},
	}
}

// ReturnCredit gives back the credit that paid an invoice which is cancelled.
func ReturnCredit(invoice uuid.UUID, currency string, amount int64) Entry {
	return Entry{
		Key: fmt.Sprintf("credit-returned/%s", invoice), Kind: KindCreditUsed, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Receivable, amount}, {CustomerCredit, -amount}},
	}
}

// Unmatched books a transfer that fits no invoice: it is excess, whoever sent it.
func Unmatched(excess uuid.UUID, currency string, amount int64) Entry {
	return Entry{
		Key: fmt.Sprintf("unmatched/%s", excess), Kind: KindUnmatched, Currency: currency,
		Lines: []Line{{Bank, amount}, {Excess, -amount}},
	}
}

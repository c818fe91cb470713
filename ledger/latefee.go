package ledger

import (
	"fmt"

	"github.com/google/uuid"
)

// LateFee books a stage's fee, which an invoice bills besides.
func LateFee(invoice uuid.UUID, currency string, stage int, amount int64) Entry {
	return Entry{
		Key: fmt.Sprintf("late-fee/%s/%d", invoice, stage), Kind: KindLateFee, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Receivable, amount}, {Revenue, -amount}},
	}
}

// LateFeeReversed books that it is taken back.
func LateFeeReversed(invoice uuid.UUID, currency string, stage int, amount int64) Entry {
	return Entry{
		Key: fmt.Sprintf("late-fee-reversed/%s/%d", invoice, stage), Kind: KindLateFee, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Receivable, -amount}, {Revenue, amount}},
	}
}

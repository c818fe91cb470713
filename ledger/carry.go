package ledger

import (
	"fmt"

	"github.com/google/uuid"
)

// Carry is what is left of an invoice and goes onto another one of the same customer.
// An entry is of one invoice, so that each movement is a pair: booked together, the
// account between them stays at nothing.
type Carry struct {
	From, To uuid.UUID
	Currency string
	Amount   int64 // minor units, above zero
}

// Entries take the amount off the one invoice and bill it with the other. An invoice is
// carried onto another one once.
func (c Carry) Entries() (out, in Entry) {
	return c.entry("carry-out", KindCarryOut, c.From, -c.Amount), c.entry("carry-in", KindCarryIn, c.To, c.Amount)
}

// Undone are the entries that take it back, where the other invoice is cancelled, as far
// as that one still owes it: what was given up with it is gone. What stays billed there
// stays off the first. some is false where nothing comes back.
func (c Carry) Undone(owed int64) (back Carry, out, in Entry, some bool) {
	if c.Amount = min(c.Amount, owed); c.Amount <= 0 {
		return Carry{}, Entry{}, Entry{}, false
	}
	return c, c.entry("carry-out-undone", KindCarryOut, c.From, c.Amount), c.entry("carry-in-undone", KindCarryIn, c.To, -c.Amount), true
}

func (c Carry) entry(step string, kind Kind, of uuid.UUID, amount int64) Entry {
	return Entry{
		Key: fmt.Sprintf("%s/%s/%s", step, c.From, c.To), Kind: kind, InvoiceID: of, Currency: c.Currency,
		Lines: []Line{{Receivable, amount}, {Carried, -amount}},
	}
}

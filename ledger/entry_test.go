package ledger_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit/ledger"
)

// Every cent received is booked exactly once, as payment, fee or excess, and
// no more is applied than the invoice owes (M8, M9).
func TestReceivedMoneyIsBookedWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := ledger.Received{
			Invoice: uuid.New(), Payment: uuid.New(), Currency: "USD",
			Amount:      rapid.Int64Range(1, 99999999).Draw(t, "amount"),
			Surcharge:   rapid.Int64Range(0, 5000).Draw(t, "surcharge"),
			Outstanding: rapid.Int64Range(0, 99999999).Draw(t, "outstanding"),
		}
		for _, e := range []ledger.Entry{ledger.Capture(r), ledger.Transfer(r)} {
			var sum int64
			for _, line := range e.Lines {
				if line.Amount == 0 {
					t.Fatalf("a line of zero: %+v", e.Lines)
				}
				sum += line.Amount
			}
			if sum != 0 {
				t.Fatalf("the lines sum to %d: %+v", sum, e.Lines)
			}
			if e.Lines[0].Amount != r.Amount {
				t.Fatalf("received %d, booked %d", r.Amount, e.Lines[0].Amount)
			}
			if e.Applied() > r.Outstanding || e.Applied() < 0 || e.Excess() < 0 {
				t.Fatalf("applied %d of %d owed, excess %d", e.Applied(), r.Outstanding, e.Excess())
			}
			if e.Excess() > 0 && e.Applied() < r.Outstanding {
				t.Fatalf("excess of %d while %d is still owed", e.Excess(), r.Outstanding-e.Applied())
			}
		}
	})
}

// Billing, amending and voiding leave an invoice owing exactly its last total
// less what was paid.
func TestBillingEntriesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		invoice := uuid.New()
		total := rapid.Int64Range(0, 1_000_000).Draw(t, "total")
		amended := rapid.Int64Range(0, 1_000_000).Draw(t, "amended")
		var billed int64
		if e, ok := ledger.Issue(invoice, "USD", total); ok {
			billed += e.Billed()
		}
		if e, ok := ledger.Amend(invoice, "USD", 1, total, amended); ok {
			billed += e.Billed()
		}
		if billed != amended {
			t.Fatalf("billed %d, want %d", billed, amended)
		}
		if e, ok := ledger.Void(invoice, "USD", billed); ok {
			billed += e.Billed()
		}
		if billed != 0 {
			t.Fatalf("%d is still billed after the void", billed)
		}
	})
}

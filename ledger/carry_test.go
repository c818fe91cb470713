package ledger_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit/ledger"
)

// However often amounts are carried from invoice to invoice, and come back when one is
// cancelled, wholly or as far as it still owes: the account between invoices is at nothing
// after each pair, all that is billed stays the same but for what is cancelled, and nothing
// comes back twice (C10, M8).
func TestWhatIsCarriedComesToNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		invoices := make([]uuid.UUID, rapid.IntRange(2, 6).Draw(t, "invoices"))
		billed, carried, keys := map[uuid.UUID]int64{}, int64(0), map[string]bool{}
		book := func(e ledger.Entry) {
			if keys[e.Key] {
				t.Fatalf("%s is booked twice", e.Key)
			}
			keys[e.Key] = true
			var sum int64
			for _, line := range e.Lines {
				if sum += line.Amount; line.Account == ledger.Carried {
					carried += line.Amount
				}
			}
			if sum != 0 || e.Applied() != 0 {
				t.Fatalf("the lines sum to %d, %d is applied: %+v", sum, e.Applied(), e.Lines)
			}
			billed[e.InvoiceID] += e.Billed()
		}
		all := func() (sum int64) {
			for _, amount := range billed {
				sum += amount
			}
			return sum
		}
		var last []ledger.Carry
		for n := range invoices {
			invoices[n] = uuid.New()
			e, _ := ledger.Issue(invoices[n], "USD", rapid.Int64Range(1, 60).Draw(t, "total"))
			book(e)
			before := all()
			last = nil
			for _, from := range invoices[:n] {
				if billed[from] == 0 || !rapid.Bool().Draw(t, "carry") {
					continue
				}
				c := ledger.Carry{From: from, To: invoices[n], Currency: "USD", Amount: billed[from]}
				out, in := c.Entries()
				book(out)
				book(in)
				last = append(last, c)
			}
			if carried != 0 || all() != before {
				t.Fatalf("%d is carried between invoices, which bill %d and billed %d", carried, all(), before)
			}
		}
		cancelled := invoices[len(invoices)-1]
		if given := rapid.Int64Range(0, billed[cancelled]).Draw(t, "given up"); given > 0 {
			e, _ := ledger.WriteOff(cancelled, "USD", "some", given)
			book(e)
		}
		before, owed, came := all(), billed[cancelled], int64(0)
		for _, c := range last {
			if back, out, in, some := c.Undone(billed[cancelled]); some {
				book(in)
				book(out)
				came += back.Amount
			}
		}
		var was int64
		for _, c := range last {
			was += c.Amount
		}
		if carried != 0 || all() != before || came != min(was, owed) || billed[cancelled] != owed-came {
			t.Fatalf("%d of %d came back from one that owed %d and bills %d; %d is carried between", came, was, owed, billed[cancelled], carried)
		}
	})
}

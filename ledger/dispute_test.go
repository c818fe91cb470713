package ledger_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit/ledger"
)

// What a bank takes is booked whole, first off what the invoice was paid, and
// what it gives back pays the invoice at most what it owes (M8, M9).
func TestDisputesAreBookedWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		upTo := func(name string) int64 { return rapid.Int64Range(0, 10000).Draw(t, name) }
		held := ledger.Held{Applied: upTo("applied"), Excess: upTo("excess"), Surcharge: upTo("surcharge"), Credit: upTo("credit")}
		amount := rapid.Int64Range(1, 40000).Draw(t, "amount")
		of := held.Taken(amount)
		if of.Sum() != amount {
			t.Fatalf("took %d of %d", of.Sum(), amount)
		}
		if of.Receivable > held.Applied || of.Excess > held.Excess || of.Surcharge > held.Surcharge || of.Credit > held.Credit {
			t.Fatalf("took more than was held: %+v of %+v", of, held)
		}
		if of.Receivable < held.Applied && of.Sum() > of.Receivable {
			t.Fatalf("took something else before what was paid: %+v of %+v", of, held)
		}
		outstanding := rapid.Int64Range(0, 20000).Draw(t, "outstanding")
		to := ledger.Restored(of, outstanding)
		if to.Sum() != amount || to.Receivable > outstanding {
			t.Fatalf("gave back %+v of %+v to %d", to, of, outstanding)
		}
		back := ledger.Back{ID: uuid.New(), Invoice: uuid.New(), Payment: uuid.New(), Currency: "USD"}
		for _, e := range []ledger.Entry{back.Disputed(of), back.DisputeWon(to)} {
			var sum int64
			for _, line := range e.Lines {
				sum += line.Amount
			}
			if sum != 0 {
				t.Fatalf("the lines sum to %d: %+v", sum, e.Lines)
			}
		}
	})
}

// What of a dispute is moved elsewhere stands below the entry that took it, so that one is
// read with the other, also once a person's word that it was given back was overruled (M8).
func TestWhatIsMovedStandsBelowWhatWasTaken(t *testing.T) {
	back, undone := ledger.Back{ID: uuid.New(), Invoice: uuid.New(), Payment: uuid.New(), Currency: "USD"}, uuid.New()
	for name, row := range map[string]struct {
		overruled bool
		want      string
	}{
		"taken":                         {false, "dispute/" + back.ID.String()},
		"taken again, a word overruled": {true, "dispute-lost/" + back.ID.String()},
	} {
		t.Run(name, func(t *testing.T) {
			back.Overruled = row.overruled
			taken := back.Disputed(ledger.Against{Receivable: 7000, Revenue: 5000})
			moved, some := back.DisputeMoved(undone, ledger.Against{Receivable: 5000})
			if !some || taken.Key != row.want || moved.Key != row.want+"/"+undone.String() {
				t.Errorf("taken under %s, moved under %s (%t), want %s", taken.Key, moved.Key, some, row.want)
			}
		})
	}
}

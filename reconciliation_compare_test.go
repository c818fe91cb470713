package remit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
)

// Whatever moved at Stripe, what is missing in the ledger is named, what is not
// is not, and what the ledger has, with what differs, is what Stripe has, to the
// cent in each currency (M8, M9).
func TestComparisonAddsUp(t *testing.T) {
	kinds := []remit.MovementKind{remit.MovedCharge, remit.MovedRefund, remit.MovedRefundFailure, remit.MovedDispute, remit.MovedDisputeReversal}
	rapid.Check(t, func(t *rapid.T) {
		var c remit.Comparison
		moved, booked := map[string]int64{}, map[string]int64{}
		missing := map[string]int64{}
		foreign := map[string]int64{}
		for n := range rapid.IntRange(0, 40).Draw(t, "movements") {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			amount := rapid.Int64Range(1, 1_000_000).Draw(t, "amount")
			if kind == remit.MovedRefund || kind == remit.MovedDispute {
				amount = -amount
			}
			m := remit.Movement{
				Kind: kind, StripeID: fmt.Sprintf("x_%d", n), Currency: rapid.SampledFrom([]string{"USD", "JPY"}).Draw(t, "currency"), Amount: amount,
				Fee: rapid.Int64Range(0, 500).Draw(t, "fee"), At: time.Unix(int64(n), 0),
			}
			invoice := uuid.New()
			b := remit.Booking{InvoiceID: &invoice}
			switch rapid.SampledFrom([]string{"booked", "missing", "foreign", "only booked", "other amount"}).Draw(t, "record") {
			case "booked":
				b.Entry, b.Currency, b.Amount = uuid.New(), m.Currency, m.Amount
			case "missing":
				missing[m.Currency] += max(m.Amount, -m.Amount)
			case "foreign":
				b.InvoiceID = nil
				foreign[m.Currency] += m.Amount
			case "only booked":
				c.BookedOnly(m, b)
				booked[m.Currency] += m.Amount
				missing[m.Currency] += max(m.Amount, -m.Amount)
				continue
			case "other amount":
				b.Entry, b.Currency, b.Amount = uuid.New(), m.Currency, m.Amount+1
				missing[m.Currency]++
			}
			c.Moved(m, b)
			moved[m.Currency] += m.Amount
			booked[m.Currency] += b.Amount
		}
		all := c.Close("USD")
		if len(all) == 0 || all[0].Currency != "USD" {
			t.Fatalf("the organisation's own currency is not first: %+v", all)
		}
		for _, r := range all {
			var differ int64
			for _, d := range r.Differences {
				differ += d.Amount
			}
			ledger := r.Totals.Charges.Ledger + r.Totals.Refunds.Ledger + r.Totals.Disputes.Ledger
			stripe := r.Totals.Charges.Stripe + r.Totals.Refunds.Stripe + r.Totals.Disputes.Stripe
			switch {
			case ledger != booked[r.Currency]:
				t.Fatalf("%s: the ledger has %d, counted are %d", r.Currency, booked[r.Currency], ledger)
			case stripe+r.Totals.Foreign != moved[r.Currency] || r.Totals.Foreign != foreign[r.Currency]:
				t.Fatalf("%s: %d moved, counted are %d and %d foreign", r.Currency, moved[r.Currency], stripe, r.Totals.Foreign)
			case ledger+differ != moved[r.Currency]:
				t.Fatalf("%s: %d booked and %d that differ are not the %d that moved", r.Currency, ledger, differ, moved[r.Currency])
			case r.Unexplained != missing[r.Currency]:
				t.Fatalf("%s: unexplained is %d, missing are %d", r.Currency, r.Unexplained, missing[r.Currency])
			}
		}
	})
}

// A payout and its movement are one; one without the other is not explained, and
// one that came back is.
func TestComparisonPairsPayouts(t *testing.T) {
	at := time.Unix(0, 0)
	out := remit.Movement{Kind: remit.MovedPayout, StripeID: "po_1", Currency: "USD", Amount: -500, At: at}
	back := remit.Movement{Kind: remit.MovedPayoutFailure, StripeID: "po_1", Currency: "USD", Amount: 500, At: at}
	payout := remit.PayoutFact{StripeID: "po_1", Currency: "USD", Amount: 500, At: at}
	for name, row := range map[string]struct {
		moved       []remit.Movement
		payouts     []remit.PayoutFact
		unexplained int64
		named       int
	}{
		"both":                    {[]remit.Movement{out}, []remit.PayoutFact{payout}, 0, 0},
		"a movement of none":      {[]remit.Movement{out}, nil, 500, 1},
		"one that moved nothing":  {nil, []remit.PayoutFact{payout}, 500, 1},
		"one that came back":      {[]remit.Movement{out, back}, []remit.PayoutFact{{StripeID: "po_1", Currency: "USD", Amount: 500, Returned: true, At: at}}, 0, 1},
		"of less than it says":    {[]remit.Movement{out}, []remit.PayoutFact{{StripeID: "po_1", Currency: "USD", Amount: 700, At: at}}, 200, 1},
		"one that came back late": {[]remit.Movement{back}, nil, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var c remit.Comparison
			for _, m := range row.moved {
				c.Moved(m, remit.Booking{})
			}
			for _, p := range row.payouts {
				c.Payout(p)
			}
			if got := c.Close("USD")[0]; got.Unexplained != row.unexplained || len(got.Differences) != row.named {
				t.Errorf("unexplained %d, named %+v", got.Unexplained, got.Differences)
			}
		})
	}
}

// A refund made at Stripe that failed there before it was heard of moved nothing
// in the end; one that is known here did, and is to be fetched.
func TestComparisonExplainsRefundsUndone(t *testing.T) {
	invoice := uuid.New()
	for known, unexplained := range map[bool]int64{false: 0, true: 600} {
		var c remit.Comparison
		for kind, amount := range map[remit.MovementKind]int64{remit.MovedRefund: -300, remit.MovedRefundFailure: 300} {
			c.Moved(remit.Movement{Kind: kind, StripeID: "re_1", Currency: "USD", Amount: amount}, remit.Booking{InvoiceID: &invoice, Known: known})
		}
		if got := c.Close("USD")[0]; got.Unexplained != unexplained || len(got.Differences) != 2 {
			t.Errorf("known %t: %+v", known, got)
		}
	}
}

// A bank's debit that is not final, and one that failed, are explained and named;
// one that is booked and was taken out of the balance again is not explained.
func TestComparisonExplainsDebits(t *testing.T) {
	invoice := uuid.New()
	booked := remit.Booking{InvoiceID: &invoice, Entry: uuid.New(), Currency: "USD", Amount: 300}
	for name, row := range map[string]struct {
		moved       remit.Movement
		of          remit.Booking
		cause       remit.Cause
		unexplained int64
	}{
		"pending":                     {remit.Movement{Kind: remit.MovedCharge, Pending: true, Amount: 300}, remit.Booking{InvoiceID: &invoice}, remit.CauseChargePending, 0},
		"pending, of a lost record":   {remit.Movement{Kind: remit.MovedCharge, Pending: true, Claimed: true, Amount: 300}, remit.Booking{}, remit.CauseChargePending, 0},
		"pending, of somebody else's": {remit.Movement{Kind: remit.MovedCharge, Pending: true, Amount: 300}, remit.Booking{}, remit.CauseForeign, 0},
		"failed":                      {remit.Movement{Kind: remit.MovedCharge, Failed: true, Amount: 300}, remit.Booking{InvoiceID: &invoice}, remit.CauseChargeFailed, 0},
		"taken out again":             {remit.Movement{Kind: remit.MovedChargeFailure, Failed: true, Amount: -300}, remit.Booking{InvoiceID: &invoice}, remit.CauseChargeFailed, 0},
		"taken out after the booking": {remit.Movement{Kind: remit.MovedChargeFailure, Failed: true, Amount: -300}, booked, remit.CauseChargeReversed, 300},
	} {
		t.Run(name, func(t *testing.T) {
			var c remit.Comparison
			row.moved.StripeID, row.moved.Currency = "py_1", "USD"
			c.Moved(row.moved, row.of)
			got := c.Close("USD")[0]
			if got.Unexplained != row.unexplained || len(got.Differences) != 1 || got.Differences[0].Cause != row.cause || got.Differences[0].Fetchable() {
				t.Errorf("unexplained %d, named %+v", got.Unexplained, got.Differences)
			}
			if net := got.Totals.Net(); net != row.moved.Amount {
				t.Errorf("the balance moved by %d", net)
			}
		})
	}
}

// What is booked as given back by a bank, and is not at Stripe, is carried until it moved,
// or until the booking counts no more: a person's word that was overruled.
func TestComparisonCarriesWhatIsBookedStill(t *testing.T) {
	invoice := uuid.New()
	none, booked := remit.Booking{InvoiceID: &invoice, Known: true}, remit.Booking{InvoiceID: &invoice, Known: true, Entry: uuid.New(), Currency: "USD", Amount: 300}
	for name, row := range map[string]struct {
		kind    remit.MovementKind
		of      remit.Booking
		carried int
	}{
		"given back":             {remit.MovedDisputeReversal, booked, 1},
		"overruled":              {remit.MovedDisputeReversal, none, 0},
		"a refund lost its name": {remit.MovedRefund, none, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var c remit.Comparison
			c.Again(remit.Difference{Kind: row.kind, StripeID: "dp_1", Currency: "USD", Amount: -300, Cause: remit.CauseNotAtStripe, InvoiceID: &invoice}, row.of)
			if got := c.Close("USD")[0]; len(got.Differences) != row.carried {
				t.Errorf("carried are %+v", got.Differences)
			}
		})
	}
}

// A run looks back as far as it is asked to, and to the last one that came to its
// end in any case: what nights that failed have left is looked at by whichever
// comes next (Z5).
func TestReconciliationLeavesNoGap(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 8, 0, 0, 0, time.UTC) }
	last := &remit.ReconciliationRun{At: at(10)}
	for name, row := range map[string]struct {
		asked  time.Time
		before *remit.ReconciliationRun
		want   time.Time
	}{
		"the first":                      {time.Time{}, nil, time.Time{}},
		"the first, narrowed":            {at(12), nil, at(12)},
		"a night":                        {time.Time{}, last, at(9)},
		"by a person, further back":      {at(2), last, at(2)},
		"by a person, after lost nights": {at(14), last, at(9)},
	} {
		if got := remit.SinceOf(row.asked, row.before); !got.Equal(row.want) {
			t.Errorf("%s: since %s, want %s", name, got, row.want)
		}
	}
}

// A night is the next three o'clock of the organisation, on the days too on which
// its clocks change.
func TestNextReconciliation(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{
		"2026-11-28T02:59:59-05:00": "2026-11-28T08:00:00Z",
		"2026-11-28T03:00:00-05:00": "2026-11-29T08:00:00Z",
		"2027-03-13T12:00:00-05:00": "2027-03-14T07:00:00Z",
		"2026-10-31T12:00:00-04:00": "2026-11-01T08:00:00Z",
	} {
		after, err := time.Parse(time.RFC3339, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := remit.NextReconciliation(after, zone).UTC().Format(time.RFC3339); got != want {
			t.Errorf("after %s it is %s, want %s", from, got, want)
		}
	}
}

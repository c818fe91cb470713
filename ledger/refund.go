package ledger

import (
	"fmt"

	"github.com/google/uuid"
)

// Against is what a refund or a dispute takes its money off.
type Against struct {
	Receivable int64 // of what was paid on the invoice, which owes it again
	Revenue    int64 // of what was earned: the invoice stays settled
	Excess     int64 // of what could not be applied
	Surcharge  int64 // of the fee that was passed on
	Credit     int64 // of the customer's credit that what could not be applied became
}

// Sum is all of it, in minor units.
func (a Against) Sum() int64 { return a.Receivable + a.Revenue + a.Excess + a.Surcharge + a.Credit }

func (a Against) lines(sign int64) []Line {
	return without0([]Line{{Receivable, sign * a.Receivable}, {Revenue, sign * a.Revenue}, {Excess, sign * a.Excess}, {Surcharge, sign * a.Surcharge}, {CustomerCredit, sign * a.Credit}})
}

// Back is money of a payment that goes back.
type Back struct {
	ID       uuid.UUID // of the refund or the dispute
	Invoice  uuid.UUID
	Payment  uuid.UUID
	Currency string
	// Overruled says that a dispute's money was booked as given back on a person's word, and
	// was not: it is taken again by an entry of its own, and what may come back still, too.
	Overruled bool
}

func (b Back) entry(kind Kind, step string, lines ...Line) Entry {
	return Entry{Key: fmt.Sprintf("%s/%s", step, b.ID), Kind: kind, InvoiceID: b.Invoice, PaymentID: &b.Payment, Currency: b.Currency, Lines: lines}
}

// Refund reserves a refund: the money is promised back and nobody else's.
func (b Back) Refund(of Against) Entry {
	return b.entry(KindRefund, "refund", append(of.lines(1), Line{Refunds, -of.Sum()})...)
}

// RefundSent books that Stripe took a refund's money.
func (b Back) RefundSent(amount int64) Entry {
	return b.entry(KindRefundSent, "refund-sent", Line{Refunds, amount}, Line{Stripe, -amount})
}

// RefundReturned books that Stripe gave a refund's money back.
func (b Back) RefundReturned(amount int64) Entry {
	return b.entry(KindRefundReturned, "refund-returned", Line{Stripe, amount}, Line{Refunds, -amount})
}

// RefundUndone takes a promise back.
func (b Back) RefundUndone(to Against) Entry {
	return b.entry(KindRefundUndone, "refund-undone", append(to.lines(-1), Line{Refunds, to.Sum()})...)
}

// taking is the step under which a dispute's money is taken, what is moved of it below
// it: one is read with the other.
func (b Back) taking() string {
	if b.Overruled {
		return "dispute-lost"
	}
	return "dispute"
}

// Disputed books what a bank took.
func (b Back) Disputed(of Against) Entry {
	return b.entry(KindDispute, b.taking(), append(of.lines(1), Line{Stripe, -of.Sum()})...)
}

// DisputeMoved takes off elsewhere what a dispute was booked against revenue for
// want of money, now that money of the payment is back that was promised then. ok
// is false where there is nothing to move.
func (b Back) DisputeMoved(undone uuid.UUID, of Against) (e Entry, ok bool) {
	of.Revenue = 0
	if of.Sum() == 0 {
		return Entry{}, false
	}
	sum := of.Sum()
	of.Revenue = -sum
	return b.entry(KindDispute, b.taking(), of.lines(1)...).below(undone), true
}

func (e Entry) below(id uuid.UUID) Entry {
	e.Key += "/" + id.String()
	return e
}

// DisputeWon books that it gave the money back.
func (b Back) DisputeWon(to Against) Entry {
	step := "dispute-won"
	if b.Overruled {
		step = "dispute-won-after-all"
	}
	return b.entry(KindDisputeWon, step, append(to.lines(-1), Line{Stripe, to.Sum()})...)
}

// Restored splits money that comes back to an invoice: what it owes is paid by
// it, the rest is excess.
func Restored(was Against, outstanding int64) Against {
	to := was
	if to.Receivable > outstanding {
		to.Excess += to.Receivable - outstanding
		to.Receivable = outstanding
	}
	return to
}

// WriteOff gives up what an invoice owes. key names what decided it.
func WriteOff(invoice uuid.UUID, currency, key string, amount int64) (e Entry, ok bool) {
	if amount == 0 {
		return Entry{}, false
	}
	return Entry{
		Key: "write-off/" + key, Kind: KindWriteOff, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Receivable, -amount}, {WrittenOff, amount}},
	}, true
}

func without0(lines []Line) []Line {
	kept := lines[:0]
	for _, line := range lines {
		if line.Amount != 0 {
			kept = append(kept, line)
		}
	}
	return kept
}

package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// carryOnto bills with an invoice that is being sent what is left of its customer's other
// ones and too small to be charged by itself, where their settings say so. Each is settled
// in this transaction, or stays as it is. An invoice of nothing asks nobody for anything.
func carryOnto(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time) ([]remit.TimelineEntry, error) {
	minimum, known := money.MinimumCharge(money.Currency(l.Currency))
	if !known || l.Billed <= l.Applied {
		return nil, nil
	}
	credit, err := waitingCredit(ctx, tx, l)
	if err != nil {
		return nil, err
	}
	left := func(more int64) int64 { return l.Billed - l.Applied - credit + more }
	if left(0) > 0 && l.WaivesRest(left(0)) {
		return nil, nil // it is given up itself, and what was to be carried is not given up with it
	}
	ids, err := tx.HoldCarriable(ctx, l, minimum.Minor)
	if err != nil {
		return nil, err
	}
	var entries []remit.TimelineEntry
	for _, id := range ids {
		from, err := tx.LockInvoice(ctx, id)
		if err != nil {
			return nil, err
		}
		if !from.CarriesRest() || from.Contests {
			continue
		}
		if with := left(from.Outstanding); with > 0 && l.WaivesRest(with) {
			continue // credit pays for all but a part of it, which would be given up here
		}
		carried := remit.Carried{From: from.ID, To: l.ID, FromNumber: from.Number, ToNumber: l.Number, Amount: from.Outstanding}
		if err := carry(ctx, tx, from, l, carried, real); err != nil {
			return nil, err
		}
		entries = append(entries, remit.TimelineEntry{
			Kind: "carried_in", Actor: remit.System,
			What: fmt.Sprintf("%s that was left of invoice %s was carried here: it was too small to be charged. %s is owed.", money.Of(carried.Amount, minimum.Currency), from.Number, money.Of(l.Outstanding, minimum.Currency)),
			Why:  carryRule, Data: map[string]any{"amount": carried.Amount, "invoice": from.ID.String(), "number": from.Number},
		})
	}
	return entries, nil
}

// waitingCredit is what will be used for an invoice that gives up what is too small, before
// it is looked whether that is left; 0 where nothing is given up.
func waitingCredit(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (int64, error) {
	if l.Settings.Remainders != remit.RemainderWaive {
		return 0, nil
	}
	return tx.LockCredit(ctx, l.CustomerID, l.Currency)
}

var carryRule = remit.Why{Rule: "what is too small to be charged is billed with the next invoice, as the settings have it", Version: "1"}

// carry moves what is left of one invoice onto another one, both of which the transaction
// holds.
func carry(ctx context.Context, tx *postgres.Tx, from, to *postgres.LockedInvoice, carried remit.Carried, real time.Time) error {
	out, in := ledger.Carry{From: from.ID, To: to.ID, Currency: from.Currency, Amount: carried.Amount}.Entries()
	if err := bookPair(ctx, tx, from, to, out, in); err != nil {
		return err
	}
	if err := tx.CarryOnto(ctx, to, carried); err != nil {
		return err
	}
	from.CarriedOut += carried.Amount
	currency := money.Currency(from.Currency)
	minimum, _ := money.MinimumCharge(currency)
	return closeBooks(ctx, tx, from, real, []remit.TimelineEntry{{
		Kind: "carried_out", Actor: remit.System,
		What: fmt.Sprintf("%s was carried to invoice %s: it is below the online minimum, %s.", money.Of(carried.Amount, currency), to.Number, minimum),
		Why:  carryRule, Data: map[string]any{"amount": carried.Amount, "invoice": to.ID.String(), "number": to.Number},
	}})
}

// bookPair books both entries of a movement between two invoices. One that was booked
// before without the other cannot be: they are booked together.
func bookPair(ctx context.Context, tx *postgres.Tx, from, to *postgres.LockedInvoice, out, in ledger.Entry) error {
	for _, half := range []struct {
		l *postgres.LockedInvoice
		e ledger.Entry
	}{{from, out}, {to, in}} {
		booked, err := tx.Book(ctx, half.l, half.e)
		if err != nil {
			return err
		}
		if !booked {
			return fmt.Errorf("%s is booked already", half.e.Key)
		}
	}
	return nil
}

// carryBack has the first invoices bill again what was carried onto one that is being
// cancelled, as far as it still owes it. They are due again.
func (p *Payments) carryBack(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor) ([]remit.TimelineEntry, error) {
	list, err := tx.CarriedOnto(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	var entries []remit.TimelineEntry
	for _, c := range list {
		from, err := tx.LockNow(ctx, c.From)
		if err != nil {
			return nil, err
		}
		if from.VoidedAt != nil {
			continue // cancelled for the rest of it: nothing is owed there any more
		}
		back, out, in, some := ledger.Carry{From: c.From, To: l.ID, Currency: l.Currency, Amount: c.Amount}.Undone(l.Billed - l.Applied)
		if !some {
			break
		}
		if err := bookPair(ctx, tx, from, l, out, in); err != nil {
			return nil, err
		}
		if err := tx.ReturnCarried(ctx, c.From, l.ID, back.Amount); err != nil {
			return nil, err
		}
		if err := p.owesAgain(ctx, tx, from, l, back.Amount, actor); err != nil {
			return nil, err
		}
		amount := money.Of(back.Amount, money.Currency(l.Currency))
		entries = append(entries, remit.TimelineEntry{
			Kind: "carry_undone", Actor: actor, What: fmt.Sprintf("%s is owed on invoice %s again, from which it was carried.", amount, c.FromNumber),
			Why: undoneRule, Data: map[string]any{"amount": back.Amount, "invoice": c.From.String(), "number": c.FromNumber},
		})
	}
	return entries, nil
}

var undoneRule = remit.Why{Rule: "what was carried onto a cancelled invoice comes back", Version: "1"}

// owesAgain makes an invoice somebody's work to which an amount has come back.
func (p *Payments) owesAgain(ctx context.Context, tx *postgres.Tx, from, cancelled *postgres.LockedInvoice, amount int64, actor remit.Actor) error {
	from.CarriedOut -= amount
	from.WroteOff = false // of what is owed now nothing was given up
	entries := []remit.TimelineEntry{{
		Kind: "carried_back", Actor: actor,
		What: fmt.Sprintf("%s is owed here again: invoice %s, to which it was carried, was cancelled.", money.Of(amount, money.Currency(from.Currency)), cancelled.Number),
		Why:  undoneRule, Data: map[string]any{"amount": amount, "invoice": cancelled.ID.String(), "number": cancelled.Number},
	}}
	if !from.Contests { // which asks once the bank has decided
		item, err := openItem(ctx, tx, from, p.Now(), actor)
		if err != nil {
			return err
		}
		entries = append(entries, item...)
		if !from.Overdue && from.Live == nil { // money on its way is not overdue; its end looks again
			late, err := planOverdue(ctx, tx, from, p.Now())
			if err != nil {
				return err
			}
			entries = append(entries, late...)
		}
	}
	return p.closeBooks(ctx, tx, from, entries)
}

// billedElsewhere reports that other invoices bill what is left of this one. One of which
// money went back owes something itself again.
func billedElsewhere(l *postgres.LockedInvoice) bool {
	return l.CarriedOut > 0 && l.Billed <= l.Applied
}

// carriedAway refuses to cancel an invoice that bills nothing itself which could be taken
// back. What another one bills of it stays there.
func carriedAway(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) error {
	if !billedElsewhere(l) {
		return nil
	}
	list, err := tx.CarriedFrom(ctx, l.ID)
	if err != nil || len(list) == 0 {
		return err
	}
	return remit.Conflict(remit.CodeConflict, "%s of it is billed with invoice %s. Cancel that one first.",
		money.Of(list[0].Amount, money.Currency(l.Currency)), list[0].ToNumber)
}

// keepAdded adds to what an invoice is amended to what it bills of others and its late
// fees, which whoever amends it does not say.
func keepAdded(ctx context.Context, tx *postgres.Tx, invoice uuid.UUID, in *remit.AmendRequest) error {
	lines, err := tx.AddedLines(ctx, invoice)
	for _, line := range lines {
		in.Total += line.Amount
		in.Adjustments = append(in.Adjustments, line)
	}
	return err
}

package activities

import (
	"context"
	"fmt"
	"slices"

	"remit"
	"remit/gateway"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// takeDispute brings a dispute of a booked payment in line with what Stripe says
// of it, under the invoice's lock.
func (p *Payments) takeDispute(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment remit.Payment, view gateway.DisputeView) error {
	stored, err := tx.DisputeAtStripe(ctx, payment.Account, view.ID)
	if err != nil {
		return err
	}
	now := l.Clock.Now(p.Now())
	var d remit.Dispute
	if stored != nil {
		d = *stored
	} else if d, err = newDispute(ctx, tx, l, payment, view); err != nil {
		return err
	} else {
		d.CreatedAt = now
	}
	if !d.Withdrawn || d.State.Inquiry() { // an inquiry may become a dispute of another amount
		if d.Currency, d.Amount, err = disputed(ctx, tx, payment, view); err != nil {
			return err
		}
	}
	return p.moveDispute(ctx, tx, l, d, factsOf(view), nil)
}

// moveDispute books what became of a dispute, as Stripe says it or a person in its place.
func (p *Payments) moveDispute(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, d remit.Dispute, facts remit.DisputeFacts, said *word) error {
	before := d
	d, moves := d.Take(facts, l.Clock.Now(p.Now()))
	if !moves.Any() {
		if d.ByHand != before.ByHand || d.Wanted != before.Wanted { // Stripe says what a person had said, or waits no more
			if err := tx.PutDispute(ctx, d); err != nil {
				return err
			}
		}
		return p.planDispute(ctx, tx, l, d, said == nil)
	}
	if err := tx.PutDispute(ctx, d); err != nil {
		return err
	}
	var err error
	if l.Contests, err = contested(ctx, tx, l); err != nil {
		return err
	}
	entries, err := p.moveDisputed(ctx, tx, l, d, moves)
	if err != nil {
		return err
	}
	if err := p.planDispute(ctx, tx, l, d, said == nil); err != nil {
		return err
	}
	if moves.State {
		entry := disputeEntry(l, d)
		said.sign(&entry)
		entries = append([]remit.TimelineEntry{entry}, entries...)
	}
	if moves.Wanted {
		entries = append(entries, wantedEntry(l, d))
	}
	more, err := p.askAgain(ctx, tx, l)
	if err != nil {
		return err
	}
	return p.closeBooks(ctx, tx, l, append(entries, more...))
}

// factsOf reads off a dispute what decides. Its movements tell whether money
// moved; the fee, which is not the payer's, is no part of their amounts.
func factsOf(view gateway.DisputeView) remit.DisputeFacts {
	f := remit.DisputeFacts{State: remit.DisputeState(view.Status), Reason: view.Reason}
	if !view.RespondBy.IsZero() {
		f.RespondBy = &view.RespondBy
	}
	for _, moved := range view.BalanceTransactions {
		f.Withdrawn = f.Withdrawn || moved.Amount < 0
		f.Reinstated = f.Reinstated || moved.Amount > 0
	}
	return f
}

func newDispute(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment remit.Payment, view gateway.DisputeView) (remit.Dispute, error) {
	id, err := newID()
	if err != nil {
		return remit.Dispute{}, err
	}
	d := remit.Dispute{
		ID: id, InvoiceID: l.ID, PaymentID: payment.ID, Account: payment.Account, Livemode: payment.Livemode, StripeDispute: view.ID, Charge: view.Charge,
	}
	last, err := tx.LastAttempt(ctx, payment.ID)
	if err == nil && last.Method != nil {
		d.MethodType = last.Method.Type
	}
	if remit.IsCode(err, remit.CodeNotFound) {
		err = nil
	}
	return d, err
}

// disputed is what a dispute is about, in the currency the payment's money came
// in. Of one in another currency nobody can say what it takes of this one: it
// counts as all that has not been refunded.
func disputed(ctx context.Context, tx *postgres.Tx, payment remit.Payment, view gateway.DisputeView) (currency string, amount int64, err error) {
	about, err := money.FromStripe(view.Amount, view.Currency)
	if err != nil {
		return "", 0, fmt.Errorf("read a dispute's amount: %w", err)
	}
	received, err := tx.ReceivedIn(ctx, payment.ID)
	if err != nil || string(about.Currency) == received {
		return received, about.Minor, err
	}
	left := payment.AmountCaptured - payment.AmountRefunded
	if left == 0 {
		left = payment.AmountCaptured
	}
	return received, left, nil
}

func contested(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (bool, error) {
	disputes, err := tx.Disputes(ctx, l.ID)
	return slices.ContainsFunc(disputes, func(d remit.Dispute) bool { return d.State.Contests() }), err
}

// moveDisputed books what a bank took or gave back, and puts the invoice on hold
// or takes the hold off it.
func (p *Payments) moveDisputed(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, d remit.Dispute, moves remit.DisputeMoves) ([]remit.TimelineEntry, error) {
	var entries []remit.TimelineEntry
	back := backOfDispute(d)
	if moves.Withdrawn {
		taken, err := p.takenBack(ctx, tx, l, d)
		if err != nil {
			return nil, err
		}
		entries = append(entries, taken...)
	}
	if moves.Reinstated {
		of, err := tx.Against(ctx, l.ID, back.Disputed(ledger.Against{}).Key)
		if err != nil {
			return nil, err
		}
		to := ledger.Restored(of, max(l.Outstanding, 0))
		if _, err := tx.Book(ctx, l, back.DisputeWon(to)); err != nil {
			return nil, err
		}
		given := reinstatedEntry(l, d, to)
		entries = append(entries, given)
		kept, err := p.keepReinstated(ctx, tx, l, d, to)
		if err != nil {
			return nil, err
		}
		entries = append(entries, kept...)
		if err := p.liftDisputeHold(ctx, tx, l); err != nil {
			return nil, err
		}
		given.Data["paid"], given.Data["held"] = to.Receivable, l.Hold
	}
	if moves.State && d.State == remit.DisputeLost && !moves.Withdrawn && l.Hold == nil && l.Billed > l.Applied {
		// A person lifted the hold while the bank was deciding. Whoever has won his dispute is
		// not charged again for the same by itself.
		entries = append(entries, holdFor(l, remit.System, "a bank decided a dispute of it for the payer", l.Clock.Now(p.Now())))
	}
	return entries, nil
}

// takenBack books what a bank took, and puts the invoice on hold.
func (p *Payments) takenBack(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, d remit.Dispute) ([]remit.TimelineEntry, error) {
	held, err := heldOf(ctx, tx, l, d.PaymentID)
	if err != nil {
		return nil, err
	}
	of := held.Taken(d.Amount)
	if _, err := tx.Book(ctx, l, backOfDispute(d).Disputed(of)); err != nil {
		return nil, err
	}
	if _, err := p.excessTaken(ctx, tx, l, d.PaymentID, of.Excess); err != nil {
		return nil, err
	}
	taken := withdrawnEntry(l, d, of)
	if of.Receivable > 0 {
		p.holdDisputed(l, d)
	}
	taken.Data["held"] = l.Hold
	if !d.Return() || d.Overruled { // of what came back they were told when it did
		return []remit.TimelineEntry{taken}, nil
	}
	told, err := p.returned(ctx, tx, l, d)
	return append([]remit.TimelineEntry{taken}, told...), err
}

// holdDisputed puts the invoice on hold. A refund's hold stays: it outlasts a
// dispute that is won.
func (p *Payments) holdDisputed(l *postgres.LockedInvoice, d remit.Dispute) {
	if l.Hold != nil && l.Hold.Kind == remit.HoldRefund {
		return
	}
	hold := remit.Hold{Reason: "a bank took a payment back", Kind: remit.HoldDispute, Since: l.Clock.Now(p.Now())}
	if d.Return() {
		hold.Reason, hold.Kind = "the bank returned a payment", remit.HoldReturn
	}
	l.Hold = hold.Over(l.Hold)
}

// liftDisputeHold takes the hold off an invoice whose disputes have all given
// their money back: what the hold was for is no more. The one that stood before
// stands again.
func (p *Payments) liftDisputeHold(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) error {
	if l.Hold == nil || l.Hold.Kind != remit.HoldDispute && l.Hold.Kind != remit.HoldReturn {
		return nil
	}
	disputes, err := tx.Disputes(ctx, l.ID)
	if err == nil && !slices.ContainsFunc(disputes, func(d remit.Dispute) bool { return d.Withdrawn && !d.Reinstated }) {
		l.Hold = l.Hold.Prior
	}
	return err
}

// askAgain makes a work item and plans the invoice's becoming overdue, where a
// bank's decision has left something to be paid.
func (p *Payments) askAgain(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) ([]remit.TimelineEntry, error) {
	if l.Contests || l.SentAt == nil || l.VoidedAt != nil || l.WroteOff || l.Billed <= l.Applied {
		return nil, nil
	}
	item, err := openItem(ctx, tx, l, p.Now(), remit.Stripe)
	if err != nil || l.Overdue || l.Live != nil { // money on its way is not overdue; its end looks again
		return item, err
	}
	late, err := planOverdue(ctx, tx, l, p.Now())
	return append(item, late...), err
}

func backOfDispute(d remit.Dispute) ledger.Back {
	return ledger.Back{ID: d.ID, Invoice: d.InvoiceID, Payment: d.PaymentID, Currency: d.Currency, Overruled: d.Overruled}
}

// keepReinstated puts on the desk what came back from a bank and is not owed any
// more.
func (p *Payments) keepReinstated(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, d remit.Dispute, to ledger.Against) ([]remit.TimelineEntry, error) {
	if to.Excess <= 0 {
		return nil, nil
	}
	payment, err := tx.Payment(ctx, d.PaymentID)
	if err != nil {
		return nil, err
	}
	entry, err := p.keepExcess(ctx, tx, l, surplus{
		payment: &payment, currency: d.Currency, amount: to.Excess, reason: remit.ExcessPaidTwice, ids: idsOf(d.StripeDispute, d.Charge),
	})
	return []remit.TimelineEntry{entry}, err
}

// moveDisputes takes off the invoice and its excess what disputes of a payment
// were booked against revenue, because the money had been promised to a refund
// that is undone now: a bank has it, so that it pays nothing here.
func (p *Payments) moveDisputes(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, undone remit.Refund) ([]remit.TimelineEntry, error) {
	disputes, err := tx.Disputes(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	var entries []remit.TimelineEntry
	for _, d := range disputes {
		if d.PaymentID != undone.PaymentID || !d.Withdrawn || d.Reinstated {
			continue
		}
		back := backOfDispute(d)
		lost, err := tx.Against(ctx, l.ID, back.Disputed(ledger.Against{}).Key)
		if err != nil {
			return nil, err
		}
		held, err := heldOf(ctx, tx, l, d.PaymentID)
		if err != nil {
			return nil, err
		}
		held.Applied += lost.Revenue
		of := held.Taken(lost.Revenue)
		entry, some := back.DisputeMoved(undone.ID, of)
		if !some {
			continue
		}
		if _, err := tx.Book(ctx, l, entry); err != nil {
			return nil, err
		}
		if _, err := p.excessTaken(ctx, tx, l, d.PaymentID, of.Excess); err != nil {
			return nil, err
		}
		if of.Receivable > 0 {
			p.holdDisputed(l, d)
		}
		moved := movedEntry(l, d, of)
		moved.Data["held"] = l.Hold
		entries = append(entries, moved)
	}
	return entries, nil
}

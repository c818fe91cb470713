package activities

import (
	"context"
	"fmt"

	"remit"
	"remit/money"
	"remit/postgres"
)

// planDispute puts the next look and the deadline for evidence on the agenda, or
// takes them off it. asked says that Stripe could be: it is again until it says of a
// dispute what a person said, or otherwise.
func (p *Payments) planDispute(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, d remit.Dispute, asked bool) error {
	now := l.Clock.Now(p.Now())
	switch by, may := d.Respond(); {
	case !may:
		if err := tx.Done(ctx, remit.AgendaRespond, d.ID, now); err != nil {
			return err
		}
	case by.After(now): // one that has passed tells so by itself
		what := fmt.Sprintf("Evidence for the dispute of %s is due", money.Of(d.Amount, money.Currency(d.Currency)))
		if err := tx.Plan(ctx, l, remit.AgendaRespond, d.ID, by, what); err != nil {
			return err
		}
	}
	if d.ClosedAt != nil && !(asked && d.Doubted()) {
		return tx.Done(ctx, remit.AgendaPoll, d.ID, now)
	}
	return tx.Plan(ctx, l, remit.AgendaPoll, d.ID, now.Add(remit.NextDisputePoll), remit.AskDispute)
}

// pollDispute plans the look anew at a dispute that is open, or that only a person said is
// over, of which Stripe did not answer. The latter is in no hurry.
func (p *Payments) pollDispute(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow) (again bool, err error) {
	disputes, err := tx.Disputes(ctx, l.ID)
	if err != nil {
		return false, err
	}
	for _, d := range disputes {
		if d.ID == row.ObjectID && (d.ClosedAt == nil || d.Doubted()) {
			again := remit.DisputePollAgain
			if d.Doubted() {
				again = remit.NextDisputePoll
				nobody, err := tx.NobodyAsks(ctx, d.Account, d.Livemode)
				if err != nil {
					return false, err
				}
				if nobody { // whoever connects the account again plans a look
					return true, tx.Done(ctx, row.Kind, row.ObjectID, l.Clock.Now(p.Now()))
				}
			}
			return true, tx.Plan(ctx, l, row.Kind, row.ObjectID, l.Clock.Now(p.Now()).Add(again), row.What)
		}
	}
	return false, nil
}

// respondOver tells that nobody gave evidence in time.
func (p *Payments) respondOver(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow) error {
	if err := tx.Done(ctx, row.Kind, row.ObjectID, l.Clock.Now(p.Now())); err != nil {
		return err
	}
	disputes, err := tx.Disputes(ctx, l.ID)
	if err != nil {
		return err
	}
	for _, d := range disputes {
		if _, may := d.Respond(); may && d.ID == row.ObjectID {
			entry := disputeWords(d, "dispute_unanswered", "The time to give evidence for the dispute is over. The bank decides without it.")
			entry.Actor, entry.At = remit.System, row.At
			if d.Wanted { // and is no more
				d.Wanted = false
				if err := tx.PutDispute(ctx, d); err != nil {
					return err
				}
			}
			return tx.SaveInvoice(ctx, l, p.Now(), entry)
		}
	}
	return nil
}

package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// fireAgenda carries out what is due on the organisation's clock, in order,
// each row's work recording its end, and gives the state after it. What a charge
// by itself came to is recorded first.
func (p *Payments) fireAgenda(ctx context.Context, ref remit.InvoiceRef, seen surveyed, ended *endedCharge) (state remit.InvoiceState, err error) {
	var looked map[uuid.UUID]bool
	if seen.hints || seen.excess {
		if looked, err = p.lookAtDueExcess(ctx, ref); err != nil {
			return state, err
		}
	}
	var above map[uuid.UUID]Approvers
	if seen.approval {
		if above, err = p.approversAbove(ctx, ref); err != nil {
			return state, err
		}
	}
	var fired map[remit.AgendaKind]bool
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		if ended != nil {
			if err := p.endCharge(ctx, tx, l, ended); err != nil {
				return err
			}
		}
		if fired, err = p.fireDue(ctx, tx, l, known{looked: looked, above: above}); err != nil {
			return err
		}
		if state, err = p.stateOf(ctx, tx, l); err != nil || ended == nil {
			return err
		}
		return overlookNothing(ctx, tx, l, &state)
	})
	if ended != nil {
		p.boundary("charge ended")
	}
	if fired[remit.AgendaLateFee] {
		p.boundary("late fee decided")
	}
	if fired[remit.AgendaOrder] {
		p.boundary("order over")
	}
	if fired[remit.AgendaApproval] {
		p.boundary("approval gone up")
	}
	return state, err
}

// known is what was found out before the transaction that fires rows.
type known struct {
	looked map[uuid.UUID]bool      // excess of which Stripe was asked
	above  map[uuid.UUID]Approvers // who is asked next to approve what waits
}

// fireDue says of which kinds something was carried out.
func (p *Payments) fireDue(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, k known) (fired map[remit.AgendaKind]bool, err error) {
	rows, err := tx.InvoiceAgenda(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	fired = map[remit.AgendaKind]bool{}
	now := l.Clock.Now(p.Now())
	for _, row := range rows {
		if row.At.After(now) {
			break
		}
		if err := p.fire(ctx, tx, l, row, k); err != nil {
			return nil, err
		}
		fired[row.Kind] = true
	}
	return fired, nil
}

func (p *Payments) fire(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow, k known) error {
	now := l.Clock.Now(p.Now())
	switch row.Kind {
	case remit.AgendaPoll:
		if l.Live != nil && l.Live.ID == row.ObjectID {
			return nil // looked at above, which has planned the next look
		}
		if again, err := p.pollDispute(ctx, tx, l, row); err != nil || again {
			return err
		}
		if again, err := p.pollDoubted(ctx, tx, l, row); err != nil || again {
			return err
		}
		return tx.Done(ctx, row.Kind, row.ObjectID, now)
	case remit.AgendaSend:
		if err := tx.Done(ctx, row.Kind, row.ObjectID, now); err != nil {
			return err
		}
		if l.SentAt != nil || l.VoidedAt != nil {
			return nil
		}
		return Send(ctx, tx, l, p.Now(), remit.System)
	case remit.AgendaOverdue:
		if err := tx.Done(ctx, row.Kind, row.ObjectID, now); err != nil {
			return err
		}
		if l.Overdue || !l.Status.Payable() {
			return nil
		}
		l.Overdue = true
		entry := overdueEntry(l)
		entry.At = row.At
		return tx.SaveInvoice(ctx, l, p.Now(), entry)
	case remit.AgendaLateFee:
		return p.lateFeeDue(ctx, tx, l, row)
	case remit.AgendaRespond:
		return p.respondOver(ctx, tx, l, row)
	case remit.AgendaOrder:
		return p.orderOver(ctx, tx, l, row)
	case remit.AgendaExcess:
		return p.excessDue(ctx, tx, l, row, k.looked)
	case remit.AgendaApproval:
		return p.approvalDue(ctx, tx, l, row, k.above)
	case remit.AgendaScript, remit.AgendaRefund, remit.AgendaReconcile, remit.AgendaBankAccount, remit.AgendaConnection, remit.AgendaCharge, remit.AgendaNotice, remit.AgendaBill:
		return nil // has a step, or a workflow, of its own: it may take seconds, or days
	}
	return fmt.Errorf("agenda row %s is of the unknown kind %q", row.ID, row.Kind)
}

// untilDue is how long, in real time, until the agenda has an object looked at
// again; nil: it has not.
func untilDue(ctx context.Context, db *postgres.DB, tenant uuid.UUID, kind remit.AgendaKind, object uuid.UUID, real time.Time) (in *time.Duration, err error) {
	err = db.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		row, err := tx.AgendaOf(ctx, kind, object)
		if err != nil || row == nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		left := max(clock.Until(row.At, real), 0)
		in = &left
		return err
	})
	return in, err
}

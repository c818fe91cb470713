package activities

import (
	"context"
	"slices"
	"time"

	"remit"
	"remit/postgres"
)

// Advance brings an invoice up to date: it looks at the live attempt, carries
// out what the agenda says is due, and says when to be woken next.
func (p *Payments) Advance(ctx context.Context, ref remit.InvoiceRef) (state remit.InvoiceState, err error) {
	defer heartbeat(ctx)()
	seen, err := p.survey(ctx, ref)
	if err != nil || seen.idle {
		return seen.state, p.asTemporal(ctx, err)
	}
	if seen.hints {
		if err := p.settleLive(ctx, ref); err != nil {
			return remit.InvoiceState{}, p.asTemporal(ctx, err)
		}
		if err := p.settleHints(ctx, ref); err != nil {
			return remit.InvoiceState{}, p.asTemporal(ctx, err)
		}
		if seen.charge, err = p.beginAfterHints(ctx, ref); err != nil {
			return remit.InvoiceState{}, p.asTemporal(ctx, err)
		}
	}
	if seen.order {
		if err := p.closeOrder(ctx, ref); err != nil {
			return remit.InvoiceState{}, p.asTemporal(ctx, err)
		}
	}
	ended, err := p.chargeDue(ctx, ref, seen.charge)
	if err != nil {
		return remit.InvoiceState{}, p.asTemporal(ctx, err)
	}
	state, err = p.fireAgenda(ctx, ref, seen, ended)
	return state, p.asTemporal(ctx, err)
}

// surveyed is what there is to do about an invoice, as one transaction saw it.
type surveyed struct {
	state    remit.InvoiceState
	idle     bool       // there is nothing to do
	hints    bool       // Stripe may have more to say: an attempt lives, events wait, or a look is planned
	excess   bool       // the agenda has some excess to be decided about
	order    bool       // the end of an order that nobody pays is due
	approval bool       // a request for approval is due to go up, or to lapse
	charge   *dueCharge // that was begun at once, where there are no hints to be looked at first
}

// survey finds out what there is to do, which is nothing when an event comes after
// what it says was recorded.
func (p *Payments) survey(ctx context.Context, ref remit.InvoiceRef) (s surveyed, err error) {
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if remit.IsCode(err, remit.CodeNotFound) {
			s.state, s.idle = remit.InvoiceState{Rest: true}, true // a workflow without an invoice has nothing to do
			return nil
		}
		if err != nil {
			return err
		}
		waiting, err := tx.WaitingEvents(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		rows, err := tx.InvoiceAgenda(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		if s.state, err = p.stateBy(ctx, tx, l, rows); err != nil {
			return err
		}
		told := l.Live != nil || waiting.Count > 0
		due := onAgenda(rows, remit.AgendaCharge, l.Clock.Now(p.Now())) // which does not wake by itself
		s.idle = !told && !due && (s.state.WakeIn == nil || *s.state.WakeIn > 0)
		s.hints = told || onAgenda(rows, remit.AgendaPoll, time.Time{})
		s.excess = onAgenda(rows, remit.AgendaExcess, time.Time{})
		s.order = onAgenda(rows, remit.AgendaOrder, l.Clock.Now(p.Now()))
		s.approval = onAgenda(rows, remit.AgendaApproval, l.Clock.Now(p.Now()))
		if due && !s.hints {
			s.charge, err = p.beginCharge(ctx, tx, l)
		}
		return err
	})
	return s, err
}

// onAgenda reports whether a kind is on an agenda, and due by a time if one is given.
func onAgenda(rows []postgres.AgendaRow, kind remit.AgendaKind, by time.Time) bool {
	return slices.ContainsFunc(rows, func(row postgres.AgendaRow) bool { return row.Kind == kind && (by.IsZero() || !row.At.After(by)) })
}

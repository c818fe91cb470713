package activities

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// settleLive looks at the invoice's live attempt, if it has one.
func (p *Payments) settleLive(ctx context.Context, ref remit.InvoiceRef) error {
	var live *remit.Attempt
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		live = l.Live
		return nil
	})
	if err != nil || live == nil {
		return err
	}
	err = p.advance(ctx, ref, live.ID)
	if refusal(err) != nil {
		return nil // the attempt has ended with that answer; nobody waits for it here
	}
	return err
}

// settleHints looks at what events point to and no live attempt covers: an
// intent that was charged though its attempt was thought to be over.
func (p *Payments) settleHints(ctx context.Context, ref remit.InvoiceRef) error {
	var open []remit.Payment
	var until postgres.EventMark
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if until, err = tx.WaitingEvents(ctx, ref.Invoice); err != nil || until.Count == 0 {
			return err
		}
		payments, err := tx.Payments(ctx, ref.Invoice)
		for _, payment := range payments {
			if payment.PaymentIntent != "" && !payment.IntentClosed && !payment.State.Live() {
				open = append(open, payment)
			}
		}
		return err
	})
	if err != nil || until.Count == 0 {
		return err
	}
	for _, payment := range open {
		link, err := p.Connector.At(ctx, ref.Tenant, payment.Account, payment.Livemode)
		if isUnreachable(err) {
			return nil // the events keep waiting until the account can be asked again
		}
		if err != nil {
			return err
		}
		view, err := link.Stripe.Intent(ctx, payment.PaymentIntent)
		if err != nil && gateway.MeaningOf(err) == gateway.Stop {
			continue // looked at: Stripe does not say what became of it
		}
		if err != nil {
			p.Logger.WarnContext(ctx, "events wait until their object can be looked at", "payment", payment.ID, "error", err)
			return nil
		}
		switch view.Status {
		case "succeeded":
			err = p.recordLate(ctx, ref, payment.ID, view)
		case "canceled":
			err = p.intentCanceled(ctx, ref, payment.ID)
		}
		if err != nil {
			return err
		}
	}
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.EndEvents(ctx, ref.Invoice, until) })
}

// fireAgenda carries out what is due on the organisation's clock, in order,
// each row's work recording its end.
func (p *Payments) fireAgenda(ctx context.Context, ref remit.InvoiceRef) error {
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := tx.InvoiceAgenda(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		now := l.Clock.Now(p.Now())
		for _, row := range rows {
			if row.At.After(now) {
				break
			}
			if err := p.fire(ctx, tx, l, row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Payments) fire(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow) error {
	now := l.Clock.Now(p.Now())
	switch row.Kind {
	case remit.AgendaPoll:
		if l.Live != nil && l.Live.ID == row.ObjectID {
			return nil // looked at above, which has planned the next look
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
	case remit.AgendaScript:
		return nil // has a step of its own: it may take seconds
	}
	return fmt.Errorf("agenda row %s is of the unknown kind %q", row.ID, row.Kind)
}

// Refresh brings an attempt up to date for somebody who came back from a hosted
// page, without doing anything that was not started already.
func (p *Payments) Refresh(ctx context.Context, ref remit.InvoiceRef) (remit.InvoiceState, error) {
	defer heartbeat(ctx)()
	if err := p.settleLive(ctx, ref); err != nil {
		return remit.InvoiceState{}, p.asTemporal(ctx, err)
	}
	return p.Load(ctx, ref)
}

// Waking lists the invoices of a tenant that should have a running workflow:
// those with a live attempt or something on the agenda.
func (p *Payments) Waking(ctx context.Context, tenant uuid.UUID, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := p.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		ids, err = tx.UnrestfulInvoices(ctx, after, limit)
		return err
	})
	return ids, err
}

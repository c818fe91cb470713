package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// lookAtRefunds brings the record of a payment's refunds up to what Stripe says:
// one made in Stripe's dashboard is taken over (F3).
func (p *Payments) lookAtRefunds(ctx context.Context, ref remit.InvoiceRef, w *refundWork) error {
	views, err := w.link.Stripe.RefundsOf(ctx, w.payment.PaymentIntent)
	if err != nil {
		return err
	}
	for _, view := range views {
		id, known, err := p.knownRefund(ctx, ref, w.payment, view)
		if err == nil && known {
			err = p.recordRefund(ctx, ref, id, view)
		} else if err == nil {
			err = p.adoptRefund(ctx, ref, w.payment.ID, view)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knownRefund finds the refund that Stripe speaks of, by its id there or by what
// was written on it when it was made; a row whose answer was lost gets the id.
// One that is recorded as failed is over: what Stripe has of it after all is booked
// as a refund of its own.
func (p *Payments) knownRefund(ctx context.Context, ref remit.InvoiceRef, payment remit.Payment, view remit.RefundView) (id uuid.UUID, known bool, err error) {
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		stored, err := tx.RefundAtStripe(ctx, payment.Account, view.ID)
		if err != nil {
			return err
		}
		if stored != nil {
			id, known = stored.ID, true
			return nil
		}
		named, isOurs := refundNamedBy(view)
		if !isOurs {
			return nil
		}
		ours, err := tx.Refund(ctx, named)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil
		}
		id, known = named, err == nil && ours.PaymentID == payment.ID && ours.StripeRefund == "" && !ours.State.Failed() && sameAmount(ours, view)
		return err
	})
	return id, known, err
}

// refundNamedBy reads what Remit wrote on a refund when it sent it.
func refundNamedBy(view remit.RefundView) (uuid.UUID, bool) {
	id, err := uuid.Parse(view.Metadata["remit_refund"])
	return id, err == nil
}

// sameAmount reports that what Stripe speaks of is as much as was asked for: what
// is written on an object says which one it may be, never how much.
func sameAmount(r remit.Refund, view remit.RefundView) bool {
	amount, err := money.FromStripe(view.Amount, view.Currency)
	return err == nil && amount.Minor == r.Total() && string(amount.Currency) == r.Currency
}

// adoptRefund books a refund that was not asked for here. Nobody has said what
// is to become of the invoice, so that it stays settled; money that was never
// applied goes back first.
func (p *Payments) adoptRefund(ctx context.Context, ref remit.InvoiceRef, payment uuid.UUID, view remit.RefundView) error {
	if view.Status.Failed() {
		return nil
	}
	amount, err := money.FromStripe(view.Amount, view.Currency)
	if err != nil {
		return fmt.Errorf("read the amount Stripe refunded: %w", err)
	}
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		stored, err := tx.Payment(ctx, payment)
		if err != nil {
			return err
		}
		if made, err := tx.RefundAtStripe(ctx, stored.Account, view.ID); err != nil || made != nil {
			return err
		}
		id, err := newID()
		if err != nil {
			return err
		}
		now := l.Clock.Now(p.Now())
		refund := remit.Refund{
			ID: id, InvoiceID: l.ID, PaymentID: payment, Account: stored.Account, Livemode: stored.Livemode, Currency: string(amount.Currency), Amount: amount.Minor,
			Choice: remit.RefundSettles, State: view.Status, StripeRefund: view.ID, Actor: remit.Stripe, CreatedAt: now, Since: now,
		}
		if refund.State.Ended() {
			refund.EndedAt = &now
		}
		if err := p.makeRoom(ctx, tx, l, stored, refund.Amount); err != nil {
			return err
		}
		of, err := p.takenFirst(ctx, tx, l, payment, refund.Amount)
		if err != nil {
			return err
		}
		if of.Excess+of.Credit == refund.Amount {
			refund.Choice = remit.RefundExcess
		}
		if err := p.promise(ctx, tx, l, refund, of); err != nil {
			return err
		}
		return p.adopted(ctx, tx, l, refund, view.Debited)
	})
}

// adopted books what Stripe has taken of a refund that was made there, and tells
// the customer once it is on its way.
func (p *Payments) adopted(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, refund remit.Refund, debited bool) error {
	if debited || refund.State == remit.RefundSucceeded {
		if _, err := tx.Book(ctx, l, backOf(refund).RefundSent(refund.Total())); err != nil {
			return err
		}
	}
	if refund.State != remit.RefundSucceeded {
		return nil
	}
	mailed, err := postRefund(l, refund, p.Now())
	if err != nil {
		return err
	}
	return tx.SaveInvoice(ctx, l, p.Now(), mailed)
}

// errRefundUnderWay says that a refund that was made at Stripe cannot be booked
// beside one of ours whose outcome is not known.
var errRefundUnderWay = errors.New("another refund of the payment is under way")

// makeRoom takes back promises that were not sent yet where what was refunded at
// Stripe leaves nothing for them.
func (p *Payments) makeRoom(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment remit.Payment, amount int64) error {
	if payment.AmountCaptured-payment.AmountRefunded >= amount {
		return nil
	}
	promised, err := tx.RefundsOfPayment(ctx, payment.ID)
	if err != nil {
		return err
	}
	free := payment.AmountCaptured - payment.AmountRefunded
	for _, r := range promised {
		if r.State != remit.RefundRequested || free >= amount {
			continue
		}
		if err := p.takeBack(ctx, tx, l, r, "charge_already_refunded"); err != nil {
			return err
		}
		free += r.Total()
	}
	if free < amount {
		return errRefundUnderWay
	}
	return nil
}

// takeBack takes a promise back that was never sent.
func (p *Payments) takeBack(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r remit.Refund, why string) error {
	now := l.Clock.Now(p.Now())
	r.State, r.Since, r.EndedAt = remit.RefundCanceled, now, &now
	entries, err := p.refundMoved(ctx, tx, l, &r, remit.RefundView{Status: r.State, FailureReason: why})
	if err != nil {
		return err
	}
	if err := p.saveRefund(ctx, tx, l, r, true); err != nil {
		return err
	}
	return p.closeBooks(ctx, tx, l, entries)
}

// settleRefunds looks at the refunds of an invoice's payments, for events that
// wait. It reports whether all could be looked at.
func (p *Payments) settleRefunds(ctx context.Context, ref remit.InvoiceRef) (looked bool, err error) {
	var payments []remit.Payment
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		payments, err = tx.Payments(ctx, ref.Invoice)
		return err
	})
	if err != nil {
		return false, err
	}
	waits := false
	for _, payment := range payments {
		if payment.State.Live() {
			waits = true // what became of it is not known yet, so neither is what went back
		}
		if payment.PaymentIntent == "" || payment.AmountCaptured == 0 {
			continue
		}
		link, err := p.Connector.At(ctx, ref.Tenant, payment.Account, payment.Livemode)
		if err == nil {
			err = p.lookAtRefunds(ctx, ref, &refundWork{payment: payment, link: link})
		}
		if errors.Is(err, errRefundUnderWay) {
			waits = true
			continue
		}
		if isUnreachable(err) {
			waits = true // until the account can be asked again; the others are looked at
			continue
		}
		failure, failed := errors.AsType[*gateway.Failure](err)
		switch {
		case failed && failure.Meaning == gateway.Stop: // looked at: Stripe does not say what became of it
		case failed:
			p.Logger.WarnContext(ctx, "events wait until their object can be looked at", "payment", payment.ID, "error", err)
			waits = true
		case err != nil:
			return false, err
		}
	}
	return !waits, nil
}

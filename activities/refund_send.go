package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// RefundNext says when a refund's workflow has to look again; nil: never, unless
// it is woken.
type RefundNext struct {
	WakeIn *time.Duration `json:",omitempty"`
}

// refundWork is a refund with all that a step needs to know, as it was read.
type refundWork struct {
	refund   remit.Refund
	payment  remit.Payment
	clock    remit.Clock
	sealed   *postgres.SealedConnection // of the payment's account; nil where its keys are gone
	link     *Link                      // sealed, opened
	unasked  bool                       // and nobody can ask there any more
	off      bool
	searched bool // it was looked for at Stripe and is not there
}

// readPayment reads the payment that goes back, with the connection to where it is.
func (w *refundWork) readPayment(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (err error) {
	if w.payment, err = tx.Payment(ctx, id); err != nil {
		return err
	}
	w.sealed, err = tx.ConnectionOfAccount(ctx, w.payment.Account, w.payment.Livemode)
	return err
}

// SendRefund brings a reserved refund as far as it goes now: it is sent once,
// whoever dies meanwhile, and asked about until Stripe says how it ended.
func (p *Payments) SendRefund(ctx context.Context, ref remit.RefundRef) (RefundNext, error) {
	defer heartbeat(ctx)()
	w, err := p.loadRefund(ctx, ref)
	if remit.IsCode(err, remit.CodeNotFound) {
		return RefundNext{}, nil
	}
	if err != nil {
		return RefundNext{}, p.asTemporal(ctx, err)
	}
	if err := p.bringBack(ctx, remit.InvoiceRef{Tenant: ref.Tenant, Invoice: w.refund.InvoiceID}, w); err != nil {
		return RefundNext{}, p.asTemporal(ctx, err)
	}
	next, err := p.refundNext(ctx, ref)
	return next, p.asTemporal(ctx, err)
}

// refundNext reads when the agenda has the refund looked at again.
func (p *Payments) refundNext(ctx context.Context, ref remit.RefundRef) (RefundNext, error) {
	in, err := untilDue(ctx, p.DB, ref.Tenant, remit.AgendaRefund, ref.Refund, p.Now())
	return RefundNext{WakeIn: in}, err
}

func (p *Payments) loadRefund(ctx context.Context, ref remit.RefundRef) (*refundWork, error) {
	w := &refundWork{}
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if w.refund, err = tx.Refund(ctx, ref.Refund); err != nil {
			return err
		}
		if err = w.readPayment(ctx, tx, w.refund.PaymentID); err != nil {
			return err
		}
		if w.clock, err = tx.Clock(ctx); err != nil {
			return err
		}
		if w.unasked, err = tx.NobodyAsks(ctx, w.refund.Account, w.refund.Livemode); err != nil {
			return err
		}
		w.off, err = moneyOff(ctx, p.Seals, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	w.link, err = p.Connector.Open(w.sealed)
	if isUnreachable(err) {
		err = nil // asked again later: nothing is known of it until the account can be reached
	}
	return w, err
}

// bringBack takes a refund on from what is recorded of it.
func (p *Payments) bringBack(ctx context.Context, ref remit.InvoiceRef, w *refundWork) error {
	switch {
	case w.refund.State.Ended():
		return nil
	case w.unasked && w.refund.State == remit.RefundRequested:
		return p.dropUnsent(ctx, ref, w)
	case w.link == nil, w.off && w.refund.StripeRefund == "":
		return p.waitForRefund(ctx, ref, w)
	case w.refund.StripeRefund != "":
		view, err := w.link.Stripe.Refund(ctx, w.refund.StripeRefund)
		if noted := p.noteKept(ctx, ref.Tenant, w.link, err); noted != nil {
			return noted
		}
		if err != nil {
			return p.waitForRefund(ctx, ref, w)
		}
		return p.recordRefund(ctx, ref, w.refund.ID, view)
	}
	if w.refund.State == remit.RefundSent && w.keyForgotten(w.refund, w.clock.Now(p.Now())) {
		// One that was made is found by what was written on it (M14), and only then may
		// it be made again.
		found, view, err := p.findRefund(ctx, w)
		if err != nil {
			return p.waitForRefund(ctx, ref, w)
		}
		if found {
			return p.recordRefund(ctx, ref, w.refund.ID, view)
		}
		w.searched = true
	}
	repeated := w.refund.State == remit.RefundSent
	if err := p.markSent(ctx, ref, w); err != nil {
		if errors.Is(err, errElsewhere) {
			return nil // whoever took it on has planned the next look
		}
		return err
	}
	p.boundary("refund marked")
	view, err := p.createRefund(ctx, w)
	p.boundary("refund answered")
	if err == nil {
		return p.recordRefund(ctx, ref, w.refund.ID, view)
	}
	if repeated {
		// What was sent before may have gone through, whatever refuses it now: only
		// a look at Stripe can say that it has not (M3).
		found, view, lookErr := p.findRefund(ctx, w)
		if lookErr != nil {
			return p.waitForRefund(ctx, ref, w)
		}
		if found {
			return p.recordRefund(ctx, ref, w.refund.ID, view)
		}
	}
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && !failure.KeyReused() && failure.Refused() {
		return p.recordRefund(ctx, ref, w.refund.ID, remit.RefundView{Status: remit.RefundFailed, FailureReason: failure.Code})
	}
	return p.waitForRefund(ctx, ref, w)
}

// keyForgotten reports that the key with which a refund was sent may say nothing to
// Stripe any more: it is too old, or was sent through another connection, whose keys are
// its own.
func (w *refundWork) keyForgotten(r remit.Refund, now time.Time) bool {
	return now.Sub(*r.SentAt) >= remit.KeyLife || w.sealed != nil && w.sealed.CreatedAt.After(*r.SentAt)
}

// dropUnsent takes a refund back that was never sent, and never can be: its account was
// disconnected before. One that was is for people to look up (M3).
func (p *Payments) dropUnsent(ctx context.Context, ref remit.InvoiceRef, w *refundWork) error {
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		r, err := tx.Refund(ctx, w.refund.ID)
		if err != nil || r.State != remit.RefundRequested {
			return err
		}
		return p.takeBack(ctx, tx, l, r, remit.RefundDisconnected)
	})
	if err != nil {
		return err
	}
	return p.closeOverpaying(ctx, ref)
}

func (p *Payments) createRefund(ctx context.Context, w *refundWork) (remit.RefundView, error) {
	amount, err := money.Of(w.refund.Total(), money.Currency(w.refund.Currency)).Stripe()
	if err != nil {
		return remit.RefundView{}, &gateway.Failure{Meaning: gateway.Stop, Code: "amount"}
	}
	return w.link.Stripe.CreateRefund(ctx, w.refund.ID.String()+"/create", gateway.NewRefund{
		PaymentIntent: w.payment.PaymentIntent, Amount: amount, ReturnFee: w.refund.ReturnFee && w.link.Mode.Platform(),
		Metadata: map[string]string{"remit_refund": w.refund.ID.String(), "remit_invoice": w.refund.InvoiceID.String()},
	})
}

func (p *Payments) findRefund(ctx context.Context, w *refundWork) (bool, remit.RefundView, error) {
	views, err := w.link.Stripe.RefundsOf(ctx, w.payment.PaymentIntent)
	if noted := p.noteKept(ctx, w.sealed.Tenant, w.link, err); noted != nil {
		return false, remit.RefundView{}, noted
	}
	for _, view := range views {
		if id, named := refundNamedBy(view); named && id == w.refund.ID && sameAmount(w.refund, view) {
			return true, view, err
		}
	}
	return false, remit.RefundView{}, err
}

// markSent notes that a refund is about to be sent, from which on its outcome is
// unknown until Stripe says it.
func (p *Payments) markSent(ctx context.Context, ref remit.InvoiceRef, w *refundWork) error {
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		r, err := tx.Refund(ctx, w.refund.ID)
		if err != nil {
			return err
		}
		now := l.Clock.Now(p.Now())
		if r.State != w.refund.State || r.StripeRefund != "" || r.State == remit.RefundSent && !r.SentAt.Equal(*w.refund.SentAt) {
			return errElsewhere
		}
		switch {
		case r.State == remit.RefundRequested:
			r.State, r.SentAt, r.Since, r.Polls = remit.RefundSent, &now, now, 0
		case w.searched:
			r.SentAt = &now // it was looked for and is not there: its key begins anew
		case w.keyForgotten(r, now):
			return errElsewhere // the key grew too old on the way here: look first
		}
		w.refund = r
		return tx.SaveRefund(ctx, r)
	})
}

// waitForRefund plans the next look at a refund.
func (p *Payments) waitForRefund(ctx context.Context, ref remit.InvoiceRef, w *refundWork) error {
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		r, err := tx.Refund(ctx, w.refund.ID)
		if err != nil || r.State.Ended() {
			return err
		}
		return p.planRefund(ctx, tx, l, &r)
	})
}

func (p *Payments) planRefund(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *remit.Refund) error {
	at := l.Clock.Now(p.Now()).Add(remit.NextRefundPoll(r.State, r.Polls))
	r.Polls++
	if err := tx.SaveRefund(ctx, *r); err != nil {
		return err
	}
	return tx.Plan(ctx, l, remit.AgendaRefund, r.ID, at, "Ask Stripe about the refund of "+refundAmount(*r))
}

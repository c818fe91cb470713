package activities

import (
	"context"
	"slices"

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
	var late []remit.Payment
	var until postgres.EventMark
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if until, err = tx.WaitingEvents(ctx, ref.Invoice); err != nil {
			return err
		}
		late, err = p.mayBeLate(ctx, tx, ref, until.Count > 0)
		return err
	})
	if err != nil {
		return err
	}
	looked, err := p.settleLate(ctx, ref, late)
	if err != nil {
		return err
	}
	if until.Count == 0 {
		_, err := p.settleDisputes(ctx, ref) // of those the agenda has due
		return err
	}
	back, err := p.settleBack(ctx, ref, until)
	if err != nil || !looked || !back {
		return err // the events keep waiting until all they may be about can be looked at
	}
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.EndEvents(ctx, ref.Invoice, until) })
}

// mayBeLate are the payments that may have been charged though they are thought
// to be over: where events tell of anything, those whose intent is open and those
// that only a person has said were not charged; else those of the latter that the
// agenda has due.
func (p *Payments) mayBeLate(ctx context.Context, tx *postgres.Tx, ref remit.InvoiceRef, told bool) ([]remit.Payment, error) {
	rows, err := tx.InvoiceAgenda(ctx, ref.Invoice)
	if err != nil || !told && !slices.ContainsFunc(rows, func(row postgres.AgendaRow) bool { return row.Kind == remit.AgendaPoll }) {
		return nil, err
	}
	payments, err := tx.Payments(ctx, ref.Invoice)
	if err != nil {
		return nil, err
	}
	clock, err := tx.Clock(ctx)
	now := clock.Now(p.Now())
	return slices.DeleteFunc(payments, func(payment remit.Payment) bool {
		if doubted := payment.ByHand && payment.State == remit.AttemptFailed; doubted {
			last := payment.Attempts[len(payment.Attempts)-1]
			at, planned := pollOf(rows, last.ID)
			return !told && (!planned || at.After(now)) || payment.PaymentIntent == "" && last.StripeSession == ""
		}
		return !told || payment.PaymentIntent == "" || payment.IntentClosed || payment.State.Live()
	}), err
}

// settleLate looks at payments that were thought to be over. It reports whether
// all could be looked at: one that cannot be holds up no other.
func (p *Payments) settleLate(ctx context.Context, ref remit.InvoiceRef, late []remit.Payment) (looked bool, err error) {
	looked = true
	for _, payment := range late {
		link, err := p.Connector.At(ctx, ref.Tenant, payment.Account, payment.Livemode)
		if isUnreachable(err) {
			looked = false // until the account can be asked again
			continue
		}
		if err != nil {
			return false, err
		}
		view, err := p.lateView(ctx, ref, link, payment)
		if err != nil && gateway.MeaningOf(err) == gateway.Stop {
			continue // looked at: Stripe does not say what became of it
		}
		if err != nil {
			p.Logger.WarnContext(ctx, "events wait until their object can be looked at", "payment", payment.ID, "error", err)
			looked = false
			continue
		}
		switch view.Status {
		case "succeeded":
			err = p.recordLate(ctx, ref, payment.ID, view)
		case "canceled":
			err = p.intentCanceled(ctx, ref, payment.ID)
		}
		if err != nil {
			return false, err
		}
	}
	return looked, nil
}

// lateView is what Stripe says of a payment's intent: the one that its hosted
// checkout made, where that was never heard of. Nothing where there is none.
func (p *Payments) lateView(ctx context.Context, ref remit.InvoiceRef, link *Link, payment remit.Payment) (view remit.IntentView, err error) {
	intent := payment.PaymentIntent
	if intent == "" {
		session, err := link.Stripe.Session(ctx, payment.Attempts[len(payment.Attempts)-1].StripeSession)
		if err != nil || session.PaymentIntent == "" {
			return view, err
		}
		intent = session.PaymentIntent
		if err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.OwnIntent(ctx, payment.ID, intent) }); err != nil {
			return view, err
		}
	}
	return link.Stripe.Intent(ctx, intent)
}

// settleBack looks at money that went back, by refunds and disputes. It reports
// false where Stripe could not be asked.
func (p *Payments) settleBack(ctx context.Context, ref remit.InvoiceRef, until postgres.EventMark) (looked bool, err error) {
	looked = true
	if until.Refunds {
		if looked, err = p.settleRefunds(ctx, ref); err != nil {
			return false, err
		}
	}
	disputes, err := p.settleDisputes(ctx, ref)
	return looked && disputes, err
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

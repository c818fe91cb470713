package activities

import (
	"context"
	"errors"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

var (
	errBankHasIt     = remit.Conflict(remit.CodeConflict, "The bank has it already; it cannot be cancelled any more.")
	errWaitsAtStripe = remit.Conflict(remit.CodeConflict, "Stripe does not cancel it. It ends by itself if the deposits are not entered.")
)

// callBack cancels a bank debit that its payer wants back, if its bank does not
// have it yet. Only Stripe knows whether it has: what it says is recorded, and a
// debit that settled, failed or went out meanwhile stays what it is.
func (p *Payments) callBack(ctx context.Context, ref remit.InvoiceRef, stored postgres.StoredRequest) (remit.RequestResult, error) {
	return decodeAnd(stored, func(in remit.CancelRequest) (remit.RequestResult, error) {
		r := reservation{ref: ref, stored: stored, in: remit.PayRequest{Permit: in.Permit}}
		for range 3 {
			if err := p.decide(ctx, &r); err != nil {
				return remit.RequestResult{}, err
			}
			w, moved, err := p.mayCallBack(ctx, &r, in)
			if err != nil {
				return remit.RequestResult{}, err
			}
			if !moved {
				return remit.RequestResult{Attempt: &w.attempt.ID, Payment: &in.Payment}, p.cancelDebit(ctx, w)
			}
			r.strict = true
		}
		return remit.RequestResult{}, remit.Conflict(remit.CodeConflict, "This changed meanwhile. Check, send again.")
	})
}

// mayCallBack asks whether whoever asked still may, and whether there is anything
// to cancel. One that is cancelled already is what was asked for.
func (p *Payments) mayCallBack(ctx context.Context, r *reservation, in remit.CancelRequest) (w *work, moved bool, err error) {
	err = p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(ctx, r.ref.Invoice); err != nil {
			return err
		}
		again, err := tx.Request(ctx, r.ref.Invoice, r.stored.ID)
		if err != nil {
			return err
		}
		if again.Result != nil && again.Result.Refused != nil {
			return again.Result.Refused.AsError() // whoever asked was told so already
		}
		if moved, err = p.policyMoved(ctx, tx, r); err != nil || moved {
			return err
		}
		last, err := tx.LastAttempt(ctx, in.Payment)
		if err != nil {
			return err
		}
		if last.InvoiceID != r.ref.Invoice {
			return remit.NotFound()
		}
		if err := last.MayCancel(); err != nil && last.State != remit.AttemptCanceled {
			return err
		}
		w, err = readWork(ctx, tx, r.ref, last.ID)
		if err == nil {
			w.request = r.stored
		}
		return err
	})
	return w, moved, err
}

// cancelDebit has Stripe cancel a debit and records what it says. It looks first:
// of one that came back Stripe would cancel the intent, and what its bank said, which
// counts among the debits of the account, would be lost.
func (p *Payments) cancelDebit(ctx context.Context, w *work) (err error) {
	if !w.attempt.State.Live() {
		return nil
	}
	if w.link, err = p.Connector.Open(w.sealed); err != nil {
		return p.beforeMoney(err)
	}
	view, err := w.link.Stripe.Intent(ctx, w.payment.PaymentIntent)
	if err != nil {
		return p.beforeMoney(err)
	}
	if view.Status == "requires_payment_method" || view.Status == "requires_confirmation" {
		return p.notCalledBack(ctx, w)
	}
	view, err = w.link.Stripe.CancelIntent(ctx, w.key("cancel/"+w.request.ID.String()), w.payment.PaymentIntent)
	p.boundary("intent canceled")
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Refused() {
		view, err = w.link.Stripe.Intent(ctx, w.payment.PaymentIntent)
	}
	if err != nil {
		return p.beforeMoney(err) // an answer that was lost is asked for again, with the same key
	}
	if view.Status == "canceled" {
		actor := w.request.Actor
		return p.record(ctx, w, result{
			state: remit.AttemptCanceled, view: view, intentClosed: true, actor: &actor, why: actorName(actor) + " cancelled it before the bank had it. Nothing was charged.",
		})
	}
	return p.notCalledBack(ctx, w)
}

// notCalledBack records what became of a debit that was not cancelled and tells why.
func (p *Payments) notCalledBack(ctx context.Context, w *work) error {
	if err := p.settleLive(ctx, w.ref); err != nil {
		return err
	}
	now, err := p.load(ctx, w.ref, w.attempt.ID)
	switch {
	case err != nil:
		return err
	case now.attempt.AwaitsDeposits():
		return errWaitsAtStripe
	case now.attempt.State.Live():
		return errBankHasIt
	case now.attempt.State == remit.AttemptCanceled:
		return nil // as was asked for
	}
	return now.attempt.MayCancel()
}

package activities

import (
	"context"
	"errors"
	"net/http"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
)

// confirm sends the one call that moves money (M2, step 4), or repeats it with
// its own key (M3).
func (p *Payments) confirm(ctx context.Context, w *work, with gateway.Confirm) error {
	view, err := w.link.Stripe.ConfirmIntent(ctx, w.key("confirm"), w.payment.PaymentIntent, with)
	p.boundary("confirm answered")
	if err == nil {
		return p.recordView(ctx, w, view, remit.OutcomeOf(view, *w.attempt.ChargeBefore), nil)
	}
	var failure *gateway.Failure
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Meaning {
	case gateway.Outcome:
		refused := decline.Classify(failure.Code, failure.DeclineCode, failure.AdviceCode, w.methodType())
		declined := remit.IntentView{ID: w.payment.PaymentIntent}
		if failure.Intent != nil {
			declined = *failure.Intent
		}
		return p.recordView(ctx, w, declined, remit.Outcome{State: remit.AttemptFailed, Known: true}, &refused)
	case gateway.State:
		if known, err := p.settleKnown(ctx, w); known || err != nil {
			return err
		}
	case gateway.Stop:
		// Refused before it was tried. A missing method is an answer; anything
		// else about an id of ours is looked into, never taken for "did not happen".
		if failure.Param == "payment_method" {
			if err := p.dropDetached(ctx, w); err != nil {
				return err
			}
			refused := decline.Classify(failure.Code, "", "", w.methodType())
			return p.recordView(ctx, w, remit.IntentView{ID: w.payment.PaymentIntent}, remit.Outcome{State: remit.AttemptFailed, Known: true}, &refused)
		}
	case gateway.Unknown, gateway.Later, gateway.Unreachable:
	case gateway.Refunded, gateway.Disputed, gateway.Short: // said of refunds alone
	}
	return p.wait(ctx, w, remit.AttemptConfirming, err)
}

// dropDetached marks a method as removed that Stripe did not charge because it is
// nobody's there any more, of which no event told.
func (p *Payments) dropDetached(ctx context.Context, w *work) error {
	var method remit.PaymentMethod
	err := p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) (err error) {
		method, err = tx.PaymentMethod(ctx, *w.attempt.PaymentMethodID)
		return err
	})
	if err != nil {
		return err
	}
	view, err := w.link.Stripe.PaymentMethod(ctx, method.StripeID)
	failure, failed := errors.AsType[*gateway.Failure](err)
	if gone := failed && failure.Status == http.StatusNotFound; err != nil && !gone || view.Customer != "" {
		return nil // what is not known now takes nothing away
	}
	return p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		return tx.RemoveMethod(ctx, method.ID, w.clock.Now(p.Now()))
	})
}

// settleCharge finds out what became of a confirm whose answer never came (M3):
// by looking, then by repeating it with the same key while Stripe is sure to
// remember that, and after that by canceling.
func (p *Payments) settleCharge(ctx context.Context, w *work) error {
	if known, err := p.settleKnown(ctx, w); known || err != nil {
		return err
	}
	if w.attempt.State == remit.AttemptProcessing {
		return p.wait(ctx, w, remit.AttemptProcessing, nil)
	}
	now := w.clock.Now(p.Now())
	if now.Sub(*w.attempt.ConfirmAt) < remit.KeyLife {
		with, err := p.again(ctx, w)
		switch {
		case err != nil:
			return err
		case with.off:
			return p.waitForMoney(ctx, w)
		case with.over:
			return p.giveUp(ctx, w, "The account may not be debited any more. Nothing was charged.")
		}
		return p.confirm(ctx, w, with.Confirm)
	}
	return p.giveUp(ctx, w, "It did not go through within a day and was canceled at Stripe. Nothing was charged.")
}

// settleKnown looks at the attempt's intent and records what that says of it.
// known is false where it says nothing; where Stripe does not answer, the
// attempt is left waiting.
func (p *Payments) settleKnown(ctx context.Context, w *work) (known bool, err error) {
	view, err := w.link.Stripe.Intent(ctx, w.payment.PaymentIntent)
	if err != nil {
		return true, p.wait(ctx, w, w.attempt.State, err)
	}
	outcome := remit.OutcomeOf(view, *w.attempt.ChargeBefore)
	if !outcome.Known {
		return false, nil
	}
	return true, p.recordView(ctx, w, view, outcome, nil)
}

// repeated is a confirm to be sent again, and what forbids it.
type repeated struct {
	gateway.Confirm

	off  bool // money is
	over bool // the bank account is locked or removed: what was not sent is not
}

// again reads what a confirm that is repeated was sent with, to the letter, since
// its key stands for just that; and whether it may be.
func (p *Payments) again(ctx context.Context, w *work) (with repeated, err error) {
	err = p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) (err error) {
		if with.off, err = moneyOff(ctx, p.Seals, tx); err != nil {
			return err
		}
		stored, err := tx.PaymentMethod(ctx, *w.attempt.PaymentMethodID)
		if err != nil {
			return err
		}
		account, err := bankAccountOf(ctx, tx, stored)
		with.Confirm = gateway.Confirm{Method: stored.StripeID, Type: stored.Type, Mandate: account.Mandate}
		with.over = stored.Type == gateway.TypeBankAccount && !account.MayBeDebited()
		return err
	})
	return with, err
}

package activities

import (
	"context"
	"errors"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
)

// confirm sends the one call that moves money (M2, step 4), or repeats it with
// its own key (M3).
func (p *Payments) confirm(ctx context.Context, w *work, stripeMethod string) error {
	view, err := w.link.Stripe.ConfirmIntent(ctx, w.key("confirm"), w.payment.PaymentIntent, stripeMethod)
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
			refused := decline.Classify(failure.Code, "", "", w.methodType())
			return p.recordView(ctx, w, remit.IntentView{ID: w.payment.PaymentIntent}, remit.Outcome{State: remit.AttemptFailed, Known: true}, &refused)
		}
	case gateway.Unknown, gateway.Later, gateway.Unreachable:
	}
	return p.wait(ctx, w, remit.AttemptConfirming, err)
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
		if off, err := p.moneyOff(ctx, w.ref.Tenant); err != nil || off {
			return p.waitForMoney(ctx, w, err)
		}
		method, err := p.stripeMethodOf(ctx, w)
		if err != nil {
			return err
		}
		return p.confirm(ctx, w, method)
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

func (p *Payments) stripeMethodOf(ctx context.Context, w *work) (string, error) {
	var id string
	err := p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		method, err := tx.PaymentMethod(ctx, *w.attempt.PaymentMethodID)
		id = method.StripeID
		return err
	})
	return id, err
}

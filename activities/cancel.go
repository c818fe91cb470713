package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
)

// giveUp ends an attempt that charged nothing, saying why.
func (p *Payments) giveUp(ctx context.Context, w *work, why string) error {
	return p.cancel(ctx, w, result{state: remit.AttemptCanceled, why: why})
}

// cancel ends an attempt with a result by canceling its intent. Only a cancel
// that Stripe acknowledged ends it; a charge that came first is recorded. A result
// with a closed intent is that of a hosted page on which nobody can pay any more:
// it stands where Stripe will not cancel what is left of it.
func (p *Payments) cancel(ctx context.Context, w *work, r result) error {
	fresh, err := p.load(ctx, w.ref, w.attempt.ID)
	if err != nil || !fresh.attempt.State.Live() {
		return err // ended meanwhile: its intent may be another attempt's by now
	}
	w.attempt, w.payment = fresh.attempt, fresh.payment
	if w.payment.PaymentIntent == "" {
		// Whether its create made an intent is not known. Nobody has its id, so
		// nobody can confirm it; the payment ends with it, so that the next
		// attempt has a key, an amount and an intent of its own.
		r.intentClosed = true
		return p.record(ctx, w, r)
	}
	view, err := w.link.Stripe.CancelIntent(ctx, w.nextKey("cancel"), w.payment.PaymentIntent)
	p.boundary("intent canceled")
	failure, refused := errors.AsType[*gateway.Failure](err)
	refused = refused && failure.Refused()
	if err != nil {
		if view, err = w.link.Stripe.Intent(ctx, w.payment.PaymentIntent); err != nil {
			return p.wait(ctx, w, w.attempt.State, err)
		}
	}
	switch {
	case view.Status == "canceled", view.Status == "requires_payment_method" && refused && r.intentClosed:
		r.view, r.intentClosed = view, true
		return p.record(ctx, w, r)
	case view.Status == "succeeded", view.Status == "processing":
		return p.recordView(ctx, w, view, remit.OutcomeOf(view, ""), nil)
	default:
		return p.wait(ctx, w, w.attempt.State, errors.New("the intent is neither charged nor canceled"))
	}
}

// errKeysGone says that nobody can ask the account of an earlier try any more.
var errKeysGone = remit.Conflict(remit.CodeInFlight, "An earlier attempt is still open at a Stripe account whose keys are gone. Nothing more was charged.")

// closeIntent has Stripe cancel an earlier payment's intent, so that a new
// payment may begin or none follows. One that turns out to be charged is recorded and wins.
func (p *Payments) closeIntent(ctx context.Context, ref remit.InvoiceRef, request uuid.UUID, payment remit.Payment) error {
	link, err := p.Connector.At(ctx, ref.Tenant, payment.Account, payment.Livemode)
	if err != nil {
		if isUnreachable(err) {
			return errKeysGone
		}
		return err
	}
	view, err := link.Stripe.CancelIntent(ctx, fmt.Sprintf("%s/cancel/%s", payment.ID, request), payment.PaymentIntent)
	p.boundary("intent canceled")
	if err != nil {
		if view, err = link.Stripe.Intent(ctx, payment.PaymentIntent); err != nil {
			if isUnreachable(err) {
				return errKeysGone
			}
			return inFlight()
		}
	}
	if view.Status == "canceled" {
		return p.intentCanceled(ctx, ref, payment.ID)
	}
	if view.Status == "succeeded" {
		return p.recordLate(ctx, ref, payment.ID, view)
	}
	return inFlight()
}

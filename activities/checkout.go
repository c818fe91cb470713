package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
)

// advanceCheckout brings a hosted checkout as far as it goes (M2c): made, then
// looked at until Stripe says it is complete or expired.
func (p *Payments) advanceCheckout(ctx context.Context, w *work) error {
	if w.attempt.StripeSession == "" {
		return p.mint(ctx, w)
	}
	view, err := w.link.Stripe.Session(ctx, w.attempt.StripeSession)
	if err != nil {
		return p.wait(ctx, w, w.attempt.State, err)
	}
	return p.settleSession(ctx, w, view)
}

// mint creates the session from the stored parameters and stores its id.
func (p *Payments) mint(ctx context.Context, w *work) error {
	if w.off {
		return p.waitForMoney(ctx, w)
	}
	var params gateway.SessionParams
	if err := json.Unmarshal(w.attempt.SessionParams, &params); err != nil {
		return fmt.Errorf("read a session's parameters: %w", err)
	}
	view, err := w.link.Stripe.CreateSession(ctx, w.key("session"), params)
	p.boundary("session created")
	if err != nil {
		var failure *gateway.Failure
		refused := errors.As(err, &failure) && (failure.Meaning == gateway.Stop || failure.Meaning == gateway.State || failure.Meaning == gateway.Outcome)
		if refused && !failure.KeyReused() { // a reused key has made a session: it is waited for until it expires
			if endErr := p.record(ctx, w, result{state: remit.AttemptCanceled, why: fmt.Sprintf("Stripe refused to open the page (%s). Nothing was charged.", failure.Named())}); endErr != nil {
				return endErr
			}
			return p.beforeMoney(err)
		}
		return p.wait(ctx, w, w.attempt.State, err)
	}
	defer p.boundary("session stored")
	return p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, w.ref.Invoice)
		if err != nil {
			return err
		}
		if l.Live == nil || l.Live.ID != w.attempt.ID {
			return nil // ended meanwhile, by a process that was given the same session under the same key
		}
		a, now := *l.Live, l.Clock.Now(p.Now())
		a.StripeSession, a.SessionURL, a.ExpiresAt = view.ID, view.URL, &view.ExpiresAt
		a.State, a.Since = remit.AttemptRequiresAction, now
		if err := tx.SaveAttempt(ctx, l, &a); err != nil {
			return err
		}
		if err := tx.RememberSession(ctx, view.ID); err != nil {
			return err
		}
		if err := tx.Plan(ctx, l, remit.AgendaPoll, a.ID, now.Add(remit.NextPoll(a.Kind, a.State, 0)), "Ask Stripe about the open checkout"); err != nil {
			return err
		}
		w.attempt = a
		return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
			Kind: "checkout_opened", Actor: a.Actor, What: fmt.Sprintf("A hosted checkout is open, attempt %d.", a.Number) + keepsWords(params.Save),
			Why:       remit.Why{Rule: "a checkout is an attempt", Version: "1"},
			StripeIDs: []string{view.ID}, Data: map[string]any{"attempt": a.Number, "expires_at": view.ExpiresAt, "keeps": params.Save},
		})
	})
}

// keepsWords say that what is paid with is kept, to follow a sentence: "" where it is not.
func keepsWords(keeps bool) string {
	if !keeps {
		return ""
	}
	return " What is paid with there is kept, as who opened it agreed."
}

// settleSession reads a session's fate.
func (p *Payments) settleSession(ctx context.Context, w *work, s gateway.SessionView) error {
	var intent remit.IntentView
	if s.PaymentIntent != "" {
		if err := p.adoptIntent(ctx, w, s.PaymentIntent); err != nil {
			return err
		}
		var err error
		if intent, err = w.link.Stripe.Intent(ctx, s.PaymentIntent); err != nil {
			return p.wait(ctx, w, w.attempt.State, err)
		}
	}
	switch {
	case intent.Status == "succeeded", intent.Status == "processing":
		if err := p.recordView(ctx, w, intent, remit.OutcomeOf(intent, ""), nil); err != nil {
			return err
		}
		if err := p.keepMethods(ctx, w, intent); err != nil {
			p.Logger.WarnContext(ctx, "a saved method was not stored; its event or the next look does", "error", err)
		}
		return nil
	case s.Status == "complete" && intent.Status == "requires_action":
		// Sent off with a bank account that is still to be verified: it takes money
		// as soon as it is, and its payer can cancel it until then.
		return p.pend(ctx, w, remit.AttemptRequiresAction, intent)
	case s.Status == "complete" && (intent.Status == "requires_payment_method" || intent.Status == "canceled") && intent.ErrorCode != "":
		// A canceled one too: whoever canceled it here may have died before he
		// could record why.
		d := decline.Classify(checkoutError(intent), intent.DeclineCode, intent.AdviceCode, methodTypeOf(w, intent))
		return p.cancel(ctx, w, result{state: remit.AttemptFailed, view: intent, refused: &d, intentClosed: true})
	case s.Status == "complete" && intent.Status == "canceled":
		return p.recordView(ctx, w, intent, remit.OutcomeOf(intent, ""), nil)
	case s.Status == "open":
		return p.wait(ctx, w, remit.AttemptRequiresAction, nil)
	case s.Status == "expired" && (intent.ID == "" || intent.Status == "canceled"):
		return p.record(ctx, w, result{state: remit.AttemptCanceled, view: intent, intentClosed: true, why: "The checkout was closed unpaid."})
	case s.Status == "expired", s.Status == "complete" && intent.Status == "requires_payment_method":
		return p.cancel(ctx, w, result{state: remit.AttemptCanceled, intentClosed: true, why: "The checkout was closed unpaid."})
	default:
		return p.wait(ctx, w, w.attempt.State, nil)
	}
}

// checkoutError is why a payment failed that a payer had sent off: by the bank, or
// because its account was never verified.
func checkoutError(intent remit.IntentView) string {
	if strings.HasPrefix(intent.ErrorCode, "payment_method_microdeposit_") {
		return "bank_account_unverified"
	}
	return intent.ErrorCode
}

// methodTypeOf is what a checkout was paid with: nobody knows before it is sent off.
func methodTypeOf(w *work, intent remit.IntentView) string {
	switch {
	case intent.Method != nil:
		return intent.Method.Type
	case w.attempt.Method == nil && w.attempt.NextAction != "": // deposits were awaited
		return gateway.TypeBankAccount
	}
	return w.methodType()
}

// closeSession ends an open checkout for a payment that takes its place. If the
// payer was quicker, what he paid is recorded; where neither is known, the other
// payment has to wait.
func (p *Payments) closeSession(ctx context.Context, ref remit.InvoiceRef, attempt remit.Attempt) error {
	w, err := p.load(ctx, ref, attempt.ID)
	if err != nil {
		return err
	}
	if !w.attempt.State.Live() {
		return nil
	}
	if w.link, err = p.Connector.At(ctx, ref.Tenant, w.payment.Account, w.payment.Livemode); err != nil {
		if isUnreachable(err) {
			return inFlight()
		}
		return err
	}
	if w.attempt.StripeSession == "" {
		// Its create may have been lost on the way: it is repeated as it was
		// before any other way to pay opens.
		if err := p.mint(ctx, w); err != nil {
			return err
		}
		if w.attempt.StripeSession == "" {
			return inFlight()
		}
	}
	view, err := w.link.Stripe.ExpireSession(ctx, w.nextKey("expire"), w.attempt.StripeSession)
	p.boundary("session expired")
	if err != nil {
		if view, err = w.link.Stripe.Session(ctx, w.attempt.StripeSession); err != nil {
			return inFlight()
		}
	}
	if err := p.settleSession(ctx, w, view); err != nil {
		return err
	}
	if w, err = p.load(ctx, ref, attempt.ID); err != nil {
		return err
	}
	if w.attempt.State.Live() {
		return inFlight() // the payer is paying there at this moment
	}
	return nil
}

// adoptIntent stores the intent that was made for the payment: by its create, or
// by a session when the payer submitted. It touches nothing else of the payment,
// which another process may have taken further meanwhile.
func (p *Payments) adoptIntent(ctx context.Context, w *work, intent string) error {
	if w.payment.PaymentIntent == intent {
		return nil
	}
	w.payment.PaymentIntent = intent
	return p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error { return tx.OwnIntent(ctx, w.payment.ID, intent) })
}

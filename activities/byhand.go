package activities

import (
	"context"
	"fmt"
	"time"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// doubt notes on a live attempt whether anything is known of it, and reports
// that a person is to be asked to look in Stripe from now on.
func doubt(a *remit.Attempt, cause error, now time.Time) (look bool) {
	if cause == nil && a.State != remit.AttemptConfirming {
		a.UnknownSince, a.LookSince = nil, nil
		return false
	}
	if a.UnknownSince == nil {
		a.UnknownSince = &now
	}
	if a.LookSince != nil || !remit.LookDue(*a.UnknownSince, wouldNotSay(cause), now) {
		return false
	}
	a.LookSince = &now
	return true
}

// wouldNotSay reports that Stripe answered, and that asking again is unlikely to
// bring another answer: it does not know the object, or the keys.
func wouldNotSay(cause error) bool {
	return cause != nil && (isUnreachable(cause) || gateway.MeaningOf(cause) == gateway.Stop)
}

// settleByHand takes a person's word for what became of an attempt of which
// Stripe does not tell Remit anything, the one other way out of an unknown
// outcome (M3). Stripe is asked once more before.
func (p *Payments) settleByHand(ctx context.Context, ref remit.InvoiceRef, stored postgres.StoredRequest) (remit.RequestResult, error) {
	return decodeAnd(stored, func(in remit.SettleRequest) (remit.RequestResult, error) {
		if !in.Back() { // else there is nobody to ask
			if err := p.settleLive(ctx, ref); err != nil {
				return remit.RequestResult{}, err
			}
			p.boundary("asked once more")
		}
		r := reservation{ref: ref, stored: stored, in: remit.PayRequest{Permit: in.Permit}}
		for range 3 {
			if err := p.decide(ctx, &r); err != nil {
				return remit.RequestResult{}, err
			}
			result, moved, err := p.settleAs(ctx, &r, in)
			if err == nil && !moved && in.Back() && !in.WentBack {
				err = p.closeOverpaying(ctx, ref)
			}
			if err != nil || !moved {
				return result, err
			}
			r.strict = true
		}
		return remit.RequestResult{}, remit.Conflict(remit.CodeConflict, "This changed meanwhile. Check, send again.")
	})
}

func (p *Payments) settleAs(ctx context.Context, r *reservation, in remit.SettleRequest) (result remit.RequestResult, moved bool, err error) {
	var ended *remit.Attempt
	err = p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, r.ref.Invoice)
		if err != nil {
			return err
		}
		again, err := tx.Request(ctx, r.ref.Invoice, r.stored.ID)
		if err != nil {
			return err
		}
		if again.Result != nil { // carried out, or whoever asked was told that it would not be
			result = *again.Result
			return nil
		}
		if moved, err = p.policyMoved(ctx, tx, r); err != nil || moved {
			return err
		}
		if in.Back() {
			if result, err = p.bookBack(ctx, tx, l, r.stored.Actor, in); err != nil {
				return err
			}
			return tx.EndRequest(ctx, r.stored.ID, result)
		}
		payment, err := unknownPayment(ctx, tx, l, in)
		if err != nil {
			return err
		}
		if ended, err = p.bookWord(ctx, tx, l, payment, r.stored.Actor, in); err != nil {
			return err
		}
		result = attempted(ended)
		return tx.EndRequest(ctx, r.stored.ID, result)
	})
	p.boundary("settled by hand")
	if err == nil && ended != nil && p.Ended != nil {
		p.Ended(*ended)
	}
	return result, moved, err
}

// unknownPayment is the payment that a person speaks of, if nobody but a person
// can say what became of it.
func unknownPayment(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, in remit.SettleRequest) (remit.Payment, error) {
	payment, err := tx.Payment(ctx, in.Payment)
	if err != nil {
		return payment, err
	}
	switch {
	case payment.InvoiceID != l.ID:
		return payment, remit.NotFound()
	case l.Live == nil || l.Live.PaymentID != payment.ID:
		return payment, remit.Conflict(remit.CodeConflict, "What became of this payment is known by now. Nothing was changed.")
	case l.Live.LookSince == nil:
		return payment, remit.Conflict(remit.CodeConflict, "Stripe is still being asked about this payment. It is nobody's to decide yet.")
	case !in.Charged || payment.PaymentIntent != "":
		return payment, nil
	case in.PaymentIntent == "":
		return payment, remit.Invalid("payment_intent", "Enter the id of the payment at Stripe: it begins with pi_.")
	}
	other, err := tx.PaymentByIntent(ctx, payment.Account, in.PaymentIntent)
	if err == nil && other != nil {
		err = remit.Invalid("payment_intent", "This is the id of another payment.")
	}
	return payment, err
}

// bookWord records what a person saw: money that was charged is booked like any,
// under the payment's one key, so that an event that comes late books nothing
// more. Where nothing was charged the invoice may be paid anew; should Stripe say
// otherwise one day, that money is booked then (M9).
func (p *Payments) bookWord(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment remit.Payment, actor remit.Actor, in remit.SettleRequest) (*remit.Attempt, error) {
	a, now, known := *l.Live, l.Clock.Now(p.Now()), payment.PaymentIntent
	payment.ByHand = true
	r := result{state: remit.AttemptFailed, intentClosed: true}
	if in.Charged {
		amount, err := money.Of(a.Amount+a.Surcharge, money.Currency(payment.Currency)).Stripe()
		if err != nil {
			return nil, fmt.Errorf("an attempt's amount: %w", err)
		}
		r.state = remit.AttemptSucceeded
		r.view = remit.IntentView{ID: in.PaymentIntent, AmountReceived: amount, Currency: money.Currency(payment.Currency).Stripe(), LatestCharge: in.Charge}
		if r.view.ApplicationFee, err = money.Of(payment.ApplicationFee, money.Currency(payment.Currency)).Stripe(); err != nil {
			return nil, fmt.Errorf("what the platform took: %w", err)
		}
		if payment.PaymentIntent != "" {
			r.view.ID = payment.PaymentIntent
		}
	}
	takeOver(&a, &payment, r, now)
	entries := []remit.TimelineEntry{settledEntry(a, payment, actor, in)}
	applied := l.Applied
	if in.Charged {
		payment.SettledAt = a.EndedAt
		booked, err := p.bookCapture(ctx, tx, l, &payment, a, r.view)
		if err != nil {
			return nil, err
		}
		entries = append(entries, booked...)
	}
	if err := tx.SaveAttempt(ctx, l, &a); err != nil {
		return nil, err
	}
	if err := savePayment(ctx, tx, known, payment); err != nil {
		return nil, err
	}
	if l.Applied > applied {
		words, err := p.afterMoney(ctx, tx, l, payment, a.Method)
		if err != nil {
			return nil, err
		}
		entries = append(entries, words...)
	}
	if err := tx.Done(ctx, remit.AgendaPoll, a.ID, now); err != nil {
		return nil, err
	}
	if !in.Charged {
		if err := planDoubted(ctx, tx, l, a, now); err != nil {
			return nil, err
		}
	}
	return &a, p.closeBooks(ctx, tx, l, entries)
}

// planDoubted plans the next look at an attempt that is said to have charged
// nothing, or none where a month has passed.
func planDoubted(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Attempt, now time.Time) error {
	if now.Sub(*a.EndedAt) >= remit.DoubtedFor {
		return tx.Done(ctx, remit.AgendaPoll, a.ID, now)
	}
	return tx.Plan(ctx, l, remit.AgendaPoll, a.ID, now.Add(remit.DoubtedPoll), fmt.Sprintf("Ask Stripe whether attempt %d was charged after all", a.Number))
}

// pollDoubted plans the look after the one that was due now.
func (p *Payments) pollDoubted(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow) (again bool, err error) {
	a, err := tx.Attempt(ctx, row.ObjectID)
	if remit.IsCode(err, remit.CodeNotFound) {
		return false, nil
	}
	if err != nil || a.State != remit.AttemptFailed {
		return false, err
	}
	payment, err := tx.Payment(ctx, a.PaymentID)
	if err != nil || !payment.ByHand {
		return false, err
	}
	return true, planDoubted(ctx, tx, l, a, l.Clock.Now(p.Now()))
}

func lookEntry(a remit.Attempt, payment remit.Payment, cause error) remit.TimelineEntry {
	return remit.TimelineEntry{
		Kind: "look", Actor: remit.System, StripeIDs: idsOf(payment.PaymentIntent, a.StripeSession),
		What: fmt.Sprintf("Stripe does not say whether attempt %d was charged (%s). Somebody who may refund is asked to look in Stripe.", a.Number, unknownWords(cause)),
		Why:  remit.Why{Rule: "an unknown outcome blocks", Version: "1"}, Data: map[string]any{"attempt": a.Number, "state": string(a.State)},
	}
}

func settledEntry(a remit.Attempt, payment remit.Payment, actor remit.Actor, in remit.SettleRequest) remit.TimelineEntry {
	saw := "was not charged"
	if in.Charged {
		saw = "was charged"
	}
	return remit.TimelineEntry{
		Kind: "settled", Actor: actor, What: sentence(fmt.Sprintf("%s looked in Stripe: attempt %d %s. Reason: %s", actorName(actor), a.Number, saw, in.Reason)),
		Why:       remit.Why{Rule: "a person settles what Stripe does not tell", Version: "1"},
		StripeIDs: idsOf(payment.PaymentIntent, in.Charge, a.StripeSession),
		Data:      map[string]any{"attempt": a.Number, "state": string(a.State), "charged": in.Charged, "reason": in.Reason, "payment": payment.ID.String()},
	}
}

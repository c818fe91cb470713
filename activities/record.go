package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// result is what an attempt came to.
type result struct {
	state        remit.AttemptState
	view         remit.IntentView
	refused      *decline.Decline
	follows      string // what follows a refusal, in a sentence: see [Payments.afterFailure]
	intentClosed bool
	why          string       // for a canceled attempt
	actor        *remit.Actor // who canceled it; nil for nobody
}

// recordView records what an intent says, or keeps waiting where it says
// nothing about this attempt.
func (p *Payments) recordView(ctx context.Context, w *work, view remit.IntentView, outcome remit.Outcome, refused *decline.Decline) error {
	if !outcome.Known {
		return p.wait(ctx, w, remit.AttemptConfirming, nil)
	}
	switch outcome.State {
	case remit.AttemptRequiresAction:
		if w.attempt.Kind == remit.AttemptCharge {
			// The payer of a charge is away: nobody would ever take that action.
			code := "authentication_required"
			if w.methodType() == gateway.TypeBankAccount {
				code = "bank_account_unverified"
			}
			d := decline.Classify(code, "", "", w.methodType())
			return p.cancel(ctx, w, result{state: remit.AttemptFailed, refused: &d})
		}
		return p.pend(ctx, w, outcome.State, view)
	case remit.AttemptProcessing, remit.AttemptConfirming, remit.AttemptCreated:
		return p.pend(ctx, w, outcome.State, view)
	case remit.AttemptFailed:
		if refused == nil {
			d := decline.Classify(view.ErrorCode, view.DeclineCode, view.AdviceCode, w.methodType())
			refused = &d
		}
		return p.record(ctx, w, result{state: outcome.State, view: view, refused: refused})
	case remit.AttemptCanceled, remit.AttemptSucceeded:
		return p.record(ctx, w, result{state: outcome.State, view: view, intentClosed: true, why: "The payment was canceled at Stripe."})
	}
	return fmt.Errorf("an outcome of %q", outcome.State)
}

// record writes the end of an attempt: attempt, payment, ledger, work item,
// agenda and timeline in one transaction (M2, step 5). Recording what is
// recorded already changes nothing.
func (p *Payments) record(ctx context.Context, w *work, r result) error {
	var ended bool
	err := p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, w.ref.Invoice)
		if err != nil {
			return err
		}
		a, err := tx.Attempt(ctx, w.attempt.ID)
		if err != nil {
			return err
		}
		payment, err := tx.Payment(ctx, a.PaymentID)
		if err != nil {
			return err
		}
		if !a.State.Climbs(r.state) {
			return nil
		}
		if another, err := isAnothers(ctx, tx, a); err != nil || another {
			return err
		}
		if err := lockRefused(ctx, tx, a.Method, r.refused); err != nil {
			return err
		}
		now, known, was := l.Clock.Now(p.Now()), payment.PaymentIntent, a.State
		takeOver(&a, &payment, r, now)
		applied := l.Applied
		entries, err := p.endAndTell(ctx, tx, l, was, &a, &payment, r)
		if err != nil {
			return err
		}
		if err := tx.SaveAttempt(ctx, l, &a); err != nil {
			return err
		}
		if err := savePayment(ctx, tx, known, payment); err != nil {
			return err
		}
		if l.Applied > applied {
			words, err := p.afterMoney(ctx, tx, l, payment, a.Method)
			if err != nil {
				return err
			}
			entries = append(entries, words...)
		}
		if err := tx.Done(ctx, remit.AgendaPoll, a.ID, now); err != nil {
			return err
		}
		if err := w.keepCard(ctx, tx, a); err != nil {
			return err
		}
		w.attempt, w.payment, ended = a, payment, true
		return p.closeBooks(ctx, tx, l, entries)
	})
	p.boundary("recorded")
	if err == nil && ended {
		p.ended(ctx, w)
	}
	return err
}

// isAnothers says that a late success is that of the intent's last attempt, which is not
// this one.
func isAnothers(ctx context.Context, tx *postgres.Tx, a remit.Attempt) (bool, error) {
	if a.State.Live() {
		return false, nil
	}
	last, err := tx.LastAttempt(ctx, a.PaymentID)
	return last.ID != a.ID, err
}

// savePayment writes a payment. Where its intent was not known until now, as a
// checkout's, the events are looked at that overtook its end.
func savePayment(ctx context.Context, tx *postgres.Tx, known string, payment remit.Payment) error {
	if err := tx.SavePayment(ctx, payment); err != nil || known != "" || payment.PaymentIntent == "" {
		return err
	}
	return tx.ReviveEvents(ctx, payment.Account, payment.PaymentIntent, payment.InvoiceID)
}

// takeOver notes on attempt and payment what Stripe said of the end.
func takeOver(a *remit.Attempt, payment *remit.Payment, r result, now time.Time) {
	a.State, a.Since, a.EndedAt, a.NextAction = r.state, now, &now, ""
	payment.State, payment.IntentClosed = r.state, payment.IntentClosed || r.intentClosed
	if payment.PaymentIntent == "" {
		payment.PaymentIntent = r.view.ID
	}
	if r.view.LatestCharge != "" {
		a.Charge, payment.Charge = r.view.LatestCharge, r.view.LatestCharge
	}
	if r.view.Method != nil && a.Method == nil {
		a.Method = r.view.Method
	}
}

// ending books what the end of an attempt means and tells it to the timeline. was is
// the state it was in.
func (p *Payments) ending(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, was remit.AttemptState, a *remit.Attempt, payment *remit.Payment, r *result) ([]remit.TimelineEntry, error) {
	switch r.state {
	case remit.AttemptSucceeded:
		payment.SettledAt = a.EndedAt
		if byItself(*a) {
			l.Collection = remit.Collection{} // of a deposit; the rest has a date of its own
		}
		if err := tx.TrySucceeded(ctx, a.ID); err != nil {
			return nil, err
		}
		return p.bookCapture(ctx, tx, l, payment, *a, r.view)
	case remit.AttemptFailed:
		a.Decline = &remit.DeclineRecord{
			Class: string(r.refused.Class), Code: r.refused.Code, Message: r.refused.PayerMessage(), Hard: r.refused.Hard,
			Rule: string(r.refused.Rule), Version: r.refused.Version,
		}
		next, follows, err := p.afterFailure(ctx, tx, l, *a, *r.refused, r.view)
		if err != nil {
			return nil, err
		}
		r.follows = follows
		entries := append([]remit.TimelineEntry{declinedEntry(l, *a, *r, *payment)}, next...)
		if !forbids(r.refused) {
			return entries, nil
		}
		locked, err := p.lockDebited(ctx, tx, l, *a, *r.refused, r.refused.Rule == decline.RuleNewMandate)
		return append(entries, locked...), err
	default:
		next, err := p.afterCancel(ctx, tx, l, was, *a, *r)
		return append([]remit.TimelineEntry{canceledEntry(l, *a, *r, *payment)}, next...), err
	}
}

// bookCapture books captured money: applied as far as the invoice owes, the
// rest as excess (M9).
func (p *Payments) bookCapture(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment *remit.Payment, a remit.Attempt, view remit.IntentView) ([]remit.TimelineEntry, error) {
	received, err := money.FromStripe(view.AmountReceived, view.Currency)
	if err != nil {
		return nil, fmt.Errorf("read the amount Stripe captured: %w", err)
	}
	payment.AmountCaptured = received.Minor
	if took, err := money.FromStripe(view.ApplicationFee, view.Currency); err == nil {
		payment.ApplicationFee = took.Minor // whatever was meant: it is what can go back
	}
	// Never more than the attempt was for: what else came in nobody agreed to.
	owed := min(l.Outstanding, a.Amount)
	if string(received.Currency) != l.Currency {
		owed = 0 // another currency pays nothing here; it is excess to be looked at
	}
	// Of money that pays nothing here the fee is excess too, and goes back with it.
	fee := money.Share(a.Surcharge, min(owed, a.Amount), a.Amount)
	fee -= fee % money.ChargeStep(money.Currency(l.Currency))
	entry := ledger.Capture(ledger.Received{
		Invoice: l.ID, Payment: payment.ID, Currency: string(received.Currency), Amount: received.Minor, Surcharge: fee, Outstanding: owed,
	})
	before, owedBefore := l.Invoice, l.Outstanding
	booked, err := tx.Book(ctx, l, entry)
	if err != nil || !booked {
		return nil, err
	}
	ids := []string{view.ID, view.LatestCharge}
	what := fmt.Sprintf("%s was paid%s%s.", money.Of(entry.Applied(), received.Currency), byMethod(a.Method), feeWords(fee, l.Currency))
	if l.Outstanding > 0 {
		what = fmt.Sprintf("%s was paid%s%s; %s is left.", money.Of(entry.Applied(), received.Currency), byMethod(a.Method), feeWords(fee, l.Currency), money.Of(l.Outstanding, money.Currency(l.Currency)))
	}
	entries := []remit.TimelineEntry{{
		Kind: "paid", Actor: a.Actor, What: what, Why: remit.Why{Rule: "the ledger decides", Version: "1"}, StripeIDs: ids,
		Data: map[string]any{"attempt": a.Number, "amount": entry.Applied(), "surcharge": fee, "captured": received.Minor, "payment": payment.ID.String()},
	}}
	if excess := entry.Excess(); excess > 0 {
		kept, err := p.keepExcess(ctx, tx, l, surplus{
			payment: payment, currency: string(received.Currency), amount: excess, reason: remit.ReasonForExcess(before, string(received.Currency), owedBefore),
			ids: ids, data: map[string]any{"attempt": a.Number, "captured": received.Minor},
		})
		if err != nil {
			return nil, err
		}
		if entries = append(entries, kept); entry.Applied() == 0 {
			entries = entries[1:]
		}
	}
	return entries, nil
}

// closeBooks brings work item and agenda in line with the invoice and saves it.
func (p *Payments) closeBooks(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, entries []remit.TimelineEntry) error {
	return closeBooks(ctx, tx, l, p.Now(), entries)
}

func closeBooks(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time, entries []remit.TimelineEntry) error {
	now := l.Clock.Now(real)
	ordered, err := orderAfter(ctx, tx, l, real)
	if err != nil {
		return err
	}
	entries = append(entries, ordered...)
	waived, err := waiveRest(ctx, tx, l)
	if err != nil {
		return err
	}
	entries = append(entries, waived...)
	if l.Settings.Approvals.Above != nil {
		lapsed, err := lapseApprovals(ctx, tx, l, now)
		if err != nil {
			return err
		}
		entries = append(entries, lapsed...)
	}
	item, reason := remit.WorkItemOpen, ""
	switch {
	case l.VoidedAt != nil:
		item, reason = remit.WorkItemCancelled, "The invoice was cancelled."
	case l.WroteOff:
		item, reason = remit.WorkItemCancelled, "The invoice was closed."
	case l.CarriedOut > 0 && l.Outstanding == 0:
		item, reason = remit.WorkItemCancelled, "What was left of it is billed with a newer invoice."
	case l.SentAt != nil && l.Outstanding == 0:
		item, reason = remit.WorkItemDone, "The invoice is paid."
	case l.Live != nil:
		item = remit.WorkItemPaying
	}
	if _, err := tx.SettleWorkItem(ctx, l, item, reason, now); err != nil {
		return err
	}
	if !item.Live() {
		if err := tx.DoneAll(ctx, l.ID, now, remit.AgendaOverdue, remit.AgendaNotice, remit.AgendaLateFee); err != nil {
			return err
		}
	}
	if err := KeepCharge(ctx, tx, l, real); err != nil {
		return err
	}
	if item == remit.WorkItemOpen && l.SentAt != nil {
		if err := PlanNotice(ctx, tx, l, real); err != nil {
			return err
		}
	}
	if item == remit.WorkItemOpen && l.SentAt != nil && !l.Contests && !l.Overdue && !l.Order() && !now.Before(remit.OverdueAt(l.DueDate, l.Zone)) {
		// Its time came while money was on its way, which is not overdue (M7).
		l.Overdue = true
		entries = append(entries, overdueEntry(l))
	}
	return tx.SaveInvoice(ctx, l, real, entries...)
}

// pend records that an attempt is alive in one of the middle states.
func (p *Payments) pend(ctx context.Context, w *work, state remit.AttemptState, view remit.IntentView) error {
	w.attempt.NextAction = view.NextActionURL
	if w.attempt.Method == nil {
		w.attempt.Method = view.Method
	}
	return p.wait(ctx, w, state, nil)
}

// wait leaves an attempt alive and plans the next look at it. cause, if any, is
// why nothing is known yet.
func (p *Payments) wait(ctx context.Context, w *work, state remit.AttemptState, cause error) error {
	return p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, w.ref.Invoice)
		if err != nil {
			return err
		}
		if l.Live == nil || l.Live.ID != w.attempt.ID {
			return nil
		}
		a, now := *l.Live, l.Clock.Now(p.Now())
		changed := a.State != state && a.State.Climbs(state)
		if changed {
			a.State, a.Since, a.Polls = state, now, 0
		}
		a.NextAction = w.attempt.NextAction
		if a.Method == nil {
			a.Method = w.attempt.Method
		}
		look := doubt(&a, cause, now)
		at := now.Add(remit.NextPoll(a.Kind, a.State, a.Polls))
		if a.ExpiresAt != nil && at.After(*a.ExpiresAt) && a.ExpiresAt.After(now) {
			at = a.ExpiresAt.Add(remit.NextPoll(remit.AttemptCharge, a.State, 1))
		}
		a.Polls++
		if err := tx.SaveAttempt(ctx, l, &a); err != nil {
			return err
		}
		if err := tx.Plan(ctx, l, remit.AgendaPoll, a.ID, at, pollWords(a)); err != nil {
			return err
		}
		w.attempt = a
		payment, err := tx.Payment(ctx, a.PaymentID)
		if err != nil {
			return err
		}
		payment.State = a.State
		if err := tx.SavePayment(ctx, payment); err != nil {
			return err
		}
		var entries []remit.TimelineEntry
		if changed || cause != nil && a.Polls == 1 {
			entries = append(entries, waitingEntry(l, a, cause))
		}
		if look {
			entries = append(entries, lookEntry(a, payment, cause))
		}
		return p.closeBooks(ctx, tx, l, entries)
	})
}

// intentCanceled notes that Stripe has canceled an earlier payment's intent.
func (p *Payments) intentCanceled(ctx context.Context, ref remit.InvoiceRef, payment uuid.UUID) error {
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		stored, err := tx.Payment(ctx, payment)
		if err != nil || stored.IntentClosed {
			return err
		}
		stored.IntentClosed = true
		if stored.State != remit.AttemptFailed {
			stored.State = remit.AttemptCanceled
		}
		if err := tx.SavePayment(ctx, stored); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
			Kind: "intent_canceled", Actor: remit.System, What: "The earlier payment was canceled at Stripe.",
			Why: remit.Why{Rule: "one open intent", Version: "1"}, StripeIDs: []string{stored.PaymentIntent},
			Data: map[string]any{"payment": stored.ID.String()},
		})
	})
}

// recordLate records a success of a payment whose last attempt was thought to
// be over.
func (p *Payments) recordLate(ctx context.Context, ref remit.InvoiceRef, payment uuid.UUID, view remit.IntentView) error {
	var last *remit.Attempt
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		payments, err := tx.Payments(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		for _, stored := range payments {
			if stored.ID == payment && len(stored.Attempts) > 0 {
				last = &stored.Attempts[len(stored.Attempts)-1]
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if last == nil {
		return fmt.Errorf("payment %s has no attempt", payment)
	}
	w, err := p.load(ctx, ref, last.ID)
	if err != nil {
		return err
	}
	return p.recordView(ctx, w, view, remit.OutcomeOf(view, ""), nil)
}

// unknownWords says why nothing is known yet, for staff.
func unknownWords(cause error) string {
	if failure, ok := errors.AsType[*gateway.Failure](cause); ok {
		return failure.Error()
	}
	return "no answer from Stripe"
}

package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// change carries out a request that changes what an invoice owes, collected or
// may do, in one transaction.
func (p *Payments) change(ctx context.Context, ref remit.InvoiceRef, stored postgres.StoredRequest) (remit.RequestResult, error) {
	if stored.Kind == remit.RequestVoid || stored.Kind == remit.RequestRecordPayment {
		if err := p.closeOpenCheckout(ctx, ref); err != nil {
			return remit.RequestResult{}, err
		}
	}
	if stored.Kind == remit.RequestVoid {
		if err := p.closeOpenIntents(ctx, ref, stored.ID); err != nil {
			return remit.RequestResult{}, err
		}
	}
	if stored.Kind == remit.RequestWindDown {
		_, err := decodeAnd(stored, func(in remit.WindDownRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.windDown(ctx, ref, stored, in)
		})
		if err != nil {
			return remit.RequestResult{}, err
		}
	}
	var result remit.RequestResult
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		// Whoever asked may have been told that nothing would happen any more.
		again, err := tx.Request(ctx, ref.Invoice, stored.ID)
		if err != nil {
			return err
		}
		if again.Result != nil {
			result = *again.Result
			return nil
		}
		if result, err = p.apply(ctx, tx, l, stored); err != nil {
			return err
		}
		return tx.EndRequest(ctx, stored.ID, result)
	})
	p.boundary("changed")
	return result, err
}

func (p *Payments) apply(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, stored postgres.StoredRequest) (remit.RequestResult, error) {
	switch stored.Kind {
	case remit.RequestVoid:
		return decodeAnd(stored, func(in remit.ReasonRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.void(ctx, tx, l, stored.Actor, in.Reason)
		})
	case remit.RequestHold:
		return decodeAnd(stored, func(in remit.ReasonRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.hold(ctx, tx, l, stored.Actor, in.Reason)
		})
	case remit.RequestLiftHold:
		return remit.RequestResult{}, p.liftHold(ctx, tx, l, stored.Actor)
	case remit.RequestRecordPayment:
		return decodeAnd(stored, func(in remit.RecordRequest) (remit.RequestResult, error) {
			return p.recordTransfer(ctx, tx, l, stored, in)
		})
	case remit.RequestAmend:
		return decodeAnd(stored, func(in remit.AmendRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.amend(ctx, tx, l, stored, in)
		})
	case remit.RequestReverseLateFee:
		return decodeAnd(stored, func(in remit.LateFeeRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.reverseLateFee(ctx, tx, l, stored.Actor, in)
		})
	case remit.RequestAutoCharge:
		return decodeAnd(stored, func(in remit.AutoChargeRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.switchCharge(ctx, tx, l, stored.Actor, in.On)
		})
	case remit.RequestCharge:
		return remit.RequestResult{}, p.chargeAsked(ctx, tx, l, stored.Actor)
	case remit.RequestRunScript:
		return remit.RequestResult{}, p.planScripts(ctx, tx, l, stored.Actor)
	case remit.RequestResolveExcess:
		return decodeAnd(stored, func(in remit.ExcessRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.decideExcess(ctx, tx, l, stored, in)
		})
	case remit.RequestUseCredit:
		return decodeAnd(stored, func(in remit.CreditRequest) (remit.RequestResult, error) {
			return remit.RequestResult{}, p.payFromCredit(ctx, tx, l, stored, in)
		})
	case remit.RequestWindDown:
		return decodeAnd(stored, func(in remit.WindDownRequest) (remit.RequestResult, error) {
			if in.Again {
				return remit.RequestResult{}, nil // told before
			}
			return remit.RequestResult{}, p.woundDown(ctx, tx, l, in)
		})
	case remit.RequestPay, remit.RequestCheckout, remit.RequestRefund, remit.RequestSettle, remit.RequestCancel:
	}
	return remit.RequestResult{}, fmt.Errorf("a request of the unknown kind %q", stored.Kind)
}

// closeOpenCheckout ends a hosted checkout that the change would make wrong.
func (p *Payments) closeOpenCheckout(ctx context.Context, ref remit.InvoiceRef) error {
	var live *remit.Attempt
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err == nil {
			live = l.Live
		}
		return err
	})
	if err != nil || live == nil {
		return err
	}
	if live.Kind != remit.AttemptCheckout {
		return inFlight()
	}
	return p.closeSession(ctx, ref, *live)
}

// closeOpenIntents has Stripe cancel what earlier tries left open on an invoice
// that is about to be voided: a declined intent can still be confirmed there.
// One that turns out to be charged is recorded, and then forbids the void. An
// account whose keys are gone holds no void up; money that comes from there all
// the same is kept as excess (M9).
func (p *Payments) closeOpenIntents(ctx context.Context, ref remit.InvoiceRef, request uuid.UUID) error {
	var open []remit.Payment
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil || l.VoidedAt != nil || billedElsewhere(l) {
			return err
		}
		if credit, err := tx.CreditUsed(ctx, l.ID); err != nil || l.Applied > credit {
			return err // it will not be voided, so nothing of it is touched
		}
		payments, err := tx.Payments(ctx, ref.Invoice)
		for _, payment := range payments {
			if payment.PaymentIntent != "" && !payment.IntentClosed {
				open = append(open, payment)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, payment := range open {
		err := p.closeIntent(ctx, ref, request, payment)
		if errors.Is(err, errKeysGone) {
			p.Logger.WarnContext(ctx, "an intent stays open at an account whose keys are gone", "payment", payment.ID)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// void cancels an invoice on which no money was paid. What its customer's credit
// paid is his credit again, and what was carried onto it is owed where it was before.
func (p *Payments) void(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor, reason string) error {
	switch {
	case l.Live != nil:
		return inFlight()
	case l.VoidedAt != nil:
		return remit.Conflict(remit.CodeConflict, "This invoice is cancelled already.")
	case l.Contests:
		return remit.Conflict(remit.CodeConflict, "A bank is reviewing a payment of this invoice. Wait for its decision.")
	}
	if err := carriedAway(ctx, tx, l); err != nil {
		return err
	}
	credit, err := tx.CreditUsed(ctx, l.ID)
	if err != nil {
		return err
	}
	if l.Applied > credit {
		return remit.Conflict(remit.CodeConflict, "%s was paid on it. Refund that first.", money.Of(l.Applied-credit, money.Currency(l.Currency)))
	}
	now := l.Clock.Now(p.Now())
	l.VoidedAt = &now
	var entries []remit.TimelineEntry
	if credit > 0 {
		if _, err := tx.Book(ctx, l, ledger.ReturnCredit(l.ID, l.Currency, credit)); err != nil {
			return err
		}
		entries = append(entries, remit.TimelineEntry{
			Kind: "credit_returned", Actor: actor, What: fmt.Sprintf("%s is %s's credit again.", money.Of(credit, money.Currency(l.Currency)), l.CustomerName),
			Why: remit.Why{Rule: "what a cancelled invoice used of a credit comes back", Version: "1"}, Data: map[string]any{"amount": credit},
		})
	}
	back, err := p.carryBack(ctx, tx, l, actor)
	if err != nil {
		return err
	}
	entries = append(entries, back...)
	takenBack := l.Billed - l.Applied
	if entry, some := ledger.Void(l.ID, l.Currency, takenBack); some {
		if _, err := tx.Book(ctx, l, entry); err != nil {
			return err
		}
	}
	if err := tx.ClearAgenda(ctx, l.ID, now); err != nil {
		return err
	}
	return p.closeBooks(ctx, tx, l, append(entries, remit.TimelineEntry{
		Kind: "voided", Actor: actor, What: "Cancelled: " + reason, Why: remit.Why{Rule: "nothing paid, nothing on its way", Version: "1"},
		Data: map[string]any{"reason": reason, "amount": takenBack},
	}))
}

func (p *Payments) hold(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor, reason string) error {
	if l.Status.AtRest() && l.Status != remit.InvoiceDraft {
		return remit.Conflict(remit.CodeConflict, "Nothing is to be charged on this invoice.")
	}
	if l.Hold != nil && l.Hold.Kind.Money() {
		return remit.Conflict(remit.CodeConflict, "It is on hold already: %s", l.Hold.Reason)
	}
	entry := holdFor(l, actor, reason, l.Clock.Now(p.Now()))
	if err := PlanNotice(ctx, tx, l, p.Now()); err != nil {
		return err
	}
	return tx.SaveInvoice(ctx, l, p.Now(), entry)
}

// holdFor puts an invoice on hold for a reason, until a person lifts it.
func holdFor(l *postgres.LockedInvoice, actor remit.Actor, reason string, now time.Time) remit.TimelineEntry {
	l.Hold = &remit.Hold{Reason: reason, Kind: remit.HoldPerson, Since: now}
	return remit.TimelineEntry{
		Kind: "hold", Actor: actor, What: "On hold: " + reason + ". It is not charged by itself.", Why: remit.Why{Rule: "a hold stops automatic charges", Version: "1"},
		Data: map[string]any{"reason": reason},
	}
}

func (p *Payments) liftHold(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor) error {
	if l.Hold == nil {
		return remit.Conflict(remit.CodeConflict, "It is not on hold.")
	}
	reason := l.Hold.Reason
	l.Hold = nil
	now := l.Clock.Now(p.Now())
	freedBy(l, actor, now)
	if err := replanCharge(ctx, tx, l, now, now); err != nil {
		return err
	}
	if err := PlanNotice(ctx, tx, l, p.Now()); err != nil {
		return err
	}
	return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
		Kind: "hold_lifted", Actor: actor, What: "The hold was lifted: " + reason, Why: remit.Why{Rule: "a hold stops automatic charges", Version: "1"},
	})
}

// recordTransfer books money that came outside Stripe. More than is owed is
// refused here: the person typing sees both figures.
func (p *Payments) recordTransfer(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, stored postgres.StoredRequest, in remit.RecordRequest) (remit.RequestResult, error) {
	currency := money.Currency(l.Currency)
	if l.Live != nil {
		return remit.RequestResult{}, inFlight()
	}
	if err := remit.TransferFits(l.Invoice, in.Amount); err != nil {
		return remit.RequestResult{}, err
	}
	now := l.Clock.Now(p.Now())
	payment := remit.Payment{
		ID: stored.ID, InvoiceID: l.ID, CustomerID: l.CustomerID, Source: in.Method, Currency: l.Currency, IntentClosed: true,
		Amount: in.Amount, AmountCaptured: in.Amount, State: remit.AttemptSucceeded, Reference: in.Reference, CreatedAt: now, SettledAt: &now,
	}
	if err := tx.InsertPayment(ctx, payment); err != nil {
		return remit.RequestResult{}, err
	}
	entry := ledger.Transfer(ledger.Received{Invoice: l.ID, Payment: payment.ID, Currency: l.Currency, Amount: in.Amount, Outstanding: l.Outstanding})
	if _, err := tx.Book(ctx, l, entry); err != nil {
		return remit.RequestResult{}, err
	}
	words, err := p.afterMoney(ctx, tx, l, payment, nil)
	if err != nil {
		return remit.RequestResult{}, err
	}
	id := payment.ID
	return remit.RequestResult{Payment: &id}, p.closeBooks(ctx, tx, l, append([]remit.TimelineEntry{{
		Kind: "transfer", Actor: stored.Actor, What: fmt.Sprintf("%s came by bank transfer, reference %q.", money.Of(in.Amount, currency), in.Reference),
		Why: remit.Why{Rule: "the ledger decides", Version: "1"}, Data: map[string]any{"amount": in.Amount, "payment": id.String()},
	}}, words...))
}

// amend changes what a sent invoice bills, with a trace. It may not bill less
// than was paid on it, nor move under a payment that is on its way.
func (p *Payments) amend(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, stored postgres.StoredRequest, in remit.AmendRequest) error {
	currency := money.Currency(l.Currency)
	if err := keepAdded(ctx, tx, l.ID, &in); err != nil {
		return err
	}
	switch {
	case l.Live != nil:
		return inFlight()
	case l.VoidedAt != nil:
		return remit.Conflict(remit.CodeConflict, "This invoice is cancelled.")
	case l.Order():
		return remit.Conflict(remit.CodeConflict, "An order is paid as it was made. Cancel it, or refund what was paid.")
	case l.CarriedOut > 0:
		return remit.Conflict(remit.CodeConflict, "A part of this invoice is billed with a newer one; it cannot be amended any more.")
	case l.Billed != l.Total:
		return remit.Conflict(remit.CodeConflict, "A part of this invoice was written off; it cannot be amended any more.")
	case in.Total < l.Applied:
		return remit.Invalid("lines", "%s was paid on it already; it cannot bill %s.", money.Of(l.Applied, currency), money.Of(in.Total, currency))
	}
	before, due, deposit, was := l.Total, l.DueDate, l.Deposit, l.Invoice
	l.Deposit, l.Total, l.Lines, l.Adjustments = in.Deposit, in.Total, in.Lines, in.Adjustments
	if in.DueDate != due {
		l.DueDate, l.Overdue = in.DueDate, false
		l.DueVersion++
		if err := tx.SetWorkItemDue(ctx, l.ID, in.DueDate); err != nil {
			return err
		}
	}
	if entry, some := ledger.Amend(l.ID, l.Currency, amendment(stored.ID), before, in.Total); some {
		if _, err := tx.Book(ctx, l, entry); err != nil {
			return err
		}
	}
	if err := tx.SetContent(ctx, l, [32]byte(in.Fingerprint)); err != nil {
		return err
	}
	movedBy(l, stored.Actor, was, l.Clock.Now(p.Now()))
	entries := []remit.TimelineEntry{{
		Kind: "amended", Actor: stored.Actor,
		What: fmt.Sprintf("Amended from %s due %s%s to %s due %s%s: %s", money.Of(before, currency), due.Words(), deposit.Words(l.Currency),
			money.Of(in.Total, currency), in.DueDate.Words(), l.Deposit.Words(l.Currency), in.Reason),
		Why:  remit.Why{Rule: "a sent invoice is amended with a trace", Version: "1"},
		Data: map[string]any{"before": before, "total": in.Total, "due_date": in.DueDate.String(), "reason": in.Reason},
	}}
	if l.Outstanding > 0 {
		late, err := planOverdue(ctx, tx, l, p.Now())
		if err != nil {
			return err
		}
		if in.DueDate != due || !l.Deposit.Same(deposit) {
			if err := replanCharge(ctx, tx, l, l.Clock.Now(p.Now()), l.Clock.Now(p.Now())); err != nil {
				return err
			}
		}
		entries = append(entries, late...)
		item, err := openItem(ctx, tx, l, p.Now(), stored.Actor)
		if err != nil {
			return err
		}
		entries = append(entries, item...)
	}
	return p.closeBooks(ctx, tx, l, entries)
}

// amendment makes a ledger key's number of a request's id, so that one request
// is booked once.
func amendment(request uuid.UUID) int64 {
	var n int64
	for _, b := range request[8:] {
		n = n<<8 | int64(b)
	}
	return n & (1<<62 - 1)
}

func decodeAnd[T any](stored postgres.StoredRequest, do func(T) (remit.RequestResult, error)) (remit.RequestResult, error) {
	var in T
	if err := json.Unmarshal(stored.Payload, &in); err != nil {
		return remit.RequestResult{}, fmt.Errorf("read a %s request: %w", stored.Kind, err)
	}
	return do(in)
}

func decodePayRequest(stored postgres.StoredRequest, r *reservation) error {
	if err := json.Unmarshal(stored.Payload, &r.in); err != nil {
		return fmt.Errorf("read a pay request: %w", err)
	}
	r.stored = stored
	return nil
}

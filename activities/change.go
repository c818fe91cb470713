package activities

import (
	"context"
	"encoding/json"
	"fmt"

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
	case remit.RequestRunScript:
		return remit.RequestResult{}, p.planScripts(ctx, tx, l, stored.Actor)
	case remit.RequestPay, remit.RequestCheckout:
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

func (p *Payments) void(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor, reason string) error {
	switch {
	case l.Live != nil:
		return inFlight()
	case l.VoidedAt != nil:
		return remit.Conflict(remit.CodeConflict, "This invoice is cancelled already.")
	case l.Applied > 0:
		return remit.Conflict(remit.CodeConflict, "%s was paid on it. Refund that first.", money.Of(l.Applied, money.Currency(l.Currency)))
	}
	now := l.Clock.Now(p.Now())
	l.VoidedAt = &now
	takenBack := l.Billed - l.Applied
	if entry, some := ledger.Void(l.ID, l.Currency, takenBack); some {
		if _, err := tx.Book(ctx, l, entry); err != nil {
			return err
		}
	}
	if err := tx.ClearAgenda(ctx, l.ID, now); err != nil {
		return err
	}
	return p.closeBooks(ctx, tx, l, []remit.TimelineEntry{{
		Kind: "voided", Actor: actor, What: "Cancelled: " + reason, Why: remit.Why{Rule: "nothing paid, nothing on its way", Version: "1"},
		Data: map[string]any{"reason": reason, "amount": takenBack},
	}})
}

func (p *Payments) hold(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor, reason string) error {
	if l.Status.AtRest() && l.Status != remit.InvoiceDraft {
		return remit.Conflict(remit.CodeConflict, "Nothing is to be charged on this invoice.")
	}
	if l.Hold != nil && l.Hold.Kind.Money() {
		return remit.Conflict(remit.CodeConflict, "It is on hold already: %s", l.Hold.Reason)
	}
	l.Hold = &remit.Hold{Reason: reason, Kind: remit.HoldPerson, Since: l.Clock.Now(p.Now())}
	return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
		Kind: "hold", Actor: actor, What: "On hold: " + reason + ". It is not charged by itself.", Why: remit.Why{Rule: "a hold stops automatic charges", Version: "1"},
		Data: map[string]any{"reason": reason},
	})
}

func (p *Payments) liftHold(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor) error {
	if l.Hold == nil {
		return remit.Conflict(remit.CodeConflict, "It is not on hold.")
	}
	reason := l.Hold.Reason
	l.Hold = nil
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
	switch {
	case l.Live != nil:
		return inFlight()
	case l.VoidedAt != nil:
		return remit.Conflict(remit.CodeConflict, "This invoice is cancelled.")
	case in.Total < l.Applied:
		return remit.Invalid("lines", "%s was paid on it already; it cannot bill %s.", money.Of(l.Applied, currency), money.Of(in.Total, currency))
	}
	before, due := l.Total, l.DueDate
	l.Total, l.Lines, l.Adjustments = in.Total, in.Lines, in.Adjustments
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
	entries := []remit.TimelineEntry{{
		Kind: "amended", Actor: stored.Actor,
		What: fmt.Sprintf("Amended from %s due %s to %s due %s: %s", money.Of(before, currency), due, money.Of(in.Total, currency), in.DueDate, in.Reason),
		Why:  remit.Why{Rule: "a sent invoice is amended with a trace", Version: "1"},
		Data: map[string]any{"before": before, "total": in.Total, "due_date": in.DueDate.String(), "reason": in.Reason},
	}}
	if l.Outstanding > 0 {
		late, err := planOverdue(ctx, tx, l, p.Now())
		if err != nil {
			return err
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

package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// StepSetting is the name of the setting that holds the assignee line.
const StepSetting = "work_item_step"

// Send finalises a draft: its total is booked as owed, its work item is made, its
// becoming overdue is put on the agenda, and the mail that brings it to its
// customer into the outbox. What of his others is to be billed with it is carried
// onto it. An invoice of nothing is paid at once and asks nobody for anything.
func Send(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time, actor remit.Actor) error {
	now := l.Clock.Now(real)
	l.SentAt = &now
	entries := []remit.TimelineEntry{{
		Kind: "sent", Actor: actor, What: fmt.Sprintf("Sent: %s is owed, due on %s%s.", money.Of(l.Total, money.Currency(l.Currency)), l.DueDate.Words(), l.Deposit.Words(l.Currency)),
		Why:  remit.Why{Rule: "a sent invoice is owed", Version: "1"},
		Data: map[string]any{"total": l.Total, "due_date": l.DueDate.String()},
	}}
	if entry, some := ledger.Issue(l.ID, l.Currency, l.Total); some {
		if _, err := tx.Book(ctx, l, entry); err != nil {
			return err
		}
	}
	carried, err := carryOnto(ctx, tx, l, real)
	if err != nil {
		return err
	}
	entries = append(entries, carried...)
	if l.Outstanding = l.Billed - l.Applied; l.Outstanding > 0 {
		used, err := UseCredit(ctx, tx, l, "sent/"+l.ID.String(), l.Outstanding, remit.System)
		if err != nil {
			return err
		}
		entries = append(entries, used...)
		waived, err := waiveRest(ctx, tx, l)
		if err != nil {
			return err
		}
		entries = append(entries, waived...)
	}
	if l.Outstanding > 0 {
		late, err := planOverdue(ctx, tx, l, real)
		if err != nil {
			return err
		}
		item, err := openItem(ctx, tx, l, real, actor)
		if err != nil {
			return err
		}
		entries = append(append(entries, item...), late...)
		if err := KeepCharge(ctx, tx, l, real); err != nil {
			return err
		}
		if err := PlanNotice(ctx, tx, l, real); err != nil {
			return err
		}
	}
	mailed, err := postInvoice(l, real)
	if err != nil {
		return err
	}
	entries = slices.Insert(entries, 1, mailed)
	return tx.SaveInvoice(ctx, l, real, entries...)
}

// Process makes the invoice's work item, again where it was closed or never
// made. A live one stays the only one (W7).
func Process(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time, actor remit.Actor) error {
	if err := remit.CollectableNow(l.Invoice); err != nil && !remit.IsCode(err, remit.CodeInFlight) {
		return err
	}
	if l.Order() {
		return remit.Conflict(remit.CodeConflict, "This is an order of the store. Its buyer pays it there, and nobody else is asked to.")
	}
	entries, err := openItem(ctx, tx, l, real, actor)
	if err != nil || len(entries) == 0 {
		return err
	}
	return tx.SaveInvoice(ctx, l, real, entries...)
}

// AssigneeFor is who is asked to pay an invoice: the nearest line at its path
// or above; where there is none, the payers at its own path.
func AssigneeFor(ctx context.Context, tx *postgres.Tx, path string) (remit.Assignee, uuid.UUID, error) {
	own, err := remit.ParsePath(path)
	if err != nil {
		return remit.Assignee{}, uuid.Nil, fmt.Errorf("an invoice's path: %w", err)
	}
	assignee := remit.DefaultAssignee(own)
	if _, _, _, err := tx.Setting(ctx, path, StepSetting, &assignee); err != nil {
		return remit.Assignee{}, uuid.Nil, err
	}
	if assignee.Path.IsZero() {
		assignee.Path = own
	}
	unit, err := tx.UnitAt(ctx, assignee.Path.String())
	if remit.IsCode(err, remit.CodeNotFound) {
		// The line names an organisation that is gone: nobody would be asked, so
		// the invoice's own payers are.
		assignee.Path = own
		unit, err = tx.UnitAt(ctx, path)
	}
	return assignee, unit, err
}

func openItem(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time, actor remit.Actor) ([]remit.TimelineEntry, error) {
	assignee, unit, err := AssigneeFor(ctx, tx, l.Organisation)
	if err != nil {
		return nil, err
	}
	id, made, err := tx.OpenWorkItem(ctx, l, unit, assignee, l.Clock.Now(real))
	if err != nil || !made {
		return nil, err
	}
	return []remit.TimelineEntry{{
		Kind: "work_item", Actor: actor, What: fmt.Sprintf("A work item asks %s at %s to pay.", assignee.Scope, assignee.Path),
		Why:  remit.Why{Rule: "the nearest assignee line holds", Version: "1"},
		Data: map[string]any{"work_item": id.String(), "path": assignee.Path.String(), "scope": assignee.Scope.String()},
	}}, nil
}

// planOverdue puts the invoice's becoming overdue and its next late fee on the agenda.
// Where it is overdue already, it is marked at once.
func planOverdue(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time) ([]remit.TimelineEntry, error) {
	if l.Order() {
		return nil, nil // nobody waits for it
	}
	if err := planLateFee(ctx, tx, l, real); err != nil {
		return nil, err
	}
	at := remit.OverdueAt(l.DueDate, l.Zone)
	if at.After(l.Clock.Now(real)) {
		return nil, tx.Plan(ctx, l, remit.AgendaOverdue, l.ID, at, "Becomes overdue")
	}
	l.Overdue = true
	return []remit.TimelineEntry{overdueEntry(l)}, nil
}

func overdueEntry(l *postgres.LockedInvoice) remit.TimelineEntry {
	return remit.TimelineEntry{
		Kind: "overdue", Actor: remit.System,
		What: fmt.Sprintf("%s is overdue: it was due on %s.", money.Of(l.Outstanding, money.Currency(l.Currency)), l.DueDate.Words()),
		Why:  remit.Why{Rule: "overdue begins at local midnight after the due date", Version: "1"},
		Data: map[string]any{"due_date": l.DueDate.String()},
	}
}

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

// SendOrder makes a draft that a purchase is what its buyer owes while he is on his way
// to Stripe's page. Unlike [Send] it asks nobody: there is no work item, no mail, no
// reminder and no charge by itself, and the order is cancelled when nobody pays it.
func SendOrder(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time, actor remit.Actor) error {
	now := l.Clock.Now(real)
	l.SentAt = &now
	if entry, some := ledger.Issue(l.ID, l.Currency, l.Total); some {
		if _, err := tx.Book(ctx, l, entry); err != nil {
			return err
		}
	}
	l.Outstanding = l.Billed - l.Applied
	if err := tx.Plan(ctx, l, remit.AgendaOrder, l.ID, now.Add(remit.OrderPatience), "Is cancelled unless it is paid by then"); err != nil {
		return err
	}
	return tx.SaveInvoice(ctx, l, real, remit.TimelineEntry{
		Kind: "sent", Actor: actor, What: fmt.Sprintf("Ordered in the store: %s is owed while its checkout is open.", money.Of(l.Total, money.Currency(l.Currency))),
		Why:  remit.Why{Rule: "an order is an invoice that nobody is reminded of", Version: "1"},
		Data: map[string]any{"total": l.Total, "due_date": l.DueDate.String()},
	})
}

// orderAfter does what a change of an order's money means: stock comes back from one
// that is cancelled, one that is paid may be sent, and one whose checkout ended unpaid
// is cancelled at once. One that was ever paid is not: what is owed of it again is owed.
func orderAfter(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time) ([]remit.TimelineEntry, error) {
	if !l.Order() || l.SentAt == nil {
		return nil, nil
	}
	now := l.Clock.Now(real)
	if l.VoidedAt != nil {
		if err := tx.ReturnStock(ctx, l.ID); err != nil {
			return nil, err
		}
		return nil, tx.Done(ctx, remit.AgendaOrder, l.ID, now)
	}
	facts, err := tx.OrderFacts(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	facts.Status = l.DerivedStatus()
	switch {
	case l.Outstanding == 0:
		if err := tx.Done(ctx, remit.AgendaOrder, l.ID, now); err != nil {
			return nil, err
		}
		if l.Status == remit.InvoicePaid || remit.OrderStateOf(facts) != remit.OrderToFulfil {
			return nil, nil
		}
		return []remit.TimelineEntry{{
			Kind: "order_ready", Actor: remit.System, What: "The money is final: the order may be sent.", Why: remit.Why{Rule: "nothing is sent before its money is final", Version: "1"},
		}}, nil
	case l.Live == nil && !facts.Captured && l.Applied == 0:
		return nil, tx.Plan(ctx, l, remit.AgendaOrder, l.ID, now, "Is cancelled: its checkout ended unpaid")
	}
	return nil, nil
}

// closeOrder has Stripe cancel what an order that nobody pays left open there, before it
// is cancelled. Where that cannot be done now, the cancelling waits.
func (p *Payments) closeOrder(ctx context.Context, ref remit.InvoiceRef) error {
	var live bool
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		live = err == nil && l.Live != nil
		return err
	})
	if err != nil || live {
		return err
	}
	if err := p.closeOpenIntents(ctx, ref, uuid.NewSHA1(ref.Invoice, []byte("order over"))); refusal(err) == nil {
		return err
	}
	return nil
}

// Looks at an order that cannot be cancelled yet.
const (
	orderStillOpen  = 15 * time.Minute
	orderAtItsBank  = 24 * time.Hour
	orderIntentOpen = 10 * time.Minute
)

// orderOver cancels an order that nobody pays any more.
func (p *Payments) orderOver(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow) error {
	now := l.Clock.Now(p.Now())
	if err := tx.Done(ctx, row.Kind, row.ObjectID, now); err != nil {
		return err
	}
	payments, err := tx.Payments(ctx, l.ID)
	if err != nil {
		return err
	}
	later := func(in time.Duration) error { return tx.Plan(ctx, l, row.Kind, row.ObjectID, now.Add(in), row.What) }
	switch {
	case l.VoidedAt != nil, l.Outstanding == 0, l.Applied > 0, slices.ContainsFunc(payments, func(each remit.Payment) bool { return each.AmountCaptured > 0 }):
		return nil
	case l.Live != nil && l.Live.State == remit.AttemptProcessing:
		return later(orderAtItsBank) // its end has it looked at sooner
	case l.Live != nil:
		return later(orderStillOpen)
	case slices.ContainsFunc(payments, func(each remit.Payment) bool { return each.PaymentIntent != "" && !each.IntentClosed }):
		return later(orderIntentOpen)
	}
	return p.void(ctx, tx, l, remit.System, "nobody paid it")
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// CardsLeft reads cards that were typed for one payment and are still attached at
// Stripe, stored before a moment of real time, with which no payment is under way.
func (tx *Tx) CardsLeft(ctx context.Context, before time.Time, limit int) ([]remit.PaymentMethod, error) {
	rows, err := tx.Query(ctx, "select "+methodColumns+` from payment_methods m join customers c on c.tenant = m.tenant and c.id = m.customer_id
		where m.tenant = $1 and m.only_for is not null and m.status <> 'detached' and m.created_at < $2
			and not exists (select 1 from attempts a where a.tenant = m.tenant and a.payment_method_id = m.id and a.state in ('created', 'requires_action', 'processing', 'confirming'))
		order by m.created_at limit $3`, tx.Tenant, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read cards that are left: %w", err)
	}
	cards, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.PaymentMethod, error) { return scanMethod(row) })
	if err != nil {
		return nil, fmt.Errorf("read cards that are left: %w", err)
	}
	return cards, nil
}

// LastAttemptWith reads the last attempt on an invoice with a method since a moment, or
// nil.
func (tx *Tx) LastAttemptWith(ctx context.Context, invoice, method uuid.UUID, since time.Time) (*remit.Attempt, error) {
	a, err := scanAttempt(tx.QueryRow(ctx, "select "+attemptColumns+` from attempts where tenant = $1 and invoice_id = $2 and payment_method_id = $3
		and request_id in (select id from invoice_requests where tenant = $1 and invoice_id = $2 and created_at >= $4) order by number desc limit 1`, tx.Tenant, invoice, method, since))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last attempt with a method: %w", err)
	}
	return &a, nil
}

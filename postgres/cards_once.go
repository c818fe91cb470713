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

// KeepCard keeps a card that was typed for one payment, for its customer, who has it
// from now on: as his default where he has no other.
func (tx *Tx) KeepCard(ctx context.Context, card remit.PaymentMethod) error {
	tag, err := tx.Exec(ctx, "update payment_methods set only_for = null, updated_at = now() where tenant = $1 and id = $2 and only_for is not null and status = 'usable' and unlinked_at is null", tx.Tenant, card.ID)
	if err != nil {
		return fmt.Errorf("keep a card: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	return tx.settleDefault(ctx, card.CustomerID)
}

// TypedOnce says which of the methods given, by their ids at Stripe, were typed for one
// payment, by whomever, and which are known as kept ones of somebody.
func (tx *Tx) TypedOnce(ctx context.Context, account string, stripeIDs []string) (once, known map[string]bool, err error) {
	rows, err := tx.Query(ctx, "select stripe_payment_method, bool_or(only_for is not null) from payment_methods where tenant = $1 and account = $2 and stripe_payment_method = any($3) group by 1",
		tx.Tenant, account, stripeIDs)
	if err != nil {
		return nil, nil, fmt.Errorf("look for cards that were typed for one payment: %w", err)
	}
	once, known = map[string]bool{}, map[string]bool{}
	var id string
	var is bool
	_, err = pgx.ForEachRow(rows, []any{&id, &is}, func() error {
		once[id], known[id] = is, !is
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for cards that were typed for one payment: %w", err)
	}
	return once, known, nil
}

// TypesOnce reports that a page may be open at Stripe on which a card of a customer is
// typed that is not to be kept: one that ended here with his link is still open there.
func (tx *Tx) TypesOnce(ctx context.Context, customer uuid.UUID) (is bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select 1 from setup_sessions where tenant = $1 and customer_id = $2 and `+typedOnce+`
		and (state = 'open' or state = 'expired' and expires_at > now()))`, tx.Tenant, customer).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for a page that collects a card: %w", err)
	}
	return is, nil
}

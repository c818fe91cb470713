package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const refundColumns = `id, invoice_id, payment_id, request_id, excess_id, account, livemode, currency, amount, surcharge, return_fee, reason, choice, state,
	coalesce(stripe_refund, ''), failure, sent_at, polls, actor, created_at, since, ended_at`

func scanRefund(row pgx.Row) (r remit.Refund, err error) {
	var actor []byte
	err = row.Scan(&r.ID, &r.InvoiceID, &r.PaymentID, &r.RequestID, &r.ExcessID, &r.Account, &r.Livemode, &r.Currency, &r.Amount, &r.Surcharge, &r.ReturnFee, &r.Reason, &r.Choice,
		&r.State, &r.StripeRefund, &r.Failure, &r.SentAt, &r.Polls, &actor, &r.CreatedAt, &r.Since, &r.EndedAt)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(actor, &r.Actor); err != nil {
		return r, fmt.Errorf("read a refund: %w", err)
	}
	return r, nil
}

func (tx *Tx) queryRefunds(ctx context.Context, where string, args ...any) ([]remit.Refund, error) {
	rows, err := tx.Query(ctx, "select "+refundColumns+" from refunds where tenant = $1 and "+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	refunds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Refund, error) { return scanRefund(row) })
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	return refunds, nil
}

func (tx *Tx) oneRefund(ctx context.Context, where string, args ...any) (*remit.Refund, error) {
	refunds, err := tx.queryRefunds(ctx, where, args...)
	if err != nil || len(refunds) == 0 {
		return nil, err
	}
	return &refunds[0], nil
}

// Refund reads one refund.
func (tx *Tx) Refund(ctx context.Context, id uuid.UUID) (remit.Refund, error) {
	r, err := tx.oneRefund(ctx, "id = $2", id)
	if err != nil {
		return remit.Refund{}, err
	}
	if r == nil {
		return remit.Refund{}, remit.NotFound()
	}
	return *r, nil
}

// RefundOfRequest finds the refund that a request made, or nil.
func (tx *Tx) RefundOfRequest(ctx context.Context, request uuid.UUID) (*remit.Refund, error) {
	return tx.oneRefund(ctx, "request_id = $2", request)
}

// RefundAtStripe finds the refund that owns an id at Stripe, or nil.
func (tx *Tx) RefundAtStripe(ctx context.Context, account, stripeRefund string) (*remit.Refund, error) {
	return tx.oneRefund(ctx, "account = $2 and stripe_refund = $3", account, stripeRefund)
}

// Refunds reads an invoice's refunds, oldest first.
func (tx *Tx) Refunds(ctx context.Context, invoice uuid.UUID) ([]remit.Refund, error) {
	return tx.queryRefunds(ctx, "invoice_id = $2 order by created_at, id", invoice)
}

// RefundsOfPayment reads a payment's refunds, oldest first.
func (tx *Tx) RefundsOfPayment(ctx context.Context, payment uuid.UUID) ([]remit.Refund, error) {
	return tx.queryRefunds(ctx, "payment_id = $2 order by created_at, id", payment)
}

// UnsentRefunds reads the ids of an invoice's refunds that are reserved and not
// in the hands of their workflows yet.
func (tx *Tx) UnsentRefunds(ctx context.Context, invoice uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select id from refunds where tenant = $1 and invoice_id = $2 and (state = 'requested' or ended_at is null and request_id is null and polls = 0) order by created_at, id", tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	return ids, nil
}

// Refundable reads what may still be refunded of a payment, from the ledger.
func (tx *Tx) Refundable(ctx context.Context, payment uuid.UUID) (remit.Refundable, error) {
	var r remit.Refundable
	err := tx.QueryRow(ctx, `select
			coalesce(-sum(l.amount) filter (where l.account in ('receivable', 'revenue')), 0),
			coalesce(-sum(l.amount) filter (where l.account = 'surcharge'), 0),
			exists (select 1 from disputes d where d.tenant = $1 and d.payment_id = $2 and d.closed_at is null)
		from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
		where e.tenant = $1 and e.payment_id = $2 and e.kind in
			('payment', 'bank_transfer', 'refund', 'refund_undone', 'dispute', 'dispute_won')`, tx.Tenant, payment).
		Scan(&r.Applied, &r.Surcharge, &r.Disputed)
	if err != nil {
		return r, fmt.Errorf("read what may be refunded: %w", err)
	}
	r.Applied, r.Surcharge = max(r.Applied, 0), max(r.Surcharge, 0) // more may have gone back than was paid here
	return r, nil
}

// InsertRefund adds a refund.
func (tx *Tx) InsertRefund(ctx context.Context, r remit.Refund) error {
	actor, err := json.Marshal(r.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into refunds (tenant, id, invoice_id, payment_id, request_id, excess_id, account, livemode, currency, amount, surcharge, reason, choice,
		state, stripe_refund, failure, sent_at, polls, actor, created_at, since, ended_at, return_fee)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,nullif($15,''),$16,$17,$18,$19,$20,$21,$22,$23)`,
		tx.Tenant, r.ID, r.InvoiceID, r.PaymentID, r.RequestID, r.ExcessID, r.Account, r.Livemode, r.Currency, r.Amount, r.Surcharge, r.Reason, r.Choice,
		r.State, r.StripeRefund, r.Failure, r.SentAt, r.Polls, actor, r.CreatedAt, r.Since, r.EndedAt, r.ReturnFee)
	if err != nil {
		return fmt.Errorf("insert a refund: %w", err)
	}
	return nil
}

// SaveRefund writes what can change of a refund. Its id at Stripe, once stored,
// is never replaced.
func (tx *Tx) SaveRefund(ctx context.Context, r remit.Refund) error {
	_, err := tx.Exec(ctx, `update refunds set state = $3, stripe_refund = nullif($4,''), failure = $5, sent_at = $6, polls = $7, since = $8, ended_at = $9
		where tenant = $1 and id = $2`, tx.Tenant, r.ID, r.State, r.StripeRefund, r.Failure, r.SentAt, r.Polls, r.Since, r.EndedAt)
	if err != nil {
		return fmt.Errorf("save a refund: %w", err)
	}
	return nil
}

// OpenRefunds reads a page, by id, of the tenant's refunds that have not ended.
func (tx *Tx) OpenRefunds(ctx context.Context, after uuid.UUID, limit int) ([]remit.Refund, error) {
	return tx.queryRefunds(ctx, "ended_at is null and id > $2 order by id limit $3", after, limit)
}

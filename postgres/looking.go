package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// UnknownQuery narrows the list of payments of which a person is asked to look
// in Stripe whether they were charged.
type UnknownQuery struct {
	Units   []uuid.UUID // organisations the caller may see; nil is all of the tenant
	Path    string      // at this path and below
	Payment *uuid.UUID
	After   *time.Time // keyset: those asked about after this time and id
	AfterID uuid.UUID
	Limit   int
}

// ListUnknown reads a page, those asked about first first.
func (tx *Tx) ListUnknown(ctx context.Context, q UnknownQuery) ([]remit.UnknownPayment, error) {
	rows, err := tx.Query(ctx, `select a.id, p.id, i.id, i.number, o.path, c.name, a.number, a.kind, a.state, a.amount, a.surcharge, p.currency,
			p.account, p.livemode, coalesce(p.payment_intent, ''), coalesce(a.stripe_session, ''), coalesce(a.unknown_since, a.since), a.look_since
		from attempts a
		join payments p on p.tenant = a.tenant and p.id = a.payment_id
		join invoices i on i.tenant = a.tenant and i.id = a.invoice_id
		join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		join customers c on c.tenant = i.tenant and c.id = i.customer_id
		where a.tenant = $1 and a.look_since is not null and a.state in ('created', 'requires_action', 'processing', 'confirming')
		  and ($2::uuid[] is null or i.organisation_id = any($2)) and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/'))
		  and ($4::uuid is null or p.id = $4) and ($5::timestamptz is null or (a.look_since, a.id) > ($5, $6))
		order by a.look_since, a.id limit $7`, tx.Tenant, q.Units, q.Path, q.Payment, q.After, q.AfterID, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list unknown payments: %w", err)
	}
	unknown, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u remit.UnknownPayment, err error) {
		return u, row.Scan(&u.AttemptID, &u.PaymentID, &u.InvoiceID, &u.InvoiceNumber, &u.Organisation, &u.CustomerName, &u.Attempt, &u.Kind, &u.State,
			&u.Amount, &u.Surcharge, &u.Currency, &u.Account, &u.Livemode, &u.PaymentIntent, &u.StripeSession, &u.Since, &u.AskedAt)
	})
	if err != nil {
		return nil, fmt.Errorf("list unknown payments: %w", err)
	}
	return unknown, nil
}

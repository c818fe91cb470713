package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// nobodyAsks says of what lies at an account, b, that Stripe cannot be asked about it any
// more: the connection that it is asked through, as [Tx.ConnectionOfAccount] chooses it, is
// not in force, has kept no key that Stripe takes to follow what was on its way, and is none to an account
// that the platform made and still has.
const nobodyAsks = ` not exists (select 1 from (select k.disconnected_at, k.secret_key, k.keys_refused, k.mode, k.ended_by from connections k where k.tenant = b.tenant and k.account = b.account and k.livemode = b.livemode
		order by (k.disconnected_at is null) desc, k.created_at desc limit 1) k
	where k.disconnected_at is null or k.secret_key is not null and k.keys_refused is null or k.mode = 'express' and k.ended_by <> 'stripe')`

// NobodyAsks reports that Stripe cannot be asked any more about what lies at an account.
func (tx *Tx) NobodyAsks(ctx context.Context, account string, livemode bool) (bool, error) {
	var so bool
	err := tx.QueryRow(ctx, "select"+nobodyAsks+" from (select $1::uuid as tenant, $2::text as account, $3::boolean as livemode) b", tx.Tenant, account, livemode).Scan(&so)
	if err != nil {
		return false, fmt.Errorf("look whether an account can be asked: %w", err)
	}
	return so, nil
}

// HastenRefunds moves the next look at an account's refunds that were never sent to a
// time, where it is later.
func (tx *Tx) HastenRefunds(ctx context.Context, account string, livemode bool, at time.Time) error {
	_, err := tx.Exec(ctx, `update agenda g set at = $4 where g.tenant = $1 and g.kind = 'refund' and g.done_at is null and g.at > $4
		and exists (select 1 from refunds r where r.tenant = g.tenant and r.id = g.object_id and r.account = $2 and r.livemode = $3 and r.state = 'requested')`, tx.Tenant, account, livemode, at)
	if err != nil {
		return fmt.Errorf("move the look at refunds: %w", err)
	}
	return nil
}

// UnknownBackQuery narrows the list of refunds and disputes of which a person is asked to
// look in Stripe what became of them.
type UnknownBackQuery struct {
	Units   []uuid.UUID // organisations the caller may see; nil is all of the tenant
	Path    string      // at this path and below
	Invoice *uuid.UUID
	ID      *uuid.UUID // of the refund or the dispute
	After   *time.Time // keyset: those heard of last after this time and id
	AfterID uuid.UUID
	Limit   int
}

// ListUnknownBack reads a page, those heard of longest ago first. A refund that was
// never sent is taken back without anybody's word.
func (tx *Tx) ListUnknownBack(ctx context.Context, q UnknownBackQuery) ([]remit.UnknownBack, error) {
	rows, err := tx.Query(ctx, `with b as (
			select tenant, false as dispute, id, payment_id, invoice_id, amount + surcharge as amount, currency, account, livemode, coalesce(stripe_refund, '') as stripe_id, since
				from refunds where tenant = $1 and ended_at is null and state <> 'requested'
			union all
			select tenant, true, id, payment_id, invoice_id, amount, currency, account, livemode, stripe_dispute, created_at from disputes where tenant = $1 and closed_at is null)
		select b.dispute, b.id, b.payment_id, b.invoice_id, i.number, o.path, c.name, b.amount, b.currency, b.account, b.livemode, b.stripe_id, coalesce(p.payment_intent, ''), b.since
		from b
		join payments p on p.tenant = b.tenant and p.id = b.payment_id
		join invoices i on i.tenant = b.tenant and i.id = b.invoice_id
		join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		join customers c on c.tenant = i.tenant and c.id = i.customer_id
		where`+nobodyAsks+`
		  and ($2::uuid[] is null or i.organisation_id = any($2)) and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/'))
		  and ($4::uuid is null or b.id = $4) and ($8::uuid is null or b.invoice_id = $8) and ($5::timestamptz is null or (b.since, b.id) > ($5, $6))
		order by b.since, b.id limit $7`, tx.Tenant, q.Units, q.Path, q.ID, q.After, q.AfterID, q.Limit, q.Invoice)
	if err != nil {
		return nil, fmt.Errorf("list unknown refunds and disputes: %w", err)
	}
	unknown, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u remit.UnknownBack, err error) {
		return u, row.Scan(&u.Dispute, &u.ID, &u.PaymentID, &u.InvoiceID, &u.InvoiceNumber, &u.Organisation, &u.CustomerName, &u.Amount, &u.Currency, &u.Account, &u.Livemode,
			&u.StripeID, &u.PaymentIntent, &u.Since)
	})
	if err != nil {
		return nil, fmt.Errorf("list unknown refunds and disputes: %w", err)
	}
	return unknown, nil
}

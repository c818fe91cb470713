package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// StripeObject names what moved money at Stripe, to be found in the record.
type StripeObject struct {
	Kind   remit.MovementKind
	ID     string
	Intent string
}

// What a person said of a dispute and Stripe overruled moved nothing there: neither the entry
// that gave it back nor the one that takes it again is asked about; nor what a person said that
// an inquiry took.
//
// Both queries look up row by row: a subquery that ends in a limit is not joined
// to what the tables hold, so a page costs a page whatever a planner knows of
// their size. What is computed from a row comes out of such a subquery before it
// is compared: row level security keeps a comparison with anything else than a
// column or a parameter from an index.
const (
	lookUpBookings = `select f.invoice_id, f.known, coalesce(e.id, '00000000-0000-0000-0000-000000000000'), coalesce(l.currency, ''), coalesce(l.amount, 0)
		from (select o.n, p.invoice_id, coalesce(r.id, d.id) is not null as known, case o.kind
				when 'charge' then 'payment/' || p.id when 'charge_failure' then 'payment/' || p.id when 'refund' then 'refund-sent/' || r.id when 'refund_failure' then 'refund-returned/' || r.id
				when 'dispute' then 'dispute/' || d.id when 'dispute_reversal' then case when d.overruled then 'dispute-won-after-all/' else 'dispute-won/' end || d.id end as key
			from unnest($3::text[], $4::text[], $5::text[]) with ordinality as o (kind, id, intent, n)
			left join lateral (select p.id, p.invoice_id from payments p
				where p.tenant = $1 and p.account = $2 and p.payment_intent = o.intent limit 1) p on o.intent <> ''
			left join lateral (select r.id from refunds r
				where r.tenant = $1 and r.account = $2 and r.stripe_refund = o.id limit 1) r on o.kind in ('refund', 'refund_failure')
			left join lateral (select d.id, d.overruled from disputes d
				where d.tenant = $1 and d.account = $2 and d.stripe_dispute = o.id limit 1) d on o.kind in ('dispute', 'dispute_reversal')
			offset 0) f
		left join lateral (select e.id from ledger_entries e where e.tenant = $1 and e.key = f.key limit 1) e on true
		left join lateral (select l.currency, sum(l.amount)::bigint as amount from ledger_lines l
			where l.tenant = $1 and l.entry_id = e.id and l.account = 'stripe' group by l.currency limit 1) l on true
		order by f.n`

	readBooked = `select b.id, b.at, b.invoice_id, coalesce(b.payment_intent, ''),
			case b.kind when 'payment' then 'charge' when 'refund_sent' then 'refund' when 'refund_returned' then 'refund_failure'
				when 'dispute' then 'dispute' else 'dispute_reversal' end,
			coalesce(case b.kind when 'payment' then b.charge when 'refund_sent' then r.stripe_refund when 'refund_returned' then r.stripe_refund else d.stripe_dispute end, ''),
			b.currency, b.amount
		from (select e.id, e.at, e.kind, e.invoice_id, p.payment_intent, p.charge, l.currency, l.amount, case when e.kind <> 'payment' then split_part(e.key, '/', 2)::uuid end as object
			from ledger_entries e
			cross join lateral (select p.payment_intent, p.charge from payments p
				where p.tenant = $1 and p.id = e.payment_id and p.account = $2 and p.livemode = $3 limit 1) p
			cross join lateral (select l.currency, sum(l.amount)::bigint as amount from ledger_lines l
				where l.tenant = $1 and l.entry_id = e.id and l.account = 'stripe' group by l.currency limit 1) l
			where e.tenant = $1 and e.kind in ('payment', 'refund_sent', 'refund_returned', 'dispute', 'dispute_won') and (e.at, e.id) > ($4, $5)
				and not (e.kind in ('dispute', 'dispute_won') and split_part(e.key, '/', 1) in ('dispute-won', 'dispute-lost')
					and exists (select 1 from disputes o where o.tenant = $1 and o.id = split_part(e.key, '/', 2)::uuid and o.overruled))
				and not (e.kind in ('dispute', 'dispute_won')
					and exists (select 1 from disputes o where o.tenant = $1 and o.id = split_part(e.key, '/', 2)::uuid and o.state = 'warning_closed'))
			order by e.at, e.id limit $6) b
		left join lateral (select r.stripe_refund from refunds r where r.tenant = $1 and r.id = b.object limit 1) r on b.kind in ('refund_sent', 'refund_returned')
		left join lateral (select d.stripe_dispute from disputes d where d.tenant = $1 and d.id = b.object limit 1) d on b.kind in ('dispute', 'dispute_won')
		order by b.at, b.id`
)

// Bookings finds what the record has of objects at an account, in their order:
// one round trip, by the ids that were stored and no metadata.
func (tx *Tx) Bookings(ctx context.Context, account string, of []StripeObject) ([]remit.Booking, error) {
	kinds, ids, intents := make([]string, len(of)), make([]string, len(of)), make([]string, len(of))
	for n, o := range of {
		kinds[n], ids[n], intents[n] = string(o.Kind), o.ID, o.Intent
	}
	rows, err := tx.Query(ctx, lookUpBookings, tx.Tenant, account, kinds, ids, intents)
	if err != nil {
		return nil, fmt.Errorf("look movements up in the ledger: %w", err)
	}
	bookings, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b remit.Booking, err error) {
		return b, row.Scan(&b.InvoiceID, &b.Known, &b.Entry, &b.Currency, &b.Amount)
	})
	if err != nil {
		return nil, fmt.Errorf("look movements up in the ledger: %w", err)
	}
	return bookings, nil
}

// BookedMovement is an entry of the ledger about money at Stripe.
type BookedMovement struct {
	remit.Movement
	Entry     uuid.UUID
	InvoiceID *uuid.UUID
}

// BookedSince reads a page of what the ledger has booked of an account's money
// from a time on, after an entry, oldest first.
func (tx *Tx) BookedSince(ctx context.Context, account string, livemode bool, since time.Time, after uuid.UUID, limit int) ([]BookedMovement, error) {
	rows, err := tx.Query(ctx, readBooked, tx.Tenant, account, livemode, since, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read what is booked: %w", err)
	}
	booked, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b BookedMovement, err error) {
		return b, row.Scan(&b.Entry, &b.At, &b.InvoiceID, &b.Intent, &b.Kind, &b.StripeID, &b.Currency, &b.Amount)
	})
	if err != nil {
		return nil, fmt.Errorf("read what is booked: %w", err)
	}
	return booked, nil
}

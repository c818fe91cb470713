package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// UnrestfulInvoices reads a page, by id, of the invoices that should have a
// workflow: with a live attempt, something on the agenda, or an event that nobody
// has looked at. A request that never became an attempt is not among them:
// whoever asked was never told that it would be carried out.
func (tx *Tx) UnrestfulInvoices(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from (
			select invoice_id as id from agenda where tenant = $1 and done_at is null and invoice_id > $2
			union
			select invoice_id from attempts where tenant = $1 and state in ('created', 'requires_action', 'processing', 'confirming') and invoice_id > $2
			union
			select invoice_id from stripe_events where tenant = $1 and state = 'waiting' and invoice_id > $2) w
		order by id limit $3`, tx.Tenant, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list invoices to wake: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list invoices to wake: %w", err)
	}
	return ids, nil
}

// EventMark says how many events of an invoice wait, and until when they came.
type EventMark struct {
	Count int
	Last  time.Time
}

// WaitingEvents reads the mark of an invoice's waiting events.
func (tx *Tx) WaitingEvents(ctx context.Context, invoice uuid.UUID) (EventMark, error) {
	var mark EventMark
	err := tx.QueryRow(ctx, "select count(*), coalesce(max(received_at), 'epoch') from stripe_events where tenant = $1 and invoice_id = $2 and state = 'waiting'", tx.Tenant, invoice).
		Scan(&mark.Count, &mark.Last)
	if err != nil {
		return EventMark{}, fmt.Errorf("read waiting events: %w", err)
	}
	return mark, nil
}

// EndEvents marks the events up to a mark as looked at.
func (tx *Tx) EndEvents(ctx context.Context, invoice uuid.UUID, until EventMark) error {
	_, err := tx.Exec(ctx, "update stripe_events set state = 'done', done_at = now() where tenant = $1 and invoice_id = $2 and state = 'waiting' and received_at <= $3", tx.Tenant, invoice, until.Last)
	if err != nil {
		return fmt.Errorf("end events: %w", err)
	}
	return nil
}

// AuthzVersion reads the version of who may do what, as committed.
func (tx *Tx) AuthzVersion(ctx context.Context) (int64, error) {
	var version int64
	if err := tx.QueryRow(ctx, "select authz_version from tenants where id = $1", tx.Tenant).Scan(&version); err != nil {
		return 0, fmt.Errorf("read the authorisation version: %w", err)
	}
	return version, nil
}

// IsCustomersUser reports whether an account is a user, not disabled, of the
// customer an invoice belongs to.
func (tx *Tx) IsCustomersUser(ctx context.Context, account, invoice uuid.UUID) (bool, error) {
	var own bool
	err := tx.QueryRow(ctx, `select exists (select 1 from members m join invoices i on i.tenant = m.tenant and i.customer_id = m.customer_id
		where m.tenant = $1 and m.account_id = $2 and i.id = $3 and m.disabled_at is null)`, tx.Tenant, account, invoice).Scan(&own)
	if err != nil {
		return false, fmt.Errorf("read a membership: %w", err)
	}
	return own, nil
}

// UnitAt finds the organisation at a path.
func (tx *Tx) UnitAt(ctx context.Context, path string) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, "select id from organisations where tenant = $1 and path = $2", tx.Tenant, path).Scan(&id)
	if isNoRows(err) {
		return uuid.Nil, remit.NotFound()
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find an organisation: %w", err)
	}
	return id, nil
}

// Tenants reads every tenant's id.
func (db *DB) Tenants(ctx context.Context) ([]uuid.UUID, error) {
	rows, err := db.pool.Query(ctx, "select id from tenants order by path")
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return ids, nil
}

// Neglected reads invoices whose agenda has a row due by a time on the tenant's
// clock, events waiting for longer than lag and not for days already (their
// account cannot be asked), or a live attempt that nobody has planned to look at.
func (tx *Tx) Neglected(ctx context.Context, by time.Time, lag time.Duration, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `(select invoice_id from agenda where tenant = $1 and done_at is null and at <= $2 and invoice_id is not null order by at limit $4)
		union (select invoice_id from stripe_events where tenant = $1 and state = 'waiting' and invoice_id is not null and received_at < now() - $3::interval
			and received_at > now() - interval '3 days' limit $4)
		union (select invoice_id from attempts a where tenant = $1 and state in ('created', 'confirming') and since <= $2
			and not exists (select 1 from agenda g where g.tenant = a.tenant and g.kind = 'poll' and g.object_id = a.id and g.done_at is null) limit $4)`, tx.Tenant, by, lag, limit)
	if err != nil {
		return nil, fmt.Errorf("list what was neglected: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list what was neglected: %w", err)
	}
	return ids, nil
}

// IsPending reports whether a row of the agenda still waits at its time.
func (tx *Tx) IsPending(ctx context.Context, row AgendaRow) (bool, error) {
	var pending bool
	err := tx.QueryRow(ctx, "select exists (select 1 from agenda where tenant = $1 and id = $2 and done_at is null and at <= $3)", tx.Tenant, row.ID, row.At).Scan(&pending)
	if err != nil {
		return false, fmt.Errorf("look at the agenda: %w", err)
	}
	return pending, nil
}

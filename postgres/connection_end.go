package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// PlanConnection puts the next look at a connected account on the agenda, or moves it.
func (tx *Tx) PlanConnection(ctx context.Context, c remit.Connection, at time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, at, kind, object_id, what) values ($1,$2,$3,$4,'connection',$5,'Look at the Stripe account')
		on conflict (tenant, kind, object_id) where done_at is null do update set at = excluded.at`, tx.Tenant, id, c.OrganisationID, at, c.ID)
	if err != nil {
		return fmt.Errorf("plan a look at an account: %w", err)
	}
	return nil
}

// NeglectedConnections reads the rows of connections that were due by a time and are
// still open.
func (tx *Tx) NeglectedConnections(ctx context.Context, by time.Time) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and done_at is null and kind = 'connection' and at <= $2 order by at, id limit 10", tx.Tenant, by)
	if err != nil {
		return nil, fmt.Errorf("read the connections that are due: %w", err)
	}
	return collectAgenda(rows)
}

// OpenConnections reads the connections that should have a workflow: those in force,
// those that ended elsewhere and whose invoices are still to be told, and those of
// whose end something is still on the agenda.
func (tx *Tx) OpenConnections(ctx context.Context) ([]SealedConnection, error) {
	rows, err := tx.Query(ctx, "select "+connectionColumns+` from connections c where tenant = $1 and (disconnected_at is null or ended_by = 'stripe' and not wound_down
		or exists (select 1 from agenda g where g.tenant = c.tenant and g.kind = 'connection' and g.object_id = c.id and g.done_at is null)) order by created_at`, tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("read the connections: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (SealedConnection, error) { return scanConnection(row) })
	if err != nil {
		return nil, fmt.Errorf("read the connections: %w", err)
	}
	return list, nil
}

// BeginDisconnect notes that a connection is to end: nothing is begun through it from
// now on.
func (tx *Tx) BeginDisconnect(ctx context.Context, id uuid.UUID, at time.Time) error {
	_, err := tx.Exec(ctx, "update connections set disconnecting_since = $3, wound_down = false where tenant = $1 and id = $2 and disconnecting_since is null and disconnected_at is null", tx.Tenant, id, at)
	if err != nil {
		return fmt.Errorf("begin to disconnect: %w", err)
	}
	return nil
}

// WoundDown notes that what was open at an account that comes to its end is closed.
func (tx *Tx) WoundDown(ctx context.Context, id uuid.UUID) error {
	_, err := tx.Exec(ctx, "update connections set wound_down = true where tenant = $1 and id = $2", tx.Tenant, id)
	if err != nil {
		return fmt.Errorf("note what is wound down: %w", err)
	}
	return nil
}

// InvoicesToWind pages through the ids of invoices with something open at an account,
// or a charge by itself planned.
func (tx *Tx) InvoicesToWind(ctx context.Context, account string, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return tx.invoiceIDs(ctx, `i.id > $3 and (
			exists (select 1 from agenda g where g.tenant = i.tenant and g.invoice_id = i.id and g.kind = 'charge' and g.done_at is null)
			or exists (select 1 from payments p where p.tenant = i.tenant and p.invoice_id = i.id and p.account = $2 and (
				p.payment_intent is not null and not p.intent_closed
				or exists (select 1 from attempts a where a.tenant = p.tenant and a.payment_id = p.id and a.state in ('created', 'requires_action', 'processing', 'confirming')))))
		order by i.id limit $4`, account, after, limit)
}

// InvoicesLeftOpen pages through the ids of invoices that may be paid and have an
// intent open at a connection's account, with no attempt under way: nothing but a
// cancel ends it.
func (tx *Tx) InvoicesLeftOpen(ctx context.Context, c remit.Connection, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return tx.invoiceIDs(ctx, `i.id > $4 and i.status in `+payable+`
		and exists (select 1 from payments p where p.tenant = i.tenant and p.invoice_id = i.id and p.account = $2 and p.livemode = $3 and p.payment_intent is not null and not p.intent_closed)
		and not exists (select 1 from attempts a where a.tenant = i.tenant and a.invoice_id = i.id and a.state in ('created', 'requires_action', 'processing', 'confirming'))
		order by i.id limit $5`, c.Account, c.Livemode, after, limit)
}

func (tx *Tx) invoiceIDs(ctx context.Context, where string, args ...any) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select i.id from invoices i where i.tenant = $1 and "+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the invoices of an account: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read the invoices of an account: %w", err)
	}
	return ids, nil
}

// Answered reads which of some requests have a result.
func (tx *Tx) Answered(ctx context.Context, requests []uuid.UUID) (map[uuid.UUID]bool, error) {
	rows, err := tx.Query(ctx, "select id from invoice_requests where tenant = $1 and id = any($2) and done_at is not null", tx.Tenant, requests)
	if err != nil {
		return nil, fmt.Errorf("read which requests are answered: %w", err)
	}
	answered := map[uuid.UUID]bool{}
	var id uuid.UUID
	if _, err = pgx.ForEachRow(rows, []any{&id}, func() error { answered[id] = true; return nil }); err != nil {
		return nil, fmt.Errorf("read which requests are answered: %w", err)
	}
	return answered, nil
}

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
// and those that ended elsewhere and whose invoices are still to be told.
func (tx *Tx) OpenConnections(ctx context.Context) ([]SealedConnection, error) {
	rows, err := tx.Query(ctx, "select "+connectionColumns+" from connections where tenant = $1 and (disconnected_at is null or ended_by = 'stripe' and not wound_down) order by created_at", tx.Tenant)
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

// InvoicesToWind pages through the invoices with something open at an account, or a
// charge by itself planned.
func (tx *Tx) InvoicesToWind(ctx context.Context, account string, after uuid.UUID, limit int) ([]remit.Invoice, error) {
	rows, err := tx.Query(ctx, `select i.id from invoices i where i.tenant = $1 and i.id > $3 and (
			exists (select 1 from agenda g where g.tenant = i.tenant and g.invoice_id = i.id and g.kind = 'charge' and g.done_at is null)
			or exists (select 1 from payments p where p.tenant = i.tenant and p.invoice_id = i.id and p.account = $2 and (
				p.payment_intent is not null and not p.intent_closed
				or exists (select 1 from attempts a where a.tenant = p.tenant and a.payment_id = p.id and a.state in ('created', 'requires_action', 'processing', 'confirming')))))
		order by i.id limit $4`, tx.Tenant, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the invoices of an account: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	found, err := tx.InvoicesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]remit.Invoice, 0, len(ids))
	for _, id := range ids {
		list = append(list, found[id])
	}
	return list, nil
}

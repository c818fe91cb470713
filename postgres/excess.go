package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const excessColumns = `e.id, e.organisation_id, o.path, e.invoice_id, coalesce(i.number, ''), e.payment_id, e.customer_id, coalesce(c.name, ''), e.currency, e.amount,
	e.reason, e.reference, e.state, e.default_action, e.due, e.resolved_by, e.resolved_at, e.created_at`

const excessTables = ` from excess e
	join organisations o on o.tenant = e.tenant and o.id = e.organisation_id
	left join invoices i on i.tenant = e.tenant and i.id = e.invoice_id
	left join customers c on c.tenant = e.tenant and c.id = e.customer_id`

func scanExcess(row pgx.Row) (e remit.Excess, err error) {
	var by []byte
	err = row.Scan(&e.ID, &e.OrganisationID, &e.Organisation, &e.InvoiceID, &e.InvoiceNumber, &e.PaymentID, &e.CustomerID, &e.CustomerName, &e.Currency, &e.Amount,
		&e.Reason, &e.Reference, &e.State, &e.DefaultAction, &e.Due, &by, &e.ResolvedAt, &e.CreatedAt)
	if err != nil || by == nil {
		return e, err
	}
	if err := json.Unmarshal(by, &e.ResolvedBy); err != nil {
		return e, fmt.Errorf("read who decided: %w", err)
	}
	return e, nil
}

// Excess reads an item of the excess desk.
func (tx *Tx) Excess(ctx context.Context, id uuid.UUID) (remit.Excess, error) {
	return tx.oneExcess(ctx, id, "")
}

// LockExcess reads an item and holds it, so that one decision is made on it.
// Where the item belongs to an invoice, that is locked first.
func (tx *Tx) LockExcess(ctx context.Context, id uuid.UUID) (remit.Excess, error) {
	return tx.oneExcess(ctx, id, " for update of e")
}

func (tx *Tx) oneExcess(ctx context.Context, id uuid.UUID, lock string) (remit.Excess, error) {
	e, err := scanExcess(tx.QueryRow(ctx, "select "+excessColumns+excessTables+" where e.tenant = $1 and e.id = $2"+lock, tx.Tenant, id))
	if isNoRows(err) {
		return remit.Excess{}, remit.NotFound()
	}
	if err != nil {
		return remit.Excess{}, fmt.Errorf("read excess: %w", err)
	}
	return e, nil
}

// OpenExcess reads the items of a payment's money that wait to be decided on,
// oldest first, and holds them.
func (tx *Tx) OpenExcess(ctx context.Context, payment uuid.UUID) ([]remit.Excess, error) {
	rows, err := tx.Query(ctx, "select "+excessColumns+excessTables+" where e.tenant = $1 and e.payment_id = $2 and e.state = 'open' order by e.created_at, e.id for update of e", tx.Tenant, payment)
	if err != nil {
		return nil, fmt.Errorf("read excess: %w", err)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Excess, error) { return scanExcess(row) })
	if err != nil {
		return nil, fmt.Errorf("read excess: %w", err)
	}
	return items, nil
}

// InsertExcess adds an item. One that is there already stays as it is: inserted
// is false.
func (tx *Tx) InsertExcess(ctx context.Context, e remit.Excess) (inserted bool, err error) {
	by, err := decidedBy(e)
	if err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, `insert into excess (tenant, id, organisation_id, invoice_id, payment_id, customer_id, currency, amount, reason, reference, state, default_action, due, created_at,
		resolved_by, resolved_at) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16) on conflict (tenant, id) do nothing`,
		tx.Tenant, e.ID, e.OrganisationID, e.InvoiceID, e.PaymentID, e.CustomerID, e.Currency, e.Amount, e.Reason, e.Reference, e.State, e.DefaultAction, e.Due, e.CreatedAt,
		by, e.ResolvedAt)
	if err != nil {
		return false, fmt.Errorf("insert excess: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// SaveExcess writes what becomes of an item.
func (tx *Tx) SaveExcess(ctx context.Context, e remit.Excess) error {
	by, err := decidedBy(e)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update excess set state = $3, customer_id = $4, default_action = $5, due = $6, resolved_by = $7, resolved_at = $8, amount = $9 where tenant = $1 and id = $2`,
		tx.Tenant, e.ID, e.State, e.CustomerID, e.DefaultAction, e.Due, by, e.ResolvedAt, e.Amount)
	if err != nil {
		return fmt.Errorf("save excess: %w", err)
	}
	return nil
}

func decidedBy(e remit.Excess) ([]byte, error) {
	if e.ResolvedBy == nil {
		return nil, nil
	}
	by, err := json.Marshal(e.ResolvedBy)
	if err != nil {
		return nil, fmt.Errorf("write who decided: %w", err)
	}
	return by, nil
}

// ExcessQuery narrows the list of excess.
type ExcessQuery struct {
	Units    []uuid.UUID // organisations the caller may see; nil is all of the tenant
	Path     string      // at this path and below
	Resolved bool        // what is decided, else what is not
	Invoice  *uuid.UUID
	After    *time.Time // keyset: items after this time and id
	AfterID  uuid.UUID
	Limit    int
}

// ListExcess reads a page, oldest first.
func (tx *Tx) ListExcess(ctx context.Context, q ExcessQuery) ([]remit.Excess, error) {
	args := []any{tx.Tenant, q.Resolved, q.Limit}
	var b strings.Builder
	b.WriteString(" where e.tenant = $1 and (e.resolved_at is not null) = $2")
	add := func(condition string, values ...any) {
		places := make([]any, len(values))
		for n, value := range values {
			args = append(args, value)
			places[n] = len(args)
		}
		fmt.Fprintf(&b, " and "+condition, places...)
	}
	if q.Units != nil {
		add("e.organisation_id = any($%d)", q.Units)
	}
	if q.Path != "" {
		add("(o.path = $%d or o.path ^@ ($%d || '/'))", q.Path, q.Path)
	}
	if q.Invoice != nil {
		add("e.invoice_id = $%d", *q.Invoice)
	}
	if q.After != nil {
		add("(e.created_at, e.id) > ($%d, $%d)", *q.After, q.AfterID)
	}
	rows, err := tx.Query(ctx, "select "+excessColumns+excessTables+b.String()+" order by e.created_at, e.id limit $3", args...)
	if err != nil {
		return nil, fmt.Errorf("list excess: %w", err)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Excess, error) { return scanExcess(row) })
	if err != nil {
		return nil, fmt.Errorf("list excess: %w", err)
	}
	return items, nil
}

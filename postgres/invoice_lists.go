package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// InvoiceQuery narrows a list of invoices to what the caller may see.
type InvoiceQuery struct {
	Units    []uuid.UUID // organisations the caller may see
	AnyUnit  bool        // all of them: the customer narrows enough
	SentOnly bool
	Path     string // at this path and below
	Customer *uuid.UUID
	Status   remit.InvoiceStatus
	Overdue  *bool
	Held     *bool
	Number   string
	AfterDue *remit.Date // keyset: invoices after this due date and id
	AfterID  uuid.UUID
	Limit    int
}

// ListInvoices reads a page, earliest due first, without lines.
func (tx *Tx) ListInvoices(ctx context.Context, q InvoiceQuery) ([]remit.Invoice, error) {
	where, args := q.where(tx.Tenant)
	if q.AfterDue != nil {
		args = append(args, *q.AfterDue, q.AfterID)
		where += fmt.Sprintf(" and (i.due_date, i.id) > ($%d, $%d)", len(args)-1, len(args))
	}
	args = append(args, q.Limit)
	rows, err := tx.Query(ctx, "select "+invoiceColumns+invoiceTables+where+fmt.Sprintf(" order by i.due_date, i.id limit $%d", len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list invoices: %w", err)
	}
	invoices, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Invoice, error) { return scanInvoice(row) })
	if err != nil {
		return nil, fmt.Errorf("list invoices: %w", err)
	}
	return invoices, nil
}

// CountInvoices counts by status what the query's other fields select.
func (tx *Tx) CountInvoices(ctx context.Context, q InvoiceQuery) (map[remit.InvoiceStatus]int, error) {
	q.Status = ""
	where, args := q.where(tx.Tenant)
	rows, err := tx.Query(ctx, "select i.status, count(*)"+invoiceTables+where+" group by i.status", args...)
	if err != nil {
		return nil, fmt.Errorf("count invoices: %w", err)
	}
	counts := map[remit.InvoiceStatus]int{}
	var status remit.InvoiceStatus
	var n int
	_, err = pgx.ForEachRow(rows, []any{&status, &n}, func() error { counts[status] = n; return nil })
	if err != nil {
		return nil, fmt.Errorf("count invoices: %w", err)
	}
	return counts, nil
}

func (q InvoiceQuery) where(tenant uuid.UUID) (string, []any) {
	args := []any{tenant}
	var b strings.Builder
	b.WriteString(" where i.tenant = $1")
	add := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&b, " and "+condition, len(args))
	}
	if !q.AnyUnit {
		add("i.organisation_id = any($%d)", q.Units)
	}
	if q.SentOnly {
		b.WriteString(" and i.sent_at is not null")
	}
	if q.Path != "" {
		args = append(args, q.Path)
		fmt.Fprintf(&b, " and (o.path = $%d or o.path ^@ ($%d || '/'))", len(args), len(args))
	}
	if q.Customer != nil {
		add("i.customer_id = $%d", *q.Customer)
	}
	if q.Status != "" {
		add("i.status = $%d", q.Status)
	}
	if q.Overdue != nil {
		add("i.overdue = $%d", *q.Overdue)
	}
	if q.Held != nil {
		add("(i.hold_reason is not null) = $%d", *q.Held)
	}
	if q.Number != "" {
		add("i.number = $%d", q.Number)
	}
	return b.String(), args
}

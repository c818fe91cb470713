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
	Units      []uuid.UUID // organisations the caller may see
	AnyUnit    bool        // all of them: the customer narrows enough
	SentOnly   bool
	Path       string // at this path and below
	Customer   *uuid.UUID
	OneOf      []uuid.UUID // customers; nil is all of them
	Status     remit.InvoiceStatus
	Overdue    *bool
	Held       *bool
	Attention  *bool
	Collection remit.CollectionState
	Number     string
	AfterDue   *remit.Date // keyset: invoices after this due date and id
	AfterID    uuid.UUID
	Limit      int
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

// CountInvoices counts by status what the query's other fields select, each
// status up to one more than [remit.CountedAtMost].
func (tx *Tx) CountInvoices(ctx context.Context, q InvoiceQuery) (map[remit.InvoiceStatus]int, error) {
	q.Status = ""
	where, args := q.where(tx.Tenant)
	tables := " from invoices i"
	if q.Path != "" {
		tables += " join organisations o on o.tenant = i.tenant and o.id = i.organisation_id"
	}
	var statuses []string
	for _, s := range remit.InvoiceStatuses() {
		statuses = append(statuses, string(s))
	}
	args = append(args, statuses, remit.CountedAtMost+1)
	rows, err := tx.Query(ctx, fmt.Sprintf("select s.status, (select count(*) from (select 1%s%s and i.status = s.status limit $%d) counted) from unnest($%d::text[]) s (status)",
		tables, where, len(args), len(args)-1), args...)
	if err != nil {
		return nil, fmt.Errorf("count invoices: %w", err)
	}
	counts := map[remit.InvoiceStatus]int{}
	var status remit.InvoiceStatus
	var n int
	_, err = pgx.ForEachRow(rows, []any{&status, &n}, func() error {
		if n > 0 {
			counts[status] = n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count invoices: %w", err)
	}
	return counts, nil
}

// OwedBy adds up what is left of each customer's invoices that the query
// selects, by currency in the order of the codes. What a bank is sending is not owed
// (M7).
func (tx *Tx) OwedBy(ctx context.Context, q InvoiceQuery) (map[uuid.UUID][]remit.Owed, error) {
	where, args := q.where(tx.Tenant)
	rows, err := tx.Query(ctx, `select i.customer_id, i.currency, sum(b.outstanding)::bigint, coalesce(sum(b.outstanding) filter (where i.overdue), 0)::bigint`+invoiceTables+where+
		" and i.status in ('open', 'partially_paid', 'contested') and b.outstanding > 0 group by i.customer_id, i.currency order by i.currency", args...)
	if err != nil {
		return nil, fmt.Errorf("add up what customers owe: %w", err)
	}
	owed := map[uuid.UUID][]remit.Owed{}
	var customer uuid.UUID
	var sum remit.Owed
	_, err = pgx.ForEachRow(rows, []any{&customer, &sum.Currency, &sum.Left, &sum.Overdue}, func() error {
		owed[customer] = append(owed[customer], sum)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("add up what customers owe: %w", err)
	}
	return owed, nil
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
	if q.OneOf != nil {
		add("i.customer_id = any($%d)", q.OneOf)
	}
	if q.Status != "" {
		add("i.status = $%d", q.Status)
	}
	if q.Overdue != nil {
		b.WriteString(map[bool]string{true: " and i.overdue", false: " and not i.overdue"}[*q.Overdue]) // as the index has it
	}
	if q.Held != nil {
		b.WriteString(map[bool]string{true: " and i.hold_reason is not null", false: " and i.hold_reason is null"}[*q.Held])
	}
	if q.Attention != nil {
		const waits = "('awaits_method', 'awaits_payer', 'asks', 'ended')"
		b.WriteString(map[bool]string{true: " and i.collection_state in " + waits, false: " and i.collection_state not in " + waits}[*q.Attention])
	}
	if q.Collection != remit.CollectionNone {
		add("i.collection_state = $%d", q.Collection)
	}
	if q.Number != "" {
		add("i.number = $%d", q.Number)
	}
	return b.String(), args
}

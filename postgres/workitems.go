package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const workItemColumns = `w.id, w.invoice_id, w.organisation_id, w.assignee_name, wo.path, w.assignee_type, w.role, w.state, w.claimed_by,
	coalesce(w.claimed_by_name, ''), w.claimed_at, w.closed_reason, w.created_at, w.closed_at`

func scanWorkItem(row pgx.Row) (w remit.WorkItem, err error) {
	var path, role string
	err = row.Scan(&w.ID, &w.InvoiceID, &w.OrganisationID, &w.Assignee.Name, &path, &w.Assignee.Type, &role, &w.State, &w.ClaimedBy,
		&w.ClaimedByName, &w.ClaimedAt, &w.ClosedReason, &w.CreatedAt, &w.ClosedAt)
	if err != nil {
		return w, err
	}
	if w.Assignee.Path, err = remit.ParsePath(path); err != nil {
		return w, fmt.Errorf("a work item's path: %w", err)
	}
	w.Assignee.Scope = remit.RoleScope(role)
	return w, nil
}

// WorkItem reads a work item without its invoice.
func (tx *Tx) WorkItem(ctx context.Context, id uuid.UUID) (remit.WorkItem, error) {
	w, err := scanWorkItem(tx.QueryRow(ctx, "select "+workItemColumns+` from work_items w
		join organisations wo on wo.tenant = w.tenant and wo.id = w.organisation_id where w.tenant = $1 and w.id = $2`, tx.Tenant, id))
	if isNoRows(err) {
		return remit.WorkItem{}, remit.NotFound()
	}
	if err != nil {
		return remit.WorkItem{}, fmt.Errorf("read a work item: %w", err)
	}
	return w, nil
}

// Reach is one role and the organisations at which the caller holds it.
type Reach struct {
	Role  string
	Units []uuid.UUID
}

// WorkItemQuery narrows the inbox.
type WorkItemQuery struct {
	Reaches  []Reach
	States   []remit.WorkItemState
	Ready    *bool  // whether money may be on its way: not for an open checkout that nobody has paid
	Path     string // at this path and below
	AfterDue *remit.Date
	AfterID  uuid.UUID
	Limit    int
}

// ListWorkItems reads a page of the inbox, earliest due first, without invoices.
func (tx *Tx) ListWorkItems(ctx context.Context, q WorkItemQuery) ([]remit.WorkItem, error) {
	if len(q.Reaches) == 0 {
		return nil, nil
	}
	args := []any{tx.Tenant}
	where := " where w.tenant = $1 and " + inStates(q.States) + " and ("
	for n, r := range q.Reaches {
		if n > 0 {
			where += " or "
		}
		args = append(args, r.Role, r.Units)
		where += fmt.Sprintf("(w.role = $%d and w.organisation_id = any($%d))", len(args)-1, len(args))
	}
	where += ")"
	if q.Ready != nil {
		args = append(args, *q.Ready)
		where += fmt.Sprintf(` and $%d = (w.state <> 'paying' or exists (select 1 from attempts a where a.tenant = w.tenant and a.invoice_id = w.invoice_id
			and a.kind = 'checkout' and a.state in ('created', 'requires_action')))`, len(args))
	}
	if q.Path != "" {
		args = append(args, q.Path)
		where += fmt.Sprintf(" and (wo.path = $%d or wo.path ^@ ($%d || '/'))", len(args), len(args))
	}
	if q.AfterDue != nil {
		args = append(args, *q.AfterDue, q.AfterID)
		where += fmt.Sprintf(" and (w.due_date, w.id) > ($%d, $%d)", len(args)-1, len(args))
	}
	args = append(args, q.Limit)
	rows, err := tx.Query(ctx, "select "+workItemColumns+" from work_items w join organisations wo on wo.tenant = w.tenant and wo.id = w.organisation_id"+
		where+fmt.Sprintf(" order by w.due_date, w.id limit $%d", len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list work items: %w", err)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.WorkItem, error) { return scanWorkItem(row) })
	if err != nil {
		return nil, fmt.Errorf("list work items: %w", err)
	}
	return items, nil
}

// inStates is the condition that an item is in one of these states, spelled out,
// so that it is seen which of the partial indexes serves it.
func inStates(states []remit.WorkItemState) string {
	known := []remit.WorkItemState{remit.WorkItemOpen, remit.WorkItemClaimed, remit.WorkItemPaying, remit.WorkItemDone, remit.WorkItemCancelled}
	var list []string
	for _, s := range known {
		if slices.Contains(states, s) {
			list = append(list, "'"+string(s)+"'")
		}
	}
	switch len(list) {
	case 0:
		return "false"
	case 1:
		return "w.state = " + list[0]
	}
	return "w.state in (" + strings.Join(list, ", ") + ")"
}

// RolesOfWorkItems names the roles that any of the tenant's work items ask for.
func (tx *Tx) RolesOfWorkItems(ctx context.Context) ([]string, error) {
	// A loose index scan: the number of roles is small, that of items is not.
	rows, err := tx.Query(ctx, `with recursive r as (
			(select role from work_items where tenant = $1 order by role limit 1)
			union all
			select (select role from work_items where tenant = $1 and role > r.role order by role limit 1) from r where r.role is not null)
		select role from r where role is not null`, tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("read the roles of work items: %w", err)
	}
	roles, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the roles of work items: %w", err)
	}
	return roles, nil
}

// InvoicesByID reads invoices without lines.
func (tx *Tx) InvoicesByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]remit.Invoice, error) {
	rows, err := tx.Query(ctx, "select "+invoiceColumns+invoiceTables+" where i.tenant = $1 and i.id = any($2)", tx.Tenant, ids)
	if err != nil {
		return nil, fmt.Errorf("read invoices: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Invoice, error) { return scanInvoice(row) })
	if err != nil {
		return nil, fmt.Errorf("read invoices: %w", err)
	}
	byID := make(map[uuid.UUID]remit.Invoice, len(list))
	for _, i := range list {
		byID[i.ID] = i
	}
	return byID, nil
}

// OpenWorkItem makes the invoice's work item for an assignee at an existing
// organisation. Where a live one exists nothing happens and made is false.
func (tx *Tx) OpenWorkItem(ctx context.Context, l *LockedInvoice, unit uuid.UUID, a remit.Assignee, now time.Time) (id uuid.UUID, made bool, err error) {
	if id, err = uuid.NewV7(); err != nil {
		return uuid.Nil, false, fmt.Errorf("make an id: %w", err)
	}
	role, _ := a.Scope.Role()
	tag, err := tx.Exec(ctx, `insert into work_items (tenant, id, invoice_id, organisation_id, assignee_name, assignee_path, assignee_type, role, state, due_date, created_at)
		values ($1,$2,$3,$4,$5,$6,$7,$8,'open',$9,$10) on conflict (tenant, invoice_id) where state in ('open', 'claimed', 'paying') do nothing`,
		tx.Tenant, id, l.ID, unit, a.Name, a.Path.String(), a.Type, role, l.DueDate, now)
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("open a work item: %w", err)
	}
	if tag.RowsAffected() == 1 {
		l.WorkItemID = &id
	}
	return id, tag.RowsAffected() == 1, nil
}

// Claim notes who has a live item open; it locks nobody out.
func (tx *Tx) Claim(ctx context.Context, id, account uuid.UUID, name string, now time.Time) error {
	return tx.changeItem(ctx, `update work_items set state = case state when 'paying' then state else 'claimed' end, claimed_by = $3, claimed_by_name = $4, claimed_at = $5
		where tenant = $1 and id = $2 and state in ('open', 'claimed', 'paying')`, id, account, name, now)
}

// Release takes a claim back.
func (tx *Tx) Release(ctx context.Context, id uuid.UUID) error {
	return tx.changeItem(ctx, `update work_items set state = case state when 'paying' then state else 'open' end, claimed_by = null, claimed_by_name = null, claimed_at = null
		where tenant = $1 and id = $2 and state in ('open', 'claimed', 'paying')`, id)
}

func (tx *Tx) changeItem(ctx context.Context, sql string, id uuid.UUID, args ...any) error {
	tag, err := tx.Exec(ctx, sql, append([]any{tx.Tenant, id}, args...)...)
	if err != nil {
		return fmt.Errorf("change a work item: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return remit.Conflict(remit.CodeConflict, "This work item is closed.")
	}
	return nil
}

// SettleWorkItem brings the invoice's live item in line with the invoice: under
// way while an attempt is live, done when paid, cancelled when nothing is to be
// paid any more. It reports whether an item was closed.
func (tx *Tx) SettleWorkItem(ctx context.Context, l *LockedInvoice, state remit.WorkItemState, reason string, now time.Time) (bool, error) {
	if state.Live() {
		_, err := tx.Exec(ctx, `update work_items set state = case when $3 = 'paying' then 'paying' when claimed_by is null then 'open' else 'claimed' end
			where tenant = $1 and invoice_id = $2 and state in ('open', 'claimed', 'paying')`, tx.Tenant, l.ID, state)
		if err != nil {
			return false, fmt.Errorf("settle a work item: %w", err)
		}
		return false, nil
	}
	tag, err := tx.Exec(ctx, `update work_items set state = $3, closed_reason = $4, closed_at = $5
		where tenant = $1 and invoice_id = $2 and state in ('open', 'claimed', 'paying')`, tx.Tenant, l.ID, state, reason, now)
	if err != nil {
		return false, fmt.Errorf("close a work item: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// SetWorkItemDue keeps the inbox's order in step with an invoice's due date.
func (tx *Tx) SetWorkItemDue(ctx context.Context, invoice uuid.UUID, due remit.Date) error {
	_, err := tx.Exec(ctx, "update work_items set due_date = $3 where tenant = $1 and invoice_id = $2", tx.Tenant, invoice, due)
	if err != nil {
		return fmt.Errorf("change a work item's due date: %w", err)
	}
	return nil
}

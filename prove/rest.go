package prove

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"remit"
)

// unfinished are questions whose every answer is something that has not come to
// its end. $1 is the tenant.
var unfinished = []string{
	`select format('try %s of %s is still %s', a.number, i.number, a.state) from attempts a join invoices i on i.tenant = a.tenant and i.id = a.invoice_id
		where a.tenant = $1 and a.state in ('created', 'requires_action', 'processing', 'confirming')`,
	`select format('event %s (%s) waits', event_id, type) from stripe_events where tenant = $1 and state = 'waiting'`,
	`select format('a work item of %s is still being paid', i.number) from work_items w join invoices i on i.tenant = w.tenant and i.id = w.invoice_id
		where w.tenant = $1 and w.state = 'paying'`,
	`select format('a refund of %s over %s is still %s', i.number, r.amount, r.state) from refunds r join invoices i on i.tenant = r.tenant and i.id = r.invoice_id
		where r.tenant = $1 and r.ended_at is null`,
	`select format('the due-date run of %s is at its %s', as_of, stage) from due_date_runs where tenant = $1 and state = 'running'`,
	`select format('"%s" of %s was due at %s', g.what, i.number, g.at) from agenda g join invoices i on i.tenant = g.tenant and i.id = g.invoice_id
		where g.tenant = $1 and g.done_at is null and g.at < clock_timestamp() - interval '2 seconds' +
			(select clock_offset from organisations where tenant = $1 and clock_offset is not null)`,
	`select format('%s of the schedule %s was due at %s', g.what, s.number, g.at) from agenda g join billing_schedules s on s.tenant = g.tenant and s.id = g.object_id
		where g.tenant = $1 and g.done_at is null and g.at < clock_timestamp() - interval '2 seconds' +
			(select clock_offset from organisations where tenant = $1 and clock_offset is not null)`,
	`select format('the schedule %s cannot bill: %s', number, trouble) from billing_schedules where tenant = $1 and trouble <> ''`,
}

// unrestful are the invoices that should have a workflow, as [remit rebuild]
// finds them: those of billing schedules not for what is only to come on a date.
const unrestful = `select distinct invoice_id from (
		select a.invoice_id from agenda a left join invoices i on i.tenant = a.tenant and i.id = a.invoice_id where a.tenant = $1 and a.done_at is null
			and (a.kind not in ('charge', 'notice') or (a.details ->> 'soon')::boolean) and not (a.kind in ('overdue', 'send', 'late_fee', 'charge') and coalesce(i.source, '') like 'billing schedule %')
		union select invoice_id from attempts where tenant = $1 and state in ('created', 'requires_action', 'processing', 'confirming')
		union select invoice_id from stripe_events where tenant = $1 and state = 'waiting') w where invoice_id is not null`

// restless says what of the world is still under way, or stands still though it
// should be.
func (w *world) restless(ctx context.Context) (found []string, err error) {
	for _, question := range unfinished {
		said, err := column[string](ctx, w, question)
		if err != nil {
			return nil, err
		}
		found = append(found, said...)
	}
	said, err := w.unconnected(ctx)
	if err != nil {
		return nil, err
	}
	found = append(found, said...)
	should, err := column[uuid.UUID](ctx, w, unrestful)
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for _, id := range should {
		needed[id.String()] = true
	}
	all, err := rows(ctx, w, "select id::text, number from invoices where tenant = $1 and status <> 'draft' order by number", func(row pgx.CollectableRow) (b bill, err error) {
		return b, row.Scan(&b.id, &b.number)
	})
	if err != nil {
		return nil, err
	}
	billing, err := w.house.workflow(ctx, remit.BillingWorkflowID(w.tenant), "the billing", false)
	if err != nil {
		return nil, err
	}
	if billing != "" {
		found = append(found, billing)
	}
	for _, invoice := range all {
		said, err := w.workflowOf(ctx, &invoice, needed[invoice.id])
		if err != nil {
			return nil, err
		}
		if said != "" {
			found = append(found, said)
		}
	}
	return found, nil
}

// workflowOf says what is wrong with an invoice's workflow, or "".
func (w *world) workflowOf(ctx context.Context, invoice *bill, needed bool) (string, error) {
	id, err := uuid.Parse(invoice.id)
	if err != nil {
		return "", fmt.Errorf("an invoice's id: %w", err)
	}
	return w.house.workflow(ctx, remit.InvoiceWorkflowID(id), invoice.number, needed)
}

// workflow says what is wrong with the workflow of something, or "".
func (h *house) workflow(ctx context.Context, id, of string, needed bool) (string, error) {
	described, err := h.temporal.DescribeWorkflowExecution(ctx, id, "")
	if _, absent := errors.AsType[*serviceerror.NotFound](err); absent {
		if needed {
			return "the workflow of " + of + " is missing", nil
		}
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ask Temporal: %w", err)
	}
	running := described.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	switch {
	case !running && needed:
		return "the workflow of " + of + " has ended and should not have", nil
	case running && len(described.GetPendingActivities()) > 0:
		step := described.GetPendingActivities()[0]
		return fmt.Sprintf("%s of %s is at its try %d", step.GetActivityType().GetName(), of, step.GetAttempt()), nil
	case running && described.GetPendingWorkflowTask() != nil:
		return fmt.Sprintf("a workflow task of %s is at its try %d", of, described.GetPendingWorkflowTask().GetAttempt()), nil
	}
	return "", nil
}

// column reads one column of the world's rows.
func column[T any](ctx context.Context, w *world, question string) ([]T, error) {
	rows, err := w.house.sql.Query(ctx, question, w.tenant)
	if err != nil {
		return nil, fmt.Errorf("ask the database: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		return nil, fmt.Errorf("ask the database: %w", err)
	}
	return all, nil
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// ToldBetween reads what timelines of invoices at units tell of a stretch of time on the
// organisation's clock, the first so many in order of time, and of the instants before it
// whose rows came late: becoming overdue is told of its midnight, whenever somebody came to
// it. It goes through the invoices that were changed since.
func (tx *Tx) ToldBetween(ctx context.Context, units []uuid.UUID, since, until time.Time, late []time.Time, limit int) ([]remit.ToldEntry, error) {
	rows, err := tx.Query(ctx, "select "+timelineColumns+`, i.invoice, i.number, i.path from timeline join (
			select i.id as invoice, i.number, o.path from invoices i join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
			where i.tenant = $1 and i.organisation_id = any($2) and i.updated_at >= $3) i on i.invoice = invoice_id
		where tenant = $1 and at <= $4 and (at >= $3 or at = any($5)) order by at, i.number, i.invoice, seq limit $6`, tx.Tenant, units, since, until, late, limit)
	if err != nil {
		return nil, fmt.Errorf("read what timelines tell: %w", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e remit.ToldEntry, err error) {
		e.TimelineEntry, err = scanTimeline(row, &e.InvoiceID, &e.Number, &e.Organisation)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what timelines tell: %w", err)
	}
	return entries, nil
}

// BillingTold reads what schedules at units tell of a stretch of time besides the invoices
// that they made, which have timelines of their own: periods that are not billed, trouble,
// the end. changed is since when, in real time, those schedules were written.
func (tx *Tx) BillingTold(ctx context.Context, units []uuid.UUID, changed, since, until time.Time, limit int) ([]remit.StoryLine, error) {
	rows, err := tx.Query(ctx, `select h.at, s.number, h.what from billing_schedules s join billing_schedule_history h on h.tenant = s.tenant and h.schedule_id = s.id
		where s.tenant = $1 and s.organisation_id = any($2) and s.updated_at >= $3 and h.at >= $4 and h.at <= $5 and h.kind in ('skipped', 'trouble', 'ended')
		order by h.at, s.number, h.seq limit $6`, tx.Tenant, units, changed, since, until, limit)
	if err != nil {
		return nil, fmt.Errorf("read what schedules tell: %w", err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (line remit.StoryLine, err error) {
		err = row.Scan(&line.At, &line.About, &line.What)
		return line, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what schedules tell: %w", err)
	}
	return lines, nil
}

package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// BillingPeriod is what became of a period of a schedule.
type BillingPeriod struct {
	From      remit.Date
	Until     remit.Date
	Version   int
	State     remit.PeriodFate
	InvoiceID *uuid.UUID
	Number    string // of the invoice; "" where there is none
	Status    remit.InvoiceStatus
	Total     int64
	SendAt    *time.Time // of a draft that is sent by itself
	MadeAt    time.Time
}

// AddBillingPeriod records that a period is through. Of two that do so at once the
// second fails: a period is billed once.
func (tx *Tx) AddBillingPeriod(ctx context.Context, schedule uuid.UUID, p BillingPeriod) error {
	_, err := tx.Exec(ctx, `insert into billing_periods (tenant, schedule_id, from_date, until_date, version, state, invoice_id, send_at, made_at) values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		tx.Tenant, schedule, p.From, p.Until, p.Version, p.State, p.InvoiceID, p.SendAt, p.MadeAt)
	if err != nil {
		return fmt.Errorf("record a billing period: %w", err)
	}
	return nil
}

// OfSchedule reports whether a billing schedule made an invoice.
func (tx *Tx) OfSchedule(ctx context.Context, invoice uuid.UUID) (bool, error) {
	var made bool
	err := tx.QueryRow(ctx, "select exists (select 1 from billing_periods where tenant = $1 and invoice_id = $2)", tx.Tenant, invoice).Scan(&made)
	if err != nil {
		return false, fmt.Errorf("look whether a schedule made an invoice: %w", err)
	}
	return made, nil
}

// DecideDraft records what became of a draft that was made ahead of its period.
func (tx *Tx) DecideDraft(ctx context.Context, schedule uuid.UUID, from remit.Date, state remit.PeriodFate) error {
	_, err := tx.Exec(ctx, "update billing_periods set state = $4, send_at = null where tenant = $1 and schedule_id = $2 and from_date = $3", tx.Tenant, schedule, from, state)
	if err != nil {
		return fmt.Errorf("record what became of a draft: %w", err)
	}
	return nil
}

const billingPeriods = `select p.from_date, p.until_date, p.version, p.state, p.invoice_id, coalesce(i.number, ''), coalesce(i.status, ''), coalesce(i.total, 0), p.send_at, p.made_at
	from billing_periods p left join invoices i on i.tenant = p.tenant and i.id = p.invoice_id where p.tenant = $1 and p.schedule_id = $2`

// NextDraft is a schedule's draft that is sent next by itself, or nil.
func (tx *Tx) NextDraft(ctx context.Context, schedule uuid.UUID) (*BillingPeriod, error) {
	list, err := tx.billingPeriods(ctx, billingPeriods+" and p.send_at is not null order by p.send_at, p.from_date limit 1", schedule)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// BillingPeriods reads the last periods of a schedule that are through, the newest
// first.
func (tx *Tx) BillingPeriods(ctx context.Context, schedule uuid.UUID, limit int) ([]BillingPeriod, error) {
	return tx.billingPeriods(ctx, billingPeriods+" order by p.from_date desc limit $3", schedule, limit)
}

func (tx *Tx) billingPeriods(ctx context.Context, query string, args ...any) ([]BillingPeriod, error) {
	rows, err := tx.Query(ctx, query, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read billing periods: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p BillingPeriod, err error) {
		return p, row.Scan(&p.From, &p.Until, &p.Version, &p.State, &p.InvoiceID, &p.Number, &p.Status, &p.Total, &p.SendAt, &p.MadeAt)
	})
	if err != nil {
		return nil, fmt.Errorf("read billing periods: %w", err)
	}
	return list, nil
}

// BillingEntry is one thing that happened to a schedule.
type BillingEntry struct {
	At    time.Time // organisation's clock
	Kind  string
	What  string
	Actor remit.Actor
}

// TellBilling appends to a schedule's history. Its row is held.
func (tx *Tx) TellBilling(ctx context.Context, schedule uuid.UUID, e BillingEntry) error {
	actor, err := json.Marshal(e.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	_, err = tx.Exec(ctx, `with n as (update billing_schedules set history_seq = history_seq + 1 where tenant = $1 and id = $2 returning history_seq)
		insert into billing_schedule_history (tenant, schedule_id, seq, at, kind, what, actor) select $1, $2, n.history_seq, $3, $4, $5, $6 from n`,
		tx.Tenant, schedule, e.At, e.Kind, e.What, actor)
	if err != nil {
		return fmt.Errorf("tell what happened to a schedule: %w", err)
	}
	return nil
}

// BillingHistory reads the last of what happened to a schedule, the newest first.
func (tx *Tx) BillingHistory(ctx context.Context, schedule uuid.UUID, limit int) ([]BillingEntry, error) {
	rows, err := tx.Query(ctx, "select at, kind, what, actor from billing_schedule_history where tenant = $1 and schedule_id = $2 order by seq desc limit $3", tx.Tenant, schedule, limit)
	if err != nil {
		return nil, fmt.Errorf("read a schedule's history: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e BillingEntry, err error) {
		var actor []byte
		if err = row.Scan(&e.At, &e.Kind, &e.What, &actor); err == nil {
			err = json.Unmarshal(actor, &e.Actor)
		}
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read a schedule's history: %w", err)
	}
	return list, nil
}

// PlanBilling puts a schedule's next step on the agenda, or moves it there.
func (tx *Tx) PlanBilling(ctx context.Context, s remit.BillingSchedule, at time.Time, what string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, at, kind, object_id, what) values ($1,$2,$3,$4,$5,$6,$7)
		on conflict (tenant, kind, object_id) where done_at is null do update set at = excluded.at, what = excluded.what`,
		tx.Tenant, id, s.OrganisationID, at, remit.AgendaBill, s.ID, what)
	if err != nil {
		return fmt.Errorf("plan a schedule's next invoice: %w", err)
	}
	return nil
}

// DueBilling reads the schedules that have something due by a time, the earliest
// first.
func (tx *Tx) DueBilling(ctx context.Context, by time.Time, limit int) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and done_at is null and kind = 'bill' and at <= $2 order by at, id limit $3", tx.Tenant, by, limit)
	if err != nil {
		return nil, fmt.Errorf("read the schedules that are due: %w", err)
	}
	return collectAgenda(rows)
}

// PutBillingOff has a schedule's step taken up later.
func (tx *Tx) PutBillingOff(ctx context.Context, schedule uuid.UUID, until time.Time) error {
	_, err := tx.Exec(ctx, "update agenda set at = $3 where tenant = $1 and kind = 'bill' and object_id = $2 and done_at is null", tx.Tenant, schedule, until)
	if err != nil {
		return fmt.Errorf("put a schedule off: %w", err)
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// AgendaRow is something that will happen by itself, on the organisation's clock.
type AgendaRow struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	InvoiceID      uuid.UUID // [uuid.Nil] where it is about none
	At             time.Time
	Kind           remit.AgendaKind
	ObjectID       uuid.UUID
	What           string
	Soon           bool // a charge that the invoice's own workflow carries out
}

// Plan puts a row on the agenda, or moves the one of the same kind and object.
func (tx *Tx) Plan(ctx context.Context, l *LockedInvoice, kind remit.AgendaKind, object uuid.UUID, at time.Time, what string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what) values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict (tenant, kind, object_id) where done_at is null do update set at = excluded.at, what = excluded.what`,
		tx.Tenant, id, l.OrganisationID, l.ID, at, kind, object, what)
	if err != nil {
		return fmt.Errorf("plan %s: %w", kind, err)
	}
	return nil
}

// Done takes a row off the agenda; none there is fine.
func (tx *Tx) Done(ctx context.Context, kind remit.AgendaKind, object uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, "update agenda set done_at = $4 where tenant = $1 and kind = $2 and object_id = $3 and done_at is null", tx.Tenant, kind, object, now)
	if err != nil {
		return fmt.Errorf("end %s: %w", kind, err)
	}
	return nil
}

// DoneAll takes the rows about an object of some kinds off the agenda.
func (tx *Tx) DoneAll(ctx context.Context, object uuid.UUID, now time.Time, kinds ...remit.AgendaKind) error {
	_, err := tx.Exec(ctx, "update agenda set done_at = $4 where tenant = $1 and kind = any($2) and object_id = $3 and done_at is null", tx.Tenant, kinds, object, now)
	if err != nil {
		return fmt.Errorf("end what is planned: %w", err)
	}
	return nil
}

// DoneRow takes one row off the agenda and reports whether it was there still: of
// two that carry it out at once, one ends it.
func (tx *Tx) DoneRow(ctx context.Context, row uuid.UUID, now time.Time) (bool, error) {
	tag, err := tx.Exec(ctx, "update agenda set done_at = $3 where tenant = $1 and id = $2 and done_at is null", tx.Tenant, row, now)
	if err != nil {
		return false, fmt.Errorf("end a row of the agenda: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// ClearAgenda takes an invoice's rows off the agenda that collecting it is about.
// Money that goes back, and what Stripe is still asked about, are looked after
// whatever becomes of the invoice.
func (tx *Tx) ClearAgenda(ctx context.Context, invoice uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, "update agenda set done_at = $3 where tenant = $1 and invoice_id = $2 and done_at is null and kind in ('overdue', 'send', 'script', 'charge', 'notice', 'order', 'late_fee')", tx.Tenant, invoice, now)
	if err != nil {
		return fmt.Errorf("clear the agenda: %w", err)
	}
	return nil
}

// InvoiceAgenda reads an invoice's open rows, the next one first.
func (tx *Tx) InvoiceAgenda(ctx context.Context, invoice uuid.UUID) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and invoice_id = $2 and done_at is null order by at, id", tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read the agenda: %w", err)
	}
	return collectAgenda(rows)
}

// AgendaOf reads the open row about an object, or nil.
func (tx *Tx) AgendaOf(ctx context.Context, kind remit.AgendaKind, object uuid.UUID) (*AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and kind = $2 and object_id = $3 and done_at is null", tx.Tenant, kind, object)
	if err != nil {
		return nil, fmt.Errorf("read the agenda: %w", err)
	}
	list, err := collectAgenda(rows)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// nextOnAgenda is what comes next for an invoice, as people are told: that a
// dispute is asked about every day would hide everything else, and that a charge is
// announced would hide the charge.
const nextOnAgenda = `select what, at from agenda g where tenant = $1 and invoice_id = $2 and done_at is null
	order by kind = 'poll' and exists (select 1 from disputes d where d.tenant = g.tenant and d.id = g.object_id),
		kind = 'notice' and exists (select 1 from agenda c where c.tenant = g.tenant and c.invoice_id = g.invoice_id and c.kind = 'charge' and c.done_at is null), at, id limit 1`

// InvoiceNext reads what comes next for an invoice by itself, and when.
func (tx *Tx) InvoiceNext(ctx context.Context, invoice uuid.UUID) (remit.Next, error) {
	var next remit.Next
	err := tx.QueryRow(ctx, nextOnAgenda, tx.Tenant, invoice).Scan(&next.What, &next.At)
	if err != nil && !isNoRows(err) {
		return remit.Next{}, fmt.Errorf("read what comes next: %w", err)
	}
	return next, nil
}

// DueAgenda reads the tenant's earliest open rows that are due by a time on its
// clock, at most limit of them.
func (tx *Tx) DueAgenda(ctx context.Context, by time.Time, limit int) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and done_at is null and at <= $2 order by at, id limit $3", tx.Tenant, by, limit)
	if err != nil {
		return nil, fmt.Errorf("read what is due: %w", err)
	}
	return collectAgenda(rows)
}

// NeglectedRefunds reads the rows of refunds that were due by a time and are
// still open.
func (tx *Tx) NeglectedRefunds(ctx context.Context, by time.Time, limit int) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and done_at is null and kind = 'refund' and at <= $2 order by at, id limit $3", tx.Tenant, by, limit)
	if err != nil {
		return nil, fmt.Errorf("read the refunds that are due: %w", err)
	}
	return collectAgenda(rows)
}

// HastenPolls makes every look at Stripe that the tenant's agenda has due now.
func (tx *Tx) HastenPolls(ctx context.Context, now time.Time) error {
	_, err := tx.Exec(ctx, "update agenda set at = $3 where tenant = $1 and kind = $2 and at > $3 and done_at is null", tx.Tenant, remit.AgendaPoll, now)
	if err != nil {
		return fmt.Errorf("hasten the looks at Stripe: %w", err)
	}
	return nil
}

// MoveAgenda has what goes by an organisation's calendar happen at the same date and
// hour of another time zone. What is due already stays due.
func (tx *Tx) MoveAgenda(ctx context.Context, organisation uuid.UUID, from, to string) error {
	_, err := tx.Exec(ctx, `update agenda g set at = (g.at at time zone $3) at time zone $4,
			details = case when g.details ? 'planned' then jsonb_set(g.details, '{planned}', to_jsonb(to_char(((g.details ->> 'planned')::timestamptz at time zone $3) at time zone $4 at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))) else g.details end
		where g.tenant = $1 and g.organisation_id = $2 and g.done_at is null and (g.kind in ('charge', 'notice', 'overdue', 'send', 'late_fee')
				or g.kind = 'bill' and exists (select 1 from billing_schedules s where s.tenant = $1 and s.id = g.object_id and s.versions -> -1 ->> 'time_zone' = '')) and g.at > now() + coalesce((select clock_offset from organisations where tenant = $1 and clock_offset is not null limit 1), '0')`,
		tx.Tenant, organisation, from, to)
	if err != nil {
		return fmt.Errorf("move the agenda to another time zone: %w", err)
	}
	return nil
}

// Clock reads the tenant's clock.
func (tx *Tx) Clock(ctx context.Context) (remit.Clock, error) {
	var offset *time.Duration
	err := tx.QueryRow(ctx, "select (select clock_offset from organisations where tenant = $1 and clock_offset is not null limit 1)", tx.Tenant).Scan(&offset)
	if err != nil {
		return remit.Clock{}, fmt.Errorf("read the clock: %w", err)
	}
	if offset == nil {
		return remit.Clock{}, nil
	}
	return remit.Clock{Offset: *offset, Test: true}, nil
}

// MoveClock sets the offset of the tenant's test clock. A clock is never set
// back: false says that the offset given is not ahead of the present one.
func (tx *Tx) MoveClock(ctx context.Context, offset time.Duration) (bool, error) {
	tag, err := tx.Exec(ctx, "update organisations set clock_offset = $2 where tenant = $1 and clock_offset is not null and clock_offset <= $2", tx.Tenant, offset)
	if err != nil {
		return false, fmt.Errorf("move the clock: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

const agendaColumns = "id, organisation_id, coalesce(invoice_id, '00000000-0000-0000-0000-000000000000'), at, kind, object_id, what, coalesce((details ->> 'soon')::boolean, false)"

func collectAgenda(rows pgx.Rows) ([]AgendaRow, error) {
	agenda, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a AgendaRow, err error) {
		return a, row.Scan(&a.ID, &a.OrganisationID, &a.InvoiceID, &a.At, &a.Kind, &a.ObjectID, &a.What, &a.Soon)
	})
	if err != nil {
		return nil, fmt.Errorf("read the agenda: %w", err)
	}
	return agenda, nil
}

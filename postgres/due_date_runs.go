package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const dueRunColumns = `r.id, r.organisation_id, o.path, r.as_of, r.by_instant, r.dry_run, r.state, r.stage, r.failure, r.found, r.charged, r.processing, r.declined, r.skipped, r.failed,
	r.notices, r.notices_failed, r.notice_failure, r.amount_charged, r.compared_with, r.actor, r.created_at, r.ended_at, coalesce(r.ended_real - r.started_real, '0'::interval)`

const dueRunTables = " from due_date_runs r join organisations o on o.tenant = r.tenant and o.id = r.organisation_id where r.tenant = $1 and "

func (tx *Tx) queryDueRuns(ctx context.Context, where string, args ...any) ([]remit.DueDateRun, error) {
	rows, err := tx.Query(ctx, "select "+dueRunColumns+dueRunTables+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read due-date runs: %w", err)
	}
	runs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r remit.DueDateRun, err error) {
		var sums, actor []byte
		err = row.Scan(&r.ID, &r.OrganisationID, &r.Organisation, &r.AsOf, &r.By, &r.DryRun, &r.State, &r.Stage, &r.Failure,
			&r.Counts.Found, &r.Counts.Charged, &r.Counts.Processing, &r.Counts.Declined, &r.Counts.Skipped, &r.Counts.Failed, &r.Counts.Notices, &r.Counts.NoticesFailed, &r.NoticeFailure,
			&sums, &r.ComparedWith, &actor, &r.CreatedAt, &r.EndedAt, &r.Took)
		if err == nil {
			err = json.Unmarshal(sums, &r.Sums)
		}
		if err == nil {
			err = json.Unmarshal(actor, &r.Actor)
		}
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read due-date runs: %w", err)
	}
	return runs, nil
}

// DueDateRun reads a run. It returns [remit.NotFound] where there is none.
func (tx *Tx) DueDateRun(ctx context.Context, id uuid.UUID) (remit.DueDateRun, error) {
	runs, err := tx.queryDueRuns(ctx, "r.id = $2", id)
	if err == nil && len(runs) == 0 {
		err = remit.NotFound()
	}
	if err != nil {
		return remit.DueDateRun{}, err
	}
	return runs[0], nil
}

// DueDateRuns reads a page of the runs at units, at a path and below, newest first.
func (tx *Tx) DueDateRuns(ctx context.Context, units []uuid.UUID, path string, before *remit.DueDateRun, limit int) ([]remit.DueDateRun, error) {
	const where = "r.organisation_id = any($2) and (o.path = $3 or o.path ^@ ($3 || '/'))"
	const order = " order by r.created_at desc, r.id limit $4"
	if before == nil {
		return tx.queryDueRuns(ctx, where+order, units, path, limit)
	}
	return tx.queryDueRuns(ctx, where+" and (r.created_at < $5 or r.created_at = $5 and r.id > $6)"+order, units, path, limit, before.CreatedAt, before.ID)
}

// RunningDueDateRuns reads the runs that have not ended.
func (tx *Tx) RunningDueDateRuns(ctx context.Context) ([]remit.DueDateRun, error) {
	return tx.queryDueRuns(ctx, "r.state = 'running' order by r.created_at limit 100")
}

// InsertDueDateRun begins a run, once: what it finds is counted then, and the last
// dry run for the same date and organisation is what it will be compared with.
func (tx *Tx) InsertDueDateRun(ctx context.Context, r remit.DueDateRun) error {
	actor, err := json.Marshal(r.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into due_date_runs (tenant, id, organisation_id, as_of, by_instant, dry_run, state, stage, actor, created_at, found, compared_with)
		values ($1,$2,$3,$4,$5,$6,'running','charge',$7,$8, (select count(*) from `+dueRows("$8", "$6")+`),
			case when $6 then null else (select d.id from due_date_runs d where d.tenant = $1 and d.organisation_id = $3 and d.as_of = $4 and d.dry_run and d.state = 'done' order by d.created_at desc, d.id desc limit 1) end)
		on conflict do nothing`, tx.Tenant, r.ID, r.OrganisationID, r.AsOf, r.By, r.DryRun, actor, r.CreatedAt)
	if err != nil {
		return fmt.Errorf("begin a due-date run: %w", err)
	}
	return nil
}

// dueRows are the charges g at organisation $3 and below that are due by an instant
// $5: each at the time it began, or by a date $4 in the zone of each, which for a run that
// charges has to have come there: it is not made ahead of the date. What was put
// off, and the tries after a failure, are not hurried: they have a time of their
// own, and a run would else take up again and again what it has put off itself. Only
// a dry run counts on them, those of its own day too, which later runs will carry out.
//
// A date ends with the day of the run's organisation: where it is the next one already, what
// comes due before that end is charged by a run of the date, whenever it is begun, so that a
// dry run has it too, and what comes due after it is not.
//
// What waits for its window is of the day it was planned for.
func dueRows(began, dry string) string {
	const ends = "(($4::date + 1)::timestamp at time zone top.time_zone)"
	return `agenda g join organisations u on u.tenant = g.tenant and u.id = g.organisation_id
		join organisations top on top.tenant = $1 and top.id = $3
		where g.tenant = $1 and g.done_at is null and g.kind = 'charge' and g.at <= $5
			and (u.path = top.path or u.path ^@ (top.path || '/')) and (` + chargeDay + ` <= $4::date::text or g.at < ` + ends + `)
			and (g.at <= ` + began + ` or ` + dry + ` and g.at < ` + ends + ` or ` + chargeDay + ` <= $4::date::text
				and (coalesce((g.details ->> 'try')::int, 0) <= 1 and coalesce((g.details ->> 'round')::int, 0) = 0
					and (` + dry + ` or ` + chargeDay + ` <= (` + began + ` at time zone u.time_zone)::date::text) or ` + dry + ` and (` + began + ` at time zone u.time_zone)::date <= $4))`
}

// chargeDay is the day, where it is, that a charge g is for, as text: the window may have
// closed on it before it was made.
const chargeDay = "coalesce(g.details ->> 'day', (g.at at time zone u.time_zone)::date::text)"

// NextCharges reads the next charges of a run that it has no entry of, in order of
// their times.
func (tx *Tx) NextCharges(ctx context.Context, run remit.DueDateRun, limit int) ([]ChargeRow, error) {
	rows, err := tx.Query(ctx, "select g.id, g.organisation_id, g.invoice_id, g.at, g.kind, g.object_id, g.what, coalesce((g.details ->> 'soon')::boolean, false), g.details from "+dueRows("$7", "$8")+`
		and (g.at, g.id) > (select coalesce(after_at, '-infinity'), coalesce(after_id, '00000000-0000-0000-0000-000000000000') from due_date_runs where tenant = $1 and id = $2)
		and not exists (select 1 from due_date_run_entries e where e.tenant = $1 and e.run_id = $2 and e.agenda_id = g.id)
		order by g.at, g.id limit $6`, tx.Tenant, run.ID, run.OrganisationID, run.AsOf, run.By, limit, run.CreatedAt, run.DryRun)
	if err != nil {
		return nil, fmt.Errorf("read the charges that are due: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanChargeOfMany)
	if err != nil {
		return nil, fmt.Errorf("read the charges that are due: %w", err)
	}
	return list, nil
}

// AddDueDateEntries adds a page of entries, whose outcomes are to come, and moves
// the run behind them. A dry run's entries are through with that.
func (tx *Tx) AddDueDateEntries(ctx context.Context, run uuid.UUID, entries []remit.DueDateEntry) error {
	if len(entries) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, e := range entries {
		batch.Queue(`insert into due_date_run_entries (tenant, run_id, agenda_id, invoice_id, at, amount, surcharge, currency, method, forecast, forecast_reason, forecast_amount, forecast_surcharge)
			values ($1,$2,$3,$4,$5,$6,$7,coalesce(nullif($8, ''), (select currency from invoices where tenant = $1 and id = $4)),$9,$10,$11,$6,$7) on conflict do nothing`,
			tx.Tenant, run, e.Row, e.InvoiceID, e.At, e.ForecastAmount, e.ForecastFee, e.Currency, e.Method, e.Forecast, e.ForecastReason)
	}
	last := entries[len(entries)-1]
	batch.Queue("update due_date_runs set after_at = $3, after_id = $4 where tenant = $1 and id = $2", tx.Tenant, run, last.At, last.Row)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("add to a due-date run: %w", err)
	}
	return nil
}

const dueEntryColumns = `e.agenda_id, e.invoice_id, i.number, c.name, e.at, e.amount, e.surcharge, e.currency, e.method, e.forecast, e.forecast_amount, e.forecast_surcharge, e.forecast_reason, e.outcome, e.reason, e.attempt_id`

const dueEntryTables = ` from due_date_run_entries e join invoices i on i.tenant = e.tenant and i.id = e.invoice_id
	join customers c on c.tenant = i.tenant and c.id = i.customer_id where e.tenant = $1 and e.run_id = $2 `

func (tx *Tx) queryDueEntries(ctx context.Context, run uuid.UUID, where string, args ...any) ([]remit.DueDateEntry, error) {
	rows, err := tx.Query(ctx, "select "+dueEntryColumns+dueEntryTables+where, append([]any{tx.Tenant, run}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read a due-date run: %w", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e remit.DueDateEntry, err error) {
		return e, row.Scan(&e.Row, &e.InvoiceID, &e.Number, &e.CustomerName, &e.At, &e.Amount, &e.Surcharge, &e.Currency, &e.Method,
			&e.Forecast, &e.ForecastAmount, &e.ForecastFee, &e.ForecastReason, &e.Outcome, &e.Reason, &e.Attempt)
	})
	if err != nil {
		return nil, fmt.Errorf("read a due-date run: %w", err)
	}
	return entries, nil
}

// PendingEntries reads the entries of a run whose outcome is to come.
func (tx *Tx) PendingEntries(ctx context.Context, run uuid.UUID) ([]remit.DueDateEntry, error) {
	return tx.queryDueEntries(ctx, run, "and e.outcome = '' order by e.at, e.agenda_id")
}

// DueDateEntries reads a page of a run's entries in order, those after one.
func (tx *Tx) DueDateEntries(ctx context.Context, run uuid.UUID, after *remit.DueDateEntry, limit int) ([]remit.DueDateEntry, error) {
	if after == nil {
		return tx.queryDueEntries(ctx, run, "order by e.at, e.agenda_id limit $3", limit)
	}
	return tx.queryDueEntries(ctx, run, "and (e.at, e.agenda_id) > ($4, $5) order by e.at, e.agenda_id limit $3", limit, after.At, after.Row)
}

// EndDueDateEntries records what came of entries and counts them, each once.
func (tx *Tx) EndDueDateEntries(ctx context.Context, run uuid.UUID, entries []remit.DueDateEntry) error {
	for _, e := range entries {
		tag, err := tx.Exec(ctx, `update due_date_run_entries set outcome = $4, reason = $5, amount = $6, attempt_id = $7, surcharge = $8
			where tenant = $1 and run_id = $2 and agenda_id = $3 and outcome = ''`, tx.Tenant, run, e.Row, e.Outcome, e.Reason, e.Amount, e.Attempt, e.Surcharge)
		if err != nil {
			return fmt.Errorf("end an entry of a due-date run: %w", err)
		}
		if tag.RowsAffected() == 0 {
			continue
		}
		column := string(e.Outcome)
		switch e.Outcome {
		case remit.OutcomeCharged, remit.OutcomeProcessing, remit.OutcomeDeclined, remit.OutcomeSkipped, remit.OutcomeFailed:
		case remit.OutcomePending:
			return errors.New("an entry of a due-date run ended as nothing")
		}
		sum := int64(0)
		if e.Outcome == remit.OutcomeCharged {
			sum = e.Amount
		}
		_, err = tx.Exec(ctx, "update due_date_runs set "+column+" = "+column+` + 1,
			amount_charged = case when $4 = 0 then amount_charged else jsonb_set(amount_charged, array[$3], to_jsonb(coalesce((amount_charged ->> $3)::bigint, 0) + $4)) end
			where tenant = $1 and id = $2`, tx.Tenant, run, e.Currency, sum)
		if err != nil {
			return fmt.Errorf("count an entry of a due-date run: %w", err)
		}
	}
	return nil
}

// ChargeOutcomes reads what became of rows of the agenda: done or not, with their
// results and how the attempts stand that they led to.
func (tx *Tx) ChargeOutcomes(ctx context.Context, rows []uuid.UUID) (map[uuid.UUID]ChargeState, error) {
	found, err := tx.Query(ctx, `select g.id, g.done_at is not null, coalesce(g.result, 'null'), a.id, coalesce(a.state, ''), coalesce(a.amount, 0), coalesce(a.surcharge, 0), coalesce(a.decline ->> 'code', '')
		from agenda g left join attempts a on a.tenant = g.tenant and a.id = (g.result ->> 'attempt')::uuid where g.tenant = $1 and g.id = any($2)`, tx.Tenant, rows)
	if err != nil {
		return nil, fmt.Errorf("read what charges came to: %w", err)
	}
	states := map[uuid.UUID]ChargeState{}
	_, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (id uuid.UUID, err error) {
		var s ChargeState
		var result []byte
		if err = row.Scan(&id, &s.Done, &result, &s.Attempt, &s.State, &s.Amount, &s.Surcharge, &s.Code); err == nil {
			err = json.Unmarshal(result, &s.Result)
		}
		states[id] = s
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what charges came to: %w", err)
	}
	return states, nil
}

// ChargeState is what became of a charge on the agenda.
type ChargeState struct {
	Done      bool
	Result    ChargeResult
	Attempt   *uuid.UUID
	State     remit.AttemptState // "" where there is no attempt
	Amount    int64
	Surcharge int64
	Code      string // of its decline
}

// BringForward makes charges due now that a person has charged, before their time or
// outside their window.
func (tx *Tx) BringForward(ctx context.Context, rows []uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, `update agenda set at = least(at, $3), details = details || '{"by_run": true}' where tenant = $1 and id = any($2) and done_at is null`, tx.Tenant, rows, now)
	if err != nil {
		return fmt.Errorf("bring charges forward: %w", err)
	}
	return nil
}

// PutOff moves rows of the agenda to a later time that cannot be carried out now.
func (tx *Tx) PutOff(ctx context.Context, rows []uuid.UUID, to time.Time) error {
	_, err := tx.Exec(ctx, "update agenda set at = $3 where tenant = $1 and id = any($2) and at < $3 and done_at is null", tx.Tenant, rows, to)
	if err != nil {
		return fmt.Errorf("put rows of the agenda off: %w", err)
	}
	return nil
}

// DueNotices reads the notices at a run's organisation and below that were due when
// it began: each that is written, or put off, is none of them any more.
func (tx *Tx) DueNotices(ctx context.Context, run remit.DueDateRun, limit int) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, `select g.id, g.organisation_id, g.invoice_id, g.at, g.kind, g.object_id, g.what, false from agenda g
		join organisations u on u.tenant = g.tenant and u.id = g.organisation_id join organisations top on top.tenant = g.tenant and top.id = $2
		where g.tenant = $1 and g.done_at is null and g.kind = 'notice' and g.at <= least($3, $5::timestamptz) and (u.path = top.path or u.path ^@ (top.path || '/')) order by g.at, g.id limit $4`,
		tx.Tenant, run.OrganisationID, run.By, limit, run.CreatedAt)
	if err != nil {
		return nil, fmt.Errorf("read the notices that are due: %w", err)
	}
	return collectAgenda(rows)
}

// CountNotices counts notices that a run wrote, and those that it could not, which
// it puts off, with why the first was not.
func (tx *Tx) CountNotices(ctx context.Context, run uuid.UUID, written int, failed []AgendaRow, why string, to time.Time) error {
	first, rows := uuid.Nil, make([]uuid.UUID, len(failed))
	for n, row := range failed {
		first, rows[n] = failed[0].InvoiceID, row.ID
	}
	if err := tx.PutOff(ctx, rows, to); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update due_date_runs set notices = notices + $3, notices_failed = notices_failed + $4, stage = 'notices',
		notice_failure = case when notice_failure <> '' then notice_failure else coalesce((select number || ': ' || $5 from invoices where tenant = $1 and id = $6), '') end
		where tenant = $1 and id = $2`, tx.Tenant, run, written, len(failed), why, first)
	if err != nil {
		return fmt.Errorf("count notices: %w", err)
	}
	return nil
}

// AnyDueByRun reports whether the tenant has anything due by a time that runs carry
// out.
func (tx *Tx) AnyDueByRun(ctx context.Context, by time.Time) (due bool, err error) {
	// The first of each kind by the index agenda_runs: asked whether there is any, the planner
	// expects to meet one soon and reads the whole table where there is none.
	const first = `exists (select 1 from (select 1 from agenda where tenant = $1 and kind = '%s' and done_at is null and at <= $2
		and not coalesce((details ->> 'soon')::boolean, false) order by at limit 1) f)`
	err = tx.QueryRow(ctx, "select "+fmt.Sprintf(first, remit.AgendaCharge)+" or "+fmt.Sprintf(first, remit.AgendaNotice), tx.Tenant, by).Scan(&due)
	if err != nil {
		return false, fmt.Errorf("look for what is due: %w", err)
	}
	return due, nil
}

// EndDueDateRun records the end of a run.
func (tx *Tx) EndDueDateRun(ctx context.Context, run uuid.UUID, now time.Time, failure string) error {
	state := "done"
	if failure != "" {
		state = "failed"
	}
	_, err := tx.Exec(ctx, `update due_date_runs set state = $3, stage = 'ended', failure = $4, ended_at = $5, ended_real = now() where tenant = $1 and id = $2 and state = 'running'`,
		tx.Tenant, run, state, failure, now)
	if err != nil {
		return fmt.Errorf("end a due-date run: %w", err)
	}
	return nil
}

// DueDateDifferences reads what came otherwise than a dry run had forecast, in order,
// at most limit: charges that both have and that differ, and those that only one has.
// A charge whose time has not come when the run began is none: it is to come.
func (tx *Tx) DueDateDifferences(ctx context.Context, run remit.DueDateRun, limit int) ([]remit.DueDateEntry, error) {
	if run.ComparedWith == nil {
		return tx.queryDueEntries(ctx, run.ID, "and (e.outcome <> e.forecast or e.outcome = 'charged' and (e.amount, e.surcharge) <> (e.forecast_amount, e.forecast_surcharge)) and e.outcome <> '' order by e.at, e.agenda_id limit $3", limit)
	}
	rows, err := tx.Query(ctx, `select agenda_id, coalesce(e.invoice_id, f.invoice_id), i.number, c.name, coalesce(e.at, f.at), coalesce(e.amount, 0), coalesce(e.surcharge, 0),
			coalesce(e.currency, f.currency), coalesce(e.method, f.method), coalesce(f.forecast, ''), coalesce(f.forecast_amount, 0), coalesce(f.forecast_surcharge, 0),
			coalesce(f.forecast_reason, 'It was not due when the forecast was made'), coalesce(e.outcome, 'skipped'), coalesce(e.reason, 'It was not due any more'), e.attempt_id
		from (select agenda_id, invoice_id, at, amount, surcharge, currency, method, outcome, reason, attempt_id from due_date_run_entries where tenant = $1 and run_id = $2) e
		full join (select agenda_id, invoice_id, at, currency, method, forecast, forecast_amount, forecast_surcharge, forecast_reason from due_date_run_entries where tenant = $1 and run_id = $3) f using (agenda_id)
		join invoices i on i.tenant = $1 and i.id = coalesce(e.invoice_id, f.invoice_id) join customers c on c.tenant = i.tenant and c.id = i.customer_id
		where (e.outcome is distinct from f.forecast or e.outcome = 'charged' and (e.amount, e.surcharge) <> (f.forecast_amount, f.forecast_surcharge))
			and (e.agenda_id is not null or not exists (select 1 from agenda g where g.tenant = $1 and g.id = f.agenda_id and g.done_at is null and g.at > $5))
		order by 5, 1 limit $4`, tx.Tenant, run.ID, *run.ComparedWith, limit, run.CreatedAt)
	if err != nil {
		return nil, fmt.Errorf("compare a due-date run: %w", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e remit.DueDateEntry, err error) {
		return e, row.Scan(&e.Row, &e.InvoiceID, &e.Number, &e.CustomerName, &e.At, &e.Amount, &e.Surcharge, &e.Currency, &e.Method,
			&e.Forecast, &e.ForecastAmount, &e.ForecastFee, &e.ForecastReason, &e.Outcome, &e.Reason, &e.Attempt)
	})
	if err != nil {
		return nil, fmt.Errorf("compare a due-date run: %w", err)
	}
	return entries, nil
}

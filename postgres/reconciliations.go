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

const runColumns = `r.id, r.organisation_id, o.path, o.currency, r.nightly, r.account, r.livemode, r.since, r.at, r.state, r.failure,
	r.movements, r.payouts, r.entries, r.actor, r.ended_at`

const runTables = " from reconciliation_runs r join organisations o on o.tenant = r.tenant and o.id = r.organisation_id where r.tenant = $1 and "

func (tx *Tx) queryRuns(ctx context.Context, where string, args ...any) ([]remit.ReconciliationRun, error) {
	rows, err := tx.Query(ctx, "select "+runColumns+runTables+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read reconciliations: %w", err)
	}
	runs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r remit.ReconciliationRun, err error) {
		var since *time.Time
		var actor []byte
		err = row.Scan(&r.ID, &r.OrganisationID, &r.Organisation, &r.Currency, &r.Nightly, &r.Account, &r.Livemode, &since, &r.At, &r.State, &r.Failure,
			&r.Work.Movements, &r.Work.Payouts, &r.Work.Entries, &actor, &r.EndedAt)
		if err != nil {
			return r, err
		}
		if since != nil {
			r.Since = *since
		}
		return r, json.Unmarshal(actor, &r.Actor)
	})
	if err != nil {
		return nil, fmt.Errorf("read reconciliations: %w", err)
	}
	return runs, nil
}

func (tx *Tx) oneRun(ctx context.Context, where string, args ...any) (*remit.ReconciliationRun, error) {
	runs, err := tx.queryRuns(ctx, where, args...)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return &runs[0], nil
}

// ReconciliationRun reads a run.
func (tx *Tx) ReconciliationRun(ctx context.Context, id uuid.UUID) (remit.ReconciliationRun, error) {
	run, err := tx.oneRun(ctx, "r.id = $2", id)
	if err == nil && run == nil {
		err = remit.NotFound()
	}
	if err != nil {
		return remit.ReconciliationRun{}, err
	}
	return *run, nil
}

// LastReconciliationRun reads the latest run of an account that came to its end,
// or nil.
func (tx *Tx) LastReconciliationRun(ctx context.Context, account string, livemode bool) (*remit.ReconciliationRun, error) {
	return tx.oneRun(ctx, "r.account = $2 and r.livemode = $3 and r.state = 'done' order by r.at desc, r.id desc limit 1", account, livemode)
}

// LatestReconciliationRun reads the run that was begun last, whatever became of
// it, or nil.
func (tx *Tx) LatestReconciliationRun(ctx context.Context) (*remit.ReconciliationRun, error) {
	return tx.oneRun(ctx, "true order by r.at desc, r.id desc limit 1")
}

// RunningReconciliations reads the runs that have not ended.
func (tx *Tx) RunningReconciliations(ctx context.Context) ([]remit.ReconciliationRun, error) {
	return tx.queryRuns(ctx, "r.state = 'running' order by r.at, r.id limit 100")
}

// BeginReconciliation adds a run, once.
func (tx *Tx) BeginReconciliation(ctx context.Context, r remit.ReconciliationRun) error {
	actor, err := json.Marshal(r.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	var since *time.Time
	if !r.Since.IsZero() {
		since = &r.Since
	}
	_, err = tx.Exec(ctx, `insert into reconciliation_runs (tenant, id, organisation_id, nightly, account, livemode, since, at, state, actor)
		values ($1,$2,$3,$4,$5,$6,$7,$8,'running',$9) on conflict do nothing`,
		tx.Tenant, r.ID, r.OrganisationID, r.Nightly, r.Account, r.Livemode, since, r.At, actor)
	if err != nil {
		return fmt.Errorf("begin a reconciliation: %w", err)
	}
	return nil
}

// EndReconciliation ends a run with what it found. It reports false for one that
// has ended already, whose result stays.
func (tx *Tx) EndReconciliation(ctx context.Context, run remit.ReconciliationRun, found []remit.Reconciliation) (bool, error) {
	tag, err := tx.Exec(ctx, `update reconciliation_runs set state = $3, failure = $4, movements = $5, payouts = $6, entries = $7, ended_at = now()
		where tenant = $1 and id = $2 and state = 'running'`, tx.Tenant, run.ID, run.State, run.Failure, run.Work.Movements, run.Work.Payouts, run.Work.Entries)
	if err != nil {
		return false, fmt.Errorf("end a reconciliation: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	for _, r := range found {
		totals, err := json.Marshal(r.Totals)
		if err != nil {
			return false, fmt.Errorf("write totals: %w", err)
		}
		if _, err := tx.Exec(ctx, "insert into reconciliations (tenant, id, run_id, at, currency, unexplained, totals) values ($1,$2,$3,$4,$5,$6,$7)",
			tx.Tenant, r.ID, run.ID, run.At, r.Currency, r.Unexplained, totals); err != nil {
			return false, fmt.Errorf("write a reconciliation: %w", err)
		}
		if err := tx.insertDifferences(ctx, r); err != nil {
			return false, err
		}
	}
	return true, nil
}

// insertDifferences writes all of them in one round trip.
func (tx *Tx) insertDifferences(ctx context.Context, r remit.Reconciliation) error {
	batch := &pgx.Batch{}
	for n, d := range r.Differences {
		batch.Queue(`insert into reconciliation_differences (tenant, reconciliation_id, n, kind, stripe_id, amount, cause, explained, payment_intent, invoice_id, at, carried)
			values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`,
			tx.Tenant, r.ID, n, d.Kind, d.StripeID, d.Amount, d.Cause, d.Cause.Explained(), d.Intent, d.InvoiceID, d.At, d.Carried)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	return nil
}

const reconciliationColumns = "c.id, r.id, o.path, r.state, r.failure, r.since, c.at, c.currency, c.totals, c.unexplained"

const reconciliationTables = ` from reconciliations c join reconciliation_runs r on r.tenant = c.tenant and r.id = c.run_id
	join organisations o on o.tenant = r.tenant and o.id = r.organisation_id where c.tenant = $1 and `

func (tx *Tx) queryReconciliations(ctx context.Context, where string, args ...any) ([]remit.Reconciliation, error) {
	rows, err := tx.Query(ctx, "select "+reconciliationColumns+reconciliationTables+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read reconciliations: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c remit.Reconciliation, err error) {
		var since *time.Time
		var totals []byte
		if err := row.Scan(&c.ID, &c.Run, &c.Organisation, &c.State, &c.Failure, &since, &c.At, &c.Currency, &totals, &c.Unexplained); err != nil {
			return c, err
		}
		if since != nil {
			c.Since = *since
		}
		return c, json.Unmarshal(totals, &c.Totals)
	})
	if err != nil {
		return nil, fmt.Errorf("read reconciliations: %w", err)
	}
	return found, tx.readDifferences(ctx, found)
}

func (tx *Tx) readDifferences(ctx context.Context, of []remit.Reconciliation) error {
	ids, at := make([]uuid.UUID, len(of)), make(map[uuid.UUID]int, len(of))
	for n, c := range of {
		ids[n], at[c.ID] = c.ID, n
	}
	rows, err := tx.Query(ctx, `select reconciliation_id, kind, stripe_id, amount, cause, payment_intent, invoice_id, at, carried
		from reconciliation_differences where tenant = $1 and reconciliation_id = any($2) order by reconciliation_id, n`, tx.Tenant, ids)
	if err != nil {
		return fmt.Errorf("read differences: %w", err)
	}
	var id uuid.UUID
	var d remit.Difference
	_, err = pgx.ForEachRow(rows, []any{&id, &d.Kind, &d.StripeID, &d.Amount, &d.Cause, &d.Intent, &d.InvoiceID, &d.At, &d.Carried}, func() error {
		c := &of[at[id]]
		d.Currency = c.Currency
		c.Differences = append(c.Differences, d)
		d = remit.Difference{}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read differences: %w", err)
	}
	return nil
}

// Reconciliation reads what a run found in one currency.
func (tx *Tx) Reconciliation(ctx context.Context, id uuid.UUID) (remit.Reconciliation, error) {
	found, err := tx.queryReconciliations(ctx, "c.id = $2", id)
	if err == nil && len(found) == 0 {
		err = remit.NotFound()
	}
	if err != nil {
		return remit.Reconciliation{}, err
	}
	return found[0], nil
}

// ReconciliationsOfRun reads what a run found, the organisation's own currency
// first.
func (tx *Tx) ReconciliationsOfRun(ctx context.Context, run uuid.UUID) ([]remit.Reconciliation, error) {
	return tx.queryReconciliations(ctx, "r.id = $2 order by c.id <> r.id, c.currency", run)
}

// ListReconciliations reads a page, newest first, after a time and an id.
func (tx *Tx) ListReconciliations(ctx context.Context, after *time.Time, id uuid.UUID, limit int) ([]remit.Reconciliation, error) {
	return tx.queryReconciliations(ctx, "($2::timestamptz is null or c.at < $2 or c.at = $2 and c.id > $3) order by c.at desc, c.id limit $4", after, id, limit)
}

// OpenOf reads what a run has left to the next one.
func (tx *Tx) OpenOf(ctx context.Context, run uuid.UUID) (open []remit.Difference, err error) {
	found, err := tx.ReconciliationsOfRun(ctx, run)
	for _, c := range found {
		for _, d := range c.Differences {
			if d.Cause.Open() {
				open = append(open, d)
			}
		}
	}
	return open, err
}

// PlanReconciliation puts the next night's reconciliation on the agenda of an
// organisation that is connected and has none there.
func (tx *Tx) PlanReconciliation(ctx context.Context, organisation uuid.UUID, at time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, at, kind, object_id, what) values ($1,$2,$3,$4,'reconcile',$3,'Reconcile with Stripe')
		on conflict (tenant, kind, object_id) where done_at is null do nothing`, tx.Tenant, id, organisation, at)
	if err != nil {
		return fmt.Errorf("plan a reconciliation: %w", err)
	}
	return nil
}

// UnplannedReconciliation is the organisation, with its time zone, that is
// connected to Stripe and has no reconciliation on its agenda; nil where there is
// none.
func (tx *Tx) UnplannedReconciliation(ctx context.Context) (*remit.Organisation, error) {
	var o remit.Organisation
	err := tx.QueryRow(ctx, `select o.id, o.time_zone from connections c join organisations o on o.tenant = c.tenant and o.id = c.organisation_id
		where c.tenant = $1 and c.disconnected_at is null
			and not exists (select 1 from agenda a where a.tenant = c.tenant and a.kind = 'reconcile' and a.object_id = o.id and a.done_at is null) limit 1`, tx.Tenant).
		Scan(&o.ID, &o.TimeZone)
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a reconciliation on the agenda: %w", err)
	}
	return &o, nil
}

// DueReconciliations reads the rows of nights that were due by a time.
func (tx *Tx) DueReconciliations(ctx context.Context, by time.Time) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and done_at is null and kind = 'reconcile' and at <= $2 order by at, id limit 10", tx.Tenant, by)
	if err != nil {
		return nil, fmt.Errorf("read the reconciliations that are due: %w", err)
	}
	return collectAgenda(rows)
}

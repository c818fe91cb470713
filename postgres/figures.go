package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"remit"
)

// Figures is how an operator sees that Remit keeps up, over all tenants.
type Figures struct {
	Live       map[remit.AttemptState]int // live attempts by state
	AgendaLag  time.Duration              // how long the most overdue row of an agenda has been due; 0 where none is
	Requests   int                        // requests of the last day that are not carried out yet
	Events     map[EventState]int         // events from Stripe by state
	RunsFailed int                        // what due-date runs of the last day could not carry out, and such runs themselves
	Silent     int                        // connections whose charges Stripe does not report
}

// Figures reads them, tenant by tenant, as each tenant's rows are its own. The
// events are counted one by one: ask once a minute, not more often.
func (db *DB) Figures(ctx context.Context) (Figures, error) {
	figures := Figures{Live: map[remit.AttemptState]int{}, Events: map[EventState]int{}}
	tenants, err := db.Tenants(ctx)
	if err != nil {
		return figures, err
	}
	for _, tenant := range tenants {
		if err := db.addFigures(ctx, tenant, &figures); err != nil {
			return figures, fmt.Errorf("read a tenant's figures: %w", err)
		}
	}
	rows, err := db.pool.Query(ctx, "select state, count(*) from stripe_events group by state")
	if err != nil {
		return figures, fmt.Errorf("count events: %w", err)
	}
	var state EventState
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { figures.Events[state] = n; return nil }); err != nil {
		return figures, fmt.Errorf("count events: %w", err)
	}
	return figures, nil
}

func (db *DB) addFigures(ctx context.Context, tenant uuid.UUID, figures *Figures) error {
	return db.InTenant(ctx, tenant, func(tx *Tx) error {
		var lag float64
		var requests, failed int
		err := tx.QueryRow(ctx, `select
			coalesce(extract(epoch from now() - (select min(at) from agenda where tenant = $1 and done_at is null)
				+ coalesce((select clock_offset from organisations where tenant = $1 and clock_offset is not null limit 1), interval '0')), 0)::float8,
			(select count(*) from invoice_requests where tenant = $1 and done_at is null and created_at > now() - interval '1 day'),
			(select coalesce(sum(failed + notices_failed + case when state = 'failed' then 1 else 0 end), 0) from due_date_runs where tenant = $1 and not dry_run and started_real > now() - interval '1 day')`,
			tenant).Scan(&lag, &requests, &failed)
		if err != nil {
			return err
		}
		figures.AgendaLag = max(figures.AgendaLag, time.Duration(lag*float64(time.Second)))
		figures.Requests += requests
		figures.RunsFailed += failed
		switch live, err := tx.LiveConnection(ctx); {
		case err != nil:
			return err
		case live != nil:
			if err := tx.Hear(ctx, &live.Connection); err != nil {
				return err
			}
			if live.Silent(time.Now()) {
				figures.Silent++
			}
		}
		rows, err := tx.Query(ctx, `select state, count(*) from attempts where tenant = $1 and state in ('created', 'requires_action', 'processing', 'confirming') group by state`, tenant)
		if err != nil {
			return err
		}
		var state remit.AttemptState
		var n int
		_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { figures.Live[state] += n; return nil })
		return err
	})
}

// Stat is how busy the pool of connections is.
func (db *DB) Stat() *pgxpool.Stat { return db.pool.Stat() }

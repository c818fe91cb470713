package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// EventState says what was made of an event.
type EventState string

// The states of an event.
const (
	EventWaiting   EventState = "waiting" // its object is still to be looked at
	EventDone      EventState = "done"
	EventForeign   EventState = "foreign"    // about nothing of ours
	EventWrongMode EventState = "wrong_mode" // a test event for a live connection, or the reverse
	EventIgnored   EventState = "ignored"    // of a type that changes nothing here
)

// StoredEvent is a hint from Stripe.
type StoredEvent struct {
	ID        string
	Account   string
	Tenant    uuid.UUID
	Type      string
	ObjectID  string
	Intent    string // "" where it is about none
	Livemode  bool
	State     EventState
	InvoiceID *uuid.UUID
}

// StoreEvent stores an event once for a tenant and gives the state of the stored
// one, which tells whether it still waits.
func (tx *Tx) StoreEvent(ctx context.Context, e StoredEvent) (state EventState, err error) {
	err = tx.QueryRow(ctx, `with new as (
			insert into stripe_events (event_id, account, tenant, type, object_id, livemode, state, invoice_id, intent, done_at)
			values ($1,$2,$3,$4,$5,$6,$7,$8,$9, case when $7 = 'waiting' then null else now() end) on conflict do nothing returning state)
		select state from new union all select state from stripe_events where account = $2 and event_id = $1 and tenant = $3 limit 1`,
		e.ID, e.Account, e.Tenant, e.Type, e.ObjectID, e.Livemode, e.State, e.InvoiceID, e.Intent).Scan(&state)
	if isNoRows(err) { // another delivery is inserting it at this moment
		return EventWaiting, nil
	}
	if err != nil {
		return "", fmt.Errorf("store an event: %w", err)
	}
	return state, nil
}

// EventsLeft reads events that are no invoice's and have waited for longer than lag, the
// newest first. Those that have waited for an hour, because Stripe does not answer about
// them, are looked at in one minute of each hour.
func (tx *Tx) EventsLeft(ctx context.Context, lag time.Duration, limit int) ([]StoredEvent, error) {
	rows, err := tx.Query(ctx, `select event_id, account, tenant, type, object_id, intent, livemode, state from stripe_events
		where tenant = $1 and state = 'waiting' and invoice_id is null and received_at < now() - $2::interval
			and (received_at > now() - interval '1 hour' or abs(hashtext(event_id) % 60) = extract(epoch from now())::bigint / 60 % 60)
		order by received_at desc limit $3`, tx.Tenant, lag, limit)
	if err != nil {
		return nil, fmt.Errorf("list events that wait: %w", err)
	}
	left, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e StoredEvent, err error) {
		return e, row.Scan(&e.ID, &e.Account, &e.Tenant, &e.Type, &e.ObjectID, &e.Intent, &e.Livemode, &e.State)
	})
	if err != nil {
		return nil, fmt.Errorf("list events that wait: %w", err)
	}
	return left, nil
}

// EndEvent marks one event as looked at.
func (db *DB) EndEvent(ctx context.Context, tenant uuid.UUID, account, id string, state EventState) error {
	_, err := db.pool.Exec(ctx, "update stripe_events set state = $4, done_at = now() where tenant = $1 and account = $2 and event_id = $3", tenant, account, id, state)
	if err != nil {
		return fmt.Errorf("end an event: %w", err)
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
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
	Livemode  bool
	State     EventState
	InvoiceID *uuid.UUID
}

// StoreEvent stores an event once for a tenant. fresh is false for one that was stored
// before; its state then tells whether it still waits.
func (db *DB) StoreEvent(ctx context.Context, e StoredEvent) (fresh bool, state EventState, err error) {
	var inserted bool
	err = db.pool.QueryRow(ctx, `with new as (
			insert into stripe_events (event_id, account, tenant, type, object_id, livemode, state, invoice_id, done_at)
			values ($1,$2,$3,$4,$5,$6,$7,$8, case when $7 = 'waiting' then null else now() end) on conflict do nothing returning state)
		select true, state from new union all select false, state from stripe_events where account = $2 and event_id = $1 and tenant = $3 limit 1`,
		e.ID, e.Account, e.Tenant, e.Type, e.ObjectID, e.Livemode, e.State, e.InvoiceID).Scan(&inserted, &state)
	if isNoRows(err) { // another delivery is inserting it at this moment
		return false, EventWaiting, nil
	}
	if err != nil {
		return false, "", fmt.Errorf("store an event: %w", err)
	}
	return inserted, state, nil
}

// EndEvent marks one event as looked at.
func (db *DB) EndEvent(ctx context.Context, tenant uuid.UUID, account, id string, state EventState) error {
	_, err := db.pool.Exec(ctx, "update stripe_events set state = $4, done_at = now() where tenant = $1 and account = $2 and event_id = $3", tenant, account, id, state)
	if err != nil {
		return fmt.Errorf("end an event: %w", err)
	}
	return nil
}

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

// EndEvent marks one event as looked at.
func (db *DB) EndEvent(ctx context.Context, tenant uuid.UUID, account, id string, state EventState) error {
	_, err := db.pool.Exec(ctx, "update stripe_events set state = $4, done_at = now() where tenant = $1 and account = $2 and event_id = $3", tenant, account, id, state)
	if err != nil {
		return fmt.Errorf("end an event: %w", err)
	}
	return nil
}

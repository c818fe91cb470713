package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// TenantsWithWebhooks lists the tenants that have or had endpoints.
func (db *DB) TenantsWithWebhooks(ctx context.Context) ([]uuid.UUID, error) {
	rows, err := db.pool.Query(ctx, "select tenant from webhook_directory order by tenant")
	if err != nil {
		return nil, fmt.Errorf("read who has webhooks: %w", err)
	}
	tenants, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read who has webhooks: %w", err)
	}
	return tenants, nil
}

// numberedAtOnce bounds what one transaction gives numbers to.
const numberedAtOnce = 500

// NumberEvents gives the tenant's new events their numbers and queues each for
// the endpoints that want it and were there when it was written. Where another
// process does so at the moment, it does nothing.
//
// Numbers follow what was committed: an invoice's events become visible in the
// order its lock was held in, and nobody who saves an invoice waits for a
// number. It is a transaction of its own, with nothing before it.
func (tx *Tx) NumberEvents(ctx context.Context, now time.Time) error {
	var mine bool
	if err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock(hashtextextended('events ' || $1::text, 0))", tx.Tenant.String()).Scan(&mine); err != nil {
		return fmt.Errorf("take the numbers: %w", err)
	}
	if !mine {
		return nil
	}
	_, err := tx.Exec(ctx, `with fresh as (
			select id, row_number() over (order by ord) as n from (select id, ord from events where tenant = $1 and seq is null order by ord limit $3) f
		), numbered as (
			update events e set seq = (select coalesce(max(seq), 0) from events where tenant = $1) + fresh.n from fresh where e.tenant = $1 and e.id = fresh.id
			returning e.tenant, e.id, e.type, e.organisation_id, e.recorded_at
		)
		insert into event_deliveries (tenant, event_id, endpoint_id, state, next_at)
		select e.tenant, e.id, w.id, 'queued', $2 from numbered e join organisations eo on eo.tenant = e.tenant and eo.id = e.organisation_id
		join webhook_endpoints w on w.tenant = e.tenant join organisations o on o.tenant = w.tenant and o.id = w.organisation_id
		where w.recorded_at <= e.recorded_at and `+fits+` on conflict do nothing`, tx.Tenant, now, numberedAtOnce)
	if err != nil {
		return fmt.Errorf("number the events: %w", err)
	}
	return nil
}

// DueEndpoints lists the enabled endpoints to which something is to be sent by
// now.
func (tx *Tx) DueEndpoints(ctx context.Context, now time.Time) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select w.id from webhook_endpoints w where w.tenant = $1 and w.state = 'enabled'
		and exists (select 1 from event_deliveries d where d.tenant = w.tenant and d.endpoint_id = w.id and d.next_at <= $2)`, tx.Tenant, now)
	if err != nil {
		return nil, fmt.Errorf("read what is to be sent: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read what is to be sent: %w", err)
	}
	return ids, nil
}

// Claim is a delivery that somebody is about to send.
type Claim struct {
	Delivery remit.Delivery // Tries counts this one
	Event    remit.Event
	Endpoint SealedEndpoint
	Sends    int // of all there ever were: whose answer it will be
}

// ClaimDelivery takes what is due at an endpoint with the smallest number, and
// is its sender until until: after that it is anybody's again, so that a process
// that dies over it loses nothing. It returns nil where nothing is due.
func (tx *Tx) ClaimDelivery(ctx context.Context, endpoint uuid.UUID, now, until time.Time) (*Claim, error) {
	w, err := tx.WebhookEndpoint(ctx, endpoint)
	if remit.IsCode(err, remit.CodeNotFound) || err == nil && w.State != remit.EndpointEnabled {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	claim := &Claim{Endpoint: w}
	d := &claim.Delivery
	err = tx.QueryRow(ctx, `update event_deliveries d set state = 'sending', tries = d.tries + 1, sends = d.sends + 1, next_at = $4
		where d.tenant = $1 and d.endpoint_id = $2 and d.event_id = (
			select x.event_id from event_deliveries x join events e on e.tenant = x.tenant and e.id = x.event_id
			where x.tenant = $1 and x.endpoint_id = $2 and x.next_at <= $3 order by e.seq limit 1 for update of x skip locked)
		returning d.event_id, d.endpoint_id, d.state, d.tries, d.status, d.error, d.delivered_at, d.sends`, tx.Tenant, endpoint, now, until).
		Scan(&d.EventID, &d.EndpointID, &d.State, &d.Tries, &d.Status, &d.Error, &d.DeliveredAt, &claim.Sends)
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim a delivery: %w", err)
	}
	d.URL, d.NextAt = w.URL, &until
	claim.Event, err = scanEvent(tx.QueryRow(ctx, "select "+eventColumns+eventTables+" where e.tenant = $1 and e.id = $2", tx.Tenant, d.EventID))
	if err != nil {
		return nil, fmt.Errorf("read an event: %w", err)
	}
	return claim, nil
}

// SaveDelivery writes how a claimed delivery ended. It returns false, and writes
// nothing, where it is no longer the claim's: it took too long, or was queued
// again.
func (tx *Tx) SaveDelivery(ctx context.Context, c *Claim, d remit.Delivery) (bool, error) {
	tag, err := tx.Exec(ctx, `update event_deliveries set state = $5, next_at = $6, status = $7, error = $8, delivered_at = $9
		where tenant = $1 and event_id = $2 and endpoint_id = $3 and state = 'sending' and sends = $4`,
		tx.Tenant, d.EventID, d.EndpointID, c.Sends, d.State, d.NextAt, d.Status, d.Error, d.DeliveredAt)
	if err != nil {
		return false, fmt.Errorf("save a delivery: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// SealedEndpoint is a webhook endpoint with its sealed secret, nil where it is
// removed.
type SealedEndpoint struct {
	remit.WebhookEndpoint
	Secret []byte
}

// InsertWebhookEndpoint adds an endpoint, from the next event on. It returns
// [remit.CodeConflict] where the tenant has as many as it may.
func (tx *Tx) InsertWebhookEndpoint(ctx context.Context, w SealedEndpoint) error {
	if err := tx.LockTenant(ctx); err != nil {
		return err
	}
	var there int
	if err := tx.QueryRow(ctx, "select count(*) from webhook_endpoints where tenant = $1 and state <> 'removed'", tx.Tenant).Scan(&there); err != nil {
		return fmt.Errorf("count the endpoints: %w", err)
	}
	if there >= remit.EndpointsAtMost {
		return remit.Conflict(remit.CodeConflict, "There are %d endpoints already. Remove one first.", there)
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into webhook_endpoints (tenant, id, organisation_id, url, secret, events, state, created_by, created_at) values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		tx.Tenant, w.ID, w.OrganisationID, w.URL, w.Secret, w.Events, w.State, w.CreatedBy, w.CreatedAt)
	batch.Queue("insert into webhook_directory (tenant) values ($1) on conflict do nothing", tx.Tenant)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store the endpoint: %w", err)
	}
	return nil
}

const endpointColumns = `w.id, w.organisation_id, o.path, w.url, w.secret, w.events, w.state, w.reason, w.failing_since, w.last_delivered, w.created_by, w.created_at,
	(select count(*) from event_deliveries d where d.tenant = w.tenant and d.endpoint_id = w.id and d.next_at is not null)`

const endpointTables = " from webhook_endpoints w join organisations o on o.tenant = w.tenant and o.id = w.organisation_id"

func scanEndpoint(row pgx.Row) (w SealedEndpoint, err error) {
	err = row.Scan(&w.ID, &w.OrganisationID, &w.Organisation, &w.URL, &w.Secret, &w.Events, &w.State, &w.Reason, &w.FailingSince, &w.LastDelivered, &w.CreatedBy, &w.CreatedAt, &w.Waiting)
	return w, err
}

// WebhookQuery narrows a list of endpoints or events.
type WebhookQuery struct {
	Path   string      // at this path and below; "" for anywhere
	Units  []uuid.UUID // at these organisations
	Before uuid.UUID   // keyset: made before the one with this id; zero: from the newest
	Limit  int
}

// ListWebhookEndpoints reads a page of the endpoints that are not removed, newest
// first.
func (tx *Tx) ListWebhookEndpoints(ctx context.Context, q WebhookQuery) ([]remit.WebhookEndpoint, error) {
	rows, err := tx.Query(ctx, "select "+endpointColumns+endpointTables+` where w.tenant = $1 and w.state <> 'removed' and ($2 = '' or o.path = $2 or o.path ^@ ($2 || '/'))
		and w.organisation_id = any($3) and ($4 = '00000000-0000-0000-0000-000000000000'::uuid or w.id < $4) order by w.id desc limit $5`, tx.Tenant, q.Path, q.Units, q.Before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("read the endpoints: %w", err)
	}
	endpoints, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.WebhookEndpoint, error) {
		w, err := scanEndpoint(row)
		return w.WebhookEndpoint, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the endpoints: %w", err)
	}
	return endpoints, nil
}

// WebhookEndpoint reads an endpoint that is not removed. It returns
// [remit.NotFound] where there is none.
func (tx *Tx) WebhookEndpoint(ctx context.Context, id uuid.UUID) (SealedEndpoint, error) {
	return tx.endpoint(ctx, id, "")
}

// LockWebhookEndpoint is [Tx.WebhookEndpoint], and nobody changes it until the
// transaction ends.
func (tx *Tx) LockWebhookEndpoint(ctx context.Context, id uuid.UUID) (SealedEndpoint, error) {
	return tx.endpoint(ctx, id, " for update of w")
}

func (tx *Tx) endpoint(ctx context.Context, id uuid.UUID, lock string) (SealedEndpoint, error) {
	w, err := scanEndpoint(tx.QueryRow(ctx, "select "+endpointColumns+endpointTables+" where w.tenant = $1 and w.id = $2 and w.state <> 'removed'"+lock, tx.Tenant, id))
	if isNoRows(err) {
		return SealedEndpoint{}, remit.NotFound()
	}
	if err != nil {
		return SealedEndpoint{}, fmt.Errorf("read an endpoint: %w", err)
	}
	return w, nil
}

// SaveWebhookEndpoint writes an endpoint's health. What still waits for one that
// is no longer enabled is given up; the secret of one that is removed is gone,
// and all of it where nothing was ever sent there, so that an organisation
// without invoices can be deleted.
func (tx *Tx) SaveWebhookEndpoint(ctx context.Context, w remit.WebhookEndpoint) error {
	batch := &pgx.Batch{}
	batch.Queue(`update webhook_endpoints set state = $3, reason = $4, failing_since = $5, last_delivered = $6, secret = case when $3 <> 'removed' then secret end
		where tenant = $1 and id = $2`, tx.Tenant, w.ID, w.State, w.Reason, w.FailingSince, w.LastDelivered)
	if w.State != remit.EndpointEnabled {
		batch.Queue(`update event_deliveries set state = 'given_up', next_at = null, error = 'The endpoint is ' || $3::text || '.'
			where tenant = $1 and endpoint_id = $2 and next_at is not null`, tx.Tenant, w.ID, string(w.State))
	}
	if w.State == remit.EndpointRemoved {
		batch.Queue("delete from webhook_endpoints w where tenant = $1 and id = $2 and not exists (select 1 from event_deliveries d where d.tenant = w.tenant and d.endpoint_id = w.id)",
			tx.Tenant, w.ID)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("save an endpoint: %w", err)
	}
	return nil
}

// SealedEndpoints reads all the tenant's endpoints that have a secret.
func (tx *Tx) SealedEndpoints(ctx context.Context) ([]SealedEndpoint, error) {
	rows, err := tx.Query(ctx, "select "+endpointColumns+endpointTables+" where w.tenant = $1 and w.secret is not null order by w.id for update of w", tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("read the endpoints: %w", err)
	}
	endpoints, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (SealedEndpoint, error) { return scanEndpoint(row) })
	if err != nil {
		return nil, fmt.Errorf("read the endpoints: %w", err)
	}
	return endpoints, nil
}

// ResealEndpoint stores an endpoint's secret as it is sealed now.
func (tx *Tx) ResealEndpoint(ctx context.Context, w SealedEndpoint) error {
	if _, err := tx.Exec(ctx, "update webhook_endpoints set secret = $3 where tenant = $1 and id = $2 and secret is not null", tx.Tenant, w.ID, w.Secret); err != nil {
		return fmt.Errorf("store a sealed secret: %w", err)
	}
	return nil
}

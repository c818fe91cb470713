package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// OnlineOff switches online payments off wherever the tenant has them on, at its top
// by being the default included, and remembers where, for [Tx.OnlineBack] and for
// invoices that are made meanwhile.
func (tx *Tx) OnlineOff(ctx context.Context, top uuid.UUID) error {
	batch := &pgx.Batch{}
	batch.Queue(`update settings set value = value || '{"online_payments": false, "online_before": true}', version = version + 1, updated_at = now()
		where tenant = $1 and name = 'payments' and value <> 'null' and coalesce(value ->> 'online_payments', 'true') = 'true'`, tx.Tenant)
	batch.Queue(`insert into settings (tenant, organisation_id, name, value) values ($1, $2, 'payments', '{"online_payments": false, "online_before": true}')
		on conflict (tenant, organisation_id, name) do update set value = excluded.value, version = settings.version + 1, updated_at = now() where settings.value = 'null'`, tx.Tenant, top)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("switch online payments off: %w", err)
	}
	return nil
}

// OnlineBack switches them on again where that was the last word on them. back says
// whether they are to be on again; else only the memory of it goes.
func (tx *Tx) OnlineBack(ctx context.Context, back bool) error {
	_, err := tx.Exec(ctx, `update settings set value = (value - 'online_before') || jsonb_build_object('online_payments', $2::boolean), version = version + 1, updated_at = now()
		where tenant = $1 and name = 'payments' and value ->> 'online_before' = 'true'`, tx.Tenant, back)
	if err != nil {
		return fmt.Errorf("switch online payments on again: %w", err)
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// RecordKey is one with which an organisation signs records, or did.
type RecordKey struct {
	ID         string
	Public     []byte
	Private    []byte // sealed; nil once it is replaced
	MadeAt     time.Time
	ReplacedAt *time.Time
}

// RecordKeys reads the tenant's, the newest first; the first one signs.
func (tx *Tx) RecordKeys(ctx context.Context) ([]RecordKey, error) {
	rows, err := tx.Query(ctx, "select id, public_key, private_key, made_at, replaced_at from record_keys where tenant = $1 order by replaced_at desc nulls first, made_at desc", tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("read the record keys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k RecordKey, err error) {
		return k, row.Scan(&k.ID, &k.Public, &k.Private, &k.MadeAt, &k.ReplacedAt)
	})
	if err != nil {
		return nil, fmt.Errorf("read the record keys: %w", err)
	}
	return keys, nil
}

// InsertRecordKey stores a key that signs from now on. With replace it takes the place
// of the one that does; without, nothing is stored where there is one. It reports
// whether it was stored.
func (tx *Tx) InsertRecordKey(ctx context.Context, k RecordKey, replace bool) (bool, error) {
	if err := tx.LockTenant(ctx); err != nil {
		return false, err
	}
	if replace {
		if _, err := tx.Exec(ctx, "update record_keys set replaced_at = $2, private_key = null where tenant = $1 and replaced_at is null", tx.Tenant, k.MadeAt); err != nil {
			return false, fmt.Errorf("replace the record key: %w", err)
		}
	}
	stored, err := tx.Exec(ctx, "insert into record_keys (tenant, id, public_key, private_key, made_at) values ($1,$2,$3,$4,$5) on conflict (tenant) where replaced_at is null do nothing",
		tx.Tenant, k.ID, k.Public, k.Private, k.MadeAt)
	if err != nil {
		return false, fmt.Errorf("store a record key: %w", err)
	}
	return stored.RowsAffected() == 1, nil
}

// ResealRecordKey stores the private key as it is sealed now.
func (tx *Tx) ResealRecordKey(ctx context.Context, k RecordKey) error {
	if _, err := tx.Exec(ctx, "update record_keys set private_key = $3 where tenant = $1 and id = $2 and replaced_at is null", tx.Tenant, k.ID, k.Private); err != nil {
		return fmt.Errorf("store a sealed record key: %w", err)
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Isolated names a table whose rows are found by their id alone.
type Isolated string

// Tables of people's objects.
const (
	TableOrganisations Isolated = "organisations"
	TableGrants        Isolated = "grants"
	TableAPITokens     Isolated = "api_tokens"
)

// TenantHolding finds which of the given tenants has the row with an id, and
// whether one has, in one round trip. Nobody's row is seen outside them.
func (db *DB) TenantHolding(ctx context.Context, tenants []uuid.UUID, table Isolated, id uuid.UUID) (uuid.UUID, bool, error) {
	var holder uuid.UUID
	found := false
	if len(tenants) == 0 {
		return holder, false, nil
	}
	batch := &pgx.Batch{}
	for _, tenant := range tenants {
		batch.Queue("select set_config('remit.tenant', $1, true)", tenant.String())
		batch.Queue("select tenant from "+string(table)+" where tenant = $1 and id = $2", tenant, id).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				found = true
				if err := rows.Scan(&holder); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}
	// A batch is a transaction of its own, so the setting ends with it.
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return uuid.Nil, false, fmt.Errorf("find the tenant of a row of %s: %w", table, err)
	}
	return holder, found, nil
}

// TenantOfPath finds the tenant of a top-level path and whether there is one.
func (db *DB) TenantOfPath(ctx context.Context, path string) (tenant uuid.UUID, found bool, err error) {
	err = db.pool.QueryRow(ctx, "select id from tenants where path = $1", path).Scan(&tenant)
	if err != nil && !isNoRows(err) {
		return uuid.Nil, false, fmt.Errorf("find the tenant: %w", err)
	}
	return tenant, err == nil, nil
}

// TenantPath is the top-level path of the transaction's tenant.
func (tx *Tx) TenantPath(ctx context.Context) (path string, err error) {
	if err = tx.QueryRow(ctx, "select path from tenants where id = $1", tx.Tenant).Scan(&path); err != nil {
		return "", fmt.Errorf("read the tenant: %w", err)
	}
	return path, nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// SealedConnections reads all the tenant's connections that have keys, those
// that are no longer in force included.
func (tx *Tx) SealedConnections(ctx context.Context) ([]SealedConnection, error) {
	rows, err := tx.Query(ctx, "select "+connectionColumns+" from connections where tenant = $1 and (secret_key is not null or webhook_secret is not null) order by id for update", tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("read the connections: %w", err)
	}
	connections, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (SealedConnection, error) { return scanConnection(row) })
	if err != nil {
		return nil, fmt.Errorf("read the connections: %w", err)
	}
	return connections, nil
}

// ResealConnection stores a connection's keys as they are sealed now.
func (tx *Tx) ResealConnection(ctx context.Context, c SealedConnection) error {
	_, err := tx.Exec(ctx, "update connections set secret_key = $3, webhook_secret = $4 where tenant = $1 and id = $2", tx.Tenant, c.ID, c.SecretKey, c.WebhookSecret)
	if err != nil {
		return fmt.Errorf("store sealed keys: %w", err)
	}
	return nil
}

// SecondFactors reads a page, by id, of the accounts' sealed second factors.
func SecondFactors(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]Account, error) {
	rows, err := tx.Query(ctx, "select id, mfa_secret from accounts where mfa_secret is not null and id > $1 order by id limit $2 for update", after, limit)
	if err != nil {
		return nil, fmt.Errorf("read second factors: %w", err)
	}
	accounts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Account, err error) { return a, row.Scan(&a.ID, &a.MFASecret) })
	if err != nil {
		return nil, fmt.Errorf("read second factors: %w", err)
	}
	return accounts, nil
}

// ResealSecondFactor stores an account's second factor as it is sealed now.
func ResealSecondFactor(ctx context.Context, tx pgx.Tx, account uuid.UUID, sealed []byte) error {
	if _, err := tx.Exec(ctx, "update accounts set mfa_secret = $2 where id = $1 and mfa_secret is not null", account, sealed); err != nil {
		return fmt.Errorf("store a sealed second factor: %w", err)
	}
	return nil
}

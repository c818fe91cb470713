package postgres

import (
	"context"
	"fmt"

	"remit/secrets"
)

// KeysetStore keeps the installation's sealed keysets.
type KeysetStore struct{ db *DB }

var _ secrets.Store = KeysetStore{}

// Keysets gives the store of the installation's keysets.
func (db *DB) Keysets() KeysetStore { return KeysetStore{db} }

// LoadKeyset returns a purpose's sealed keyset and its version, from 1; nil and
// 0 where there is none.
func (s KeysetStore) LoadKeyset(ctx context.Context, purpose string) (sealed []byte, version int64, err error) {
	err = s.db.pool.QueryRow(ctx, "select sealed, version from keysets where purpose = $1", purpose).Scan(&sealed, &version)
	if err != nil && !isNoRows(err) {
		return nil, 0, fmt.Errorf("read the keyset: %w", err)
	}
	return sealed, version, nil
}

// SaveKeyset stores version previous+1 if the stored version is still previous,
// 0 for none, and reports whether it did.
func (s KeysetStore) SaveKeyset(ctx context.Context, purpose string, previous int64, sealed []byte) (bool, error) {
	statement := "update keysets set version = $2 + 1, sealed = $3 where purpose = $1 and version = $2"
	if previous == 0 {
		statement = "insert into keysets (purpose, version, sealed) values ($1, $2 + 1, $3) on conflict do nothing"
	}
	tag, err := s.db.pool.Exec(ctx, statement, purpose, previous, sealed)
	if err != nil {
		return false, fmt.Errorf("store the keyset: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

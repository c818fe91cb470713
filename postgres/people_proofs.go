package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Purposes of account tokens.
const (
	PurposeInvitation = "invitation"
	PurposeReset      = "reset"
	PurposeMFASignIn  = "mfa_sign_in" // the password was right, the second factor is still asked
)

// AccountToken is the stored half of a token that proves something once.
type AccountToken struct {
	Hash      []byte
	Account   uuid.UUID
	Purpose   string
	Tenant    *uuid.UUID // of an invitation
	ExpiresAt time.Time
}

// InsertAccountToken stores a token. Earlier unused ones of the same account,
// purpose and tenant stop working.
func InsertAccountToken(ctx context.Context, tx pgx.Tx, t AccountToken, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue("delete from account_tokens where account_id = $1 and purpose = $2 and tenant is not distinct from $3 and used_at is null", t.Account, t.Purpose, t.Tenant)
	batch.Queue("insert into account_tokens (token_hash, account_id, purpose, tenant, expires_at, created_at) values ($1,$2,$3,$4,$5,$6)",
		t.Hash, t.Account, t.Purpose, t.Tenant, t.ExpiresAt, now)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store the token: %w", err)
	}
	return nil
}

// AccountTokenByHash finds a token that may still be used, and whether there is
// one.
func (db *DB) AccountTokenByHash(ctx context.Context, hash []byte, purpose string, now time.Time) (AccountToken, bool, error) {
	return accountToken(db.pool.QueryRow(ctx, "select "+accountTokenColumns+` from account_tokens
		where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3`, hash, purpose, now))
}

// UseAccountToken marks a token as used and reports whether it still could be:
// of several uses at once one succeeds.
func UseAccountToken(ctx context.Context, tx pgx.Tx, hash []byte, purpose string, now time.Time) (AccountToken, bool, error) {
	return accountToken(tx.QueryRow(ctx, `update account_tokens set used_at = $3
		where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3 returning `+accountTokenColumns, hash, purpose, now))
}

// DeleteAccountTokens ends all of an account's unused tokens of a purpose.
func DeleteAccountTokens(ctx context.Context, tx pgx.Tx, account uuid.UUID, purpose string) error {
	if _, err := tx.Exec(ctx, "delete from account_tokens where account_id = $1 and purpose = $2 and used_at is null", account, purpose); err != nil {
		return fmt.Errorf("end the tokens: %w", err)
	}
	return nil
}

const accountTokenColumns = "token_hash, account_id, purpose, tenant, expires_at" //nolint:gosec // names of columns

func accountToken(row pgx.Row) (AccountToken, bool, error) {
	var t AccountToken
	err := row.Scan(&t.Hash, &t.Account, &t.Purpose, &t.Tenant, &t.ExpiresAt)
	if isNoRows(err) {
		return AccountToken{}, false, nil
	}
	if err != nil {
		return AccountToken{}, false, fmt.Errorf("read the token: %w", err)
	}
	return t, true, nil
}

// SetMFASecret stores a sealed secret that is not yet in force. It reports
// false where one is in force already.
func SetMFASecret(ctx context.Context, tx pgx.Tx, account uuid.UUID, sealed []byte) (bool, error) {
	tag, err := tx.Exec(ctx, "update accounts set mfa_secret = $2, mfa_last_step = 0 where id = $1 and mfa_confirmed_at is null", account, sealed)
	if err != nil {
		return false, fmt.Errorf("store the second factor: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// ConfirmMFA puts the stored secret in force, with its recovery codes.
func ConfirmMFA(ctx context.Context, tx pgx.Tx, account uuid.UUID, recovery [][]byte, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue("update accounts set mfa_confirmed_at = $2 where id = $1 and mfa_secret is not null", account, now)
	batch.Queue("delete from account_recovery_codes where account_id = $1", account)
	batch.Queue("insert into account_recovery_codes (account_id, code_hash) select $1::uuid, unnest($2::bytea[])", account, recovery)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("confirm the second factor: %w", err)
	}
	return nil
}

// RemoveMFA removes the second factor and its recovery codes.
func RemoveMFA(ctx context.Context, tx pgx.Tx, account uuid.UUID) error {
	batch := &pgx.Batch{}
	batch.Queue("update accounts set mfa_secret = null, mfa_confirmed_at = null, mfa_last_step = 0 where id = $1", account)
	batch.Queue("delete from account_recovery_codes where account_id = $1", account)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("remove the second factor: %w", err)
	}
	return nil
}

// UseMFAStep records that the code of a time step was used and reports whether
// it, or a later one, was not used before.
func UseMFAStep(ctx context.Context, tx pgx.Tx, account uuid.UUID, step int64) (bool, error) {
	tag, err := tx.Exec(ctx, "update accounts set mfa_last_step = $2 where id = $1 and mfa_last_step < $2", account, step)
	if err != nil {
		return false, fmt.Errorf("use the code: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// UseRecoveryCode marks a recovery code as used and reports whether it could
// be.
func UseRecoveryCode(ctx context.Context, tx pgx.Tx, account uuid.UUID, hash []byte, now time.Time) (bool, error) {
	tag, err := tx.Exec(ctx, "update account_recovery_codes set used_at = $3 where account_id = $1 and code_hash = $2 and used_at is null", account, hash, now)
	if err != nil {
		return false, fmt.Errorf("use the recovery code: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

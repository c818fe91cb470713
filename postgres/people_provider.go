package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// What an attempt to sign in at the identity provider is for.
const (
	ProviderSignIn     = "sign_in"
	ProviderInvitation = "invitation" // accepts one
	ProviderLink       = "link"       // to the account that is signed in
	ProviderConfirm    = "confirm"    // proves anew who is signed in
)

// ProviderAttempt is one way to the identity provider and back.
type ProviderAttempt struct {
	Hash       []byte // of the browser's secret
	Purpose    string
	Account    *uuid.UUID // of a link or a confirmation
	Invitation []byte     // hash of the invitation's token
	Next       string
	BeganAt    time.Time
	ExpiresAt  time.Time
}

// InsertProviderAttempt stores an attempt. Those that have ended are swept up.
func (db *DB) InsertProviderAttempt(ctx context.Context, a ProviderAttempt) error {
	batch := &pgx.Batch{}
	batch.Queue("delete from provider_attempts where token_hash in (select token_hash from provider_attempts where expires_at < $1 limit 100 for update skip locked)", a.BeganAt)
	batch.Queue("insert into provider_attempts (token_hash, purpose, account_id, invitation, next, began_at, expires_at) values ($1,$2,$3,$4,$5,$6,$7)",
		a.Hash, a.Purpose, a.Account, a.Invitation, a.Next, a.BeganAt, a.ExpiresAt)
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store the attempt: %w", err)
	}
	return nil
}

// TakeProviderAttempt ends an attempt and reports whether it still could be
// used: of several answers to it at once one succeeds.
func (db *DB) TakeProviderAttempt(ctx context.Context, hash []byte, now time.Time) (ProviderAttempt, bool, error) {
	a := ProviderAttempt{Hash: hash}
	err := db.pool.QueryRow(ctx, `delete from provider_attempts where token_hash = $1
		returning purpose, account_id, invitation, next, began_at, expires_at`, hash).
		Scan(&a.Purpose, &a.Account, &a.Invitation, &a.Next, &a.BeganAt, &a.ExpiresAt)
	if isNoRows(err) {
		return ProviderAttempt{}, false, nil
	}
	if err != nil {
		return ProviderAttempt{}, false, fmt.Errorf("take the attempt: %w", err)
	}
	return a, a.ExpiresAt.After(now), nil
}

// LinkProvider makes an account that of a person of the identity provider, with
// first only if it has no password either. Returns [remit.CodeConflict] where
// the account is somebody's by now, or the person has another.
func LinkProvider(ctx context.Context, tx pgx.Tx, account uuid.UUID, issuer, subject string, first bool) error {
	tag, err := tx.Exec(ctx, `update accounts set oidc_issuer = $2, oidc_subject = $3
		where id = $1 and oidc_subject is null and (password_hash is null or not $4)`, account, issuer, subject, first)
	if IsUnique(err, "") {
		return remit.Conflict(remit.CodeConflict, "This sign-in is another account's.")
	}
	if err != nil {
		return fmt.Errorf("link the account: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return remit.Conflict(remit.CodeConflict, "This account has a sign-in already.")
	}
	return nil
}

// UnlinkProvider takes the link away where a password is left to sign in with,
// and reports whether it did.
func UnlinkProvider(ctx context.Context, tx pgx.Tx, account uuid.UUID) (bool, error) {
	tag, err := tx.Exec(ctx, `update accounts set oidc_issuer = null, oidc_subject = null
		where id = $1 and oidc_subject is not null and password_hash is not null`, account)
	if err != nil {
		return false, fmt.Errorf("unlink the account: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

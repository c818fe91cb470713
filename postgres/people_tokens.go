package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// InsertAPIToken stores a token of the tenant. Of its secret only the hash is
// kept.
func (tx *Tx) InsertAPIToken(ctx context.Context, t remit.APIToken, hash []byte) error {
	var scopes []string
	if t.Scopes != nil {
		scopes = make([]string, len(t.Scopes))
		for i, scope := range t.Scopes {
			scopes[i] = scope.String()
		}
	}
	batch := &pgx.Batch{}
	batch.Queue("insert into api_tokens (tenant, id, account_id, name, scopes, created_at, expires_at) values ($1,$2,$3,$4,$5,$6,$7)",
		tx.Tenant, t.ID, t.Account, t.Name, scopes, t.CreatedAt, t.ExpiresAt)
	batch.Queue("insert into api_token_directory (token_hash, tenant, token_id, account_id, scopes, expires_at) values ($1,$2,$3,$4,$5,$6)",
		hash, tx.Tenant, t.ID, t.Account, scopes, t.ExpiresAt)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store the token: %w", err)
	}
	return nil
}

// APITokenQuery narrows the tenant's tokens.
type APITokenQuery struct {
	Owner  *uuid.UUID // nil: everybody's
	Before uuid.UUID  // keyset: tokens made before the one with this id; zero: from the newest
	Limit  int
}

// ListAPITokens reads a page of the tenant's tokens, newest first, revoked ones
// included.
func (tx *Tx) ListAPITokens(ctx context.Context, q APITokenQuery) ([]remit.APIToken, error) {
	return tx.apiTokens(ctx, `and ($2::uuid is null or k.account_id = $2)
		and ($3 = '00000000-0000-0000-0000-000000000000'::uuid or k.id < $3) order by k.id desc limit $4`, q.Owner, q.Before, q.Limit)
}

// APIToken reads one token. Returns [remit.NotFound].
func (tx *Tx) APIToken(ctx context.Context, id uuid.UUID) (remit.APIToken, error) {
	tokens, err := tx.apiTokens(ctx, "and k.id = $2", id)
	if err != nil {
		return remit.APIToken{}, err
	}
	if len(tokens) == 0 {
		return remit.APIToken{}, remit.NotFound()
	}
	return tokens[0], nil
}

func (tx *Tx) apiTokens(ctx context.Context, where string, args ...any) ([]remit.APIToken, error) {
	rows, err := tx.Query(ctx, `select k.id, k.account_id, a.name, k.name, k.scopes, k.created_at, d.last_used_at, k.expires_at, k.revoked_at
		from api_tokens k join accounts a on a.id = k.account_id
		left join api_token_directory d on d.tenant = k.tenant and d.token_id = k.id
		where k.tenant = $1 `+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	tokens, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t remit.APIToken, err error) {
		var scopes []string
		if err = row.Scan(&t.ID, &t.Account, &t.Owner, &t.Name, &scopes, &t.CreatedAt, &t.LastUsedAt, &t.ExpiresAt, &t.RevokedAt); err != nil {
			return t, err
		}
		t.Scopes, err = parseScopes(scopes)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	return tokens, nil
}

// APITokenStands reports that a token was not revoked, as committed.
func (tx *Tx) APITokenStands(ctx context.Context, id uuid.UUID) (stands bool, err error) {
	err = tx.QueryRow(ctx, "select exists (select 1 from api_tokens where tenant = $1 and id = $2 and revoked_at is null)", tx.Tenant, id).Scan(&stands)
	if err != nil {
		return false, fmt.Errorf("look at a token: %w", err)
	}
	return stands, nil
}

// RevokeAPIToken ends a token from the next request on; a revoked one stays so.
func (tx *Tx) RevokeAPIToken(ctx context.Context, id uuid.UUID, now time.Time) error {
	return tx.revoke(ctx, now, "id = $2", id)
}

// RevokeAPITokens ends all of a person's tokens in the tenant.
func (tx *Tx) RevokeAPITokens(ctx context.Context, account uuid.UUID, now time.Time) error {
	return tx.revoke(ctx, now, "account_id = $2", account)
}

func (tx *Tx) revoke(ctx context.Context, now time.Time, which string, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `with revoked as (
		update api_tokens set revoked_at = $3 where tenant = $1 and `+which+` and revoked_at is null returning id
	)
	delete from api_token_directory where tenant = $1 and token_id in (select id from revoked)`, tx.Tenant, id, now)
	if err != nil {
		return fmt.Errorf("revoke the token: %w", err)
	}
	return nil
}

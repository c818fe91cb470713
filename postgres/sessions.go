package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// Ends of a session, and how often it is noted that it is used.
const (
	SessionIdle  = 30 * time.Minute // without a request
	SessionLife  = 12 * time.Hour   // from signing in, whatever happens
	sessionTouch = time.Minute
)

// Session is one sign-in in one browser.
type Session struct {
	TokenHash   []byte
	Account     uuid.UUID
	SignedInAt  time.Time
	ConfirmedAt time.Time
	Address     string
	Agent       string
}

// Identity is who a session or an API token speaks for, and in which tenants.
type Identity struct {
	Account     uuid.UUID
	Name        string
	Email       string
	MFA         bool      // a second factor is set up
	SignedInAt  time.Time // sessions only, as ConfirmedAt
	ConfirmedAt time.Time
	Token       *uuid.UUID     // API tokens only, as Scopes
	Scopes      []remit.Scope  // nil: all
	Tenants     []TenantMember // in the order of their paths
}

// TenantMember is a tenant that a person is active in.
type TenantMember struct {
	Tenant   uuid.UUID
	Path     string
	Customer *uuid.UUID
}

// InsertSession stores a session. It ends [SessionLife] after SignedInAt.
// Sessions that have ended are swept up.
func InsertSession(ctx context.Context, tx pgx.Tx, s Session, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue("delete from sessions where token_hash in (select token_hash from sessions where expires_at < $1 limit 100 for update skip locked)", now)
	batch.Queue(`insert into sessions (token_hash, account_id, signed_in_at, confirmed_at, last_seen_at, expires_at, address, agent) values ($1,$2,$3,$4,$5,$6,$7,$8)`,
		s.TokenHash, s.Account, s.SignedInAt, s.ConfirmedAt, now, s.SignedInAt.Add(SessionLife), s.Address, s.Agent)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store the session: %w", err)
	}
	return nil
}

// SessionIdentity finds whom a session speaks for and whether it is alive, in
// one round trip. Nothing is remembered between two requests, so a session that
// was ended and a person who was disabled are refused from the next one on.
func (db *DB) SessionIdentity(ctx context.Context, hash []byte, now time.Time) (Identity, bool, error) {
	return db.identity(ctx, `with seen as (
		update sessions set last_seen_at = $2
		where token_hash = $1 and expires_at > $2 and last_seen_at > $3 and last_seen_at < $4
	)
	select a.id, a.name, a.email, a.mfa_confirmed_at is not null, s.signed_in_at, s.confirmed_at, null::uuid, null::text[], d.tenant, t.path, d.customer_id
	from sessions s
	join accounts a on a.id = s.account_id
	left join (member_directory d join tenants t on t.id = d.tenant) on d.account_id = a.id and d.active
	where s.token_hash = $1 and s.expires_at > $2 and s.last_seen_at > $3 and a.disabled_at is null
	order by t.path`, hash, now, now.Add(-SessionIdle), now.Add(-sessionTouch))
}

// TokenIdentity finds whom an API token speaks for and whether it is alive, in
// one round trip. A token belongs to one tenant.
func (db *DB) TokenIdentity(ctx context.Context, hash []byte, now time.Time) (Identity, bool, error) {
	return db.identity(ctx, `with seen as (
		update api_token_directory set last_used_at = $2
		where token_hash = $1 and (last_used_at is null or last_used_at < $3)
	)
	select a.id, a.name, a.email, a.mfa_confirmed_at is not null, $2::timestamptz, $2::timestamptz, k.token_id, k.scopes, d.tenant, t.path, d.customer_id
	from api_token_directory k
	join accounts a on a.id = k.account_id
	join member_directory d on d.account_id = a.id and d.tenant = k.tenant and d.active
	join tenants t on t.id = d.tenant
	where k.token_hash = $1 and (k.expires_at is null or k.expires_at > $2) and a.disabled_at is null`, hash, now, now.Add(-sessionTouch))
}

// AccountIdentity is what an account would be in a session that began now.
func (db *DB) AccountIdentity(ctx context.Context, account uuid.UUID, now time.Time) (Identity, bool, error) {
	return db.identity(ctx, `select a.id, a.name, a.email, a.mfa_confirmed_at is not null, $2::timestamptz, $2::timestamptz, null::uuid, null::text[], d.tenant, t.path, d.customer_id
	from accounts a
	left join (member_directory d join tenants t on t.id = d.tenant) on d.account_id = a.id and d.active
	where a.id = $1 and a.disabled_at is null
	order by t.path`, account, now)
}

func (db *DB) identity(ctx context.Context, sql string, args ...any) (Identity, bool, error) {
	rows, err := db.pool.Query(ctx, sql, args...)
	if err != nil {
		return Identity{}, false, fmt.Errorf("look up the caller: %w", err)
	}
	defer rows.Close()
	var who Identity
	found := false
	for rows.Next() {
		var scopes []string
		var tenant *uuid.UUID
		var path *string
		var member TenantMember
		if err := rows.Scan(&who.Account, &who.Name, &who.Email, &who.MFA, &who.SignedInAt, &who.ConfirmedAt, &who.Token, &scopes, &tenant, &path, &member.Customer); err != nil {
			return Identity{}, false, fmt.Errorf("look up the caller: %w", err)
		}
		found = true
		if who.Scopes, err = parseScopes(scopes); err != nil {
			return Identity{}, false, fmt.Errorf("look up the caller: %w", err)
		}
		if tenant != nil {
			member.Tenant, member.Path = *tenant, *path
			who.Tenants = append(who.Tenants, member)
		}
	}
	if err := rows.Err(); err != nil {
		return Identity{}, false, fmt.Errorf("look up the caller: %w", err)
	}
	return who, found, nil
}

// parseScopes keeps nil, which is all, apart from empty, which is nothing.
func parseScopes(texts []string) ([]remit.Scope, error) {
	if texts == nil {
		return nil, nil
	}
	scopes := make([]remit.Scope, len(texts))
	for i, text := range texts {
		scope, err := remit.ParseScope(text)
		if err != nil {
			return nil, err
		}
		scopes[i] = scope
	}
	return scopes, nil
}

// ReplaceSession gives a session a new token, as confirmed at now, and reports
// whether the old one was still alive.
func (db *DB) ReplaceSession(ctx context.Context, old, token []byte, now time.Time) (bool, error) {
	tag, err := db.pool.Exec(ctx, "update sessions set token_hash = $2, confirmed_at = $3, last_seen_at = $3 where token_hash = $1 and expires_at > $3", old, token, now)
	if err != nil {
		return false, fmt.Errorf("renew the session: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// DeleteSession ends one session; none there is fine.
func (db *DB) DeleteSession(ctx context.Context, hash []byte) error {
	if _, err := db.pool.Exec(ctx, "delete from sessions where token_hash = $1", hash); err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	return nil
}

// DeleteSessions ends all of an account's sessions but the one with the hash
// keep; nil keeps none.
func DeleteSessions(ctx context.Context, tx pgx.Tx, account uuid.UUID, keep []byte) error {
	if _, err := tx.Exec(ctx, "delete from sessions where account_id = $1 and token_hash is distinct from $2", account, keep); err != nil {
		return fmt.Errorf("end the sessions: %w", err)
	}
	return nil
}

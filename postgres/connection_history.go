package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// TellConnection notes what became of a connection.
func (tx *Tx) TellConnection(ctx context.Context, id uuid.UUID, e remit.ConnectionChange) error {
	row, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into connection_history (tenant, id, connection_id, at, status, charges, payouts, what, source, actor) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
		tx.Tenant, row, id, e.At, e.Status, e.Charges, e.Payouts, e.What, e.Source, e.Actor)
	if err != nil {
		return fmt.Errorf("tell of a connection: %w", err)
	}
	return nil
}

// ConnectionHistory reads what became of the tenant's connections, the latest first.
func (tx *Tx) ConnectionHistory(ctx context.Context, limit int) ([]remit.ConnectionChange, error) {
	rows, err := tx.Query(ctx, `select h.at, h.status, h.charges, h.payouts, h.what, h.source, h.actor, c.account from connection_history h
		join connections c on c.tenant = h.tenant and c.id = h.connection_id where h.tenant = $1 order by h.id desc limit $2`, tx.Tenant, limit)
	if err != nil {
		return nil, fmt.Errorf("read a connection's history: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e remit.ConnectionChange, err error) {
		return e, row.Scan(&e.At, &e.Status, &e.Charges, &e.Payouts, &e.What, &e.Source, &e.Actor, &e.Account)
	})
	if err != nil {
		return nil, fmt.Errorf("read a connection's history: %w", err)
	}
	return list, nil
}

// ConnectedTo is a connection that a platform's event may be for.
type ConnectedTo struct {
	Tenant     uuid.UUID
	Connection uuid.UUID
}

// ConnectionsOf finds whose account one is, over all tenants: the latest connection of
// each that was ever connected to it, in force or not, since what was begun there is followed there.
func (db *DB) ConnectionsOf(ctx context.Context, account string) ([]ConnectedTo, error) {
	rows, err := db.pool.Query(ctx, "select distinct on (tenant) tenant, id from connection_directory where account = $1 order by tenant, id desc", account)
	if err != nil {
		return nil, fmt.Errorf("find an account's connections: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ConnectedTo, err error) { return c, row.Scan(&c.Tenant, &c.Connection) })
	if err != nil {
		return nil, fmt.Errorf("find an account's connections: %w", err)
	}
	return found, nil
}

// Authorised reports whether somebody's connection in force stands on what the owner of
// an account allowed the platform, over all tenants: that is given once for all of them.
func (db *DB) Authorised(ctx context.Context, account string) (bool, error) {
	ever, err := db.ConnectionsOf(ctx, account)
	for _, c := range ever {
		var live *SealedConnection
		err := db.InTenant(ctx, c.Tenant, func(tx *Tx) (err error) {
			live, err = tx.LiveConnection(ctx)
			return err
		})
		if err != nil || live != nil && live.Mode == remit.ModeStandard && live.Account == account {
			return err == nil, err
		}
	}
	return false, err
}

// OAuthState is a person on the way to Stripe to link an account.
type OAuthState struct {
	Tenant  uuid.UUID
	Path    string
	Person  uuid.UUID
	Session []byte // nil: asked by an API token
}

// oauthLife is how long a state works.
const oauthLife = 10 * time.Minute

// InsertOAuthState remembers a state by its hash, and forgets those of yesterday.
func (db *DB) InsertOAuthState(ctx context.Context, hash []byte, s OAuthState) error {
	batch := &pgx.Batch{}
	batch.Queue("insert into oauth_states (state_hash, tenant, path, account_id, session) values ($1,$2,$3,$4,$5)", hash, s.Tenant, s.Path, s.Person, s.Session)
	batch.Queue("delete from oauth_states where created_at < now() - interval '1 day'")
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store a state: %w", err)
	}
	return nil
}

// UseOAuthState takes a state up, which works once, in its time, for its person and
// session; nil where it does not.
func (db *DB) UseOAuthState(ctx context.Context, hash []byte, person uuid.UUID, session []byte) (*OAuthState, error) {
	var s OAuthState
	err := db.pool.QueryRow(ctx, `update oauth_states set used_at = now() where state_hash = $1 and account_id = $2 and (session is null or session = $3)
		and used_at is null and created_at > now() - $4::interval returning tenant, path, account_id, session`, hash, person, session, oauthLife).Scan(&s.Tenant, &s.Path, &s.Person, &s.Session)
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("use a state: %w", err)
	}
	return &s, nil
}

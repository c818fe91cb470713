// Package postgres is Remit's record: migrations, queries and constraints.
//
// It owns how things are stored and what the database itself refuses. It
// decides nothing else: what may happen is asked of the domain before it is
// written here.
//
// Invariants: every statement on tenant data runs inside [DB.InTenant], which
// sets the tenant that row security compares with; the ledger, the timeline and
// the audit trail are only ever appended to; no call to Stripe or Temporal is
// made while a transaction is open.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statementTimeout bounds every statement the application sends.
const statementTimeout = 15 * time.Second

// DB is a pool of connections as the application's least-privileged role.
type DB struct {
	pool *pgxpool.Pool
}

// Options for [Open]. The zero value is fine.
type Options struct {
	// MaxConns bounds the pool; 0 means 16.
	MaxConns int32
	// Tracer, if set, sees every statement, never its parameters.
	Tracer pgx.QueryTracer
}

// Open connects to url. The connection takes on the role remit_app, so that it
// can never do more than that role may, whoever url signs in as.
func Open(ctx context.Context, url string, options Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a PostgreSQL address") // the text of err would hold the password
	}
	config.MaxConns = 16
	if options.MaxConns > 0 {
		config.MaxConns = options.MaxConns
	}
	config.ConnConfig.RuntimeParams["application_name"] = "remit"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(statementTimeout.Milliseconds(), 10)
	config.ConnConfig.Tracer = options.Tracer
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "set session authorization default; set role remit_app")
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &DB{pool: pool}, nil
}

// Close waits for borrowed connections and closes the pool.
func (db *DB) Close() { db.pool.Close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.pool.Ping(ctx) }

// Tx is a transaction on one tenant's rows.
type Tx struct {
	pgx.Tx
	Tenant uuid.UUID
}

// InTenant runs fn in a transaction that sees and changes only that tenant's
// rows, and commits if fn returns nil. It is the one way to tenant data.
func (db *DB) InTenant(ctx context.Context, tenant uuid.UUID, fn func(tx *Tx) error) error {
	// One round trip opens the transaction and names its tenant.
	begin := fmt.Sprintf("begin; select set_config('remit.tenant', '%s', true)", tenant)
	return pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error {
		return fn(&Tx{Tx: tx, Tenant: tenant})
	})
}

// Alone runs fn within the transaction so that what it did, and nothing else, is
// undone where it fails. It gives what fn failed by, and an error of its own where the
// transaction cannot go on.
func (tx *Tx) Alone(ctx context.Context, fn func(tx *Tx) error) (failed, err error) {
	inner, err := tx.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin a part of a transaction: %w", err)
	}
	if failed = fn(&Tx{Tx: inner, Tenant: tx.Tenant}); failed == nil {
		return nil, inner.Commit(ctx)
	}
	if err := inner.Rollback(ctx); err != nil {
		return failed, fmt.Errorf("undo a part of a transaction: %w", errors.Join(err, failed))
	}
	return failed, nil
}

// Global runs fn in a transaction without a tenant: only the directory tables
// (accounts, sessions, tokens, tenants) show rows there.
func (db *DB) Global(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db.pool, fn)
}

// IsUnique reports whether err is a violation of the named unique constraint or
// index; an empty name matches any.
func IsUnique(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && (constraint == "" || pg.ConstraintName == constraint)
}

// GiveUpAfter has statements of this transaction give up that take longer.
func (tx *Tx) GiveUpAfter(ctx context.Context, limit time.Duration) error {
	if _, err := tx.Exec(ctx, "select set_config('statement_timeout', $1, true)", strconv.FormatInt(limit.Milliseconds(), 10)); err != nil {
		return fmt.Errorf("limit a transaction's statements: %w", err)
	}
	return nil
}

// GaveUp reports that a statement took too long and gave up.
func GaveUp(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "57014"
}

// isCheck reports whether err is a violation of the named check constraint.
func isCheck(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23514" && pg.ConstraintName == constraint
}

// isNoRows reports that a query that should return a row returned none.
func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

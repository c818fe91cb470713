package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Invalidator forgets what it knows of tenants' policies.
type Invalidator interface {
	Invalidate(tenant uuid.UUID)
	InvalidateAll()
}

// Bounds of [DB.ListenPolicies].
const (
	listenQuiet   = 15 * time.Second // without news the connection is asked whether it is still there
	listenPing    = 5 * time.Second  // it has this long to answer
	listenRetry   = 100 * time.Millisecond
	listenBackoff = 5 * time.Second // the longest wait between two attempts to connect
)

// ListenPolicies tells authority of every committed change of roles, grants,
// people and organisations, from every process, until ctx ends. It has a
// connection of its own, outside the pool. Whenever it has just begun to listen
// it makes authority forget everything, since news may have been missed.
func (db *DB) ListenPolicies(ctx context.Context, authority Invalidator, logger *slog.Logger) {
	wait := listenRetry
	for ctx.Err() == nil {
		began := time.Now()
		err := db.listen(ctx, authority)
		if ctx.Err() != nil {
			return
		}
		// What is decided meanwhile is decided by policies that may be old.
		authority.InvalidateAll()
		logger.WarnContext(ctx, "listening for changed permissions broke off", "error", err, "again_in", wait.String())
		if time.Since(began) > listenBackoff {
			wait = listenRetry
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, listenBackoff)
	}
}

// listen returns when the connection is lost.
func (db *DB) listen(ctx context.Context, authority Invalidator) error {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig.Copy())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), listenPing)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, "set role remit_app; listen authz"); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	authority.InvalidateAll()
	for {
		notice, err := next(ctx, conn)
		if err != nil {
			return err
		}
		if notice == "" {
			continue
		}
		if tenant, err := uuid.Parse(notice); err == nil {
			authority.Invalidate(tenant)
		} else {
			authority.InvalidateAll()
		}
	}
}

// next waits for a notice. None for a while is answered with "" once the
// database has shown that it is still there: a connection may end without
// either side being told.
func next(ctx context.Context, conn *pgx.Conn) (string, error) {
	waiting, cancel := context.WithTimeout(ctx, listenQuiet)
	defer cancel()
	notice, err := conn.WaitForNotification(waiting)
	if err == nil {
		return notice.Payload, nil
	}
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return "", fmt.Errorf("wait for a notice: %w", err)
	}
	asking, stop := context.WithTimeout(ctx, listenPing)
	defer stop()
	if err := conn.Ping(asking); err != nil {
		return "", fmt.Errorf("the database does not answer: %w", err)
	}
	return "", nil
}

package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// asOwner does something with Remit's tables as their owner, past row-level
// security: what a measurement needs to be there, and what it reads afterwards.
func (b *bench) asOwner(ctx context.Context, do func(*pgx.Conn) error) error {
	connection, err := pgx.Connect(ctx, b.postgres.URL("remit"))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return errors.Join(do(connection), connection.Close(context.WithoutCancel(ctx)))
}

// sql carries out one statement as the owner of the tables.
func (b *bench) sql(ctx context.Context, statement string, args ...any) error {
	return b.asOwner(ctx, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, statement, args...); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
		return nil
	})
}

// column reads one column as the owner of the tables.
func column[T any](ctx context.Context, b *bench, query string, args ...any) (all []T, err error) {
	err = b.asOwner(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		if all, err = pgx.CollectRows(rows, pgx.RowTo[T]); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		return nil
	})
	return all, err
}

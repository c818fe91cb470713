package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Failures are the failed sign-ins counted against a subject: an account from a
// network, or a network.
type Failures struct {
	Count int
	Last  time.Time // zero if there are none
}

// LockFailures reads what is counted against each subject, in their order, and
// keeps others from counting until the transaction ends: tries made at once
// are counted one after the other. Subjects must be sorted.
func LockFailures(ctx context.Context, tx pgx.Tx, subjects []string) ([]Failures, error) {
	batch := &pgx.Batch{}
	found := make([]Failures, len(subjects))
	for i, subject := range subjects {
		batch.Queue(`insert into sign_in_failures as f (subject, failures, last_failed) values ($1, 0, 'epoch')
			on conflict (subject) do update set failures = f.failures returning failures, last_failed`, subject).QueryRow(func(row pgx.Row) error {
			return row.Scan(&found[i].Count, &found[i].Last)
		})
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("read the failed sign-ins: %w", err)
	}
	return found, nil
}

// SetFailures stores what is counted against a subject from now on.
func SetFailures(ctx context.Context, tx pgx.Tx, subject string, count int, last time.Time) error {
	_, err := tx.Exec(ctx, "update sign_in_failures set failures = $2, last_failed = $3 where subject = $1", subject, count, last)
	if err != nil {
		return fmt.Errorf("count a failed sign-in: %w", err)
	}
	return nil
}

// SweepFailures forgets some of what was last counted before a time.
func SweepFailures(ctx context.Context, tx pgx.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, `delete from sign_in_failures where subject in (
		select subject from sign_in_failures where last_failed < $1 limit 100 for update skip locked)`, before)
	if err != nil {
		return fmt.Errorf("forget old failed sign-ins: %w", err)
	}
	return nil
}

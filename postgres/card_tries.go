package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// LockCard has tries with one card, of whatever tenant, take turns until the
// transaction ends. An invoice is locked before its card, never after.
func (tx *Tx) LockCard(ctx context.Context, card [32]byte) error {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", "card/"+hex.EncodeToString(card[:])); err != nil {
		return fmt.Errorf("lock a card: %w", err)
	}
	return nil
}

// LockFingerprint has charges by themselves with one card or account of the tenant, by its
// fingerprint, and word that its bank refuses it for good take turns until the
// transaction ends. An invoice is locked before, never after.
func (tx *Tx) LockFingerprint(ctx context.Context, fingerprint string) error {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", "method/"+tx.Tenant.String()+"/"+fingerprint); err != nil {
		return fmt.Errorf("lock a payment method: %w", err)
	}
	return nil
}

// FailedTries reads when tries with a card failed after an instant, in any order,
// those too of which nobody knows yet.
func (tx *Tx) FailedTries(ctx context.Context, card [32]byte, after time.Time) ([]time.Time, error) {
	rows, err := tx.Query(ctx, "select tried_at from card_tries where card = $1 and not succeeded and tried_at > $2", card[:], after)
	if err != nil {
		return nil, fmt.Errorf("read the tries of a card: %w", err)
	}
	tries, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, fmt.Errorf("read the tries of a card: %w", err)
	}
	return tries, nil
}

// CountTry counts an attempt as a failed try of a card until it is known to have
// succeeded. Counted again it changes nothing.
func (tx *Tx) CountTry(ctx context.Context, card [32]byte, attempt uuid.UUID, at time.Time) error {
	_, err := tx.Exec(ctx, "insert into card_tries (card, attempt, tried_at) values ($1, $2, $3) on conflict do nothing", card[:], attempt, at)
	if err != nil {
		return fmt.Errorf("count the try of a card: %w", err)
	}
	return nil
}

// TrySucceeded takes an attempt off the failed tries of its card.
func (tx *Tx) TrySucceeded(ctx context.Context, attempt uuid.UUID) error {
	if _, err := tx.Exec(ctx, "update card_tries set succeeded = true where attempt = $1 and not succeeded", attempt); err != nil {
		return fmt.Errorf("take back the try of a card: %w", err)
	}
	return nil
}

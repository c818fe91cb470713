package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Pruned is how many rows of each kind were let go.
type Pruned struct{ CardTries, Events, Mails int }

// PruneCardTries deletes the oldest tries with cards that were counted longer ago than
// any network looks back, on either clock: at most limit.
func (db *DB) PruneCardTries(ctx context.Context, after time.Duration, limit int) (pruned int, err error) {
	err = db.Global(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from card_tries where (card, attempt) in (
			select card, attempt from card_tries where recorded_at < now() - $1::interval and tried_at < now() - $1::interval order by recorded_at limit $2 for update skip locked)`, after, limit)
		pruned = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune the tries of cards: %w", err)
	}
	return pruned, nil
}

// PruneEvents deletes the tenant's oldest events that were written longer ago and of
// which every delivery is over, with those: at most limit. The newest one stays, which
// tells the next one's number.
func (tx *Tx) PruneEvents(ctx context.Context, after time.Duration, limit int) (int, error) {
	var ids []uuid.UUID
	rows, err := tx.Query(ctx, `select e.id from (select id, seq, recorded_at from events where tenant = $1 and seq is not null order by seq limit $3) e
		where e.recorded_at < now() - $2::interval and e.seq < (select max(seq) from events where tenant = $1)
			and not exists (select 1 from event_deliveries d where d.tenant = $1 and d.event_id = e.id and d.next_at is not null)`, tx.Tenant, after, limit)
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	}
	if err != nil {
		return 0, fmt.Errorf("look for old events: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	batch := &pgx.Batch{}
	batch.Queue("delete from event_deliveries where tenant = $1 and event_id = any($2)", tx.Tenant, ids)
	batch.Queue("delete from events where tenant = $1 and id = any($2)", tx.Tenant, ids)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("prune events: %w", err)
	}
	return len(ids), nil
}

// PruneMails empties the bodies of the tenant's mails that were written longer ago and
// are not on their way: at most limit. That each was written, to whom, and what became
// of it stays.
func (tx *Tx) PruneMails(ctx context.Context, after time.Duration, limit int) (int, error) {
	tag, err := tx.Exec(ctx, `update mails set emptied_at = now(), body = case when body is not null then ''::bytea end, text = case when text is not null then '' end
		where tenant = $1 and id in (select id from mails where tenant = $1 and emptied_at is null and queued_at < now() - $2::interval
			and state not in ('queued', 'sending') order by queued_at limit $3 for update skip locked)`, tx.Tenant, after, limit)
	if err != nil {
		return 0, fmt.Errorf("empty old mails: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// Timeline reads an invoice's entries, oldest first.
func (tx *Tx) Timeline(ctx context.Context, invoice uuid.UUID) ([]remit.TimelineEntry, error) {
	rows, err := tx.Query(ctx, `select seq, at, kind, what, rule, rule_version, actor_kind, actor_id, actor_name, stripe_ids, next_what, next_at, data
		from timeline where tenant = $1 and invoice_id = $2 order by seq`, tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e remit.TimelineEntry, err error) {
		return e, row.Scan(&e.Seq, &e.At, &e.Kind, &e.What, &e.Why.Rule, &e.Why.Version, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name,
			&e.StripeIDs, &e.Next.What, &e.Next.At, &e.Data)
	})
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	return entries, nil
}

// VerifyTimeline recomputes an invoice's hash chain and reports the number of
// the first entry that does not fit, or 0.
func (tx *Tx) VerifyTimeline(ctx context.Context, invoice uuid.UUID) (broken int64, err error) {
	var hashes [][]byte
	rows, err := tx.Query(ctx, "select hash from timeline where tenant = $1 and invoice_id = $2 order by seq", tx.Tenant, invoice)
	if err != nil {
		return 0, fmt.Errorf("read a timeline's hashes: %w", err)
	}
	if hashes, err = pgx.CollectRows(rows, pgx.RowTo[[]byte]); err != nil {
		return 0, fmt.Errorf("read a timeline's hashes: %w", err)
	}
	entries, err := tx.Timeline(ctx, invoice)
	if err != nil {
		return 0, err
	}
	var previous []byte
	for n, e := range entries {
		hash, err := entryHash(previous, invoice, e)
		if err != nil {
			return 0, err
		}
		if e.Seq != int64(n+1) || string(hash) != string(hashes[n]) {
			return int64(n + 1), nil
		}
		previous = hash
	}
	var seq int64
	var head []byte
	err = tx.QueryRow(ctx, "select timeline_seq, timeline_hash from invoices where tenant = $1 and id = $2", tx.Tenant, invoice).Scan(&seq, &head)
	if err != nil {
		return 0, fmt.Errorf("read a timeline's head: %w", err)
	}
	if seq != int64(len(entries)) || string(head) != string(previous) {
		return int64(len(entries) + 1), nil
	}
	return 0, nil
}

func queueTimeline(batch *pgx.Batch, tenant uuid.UUID, l *LockedInvoice, e remit.TimelineEntry) error {
	// PostgreSQL keeps microseconds; the hash must be over what will be read back.
	e.At = e.At.UTC().Truncate(time.Microsecond)
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	if e.StripeIDs == nil {
		e.StripeIDs = []string{}
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return fmt.Errorf("write a timeline entry: %w", err)
	}
	e.Data = nil
	if err := json.Unmarshal(data, &e.Data); err != nil {
		return fmt.Errorf("write a timeline entry: %w", err)
	}
	hash, err := entryHash(l.hash, l.ID, e)
	if err != nil {
		return err
	}
	l.hash = hash
	batch.Queue(`insert into timeline (tenant, invoice_id, seq, at, kind, what, rule, rule_version, actor_kind, actor_id, actor_name, stripe_ids, data, hash, next_what, next_at)
		select $1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14, coalesce(n.what, ''), n.at
		from (select 1) one left join (select what, at from agenda where tenant = $1 and invoice_id = $2 and done_at is null order by at limit 1) n on true`,
		tenant, l.ID, e.Seq, e.At, e.Kind, e.What, e.Why.Rule, e.Why.Version, e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.StripeIDs, data, hash)
	return nil
}

// entryHash chains an entry to the one before it. What comes next is not part
// of it: that is read from the agenda and may change.
func entryHash(previous []byte, invoice uuid.UUID, e remit.TimelineEntry) ([]byte, error) {
	ids := e.StripeIDs
	if ids == nil {
		ids = []string{}
	}
	canonical, err := json.Marshal([]any{invoice, e.Seq, e.At.UTC().Format(time.RFC3339Nano), e.Kind, e.What, e.Why, e.Actor, ids, e.Data})
	if err != nil {
		return nil, fmt.Errorf("hash a timeline entry: %w", err)
	}
	sum := sha256.Sum256(append(append([]byte{}, previous...), canonical...))
	return sum[:], nil
}

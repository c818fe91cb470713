package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const timelineColumns = "seq, at, kind, what, rule, rule_version, actor_kind, actor_id, actor_name, stripe_ids, next_what, next_at, data"

func scanTimeline(row pgx.Row, extra ...any) (e remit.TimelineEntry, err error) {
	var data []byte
	err = row.Scan(append([]any{&e.Seq, &e.At, &e.Kind, &e.What, &e.Why.Rule, &e.Why.Version, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name,
		&e.StripeIDs, &e.Next.What, &e.Next.At, &data}, extra...)...)
	if err == nil {
		e.Data, err = readData(data)
	}
	return e, err
}

// readData keeps numbers as they are written: an amount may have more digits
// than a float (M8).
func readData(raw []byte) (data map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&data); err != nil {
		return nil, fmt.Errorf("read an entry's data: %w", err)
	}
	return data, nil
}

// Timeline reads an invoice's entries, oldest first.
func (tx *Tx) Timeline(ctx context.Context, invoice uuid.UUID) ([]remit.TimelineEntry, error) {
	rows, err := tx.Query(ctx, "select "+timelineColumns+" from timeline where tenant = $1 and invoice_id = $2 order by seq", tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.TimelineEntry, error) { return scanTimeline(row) })
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	return entries, nil
}

// VerifyTimeline recomputes an invoice's hash chain and reports the number of
// the first entry that does not fit, or 0.
func (tx *Tx) VerifyTimeline(ctx context.Context, invoice uuid.UUID) (broken int64, err error) {
	return tx.walkTimeline(ctx, invoice, func(remit.TimelineEntry) error { return nil })
}

// walkTimeline gives an invoice's entries to a function, oldest first and one at
// a time, however many there are, and recomputes their hash chain meanwhile:
// broken is the number of the first entry that does not fit, or 0.
func (tx *Tx) walkTimeline(ctx context.Context, invoice uuid.UUID, see func(remit.TimelineEntry) error) (broken int64, err error) {
	var seq int64
	var head []byte
	err = tx.QueryRow(ctx, "select timeline_seq, timeline_hash from invoices where tenant = $1 and id = $2", tx.Tenant, invoice).Scan(&seq, &head)
	if err != nil {
		return 0, fmt.Errorf("read a timeline's head: %w", err)
	}
	rows, err := tx.Query(ctx, "select "+timelineColumns+", hash from timeline where tenant = $1 and invoice_id = $2 order by seq", tx.Tenant, invoice)
	if err != nil {
		return 0, fmt.Errorf("read a timeline: %w", err)
	}
	defer rows.Close()
	var n int64
	var previous []byte
	for rows.Next() {
		n++
		var hash []byte
		e, err := scanTimeline(rows, &hash)
		if err != nil {
			return 0, fmt.Errorf("read a timeline: %w", err)
		}
		chained, err := entryHash(previous, invoice, e)
		if err != nil {
			return 0, err
		}
		if broken == 0 && (e.Seq != n || !bytes.Equal(chained, hash)) {
			broken = n
		}
		previous = chained
		if err := see(e); err != nil {
			return 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("read a timeline: %w", err)
	}
	if broken == 0 && (seq != n || !bytes.Equal(head, previous)) {
		broken = n + 1
	}
	return broken, nil
}

// queueTimeline writes an entry with the statements that go with it. What comes
// next is read from the agenda, unless the entry says so itself.
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
	if e.Data, err = readData(data); err != nil {
		return err
	}
	hash, err := entryHash(l.hash, l.ID, e)
	if err != nil {
		return err
	}
	l.hash = hash
	batch.Queue(`insert into timeline (tenant, invoice_id, seq, at, kind, what, rule, rule_version, actor_kind, actor_id, actor_name, stripe_ids, data, hash, next_what, next_at)
		select $1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14, case when $15::text = '' then coalesce(n.what, '') else $15::text end, case when $15::text = '' then n.at else $16::timestamptz end
		from (select 1) one left join (`+nextOnAgenda+`) n on true`,
		tenant, l.ID, e.Seq, e.At, e.Kind, e.What, e.Why.Rule, e.Why.Version, e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.StripeIDs, data, hash, e.Next.What, e.Next.At)
	return nil
}

// entryHash chains an entry to the one before it.
func entryHash(previous []byte, invoice uuid.UUID, e remit.TimelineEntry) ([]byte, error) {
	text, err := e.Chained(invoice)
	if err != nil {
		return nil, err
	}
	return remit.ChainHash(previous, text), nil
}

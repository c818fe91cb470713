package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// wanted is that an enabled endpoint wants events of type $2 at the path $3.
const wanted = `exists (select 1 from webhook_endpoints w join organisations o on o.tenant = w.tenant and o.id = w.organisation_id
	where w.tenant = $1 and w.state = 'enabled' and (w.events is null or $2 = any (w.events)) and ($3 = o.path or $3 ^@ (o.path || '/')))`

// queueEvents writes what other systems are told of an invoice, with the
// statements that go with it: the invoice as they leave it. Where no endpoint
// wants an event there is none. It takes no lock and no number: those who save
// invoices do not wait for each other here.
func queueEvents(batch *pgx.Batch, tenant uuid.UUID, l *LockedInvoice, happened []remit.Happening) error {
	if len(happened) == 0 {
		return nil
	}
	invoice, err := json.Marshal(remit.EventInvoice{
		ID: l.ID, Number: l.Number, Status: l.Status, Total: l.Total, Outstanding: l.Outstanding, Currency: l.Currency, DueDate: l.DueDate,
	})
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	for _, h := range happened {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make an id: %w", err)
		}
		batch.Queue(`insert into events (tenant, type, id, organisation_id, invoice_id, invoice, payment_id, refund_id, dispute_id, at)
			select $1, $2, $4, $5, $6, $7, coalesce($8::uuid, (select a.payment_id from attempts a where a.tenant = $1 and a.invoice_id = $6 and a.number = $11)), $9::uuid, $10::uuid, $12::timestamptz
			where `+wanted, tenant, string(h.Type), l.Organisation, id, l.OrganisationID, l.ID, invoice, h.Payment, h.Refund, h.Dispute, h.Attempt, h.At)
	}
	return nil
}

const eventColumns = `e.id, coalesce(e.seq, 0), e.type, e.at, e.organisation_id, o.path, e.invoice_id, e.invoice, e.payment_id, e.refund_id, e.dispute_id`

const eventTables = " from events e join organisations o on o.tenant = e.tenant and o.id = e.organisation_id"

func scanEvent(row pgx.Row, extra ...any) (e remit.Event, err error) {
	var invoice []byte
	err = row.Scan(append([]any{&e.ID, &e.Seq, &e.Type, &e.At, &e.OrganisationID, &e.Organisation, &e.InvoiceID, &invoice, &e.PaymentID, &e.RefundID, &e.DisputeID}, extra...)...)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(invoice, &e.Invoice); err != nil {
		return e, fmt.Errorf("read an event's invoice: %w", err)
	}
	return e, nil
}

// ListEvents reads a page of events, newest first, with their deliveries to endpoints
// of the query's organisations: who manages a branch does not learn where those above
// have things sent.
func (tx *Tx) ListEvents(ctx context.Context, q WebhookQuery) ([]remit.Event, error) {
	return tx.events(ctx, q.Units, `($2 = '' or o.path = $2 or o.path ^@ ($2 || '/')) and e.organisation_id = any($3)
		and ($4 = '00000000-0000-0000-0000-000000000000'::uuid or e.id < $4) order by e.id desc limit $5`, q.Path, q.Units, q.Before, q.Limit)
}

// Event reads one event with its deliveries to endpoints of some organisations. It
// returns [remit.NotFound].
func (tx *Tx) Event(ctx context.Context, id uuid.UUID, units []uuid.UUID) (remit.Event, error) {
	events, err := tx.events(ctx, units, "e.id = $2", id)
	if err != nil {
		return remit.Event{}, err
	}
	if len(events) == 0 {
		return remit.Event{}, remit.NotFound()
	}
	return events[0], nil
}

func (tx *Tx) events(ctx context.Context, units []uuid.UUID, where string, args ...any) ([]remit.Event, error) {
	rows, err := tx.Query(ctx, "select "+eventColumns+eventTables+" where e.tenant = $1 and "+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the events: %w", err)
	}
	events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Event, error) { return scanEvent(row) })
	if err != nil {
		return nil, fmt.Errorf("read the events: %w", err)
	}
	ids, place := make([]uuid.UUID, len(events)), map[uuid.UUID]int{}
	for i, e := range events {
		ids[i], place[e.ID] = e.ID, i
	}
	rows, err = tx.Query(ctx, `select d.event_id, d.endpoint_id, w.url, d.state, d.tries, d.next_at, d.status, d.error, d.delivered_at from event_deliveries d
		join webhook_endpoints w on w.tenant = d.tenant and w.id = d.endpoint_id where d.tenant = $1 and d.event_id = any($2) and w.organisation_id = any($3) order by d.event_id, d.endpoint_id`, tx.Tenant, ids, units)
	if err != nil {
		return nil, fmt.Errorf("read the deliveries: %w", err)
	}
	deliveries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d remit.Delivery, err error) {
		return d, row.Scan(&d.EventID, &d.EndpointID, &d.URL, &d.State, &d.Tries, &d.NextAt, &d.Status, &d.Error, &d.DeliveredAt)
	})
	if err != nil {
		return nil, fmt.Errorf("read the deliveries: %w", err)
	}
	for _, d := range deliveries {
		e := &events[place[d.EventID]]
		e.Deliveries = append(e.Deliveries, d)
	}
	return events, nil
}

// fits is that an enabled endpoint w at o wants the event e at eo.
const fits = `w.state = 'enabled' and (w.events is null or e.type = any (w.events)) and (eo.path = o.path or eo.path ^@ (o.path || '/'))`

// QueueAgain queues an event for every endpoint that wants it, whatever became
// of it there before, and returns how many there are. What is just being sent
// is sent once more: a receiver tells by the id.
func (tx *Tx) QueueAgain(ctx context.Context, event uuid.UUID, now time.Time) (int, error) {
	tag, err := tx.Exec(ctx, `insert into event_deliveries (tenant, event_id, endpoint_id, state, next_at)
		select e.tenant, e.id, w.id, 'queued', $3 from events e join organisations eo on eo.tenant = e.tenant and eo.id = e.organisation_id
		join webhook_endpoints w on w.tenant = e.tenant join organisations o on o.tenant = w.tenant and o.id = w.organisation_id
		where e.tenant = $1 and e.id = $2 and `+fits+`
		on conflict (tenant, event_id, endpoint_id) do update set state = 'queued', tries = 0, next_at = excluded.next_at`, tx.Tenant, event, now)
	if err != nil {
		return 0, fmt.Errorf("queue an event again: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

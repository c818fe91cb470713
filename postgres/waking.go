package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// UnrestfulInvoices reads a page, by id, of the invoices that should have a
// workflow: with a live attempt, something on the agenda, or an event that nobody
// has looked at. A request that never became an attempt is not among them:
// whoever asked was never told that it would be carried out. Nor is an invoice of a
// billing schedule that only waits for its due date: the sweep starts its workflow then.
func (tx *Tx) UnrestfulInvoices(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from (
			select a.invoice_id as id from agenda a join invoices i on i.tenant = a.tenant and i.id = a.invoice_id where a.tenant = $1 and a.done_at is null and a.kind not in ('refund', 'notice')
				and (a.kind <> 'charge' or (a.details ->> 'soon')::boolean) and not (a.kind = any($4) and i.source like 'billing schedule %') and a.invoice_id > $2
			union
			select invoice_id from refunds where tenant = $1 and state = 'requested' and invoice_id > $2
			union
			select invoice_id from attempts where tenant = $1 and state in ('created', 'requires_action', 'processing', 'confirming') and invoice_id > $2
			union
			select invoice_id from stripe_events where tenant = $1 and state = 'waiting' and invoice_id > $2) w
		order by id limit $3`, tx.Tenant, after, limit, datedKinds)
	if err != nil {
		return nil, fmt.Errorf("list invoices to wake: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list invoices to wake: %w", err)
	}
	return ids, nil
}

// EventMark says which events of an invoice wait.
type EventMark struct {
	Count   int
	IDs     []string // of the events themselves: others may commit meanwhile that began earlier
	Refunds bool     // some are about refunds
}

// WaitingEvents reads the mark of an invoice's waiting events.
func (tx *Tx) WaitingEvents(ctx context.Context, invoice uuid.UUID) (EventMark, error) {
	var mark EventMark
	err := tx.QueryRow(ctx, `select count(*), coalesce(array_agg(event_id), '{}'), coalesce(bool_or(type like 'refund.%' or type like 'charge.refund%'), false)
		from stripe_events where tenant = $1 and invoice_id = $2 and state = 'waiting'`, tx.Tenant, invoice).
		Scan(&mark.Count, &mark.IDs, &mark.Refunds)
	if err != nil {
		return EventMark{}, fmt.Errorf("read waiting events: %w", err)
	}
	return mark, nil
}

// EndEvents marks the events of a mark as looked at.
func (tx *Tx) EndEvents(ctx context.Context, invoice uuid.UUID, until EventMark) error {
	_, err := tx.Exec(ctx, "update stripe_events set state = 'done', done_at = now() where tenant = $1 and invoice_id = $2 and state = 'waiting' and event_id = any($3)", tx.Tenant, invoice, until.IDs)
	if err != nil {
		return fmt.Errorf("end events: %w", err)
	}
	return nil
}

// ReviveEvents has the events looked at that came before their intent was known
// to be this invoice's. That it was created says nothing.
func (tx *Tx) ReviveEvents(ctx context.Context, account, intent string, invoice uuid.UUID) error {
	if err := tx.HoldIntent(ctx, account, intent); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update stripe_events set state = 'waiting', done_at = null, invoice_id = $4
		where tenant = $1 and account = $2 and intent = $3 and state = 'foreign' and intent <> '' and type <> 'payment_intent.created'`, tx.Tenant, account, intent, invoice)
	if err != nil {
		return fmt.Errorf("revive events: %w", err)
	}
	return nil
}

// HoldIntent keeps, until the transaction ends, an event of an intent from being
// stored as nobody's while the intent is being stored as an invoice's: each would
// miss the other.
func (tx *Tx) HoldIntent(ctx context.Context, account, intent string) error {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", "intent/"+account+"/"+intent); err != nil {
		return fmt.Errorf("hold an intent: %w", err)
	}
	return nil
}

// EndSettledEvents marks the events of an invoice's intents as looked at, of
// those intents whose payment has succeeded in the record: they say no more.
func (tx *Tx) EndSettledEvents(ctx context.Context, invoice uuid.UUID) error {
	_, err := tx.Exec(ctx, `update stripe_events e set state = 'done', done_at = now() from payments p
		where e.tenant = $1 and e.invoice_id = $2 and e.state = 'waiting' and e.type like 'payment_intent.%'
			and p.tenant = $1 and p.invoice_id = $2 and p.payment_intent = e.object_id and p.state = 'succeeded'`, tx.Tenant, invoice)
	if err != nil {
		return fmt.Errorf("end events: %w", err)
	}
	return nil
}

// AuthzVersion reads the version of who may do what, as committed.
func (tx *Tx) AuthzVersion(ctx context.Context) (int64, error) {
	var version int64
	if err := tx.QueryRow(ctx, "select authz_version from tenants where id = $1", tx.Tenant).Scan(&version); err != nil {
		return 0, fmt.Errorf("read the authorisation version: %w", err)
	}
	return version, nil
}

// IsCustomersUser reports whether an account is a user, not disabled, of the
// customer an invoice belongs to.
func (tx *Tx) IsCustomersUser(ctx context.Context, account, invoice uuid.UUID) (bool, error) {
	var own bool
	err := tx.QueryRow(ctx, `select exists (select 1 from members m join invoices i on i.tenant = m.tenant and i.customer_id = m.customer_id
		where m.tenant = $1 and m.account_id = $2 and i.id = $3 and m.disabled_at is null)`, tx.Tenant, account, invoice).Scan(&own)
	if err != nil {
		return false, fmt.Errorf("read a membership: %w", err)
	}
	return own, nil
}

// UnitAt finds the organisation at a path.
func (tx *Tx) UnitAt(ctx context.Context, path string) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, "select id from organisations where tenant = $1 and path = $2", tx.Tenant, path).Scan(&id)
	if isNoRows(err) {
		return uuid.Nil, remit.NotFound()
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find an organisation: %w", err)
	}
	return id, nil
}

// Tenants reads every tenant's id.
func (db *DB) Tenants(ctx context.Context) ([]uuid.UUID, error) {
	rows, err := db.pool.Query(ctx, "select id from tenants order by path")
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return ids, nil
}

// The kinds of agenda row that an invoice's own workflow carries out: those of which each
// is some payer's or payment's, and those that go by a date, which many have in common.
var (
	urgentKinds = []remit.AgendaKind{remit.AgendaPoll, remit.AgendaScript, remit.AgendaRespond, remit.AgendaExcess, remit.AgendaOrder, remit.AgendaApproval}
	datedKinds  = []remit.AgendaKind{remit.AgendaOverdue, remit.AgendaSend, remit.AgendaLateFee, remit.AgendaCharge, remit.AgendaNotice}
)

// neglectedRows are, of each kind in $2, the invoices of the rows that are due by $3, the
// first $4 of them: no kind stands in another's way. The index agenda_neglected is in this order.
const neglectedRows = `select due.invoice_id from unnest($2::text[]) k (kind) cross join lateral (select g.invoice_id from agenda g where g.tenant = $1 and g.kind = k.kind and g.at <= $3
	and g.done_at is null and g.invoice_id is not null and (g.kind not in ('charge', 'notice') or (g.details ->> 'soon')::boolean) order by g.at limit $4) due`

// NeglectedByDate reads invoices that have a row due by a time on the tenant's clock of a
// kind that goes by a date, at most limit of each kind. What runs carry out is not among them.
func (tx *Tx) NeglectedByDate(ctx context.Context, by time.Time, limit int) ([]uuid.UUID, error) {
	return tx.neglected(ctx, "select distinct n.invoice_id from ("+neglectedRows+") n", tx.Tenant, datedKinds, by, limit)
}

// Neglected reads invoices whose agenda has a row due by a time on the tenant's
// clock that goes by no date in common, at most limit of each kind; with events waiting
// for longer than lag, or a live attempt that nobody has planned to look at. Events that
// have waited for days, because their account cannot be asked, are looked at in one
// minute of each hour.
func (tx *Tx) Neglected(ctx context.Context, by time.Time, lag time.Duration, limit int) ([]uuid.UUID, error) {
	return tx.neglected(ctx, "("+neglectedRows+`)
		union (select invoice_id from refunds where tenant = $1 and state = 'requested' and since <= $3 limit $4)
		union (select invoice_id from stripe_events where tenant = $1 and state = 'waiting' and invoice_id is not null and received_at < now() - $5::interval
			and (received_at > now() - interval '3 days'
				or abs(hashtext(event_id) % 60) = extract(epoch from $3::timestamptz)::bigint / 60 % 60) order by received_at desc limit $4)
		union (select invoice_id from attempts a where tenant = $1 and state in ('created', 'confirming') and since <= $3
			and not exists (select 1 from agenda g where g.tenant = a.tenant and g.kind = 'poll' and g.object_id = a.id and g.done_at is null) limit $4)`, tx.Tenant, urgentKinds, by, limit, lag)
}

func (tx *Tx) neglected(ctx context.Context, query string, args ...any) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list what was neglected: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list what was neglected: %w", err)
	}
	return ids, nil
}

// IsPending reports whether a row of the agenda still waits at its time.
func (tx *Tx) IsPending(ctx context.Context, row AgendaRow) (bool, error) {
	var pending bool
	err := tx.QueryRow(ctx, "select exists (select 1 from agenda where tenant = $1 and id = $2 and done_at is null and at <= $3)", tx.Tenant, row.ID, row.At).Scan(&pending)
	if err != nil {
		return false, fmt.Errorf("look at the agenda: %w", err)
	}
	return pending, nil
}

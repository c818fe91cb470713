package prove

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// scheduleFacts are what the database says of a billing schedule: what was agreed, and
// what was billed.
type scheduleFacts struct {
	Number, State, Trouble string
	Versions               []terms
	Pauses                 []pauseFacts
	EndedAt                *time.Time
	Bills                  []billFacts
}

type pauseFacts struct {
	From  time.Time
	Until *time.Time
}

// billFacts are an invoice of a schedule's.
type billFacts struct {
	Number, Status string
	Issued         int64 // by the ledger, when it was sent
}

const schedulesMade = `select s.number, s.state, s.trouble, s.versions, s.pauses, s.ended_at,
	coalesce((select jsonb_agg(jsonb_build_object('number', i.number, 'status', i.status, 'issued', coalesce((select sum(l.amount) from ledger_entries e
		join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id where e.tenant = i.tenant and e.invoice_id = i.id and e.kind = 'issue' and l.account = 'receivable'), 0)))
		from invoices i where i.tenant = s.tenant and i.source = 'billing schedule ' || s.number), '[]')
	from billing_schedules s where s.tenant = $1 order by s.number`

func (w *world) factsOfSchedules(ctx context.Context, f *facts) (err error) {
	if f.Now, err = w.now(ctx); err != nil { // before what is billed by then is read
		return err
	}
	f.Schedules, err = rows(ctx, w, schedulesMade, func(row pgx.CollectableRow) (s scheduleFacts, err error) {
		var versions, pauses, bills []byte
		if err := row.Scan(&s.Number, &s.State, &s.Trouble, &versions, &pauses, &s.EndedAt, &bills); err != nil {
			return s, err
		}
		for raw, into := range map[*[]byte]any{&versions: &s.Versions, &pauses: &s.Pauses, &bills: &s.Bills} {
			if err := json.Unmarshal(*raw, into); err != nil {
				return s, err
			}
		}
		return s, nil
	})
	return err
}

// orderFacts are what the database says of an order in the store.
type orderFacts struct {
	ID, Number, Status string
	Total              int64
	FulfilledAt        *time.Time
	BackAt             *time.Time // when its first refund was asked for that did not fail
	Items              map[string]int64
}

// productFacts are what the database says of a product.
type productFacts struct {
	ID   string
	Sold int64
}

const ordersMade = `select o.id::text, i.number, i.status, i.total, o.fulfilled_at,
	(select min(r.created_at) from refunds r where r.tenant = o.tenant and r.invoice_id = o.id and r.request_id is not null and r.state not in ('failed', 'canceled') and r.choice <> 'excess'),
	(select jsonb_object_agg(t.product_id, t.quantity) from order_items t where t.tenant = o.tenant and t.order_id = o.id)
	from orders o join invoices i on i.tenant = o.tenant and i.id = o.id where o.tenant = $1 order by i.number`

func (w *world) factsOfOrders(ctx context.Context, f *facts) (err error) {
	f.Shelves = w.shelves
	w.mutex.Lock()
	f.SentUnpaid = w.sentUnpaid
	w.mutex.Unlock()
	if f.Orders, err = rows(ctx, w, ordersMade, func(row pgx.CollectableRow) (o orderFacts, err error) {
		var items []byte
		if err := row.Scan(&o.ID, &o.Number, &o.Status, &o.Total, &o.FulfilledAt, &o.BackAt, &items); err != nil {
			return o, err
		}
		return o, json.Unmarshal(items, &o.Items)
	}); err != nil {
		return err
	}
	f.Products, err = rows(ctx, w, "select id::text, sold from products where tenant = $1", func(row pgx.CollectableRow) (p productFacts, err error) {
		return p, row.Scan(&p.ID, &p.Sold)
	})
	return err
}

// staffFacts are an attempt that a person of the organisation made, or had made, with the approval
// that it was made with: one row for each.
type staffFacts struct {
	Attempt, Number, Actor, Method string
	Amount, Fee                    int64
	At                             time.Time
	Approval, State                string // "" without one
	AskedBy, AnsweredBy, InPlaceOf string
	Approved, ApprovedFee          int64
	AtMost                         bool
	ApprovedMethod                 string
	Became                         string // the attempt, at Since
	Since                          time.Time
	AnsweredAt, ExpiresAt          *time.Time
}

const attemptsOfStaff = `select a.id::text, i.number, coalesce(a.actor->>'id', ''), coalesce(a.payment_method_id::text, ''), a.amount, a.surcharge, a.created_at,
	coalesce(p.id::text, ''), coalesce(p.state, ''), coalesce(p.asked_by::text, ''), coalesce(p.answered_by::text, ''), coalesce(p.in_place_of::text, ''),
	coalesce(p.amount, 0), coalesce(p.surcharge, 0), coalesce(p.at_most, false), coalesce(p.method::text, ''), p.answered_at, p.expires_at, a.state, a.since
	from attempts a join invoices i on i.tenant = a.tenant and i.id = a.invoice_id left join approvals p on p.tenant = a.tenant and p.attempt_id = a.id
	join invoice_requests q on q.tenant = a.tenant and q.id = a.request_id
	where a.tenant = $1 and (q.payload->'permit'->'by' is not null or a.actor->>'kind' in ('user', 'token') and not coalesce((q.payload->'permit'->>'customer')::boolean, false)) order by a.created_at`

func (w *world) factsOfStaff(ctx context.Context, f *facts) (err error) {
	f.Above = w.story.Above
	f.Staff, err = rows(ctx, w, attemptsOfStaff, func(row pgx.CollectableRow) (s staffFacts, err error) {
		return s, row.Scan(&s.Attempt, &s.Number, &s.Actor, &s.Method, &s.Amount, &s.Fee, &s.At, &s.Approval, &s.State, &s.AskedBy, &s.AnsweredBy, &s.InPlaceOf,
			&s.Approved, &s.ApprovedFee, &s.AtMost, &s.ApprovedMethod, &s.AnsweredAt, &s.ExpiresAt, &s.Became, &s.Since)
	})
	return err
}

// lateFacts are what an invoice was charged because it was late, from three places.
type lateFacts struct {
	Number               string
	Due                  time.Time // its day
	Fees                 []lateFee
	Booked, Told, Billed int64 // by the ledger, the timeline and the invoice's own lines
}

type lateFee struct {
	Stage    int
	Amount   int64
	At       time.Time
	Reversed bool
}

const feesCharged = `select i.number, i.due_date,
	(select jsonb_agg(jsonb_build_object('stage', f.stage, 'amount', f.amount, 'at', f.charged_at, 'reversed', f.reversed_at is not null)) from late_fees f where f.tenant = i.tenant and f.invoice_id = i.id),
	coalesce((select sum(l.amount) from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
		where e.tenant = i.tenant and e.invoice_id = i.id and e.kind = 'late_fee' and l.account = 'receivable'), 0)::bigint,
	coalesce((select sum(case t.kind when 'late_fee' then 1 else -1 end * (t.data->>'amount')::bigint) from timeline t
		where t.tenant = i.tenant and t.invoice_id = i.id and t.kind in ('late_fee', 'late_fee_reversed')), 0)::bigint,
	coalesce((select sum(a.amount) from invoice_adjustments a where a.tenant = i.tenant and a.invoice_id = i.id and a.kind = 'late_fee'), 0)::bigint
	from invoices i where i.tenant = $1 and exists (select from late_fees f where f.tenant = i.tenant and f.invoice_id = i.id
		union all select from ledger_entries e where e.tenant = i.tenant and e.invoice_id = i.id and e.kind = 'late_fee') order by i.number`

func (w *world) factsOfLateFees(ctx context.Context, f *facts) (err error) {
	f.LateOn = w.story.Late
	f.Late, err = rows(ctx, w, feesCharged, func(row pgx.CollectableRow) (l lateFacts, err error) {
		var fees []byte
		if err := row.Scan(&l.Number, &l.Due, &fees, &l.Booked, &l.Told, &l.Billed); err != nil || fees == nil {
			return l, err
		}
		return l, json.Unmarshal(fees, &l.Fees)
	})
	return err
}

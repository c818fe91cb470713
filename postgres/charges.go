package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// ChargeRow is a charge by itself on the agenda.
type ChargeRow struct {
	AgendaRow
	Plan remit.ChargePlan
	// Unreadable is, in a page of many, why the plan could not be read.
	Unreadable error
}

// ChargeResult is what became of a row: the attempt it led to, or why there is none.
type ChargeResult struct {
	Attempt *uuid.UUID `json:"attempt,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	// Credit says that the customer's credit paid all of it.
	Credit bool `json:"credit,omitempty"`
}

// PlanCharge puts the invoice's next charge by itself on the agenda, or moves it.
func (tx *Tx) PlanCharge(ctx context.Context, l *LockedInvoice, at time.Time, plan remit.ChargePlan, what string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	details, err := json.Marshal(plan)
	if err != nil {
		return fmt.Errorf("write a charge: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what, details) values ($1,$2,$3,$4,$5,'charge',$4,$6,$7)
		on conflict (tenant, kind, object_id) where done_at is null do update set at = excluded.at, what = excluded.what, details = excluded.details, result = null`,
		tx.Tenant, id, l.OrganisationID, l.ID, at, what, details)
	if err != nil {
		return fmt.Errorf("plan a charge: %w", err)
	}
	return nil
}

// Charge reads the invoice's next charge by itself, or nil.
func (tx *Tx) Charge(ctx context.Context, invoice uuid.UUID) (*ChargeRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+", details from agenda where tenant = $1 and kind = 'charge' and object_id = $2 and done_at is null", tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read a charge: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanCharge)
	if err != nil {
		return nil, fmt.Errorf("read a charge: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}

// EndCharge takes a charge off the agenda and keeps what it came to.
func (tx *Tx) EndCharge(ctx context.Context, row uuid.UUID, result ChargeResult, now time.Time) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write a charge's result: %w", err)
	}
	_, err = tx.Exec(ctx, "update agenda set done_at = $3, result = $4 where tenant = $1 and id = $2 and done_at is null", tx.Tenant, row, now, raw)
	if err != nil {
		return fmt.Errorf("end a charge: %w", err)
	}
	return nil
}

// NoteCharge keeps what a charge came to that stays on the agenda for later.
func (tx *Tx) NoteCharge(ctx context.Context, invoice uuid.UUID, result ChargeResult) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write a charge's result: %w", err)
	}
	_, err = tx.Exec(ctx, "update agenda set result = $3 where tenant = $1 and kind = 'charge' and object_id = $2 and done_at is null", tx.Tenant, invoice, raw)
	if err != nil {
		return fmt.Errorf("note a charge: %w", err)
	}
	return nil
}

// scanChargeOfMany does not fail for a plan that cannot be read: the others can.
func scanChargeOfMany(row pgx.CollectableRow) (c ChargeRow, err error) {
	var details []byte
	err = row.Scan(&c.ID, &c.OrganisationID, &c.InvoiceID, &c.At, &c.Kind, &c.ObjectID, &c.What, &c.Soon, &details)
	if err == nil {
		c.Unreadable = json.Unmarshal(details, &c.Plan)
	}
	return c, err
}

func scanCharge(row pgx.CollectableRow) (ChargeRow, error) {
	c, err := scanChargeOfMany(row)
	return c, errors.Join(err, c.Unreadable)
}

// HardRefusal reads the hard decline of a method, on whatever invoice, after which no
// money came of it; nil: there is none, or none since its bank renewed it. What a bank
// says later of a try by hand takes no hard word back. That the same amount was charged
// moments before, and how often a debit was presented, is about one invoice alone.
func (tx *Tx) HardRefusal(ctx context.Context, m remit.PaymentMethod) (*remit.DeclineRecord, error) {
	var raw []byte
	err := tx.QueryRow(ctx, "select a.decline from payment_methods m join lateral ("+lastWord+") a on true where m.tenant = $1 and m.id = $2", tx.Tenant, m.ID).Scan(&raw)
	if isNoRows(err) || err == nil && raw == nil {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a decline: %w", err)
	}
	var d remit.DeclineRecord
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("read a decline: %w", err)
	}
	if !d.Hard {
		return nil, nil
	}
	return &d, nil
}

// lastWord is the last charge of method m that ended in money or a hard decline, by the
// card or account and not by how often it was saved.
const lastWord = `select l.decline from attempts l where l.tenant = m.tenant and l.kind = 'charge' and l.ended_at is not null
	and (l.state = 'succeeded' or l.state = 'failed' and (l.decline ->> 'hard')::boolean)
	and l.method ->> 'fingerprint' = m.fingerprint and l.ended_at > coalesce(m.renewed_at, '-infinity') and coalesce(l.decline ->> 'code', '') not in ('duplicate_transaction', 'represent_cap')
	order by l.ended_at desc limit 1`

// ChargeTries reads the tries by itself that failed on an invoice, oldest first,
// but for one.
func (tx *Tx) ChargeTries(ctx context.Context, invoice, except uuid.UUID) ([]remit.Attempt, error) {
	return tx.queryAttempts(ctx, "invoice_id = $2 and id <> $3 and "+failedByItself, invoice, except)
}

// failedByItself narrows attempts to charges by themselves that were declined.
const failedByItself = "kind = 'charge' and state = 'failed' and decline is not null and ended_at is not null and actor ->> 'kind' = 'system'"

// CountTries fills in how often the invoices of work items were charged by themselves in
// vain, where that has ended: one query, however many they are.
func (tx *Tx) CountTries(ctx context.Context, items []remit.WorkItem) error {
	at := map[uuid.UUID]int{}
	var ids []uuid.UUID
	for n, w := range items {
		if w.State.Live() && w.Invoice.Collection.State == remit.CollectionEnded {
			at[w.InvoiceID], ids = n, append(ids, w.InvoiceID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, "select invoice_id, count(*)::int from attempts where tenant = $1 and invoice_id = any($2) and "+failedByItself+" group by 1", tx.Tenant, ids)
	if err != nil {
		return fmt.Errorf("count tries: %w", err)
	}
	var id uuid.UUID
	var tries int
	_, err = pgx.ForEachRow(rows, []any{&id, &tries}, func() error {
		items[at[id]].Tries = tries
		return nil
	})
	if err != nil {
		return fmt.Errorf("count tries: %w", err)
	}
	return nil
}

// PlansOfTries reads what the charges were planned with that the tries by itself of an
// invoice carried out, and by whose act they were decided.
func (tx *Tx) PlansOfTries(ctx context.Context, invoice uuid.UUID) (map[uuid.UUID]remit.ChargePlan, error) {
	rows, err := tx.Query(ctx, `select a.id, g.details, r.payload -> 'permit' -> 'by' from attempts a join invoice_requests r on r.tenant = a.tenant and r.id = a.request_id
		join agenda g on g.tenant = a.tenant and g.id = (r.payload -> 'permit' ->> 'charge')::uuid where a.tenant = $1 and a.invoice_id = $2`, tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read how tries were planned: %w", err)
	}
	plans := map[uuid.UUID]remit.ChargePlan{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (id uuid.UUID, err error) {
		var plan remit.ChargePlan
		var details []byte
		var by *remit.Actor
		if err = row.Scan(&id, &details, &by); err == nil {
			err = json.Unmarshal(details, &plan)
		}
		if by != nil {
			plan.By = by
		}
		plans[id] = plan
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("read how tries were planned: %w", err)
	}
	return plans, nil
}

// ChargesThatWorked reads when charges of a method, by its fingerprint, succeeded
// in the half year before a time: the last fifty.
func (tx *Tx) ChargesThatWorked(ctx context.Context, fingerprint string, before time.Time) ([]time.Time, error) {
	rows, err := tx.Query(ctx, `select confirm_at from attempts where tenant = $1 and method ->> 'fingerprint' = $2 and state = 'succeeded' and kind = 'charge'
		and confirm_at > $3::timestamptz - interval '180 days' order by confirm_at desc limit 50`, tx.Tenant, fingerprint, before)
	if err != nil {
		return nil, fmt.Errorf("read charges that worked: %w", err)
	}
	times, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, fmt.Errorf("read charges that worked: %w", err)
	}
	return times, nil
}

// WasTried reports whether an invoice was charged, or declined, with a method or
// the same card or account saved anew.
func (tx *Tx) WasTried(ctx context.Context, invoice uuid.UUID, m remit.PaymentMethod) (tried bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select 1 from attempts where tenant = $1 and invoice_id = $2
		and (payment_method_id = $3 or $4 <> '' and method ->> 'fingerprint' = $4))`, tx.Tenant, invoice, m.ID, m.Fingerprint).Scan(&tried)
	if err != nil {
		return false, fmt.Errorf("look for tries of a method: %w", err)
	}
	return tried, nil
}

// OpenInvoicesOf reads the invoices of a customer that money may be collected for.
func (tx *Tx) OpenInvoicesOf(ctx context.Context, customer uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select id from invoices where tenant = $1 and customer_id = $2 and status in ('open', 'partially_paid') order by id", tx.Tenant, customer)
	if err != nil {
		return nil, fmt.Errorf("list a customer's open invoices: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list a customer's open invoices: %w", err)
	}
	return ids, nil
}

// Curable reads invoices whose collection waits, or has ended, and that would be
// charged with a method that was not tried on them: at most limit. It asks all that
// is asked before one is charged with it: what is listed in vain would be again.
func (tx *Tx) Curable(ctx context.Context, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select i.id from invoices i join customers c on c.tenant = i.tenant and c.id = i.customer_id
		join lateral (select m.id, m.tenant, m.fingerprint, m.renewed_at from payment_methods m join connections n on n.tenant = m.tenant and n.account = m.account and n.livemode = m.livemode and n.disconnected_at is null
			where m.tenant = c.tenant and m.customer_id = c.id and m.status = 'usable' and m.only_for is null
				and `+takenMethod("i.settings")+`
			order by coalesce(c.default_payment_method = m.id, false) desc, m.created_at, m.id limit 1) m on true
		where i.tenant = $1 and i.collection_state in ('awaits_method', 'awaits_payer', 'retrying', 'ended') and i.hold_reason is null and i.status in ('open', 'partially_paid')
			and coalesce((i.settings ->> 'auto_charge')::boolean, false) and coalesce(c.auto_charge, true) and not coalesce((select (w.decline ->> 'hard')::boolean from (`+lastWord+`) w), false) and not exists (select 1 from attempts a where a.tenant = i.tenant and a.invoice_id = i.id
				and (a.payment_method_id = m.id or m.fingerprint <> '' and a.method ->> 'fingerprint' = m.fingerprint or a.state in ('created', 'requires_action', 'processing', 'confirming')))
		order by i.due_date, i.id limit $2`, tx.Tenant, limit)
	if err != nil {
		return nil, fmt.Errorf("list invoices with a new method: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list invoices with a new method: %w", err)
	}
	return ids, nil
}

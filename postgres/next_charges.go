package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// chargeableMethod joins what a customer c is charged with by itself as m, with
// nulls where he has nothing that could be: for an invoice with some settings, what
// these take first, as [remit.ChargedMethod] has it.
func chargeableMethod(settings string) string {
	return `
	left join lateral (select m.type, coalesce(nullif(m.brand, ''), m.bank_name, '') as name, coalesce(m.last4, '') as last4, m.funding, m.exp_month, m.exp_year from payment_methods m
		join connections n on n.tenant = m.tenant and n.account = m.account and n.livemode = m.livemode and n.disconnected_at is null
		where m.tenant = c.tenant and m.customer_id = c.id and m.status = 'usable' and m.only_for is null
		order by ` + takenMethod(settings) + ` desc, coalesce(c.default_payment_method = m.id, false) desc, m.created_at, m.id limit 1) m on true`
}

// takenMethod is whether invoices with some settings take a method m: one that was
// made before its settings could say so takes any.
func takenMethod(settings string) string {
	return "coalesce((" + settings + " -> 'methods' ->> case m.type when 'us_bank_account' then 'bank_accounts' else 'cards' end)::boolean, true)"
}

// TellNextCharges fills in what is on the agenda of invoices to be charged by itself,
// and with what, as things are now: one query, however many they are.
func (tx *Tx) TellNextCharges(ctx context.Context, invoices []remit.Invoice) error {
	at := map[uuid.UUID]int{}
	ids := make([]uuid.UUID, len(invoices))
	for n, i := range invoices {
		at[i.ID], ids[n] = n, i.ID
	}
	rows, err := tx.Query(ctx, `select g.object_id, g.at, (g.at at time zone o.time_zone)::date, g.details, coalesce(m.type, ''), coalesce(m.name, ''), coalesce(m.last4, ''), coalesce(m.funding, '') from agenda g
		join invoices i on i.tenant = g.tenant and i.id = g.object_id join customers c on c.tenant = i.tenant and c.id = i.customer_id
		join organisations o on o.tenant = i.tenant and o.id = i.organisation_id`+chargeableMethod("i.settings")+`
		where g.tenant = $1 and g.kind = 'charge' and g.object_id = any($2) and g.done_at is null`, tx.Tenant, ids)
	if err != nil {
		return fmt.Errorf("read what is to be charged: %w", err)
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (id uuid.UUID, err error) {
		var next remit.NextCharge
		var method remit.MethodSummary
		var details []byte
		if err := row.Scan(&id, &next.At, &next.On, &details, &method.Type, &method.Brand, &method.Last4, &method.Funding); err != nil {
			return id, err
		}
		var plan remit.ChargePlan
		if err := json.Unmarshal(details, &plan); err != nil {
			return id, err
		}
		if method.Type != "" {
			next.Method = method.Words()
		}
		i := &invoices[at[id]]
		i.NextCharge = remit.NextChargeOf(*i, plan, method, next)
		return id, nil
	})
	if err != nil {
		return fmt.Errorf("read what is to be charged: %w", err)
	}
	return nil
}

// PlannedFor reads the next invoices of a customer that will be charged by themselves,
// the next first: of fifty that are planned those that nothing keeps from happening.
func (tx *Tx) PlannedFor(ctx context.Context, customer uuid.UUID) ([]remit.Invoice, error) {
	rows, err := tx.Query(ctx, `select g.object_id from agenda g join invoices i on i.tenant = g.tenant and i.id = g.object_id
		where g.tenant = $1 and g.kind = 'charge' and g.done_at is null and i.customer_id = $2 order by g.at, g.id limit 50`, tx.Tenant, customer)
	if err != nil {
		return nil, fmt.Errorf("read what a customer is to be charged for: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read what a customer is to be charged for: %w", err)
	}
	known, err := tx.InvoicesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]remit.Invoice, len(ids))
	for n, id := range ids {
		list[n] = known[id]
	}
	if err := tx.TellNextCharges(ctx, list); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(i remit.Invoice) bool { return i.NextCharge == nil }), nil
}

package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// DashboardDescription reads what an account is; nil where it was never read.
func (tx *Tx) DashboardDescription(ctx context.Context, of DashboardOf) (*remit.AccountDescription, error) {
	var raw []byte
	err := tx.QueryRow(ctx, "select description from dashboard_accounts where tenant = $1 and account = $2 and livemode = $3", tx.Tenant, of.Account, of.Livemode).Scan(&raw)
	if isNoRows(err) || err == nil && raw == nil {
		return nil, nil
	}
	var is remit.AccountDescription
	if err == nil {
		err = json.Unmarshal(raw, &is)
	}
	if err != nil {
		return nil, fmt.Errorf("read what an account is: %w", err)
	}
	return &is, nil
}

// DashboardBalances reads what an account has, by currency.
func (tx *Tx) DashboardBalances(ctx context.Context, of DashboardOf) ([]remit.BalanceFigure, error) {
	rows, err := tx.Query(ctx, "select currency, available, pending from dashboard_balances where tenant = $1 and account = $2 and livemode = $3 order by currency", tx.Tenant, of.Account, of.Livemode)
	if err != nil {
		return nil, fmt.Errorf("read a balance: %w", err)
	}
	return collected(rows, "read a balance", func(row pgx.CollectableRow) (b remit.BalanceFigure, err error) {
		return b, row.Scan(&b.Currency, &b.Available, &b.Pending)
	})
}

func collected[T any](rows pgx.Rows, what string, scan func(pgx.CollectableRow) (T, error)) ([]T, error) {
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return list, nil
}

// DashboardBanks reads a page of where an account's payouts go, after an id.
func (tx *Tx) DashboardBanks(ctx context.Context, of DashboardOf, after string, limit int) ([]remit.PayoutBank, error) {
	rows, err := tx.Query(ctx, `select id, kind, bank_name, last4, country, currency, by_default, status from dashboard_banks
		where tenant = $1 and account = $2 and livemode = $3 and id > $4 order by id limit $5`, tx.Tenant, of.Account, of.Livemode, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read banks: %w", err)
	}
	return collected(rows, "read banks", func(row pgx.CollectableRow) (b remit.PayoutBank, err error) {
		return b, row.Scan(&b.ID, &b.Kind, &b.BankName, &b.Last4, &b.Country, &b.Currency, &b.Default, &b.Status)
	})
}

// DashboardQuery narrows a list of an account's objects. A list is newest first;
// Before and BeforeID are those of the last one of the page before.
type DashboardQuery struct {
	DashboardOf
	Before   *time.Time
	BeforeID string
	Limit    int
	Currency string     // "" is any
	From     *time.Time // made at this time or later
	Until    *time.Time // and before this one
	// Of transactions alone.
	Kind   remit.MovementKind // "" is any
	Payout string             // that carries them; "" is any
	// Without leaves out the transaction with this id.
	Without string
	// Of payouts alone.
	ID     string
	Status remit.PayoutStatus // "" is any
	// Odd are payouts that failed, or that their lines do not explain.
	Odd bool
}

// where writes the conditions on a table's alias, with the arguments from $1 on.
func (q DashboardQuery) where(tenant uuid.UUID, alias string) (string, []any) {
	var b strings.Builder
	args := []any{tenant, q.Account, q.Livemode}
	fmt.Fprintf(&b, "%[1]s.tenant = $1 and %[1]s.account = $2 and %[1]s.livemode = $3", alias)
	is := func(set bool, condition string, values ...any) {
		if !set {
			return
		}
		b.WriteString(" and ")
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		b.WriteString(strings.ReplaceAll(condition, "@", alias))
	}
	is(q.Before != nil, "(@.created, @.id) < (?, ?)", q.Before, q.BeforeID)
	is(q.Currency != "", "@.currency = ?", q.Currency)
	is(q.From != nil, "@.created >= ?", q.From)
	is(q.Until != nil, "@.created < ?", q.Until)
	is(q.Kind != "", "@.kind = ?", q.Kind)
	is(q.Payout != "", "@.payout = ?", q.Payout)
	is(q.Without != "", "@.id <> ?", q.Without)
	is(q.ID != "", "@.id = ?", q.ID)
	is(q.Status != "", "@.status = ?", q.Status)
	is(q.Odd, "(@.status = 'failed' or @.unexplained <> 0)")
	args = append(args, q.Limit)
	fmt.Fprintf(&b, " order by %[1]s.created desc, %[1]s.id desc limit $%[2]d", alias, len(args))
	return b.String(), args
}

// DashboardPayouts reads a page of payouts with the banks they went to.
func (tx *Tx) DashboardPayouts(ctx context.Context, q DashboardQuery) ([]remit.Payout, error) {
	where, args := q.where(tx.Tenant, "p")
	rows, err := tx.Query(ctx, `select p.id, p.currency, p.amount, p.status, p.automatic, p.listed, p.method, p.bank, p.own_transaction, p.failure_code, p.failure_message, p.arrives_on, p.created, p.unexplained,
			coalesce(b.kind, ''), coalesce(b.bank_name, ''), coalesce(b.last4, ''), coalesce(b.status, '')
		from dashboard_payouts p left join dashboard_banks b on b.tenant = p.tenant and b.account = p.account and b.livemode = p.livemode and b.id = p.bank
		where `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read payouts: %w", err)
	}
	return collected(rows, "read payouts", func(row pgx.CollectableRow) (p remit.Payout, err error) {
		var bank remit.PayoutBank
		err = row.Scan(&p.ID, &p.Currency, &p.Amount, &p.Status, &p.Automatic, &p.Listed, &p.Method, &p.BankID, &p.OwnTransaction, &p.FailureCode, &p.FailureMessage, &p.Arrives, &p.Created, &p.Unexplained,
			&bank.Kind, &bank.BankName, &bank.Last4, &bank.Status)
		if bank.Kind != "" {
			bank.ID, p.Bank = p.BankID, &bank
		}
		return p, err
	})
}

// PayoutSums adds up what a payout carries, by kind; its own transaction is left out.
func (tx *Tx) PayoutSums(ctx context.Context, of DashboardOf, p remit.Payout) ([]remit.PayoutSum, error) {
	rows, err := tx.Query(ctx, `select kind, count(*), sum(amount)::bigint, sum(fee)::bigint, sum(application_fee)::bigint from dashboard_transactions
		where tenant = $1 and account = $2 and livemode = $3 and payout = $4 and id <> $5 group by kind order by kind`, tx.Tenant, of.Account, of.Livemode, p.ID, p.OwnTransaction)
	if err != nil {
		return nil, fmt.Errorf("add up a payout: %w", err)
	}
	return collected(rows, "add up a payout", func(row pgx.CollectableRow) (s remit.PayoutSum, err error) {
		return s, row.Scan(&s.Kind, &s.Count, &s.Amount, &s.Fee, &s.ApplicationFees)
	})
}

// DashboardTransactions reads a page of movements with the invoices they belong
// to, by the intents that were stored here. The page is cut before anything is
// looked up for it.
func (tx *Tx) DashboardTransactions(ctx context.Context, q DashboardQuery) ([]remit.StripeTransaction, error) {
	where, args := q.where(tx.Tenant, "t")
	rows, err := tx.Query(ctx, `select t.id, t.kind, t.type, t.currency, t.amount, t.fee, t.application_fee, t.net, t.available_on, t.created, t.description, t.source, t.payment_intent, t.payout,
			p.invoice_id, coalesce(i.number, ''), coalesce(c.name, '')
		from (select t.id, t.kind, t.type, t.currency, t.amount, t.fee, t.application_fee, t.net, t.available_on, t.created, t.description, t.source, t.payment_intent, t.payout
			from dashboard_transactions t where `+where+`) t
		left join lateral (select p.invoice_id from payments p where p.tenant = $1 and p.account = $2 and p.payment_intent = t.payment_intent limit 1) p on t.payment_intent <> ''
		left join invoices i on i.tenant = $1 and i.id = p.invoice_id
		left join customers c on c.tenant = $1 and c.id = i.customer_id
		order by t.created desc, t.id desc`, args...)
	if err != nil {
		return nil, fmt.Errorf("read transactions: %w", err)
	}
	return collected(rows, "read transactions", func(row pgx.CollectableRow) (t remit.StripeTransaction, err error) {
		return t, row.Scan(&t.ID, &t.Kind, &t.Type, &t.Currency, &t.Amount, &t.Fee, &t.ApplicationFee, &t.Net, &t.Available, &t.Created, &t.Description, &t.Source, &t.Intent, &t.Payout,
			&t.InvoiceID, &t.InvoiceNumber, &t.CustomerName)
	})
}

// DashboardCurrencies are those an account has moved money in.
func (tx *Tx) DashboardCurrencies(ctx context.Context, of DashboardOf) ([]string, error) {
	rows, err := tx.Query(ctx, `with recursive c as (
			(select currency from dashboard_transactions where tenant = $1 and account = $2 and livemode = $3 order by currency limit 1)
			union all
			select (select t.currency from dashboard_transactions t where t.tenant = $1 and t.account = $2 and t.livemode = $3 and t.currency > c.currency order by t.currency limit 1)
			from c where c.currency is not null)
		select currency from c where currency is not null`, tx.Tenant, of.Account, of.Livemode)
	if err != nil {
		return nil, fmt.Errorf("read currencies: %w", err)
	}
	return collected(rows, "read currencies", pgx.RowTo[string])
}

// DashboardCustomers reads a page of an account's customers with those of ours
// that are linked with them.
func (tx *Tx) DashboardCustomers(ctx context.Context, q DashboardQuery) ([]remit.StripeCustomer, error) {
	where, args := q.where(tx.Tenant, "d")
	rows, err := tx.Query(ctx, `select d.id, d.name, d.email, d.created, s.customer_id, coalesce(c.name, '')
		from (select d.id, d.name, d.email, d.created from dashboard_customers d where `+where+`) d
		left join stripe_customers s on s.tenant = $1 and s.account = $2 and s.stripe_customer = d.id
		left join customers c on c.tenant = $1 and c.id = s.customer_id
		order by d.created desc, d.id desc`, args...)
	if err != nil {
		return nil, fmt.Errorf("read an account's customers: %w", err)
	}
	return collected(rows, "read an account's customers", func(row pgx.CollectableRow) (c remit.StripeCustomer, err error) {
		return c, row.Scan(&c.ID, &c.Name, &c.Email, &c.Created, &c.CustomerID, &c.Customer)
	})
}

// DayFigures adds up what moved on each day of a zone from a time on, by currency.
// Days on which nothing did are left out.
func (tx *Tx) DayFigures(ctx context.Context, of DashboardOf, since time.Time, zone string) ([]remit.DayFigure, error) {
	rows, err := tx.Query(ctx, `select (created at time zone $5)::date as day, currency,
			coalesce(sum(amount) filter (where kind in ('charge', 'charge_failure')), 0)::bigint,
			(sum(fee) - coalesce(sum(amount) filter (where kind = 'fee'), 0))::bigint,
			(-coalesce(sum(amount) filter (where kind in ('payout', 'payout_failure')), 0))::bigint
		from dashboard_transactions where tenant = $1 and account = $2 and livemode = $3 and created >= $4
		group by day, currency order by currency, day`, tx.Tenant, of.Account, of.Livemode, since, zone)
	if err != nil {
		return nil, fmt.Errorf("add up days: %w", err)
	}
	return collected(rows, "add up days", func(row pgx.CollectableRow) (d remit.DayFigure, err error) {
		return d, row.Scan(&d.Day, &d.Currency, &d.Collected, &d.Fees, &d.PaidOut)
	})
}

// PayoutsOfInvoice are the payouts that carry an invoice's payments, the first
// one first.
func (tx *Tx) PayoutsOfInvoice(ctx context.Context, invoice uuid.UUID) ([]remit.InvoicePayout, error) {
	rows, err := tx.Query(ctx, `select distinct o.id, o.arrives_on, o.status from payments p
		join dashboard_transactions t on t.tenant = p.tenant and t.account = p.account and t.livemode = p.livemode and t.payment_intent = p.payment_intent and t.kind = 'charge'
		join dashboard_payouts o on o.tenant = t.tenant and o.account = t.account and o.livemode = t.livemode and o.id = t.payout
		where p.tenant = $1 and p.invoice_id = $2 and p.payment_intent <> '' order by o.arrives_on, o.id limit 20`, tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read the payouts of an invoice: %w", err)
	}
	return collected(rows, "read the payouts of an invoice", func(row pgx.CollectableRow) (p remit.InvoicePayout, err error) {
		return p, row.Scan(&p.ID, &p.Arrives, &p.Status)
	})
}

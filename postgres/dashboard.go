package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"remit"
)

// DashboardOf names an account whose figures are kept.
type DashboardOf struct {
	Account  string
	Livemode bool
}

// Dashboard reads how old an account's figures are. Of one that was never read
// everything but its name is zero.
func (tx *Tx) Dashboard(ctx context.Context, of DashboardOf) (remit.DashboardState, error) {
	s := remit.DashboardState{Account: of.Account, Livemode: of.Livemode}
	var pass []byte
	err := tx.QueryRow(ctx, `select asked_at, begun_at, tried_at, fresh_at, failure, pass, newest, reached_at from dashboard_accounts
		where tenant = $1 and account = $2 and livemode = $3`, tx.Tenant, of.Account, of.Livemode).
		Scan(&s.AskedAt, &s.BegunAt, &s.TriedAt, &s.FreshAt, &s.Failure, &pass, &s.Newest, &s.Reached)
	if isNoRows(err) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(pass, &s.Pass)
	}
	if err != nil {
		return s, fmt.Errorf("read how old figures are: %w", err)
	}
	return s, nil
}

// AskDashboard notes that an account's figures may have changed.
func (tx *Tx) AskDashboard(ctx context.Context, of DashboardOf, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into dashboard_accounts (tenant, account, livemode, asked_at) values ($1,$2,$3,$4)
		on conflict (tenant, account, livemode) do update set asked_at = greatest(dashboard_accounts.asked_at, excluded.asked_at)`, tx.Tenant, of.Account, of.Livemode, now)
	if err != nil {
		return fmt.Errorf("note that figures may have changed: %w", err)
	}
	return nil
}

// BeginDashboard begins a refresh, or goes on with the one that was left half-way.
func (tx *Tx) BeginDashboard(ctx context.Context, of DashboardOf, now time.Time) (remit.DashboardState, error) {
	if _, err := tx.Exec(ctx, "insert into dashboard_accounts (tenant, account, livemode) values ($1,$2,$3) on conflict do nothing", tx.Tenant, of.Account, of.Livemode); err != nil {
		return remit.DashboardState{}, fmt.Errorf("begin a refresh: %w", err)
	}
	s, err := tx.Dashboard(ctx, of)
	if err != nil {
		return s, err
	}
	if s.Pass.Step == "" {
		s.Pass, s.BegunAt = s.BeginPass(now), &now
	}
	s.Failure = ""
	return s, tx.savePass(ctx, s)
}

// SaveDashboardPass stores how far a refresh has come.
func (tx *Tx) SaveDashboardPass(ctx context.Context, s remit.DashboardState) error {
	return tx.savePass(ctx, s)
}

func (tx *Tx) savePass(ctx context.Context, s remit.DashboardState) error {
	pass, err := json.Marshal(s.Pass)
	if err != nil {
		return fmt.Errorf("write how far a refresh has come: %w", err)
	}
	_, err = tx.Exec(ctx, "update dashboard_accounts set pass = $4, begun_at = $5, failure = '' where tenant = $1 and account = $2 and livemode = $3", tx.Tenant, s.Account, s.Livemode, pass, s.BegunAt)
	if err != nil {
		return fmt.Errorf("write how far a refresh has come: %w", err)
	}
	return nil
}

// EndDashboard ends the refresh that began at a time: the figures are as old as
// that. One that another has followed since ends nothing.
func (tx *Tx) EndDashboard(ctx context.Context, s remit.DashboardState, now time.Time) error {
	reached := s.Reached
	if s.Pass.Wide {
		reached = s.BegunAt
		if _, err := tx.Exec(ctx, "delete from dashboard_customers where tenant = $1 and account = $2 and livemode = $3 and read_at < $4", tx.Tenant, s.Account, s.Livemode, s.BegunAt); err != nil {
			return fmt.Errorf("end a refresh: %w", err)
		}
	}
	_, err := tx.Exec(ctx, `update dashboard_accounts set pass = '{}', failure = '', fresh_at = begun_at, tried_at = $5, reached_at = $6, newest = greatest(newest, $7)
		where tenant = $1 and account = $2 and livemode = $3 and begun_at = $4`, tx.Tenant, s.Account, s.Livemode, s.BegunAt, now, reached, s.Pass.Newest)
	if err != nil {
		return fmt.Errorf("end a refresh: %w", err)
	}
	return nil
}

// FailDashboard notes why a refresh stopped. The figures stay as they are, and
// the next one goes on where it was.
func (tx *Tx) FailDashboard(ctx context.Context, of DashboardOf, failure string, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into dashboard_accounts (tenant, account, livemode, failure, tried_at) values ($1,$2,$3,$4,$5)
		on conflict (tenant, account, livemode) do update set failure = excluded.failure, tried_at = excluded.tried_at`, tx.Tenant, of.Account, of.Livemode, failure, now)
	if err != nil {
		return fmt.Errorf("note why a refresh stopped: %w", err)
	}
	return nil
}

// PutDashboardAccount stores what an account is and has now. Currencies and
// banks that are not among it are gone.
func (tx *Tx) PutDashboardAccount(ctx context.Context, of DashboardOf, is remit.AccountDescription, balances []remit.BalanceFigure, banks []remit.PayoutBank) error {
	description, err := json.Marshal(is)
	if err != nil {
		return fmt.Errorf("write what an account is: %w", err)
	}
	batch := &pgx.Batch{}
	batch.Queue("update dashboard_accounts set description = $4 where tenant = $1 and account = $2 and livemode = $3", tx.Tenant, of.Account, of.Livemode, description)
	batch.Queue("delete from dashboard_balances where tenant = $1 and account = $2 and livemode = $3", tx.Tenant, of.Account, of.Livemode)
	batch.Queue("delete from dashboard_banks where tenant = $1 and account = $2 and livemode = $3", tx.Tenant, of.Account, of.Livemode)
	for _, b := range balances {
		batch.Queue("insert into dashboard_balances (tenant, account, livemode, currency, available, pending) values ($1,$2,$3,$4,$5,$6)", tx.Tenant, of.Account, of.Livemode, b.Currency, b.Available, b.Pending)
	}
	for _, b := range banks {
		batch.Queue("insert into dashboard_banks (tenant, account, livemode, id, kind, bank_name, last4, country, currency, by_default, status) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
			tx.Tenant, of.Account, of.Livemode, b.ID, b.Kind, b.BankName, b.Last4, b.Country, b.Currency, b.Default, b.Status)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write what an account has: %w", err)
	}
	return nil
}

// PutDashboardPayouts stores payouts as they are now. Lines that are known of
// them stay.
func (tx *Tx) PutDashboardPayouts(ctx context.Context, of DashboardOf, payouts []remit.Payout) error {
	batch := &pgx.Batch{}
	for _, p := range payouts {
		batch.Queue(`insert into dashboard_payouts (tenant, account, livemode, id, currency, amount, status, automatic, listed, method, bank, own_transaction, failure_code, failure_message, arrives_on, created)
			values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)
			on conflict (tenant, account, livemode, id) do update set currency = excluded.currency, amount = excluded.amount, status = excluded.status, automatic = excluded.automatic,
				listed = excluded.listed, method = excluded.method, bank = excluded.bank, own_transaction = excluded.own_transaction, failure_code = excluded.failure_code,
				failure_message = excluded.failure_message, arrives_on = excluded.arrives_on, created = excluded.created`,
			tx.Tenant, of.Account, of.Livemode, p.ID, p.Currency, p.Amount, p.Status, p.Automatic, p.Listed, p.Method, p.BankID, p.OwnTransaction, p.FailureCode, p.FailureMessage, p.Arrives, p.Created)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write payouts: %w", err)
	}
	return nil
}

// DashboardPayoutTimes are those of the newest payout that is known and of the
// oldest that has not come to its end; nil where there is none.
func (tx *Tx) DashboardPayoutTimes(ctx context.Context, of DashboardOf) (newest, oldestOpen *time.Time, err error) {
	err = tx.QueryRow(ctx, `select max(created), min(created) filter (where status in ('pending', 'in_transit')) from dashboard_payouts
		where tenant = $1 and account = $2 and livemode = $3`, tx.Tenant, of.Account, of.Livemode).Scan(&newest, &oldestOpen)
	if err != nil {
		return nil, nil, fmt.Errorf("read when payouts were made: %w", err)
	}
	return newest, oldestOpen, nil
}

// UnreadPayout is the oldest payout whose lines are to be read, "" if none is.
func (tx *Tx) UnreadPayout(ctx context.Context, of DashboardOf) (id string, err error) {
	err = tx.QueryRow(ctx, `select id from dashboard_payouts where tenant = $1 and account = $2 and livemode = $3 and listed and not lines_read
		order by created, id limit 1`, tx.Tenant, of.Account, of.Livemode).Scan(&id)
	if err != nil && !isNoRows(err) {
		return "", fmt.Errorf("look for a payout to read: %w", err)
	}
	return id, nil
}

// EndPayoutLines says that all lines of a payout are stored, and what of it they
// leave unexplained.
func (tx *Tx) EndPayoutLines(ctx context.Context, of DashboardOf, id string) error {
	_, err := tx.Exec(ctx, `update dashboard_payouts p set lines_read = true, unexplained = p.amount - coalesce((select sum(t.net) from dashboard_transactions t
			where t.tenant = $1 and t.account = $2 and t.livemode = $3 and t.payout = $4 and t.id <> p.own_transaction), 0)
		where p.tenant = $1 and p.account = $2 and p.livemode = $3 and p.id = $4`, tx.Tenant, of.Account, of.Livemode, id)
	if err != nil {
		return fmt.Errorf("add up a payout: %w", err)
	}
	return nil
}

// PutDashboardTransactions stores a page of movements. Which payout carries one
// is not forgotten.
func (tx *Tx) PutDashboardTransactions(ctx context.Context, of DashboardOf, list []remit.StripeTransaction) error {
	batch := &pgx.Batch{}
	for _, t := range list {
		batch.Queue(`insert into dashboard_transactions (tenant, account, livemode, id, kind, type, currency, amount, fee, application_fee, net, available_on, created, description, source, payment_intent, payout)
			values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)
			on conflict (tenant, account, livemode, id) do update set kind = excluded.kind, available_on = excluded.available_on, description = excluded.description,
				payment_intent = excluded.payment_intent, payout = case when excluded.payout <> '' then excluded.payout else dashboard_transactions.payout end`,
			tx.Tenant, of.Account, of.Livemode, t.ID, t.Kind, t.Type, t.Currency, t.Amount, t.Fee, t.ApplicationFee, t.Net, t.Available, t.Created, t.Description, t.Source, t.Intent, t.Payout)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write transactions: %w", err)
	}
	return nil
}

// PutDashboardCustomers stores a page of an account's customers.
func (tx *Tx) PutDashboardCustomers(ctx context.Context, of DashboardOf, list []remit.StripeCustomer, now time.Time) error {
	batch := &pgx.Batch{}
	for _, c := range list {
		batch.Queue(`insert into dashboard_customers (tenant, account, livemode, id, name, email, created, read_at) values ($1,$2,$3,$4,$5,$6,$7,$8)
			on conflict (tenant, account, livemode, id) do update set name = excluded.name, email = excluded.email, read_at = excluded.read_at`,
			tx.Tenant, of.Account, of.Livemode, c.ID, c.Name, c.Email, c.Created, now)
		batch.Queue("delete from dashboard_customer_ids where tenant = $1 and account = $2 and livemode = $3 and id = $4", tx.Tenant, of.Account, of.Livemode, c.ID)
		if len(c.KnownAs) > 0 {
			batch.Queue("insert into dashboard_customer_ids (tenant, account, livemode, key, id) select $1, $2, $3, key, $4 from unnest($5::text[]) key", tx.Tenant, of.Account, of.Livemode, c.ID, c.KnownAs)
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write an account's customers: %w", err)
	}
	return nil
}

// NewestDashboardCustomer is when the newest customer that is known was made; nil
// where none is.
func (tx *Tx) NewestDashboardCustomer(ctx context.Context, of DashboardOf) (newest *time.Time, err error) {
	err = tx.QueryRow(ctx, "select max(created) from dashboard_customers where tenant = $1 and account = $2 and livemode = $3", tx.Tenant, of.Account, of.Livemode).Scan(&newest)
	if err != nil {
		return nil, fmt.Errorf("read when customers were made: %w", err)
	}
	return newest, nil
}

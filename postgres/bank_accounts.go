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

const bankAccountColumns = `b.id, b.customer_id, b.organisation_id, b.account, b.livemode, coalesce(b.setup_intent, ''), b.state, b.reason, b.deposit, b.arrives_at, b.verify_by,
	b.tries_left, b.hosted_url, coalesce(b.mandate, ''), b.mandate_ended, b.accepted_how, b.accepted_at, b.accepted_address, b.accepted_agent, b.accepted_version, b.for_invoice,
	b.told, b.actor, b.created_at, b.ended_at, coalesce(m.bank_name, ''), coalesce(m.last4, ''), coalesce(c.default_payment_method = b.id, false), c.name, o.path`

const bankAccountTables = ` from bank_accounts b
	join customers c on c.tenant = b.tenant and c.id = b.customer_id
	join organisations o on o.tenant = b.tenant and o.id = b.organisation_id
	left join payment_methods m on m.tenant = b.tenant and m.id = b.id`

func scanBankAccount(row pgx.CollectableRow) (b remit.BankAccount, err error) {
	var actor []byte
	err = row.Scan(&b.ID, &b.CustomerID, &b.OrganisationID, &b.Account, &b.Livemode, &b.SetupIntent, &b.State, &b.Reason, &b.Deposit, &b.ArrivesAt, &b.VerifyBy,
		&b.TriesLeft, &b.HostedURL, &b.Mandate, &b.MandateEnded, &b.Acceptance.How, &b.Acceptance.At, &b.Acceptance.Address, &b.Acceptance.Agent, &b.Acceptance.Version, &b.ForInvoice,
		&b.Told, &actor, &b.CreatedAt, &b.EndedAt, &b.BankName, &b.Last4, &b.Default, &b.CustomerName, &b.Organisation)
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(actor, &b.Actor)
}

func (tx *Tx) queryBankAccounts(ctx context.Context, where string, args ...any) ([]remit.BankAccount, error) {
	rows, err := tx.Query(ctx, "select "+bankAccountColumns+bankAccountTables+" where b.tenant = $1 and "+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read bank accounts: %w", err)
	}
	accounts, err := pgx.CollectRows(rows, scanBankAccount)
	if err != nil {
		return nil, fmt.Errorf("read bank accounts: %w", err)
	}
	return accounts, nil
}

func (tx *Tx) oneBankAccount(ctx context.Context, where string, args ...any) (*remit.BankAccount, error) {
	accounts, err := tx.queryBankAccounts(ctx, where, args...)
	if err != nil || len(accounts) == 0 {
		return nil, err
	}
	return &accounts[0], nil
}

// BankAccount reads one bank account.
func (tx *Tx) BankAccount(ctx context.Context, id uuid.UUID) (remit.BankAccount, error) {
	return foundBankAccount(tx.oneBankAccount(ctx, "b.id = $2", id))
}

// LockBankAccount reads one bank account and holds it: whatever changes it is
// written under this lock.
func (tx *Tx) LockBankAccount(ctx context.Context, id uuid.UUID) (remit.BankAccount, error) {
	return foundBankAccount(tx.oneBankAccount(ctx, "b.id = $2 for update of b", id))
}

func foundBankAccount(b *remit.BankAccount, err error) (remit.BankAccount, error) {
	if err != nil {
		return remit.BankAccount{}, err
	}
	if b == nil {
		return remit.BankAccount{}, remit.NotFound()
	}
	return *b, nil
}

// BankAccountOfSetup finds the bank account that a SetupIntent verifies, or nil.
func (tx *Tx) BankAccountOfSetup(ctx context.Context, account, setupIntent string) (*remit.BankAccount, error) {
	return tx.oneBankAccount(ctx, "b.account = $2 and b.setup_intent = $3", account, setupIntent)
}

// BankAccountOfMandate finds the bank account that a mandate is for, or nil.
func (tx *Tx) BankAccountOfMandate(ctx context.Context, account, mandate string) (*remit.BankAccount, error) {
	return tx.oneBankAccount(ctx, "b.account = $2 and b.mandate = $3", account, mandate)
}

// BankAccounts reads a customer's bank accounts, removed ones left out, oldest first.
func (tx *Tx) BankAccounts(ctx context.Context, customer uuid.UUID) ([]remit.BankAccount, error) {
	return tx.queryBankAccounts(ctx, "b.customer_id = $2 and b.state <> 'detached' order by b.created_at, b.id", customer)
}

// WaitingBankAccounts reads a page of the accounts that are still to be verified
// at the organisations given, oldest first: those after the one given.
func (tx *Tx) WaitingBankAccounts(ctx context.Context, units []uuid.UUID, path string, after time.Time, afterID uuid.UUID, limit int) ([]remit.BankAccount, error) {
	return tx.queryBankAccounts(ctx, `b.state in ('requested', 'awaiting_deposit', 'awaiting_entry') and b.organisation_id = any($2)
		and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/')) and (b.created_at, b.id) > ($4, $5) order by b.created_at, b.id limit $6`, units, path, after, afterID, limit)
}

// OpenBankAccounts reads a page of the tenant's accounts that are still to be
// verified, by id.
func (tx *Tx) OpenBankAccounts(ctx context.Context, after uuid.UUID, limit int) ([]remit.BankAccount, error) {
	return tx.queryBankAccounts(ctx, "b.state in ('requested', 'awaiting_deposit', 'awaiting_entry') and b.id > $2 order by b.id limit $3", after, limit)
}

// InsertBankAccount reserves the row before Stripe hears of the account.
func (tx *Tx) InsertBankAccount(ctx context.Context, b remit.BankAccount) error {
	actor, err := json.Marshal(b.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into bank_accounts (tenant, id, customer_id, organisation_id, account, livemode, setup_intent, state, accepted_how, accepted_at, accepted_address, accepted_agent,
		accepted_version, for_invoice, actor, created_at) values ($1,$2,$3,$4,$5,$6,nullif($7,''),$8,$9,$10,$11,$12,$13,$14,$15,$16)`,
		tx.Tenant, b.ID, b.CustomerID, b.OrganisationID, b.Account, b.Livemode, b.SetupIntent, b.State, b.Acceptance.How, b.Acceptance.At, b.Acceptance.Address, b.Acceptance.Agent,
		b.Acceptance.Version, b.ForInvoice, actor, b.CreatedAt)
	if err != nil {
		return fmt.Errorf("reserve a bank account: %w", err)
	}
	return nil
}

// SaveBankAccount writes what can change of a bank account, and the status of its
// payment method with it. Where it has become unusable, the customer's next usable
// method is his default; where it is verified and he has none, it is.
func (tx *Tx) SaveBankAccount(ctx context.Context, b remit.BankAccount) error {
	_, err := tx.Exec(ctx, `update bank_accounts set setup_intent = nullif($3,''), state = $4, reason = $5, deposit = $6, arrives_at = $7, verify_by = $8, tries_left = $9,
		hosted_url = $10, mandate = nullif($11,''), mandate_ended = $12, told = $13, ended_at = $14 where tenant = $1 and id = $2`,
		tx.Tenant, b.ID, b.SetupIntent, b.State, b.Reason, b.Deposit, b.ArrivesAt, b.VerifyBy, b.TriesLeft, b.HostedURL, b.Mandate, b.MandateEnded, b.Told, b.EndedAt)
	if err != nil {
		return fmt.Errorf("save a bank account: %w", err)
	}
	if b.State == remit.BankAccountRequested {
		return nil
	}
	_, err = tx.Exec(ctx, "update payment_methods set status = $3, attempts_left = $4, updated_at = now() where tenant = $1 and id = $2 and status <> 'detached'", tx.Tenant, b.ID, b.State, b.TriesLeft)
	if err != nil {
		return fmt.Errorf("save a bank account's status: %w", err)
	}
	return tx.settleDefault(ctx, b.CustomerID)
}

// RemoveMethod marks a method as removed and the bank account that it may be with
// it: nothing more is asked or told about that. The account comes first, as with
// whatever else changes both, so that neither waits for the other.
func (tx *Tx) RemoveMethod(ctx context.Context, id uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, `update bank_accounts set state = 'detached', reason = 'It was removed.', hosted_url = '', ended_at = coalesce(ended_at, $3)
		where tenant = $1 and id = $2 and state <> 'detached'`, tx.Tenant, id, now)
	if err != nil {
		return fmt.Errorf("remove a bank account: %w", err)
	}
	if err := tx.DetachMethod(ctx, id); err != nil {
		return err
	}
	return tx.Done(ctx, remit.AgendaBankAccount, id, now)
}

// PlanBankAccount puts the next look at a bank account on the agenda, or moves it.
func (tx *Tx) PlanBankAccount(ctx context.Context, b remit.BankAccount, at time.Time, what string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, at, kind, object_id, what) values ($1,$2,$3,$4,$5,$6,$7)
		on conflict (tenant, kind, object_id) where done_at is null do update set at = excluded.at, what = excluded.what`,
		tx.Tenant, id, b.OrganisationID, at, remit.AgendaBankAccount, b.ID, what)
	if err != nil {
		return fmt.Errorf("plan a look at a bank account: %w", err)
	}
	return nil
}

// NeglectedBankAccounts reads the rows of bank accounts that were due by a time
// and are still open.
func (tx *Tx) NeglectedBankAccounts(ctx context.Context, by time.Time, limit int) ([]AgendaRow, error) {
	rows, err := tx.Query(ctx, "select "+agendaColumns+" from agenda where tenant = $1 and done_at is null and kind = 'bank_account' and at <= $2 order by at, id limit $3", tx.Tenant, by, limit)
	if err != nil {
		return nil, fmt.Errorf("read the bank accounts that are due: %w", err)
	}
	return collectAgenda(rows)
}

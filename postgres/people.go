package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// Account is a person's sign-in, the same in every tenant.
type Account struct {
	ID             uuid.UUID
	Email          string
	Name           string
	PasswordHash   string // "": none yet
	PasswordSetAt  time.Time
	MFASecret      []byte // sealed; nil: no second factor
	MFAConfirmedAt *time.Time
	MFALastStep    int64 // the newest time step whose code was used
	Linked         bool  // signs in at the identity provider
	DisabledAt     *time.Time
	// Tenants are those the person is active in, in the order of their paths.
	Tenants []uuid.UUID
}

// HasMFA reports whether a second factor is in force.
func (a Account) HasMFA() bool { return a.MFASecret != nil && a.MFAConfirmedAt != nil }

// AccountByEmail finds an account by its address, whatever the case, and
// whether there is one.
func (db *DB) AccountByEmail(ctx context.Context, email string) (Account, bool, error) {
	return account(db.pool.QueryRow(ctx, selectAccount+"where lower(a.email) = lower($1)", email))
}

// AccountByID finds an account and whether there is one.
func (db *DB) AccountByID(ctx context.Context, id uuid.UUID) (Account, bool, error) {
	return account(db.pool.QueryRow(ctx, selectAccount+"where a.id = $1", id))
}

// AccountByProvider finds the account of a person of an identity provider and
// whether there is one. Both are compared as they are.
func (db *DB) AccountByProvider(ctx context.Context, issuer, subject string) (Account, bool, error) {
	return account(db.pool.QueryRow(ctx, selectAccount+"where a.oidc_issuer = $1 and a.oidc_subject = $2", issuer, subject))
}

// LockAccount finds an account by its address and keeps it from being changed,
// so that two invitations at once make one account.
func LockAccount(ctx context.Context, tx pgx.Tx, email string) (Account, bool, error) {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('account ' || lower($1), 0))", email); err != nil {
		return Account{}, false, fmt.Errorf("lock the account: %w", err)
	}
	return account(tx.QueryRow(ctx, selectAccount+"where lower(a.email) = lower($1)", email))
}

const selectAccount = `select a.id, a.email, a.name, coalesce(a.password_hash, ''), coalesce(a.password_set_at, 'epoch'), a.mfa_secret, a.mfa_confirmed_at, a.mfa_last_step, a.oidc_subject is not null, a.disabled_at,
	array(select d.tenant from member_directory d join tenants t on t.id = d.tenant where d.account_id = a.id and d.active order by t.path)
	from accounts a `

func account(row pgx.Row) (Account, bool, error) {
	var a Account
	err := row.Scan(&a.ID, &a.Email, &a.Name, &a.PasswordHash, &a.PasswordSetAt, &a.MFASecret, &a.MFAConfirmedAt, &a.MFALastStep, &a.Linked, &a.DisabledAt, &a.Tenants)
	if isNoRows(err) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, fmt.Errorf("read the account: %w", err)
	}
	return a, true, nil
}

// InsertAccountOnce stores an account unless its id is there already. Returns
// [remit.CodeAlreadyExists] if the address has another one.
func InsertAccountOnce(ctx context.Context, tx pgx.Tx, a Account, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into accounts (id, email, name, password_hash, password_set_at, created_at)
		values ($1, $2, $3, nullif($4, ''), case when $4 <> '' then $5::timestamptz end, $5) on conflict (id) do nothing`, a.ID, a.Email, a.Name, a.PasswordHash, now)
	if IsUnique(err, "accounts_email") {
		return remit.Conflict(remit.CodeAlreadyExists, "There is an account of %s already.", a.Email)
	}
	if err != nil {
		return fmt.Errorf("store the account: %w", err)
	}
	return nil
}

// SetPassword stores the hash of a new password.
func SetPassword(ctx context.Context, tx pgx.Tx, account uuid.UUID, hash string, now time.Time) error {
	if _, err := tx.Exec(ctx, "update accounts set password_hash = $2, password_set_at = $3 where id = $1", account, hash, now); err != nil {
		return fmt.Errorf("store the password: %w", err)
	}
	return nil
}

// SetFirstPassword stores the hash of an account's first password and reports
// false where it has one by now, or another way in.
func SetFirstPassword(ctx context.Context, tx pgx.Tx, account uuid.UUID, hash string, now time.Time) (bool, error) {
	tag, err := tx.Exec(ctx, "update accounts set password_hash = $2, password_set_at = $3 where id = $1 and password_hash is null and oidc_subject is null", account, hash, now)
	if err != nil {
		return false, fmt.Errorf("store the password: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// Member is a person in the transaction's tenant.
type Member struct {
	Account    uuid.UUID
	CustomerID *uuid.UUID
	InvitedBy  *uuid.UUID
	AcceptedAt *time.Time // nil: invited
}

// InsertMember adds a person to the tenant. Returns [remit.CodeAlreadyExists]
// if he belongs to it.
func (tx *Tx) InsertMember(ctx context.Context, m Member, now time.Time) error {
	_, err := tx.Exec(ctx, "insert into members (tenant, account_id, customer_id, invited_by, accepted_at, created_at) values ($1,$2,$3,$4,$5,$6)",
		tx.Tenant, m.Account, m.CustomerID, m.InvitedBy, m.AcceptedAt, now)
	if IsUnique(err, "") {
		return remit.Conflict(remit.CodeAlreadyExists, "This person belongs to the organisation already.")
	}
	if err != nil {
		return fmt.Errorf("store the member: %w", err)
	}
	return nil
}

// AcceptMember makes an invited person a member; accepting again is no change.
func (tx *Tx) AcceptMember(ctx context.Context, account uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, "update members set accepted_at = $3 where tenant = $1 and account_id = $2 and accepted_at is null", tx.Tenant, account, now)
	if err != nil {
		return fmt.Errorf("accept the invitation: %w", err)
	}
	return nil
}

// SetMemberDisabled takes a person out of the tenant, or back in.
func (tx *Tx) SetMemberDisabled(ctx context.Context, account uuid.UUID, at *time.Time) error {
	if _, err := tx.Exec(ctx, "update members set disabled_at = $3 where tenant = $1 and account_id = $2", tx.Tenant, account, at); err != nil {
		return fmt.Errorf("change the member: %w", err)
	}
	return nil
}

// UserQuery narrows the tenant's people.
type UserQuery struct {
	Units      []uuid.UUID // nil: everybody, else who was granted a role at one of these organisations
	AfterEmail string      // keyset: people after this address
	Limit      int
}

// ListUsers reads a page of the tenant's people in the order of their
// addresses.
func (tx *Tx) ListUsers(ctx context.Context, q UserQuery) ([]remit.User, error) {
	return tx.users(ctx, `and ($2::uuid[] is null or exists (select 1 from grants g where g.tenant = m.tenant and g.account_id = m.account_id and g.organisation_id = any($2)))
		and lower(a.email) collate "C" > lower($3) order by lower(a.email) collate "C" limit $4`, q.Units, q.AfterEmail, q.Limit)
}

// User reads one of the tenant's people. Returns [remit.NotFound].
func (tx *Tx) User(ctx context.Context, account uuid.UUID) (remit.User, error) {
	users, err := tx.users(ctx, "and a.id = $2", account)
	if err != nil {
		return remit.User{}, err
	}
	if len(users) == 0 {
		return remit.User{}, remit.NotFound()
	}
	return users[0], nil
}

func (tx *Tx) users(ctx context.Context, where string, args ...any) ([]remit.User, error) {
	rows, err := tx.Query(ctx, `select a.id, a.email, a.name,
		case when m.disabled_at is not null or a.disabled_at is not null then 'disabled' when m.accepted_at is null then 'invited' else 'active' end,
		m.customer_id, a.mfa_confirmed_at is not null, m.invited_by, m.created_at
		from members m join accounts a on a.id = m.account_id where m.tenant = $1 `+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the people: %w", err)
	}
	users, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remit.User])
	if err != nil {
		return nil, fmt.Errorf("read the people: %w", err)
	}
	return users, nil
}

// CustomerUnit is the organisation that a customer belongs to. Returns
// [remit.NotFound].
func (tx *Tx) CustomerUnit(ctx context.Context, customer uuid.UUID) (id uuid.UUID, path string, err error) {
	err = tx.QueryRow(ctx, "select o.id, o.path from customers c join organisations o on o.tenant = c.tenant and o.id = c.organisation_id where c.tenant = $1 and c.id = $2",
		tx.Tenant, customer).Scan(&id, &path)
	if isNoRows(err) {
		return uuid.Nil, "", remit.NotFound()
	}
	if err != nil {
		return uuid.Nil, "", fmt.Errorf("read the customer: %w", err)
	}
	return id, path, nil
}

// AccountOf is the account of an address. Returns [remit.NotFound].
func (tx *Tx) AccountOf(ctx context.Context, email string) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, "select id from accounts where lower(email) = lower($1)", email).Scan(&id)
	if isNoRows(err) {
		return uuid.Nil, remit.NotFound()
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("read the account: %w", err)
	}
	return id, nil
}

// Names reads the names and addresses of accounts by their ids.
func (tx *Tx) Names(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][2]string, error) {
	rows, err := tx.Query(ctx, "select id, name, email from accounts where id = any($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("read the names: %w", err)
	}
	names := map[uuid.UUID][2]string{}
	var id uuid.UUID
	var name, email string
	if _, err = pgx.ForEachRow(rows, []any{&id, &name, &email}, func() error { names[id] = [2]string{name, email}; return nil }); err != nil {
		return nil, fmt.Errorf("read the names: %w", err)
	}
	return names, nil
}

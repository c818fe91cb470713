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

const customerColumns = `c.id, c.organisation_id, o.path, c.name, c.email, c.currency, coalesce(c.external_id, ''), c.default_payment_method, c.auto_charge, c.auto_charge_by, c.reminders, c.created_at, c.details, c.link_note, c.deleted_at,
	coalesce((select s.stripe_customer from stripe_customers s
		join connections n on n.tenant = s.tenant and n.account = s.account and n.livemode = s.livemode and n.disconnected_at is null
		where s.tenant = c.tenant and s.customer_id = c.id limit 1), '')`

const customerTables = " from customers c join organisations o on o.tenant = c.tenant and o.id = c.organisation_id"

func scanCustomer(row pgx.Row) (c remit.Customer, err error) {
	var details []byte
	err = row.Scan(&c.ID, &c.OrganisationID, &c.Organisation, &c.Name, &c.Email, &c.Currency, &c.ExternalID, &c.DefaultPaymentMethod, &c.AutoCharge, &c.WordBy, &c.Reminders, &c.CreatedAt, &details, &c.LinkNote, &c.DeletedAt, &c.StripeCustomer)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(details, &c.Details)
}

// Customer reads a customer.
func (tx *Tx) Customer(ctx context.Context, id uuid.UUID) (remit.Customer, error) {
	c, err := scanCustomer(tx.QueryRow(ctx, "select "+customerColumns+customerTables+" where c.tenant = $1 and c.id = $2", tx.Tenant, id))
	if isNoRows(err) {
		return remit.Customer{}, remit.NotFound()
	}
	if err != nil {
		return remit.Customer{}, fmt.Errorf("read a customer: %w", err)
	}
	return c, nil
}

// CustomerByExternalID finds a customer by the business's own id, or nil.
func (tx *Tx) CustomerByExternalID(ctx context.Context, unit uuid.UUID, external string) (*remit.Customer, error) {
	c, err := scanCustomer(tx.QueryRow(ctx, "select "+customerColumns+customerTables+" where c.tenant = $1 and c.organisation_id = $2 and c.external_id = $3", tx.Tenant, unit, external))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a customer: %w", err)
	}
	return &c, nil
}

// CustomersNamed are the customers of an organisation of exactly that name, the
// oldest first.
func (tx *Tx) CustomersNamed(ctx context.Context, unit uuid.UUID, name string) ([]remit.Customer, error) {
	rows, err := tx.Query(ctx, "select "+customerColumns+customerTables+" where c.tenant = $1 and c.organisation_id = $2 and c.name = $3 and c.deleted_at is null and "+noBuyer("c")+" order by c.created_at, c.id limit 10", tx.Tenant, unit, name)
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	customers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Customer, error) { return scanCustomer(row) })
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	return customers, nil
}

// noBuyer says that a customer is not one whom a store's order made: what such a one is
// called is what a stranger typed, and nobody is known by it.
func noBuyer(c string) string {
	return "not exists (select 1 from orders bo join invoices bi on bi.tenant = bo.tenant and bi.id = bo.id where bi.tenant = " + c + ".tenant and bi.customer_id = " + c + ".id)"
}

// CustomerQuery narrows a list of customers.
type CustomerQuery struct {
	Units     []uuid.UUID
	AnyUnit   bool // all of them: Only narrows enough
	Path      string
	Only      *uuid.UUID
	AfterName string
	AfterID   uuid.UUID
	Limit     int
}

// ListCustomers reads a page, by name.
func (tx *Tx) ListCustomers(ctx context.Context, q CustomerQuery) ([]remit.Customer, error) {
	args := []any{tx.Tenant}
	where := " where c.tenant = $1 and c.deleted_at is null"
	add := func(condition string, values ...any) {
		var places []any
		for _, value := range values {
			args = append(args, value)
			places = append(places, len(args))
		}
		where += fmt.Sprintf(" and "+condition, places...)
	}
	if !q.AnyUnit {
		add("c.organisation_id = any($%d)", q.Units)
	}
	if q.Path != "" {
		add("(o.path = $%[1]d or o.path ^@ ($%[1]d || '/'))", q.Path)
	}
	if q.Only != nil {
		add("c.id = $%d", *q.Only)
	}
	if q.AfterID != uuid.Nil {
		add("(c.name, c.id) > ($%d, $%d)", q.AfterName, q.AfterID)
	}
	args = append(args, q.Limit)
	rows, err := tx.Query(ctx, "select "+customerColumns+customerTables+where+fmt.Sprintf(" order by c.name, c.id limit $%d", len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list customers: %w", err)
	}
	customers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Customer, error) { return scanCustomer(row) })
	if err != nil {
		return nil, fmt.Errorf("list customers: %w", err)
	}
	return customers, nil
}

// InsertCustomer adds a customer. Two with one external id at one organisation
// are refused.
func (tx *Tx) InsertCustomer(ctx context.Context, c remit.Customer) error {
	details, err := json.Marshal(c.Details)
	if err != nil {
		return fmt.Errorf("write a customer's details: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into customers (tenant, id, organisation_id, name, email, currency, external_id, auto_charge, auto_charge_by, details, created_at, updated_at)
		values ($1,$2,$3,$4,$5,$6,nullif($7,''),$8,$9,$11,$10,$10)`, tx.Tenant, c.ID, c.OrganisationID, c.Name, c.Email, c.Currency, c.ExternalID, c.AutoCharge, c.WordBy, c.CreatedAt, details)
	if IsUnique(err, "customers_external") {
		return remit.Conflict(remit.CodeAlreadyExists, "A customer with the external id %q exists at this organisation.", c.ExternalID)
	}
	if err != nil {
		return fmt.Errorf("insert a customer: %w", err)
	}
	return nil
}

// HeldCustomer reads a customer under his lock, to be changed: what is written is to be
// made of this row, and of none that was read before. Returns [remit.CodeNotFound] for
// one who was deleted.
func (tx *Tx) HeldCustomer(ctx context.Context, id uuid.UUID) (remit.Customer, error) {
	if err := tx.LockCustomer(ctx, id); err != nil {
		return remit.Customer{}, err
	}
	c, err := tx.Customer(ctx, id)
	if err == nil && c.DeletedAt != nil {
		err = remit.NotFound()
	}
	return c, err
}

// SaveCustomer writes what people edit of a customer, made of [Tx.HeldCustomer], and has
// a change of what Stripe keeps of him sent there. Neither his default method nor his
// word on automatic charges is part of it: see [Tx.SetDefaultMethod], [Tx.SetAutoCharge].
func (tx *Tx) SaveCustomer(ctx context.Context, c remit.Customer) error {
	before, err := tx.HeldCustomer(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := tx.writeCustomer(ctx, c); err != nil {
		return err
	}
	if was := remit.ContactOf(before); was != remit.ContactOf(c) {
		return tx.contactChanged(ctx, c.ID, was)
	}
	return nil
}

func (tx *Tx) writeCustomer(ctx context.Context, c remit.Customer) error {
	details, err := json.Marshal(c.Details)
	if err != nil {
		return fmt.Errorf("write a customer's details: %w", err)
	}
	_, err = tx.Exec(ctx, `update customers set name = $3, email = $4, currency = $5, external_id = nullif($6,''), details = $7, updated_at = now()
		where tenant = $1 and id = $2`, tx.Tenant, c.ID, c.Name, c.Email, c.Currency, c.ExternalID, details)
	if IsUnique(err, "customers_external") {
		return remit.Conflict(remit.CodeAlreadyExists, "A customer with the external id %q exists at this organisation.", c.ExternalID)
	}
	if err != nil {
		return fmt.Errorf("save a customer: %w", err)
	}
	return nil
}

// SayWord notes who gives a customer's word on charges by themselves that is about to be
// saved; by is nil where he says it himself. It goes with the word, in one transaction: of
// two who say it at once each is compared with what the other left.
func (tx *Tx) SayWord(ctx context.Context, customer uuid.UUID, word *bool, by *remit.Actor, now time.Time) error {
	if err := tx.LockCustomer(ctx, customer); err != nil {
		return err
	}
	stands, err := tx.Customer(ctx, customer)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "update customers set auto_charge_by = $3 where tenant = $1 and id = $2", tx.Tenant, customer, remit.WordGiven(stands, word, by, now))
	if err != nil {
		return fmt.Errorf("note who gives a customer's word: %w", err)
	}
	return nil
}

// SetAutoCharge writes a customer's word on being charged by himself; nil: as the
// organisation has it.
func (tx *Tx) SetAutoCharge(ctx context.Context, customer uuid.UUID, on *bool) error {
	if _, err := tx.Exec(ctx, "update customers set auto_charge = $3, updated_at = now() where tenant = $1 and id = $2", tx.Tenant, customer, on); err != nil {
		return fmt.Errorf("save a customer's word on charges: %w", err)
	}
	return nil
}

const methodColumns = `m.id, m.customer_id, m.account, m.livemode, m.stripe_payment_method, m.type, m.brand, m.bank_name, m.last4, coalesce(m.exp_month, 0), coalesce(m.exp_year, 0),
	m.funding, m.fingerprint, m.status, m.attempts_left, m.created_at, m.only_for, coalesce(c.default_payment_method = m.id, false)`

// scanMethod reads methodColumns, and what was selected after them into extra.
func scanMethod(row pgx.Row, extra ...any) (m remit.PaymentMethod, err error) {
	return m, row.Scan(append([]any{&m.ID, &m.CustomerID, &m.Account, &m.Livemode, &m.StripeID, &m.Type, &m.Brand, &m.BankName, &m.Last4, &m.ExpMonth, &m.ExpYear,
		&m.Funding, &m.Fingerprint, &m.Status, &m.AttemptsLeft, &m.CreatedAt, &m.OnlyFor, &m.Default}, extra...)...)
}

// PaymentMethod reads a saved method, one that was removed included.
func (tx *Tx) PaymentMethod(ctx context.Context, id uuid.UUID) (remit.PaymentMethod, error) {
	m, err := scanMethod(tx.QueryRow(ctx, "select "+methodColumns+" from payment_methods m join customers c on c.tenant = m.tenant and c.id = m.customer_id where m.tenant = $1 and m.id = $2", tx.Tenant, id))
	if isNoRows(err) {
		return remit.PaymentMethod{}, remit.NotFound()
	}
	if err != nil {
		return remit.PaymentMethod{}, fmt.Errorf("read a payment method: %w", err)
	}
	return m, nil
}

// PaymentMethods reads a customer's methods at the connected account, the
// default first; removed ones are left out.
func (tx *Tx) PaymentMethods(ctx context.Context, customer uuid.UUID) ([]remit.PaymentMethod, error) {
	rows, err := tx.Query(ctx, "select "+methodColumns+` from payment_methods m join customers c on c.tenant = m.tenant and c.id = m.customer_id
		join connections n on n.tenant = m.tenant and n.account = m.account and n.livemode = m.livemode and n.disconnected_at is null
		where m.tenant = $1 and m.customer_id = $2 and m.status <> 'detached' and m.unlinked_at is null and m.only_for is null order by coalesce(c.default_payment_method = m.id, false) desc, m.created_at, m.id`, tx.Tenant, customer)
	if err != nil {
		return nil, fmt.Errorf("read payment methods: %w", err)
	}
	methods, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.PaymentMethod, error) { return scanMethod(row) })
	if err != nil {
		return nil, fmt.Errorf("read payment methods: %w", err)
	}
	return methods, nil
}

// UpsertMethod stores a method as Stripe describes it now and reports its id
// and whether it is new. A customer's first method becomes the default. One that
// was removed stays so, as it does at Stripe: what is stored may have been read
// there before. So does one that is locked, of which Stripe does not know, even
// where its customer was unlinked meanwhile.
func (tx *Tx) UpsertMethod(ctx context.Context, m remit.PaymentMethod, now time.Time) (uuid.UUID, bool, error) {
	var id uuid.UUID
	var fresh bool
	err := tx.QueryRow(ctx, `insert into payment_methods (tenant, id, customer_id, account, livemode, stripe_payment_method, type, brand, bank_name, last4, exp_month, exp_year,
		funding, fingerprint, status, created_at, updated_at, only_for) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,nullif($11,0),nullif($12,0),$13,$14,
			case when exists (select 1 from payment_methods b where b.tenant = $1 and b.account = $4 and b.stripe_payment_method = $6 and b.unlinked_at is not null and b.status = 'locked') then 'locked' else $15 end,$16,$16,$17)
		on conflict (tenant, account, stripe_payment_method) where unlinked_at is null do update set brand = excluded.brand, bank_name = excluded.bank_name, last4 = excluded.last4, exp_month = excluded.exp_month,
			exp_year = excluded.exp_year, funding = excluded.funding, fingerprint = excluded.fingerprint, updated_at = excluded.updated_at,
			renewed_at = case when (payment_methods.exp_year, payment_methods.exp_month) is distinct from (excluded.exp_year, excluded.exp_month) then excluded.updated_at else payment_methods.renewed_at end,
			status = case when payment_methods.status in ('detached', 'locked') then payment_methods.status else excluded.status end
		returning id, (xmax = 0), status`,
		tx.Tenant, m.ID, m.CustomerID, m.Account, m.Livemode, m.StripeID, m.Type, m.Brand, m.BankName, m.Last4, m.ExpMonth, m.ExpYear, m.Funding, m.Fingerprint, m.Status, now, m.OnlyFor).Scan(&id, &fresh, &m.Status)
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("store a payment method: %w", err)
	}
	if m.Status == remit.MethodUsable {
		err = tx.settleDefault(ctx, m.CustomerID)
	}
	return id, fresh, err
}

// SetDefaultMethod makes a usable method of a customer, at the connected account,
// his default and reports whether it is one.
func (tx *Tx) SetDefaultMethod(ctx context.Context, customer, method uuid.UUID) (bool, error) {
	tag, err := tx.Exec(ctx, `with chosen as (select m.id from payment_methods m where m.tenant = $1 and m.customer_id = $2 and m.id = $3 and m.status = 'usable' and `+atConnected+` for share)
		update customers c set default_payment_method = chosen.id, updated_at = now() from chosen where c.tenant = $1 and c.id = $2`, tx.Tenant, customer, method)
	if err != nil {
		return false, fmt.Errorf("make a method the default: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	return true, tx.announceAnew(ctx, customer)
}

// DetachMethod marks a method as removed; the next usable one, if any, becomes
// the default where this one was it.
func (tx *Tx) DetachMethod(ctx context.Context, id uuid.UUID) error {
	var customer uuid.UUID
	err := tx.QueryRow(ctx, "update payment_methods set status = 'detached', updated_at = now() where tenant = $1 and id = $2 returning customer_id", tx.Tenant, id).Scan(&customer)
	if isNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("detach a method: %w", err)
	}
	return tx.settleDefault(ctx, customer)
}

// MethodByStripeID finds a method by its id at an account, or nil.
func (tx *Tx) MethodByStripeID(ctx context.Context, account, stripeID string) (*remit.PaymentMethod, error) {
	m, err := scanMethod(tx.QueryRow(ctx, "select "+methodColumns+" from payment_methods m join customers c on c.tenant = m.tenant and c.id = m.customer_id where m.tenant = $1 and m.account = $2 and m.stripe_payment_method = $3 and m.unlinked_at is null", tx.Tenant, account, stripeID))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a payment method: %w", err)
	}
	return &m, nil
}

// MethodInUse reports whether a live attempt charges a method.
func (tx *Tx) MethodInUse(ctx context.Context, id uuid.UUID) (bool, error) {
	var used bool
	err := tx.QueryRow(ctx, `select exists (select 1 from attempts where tenant = $1 and payment_method_id = $2
		and state in ('created', 'requires_action', 'processing', 'confirming'))`, tx.Tenant, id).Scan(&used)
	if err != nil {
		return false, fmt.Errorf("look for a method's payments: %w", err)
	}
	return used, nil
}

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

// StripeCustomer reads the customer's id at one account and mode, "" if none.
func (tx *Tx) StripeCustomer(ctx context.Context, customer uuid.UUID, account string, livemode bool) (string, error) {
	var id string
	err := tx.QueryRow(ctx, "select stripe_customer from stripe_customers where tenant = $1 and account = $2 and livemode = $3 and customer_id = $4",
		tx.Tenant, account, livemode, customer).Scan(&id)
	if isNoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read a Stripe customer: %w", err)
	}
	return id, nil
}

// LinkStripeCustomer stores the customer's id at an account, who was made there with
// what was sent; the first one stands. What was changed since is sent after it.
func (tx *Tx) LinkStripeCustomer(ctx context.Context, customer uuid.UUID, account string, livemode bool, stripeCustomer string, sent remit.Contact) error {
	contact, err := json.Marshal(sent)
	if err != nil {
		return fmt.Errorf("link a Stripe customer: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into stripe_customers (tenant, account, livemode, customer_id, stripe_customer, shared, seen, made_here, due_at) values ($1,$2,$3,$4,$5,$6,$6,true,null) on conflict (tenant, account, livemode, customer_id) do nothing",
		tx.Tenant, account, livemode, customer, stripeCustomer, contact)
	if err != nil {
		return fmt.Errorf("link a Stripe customer: %w", err)
	}
	now, err := tx.Customer(ctx, customer)
	if err != nil || remit.ContactOf(now) == sent {
		return err
	}
	return tx.AskSync(ctx, customer, account, livemode)
}

// CustomerOfStripe finds whose Stripe customer it is at an account, or uuid.Nil.
func (tx *Tx) CustomerOfStripe(ctx context.Context, account, stripeCustomer string) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, "select customer_id from stripe_customers where tenant = $1 and account = $2 and stripe_customer = $3", tx.Tenant, account, stripeCustomer).Scan(&id)
	if isNoRows(err) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("read a Stripe customer: %w", err)
	}
	return id, nil
}

// LockCustomer holds a customer: his link at Stripe changes under this lock alone.
func (tx *Tx) LockCustomer(ctx context.Context, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, "select 1 from customers where tenant = $1 and id = $2 for update", tx.Tenant, id); err != nil {
		return fmt.Errorf("hold a customer: %w", err)
	}
	return nil
}

// TakesMoneyFrom reports whether an attempt of a customer is alive that is made with
// his customer at Stripe, a hosted page that is open included.
func (tx *Tx) TakesMoneyFrom(ctx context.Context, customer uuid.UUID, account, stripeCustomer string) (bool, error) {
	var live bool
	err := tx.QueryRow(ctx, `select exists (select 1 from payments p join attempts a on a.tenant = p.tenant and a.payment_id = p.id
		where p.tenant = $1 and p.customer_id = $2 and p.account = $3 and p.stripe_customer = $4 and a.state in ('created', 'requires_action', 'processing', 'confirming'))`,
		tx.Tenant, customer, account, stripeCustomer).Scan(&live)
	if err != nil {
		return false, fmt.Errorf("look for a customer's payments: %w", err)
	}
	return live, nil
}

// AwaitsVerification reports whether a bank account of a customer at an account is
// still to be verified.
func (tx *Tx) AwaitsVerification(ctx context.Context, customer uuid.UUID, account string) (bool, error) {
	var waits bool
	err := tx.QueryRow(ctx, `select exists (select 1 from payment_methods where tenant = $1 and customer_id = $2 and account = $3
		and status in ('awaiting_deposit', 'awaiting_entry') and unlinked_at is null)`, tx.Tenant, customer, account).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("look for a customer's verifications: %w", err)
	}
	return waits, nil
}

// EndLink takes a customer off his customer at Stripe and says which that was, ""
// if he had none. What was saved there is not his any more: it is neither shown nor
// charged, and a page that was to add to it is not looked at. One that was locked
// stays so, whoever is linked with it next. note is shown with the customer.
func (tx *Tx) EndLink(ctx context.Context, customer uuid.UUID, account string, livemode bool, note string, now time.Time) (string, error) {
	var was string
	err := tx.QueryRow(ctx, "delete from stripe_customers where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4 returning stripe_customer",
		tx.Tenant, customer, account, livemode).Scan(&was)
	if isNoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("unlink a customer: %w", err)
	}
	if _, err := tx.Exec(ctx, "update customers set links_ended = links_ended + 1, link_note = $3, updated_at = now() where tenant = $1 and id = $2", tx.Tenant, customer, note); err != nil {
		return "", fmt.Errorf("unlink a customer: %w", err)
	}
	if _, err := tx.Exec(ctx, "update setup_sessions set state = 'expired' where tenant = $1 and customer_id = $2 and account = $3 and state in ('created', 'open')", tx.Tenant, customer, account); err != nil {
		return "", fmt.Errorf("end a customer's pages: %w", err)
	}
	rows, err := tx.Query(ctx, "update payment_methods set unlinked_at = $5, updated_at = $5 where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4 and unlinked_at is null returning id, status",
		tx.Tenant, customer, account, livemode, now)
	if err != nil {
		return "", fmt.Errorf("unlink a customer's methods: %w", err)
	}
	type ended struct {
		ID     uuid.UUID
		Status remit.MethodStatus
	}
	methods, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ended])
	if err != nil {
		return "", fmt.Errorf("unlink a customer's methods: %w", err)
	}
	for _, m := range methods {
		if m.Status == remit.MethodLocked || m.Status == remit.MethodDetached {
			continue
		}
		if err := tx.RemoveMethod(ctx, m.ID, now); err != nil {
			return "", err
		}
	}
	return was, tx.settleDefault(ctx, customer)
}

// BeginLink links a customer with a customer at Stripe, of whom we have one contact and
// Stripe another: changes from here on are sent there. Returns [remit.CodeLinkTaken]
// where that one is another's here.
func (tx *Tx) BeginLink(ctx context.Context, customer uuid.UUID, account string, livemode bool, stripeCustomer string, ours, theirs remit.Contact) error {
	shared, err := json.Marshal(ours)
	if err != nil {
		return fmt.Errorf("link a customer: %w", err)
	}
	seen, err := json.Marshal(theirs)
	if err != nil {
		return fmt.Errorf("link a customer: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into stripe_customers (tenant, account, livemode, customer_id, stripe_customer, shared, seen) values ($1,$2,$3,$4,$5,$6,$7)",
		tx.Tenant, account, livemode, customer, stripeCustomer, shared, seen)
	if IsUnique(err, "stripe_customers_tenant_account_stripe_customer_key") {
		return remit.TakenBy(stripeCustomer, "")
	}
	if err != nil {
		return fmt.Errorf("link a customer: %w", err)
	}
	if _, err := tx.Exec(ctx, "update customers set link_note = '', updated_at = now() where tenant = $1 and id = $2", tx.Tenant, customer); err != nil {
		return fmt.Errorf("link a customer: %w", err)
	}
	return nil
}

// LinksEnded is how often a customer was unlinked.
func (tx *Tx) LinksEnded(ctx context.Context, customer uuid.UUID) (ended int, err error) {
	if err := tx.QueryRow(ctx, "select links_ended from customers where tenant = $1 and id = $2", tx.Tenant, customer).Scan(&ended); err != nil {
		return 0, fmt.Errorf("count a customer's links: %w", err)
	}
	return ended, nil
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
)

// CustomerTies counts what a customer is still needed for.
func (tx *Tx) CustomerTies(ctx context.Context, customer uuid.UUID) (t remit.CustomerTies, err error) {
	err = tx.QueryRow(ctx, `select
		(select count(*) from invoices where tenant = $1 and customer_id = $2 and status not in ('paid', 'void', 'uncollectible', 'carried')),
		(select count(*) from payments p join attempts a on a.tenant = p.tenant and a.payment_id = p.id
			where p.tenant = $1 and p.customer_id = $2 and a.state in ('created', 'requires_action', 'processing', 'confirming')),
		(select count(*) from refunds r join invoices i on i.tenant = r.tenant and i.id = r.invoice_id where r.tenant = $1 and i.customer_id = $2 and r.ended_at is null),
		(select count(*) from disputes d join payments p on p.tenant = d.tenant and p.id = d.payment_id
			where d.tenant = $1 and p.customer_id = $2 and d.state in ('warning_needs_response', 'warning_under_review', 'needs_response', 'under_review')),
		(select count(*)`+orderTables+` where r.tenant = $1 and i.customer_id = $2 and i.status = 'paid' and r.fulfilled_at is null and not `+moneyBack+`),
		(select count(*) from excess where tenant = $1 and customer_id = $2 and state in ('open', 'refunding')),
		(select count(*) from customer_credits where tenant = $1 and customer_id = $2 and credit <> 0),
		(select count(*) from billing_schedules where tenant = $1 and customer_id = $2 and state <> 'ended'),
		(select count(*) from payment_methods where tenant = $1 and customer_id = $2 and status in ('awaiting_deposit', 'awaiting_entry') and unlinked_at is null)`,
		tx.Tenant, customer).Scan(&t.Invoices, &t.Payments, &t.Refunds, &t.Disputes, &t.Orders, &t.Excess, &t.Credits, &t.Schedules, &t.Verifying)
	if err != nil {
		return t, fmt.Errorf("look for what a customer is needed for: %w", err)
	}
	return t, nil
}

// DeleteCustomer keeps of a customer what his invoices need and nothing else: whoever
// signed in as him is turned away, and his methods are gone. His links stay until what
// is saved at Stripe is taken away there: see [Tx.EndAtStripe].
func (tx *Tx) DeleteCustomer(ctx context.Context, c remit.Customer, now time.Time) error {
	if err := tx.writeCustomer(ctx, c.Forgotten()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "update customers set deleted_at = $3, auto_charge = false, auto_charge_by = null, reminders = false, link_note = '', default_payment_method = null where tenant = $1 and id = $2", tx.Tenant, c.ID, now); err != nil {
		return fmt.Errorf("delete a customer: %w", err)
	}
	if _, err := tx.Exec(ctx, "update members set disabled_at = coalesce(disabled_at, now()) where tenant = $1 and customer_id = $2", tx.Tenant, c.ID); err != nil {
		return fmt.Errorf("turn a customer's users away: %w", err)
	}
	if _, err := tx.Exec(ctx, "update setup_sessions set state = 'expired' where tenant = $1 and customer_id = $2 and state in ('created', 'open')", tx.Tenant, c.ID); err != nil {
		return fmt.Errorf("end a customer's pages: %w", err)
	}
	if _, err := tx.Exec(ctx, "update orders r set delivery = '' from invoices i where r.tenant = $1 and i.tenant = r.tenant and i.id = r.id and i.customer_id = $2", tx.Tenant, c.ID); err != nil {
		return fmt.Errorf("forget where a customer's orders went: %w", err)
	}
	_, err := tx.Exec(ctx, "update payment_methods set status = 'detached', updated_at = $3 where tenant = $1 and customer_id = $2 and status not in ('detached', 'locked')", tx.Tenant, c.ID, now)
	if err != nil {
		return fmt.Errorf("remove a customer's methods: %w", err)
	}
	return nil
}

// EndAtStripe has a link end at Stripe too: the customer there is deleted, or kept
// without what is saved. What was kept in line is not kept any more.
func (tx *Tx) EndAtStripe(ctx context.Context, customer uuid.UUID, account string, livemode bool, how string) error {
	_, err := tx.Exec(ctx, "update stripe_customers set ending = $5, shared = null, seen = null, due_at = clock_timestamp(), tries = 0 where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4",
		tx.Tenant, customer, account, livemode, how)
	if err != nil {
		return fmt.Errorf("end a link at Stripe: %w", err)
	}
	return nil
}

// LinksOf reads all of a customer's links, at whatever account.
func (tx *Tx) LinksOf(ctx context.Context, customer uuid.UUID) ([]CustomerSync, error) {
	rows, err := tx.Query(ctx, "select "+syncColumns+" from stripe_customers where tenant = $1 and customer_id = $2", tx.Tenant, customer)
	if err != nil {
		return nil, fmt.Errorf("read a customer's links: %w", err)
	}
	defer rows.Close()
	var links []CustomerSync
	for rows.Next() {
		link, err := scanSync(rows)
		if err != nil {
			return nil, fmt.Errorf("read a customer's links: %w", err)
		}
		links = append(links, link)
	}
	return links, rows.Err()
}

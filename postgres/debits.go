package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// ReturnedDebit is a debit that a bank did not pay, with the rule that it was
// declined by, or took back, with a reason alone.
type ReturnedDebit struct {
	At   time.Time // when it was sent
	Code string
	Rule string // "" for one that came back after it had succeeded
}

// sameAccount finds attempts that debited the account with the fingerprint $3 or,
// where Stripe told none, the method $4.
const sameAccount = `a.method ->> 'type' = 'us_bank_account' and ($3 <> '' and a.method ->> 'fingerprint' = $3 or a.payment_method_id = $4)`

// ReturnedDebits reads which debits of a bank account for an invoice were not
// paid, or were taken back, however often the account was saved.
func (tx *Tx) ReturnedDebits(ctx context.Context, invoice uuid.UUID, method remit.PaymentMethod) ([]ReturnedDebit, error) {
	rows, err := tx.Query(ctx, `select coalesce(a.confirm_at, a.created_at), a.decline ->> 'code', a.decline ->> 'rule' from attempts a
			where a.tenant = $1 and a.invoice_id = $2 and a.state = 'failed' and a.decline is not null and `+sameAccount+`
		union all
		select coalesce(a.confirm_at, a.created_at), d.reason, '' from attempts a join disputes d on d.tenant = a.tenant and d.payment_id = a.payment_id and d.withdrawn and not d.reinstated
			where a.tenant = $1 and a.invoice_id = $2 and a.state = 'succeeded' and `+sameAccount,
		tx.Tenant, invoice, method.Fingerprint, method.ID)
	if err != nil {
		return nil, fmt.Errorf("read returned debits: %w", err)
	}
	returned, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r ReturnedDebit, err error) { return r, row.Scan(&r.At, &r.Code, &r.Rule) })
	if err != nil {
		return nil, fmt.Errorf("read returned debits: %w", err)
	}
	return returned, nil
}

// SameBankAccounts reads a customer's usable methods that are the bank account
// which an attempt debited, at whatever Stripe account, in the one order in which
// they are locked.
func (tx *Tx) SameBankAccounts(ctx context.Context, customer uuid.UUID, a remit.Attempt) ([]remit.PaymentMethod, error) {
	rows, err := tx.Query(ctx, "select "+methodColumns+` from payment_methods m join customers c on c.tenant = m.tenant and c.id = m.customer_id
		where m.tenant = $1 and m.customer_id = $2 and m.type = 'us_bank_account' and m.status = 'usable' and ($3 <> '' and m.fingerprint = $3 or m.id = $4) order by m.id`,
		tx.Tenant, customer, a.Method.Fingerprint, a.PaymentMethodID)
	if err != nil {
		return nil, fmt.Errorf("read the copies of a bank account: %w", err)
	}
	same, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.PaymentMethod, error) { return scanMethod(row) })
	if err != nil {
		return nil, fmt.Errorf("read the copies of a bank account: %w", err)
	}
	return same, nil
}

// LockMethod locks a method of which there is no bank account's record. The
// customer's next usable method, if any, becomes the default where this one was it.
func (tx *Tx) LockMethod(ctx context.Context, method remit.PaymentMethod) error {
	_, err := tx.Exec(ctx, "update payment_methods set status = 'locked', updated_at = now() where tenant = $1 and id = $2 and status <> 'detached'", tx.Tenant, method.ID)
	if err != nil {
		return fmt.Errorf("lock a method: %w", err)
	}
	return tx.settleDefault(ctx, method.CustomerID)
}

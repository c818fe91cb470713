package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// carriedAtOnce is how many invoices are carried onto one at most; others wait for the
// next.
const carriedAtOnce = 50

// HoldCarriable holds those other invoices of a customer of which something may be carried
// onto a locked one: of the same organisation, seller and currency, owing less than below,
// in minor units. One that somebody else holds at this moment is left out, so that whoever
// holds one invoice never waits for another. Whether there is something to carry is
// [remit.Invoice.CarriesRest]'s question.
func (tx *Tx) HoldCarriable(ctx context.Context, l *LockedInvoice, below int64) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select i.id from invoices i
		where i.tenant = $1 and i.customer_id = $2 and i.organisation_id = $3 and i.currency = $4 and i.seller_name = $5 and i.seller_tax_id = $6 and i.id <> $7
			and i.status in ('open', 'partially_paid') and i.settings ->> 'below_minimum' = 'carry' and i.hold_reason is null
			and (select b.outstanding from invoice_balances b where b.tenant = i.tenant and b.invoice_id = i.id) < $8
		order by i.due_date, i.id limit $9 for update of i skip locked`,
		tx.Tenant, l.CustomerID, l.OrganisationID, l.Currency, l.Seller.Name, l.Seller.TaxID, l.ID, below, carriedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("find what may be carried: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("find what may be carried: %w", err)
	}
	return ids, nil
}

// CarryOnto has a locked invoice bill what was left of another one; the ledger is booked
// by the caller.
func (tx *Tx) CarryOnto(ctx context.Context, l *LockedInvoice, c remit.Carried) error {
	if _, err := tx.Exec(ctx, "insert into carried_amounts (tenant, from_invoice, to_invoice, amount) values ($1, $2, $3, $4)", tx.Tenant, c.From, c.To, c.Amount); err != nil {
		return fmt.Errorf("carry onto an invoice: %w", err)
	}
	return tx.addLine(ctx, l, c.Adjustment())
}

// AddedLines reads the lines that Remit added to an invoice, in their order: by which it
// bills what was left of others, and late fees.
func (tx *Tx) AddedLines(ctx context.Context, invoice uuid.UUID) ([]remit.Adjustment, error) {
	rows, err := tx.Query(ctx, "select kind, description, amount from invoice_adjustments where tenant = $1 and invoice_id = $2 and kind = any($3) order by n", tx.Tenant, invoice, []string{remit.AdjustmentCarried, remit.AdjustmentLateFee})
	if err != nil {
		return nil, fmt.Errorf("read what was carried: %w", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remit.Adjustment])
	if err != nil {
		return nil, fmt.Errorf("read what was carried: %w", err)
	}
	return lines, nil
}

const carriedAmounts = `select c.from_invoice, c.to_invoice, f.number, t.number, c.amount - c.returned from carried_amounts c
	join invoices f on f.tenant = c.tenant and f.id = c.from_invoice join invoices t on t.tenant = c.tenant and t.id = c.to_invoice
	where c.tenant = $1 and c.amount > c.returned and `

// CarriedOnto reads what of other invoices an invoice bills.
func (tx *Tx) CarriedOnto(ctx context.Context, invoice uuid.UUID) ([]remit.Carried, error) {
	return tx.carried(ctx, "c.to_invoice = $2 order by c.from_invoice", invoice)
}

// CarriedFrom reads what of an invoice other ones bill.
func (tx *Tx) CarriedFrom(ctx context.Context, invoice uuid.UUID) ([]remit.Carried, error) {
	return tx.carried(ctx, "c.from_invoice = $2 order by t.sent_at, c.to_invoice", invoice)
}

func (tx *Tx) carried(ctx context.Context, which string, invoice uuid.UUID) ([]remit.Carried, error) {
	rows, err := tx.Query(ctx, carriedAmounts+which, tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read what was carried: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remit.Carried])
	if err != nil {
		return nil, fmt.Errorf("read what was carried: %w", err)
	}
	return list, nil
}

// ReturnedTo reads which invoices bill again what was carried onto a cancelled one.
func (tx *Tx) ReturnedTo(ctx context.Context, cancelled uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select from_invoice from carried_amounts where tenant = $1 and to_invoice = $2 and returned > 0", tx.Tenant, cancelled)
	if err != nil {
		return nil, fmt.Errorf("read what came back: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read what came back: %w", err)
	}
	return ids, nil
}

// LockNow is [Tx.LockInvoice] for whoever holds an invoice already: where somebody else
// holds this one it fails at once, for the transaction to be repeated.
func (tx *Tx) LockNow(ctx context.Context, id uuid.UUID) (*LockedInvoice, error) {
	if _, err := tx.Exec(ctx, "select 1 from invoices where tenant = $1 and id = $2 for update nowait", tx.Tenant, id); err != nil {
		return nil, fmt.Errorf("lock another invoice: %w", err)
	}
	return tx.LockInvoice(ctx, id)
}

// ReturnCarried notes that an amount is billed by the first invoice again; the ledger is
// booked by the caller.
func (tx *Tx) ReturnCarried(ctx context.Context, from, to uuid.UUID, amount int64) error {
	_, err := tx.Exec(ctx, "update carried_amounts set returned = returned + $4 where tenant = $1 and from_invoice = $2 and to_invoice = $3", tx.Tenant, from, to, amount)
	if err != nil {
		return fmt.Errorf("return what was carried: %w", err)
	}
	return nil
}

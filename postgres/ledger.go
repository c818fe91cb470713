package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit/ledger"
)

// Book appends an entry to the ledger and brings the locked invoice's figures
// up to date. An entry whose key is booked already changes nothing: booked is
// false. The database itself refuses an entry that does not balance, a second
// capture of one payment, and more applied than was billed.
func (tx *Tx) Book(ctx context.Context, l *LockedInvoice, e ledger.Entry) (booked bool, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return false, fmt.Errorf("make an id: %w", err)
	}
	if e.Kind == ledger.KindIssue || e.Kind == ledger.KindAmend { // an invoice of nothing has no balance until then
		_, err := tx.Exec(ctx, "insert into invoice_balances (tenant, invoice_id, currency) values ($1, $2, $3) on conflict do nothing", tx.Tenant, e.InvoiceID, e.Currency)
		if err != nil {
			return false, fmt.Errorf("open an invoice's balance: %w", err)
		}
	}
	tag, err := tx.Exec(ctx, `insert into ledger_entries (tenant, id, key, kind, invoice_id, payment_id, at) values ($1,$2,$3,$4,$5,$6, now() + $7)
		on conflict (tenant, key) do nothing`, tx.Tenant, id, e.Key, e.Kind, e.InvoiceID, e.PaymentID, l.Clock.Offset)
	if err != nil {
		return false, fmt.Errorf("book %s: %w", e.Key, err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	batch := &pgx.Batch{}
	for n, line := range e.Lines {
		batch.Queue(`insert into ledger_lines (tenant, entry_id, n, account, invoice_id, customer_id, payment_id, amount, currency) values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
			tx.Tenant, id, n+1, line.Account, e.InvoiceID, l.CustomerID, e.PaymentID, line.Amount, e.Currency)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return false, fmt.Errorf("book the lines of %s: %w", e.Key, err)
	}
	l.Billed += e.Billed()
	l.Applied += e.Applied()
	l.Outstanding = l.Billed - l.Applied
	return true, nil
}

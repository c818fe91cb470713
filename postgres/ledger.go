package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/ledger"
)

// Book appends an entry to the ledger and brings the locked invoice's figures
// up to date. An entry whose key is booked already changes nothing: booked is
// false. The database itself refuses an entry that does not balance, a second
// capture of one payment, and more applied than was billed.
func (tx *Tx) Book(ctx context.Context, l *LockedInvoice, e ledger.Entry) (booked bool, err error) {
	if booked, err = tx.BookFor(ctx, l.CustomerID, l.Clock, e); err != nil || !booked {
		return false, err
	}
	l.Billed += e.Billed()
	l.Applied += e.Applied()
	l.Outstanding = l.Billed - l.Applied
	return true, nil
}

// BookFor appends an entry that is of no invoice, or of one that is not read
// here. customer may be [uuid.Nil] where the entry names none.
func (tx *Tx) BookFor(ctx context.Context, customer uuid.UUID, clock remit.Clock, e ledger.Entry) (booked bool, err error) {
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
		on conflict (tenant, key) do nothing`, tx.Tenant, id, e.Key, e.Kind, orNull(e.InvoiceID), e.PaymentID, clock.Offset)
	if err != nil {
		return false, fmt.Errorf("book %s: %w", e.Key, err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	batch := &pgx.Batch{}
	for n, line := range e.Lines {
		batch.Queue(`insert into ledger_lines (tenant, entry_id, n, account, invoice_id, customer_id, payment_id, amount, currency) values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
			tx.Tenant, id, n+1, line.Account, orNull(e.InvoiceID), orNull(customer), e.PaymentID, line.Amount, e.Currency)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return false, fmt.Errorf("book the lines of %s: %w", e.Key, err)
	}
	return true, nil
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// Booked reports whether an entry with a key is booked.
func (tx *Tx) Booked(ctx context.Context, key string) (bool, error) {
	var booked bool
	err := tx.QueryRow(ctx, "select exists (select 1 from ledger_entries where tenant = $1 and key = $2)", tx.Tenant, key).Scan(&booked)
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", key, err)
	}
	return booked, nil
}

// ReceivedIn reads the currency in which a payment's money came in, "" where none
// has. A payer's bank or the account's owner may have made it another one than the
// invoice's.
func (tx *Tx) ReceivedIn(ctx context.Context, payment uuid.UUID) (currency string, err error) {
	err = tx.QueryRow(ctx, `select l.currency from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
		where e.tenant = $1 and e.payment_id = $2 and e.kind in ('payment', 'bank_transfer') limit 1`, tx.Tenant, payment).Scan(&currency)
	if isNoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the currency of a payment's money: %w", err)
	}
	return currency, nil
}

// CreditUsed reads how much of a customer's credit pays an invoice.
func (tx *Tx) CreditUsed(ctx context.Context, invoice uuid.UUID) (amount int64, err error) {
	err = tx.QueryRow(ctx, `select coalesce(-sum(l.amount), 0)::bigint from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
		where e.tenant = $1 and e.invoice_id = $2 and e.kind = 'credit_used' and l.account = 'receivable'`, tx.Tenant, invoice).Scan(&amount)
	if err != nil {
		return 0, fmt.Errorf("read what credit pays of an invoice: %w", err)
	}
	return amount, nil
}

// Against reads what a booked refund or dispute of an invoice was taken off, what
// was moved since, under keys below its own, included.
func (tx *Tx) Against(ctx context.Context, invoice uuid.UUID, key string) (ledger.Against, error) {
	var of ledger.Against
	err := tx.QueryRow(ctx, `select
			coalesce(sum(l.amount) filter (where l.account = 'receivable'), 0), coalesce(sum(l.amount) filter (where l.account = 'revenue'), 0),
			coalesce(sum(l.amount) filter (where l.account = 'excess'), 0), coalesce(sum(l.amount) filter (where l.account = 'surcharge'), 0),
			coalesce(sum(l.amount) filter (where l.account = 'customer_credit'), 0)
		from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id where e.tenant = $1 and e.invoice_id = $2 and (e.key = $3 or starts_with(e.key, $3 || '/'))`, tx.Tenant, invoice, key).
		Scan(&of.Receivable, &of.Revenue, &of.Excess, &of.Surcharge, &of.Credit)
	if err != nil {
		return of, fmt.Errorf("read %s: %w", key, err)
	}
	return of, nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// LockCredit reads what a customer has to his credit in a currency, in minor
// units, and keeps others from using it until the transaction ends. A customer
// without any is not waited for.
func (tx *Tx) LockCredit(ctx context.Context, customer uuid.UUID, currency string) (int64, error) {
	credit, err := tx.credit(ctx, customer, currency)
	if err != nil || credit == 0 {
		return 0, err
	}
	// The balance itself is the ledger's trigger's alone to lock.
	if _, err := tx.Exec(ctx, "select 1 from customers where tenant = $1 and id = $2 for no key update", tx.Tenant, customer); err != nil {
		return 0, fmt.Errorf("lock a customer: %w", err)
	}
	return tx.credit(ctx, customer, currency)
}

func (tx *Tx) credit(ctx context.Context, customer uuid.UUID, currency string) (credit int64, err error) {
	err = tx.QueryRow(ctx, "select credit from customer_credits where tenant = $1 and customer_id = $2 and currency = $3", tx.Tenant, customer, currency).Scan(&credit)
	if isNoRows(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read a customer's credit: %w", err)
	}
	return credit, nil
}

// Credits reads what a customer has to his credit, by currency; nothing is left
// out.
func (tx *Tx) Credits(ctx context.Context, customer uuid.UUID) ([]remit.Credit, error) {
	rows, err := tx.Query(ctx, "select currency, credit from customer_credits where tenant = $1 and customer_id = $2 and credit > 0 order by currency", tx.Tenant, customer)
	if err != nil {
		return nil, fmt.Errorf("read a customer's credit: %w", err)
	}
	credits, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remit.Credit])
	if err != nil {
		return nil, fmt.Errorf("read a customer's credit: %w", err)
	}
	return credits, nil
}

// CreditHistory reads the latest movements of a customer's credit, newest first.
func (tx *Tx) CreditHistory(ctx context.Context, customer uuid.UUID, limit int) ([]remit.CreditEntry, error) {
	rows, err := tx.Query(ctx, `select e.at, e.kind, -l.amount, l.currency, e.invoice_id, coalesce(i.number, ''), coalesce(n.number, '')
		from ledger_lines l join ledger_entries e on e.tenant = l.tenant and e.id = l.entry_id
		left join invoices i on i.tenant = e.tenant and i.id = e.invoice_id
		left join credit_notes n on n.tenant = e.tenant and e.kind = 'credit_note' and e.key = 'credit-note/' || n.id
		where l.tenant = $1 and l.customer_id = $2 and l.account = 'customer_credit' order by e.booked_at desc, e.id desc limit $3`, tx.Tenant, customer, limit)
	if err != nil {
		return nil, fmt.Errorf("read a credit's history: %w", err)
	}
	history, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h remit.CreditEntry, err error) {
		return h, row.Scan(&h.At, &h.Kind, &h.Amount, &h.Currency, &h.InvoiceID, &h.InvoiceNumber, &h.CreditNote)
	})
	if err != nil {
		return nil, fmt.Errorf("read a credit's history: %w", err)
	}
	return history, nil
}

// OldestOpen finds the customer's invoice in a currency that is due first and
// may be paid, or uuid.Nil.
func (tx *Tx) OldestOpen(ctx context.Context, customer uuid.UUID, currency string) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, `select i.id from invoices i join invoice_balances b on b.tenant = i.tenant and b.invoice_id = i.id
		where i.tenant = $1 and i.customer_id = $2 and i.currency = $3 and i.status in ('open', 'partially_paid') and b.outstanding > 0
		order by i.due_date, i.created_at, i.id limit 1`, tx.Tenant, customer, currency).Scan(&id)
	if isNoRows(err) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find a customer's oldest open invoice: %w", err)
	}
	return id, nil
}

// NewCreditNote is a credit note that came in.
type NewCreditNote struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	CustomerID     uuid.UUID
	Number         string
	Seller         remit.Seller
	Currency       string
	Amount         int64 // minor units
	IssueDate      remit.Date
	Source         string
	ImportID       *uuid.UUID
}

// InsertCreditNote adds a credit note. Where one with the same organisation,
// seller, customer and number exists it gives that one: inserted is false.
func (tx *Tx) InsertCreditNote(ctx context.Context, n NewCreditNote) (stands NewCreditNote, inserted bool, err error) {
	tag, err := tx.Exec(ctx, `insert into credit_notes (tenant, id, organisation_id, customer_id, number, seller_name, seller_tax_id, currency, amount, issue_date, source, import_id)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12) on conflict (tenant, organisation_id, seller_name, customer_id, number) do nothing`,
		tx.Tenant, n.ID, n.OrganisationID, n.CustomerID, n.Number, n.Seller.Name, n.Seller.TaxID, n.Currency, n.Amount, n.IssueDate, n.Source, n.ImportID)
	if err != nil {
		return n, false, fmt.Errorf("insert a credit note: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return n, true, nil
	}
	stands = n
	err = tx.QueryRow(ctx, `select id, currency, amount, issue_date from credit_notes where tenant = $1 and organisation_id = $2 and seller_name = $3 and customer_id = $4 and number = $5`,
		tx.Tenant, n.OrganisationID, n.Seller.Name, n.CustomerID, n.Number).Scan(&stands.ID, &stands.Currency, &stands.Amount, &stands.IssueDate)
	if err != nil {
		return n, false, fmt.Errorf("find the credit note that stands there: %w", err)
	}
	return stands, false, nil
}

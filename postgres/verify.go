package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// InvoiceIDs reads a page of the tenant's invoices, by id.
func (tx *Tx) InvoiceIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select id from invoices where tenant = $1 and id > $2 order by id limit $3", tx.Tenant, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list invoices: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list invoices: %w", err)
	}
	return ids, nil
}

// VerifyInvoice compares what is stored of an invoice with what it follows
// from: its balance with the ledger's lines, its status with its facts, its
// timeline with its hashes. It returns what does not fit, in words, or nothing.
func (tx *Tx) VerifyInvoice(ctx context.Context, id uuid.UUID) (wrong []string, err error) {
	l, err := tx.LockInvoice(ctx, id)
	if err != nil {
		return nil, err
	}
	var billed, applied int64
	err = tx.QueryRow(ctx, `select coalesce(sum(l.amount) filter (where e.kind in ('issue', 'amend', 'void')), 0),
			coalesce(-sum(l.amount) filter (where e.kind not in ('issue', 'amend', 'void')), 0)
		from ledger_lines l join ledger_entries e on e.tenant = l.tenant and e.id = l.entry_id
		where l.tenant = $1 and l.invoice_id = $2 and l.account = 'receivable'`, tx.Tenant, id).Scan(&billed, &applied)
	if err != nil {
		return nil, fmt.Errorf("add up the ledger: %w", err)
	}
	if billed != l.Billed || applied != l.Applied {
		wrong = append(wrong, fmt.Sprintf("the ledger bills %d and applies %d, stored are %d and %d", billed, applied, l.Billed, l.Applied))
	}
	if derived := l.DerivedStatus(); derived != l.Status {
		wrong = append(wrong, fmt.Sprintf("its facts make it %s, stored is %s", derived, l.Status))
	}
	broken, err := tx.VerifyTimeline(ctx, id)
	if err != nil {
		return nil, err
	}
	if broken > 0 {
		wrong = append(wrong, fmt.Sprintf("entry %d of its timeline is not what was written", broken))
	}
	return wrong, nil
}

// DerivedStatus is the status that follows from the invoice's facts, which
// [Tx.SaveInvoice] stores.
func (l *LockedInvoice) DerivedStatus() remit.InvoiceStatus {
	return remit.StatusOf(remit.InvoiceFacts{
		Sent: l.SentAt != nil, Void: l.VoidedAt != nil, Uncollectible: l.WroteOff, Contested: l.Contests,
		Processing: l.Live != nil && l.Live.State == remit.AttemptProcessing, Billed: l.Billed, Applied: l.Applied,
	})
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// LateFees reads the fees an invoice was charged, by stage.
func (tx *Tx) LateFees(ctx context.Context, invoice uuid.UUID) ([]remit.LateFee, error) {
	rows, err := tx.Query(ctx, "select stage, amount, charged_at, reversed_at from late_fees where tenant = $1 and invoice_id = $2 order by stage", tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read late fees: %w", err)
	}
	fees, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remit.LateFee])
	if err != nil {
		return nil, fmt.Errorf("read late fees: %w", err)
	}
	return fees, nil
}

// ChargeLateFee has a locked invoice bill a fee; the ledger is booked by the caller.
func (tx *Tx) ChargeLateFee(ctx context.Context, l *LockedInvoice, f remit.LateFee) error {
	_, err := tx.Exec(ctx, "insert into late_fees (tenant, invoice_id, stage, amount, charged_at) values ($1,$2,$3,$4,$5)", tx.Tenant, l.ID, f.Stage, f.Amount, f.ChargedAt)
	if err != nil {
		return fmt.Errorf("charge a late fee: %w", err)
	}
	return tx.addLine(ctx, l, f.Line(l.Settings.LateFees))
}

// ReverseLateFee has a locked invoice take a fee back; the ledger is booked by the caller.
func (tx *Tx) ReverseLateFee(ctx context.Context, l *LockedInvoice, f remit.LateFee, reason string, now time.Time) error {
	_, err := tx.Exec(ctx, "update late_fees set reversed_at = $4, reason = $5 where tenant = $1 and invoice_id = $2 and stage = $3 and reversed_at is null", tx.Tenant, l.ID, f.Stage, now, reason)
	if err != nil {
		return fmt.Errorf("take a late fee back: %w", err)
	}
	return tx.addLine(ctx, l, f.Reversal())
}

// addLine adds an adjustment to what a locked invoice bills.
func (tx *Tx) addLine(ctx context.Context, l *LockedInvoice, line remit.Adjustment) error {
	l.Total += line.Amount
	batch := &pgx.Batch{}
	batch.Queue(`insert into invoice_adjustments (tenant, invoice_id, n, kind, description, amount)
		select $1, $2, coalesce(max(n), 0) + 1, $3, $4, $5 from invoice_adjustments where tenant = $1 and invoice_id = $2`, tx.Tenant, l.ID, line.Kind, line.Description, line.Amount)
	batch.Queue("update invoices set total = $3 where tenant = $1 and id = $2", tx.Tenant, l.ID, l.Total)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("add to what an invoice bills: %w", err)
	}
	return nil
}

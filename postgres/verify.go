package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/retell"
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
// from: its balance and its payments with the ledger's lines, its status with
// its facts, its timeline with its hashes, and all of it with what the timeline
// tells. It returns what does not fit, in words, or nothing.
func (tx *Tx) VerifyInvoice(ctx context.Context, id uuid.UUID) (wrong []string, err error) {
	l, err := tx.LockInvoice(ctx, id)
	if err != nil {
		return nil, err
	}
	var billed, applied, out, in, listed, lines, fees, feesListed, feeLines int64
	err = tx.QueryRow(ctx, `select coalesce(sum(l.amount) filter (where e.kind in ('issue', 'amend', 'void', 'write_off', 'carry_out', 'carry_in', 'late_fee')), 0),
			coalesce(-sum(l.amount) filter (where e.kind not in ('issue', 'amend', 'void', 'write_off', 'carry_out', 'carry_in', 'late_fee')), 0),
			coalesce(-sum(l.amount) filter (where e.kind = 'carry_out'), 0), coalesce(sum(l.amount) filter (where e.kind = 'carry_in'), 0),
			(select coalesce(sum(c.amount - c.returned), 0)::bigint from carried_amounts c where c.tenant = $1 and c.to_invoice = $2),
			(select coalesce(sum(c.amount), 0)::bigint from carried_amounts c where c.tenant = $1 and c.to_invoice = $2)
				- (select coalesce(sum(a.amount), 0)::bigint from invoice_adjustments a where a.tenant = $1 and a.invoice_id = $2 and a.kind = 'carried'),
			coalesce(sum(l.amount) filter (where e.kind = 'late_fee'), 0),
			(select coalesce(sum(f.amount), 0)::bigint from late_fees f where f.tenant = $1 and f.invoice_id = $2 and f.reversed_at is null),
			(select coalesce(sum(a.amount), 0)::bigint from invoice_adjustments a where a.tenant = $1 and a.invoice_id = $2 and a.kind = 'late_fee')
		from ledger_lines l join ledger_entries e on e.tenant = l.tenant and e.id = l.entry_id
		where l.tenant = $1 and l.invoice_id = $2 and l.account = 'receivable'`, tx.Tenant, id).Scan(&billed, &applied, &out, &in, &listed, &lines, &fees, &feesListed, &feeLines)
	if err != nil {
		return nil, fmt.Errorf("add up the ledger: %w", err)
	}
	if billed != l.Billed || applied != l.Applied {
		wrong = append(wrong, fmt.Sprintf("the ledger bills %d and applies %d, stored are %d and %d", billed, applied, l.Billed, l.Applied))
	}
	if out != l.CarriedOut || in != listed || lines != 0 {
		wrong = append(wrong, fmt.Sprintf("the ledger carries %d to other invoices and %d from others, stored are %d and %d, and its lines differ by %d", out, in, l.CarriedOut, listed, lines))
	}
	if fees != feesListed || fees != feeLines {
		wrong = append(wrong, fmt.Sprintf("the ledger bills late fees of %d, charged are %d, and its lines make %d", fees, feesListed, feeLines))
	}
	if derived := l.DerivedStatus(); derived != l.Status {
		wrong = append(wrong, fmt.Sprintf("its facts make it %s, stored is %s", derived, l.Status))
	}
	stored, err := tx.storedState(ctx, l)
	if err != nil {
		return nil, err
	}
	amiss, err := tx.verifyPayments(ctx, stored, id)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, amiss...)
	told, err := tx.retold(ctx, stored, id)
	return append(wrong, told...), err
}

// retold compares what an invoice's timeline tells with what is stored (Z2).
func (tx *Tx) retold(ctx context.Context, stored *retell.State, id uuid.UUID) (wrong []string, err error) {
	told := retell.New()
	untellable := ""
	broken, err := tx.walkTimeline(ctx, id, func(e remit.TimelineEntry) error {
		if untellable != "" {
			return nil
		}
		if err := told.Tell(e); err != nil {
			untellable = fmt.Sprintf("entry %d of its timeline cannot be told over again: %s", e.Seq, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case broken > 0:
		wrong = append(wrong, fmt.Sprintf("entry %d of its timeline is not what was written", broken))
	}
	if untellable != "" {
		return append(wrong, untellable), nil
	}
	for _, d := range told.Differ(stored) {
		wrong = append(wrong, fmt.Sprintf("%s: its timeline tells %s, stored is %s", d.Field, orNothing(d.Told), orNothing(d.Stored)))
	}
	return wrong, nil
}

func orNothing(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}

// storedState is what the rows say of an invoice, in the words of its timeline.
func (tx *Tx) storedState(ctx context.Context, l *LockedInvoice) (*retell.State, error) {
	s := retell.New()
	s.Status, s.Overdue, s.Total, s.Billed, s.Applied = l.Status, l.Overdue, l.Total, l.Billed, l.Applied
	s.Contested, s.Hold, s.DueDate, s.Label = l.Contests, retell.Hold(l.Hold), l.DueDate.String(), l.Label
	payments, err := tx.Payments(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range payments {
		s.Payments[p.ID] = retell.Payment{State: p.State, Captured: p.AmountCaptured, Refunded: p.AmountRefunded}
		for _, a := range p.Attempts {
			s.Attempts[a.Number] = a.State
		}
	}
	refunds, err := tx.Refunds(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range refunds {
		s.Refunds[r.ID] = r.State
	}
	disputes, err := tx.Disputes(ctx, l.ID)
	for _, d := range disputes {
		s.Disputes[d.ID] = retell.Dispute{State: d.State, Withdrawn: d.Withdrawn, Reinstated: d.Reinstated}
	}
	if err != nil {
		return nil, err
	}
	s.Approvals, err = tx.approvalStates(ctx, l.ID)
	return s, err
}

// verifyPayments compares what is stored of an invoice's payments with the
// ledger: what came in by each, and what of it went back or is promised back.
func (tx *Tx) verifyPayments(ctx context.Context, stored *retell.State, id uuid.UUID) (wrong []string, err error) {
	rows, err := tx.Query(ctx, `select e.payment_id,
			coalesce(sum(l.amount) filter (where e.kind in ('payment', 'bank_transfer') and l.account in ('stripe', 'bank')), 0)::bigint,
			coalesce(-sum(l.amount) filter (where e.kind in ('refund', 'refund_undone') and l.account = 'refunds'), 0)::bigint
		from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
		where e.tenant = $1 and e.invoice_id = $2 and e.payment_id is not null group by e.payment_id`, tx.Tenant, id)
	if err != nil {
		return nil, fmt.Errorf("add up the ledger of payments: %w", err)
	}
	type sums struct{ captured, refunded int64 }
	booked := map[uuid.UUID]sums{}
	var payment uuid.UUID
	var of sums
	if _, err := pgx.ForEachRow(rows, []any{&payment, &of.captured, &of.refunded}, func() error {
		booked[payment] = of
		return nil
	}); err != nil {
		return nil, fmt.Errorf("add up the ledger of payments: %w", err)
	}
	for id, p := range stored.Payments {
		if of := booked[id]; of.captured != p.Captured || of.refunded != p.Refunded {
			wrong = append(wrong, fmt.Sprintf("payment %s: the ledger has %d come in and %d go back, stored are %d and %d", id, of.captured, of.refunded, p.Captured, p.Refunded))
		}
	}
	slices.Sort(wrong)
	return wrong, nil
}

// DerivedStatus is the status that follows from the invoice's facts, which
// [Tx.SaveInvoice] stores.
func (l *LockedInvoice) DerivedStatus() remit.InvoiceStatus {
	return remit.StatusOf(remit.InvoiceFacts{
		Sent: l.SentAt != nil, Void: l.VoidedAt != nil, Uncollectible: l.WroteOff, Carried: l.CarriedOut > 0, Contested: l.Contests,
		Processing: l.Live != nil && l.Live.State == remit.AttemptProcessing, Billed: l.Billed, Applied: l.Applied,
	})
}

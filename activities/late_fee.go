package activities

import (
	"context"
	"fmt"
	"time"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

var lateFeeRule = remit.Why{Rule: "late fees by stage, within their cap, as the settings had it when the invoice was made", Version: "1"}

// planLateFee puts the invoice's next late fee on the agenda, or takes off it the one that
// is not to come. It is called wherever the invoice's becoming overdue is planned.
func planLateFee(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time) error {
	if !l.Settings.LateFees.On() {
		return nil
	}
	fees, err := tx.LateFees(ctx, l.ID)
	if err != nil {
		return err
	}
	now := l.Clock.Now(real)
	stage, at, ok := remit.NextLateFee(l.Settings.LateFees, l.DueDate, l.Zone, fees, now)
	if !ok {
		return tx.Done(ctx, remit.AgendaLateFee, l.ID, now)
	}
	return tx.Plan(ctx, l, remit.AgendaLateFee, l.ID, at, fmt.Sprintf("Charges late fee %d", stage))
}

// lateFeeDue decides about the late fee whose time has come, under the invoice's lock: the
// row only says when to look. Done again it changes nothing.
func (p *Payments) lateFeeDue(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow) error {
	fees, err := tx.LateFees(ctx, l.ID)
	if err != nil {
		return err
	}
	charge, err := tx.Charge(ctx, l.ID)
	if err != nil {
		return err
	}
	now := l.Clock.Now(p.Now())
	decision := remit.DecideLateFee(remit.LateFeeFacts{
		Invoice: l.Invoice, Zone: l.Zone, Fees: fees, InFlight: l.Live != nil, Contests: l.Contests,
		Planned: charge != nil && charge.Plan.Try <= 1 || l.Collection.State == remit.CollectionAsks,
	}, now)
	if decision.Verdict == remit.LateFeeWaits {
		return tx.Plan(ctx, l, remit.AgendaLateFee, l.ID, decision.Until, row.What)
	}
	if err := tx.Done(ctx, row.Kind, row.ObjectID, now); err != nil {
		return err
	}
	switch decision.Verdict {
	case remit.LateFeeCharged:
		return p.chargeLateFee(ctx, tx, l, remit.LateFee{Stage: decision.Stage, Amount: decision.Amount, ChargedAt: now})
	case remit.LateFeeLapses:
		if err := planLateFee(ctx, tx, l, p.Now()); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
			Kind: "late_fee_skipped", Actor: remit.System, What: fmt.Sprintf("Late fee %d is not charged: %s.", decision.Stage, decision.Because),
			Why: lateFeeRule, Data: map[string]any{"stage": decision.Stage},
		})
	case remit.LateFeeWaits, remit.LateFeeGone:
	}
	return planLateFee(ctx, tx, l, p.Now())
}

func (p *Payments) chargeLateFee(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, fee remit.LateFee) error {
	booked, err := tx.Book(ctx, l, ledger.LateFee(l.ID, l.Currency, fee.Stage, fee.Amount))
	if err != nil || !booked {
		return err
	}
	if err := tx.ChargeLateFee(ctx, l, fee); err != nil {
		return err
	}
	if err := planLateFee(ctx, tx, l, p.Now()); err != nil {
		return err
	}
	currency := money.Currency(l.Currency)
	l.Outstanding = l.Billed - l.Applied
	return p.closeBooks(ctx, tx, l, []remit.TimelineEntry{{
		Kind: "late_fee", Actor: remit.System,
		What: fmt.Sprintf("Late fee %d, %s, was charged: it was due on %s. %s is owed.", fee.Stage, money.Of(fee.Amount, currency), l.DueDate.Words(), money.Of(l.Outstanding, currency)),
		Why:  lateFeeRule, Data: map[string]any{"stage": fee.Stage, "amount": fee.Amount},
	}})
}

// reverseLateFee takes a fee back that is still owed, at a person's word. Its stage is not
// charged again.
func (p *Payments) reverseLateFee(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor, in remit.LateFeeRequest) error {
	fees, err := tx.LateFees(ctx, l.ID)
	if err != nil {
		return err
	}
	var fee *remit.LateFee
	for n := range fees {
		if fees[n].Stage == in.Stage {
			fee = &fees[n]
		}
	}
	currency := money.Currency(l.Currency)
	switch {
	case fee == nil:
		return remit.Invalid("stage", "No late fee of stage %d was charged.", in.Stage)
	case fee.ReversedAt != nil:
		return remit.Conflict(remit.CodeConflict, "This late fee was taken back already.")
	case l.Live != nil:
		return inFlight()
	case l.VoidedAt != nil:
		return remit.Conflict(remit.CodeConflict, "This invoice is cancelled.")
	case l.CarriedOut > 0 || l.Billed != l.Total:
		return remit.Conflict(remit.CodeConflict, "A part of this invoice was written off, or is billed with a newer one; its late fees stay.")
	case l.Billed-fee.Amount < l.Applied:
		return remit.Conflict(remit.CodeConflict, "It was paid. Refund %s instead.", money.Of(fee.Amount, currency))
	}
	if _, err := tx.Book(ctx, l, ledger.LateFeeReversed(l.ID, l.Currency, fee.Stage, fee.Amount)); err != nil {
		return err
	}
	if err := tx.ReverseLateFee(ctx, l, *fee, in.Reason, l.Clock.Now(p.Now())); err != nil {
		return err
	}
	l.Outstanding = l.Billed - l.Applied
	return p.closeBooks(ctx, tx, l, []remit.TimelineEntry{{
		Kind: "late_fee_reversed", Actor: actor, What: fmt.Sprintf("Late fee %d, %s, was taken back: %s", fee.Stage, money.Of(fee.Amount, currency), in.Reason),
		Why:  remit.Why{Rule: "a person may take a late fee back that is still owed", Version: "1"},
		Data: map[string]any{"stage": fee.Stage, "amount": fee.Amount, "reason": in.Reason},
	}})
}

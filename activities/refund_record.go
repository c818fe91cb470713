package activities

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// recordRefund records what Stripe says of a refund. Recording what is recorded
// already changes nothing.
func (p *Payments) recordRefund(ctx context.Context, ref remit.InvoiceRef, id uuid.UUID, view remit.RefundView) error {
	if err := p.bookRefund(ctx, ref, id, view); err != nil || !view.Status.Failed() {
		return err
	}
	return p.closeOverpaying(ctx, ref)
}

// closeOverpaying ends a hosted checkout that would collect more than is owed,
// now that money is back which a refund or a bank had taken. Where it cannot be
// closed, what is paid in it is excess.
func (p *Payments) closeOverpaying(ctx context.Context, ref remit.InvoiceRef) error {
	var open *remit.Attempt
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err == nil && l.Live != nil && l.Live.Kind == remit.AttemptCheckout && l.Live.Amount > l.Outstanding {
			open = l.Live
		}
		return err
	})
	if err != nil || open == nil {
		return err
	}
	if err := p.closeSession(ctx, ref, *open); err != nil && refusal(err) == nil {
		return err
	}
	return nil
}

func (p *Payments) bookRefund(ctx context.Context, ref remit.InvoiceRef, id uuid.UUID, view remit.RefundView) error {
	return p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		r, err := tx.Refund(ctx, id)
		if err != nil {
			return err
		}
		return p.takeRefund(ctx, tx, l, r, view, nil)
	})
}

// takeRefund brings a refund in line with what Stripe says of it, or a person in its
// place, under the invoice's lock. What failed is over: money that went back all the same
// is the reconciliation's to find.
func (p *Payments) takeRefund(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r remit.Refund, view remit.RefundView, said *word) error {
	if r.StripeRefund == "" {
		r.StripeRefund = view.ID
	}
	now := l.Clock.Now(p.Now())
	climbs := r.State.Climbs(view.Status)
	if climbs {
		r.State, r.Since, r.Polls = view.Status, now, 0
	}
	if (climbs || !r.State.Failed()) && (view.Debited || view.Status == remit.RefundSucceeded) {
		if _, err := tx.Book(ctx, l, backOf(r).RefundSent(r.Total())); err != nil {
			return err
		}
	}
	var entries []remit.TimelineEntry
	if climbs {
		var err error
		if entries, err = p.refundMoved(ctx, tx, l, &r, view); err != nil {
			return err
		}
		if len(entries) > 0 {
			said.sign(&entries[0])
		}
	}
	if said != nil && r.State.Failed() {
		r.StripeRefund = "" // should Stripe have sent it all the same, it is booked as one that was made there
	}
	if err := p.saveRefund(ctx, tx, l, r, climbs); err != nil {
		return err
	}
	return p.closeBooks(ctx, tx, l, entries)
}

// saveRefund writes a refund that has ended, or plans the next look at it.
func (p *Payments) saveRefund(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r remit.Refund, climbed bool) error {
	if !r.State.Ended() {
		return p.planRefund(ctx, tx, l, &r)
	}
	now := l.Clock.Now(p.Now())
	if r.EndedAt == nil || climbed {
		r.EndedAt = &now
	}
	if err := tx.SaveRefund(ctx, r); err != nil {
		return err
	}
	return tx.Done(ctx, remit.AgendaRefund, r.ID, now)
}

// refundMoved tells the timeline how far a refund came, tells the customer once
// the money is on its way, and takes the promise back where it failed.
func (p *Payments) refundMoved(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *remit.Refund, view remit.RefundView) ([]remit.TimelineEntry, error) {
	entry := remit.TimelineEntry{
		Kind: "refund_" + string(r.State), Actor: remit.Stripe, Why: remit.Why{Rule: "Stripe is believed when asked", Version: "1"}, StripeIDs: idsOf(r.StripeRefund),
		Data: map[string]any{"refund": r.ID.String(), "payment": r.PaymentID.String(), "state": string(r.State)},
	}
	switch r.State {
	case remit.RefundPending:
		entry.What = fmt.Sprintf("Stripe has the refund of %s; it is not final yet.", refundAmount(*r))
	case remit.RefundRequiresAction:
		entry.What = fmt.Sprintf("The refund of %s waits for the customer, whom Stripe has written to.", refundAmount(*r))
	case remit.RefundSucceeded:
		entry.What = refundAmount(*r) + " was refunded."
		if err := p.excessRefunded(ctx, tx, l, *r); err != nil {
			return nil, err
		}
		mailed, err := postRefund(l, *r, p.Now())
		return []remit.TimelineEntry{entry, mailed}, err
	case remit.RefundFailed, remit.RefundCanceled:
		r.Failure = refundFailure(view.FailureReason)
		undone, err := p.undoRefund(ctx, tx, l, *r, entry.Data)
		entry.What = fmt.Sprintf("The refund of %s did not go through: %s %s", refundAmount(*r), r.Failure, undone)
		entry.Data["failure"] = view.FailureReason
		if err != nil {
			return nil, err
		}
		moved, err := p.moveDisputes(ctx, tx, l, *r)
		if err != nil {
			return nil, err
		}
		again, err := p.reopened(ctx, tx, l, remit.System)
		return append(append([]remit.TimelineEntry{entry}, moved...), again...), err
	case remit.RefundRequested, remit.RefundSent:
		return nil, nil
	}
	return []remit.TimelineEntry{entry}, nil
}

// undoRefund takes back what a failed refund had promised: the invoice is paid
// again as far as it owes, and what somebody else has paid meanwhile is excess.
// What it did to the invoice is added to the data of the entry that tells of it.
func (p *Payments) undoRefund(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r remit.Refund, data map[string]any) (string, error) {
	billed := l.Billed
	was, err := tx.Against(ctx, l.ID, backOf(r).Refund(ledger.Against{}).Key)
	if err != nil {
		return "", err
	}
	sent, err := tx.Booked(ctx, backOf(r).RefundSent(1).Key)
	if err != nil {
		return "", err
	}
	if sent {
		if _, err := tx.Book(ctx, l, backOf(r).RefundReturned(r.Total())); err != nil {
			return "", err
		}
	}
	if r.Choice == remit.RefundWritesOff && l.VoidedAt == nil {
		if entry, some := ledger.WriteOff(l.ID, r.Currency, "refund-undone/"+r.ID.String(), -was.Receivable); some {
			if _, err := tx.Book(ctx, l, entry); err != nil {
				return "", err
			}
		}
		l.WroteOff = false
	}
	owed := l.Outstanding
	if l.VoidedAt != nil {
		owed = 0 // nothing is paid on a void invoice: it is excess (M9)
	}
	to := ledger.Restored(was, owed)
	if _, err := tx.Book(ctx, l, backOf(r).RefundUndone(to)); err != nil {
		return "", err
	}
	if err := liftRefundHold(ctx, tx, l, r); err != nil {
		return "", err
	}
	data["applied"], data["billed"], data["held"] = to.Receivable, l.Billed-billed, l.Hold
	if err := p.excessReturned(ctx, tx, l, r); err != nil {
		return "", err
	}
	excess := to.Excess
	if r.ExcessID != nil { // whose item is open again
		excess -= was.Excess
	}
	if excess > 0 {
		payment, err := tx.Payment(ctx, r.PaymentID)
		if err != nil {
			return "", err
		}
		kept, err := p.keepExcess(ctx, tx, l, surplus{payment: &payment, currency: r.Currency, amount: excess, reason: remit.ExcessPaidTwice, ids: idsOf(r.StripeRefund)})
		if err != nil {
			return "", err
		}
		data["excess"] = kept.Data["excess"]
		return fmt.Sprintf("The money is back; %s of it is not owed on the invoice. %s", money.Of(excess, money.Currency(r.Currency)), kept.What), nil
	}
	return "The money is back and counts as before. Pay it back another way.", nil
}

// liftRefundHold gives an invoice back the hold it had before a refund that came
// to nothing, unless another refund keeps it.
func liftRefundHold(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, undone remit.Refund) error {
	if undone.Choice != remit.RefundReopens || l.Hold == nil || l.Hold.Kind != remit.HoldRefund {
		return nil
	}
	all, err := tx.Refunds(ctx, l.ID)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != undone.ID && other.Choice == remit.RefundReopens && !other.State.Failed() {
			return nil
		}
	}
	l.Hold = l.Hold.Prior
	return nil
}

// refundFailure is why a refund failed, in words (docs.stripe.com/refunds,
// "Failed refunds").
func refundFailure(code string) string {
	words, known := map[string]string{
		"lost_or_stolen_card":                "the card is lost or stolen.",
		"expired_or_canceled_card":           "the card has expired or was cancelled.",
		"insufficient_funds":                 "the balance at Stripe is too small.",
		"balance_insufficient":               "the balance at Stripe is too small.",
		"declined":                           "the bank declined it.",
		"charge_already_refunded":            "it was already refunded at Stripe.",
		"charge_disputed":                    "the payment is disputed, and the bank decides.",
		"charge_for_pending_refund_disputed": "the payment is disputed, and the bank decides.",
		"merchant_request":                   "it was cancelled on request.",
		remit.RefundNotSeen:                  "nothing was sent back.",
		remit.RefundDisconnected:             "the Stripe account was disconnected before it was sent.",
	}[code]
	if known {
		return words
	}
	return "the bank or Stripe gave no reason."
}

package activities

import (
	"context"
	"fmt"

	"remit"
	"remit/postgres"
)

// word is what somebody says in Stripe's place.
type word struct {
	actor  remit.Actor
	reason string
}

// sign has the entry that tells how a refund or a dispute ended say whose word it is.
func (w *word) sign(entry *remit.TimelineEntry) {
	if w == nil {
		return
	}
	says := func(what string) string {
		return sentence(fmt.Sprintf("%s looked in Stripe: %s Reason: %s", actorName(w.actor), what, w.reason))
	}
	entry.Actor, entry.What = w.actor, says(entry.What)
	entry.Why = remit.Why{Rule: "a person settles what Stripe does not tell", Version: "1"}
	entry.Data["reason"] = w.reason
}

// bookBack takes a person's word for whether money went back to a payer, by a refund or a
// dispute at an account that nobody can ask any more. It is booked as if Stripe had said
// so.
func (p *Payments) bookBack(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor, in remit.SettleRequest) (remit.RequestResult, error) {
	payment, err := tx.Payment(ctx, in.Payment)
	if err != nil {
		return remit.RequestResult{}, err
	}
	if payment.InvoiceID != l.ID {
		return remit.RequestResult{}, remit.NotFound()
	}
	unasked, err := tx.NobodyAsks(ctx, payment.Account, payment.Livemode)
	if err != nil {
		return remit.RequestResult{}, err
	}
	said := &word{actor: actor, reason: in.Reason}
	result := remit.RequestResult{Payment: &payment.ID}
	if in.Refund != nil {
		result.Refund = in.Refund
		return result, p.bookRefundSaid(ctx, tx, l, payment, unasked, in, said)
	}
	return result, p.bookDisputeSaid(ctx, tx, l, payment, unasked, in, said)
}

func (p *Payments) bookRefundSaid(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment remit.Payment, unasked bool, in remit.SettleRequest, said *word) error {
	refund, err := tx.Refund(ctx, *in.Refund)
	if err != nil {
		return err
	}
	if refund.PaymentID != payment.ID {
		return remit.NotFound()
	}
	if err := mayBeSaid(refund.State.Ended(), unasked); err != nil {
		return err
	}
	return p.takeRefund(ctx, tx, l, refund, in.RefundSaid(), said)
}

func (p *Payments) bookDisputeSaid(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment remit.Payment, unasked bool, in remit.SettleRequest, said *word) error {
	disputes, err := tx.Disputes(ctx, l.ID)
	if err != nil {
		return err
	}
	for _, d := range disputes {
		if d.ID != *in.Dispute || d.PaymentID != payment.ID {
			continue
		}
		if err := mayBeSaid(d.ClosedAt != nil, unasked); err != nil {
			return err
		}
		return p.moveDispute(ctx, tx, l, d, in.DisputeSaid(d), said)
	}
	return remit.NotFound()
}

// mayBeSaid holds a person's word back where Stripe has spoken, or can be asked.
func mayBeSaid(known, unasked bool) error {
	switch {
	case known:
		return remit.Conflict(remit.CodeConflict, "What became of it is known by now. Nothing was changed.")
	case !unasked:
		return remit.Conflict(remit.CodeConflict, "Stripe is still being asked about it. It is nobody's to decide yet.")
	}
	return nil
}

package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// refund reserves what a request asks to pay back (M14): Stripe is looked at
// first, so that what was refunded there counts, and the money is promised on
// the ledger before anything is sent. The refund's own workflow sends it.
func (p *Payments) refund(ctx context.Context, ref remit.InvoiceRef, stored postgres.StoredRequest) (remit.RequestResult, error) {
	return decodeAnd(stored, func(in remit.RefundRequest) (remit.RequestResult, error) {
		w, err := p.refundedPayment(ctx, ref, in.Payment)
		if err != nil {
			return remit.RequestResult{}, err
		}
		if err := p.lookAtRefunds(ctx, ref, w); err != nil {
			return remit.RequestResult{}, p.beforeRefund(err)
		}
		p.boundary("refunds looked at")
		r := reservation{ref: ref, stored: stored, in: remit.PayRequest{Permit: in.Permit}}
		for range 3 {
			if err := p.decide(ctx, &r); err != nil {
				return remit.RequestResult{}, err
			}
			id, moved, err := p.reserveRefund(ctx, &r, in)
			if err != nil {
				return remit.RequestResult{}, err
			}
			if !moved {
				p.boundary("refund reserved")
				return remit.RequestResult{Refund: &id, Payment: &in.Payment}, nil
			}
			r.strict = true
		}
		return remit.RequestResult{}, remit.Conflict(remit.CodeConflict, "This changed meanwhile. Check, send again.")
	})
}

// refundedPayment reads the payment to be refunded, with its connection opened.
func (p *Payments) refundedPayment(ctx context.Context, ref remit.InvoiceRef, id uuid.UUID) (*refundWork, error) {
	w := &refundWork{}
	var may error
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if err := w.readPayment(ctx, tx, id); err != nil {
			return err
		}
		if w.clock, err = tx.Clock(ctx); err != nil {
			return err
		}
		last, err := tx.LastAttempt(ctx, id)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil // money that came outside Stripe
		}
		may = last.MayRefund(w.clock.Now(p.Now()))
		return err
	})
	if err != nil {
		return nil, err
	}
	if w.payment.InvoiceID != ref.Invoice {
		return nil, remit.NotFound()
	}
	if w.payment.Source == "bank_transfer" {
		return nil, remit.Conflict(remit.CodeNotRefundable, "This was received outside Stripe. Pay it back from your bank.")
	}
	if may != nil {
		return nil, may
	}
	if w.payment.State != remit.AttemptSucceeded {
		return nil, remit.Conflict(remit.CodeNotRefundable, "Only a payment that went through can be refunded.")
	}
	if w.link, err = p.Connector.Open(w.sealed); err != nil {
		return nil, p.beforeRefund(err)
	}
	return w, nil
}

// beforeRefund turns a failure of a call that cannot have moved money into an
// answer, where repeating it cannot help.
func (p *Payments) beforeRefund(err error) error {
	if errors.Is(err, errRefundUnderWay) {
		return remit.Conflict(remit.CodeNotRefundable, "Another refund of this payment is under way. Try again soon.")
	}
	if isUnreachable(err) {
		return remit.Conflict(remit.CodeNotConnected, "Stripe does not accept this organisation's keys. Enter them anew on Settings > Integrations > Stripe.")
	}
	return err
}

// reserveRefund promises the money back, in one transaction with the refund's
// row, its place on the agenda and the timeline.
func (p *Payments) reserveRefund(ctx context.Context, r *reservation, in remit.RefundRequest) (id uuid.UUID, moved bool, err error) {
	err = p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, r.ref.Invoice)
		if err != nil {
			return err
		}
		if made, err := tx.RefundOfRequest(ctx, r.stored.ID); err != nil || made != nil {
			if made != nil {
				id = made.ID
			}
			return err
		}
		again, err := tx.Request(ctx, r.ref.Invoice, r.stored.ID)
		if err != nil {
			return err
		}
		if again.Result != nil && again.Result.Refused != nil {
			return again.Result.Refused.AsError() // whoever asked was told so already
		}
		if moved, err = p.policyMoved(ctx, tx, r); err != nil || moved {
			return err
		}
		if err := MoneyOn(ctx, p.Seals, tx); err != nil {
			return err
		}
		refund, against, err := p.newRefund(ctx, tx, l, r.stored, in)
		if err != nil {
			return err
		}
		id = refund.ID
		return p.promise(ctx, tx, l, refund, against)
	})
	return id, moved, err
}

// newRefund decides how much goes back and what it is taken off.
func (p *Payments) newRefund(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, stored postgres.StoredRequest, in remit.RefundRequest) (remit.Refund, ledger.Against, error) {
	payment, err := tx.Payment(ctx, in.Payment)
	if err != nil {
		return remit.Refund{}, ledger.Against{}, err
	}
	if err := p.holdAccount(ctx, tx, payment); err != nil {
		return remit.Refund{}, ledger.Against{}, err
	}
	may, err := tx.Refundable(ctx, payment.ID)
	if err != nil {
		return remit.Refund{}, ledger.Against{}, err
	}
	surcharge, currency := int64(0), payment.Currency
	if in.Choice != remit.RefundExcess { // excess has its own item, which says how much there is
		if surcharge, err = may.Refund(in.Amount, money.Currency(payment.Currency), in.ReturnSurcharge); err != nil {
			return remit.Refund{}, ledger.Against{}, err
		}
	} else if may.Disputed {
		return remit.Refund{}, ledger.Against{}, remit.Conflict(remit.CodeNotRefundable, "Disputed: the bank decides.")
	} else if currency, err = takeExcess(ctx, tx, l, in, p.Now()); err != nil {
		return remit.Refund{}, ledger.Against{}, err
	}
	id, err := newID()
	if err != nil {
		return remit.Refund{}, ledger.Against{}, err
	}
	now := l.Clock.Now(p.Now())
	refund := remit.Refund{
		ID: id, InvoiceID: l.ID, PaymentID: payment.ID, RequestID: &stored.ID, ExcessID: in.Excess, Account: payment.Account, Livemode: payment.Livemode,
		Currency: currency, Amount: in.Amount, Surcharge: surcharge, Reason: in.Reason, Choice: in.Choice, State: remit.RefundRequested,
		Actor: stored.Actor, CreatedAt: now, Since: now, ReturnFee: p.ApplicationFee.Returned && payment.ApplicationFee > 0,
	}
	return refund, against(refund), nil
}

// holdAccount keeps the connection to a payment's account from being ended until the
// transaction is, or says that it was: what is promised now could never be sent.
func (p *Payments) holdAccount(ctx context.Context, tx *postgres.Tx, payment remit.Payment) error {
	sealed, err := tx.HoldConnectionOf(ctx, payment.Account, payment.Livemode)
	if err == nil {
		_, err = p.Connector.Open(sealed)
	}
	return p.beforeRefund(err)
}

// against is what a refund takes its money off, by the choice that was made.
func against(r remit.Refund) ledger.Against {
	of := ledger.Against{Surcharge: r.Surcharge}
	switch r.Choice {
	case remit.RefundReopens, remit.RefundWritesOff:
		of.Receivable = r.Amount
	case remit.RefundSettles:
		of.Revenue = r.Amount
	case remit.RefundExcess:
		of.Excess = r.Amount
	}
	return of
}

func backOf(r remit.Refund) ledger.Back {
	return ledger.Back{ID: r.ID, Invoice: r.InvoiceID, Payment: r.PaymentID, Currency: r.Currency}
}

// promise books a refund and brings its invoice in line with the choice.
func (p *Payments) promise(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, refund remit.Refund, of ledger.Against) error {
	if err := tx.InsertRefund(ctx, refund); err != nil {
		return err
	}
	if _, err := tx.Book(ctx, l, backOf(refund).Refund(of)); err != nil {
		return err
	}
	switch refund.Choice {
	case remit.RefundReopens:
		l.WroteOff = false
		if l.Hold == nil || !l.Hold.Kind.Money() {
			l.Hold = remit.Hold{Reason: "refunded: " + refund.Reason, Kind: remit.HoldRefund, Since: l.Clock.Now(p.Now())}.Over(l.Hold)
		}
	case remit.RefundWritesOff:
		if entry, some := ledger.WriteOff(l.ID, refund.Currency, "refund/"+refund.ID.String(), of.Receivable); some {
			if _, err := tx.Book(ctx, l, entry); err != nil {
				return err
			}
		}
		l.WroteOff = l.Outstanding == 0 // of an invoice that still owes the rest only this much is given up
	case remit.RefundSettles, remit.RefundExcess:
	}
	if !refund.State.Ended() {
		if err := tx.Plan(ctx, l, remit.AgendaRefund, refund.ID, refund.CreatedAt, "Send the refund of "+refundAmount(refund)); err != nil {
			return err
		}
	}
	entries := []remit.TimelineEntry{refundEntry(l, refund, of)}
	if refund.Choice == remit.RefundReopens {
		again, err := p.reopened(ctx, tx, l, refund.Actor)
		if err != nil {
			return err
		}
		entries = append(entries, again...)
	}
	return p.closeBooks(ctx, tx, l, entries)
}

// reopened makes an invoice that owes again somebody's work; a store's order is nobody's.
func (p *Payments) reopened(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor) ([]remit.TimelineEntry, error) {
	if l.Outstanding == 0 || l.VoidedAt != nil || l.Contests || l.Order() { // which asks once the bank has decided
		return nil, nil
	}
	if at := remit.OverdueAt(l.DueDate, l.Zone); at.After(l.Clock.Now(p.Now())) {
		if err := tx.Plan(ctx, l, remit.AgendaOverdue, l.ID, at, "Becomes overdue"); err != nil {
			return nil, err
		}
	}
	if err := planLateFee(ctx, tx, l, p.Now()); err != nil {
		return nil, err
	}
	return openItem(ctx, tx, l, p.Now(), actor)
}

func refundAmount(r remit.Refund) string {
	return money.Of(r.Total(), money.Currency(r.Currency)).String()
}

func refundEntry(l *postgres.LockedInvoice, r remit.Refund, of ledger.Against) remit.TimelineEntry {
	what := fmt.Sprintf("%s refunds %s", actorName(r.Actor), refundAmount(r))
	if r.RequestID == nil {
		what = refundAmount(r) + " was refunded at Stripe"
	}
	if r.Reason != "" {
		what += ": " + r.Reason
	}
	after := map[remit.RefundChoice]string{
		remit.RefundReopens: "It is due again, on hold.", remit.RefundSettles: "The invoice stays settled.",
		remit.RefundWritesOff: "It is written off.", remit.RefundExcess: "It was never applied to the invoice.",
	}[r.Choice]
	if of.Credit > 0 {
		after += fmt.Sprintf(" %s of it was %s's credit, and is not any more.", money.Of(of.Credit, money.Currency(r.Currency)), l.CustomerName)
	}
	return remit.TimelineEntry{
		Kind: "refund", Actor: r.Actor, What: sentence(what) + " " + after,
		Why: remit.Why{Rule: "whoever refunds says what becomes of the invoice", Version: "1"}, StripeIDs: idsOf(r.StripeRefund),
		Data: map[string]any{"refund": r.ID.String(), "payment": r.PaymentID.String(), "amount": r.Amount, "surcharge": r.Surcharge, "then": string(r.Choice), "state": string(r.State), "held": l.Hold},
	}
}

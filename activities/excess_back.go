package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/postgres"
)

// takeExcess puts the item that a refund gives back on its way, in the item's own
// currency.
func takeExcess(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, in remit.RefundRequest, real time.Time) (currency string, err error) {
	if in.Excess == nil {
		return "", remit.Invalid("excess", "Say which money that could not be applied goes back.")
	}
	item, err := tx.LockExcess(ctx, *in.Excess)
	if err != nil {
		return "", err
	}
	if item.InvoiceID == nil || *item.InvoiceID != l.ID {
		return "", remit.NotFound()
	}
	if _, err := item.Decide(remit.ExcessRefund, nil); err != nil {
		return "", err
	}
	if *item.PaymentID != in.Payment || item.Amount != in.Amount {
		return "", remit.Invalid("amount", "%s of this payment could not be applied, and goes back whole.", item.Money())
	}
	item.State = remit.ExcessRefunding
	if err := tx.SaveExcess(ctx, item); err != nil {
		return "", err
	}
	return item.Currency, tx.Done(ctx, remit.AgendaExcess, item.ID, l.Clock.Now(real))
}

// excessRefunded ends the item that a refund gave back.
func (p *Payments) excessRefunded(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r remit.Refund) error {
	if r.ExcessID == nil {
		return nil
	}
	item, err := tx.LockExcess(ctx, *r.ExcessID)
	if err != nil {
		return err
	}
	now := l.Clock.Now(p.Now())
	item.State, item.ResolvedBy, item.ResolvedAt = remit.ExcessRefunded, &r.Actor, &now
	return tx.SaveExcess(ctx, item)
}

// excessReturned opens the item again whose refund failed. What was tried is not
// tried again by itself.
func (p *Payments) excessReturned(ctx context.Context, tx *postgres.Tx, _ *postgres.LockedInvoice, r remit.Refund) error {
	if r.ExcessID == nil {
		return nil
	}
	item, err := tx.LockExcess(ctx, *r.ExcessID)
	if err != nil {
		return err
	}
	item.State, item.DefaultAction, item.Due, item.ResolvedBy, item.ResolvedAt = remit.ExcessOpen, remit.ExcessNone, nil, nil, nil
	return tx.SaveExcess(ctx, item)
}

// excessTaken closes items of a payment's money that could not be applied, the
// oldest first and up to an amount: Stripe has taken it. Of an item that is taken
// in part the rest stays to be decided on. It gives how much was taken.
func (p *Payments) excessTaken(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment uuid.UUID, amount int64) (sum int64, err error) {
	items, err := tx.OpenExcess(ctx, payment)
	if err != nil {
		return 0, err
	}
	now := l.Clock.Now(p.Now())
	for _, item := range items {
		taken, left := item.Take(amount - sum)
		if taken.Amount == 0 {
			break
		}
		sum += taken.Amount
		taken.State, taken.ResolvedBy, taken.ResolvedAt = remit.ExcessRefunded, &remit.Stripe, &now
		if left.Amount == 0 {
			if err := tx.SaveExcess(ctx, taken); err != nil {
				return 0, err
			}
			if err := tx.Done(ctx, remit.AgendaExcess, item.ID, now); err != nil {
				return 0, err
			}
			continue
		}
		if taken.ID, err = newID(); err != nil {
			return 0, err
		}
		if _, err := tx.InsertExcess(ctx, taken); err != nil {
			return 0, err
		}
		if err := tx.SaveExcess(ctx, left); err != nil {
			return 0, err
		}
		if left.Due != nil {
			if err := tx.Plan(ctx, l, remit.AgendaExcess, left.ID, *left.Due, planWords(left)); err != nil {
				return 0, err
			}
		}
	}
	return sum, nil
}

// takenFirst is what a refund that was made at Stripe takes its amount off: money
// of the payment that was never applied, then what was paid on the invoice, then
// the surcharge, last the credit that money of it became. The items it takes are
// closed by it.
func (p *Payments) takenFirst(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment uuid.UUID, amount int64) (of ledger.Against, err error) {
	if of.Excess, err = p.excessTaken(ctx, tx, l, payment, amount); err != nil {
		return of, err
	}
	may, err := tx.Refundable(ctx, payment)
	if err != nil {
		return of, err
	}
	held, err := heldOf(ctx, tx, l, payment)
	if err != nil {
		return of, err
	}
	of.Revenue = min(amount-of.Excess, may.Applied)
	of.Surcharge = min(amount-of.Sum(), may.Surcharge)
	of.Credit = min(amount-of.Sum(), held.Credit)
	of.Revenue += amount - of.Sum() // what was kept as credit and spent is lost
	return of, nil
}

// heldOf reads what of a payment's money has not gone back; of what was kept as
// the customer's credit, as much as he has left.
func heldOf(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment uuid.UUID) (held ledger.Held, err error) {
	if held, err = tx.Held(ctx, payment); err != nil || held.Credit <= 0 {
		held.Credit = 0
		return held, err
	}
	currency, err := tx.ReceivedIn(ctx, payment)
	if err != nil {
		return held, err
	}
	credit, err := tx.LockCredit(ctx, l.CustomerID, currency)
	held.Credit = min(held.Credit, credit)
	return held, err
}

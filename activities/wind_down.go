package activities

import (
	"context"
	"errors"

	"remit"
	"remit/postgres"
)

// windDown closes what an invoice has open at an account that is being disconnected:
// a hosted checkout, and intents that could still be charged there. What is on its
// way is followed on to its end. The timeline is told once; asked again, after that, it
// is refused what could not be closed, to be asked once more.
func (p *Payments) windDown(ctx context.Context, ref remit.InvoiceRef, stored postgres.StoredRequest, in remit.WindDownRequest) error {
	if in.Gone {
		return nil // nobody can ask there any more
	}
	err := p.closeOpenCheckout(ctx, ref)
	if refusal(err) != nil {
		return nil // money is on its way there, and followed
	}
	if err != nil {
		return err
	}
	var open []remit.Payment
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		payments, err := tx.Payments(ctx, ref.Invoice)
		for _, payment := range payments {
			if payment.Account == in.Account && payment.PaymentIntent != "" && !payment.IntentClosed {
				open = append(open, payment)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, payment := range open {
		err := p.closeIntent(ctx, ref, stored.ID, payment)
		if err != nil && (in.Again || refusal(err) == nil && !errors.Is(err, errKeysGone)) {
			return err
		}
	}
	return nil
}

// woundDown tells the timeline that nothing is charged by itself until an account is
// connected again, and that what is on its way is followed.
func (p *Payments) woundDown(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, in remit.WindDownRequest) error {
	charge, err := tx.Charge(ctx, l.ID)
	if err != nil {
		return err
	}
	entry := remit.TimelineEntry{
		Kind: "disconnected", Actor: remit.System, What: "The Stripe account is being disconnected.",
		Why:  remit.Why{Rule: "what is on its way is followed, nothing new is begun", Version: "1"},
		Data: map[string]any{"account": in.Account, "charge": charge != nil, "live": l.Live != nil},
	}
	if in.Gone {
		entry.Actor, entry.What = remit.Stripe, "Access to the Stripe account was taken away."
	}
	if charge != nil {
		entry.What += " The charge that was planned waits until an account is connected again."
	}
	switch {
	case l.Live != nil && in.Gone:
		entry.What += " What becomes of the payment under way cannot be seen any more: look in Stripe."
	case l.Live != nil:
		entry.What += " The payment under way is followed to its end."
	}
	return tx.SaveInvoice(ctx, l, p.Now(), entry)
}

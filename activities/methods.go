package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// StoreCard stores a customer's card as Stripe describes it.
func StoreCard(ctx context.Context, db *postgres.DB, tenant uuid.UUID, link *Link, customer uuid.UUID, card gateway.CardView, now time.Time) error {
	id, err := newID()
	if err != nil {
		return err
	}
	method := remit.PaymentMethod{
		ID: id, CustomerID: customer, Account: link.Account, Livemode: link.Livemode, StripeID: card.ID, Type: "card", Brand: card.Brand, Last4: card.Last4,
		ExpMonth: card.ExpMonth, ExpYear: card.ExpYear, Funding: card.Funding, Fingerprint: card.Fingerprint, Status: remit.MethodUsable,
	}
	return db.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		_, _, err := tx.UpsertMethod(ctx, method, now)
		return err
	})
}

// keepCards stores the cards that a checkout saved with its customer.
func (p *Payments) keepCards(ctx context.Context, w *work) error {
	cards, err := w.link.Stripe.PaymentMethods(ctx, w.payment.StripeCustomer)
	if err != nil {
		return err
	}
	for _, card := range cards {
		if err := StoreCard(ctx, p.DB, w.ref.Tenant, w.link, w.payment.CustomerID, card, p.Now()); err != nil {
			return err
		}
	}
	return nil
}

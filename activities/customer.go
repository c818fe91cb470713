package activities

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// MakeStripeCustomer creates a customer at the connected account and stores its
// id. The id that was stored first stands, and one that was made and is not stored is
// deleted again. Returns [remit.CodeNotPayable] for a customer who was deleted: nothing
// is made at Stripe of him.
func (c *Connector) MakeStripeCustomer(ctx context.Context, tenant uuid.UUID, link *Link, customer remit.Customer) (string, error) {
	// The key follows what is sent: after a correction it is another request.
	// So it is after the customer was taken off the one that was made before.
	contact := remit.ContactOf(customer)
	words := customer.Name + "\n" + customer.Email
	if contact.Telephone != "" || contact.Address != (remit.CustomerAddress{}) {
		words = fmt.Sprintf("%+v", contact)
	}
	sent := sha256.Sum256([]byte(words))
	key := fmt.Sprintf("customer/%s/create/%x", customer.ID, sent[:8])
	var ended int
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		is, err := tx.Customer(ctx, customer.ID)
		if err != nil {
			return err
		}
		if err := is.Collectable(); err != nil {
			return err
		}
		ended, err = tx.LinksEnded(ctx, customer.ID)
		return err
	})
	if err != nil {
		return "", err
	}
	if ended > 0 {
		key += fmt.Sprintf("/%d", ended)
	}
	made, err := link.Stripe.CreateCustomer(ctx, key, contact,
		map[string]string{"remit_tenant": tenant.String(), "remit_customer": customer.ID.String()})
	if err != nil {
		return "", err
	}
	var stored string
	var vain bool
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.LockCustomer(ctx, customer.ID); err != nil {
			return err
		}
		is, err := tx.Customer(ctx, customer.ID)
		if err != nil {
			return err
		}
		if is.DeletedAt == nil {
			if err := tx.LinkStripeCustomer(ctx, customer.ID, link.Account, link.Livemode, made, contact); err != nil {
				return err
			}
		}
		if stored, err = tx.StripeCustomer(ctx, customer.ID, link.Account, link.Livemode); err != nil {
			return err
		}
		vain, err = madeInVain(ctx, tx, link, customer.ID, made, ended)
		return err
	})
	if err != nil {
		return "", err // it may be stored all the same: the next try makes the same one
	}
	if vain {
		if err := link.Stripe.DeleteCustomer(ctx, made); err != nil && !isMissing(err) {
			return "", err
		}
	}
	if stored == "" {
		return "", remit.CustomerGone()
	}
	return stored, nil
}

// madeInVain reports that one who was made at Stripe is nobody's: neither this customer's,
// who got another meanwhile or was deleted, nor anybody else's. One who was linked and
// unlinked meanwhile stays at Stripe, as whoever is unlinked does.
func madeInVain(ctx context.Context, tx *postgres.Tx, link *Link, customer uuid.UUID, made string, before int) (bool, error) {
	whose, err := tx.CustomerOfStripe(ctx, link.Account, made)
	if err != nil || whose != uuid.Nil {
		return false, err
	}
	ended, err := tx.LinksEnded(ctx, customer)
	return ended == before, err
}

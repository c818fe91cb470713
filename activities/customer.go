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
// id. The id that was stored first stands.
func (c *Connector) MakeStripeCustomer(ctx context.Context, tenant uuid.UUID, link *Link, customer remit.Customer) (string, error) {
	// The key follows what is sent: after a correction it is another request.
	// So it is after the customer was taken off the one that was made before.
	sent := sha256.Sum256([]byte(customer.Name + "\n" + customer.Email))
	key := fmt.Sprintf("customer/%s/create/%x", customer.ID, sent[:8])
	var ended int
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		ended, err = tx.LinksEnded(ctx, customer.ID)
		return err
	})
	if err != nil {
		return "", err
	}
	if ended > 0 {
		key += fmt.Sprintf("/%d", ended)
	}
	made, err := link.Stripe.CreateCustomer(ctx, key, customer.Name, customer.Email,
		map[string]string{"remit_tenant": tenant.String(), "remit_customer": customer.ID.String()})
	if err != nil {
		return "", err
	}
	var stored string
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.LinkStripeCustomer(ctx, customer.ID, link.Account, link.Livemode, made); err != nil {
			return err
		}
		stored, err = tx.StripeCustomer(ctx, customer.ID, link.Account, link.Livemode)
		return err
	})
	return stored, err
}

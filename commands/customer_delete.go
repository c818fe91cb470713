package commands

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// DeleteCustomer deletes a customer's account (CU6). What is saved at Stripe is taken
// away. atStripe says what becomes of the customer there; where it is "" one whom Remit
// made is deleted, and one whom somebody else made kept. Of what is
// personal only the name stays, which his invoices carry; invoices and what was booked
// stay as they are. While he is needed he is not deleted ([remit.CodeCustomerNeeded]).
func (c *Commands) DeleteCustomer(ctx context.Context, caller Caller, id uuid.UUID, atStripe string) error {
	tenant, who, err := c.mayLink(ctx, caller, id)
	if err != nil {
		return err
	}
	if atStripe != "" && atStripe != remit.StripeKeep && atStripe != remit.StripeDelete {
		return remit.Invalid("stripe", "Choose keep or delete.")
	}
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.LockCustomer(ctx, id); err != nil {
			return err
		}
		if who, err = tx.Customer(ctx, id); err != nil {
			return err
		}
		if who.DeletedAt != nil {
			return remit.NotFound()
		}
		ties, err := tx.CustomerTies(ctx, id)
		if err != nil {
			return err
		}
		if err := ties.Deletable(); err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		ends, err := endLinks(ctx, tx, id, atStripe)
		if err != nil {
			return err
		}
		if err := tx.DeleteCustomer(ctx, who, clock.Now(c.Now())); err != nil {
			return err
		}
		// The trail keeps what was done, and not again what is not to be kept.
		said := make([]string, 0, len(ends))
		for _, at := range slices.Sorted(maps.Keys(ends)) {
			said = append(said, at+": "+ends[at])
		}
		return c.audit(ctx, tx, changing(caller.entry("customer.delete", "customer "+id.String(), who.Organisation), map[string]any{"name": who.Name, "at_stripe": said}, nil))
	})
}

// endLinks has all links of a customer end at Stripe, and says how each does.
func endLinks(ctx context.Context, tx *postgres.Tx, id uuid.UUID, atStripe string) (map[string]string, error) {
	links, err := tx.LinksOf(ctx, id)
	if err != nil {
		return nil, err
	}
	ends := map[string]string{}
	for _, link := range links {
		how := atStripe
		switch {
		case how != "":
		case link.MadeHere:
			how = remit.StripeDelete
		default:
			how = remit.StripeKeep
		}
		ends[link.StripeCustomer] = how
		if err := tx.EndAtStripe(ctx, id, link.Account, link.Livemode, how); err != nil {
			return nil, err
		}
	}
	return ends, nil
}

package commands

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// LinkInput names the customer at Stripe whom one of ours is to be linked with.
type LinkInput struct {
	StripeCustomer string
	// Field is what the id is called where it came from; stripe_customer_id by default.
	Field string
}

// LinkCustomer links a customer with one of the connected account, who is looked at
// before, in the place of the one he was linked with. What is saved there is his from
// then on, the default there first: he can be charged at once (CU4, CU8).
func (c *Commands) LinkCustomer(ctx context.Context, caller Caller, id uuid.UUID, body Body[LinkInput]) (remit.Customer, error) {
	tenant, who, err := c.mayLink(ctx, caller, id)
	if err != nil {
		return remit.Customer{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Customer{}, err
	}
	linking, err := c.prepareLink(ctx, caller, tenant, who, in)
	if err != nil {
		return remit.Customer{}, err
	}
	if err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return linking.carryOut(ctx, tx) }); err != nil {
		return remit.Customer{}, linking.named(ctx, err)
	}
	return linking.customer(ctx)
}

// UnlinkCustomer takes a customer off his customer at Stripe, who stays there. What is
// saved there can no longer be charged from here; the next payment makes him a new
// one (CU5). One who has no link is left as he is.
func (c *Commands) UnlinkCustomer(ctx context.Context, caller Caller, id uuid.UUID) (remit.Customer, error) {
	tenant, who, err := c.mayLink(ctx, caller, id)
	if err != nil {
		return remit.Customer{}, err
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveConnection(ctx)
		if err != nil || live == nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		was, err := activities.UnlinkCustomer(ctx, tx, &activities.Link{SealedConnection: *live}, id, "", clock.Now(c.Now()))
		if err != nil || was == "" {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("customer.unlink", "customer "+id.String(), who.Organisation), was, nil))
	})
	if err != nil {
		return remit.Customer{}, err
	}
	return c.readCustomer(ctx, tenant, id)
}

// mayLink finds a customer whose link the caller may change.
func (c *Commands) mayLink(ctx context.Context, caller Caller, id uuid.UUID) (uuid.UUID, remit.Customer, error) {
	found, who, err := c.seeCustomer(ctx, caller, id, remit.StripeAll)
	if err != nil {
		return uuid.Nil, who, err
	}
	return found.member.Tenant, who, c.authorise(ctx, caller, found.member.Tenant, who.Organisation, remit.StripeAll)
}

// CustomerAtStripe is the account that a customer whom the caller may see is linked
// at; the zero one where none is connected.
func (c *Commands) CustomerAtStripe(ctx context.Context, caller Caller, id uuid.UUID) (at postgres.DashboardOf, err error) {
	found, _, err := c.seeCustomer(ctx, caller, id)
	if err != nil {
		return at, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveConnection(ctx)
		if err == nil && live != nil {
			at = figuresOf(live)
		}
		return err
	})
	return at, err
}

func (c *Commands) readCustomer(ctx context.Context, tenant, id uuid.UUID) (who remit.Customer, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		who, err = tx.Customer(ctx, id)
		return err
	})
	return who, err
}

// linking is a link that was looked at and is to be written.
type linking struct {
	*Commands

	caller Caller
	tenant uuid.UUID
	who    remit.Customer
	link   *activities.Link
	is     activities.Linkable
}

// linkingOf prepares the link that a change of a customer asks for; nil where it asks
// for none, or for the one that he has.
func (c *Commands) linkingOf(ctx context.Context, caller Caller, tenant uuid.UUID, who remit.Customer, wanted *string) (*linking, error) {
	if wanted == nil || *wanted == who.StripeCustomer {
		return nil, nil
	}
	if err := c.authorise(ctx, caller, tenant, who.Organisation, remit.StripeAll); err != nil {
		return nil, err
	}
	return c.prepareLink(ctx, caller, tenant, who, LinkInput{StripeCustomer: *wanted, Field: "externalIds"})
}

// prepareLink looks at the customer at Stripe. That one who is another's here is
// refused before, so that nothing is asked for in vain; the database refuses him too.
func (c *Commands) prepareLink(ctx context.Context, caller Caller, tenant uuid.UUID, who remit.Customer, in LinkInput) (*linking, error) {
	if in.Field == "" {
		in.Field = "stripe_customer_id"
	}
	id, err := remit.ParseStripeCustomer(in.Field, in.StripeCustomer)
	if err != nil {
		return nil, err
	}
	link, err := c.connected(ctx, tenant)
	if err != nil {
		return nil, err
	}
	l := &linking{Commands: c, caller: caller, tenant: tenant, who: who, link: link}
	l.is.ID = id
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		whose, err := tx.CustomerOfStripe(ctx, link.Account, id)
		if err == nil && whose != uuid.Nil && whose != who.ID {
			err = remit.TakenBy(id, "")
		}
		return err
	})
	if err != nil {
		return nil, l.named(ctx, err)
	}
	if l.is, err = activities.LookForLink(ctx, link, in.Field, id); err != nil {
		return nil, unavailable(err)
	}
	return l, nil
}

// connected opens the connection in force, whether or not it takes charges now.
func (c *Commands) connected(ctx context.Context, tenant uuid.UUID) (*activities.Link, error) {
	var live *postgres.SealedConnection
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if live == nil || live.DisconnectingSince != nil {
		return nil, remit.Conflict(remit.CodeNotConnected, "No Stripe account is connected. Connect one on Settings > Integrations > Stripe.")
	}
	link, err := c.connector().Open(live)
	if activities.NoKeys(err) {
		return nil, remit.Conflict(remit.CodeNotConnected, "The connected Stripe account cannot be reached. See Settings > Integrations > Stripe.")
	}
	return link, err
}

func (l *linking) carryOut(ctx context.Context, tx *postgres.Tx) error {
	if l == nil {
		return nil
	}
	live, err := tx.UseConnection(ctx)
	if err != nil {
		return err
	}
	if live == nil || live.ID != l.link.ID || live.DisconnectingSince != nil {
		return remit.Conflict(remit.CodeConflict, "The Stripe account was changed meanwhile. Check and link again.")
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	fresh, was, err := activities.LinkCustomer(ctx, tx, l.link, l.who.ID, l.is, clock.Now(l.Now()))
	if err != nil || !fresh {
		return err
	}
	var before any
	if was != "" {
		before = was
	}
	return l.audit(ctx, tx, changing(l.caller.entry("customer.link", "customer "+l.who.ID.String(), l.who.Organisation), before, l.is.ID))
}

// named puts the name of the customer whom a customer at Stripe belongs to into a
// refusal, where the caller may read it.
func (l *linking) named(ctx context.Context, err error) error {
	if l == nil || !remit.IsCode(err, remit.CodeLinkTaken) {
		return err
	}
	var other remit.Customer
	readErr := l.DB.InTenant(ctx, l.tenant, func(tx *postgres.Tx) error {
		id, err := tx.CustomerOfStripe(ctx, l.link.Account, l.is.ID)
		if err != nil || id == uuid.Nil {
			return err
		}
		other, err = tx.Customer(ctx, id)
		return err
	})
	if readErr != nil || other.ID == uuid.Nil {
		return errors.Join(err, readErr)
	}
	decision, canErr := l.can(ctx, l.caller, l.tenant, other.Organisation, remit.CustomerRead)
	if canErr != nil {
		return canErr
	}
	if !decision.Allowed {
		return err
	}
	return remit.TakenBy(l.is.ID, other.Name)
}

// customer is how he stands after it; what is open of his may be charged by the
// methods that came with the link.
func (l *linking) customer(ctx context.Context) (remit.Customer, error) {
	if err := l.followCustomer(ctx, l.tenant, l.who.ID); err != nil {
		return remit.Customer{}, err
	}
	return l.readCustomer(ctx, l.tenant, l.who.ID)
}

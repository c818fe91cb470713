package commands

import (
	"context"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// Connection is the organisation's link to Stripe. Where there is none its
// status is disconnected and everything else is empty.
func (c *Commands) Connection(ctx context.Context, caller Caller, organisation string) (remit.Connection, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return remit.Connection{}, err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if live, err = tx.LiveConnection(ctx); err != nil || live == nil {
			return err
		}
		err = tx.Hear(ctx, &live.Connection)
		live.Reported = live.Mode.Platform() && !c.ConnectSecret.IsZero()
		live.EventsMissing = live.Silent(c.Now())
		return err
	})
	if err != nil || live == nil {
		return remit.Connection{Tenant: member.Tenant, Status: remit.ConnectionDisconnected}, err
	}
	return live.Connection, nil
}

// StripeAccount is the connected account as Stripe describes it now.
func (c *Commands) StripeAccount(ctx context.Context, caller Caller, organisation string) (gateway.Account, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return gateway.Account{}, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, member.Path, remit.StripeRead); err != nil {
		return gateway.Account{}, err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err != nil {
		return gateway.Account{}, err
	}
	if live == nil {
		return gateway.Account{}, activities.Usable(nil)
	}
	link, err := c.connector().Open(live)
	if err != nil {
		return gateway.Account{}, unavailable(err)
	}
	asked := c.Now()
	account, err := link.Stripe.Account(ctx)
	if err != nil {
		return gateway.Account{}, unavailable(err)
	}
	_, err = c.connections().Record(ctx, remit.ConnectionRef{Tenant: member.Tenant, Connection: live.ID}, &account.Facts, false, asked, remit.SourcePerson)
	return account, err
}

// atTop resolves ?organisation for what sits at a top-level path, and asks for
// a permission there.
func (c *Commands) atTop(ctx context.Context, caller Caller, organisation string, scope remit.Scope) (Membership, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return Membership{}, err
	}
	visible, err := c.sees(ctx, caller, member.Tenant, orTop(organisation, member))
	if err != nil {
		return Membership{}, err
	}
	if !visible {
		return Membership{}, remit.NotFound()
	}
	return member, c.authorise(ctx, caller, member.Tenant, member.Path, scope)
}

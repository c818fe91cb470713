package commands

import (
	"context"

	"remit"
	"remit/postgres"
)

// Disconnect ends an organisation's connection in good order: nothing new is begun at
// once; what is open is closed; what is on its way is followed to its end; then access
// is given up. It answers when that is done, or as far as it has come. With force
// access is given up now, and what can no longer be followed is for people to look up
// in Stripe.
func (c *Commands) Disconnect(ctx context.Context, caller Caller, organisation string, force bool) (remit.Connection, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeAll)
	if err != nil {
		return remit.Connection{}, err
	}
	if err := c.strongly(caller); err != nil {
		return remit.Connection{}, err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if live, err = tx.EndingConnection(ctx); err != nil {
			return err
		}
		if live == nil {
			return remit.Conflict(remit.CodeNotConnected, "No Stripe account is connected.")
		}
		if live.DisconnectingSince != nil && !force {
			return nil
		}
		return c.beginDisconnect(ctx, tx, caller, member, live, force)
	})
	if err != nil {
		return remit.Connection{}, err
	}
	ref := remit.ConnectionRef{Tenant: member.Tenant, Connection: live.ID}
	if err := c.lookAtAccount(ctx, ref); err != nil {
		c.Logger.WarnContext(ctx, "a connection is wound down later", "connection", live.ID, "error", err)
	}
	if force {
		if err := c.connections().End(ctx, ref, caller.Name+" did not wait for what was on its way. The account is disconnected.", caller.Actor()); err != nil {
			return remit.Connection{}, unavailable(err)
		}
		c.follow(ctx, ref, "it was ended")
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.Connection(ctx, live.ID)
		return err
	})
	return live.Connection, err
}

func (c *Commands) beginDisconnect(ctx context.Context, tx *postgres.Tx, caller Caller, member Membership, live *postgres.SealedConnection, force bool) error {
	clock, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	now := clock.Now(c.Now())
	if err := tx.BeginDisconnect(ctx, live.ID, now); err != nil {
		return err
	}
	if err := tx.OnlineOff(ctx, live.OrganisationID); err != nil {
		return err
	}
	if err := tx.PlanConnection(ctx, live.Connection, now); err != nil {
		return err
	}
	what := "Disconnecting. Nothing new is collected."
	if force {
		what = "Disconnecting, without waiting for what is on its way."
	}
	err = tx.TellConnection(ctx, live.ID, remit.ConnectionChange{
		At: now, Status: live.Status, Charges: live.ChargesEnabled, Payouts: live.PayoutsEnabled, What: what, Source: remit.SourcePerson, Actor: caller.Actor(),
	})
	if err != nil {
		return err
	}
	return c.audit(ctx, tx, changing(caller.entry("stripe.disconnect", "account "+live.Account, member.Path), nil, map[string]any{"account": live.Account, "forced": force}))
}

// Impact says what disconnecting would touch (Z7).
func (c *Commands) Impact(ctx context.Context, caller Caller, organisation string) (remit.Impact, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeAll)
	if err != nil {
		return remit.Impact{}, err
	}
	var impact remit.Impact
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveConnection(ctx)
		if err != nil {
			return err
		}
		if live == nil {
			return remit.Conflict(remit.CodeNotConnected, "No Stripe account is connected.")
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		impact, err = tx.Impact(ctx, live.Connection, clock.Now(c.Now()).Add(remit.ImpactAhead))
		return err
	})
	return impact, err
}

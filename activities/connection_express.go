package activities

import (
	"context"
	"errors"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// MakeExpress has Stripe make the account of an Express connection and notes its id.
// Under the connection's own key a repeated create is the same account. What Stripe
// refuses, as a country it does not serve, would be refused again: the connection ends
// by it, so that its organisation is free to connect otherwise, and the refusal is the
// error.
func (a *Connections) MakeExpress(ctx context.Context, c *postgres.SealedConnection) error {
	platform := a.Connector.Gateway.Platform()
	if platform == nil {
		return remit.Conflict(remit.CodeNotConnected, "Stripe's platform account is not configured here.")
	}
	account, err := platform.CreateExpress(ctx, "connection/"+c.ID.String()+"/account", gateway.ExpressAccount{
		Country: c.Country, Email: c.Email, Business: c.BusinessName, Connection: c.ID.String(),
	})
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Refused() {
		ref := remit.ConnectionRef{Tenant: c.Tenant, Connection: c.ID}
		return errors.Join(err, a.End(ctx, ref, "Stripe did not make an account ("+failure.Named()+").", remit.Stripe))
	}
	if err != nil {
		return err
	}
	a.boundary("account made")
	c.Account = account.ID
	return a.DB.InTenant(ctx, c.Tenant, func(tx *postgres.Tx) error { return tx.NameAccount(ctx, c.ID, account.ID) })
}

// whereRepeatingHelps drops a failure that has ended the connection.
func whereRepeatingHelps(err error) error {
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Refused() {
		return nil
	}
	return err
}

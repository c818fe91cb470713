package activities

import (
	"context"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// MakeExpress has Stripe make the account of an Express connection and notes its id.
// Under the connection's own key a repeated create is the same account.
func (a *Connections) MakeExpress(ctx context.Context, c *postgres.SealedConnection) error {
	platform := a.Connector.Gateway.Platform()
	if platform == nil {
		return remit.Conflict(remit.CodeNotConnected, "Stripe's platform account is not configured here.")
	}
	account, err := platform.CreateExpress(ctx, "connection/"+c.ID.String()+"/account", gateway.ExpressAccount{
		Country: c.Country, Email: c.Email, Business: c.BusinessName, Connection: c.ID.String(),
	})
	if err != nil {
		return err
	}
	a.boundary("account made")
	c.Account = account.ID
	return a.DB.InTenant(ctx, c.Tenant, func(tx *postgres.Tx) error { return tx.NameAccount(ctx, c.ID, account.ID) })
}

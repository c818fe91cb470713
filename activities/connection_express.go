package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// MakeExpress has Stripe make the account of an Express connection and notes its id.
// Under the connection's own key a repeated create is the same account, as long as
// Stripe remembers the key; past that an account that was made and never heard of is
// looked for first (M4). What Stripe refuses, as a country it does not serve, would be
// refused again: the connection ends by it, so that its organisation is free to connect
// otherwise, and the refusal is the error.
func (a *Connections) MakeExpress(ctx context.Context, c *postgres.SealedConnection) error {
	platform := a.Connector.Gateway.Platform()
	if platform == nil || platform.Live() != c.Livemode {
		return remit.Conflict(remit.CodeNotConnected, "Stripe's platform account is not configured here.")
	}
	own, err := platform.ID(ctx)
	if err != nil {
		return err
	}
	account, err := a.madeOrMake(ctx, platform, c)
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Refused() {
		ref := remit.ConnectionRef{Tenant: c.Tenant, Connection: c.ID}
		return errors.Join(err, a.End(ctx, ref, "Stripe did not make an account ("+failure.Named()+").", remit.Stripe))
	}
	if err != nil {
		return err
	}
	a.boundary("account made")
	c.Account, c.PlatformAccount = account.ID, own
	return a.DB.InTenant(ctx, c.Tenant, func(tx *postgres.Tx) error { return tx.NameAccount(ctx, c.ID, account.ID, own) })
}

// madeOrMake makes the account, each day under a key of that day. From the second day
// on it is looked for before among those that were made since.
func (a *Connections) madeOrMake(ctx context.Context, platform *gateway.Platform, c *postgres.SealedConnection) (gateway.Account, error) {
	var clock remit.Clock
	err := a.DB.InTenant(ctx, c.Tenant, func(tx *postgres.Tx) (err error) {
		clock, err = tx.Clock(ctx)
		return err
	})
	if err != nil {
		return gateway.Account{}, err
	}
	key := "connection/" + c.ID.String() + "/account"
	if day := clock.Now(a.Now()).Sub(c.CreatedAt) / remit.KeyLife; day > 0 {
		since := c.CreatedAt.Add(-clocksApart)
		if clock.Test { // it says nothing of the platform's
			since = time.Time{}
		}
		made, found, err := platform.Made(ctx, c.ID.String(), since)
		if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Refused() { // which says nothing of whether it may be made
			return made, remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Stripe does not say which accounts were made (%s).", failure.Named())
		}
		if err != nil || found {
			return made, err
		}
		key = fmt.Sprintf("%s/%d", key, day)
	}
	return platform.CreateExpress(ctx, key, gateway.ExpressAccount{
		Country: c.Country, Email: c.Email, Business: c.BusinessName, Connection: c.ID.String(),
	})
}

// clocksApart is more than our clock and Stripe's are apart.
const clocksApart = time.Hour

// whereRepeatingHelps drops a failure that has ended the connection.
func whereRepeatingHelps(err error) error {
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Refused() {
		return nil
	}
	return err
}

package commands

import (
	"context"
	"time"

	"remit"
	"remit/postgres"
)

// putConnection puts a connection in force, in the place of one before it or anew, and
// has its workflow follow it.
func (c *Commands) putConnection(ctx context.Context, caller Caller, member Membership, next postgres.SealedConnection, action string) (remit.Connection, error) {
	var replaced *postgres.SealedConnection
	var saved *postgres.SealedConnection
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		// In the order in which attempts lock: the connection, then the tenant.
		live, err := tx.EndingConnection(ctx)
		if err != nil {
			return err
		}
		if err := tx.LockTenant(ctx); err != nil {
			return err
		}
		same, err := sameAsBefore(ctx, tx, live, next)
		if err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(c.Now())
		if next.CreatedAt.IsZero() {
			next.CreatedAt = now
		}
		if replaced, err = putInPlace(ctx, tx, live, next, now); err != nil {
			return err
		}
		if saved, err = tx.LiveConnection(ctx); err != nil {
			return err
		}
		if err := tx.OnlineBack(ctx, same); err != nil {
			return err
		}
		if err := planNightly(ctx, tx, now); err != nil {
			return err
		}
		if err := tx.DoubtDisputes(ctx, saved.Account, saved.Livemode, now); err != nil {
			return err
		}
		if err := tx.PlanConnection(ctx, saved.Connection, now.Add(saved.NextLook(now))); err != nil {
			return err
		}
		err = tx.TellConnection(ctx, saved.ID, remit.ConnectionChange{
			At: now, Status: saved.Status, Charges: saved.ChargesEnabled, Payouts: saved.PayoutsEnabled, What: connectedSentence(saved.Connection), Source: remit.SourcePerson, Actor: caller.Actor(),
		})
		if err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry(action, "account "+next.Account, member.Path), nil, map[string]any{"account": next.Account, "livemode": next.Livemode, "mode": string(next.Mode)}))
	})
	if err != nil {
		return remit.Connection{}, err
	}
	c.dropEndpoint(ctx, replaced)
	if saved.Account != "" { // else whoever asked has it made first: two that do at once get in each other's way at Stripe
		c.follow(ctx, remit.ConnectionRef{Tenant: member.Tenant, Connection: saved.ID}, "it was connected")
	}
	return saved.Connection, nil
}

// putInPlace writes a connection in the place of the one in force, which is given back where
// it was another. Only keys are replaced, and only by keys: access that an account's
// owner gave to the platform is given up by disconnecting, never in passing.
func putInPlace(ctx context.Context, tx *postgres.Tx, live *postgres.SealedConnection, next postgres.SealedConnection, now time.Time) (replaced *postgres.SealedConnection, err error) {
	if live != nil && live.ID == next.ID {
		return nil, tx.SaveConnection(ctx, next)
	}
	if live == nil {
		ended, err := tx.Connection(ctx, next.ID)
		if err != nil {
			return nil, err
		}
		if ended != nil { // it was being disconnected when this began, and its row keeps its end
			return nil, remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The account was disconnected meanwhile. Connect it once more.")
		}
		return nil, tx.InsertConnection(ctx, next)
	}
	if live.Mode.Platform() || next.Mode.Platform() {
		return nil, connectedAlready()
	}
	flying, err := tx.MoneyInFlight(ctx, live.Account)
	if err != nil {
		return nil, err
	}
	if flying > 0 {
		return nil, remit.Conflict(remit.CodeConflict, "%d payments are under way at the connected account. Wait until they are settled.", flying)
	}
	keep, err := tx.ToFollow(ctx, live.ID)
	if err != nil {
		return nil, err
	}
	if err := tx.Disconnect(ctx, live.ID, remit.EndedByReplaced, keep); err != nil {
		return nil, err
	}
	// Nobody follows it any more: a row left on the agenda would be due for ever.
	if err := tx.Done(ctx, remit.AgendaConnection, live.ID, now); err != nil {
		return nil, err
	}
	return live, tx.InsertConnection(ctx, next)
}

func connectedAlready() error {
	return remit.Conflict(remit.CodeConflict, "An account is connected already. Disconnect it first.")
}

// sameAsBefore reports that a connection is to the account that was connected last:
// then what disconnecting switched off is switched on again.
func sameAsBefore(ctx context.Context, tx *postgres.Tx, live *postgres.SealedConnection, next postgres.SealedConnection) (bool, error) {
	if live != nil {
		return live.Account == next.Account && live.Livemode == next.Livemode, nil
	}
	last, err := tx.LastConnection(ctx)
	return last != nil && last.Account == next.Account && last.Livemode == next.Livemode && next.Account != "", err
}

func connectedSentence(c remit.Connection) string {
	switch c.Mode {
	case remit.ModeKeys:
		return "Connected by API keys."
	case remit.ModeExpress:
		return "An account was made for this organisation (Express)."
	case remit.ModeStandard:
		return "Its owner linked an account (Standard)."
	}
	return "Connected."
}

// dropEndpoint asks Stripe to stop sending to an endpoint nobody listens to any
// more. It is a courtesy: a late event is recognised as foreign.
func (c *Commands) dropEndpoint(ctx context.Context, sealed *postgres.SealedConnection) {
	if sealed == nil || sealed.WebhookEndpoint == "" {
		return
	}
	link, err := c.connector().Open(sealed)
	if err == nil {
		err = link.Stripe.DeleteEndpoint(ctx, sealed.WebhookEndpoint)
	}
	if err != nil {
		c.Logger.WarnContext(ctx, "a webhook endpoint was left at Stripe", "endpoint", sealed.WebhookEndpoint, "error", err)
	}
}

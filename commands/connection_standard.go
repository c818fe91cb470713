package commands

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"remit"
	"remit/credentials"
	"remit/gateway"
	"remit/postgres"
)

// OAuthReturn is the path by which Stripe sends people back who linked an account.
// It has to be registered there.
const OAuthReturn = "/settings/stripe/linked"

// ConnectStandard gives the address at Stripe where an account's owner lets Remit act
// for it. The state in it works once, for ten minutes, for the same person in the
// same session (T8).
func (c *Commands) ConnectStandard(ctx context.Context, caller Caller, organisation string) (Leave, error) {
	member, err := c.mayConnect(ctx, caller, organisation)
	if err != nil {
		return Leave{}, err
	}
	if err := c.hasPlatform(); err != nil {
		return Leave{}, err
	}
	if !c.Stripe.Platform().Links() {
		return Leave{}, remit.Conflict(remit.CodeConflict, "This installation has no client id for Stripe's OAuth. Ask its operator to set STRIPE_CLIENT_ID.")
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err != nil {
		return Leave{}, err
	}
	if live != nil && live.DisconnectingSince == nil {
		return Leave{}, connectedAlready()
	}
	state := credentials.NewToken(credentials.StateToken)
	err = c.DB.InsertOAuthState(ctx, state.Hash, postgres.OAuthState{Tenant: member.Tenant, Path: member.Path, Person: caller.Account, Session: caller.Session})
	if err != nil {
		return Leave{}, err
	}
	return Leave{URL: c.Stripe.Platform().AuthorizeURL(state.Plain.Reveal(), c.PublicURL+OAuthReturn, caller.Email)}, nil
}

// ErrState is the answer to a way back from Stripe that nobody here began, or that
// was used, or took too long. Nothing was exchanged.
var ErrState = remit.Errorf(remit.KindMalformed, "bad_state", "This way back from Stripe does not work (any more). Begin again on Settings > Integrations > Stripe.")

// FinishStandard takes a person's way back from Stripe: the state is used up, then the
// code is exchanged once, and the account connected.
func (c *Commands) FinishStandard(ctx context.Context, caller Caller, state, code string) (remit.Connection, error) {
	hash, ok := credentials.HashToken(credentials.StateToken, state)
	if !ok || c.Stripe.Platform() == nil {
		return remit.Connection{}, ErrState
	}
	begun, err := c.DB.UseOAuthState(ctx, hash, caller.Account, caller.Session)
	if err != nil {
		return remit.Connection{}, err
	}
	if begun == nil {
		return remit.Connection{}, ErrState
	}
	member, err := c.mayConnect(ctx, caller, begun.Path)
	if err != nil {
		return remit.Connection{}, err
	}
	if code == "" || member.Tenant != begun.Tenant {
		return remit.Connection{}, ErrState
	}
	linked, err := c.Stripe.Platform().Exchange(ctx, code)
	if errors.Is(err, gateway.ErrCode) {
		return remit.Connection{}, remit.Conflict(remit.CodeConflict, "Stripe does not take the authorisation any more. Link the account again.")
	}
	if err != nil {
		return remit.Connection{}, unavailable(err)
	}
	connected, err := c.connectLinked(ctx, caller, member, linked)
	if remit.IsCode(err, remit.CodeConflict) {
		if err := c.letGo(ctx, linked); err != nil {
			c.Logger.WarnContext(ctx, "a linked account is not let go of", "account", linked.Account, "error", err)
		}
	}
	return connected, err
}

// connectLinked puts a linked account in force. One that cannot be, because another is
// connected or it is of live mode where only tests are made, is a conflict.
func (c *Commands) connectLinked(ctx context.Context, caller Caller, member Membership, linked gateway.Linked) (remit.Connection, error) {
	if linked.Livemode && c.Sandbox {
		return remit.Connection{}, remit.Conflict(remit.CodeConflict, "Live account in a test organisation.")
	}
	client := c.Stripe.Platform().At(linked.Account)
	account, err := client.Account(ctx)
	if err != nil {
		return remit.Connection{}, unavailable(err)
	}
	own, err := c.Stripe.Platform().ID(ctx)
	if err != nil {
		return remit.Connection{}, unavailable(err)
	}
	if err := c.sameTime(ctx, member.Tenant, client); err != nil {
		return remit.Connection{}, err
	}
	var next postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveConnection(ctx)
		if err != nil {
			return err
		}
		if live != nil && live.Mode == remit.ModeStandard && live.Account == linked.Account && live.Livemode == linked.Livemode {
			next = *live
			next.DisconnectingSince, next.WoundDown = nil, false
			return nil
		}
		if live != nil {
			return connectedAlready()
		}
		top, err := tx.OrganisationByPath(ctx, member.Path)
		if err != nil {
			return err
		}
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make an id: %w", err)
		}
		clock, err := tx.Clock(ctx)
		next = postgres.SealedConnection{Connection: remit.Connection{
			ID: id, Tenant: member.Tenant, OrganisationID: top.ID, Mode: remit.ModeStandard, Account: linked.Account, Livemode: linked.Livemode, PlatformAccount: own, CreatedAt: clock.Now(c.Now()),
		}}
		return err
	})
	if err != nil {
		return remit.Connection{}, err
	}
	next.Describe(account.Facts)
	return c.putConnection(ctx, caller, member, next, "stripe.standard")
}

// letGo revokes access to an account that nobody here is connected to now. Whoever was
// once has no use for it.
func (c *Commands) letGo(ctx context.Context, linked gateway.Linked) error {
	ever, err := c.DB.ConnectionsOf(ctx, linked.Account)
	if err != nil {
		return err
	}
	for _, to := range ever {
		held := false
		err := c.DB.InTenant(ctx, to.Tenant, func(tx *postgres.Tx) error {
			latest, err := tx.Connection(ctx, to.Connection)
			held = latest != nil && latest.Live() && latest.Mode.Platform() && latest.Livemode == linked.Livemode
			return err
		})
		if err != nil || held {
			return err
		}
	}
	return c.Stripe.Platform().Revoke(ctx, linked.Account)
}

// stripeSaid is an answer for a person of what Stripe refused about connecting.
func stripeSaid(err error) error {
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Status >= http.StatusBadRequest && failure.Status < http.StatusInternalServerError && failure.Meaning != gateway.Later {
		return remit.Conflict(remit.CodeConflict, "Stripe refused this (%s).", failure.Named())
	}
	return unavailable(err)
}

// RefusedStandard takes the way back of a person who was asked to link an account and
// did not: the state is used up.
func (c *Commands) RefusedStandard(ctx context.Context, caller Caller, state string) error {
	hash, ok := credentials.HashToken(credentials.StateToken, state)
	if !ok {
		return ErrState
	}
	begun, err := c.DB.UseOAuthState(ctx, hash, caller.Account, caller.Session)
	if err == nil && begun == nil {
		err = ErrState
	}
	return err
}

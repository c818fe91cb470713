package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// ExpressInput says what an Express account is made with. Both may be left out.
type ExpressInput struct {
	Country string // ISO 3166-1, two capital letters; "" is US
	Email   string // the owner's
}

// Leave is where a person is sent to, outside of Remit.
type Leave struct {
	URL string
}

// ConnectExpress makes a Stripe account for an organisation that has none, and gives
// the address of the form that its owner fills in at Stripe. Where one was made
// before, it is that one's form. Errors: no platform (409), connected otherwise (409).
func (c *Commands) ConnectExpress(ctx context.Context, caller Caller, organisation string, body Body[ExpressInput]) (Leave, error) {
	member, err := c.mayConnect(ctx, caller, organisation)
	if err != nil {
		return Leave{}, err
	}
	in, err := body()
	if err != nil {
		return Leave{}, err
	}
	if err := c.hasPlatform(); err != nil {
		return Leave{}, err
	}
	if in.Country == "" {
		in.Country = "US"
	}
	if len(in.Country) != 2 || in.Country[0] < 'A' || in.Country[0] > 'Z' || in.Country[1] < 'A' || in.Country[1] > 'Z' {
		return Leave{}, remit.Invalid("country", "A country is two capital letters, like US.")
	}
	live, err := c.reserveExpress(ctx, caller, member, in)
	if err != nil {
		return Leave{}, err
	}
	if live.Account == "" {
		if err := c.connections().MakeExpress(ctx, &live); err != nil {
			c.follow(ctx, remit.ConnectionRef{Tenant: member.Tenant, Connection: live.ID}, "its account is made")
			return Leave{}, stripeSaid(err)
		}
	}
	c.follow(ctx, remit.ConnectionRef{Tenant: member.Tenant, Connection: live.ID}, "its account was made")
	if c.Sandbox {
		if err := c.sameTime(ctx, member.Tenant, c.Stripe.Platform().At(live.Account)); err != nil {
			return Leave{}, err
		}
	}
	return c.formOf(ctx, live)
}

// RefreshLink makes another link to Stripe's form for the connected account: one
// works once, for a few minutes.
func (c *Commands) RefreshLink(ctx context.Context, caller Caller, organisation string) (Leave, error) {
	member, err := c.mayConnect(ctx, caller, organisation)
	if err != nil {
		return Leave{}, err
	}
	if err := c.hasPlatform(); err != nil {
		return Leave{}, err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	switch {
	case err != nil:
		return Leave{}, err
	case live == nil || live.Mode != remit.ModeExpress || live.Account == "":
		return Leave{}, remit.Conflict(remit.CodeConflict, "Only an Express account has a form to go on with. Connect with Stripe first.")
	case live.DisconnectingSince != nil:
		return Leave{}, remit.Conflict(remit.CodeConflict, "The account is being disconnected.")
	}
	return c.formOf(ctx, *live)
}

// formOf makes a link to Stripe's form. Coming back from it proves nothing: the
// account is looked at then.
func (c *Commands) formOf(ctx context.Context, live postgres.SealedConnection) (Leave, error) {
	url, _, err := c.Stripe.Platform().AccountLink(ctx, "link/"+uuid.NewString(), live.Account, c.PublicURL+"/settings/stripe/return", c.PublicURL+"/settings/stripe/expired")
	if err != nil {
		return Leave{}, stripeSaid(err)
	}
	return Leave{URL: url}, nil
}

// reserveExpress makes the connection's row before its account, or takes up the one
// there is: an account that was made before is never left for a second one.
func (c *Commands) reserveExpress(ctx context.Context, caller Caller, member Membership, in ExpressInput) (postgres.SealedConnection, error) {
	var live *postgres.SealedConnection
	var made postgres.SealedConnection
	own, err := c.Stripe.Platform().ID(ctx)
	if err != nil {
		return made, stripeSaid(err)
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if live, err = tx.EndingConnection(ctx); err != nil || live != nil {
			return err
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
		if err != nil {
			return err
		}
		made = postgres.SealedConnection{Connection: remit.Connection{
			ID: id, Tenant: member.Tenant, OrganisationID: top.ID, Mode: remit.ModeExpress, Livemode: c.Stripe.Platform().Live(), Status: remit.ConnectionOnboarding,
			Country: in.Country, Email: in.Email, BusinessName: top.Name, DefaultCurrency: top.Currency, CreatedAt: clock.Now(c.Now()),
		}}
		former, err := tx.FormerConnection(ctx, remit.ModeExpress)
		if err != nil {
			return err
		}
		ours := former != nil && former.Livemode == made.Livemode && (former.PlatformAccount == own || former.PlatformAccount == "")
		if ours && former.EndedBy != remit.EndedByStripe {
			made.Account, made.PlatformAccount = former.Account, former.PlatformAccount
		}
		return nil
	})
	switch {
	case err != nil:
		return made, err
	case live != nil && live.Mode == remit.ModeExpress && live.DisconnectingSince == nil:
		return *live, nil
	case live != nil && live.Mode == remit.ModeExpress: // it is kept after all
		live.DisconnectingSince, live.WoundDown = nil, false
		_, err := c.putConnection(ctx, caller, member, *live, "stripe.express")
		return *live, err
	case live != nil:
		return made, connectedAlready()
	}
	_, err = c.putConnection(ctx, caller, member, made, "stripe.express")
	return made, err
}

// mayConnect asks for what connecting an account through the platform needs.
func (c *Commands) mayConnect(ctx context.Context, caller Caller, organisation string) (Membership, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeAll)
	if err != nil {
		return Membership{}, err
	}
	return member, c.strongly(caller)
}

func (c *Commands) hasPlatform() error {
	if c.Stripe.Platform() == nil {
		return remit.Conflict(remit.CodeConflict, "This installation has no Stripe platform account. Connect by API keys, or ask its operator to set STRIPE_PLATFORM_KEY.")
	}
	return nil
}

// BackFromForm looks at the account of whoever comes back from Stripe's form: that he
// does says nothing of whether he finished it.
func (c *Commands) BackFromForm(ctx context.Context, caller Caller, organisation string) (remit.Connection, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return remit.Connection{}, err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err != nil || live == nil {
		return remit.Connection{Status: remit.ConnectionDisconnected}, err
	}
	if err := c.lookAtAccount(ctx, remit.ConnectionRef{Tenant: member.Tenant, Connection: live.ID}); err != nil {
		c.Logger.WarnContext(ctx, "an account is looked at later", "connection", live.ID, "error", err)
	}
	return c.Connection(ctx, caller, organisation)
}

// LookAtConnection has Stripe asked about the account now, and waits for that.
func (c *Commands) LookAtConnection(ctx context.Context, caller Caller, organisation string) error {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return err
	}
	if err := c.authorise(ctx, caller, member.Tenant, member.Path, remit.StripeRead); err != nil {
		return err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err != nil || live == nil {
		return err
	}
	if err := c.lookAtAccount(ctx, remit.ConnectionRef{Tenant: member.Tenant, Connection: live.ID}); err != nil {
		return unavailable(err)
	}
	return nil
}

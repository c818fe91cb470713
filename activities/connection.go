package activities

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/policies"
	"remit/postgres"
)

// Connections follows connected accounts: what Stripe says of them, and how a
// connection comes to its end.
type Connections struct {
	DB        *postgres.DB
	Authority *policies.Authority
	Connector *Connector
	Logger    *slog.Logger
	Now       func() time.Time // real time
	// Page gives the address of the page on which connections are shown and changed.
	Page func() string
	// Ask hands a stored request to an invoice's workflow and waits for its answer.
	Ask func(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, request remit.Request) error
	// Crash, if set, is called at each named boundary between two steps; tests
	// kill the process there.
	Crash func(boundary string)
}

// ConnectionNext says when a connection's workflow has to look again; nil: never,
// because it has ended.
type ConnectionNext struct {
	WakeIn *time.Duration `json:",omitempty"`
}

// LookAtConnection asks Stripe about a connected account, records what it says, tells
// whoever is to know, and takes one that is being disconnected a step further.
func (a *Connections) LookAtConnection(ctx context.Context, ref remit.ConnectionRef) (ConnectionNext, error) {
	defer heartbeat(ctx)()
	next, err := a.look(ctx, ref)
	return next, asTemporal(ctx, a.Logger, err)
}

func (a *Connections) look(ctx context.Context, ref remit.ConnectionRef) (next ConnectionNext, err error) {
	c, err := a.read(ctx, ref)
	if err != nil || c == nil {
		return next, err
	}
	if c.Live() && c.Account == "" && c.DisconnectingSince == nil {
		if err := a.MakeExpress(ctx, c); err != nil {
			return next, whereRepeatingHelps(err)
		}
	}
	if c.Live() && c.Account != "" {
		if c, err = a.ask(ctx, ref, c); err != nil {
			return next, err
		}
	}
	switch {
	case c.DisconnectingSince != nil || c.EndedBy == remit.EndedByStripe:
		err = a.windDown(ctx, ref, c)
	case !c.Live(): // replaced: there is nothing to come to its end
		err = a.unplan(ctx, ref)
	}
	if err != nil {
		return next, err
	}
	next.WakeIn, err = untilDue(ctx, a.DB, ref.Tenant, remit.AgendaConnection, ref.Connection, a.Now())
	return next, err
}

func (a *Connections) read(ctx context.Context, ref remit.ConnectionRef) (c *postgres.SealedConnection, err error) {
	err = a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		c, err = tx.Connection(ctx, ref.Connection)
		return err
	})
	return c, err
}

// ask asks Stripe and records the answer.
func (a *Connections) ask(ctx context.Context, ref remit.ConnectionRef, c *postgres.SealedConnection) (*postgres.SealedConnection, error) {
	var facts *remit.AccountFacts
	refused, asked := false, a.Now()
	link, err := a.Connector.Open(c)
	if err == nil {
		var account gateway.Account
		if account, err = link.Stripe.Account(ctx); err == nil {
			facts = &account.Facts
		}
	}
	switch {
	case err == nil:
	case c.Mode.Platform() && gateway.IsAccountGone(err):
		if ours, failed := a.inItsName(ctx, c); ours {
			facts = &remit.AccountFacts{Gone: true}
		} else {
			a.Logger.ErrorContext(ctx, "a connected account cannot be reached: STRIPE_PLATFORM_KEY is not of the platform it was connected to", "connection", ref.Connection, "platform", c.PlatformAccount, "error", failed)
		}
	case !c.Mode.Platform() && gateway.IsKeyRefused(err):
		refused = true
	case isUnreachable(err): // the platform's own key is wrong, or there is none: nothing of the account's is known by that
		a.Logger.ErrorContext(ctx, "a connected account cannot be reached", "connection", ref.Connection, "error", err)
	default:
		a.Logger.WarnContext(ctx, "Stripe does not say how an account is", "connection", ref.Connection, "error", err)
	}
	if facts != nil && !facts.Gone && c.Mode.Platform() {
		if err := a.notePlatform(ctx, c); err != nil {
			return nil, err
		}
	}
	a.boundary("account looked at")
	return a.Record(ctx, ref, facts, refused, asked, remit.SourceLook)
}

// inItsName reports that the platform's key is of the account in whose name the
// connection was made. Of any other it means nothing that it has no access. Where that
// account was not noted the key is believed.
func (a *Connections) inItsName(ctx context.Context, c *postgres.SealedConnection) (bool, error) {
	if c.PlatformAccount == "" {
		return true, nil
	}
	own, err := a.Connector.Gateway.Platform().ID(ctx)
	return err == nil && own == c.PlatformAccount, err
}

// notePlatform notes in whose name the account was reached. That Stripe does not say
// so now is no reason to leave the look undone.
func (a *Connections) notePlatform(ctx context.Context, c *postgres.SealedConnection) error {
	own, err := a.Connector.Gateway.Platform().ID(ctx)
	if err != nil {
		a.Logger.WarnContext(ctx, "Stripe does not say whose the platform's key is", "error", err)
		return nil
	}
	if own == c.PlatformAccount {
		return nil
	}
	return a.DB.InTenant(ctx, c.Tenant, func(tx *postgres.Tx) error { return tx.NotePlatform(ctx, c.ID, own) })
}

// Record writes what Stripe says of an account, or that it refuses the key; with
// neither only the next look is planned. It gives the connection as it is then. asked
// is the real time before Stripe was asked: where somebody asked later and wrote
// before, or connected anew, the answer is an old one, and counts for nothing.
func (a *Connections) Record(ctx context.Context, ref remit.ConnectionRef, facts *remit.AccountFacts, refused bool, asked time.Time, source remit.ConnectionSource) (after *postgres.SealedConnection, err error) {
	holders, err := a.holders(ctx, ref.Tenant)
	if err != nil {
		return nil, err
	}
	err = a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		if after, err = tx.LockConnection(ctx, ref.Connection); err != nil || after == nil || !after.Live() {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now, before := clock.Now(a.Now()), after.Connection
		if after.CheckedAt != nil && after.CheckedAt.After(asked) {
			facts, refused = nil, false
		}
		switch {
		case facts != nil:
			after.Describe(*facts)
			after.CheckedAt = &asked
		case refused && after.KeysRefused == nil:
			after.KeysRefused = &now
		}
		if facts != nil && facts.Gone {
			if err := a.gone(ctx, tx, after); err != nil {
				return err
			}
		} else if err := tx.DescribeConnection(ctx, *after); err != nil {
			return err
		}
		if err := a.tell(ctx, tx, before, after.Connection, holders, source, now); err != nil {
			return err
		}
		if !after.Live() && after.WoundDown {
			return tx.Done(ctx, remit.AgendaConnection, after.ID, now)
		}
		return tx.PlanConnection(ctx, after.Connection, now.Add(after.NextLook(now)))
	})
	a.boundary("account recorded")
	return after, err
}

// gone ends a connection to which access was taken away at Stripe. One that is being
// disconnected here is where it was to come to, but for an account that the platform made:
// without it that one can neither be asked nor taken up again.
func (a *Connections) gone(ctx context.Context, tx *postgres.Tx, c *postgres.SealedConnection) error {
	c.EndedBy = remit.EndedByStripe
	if c.DisconnectingSince != nil && c.Mode != remit.ModeExpress {
		c.EndedBy = remit.EndedByPerson
	}
	c.Status, c.ChargesEnabled, c.PayoutsEnabled = remit.ConnectionDisconnected, false, false
	if err := tx.OnlineOff(ctx, c.OrganisationID); err != nil {
		return err
	}
	return tx.Disconnect(ctx, c.ID, c.EndedBy, false)
}

// tell notes what has changed, and writes the mails that come of it.
func (a *Connections) tell(ctx context.Context, tx *postgres.Tx, before, after remit.Connection, holders []uuid.UUID, source remit.ConnectionSource, now time.Time) error {
	if what := remit.ConnectionChanged(before, after); what != "" {
		err := tx.TellConnection(ctx, after.ID, remit.ConnectionChange{
			At: now, Status: after.Status, Charges: after.ChargesEnabled, Payouts: after.PayoutsEnabled, What: what, Source: source, Actor: remit.Stripe,
		})
		if err != nil {
			return err
		}
	}
	business := after.BusinessName
	if business == "" {
		path, err := tx.TenantPath(ctx)
		if err != nil {
			return err
		}
		business = path
	}
	notices := remit.ConnectionNotices(before, after, business, a.Page(), now)
	if len(notices) == 0 {
		return nil
	}
	people, err := tx.Names(ctx, holders)
	if err != nil {
		return err
	}
	for _, notice := range notices {
		for _, person := range people {
			id, err := newID()
			if err != nil {
				return err
			}
			mail := remit.Mail{ID: id, To: person[1], Subject: notice.Subject, Body: notice.Body, CreatedAt: now}
			if err := tx.InsertConnectionMail(ctx, after.ID, notice.Stage, mail); err != nil {
				return err
			}
		}
	}
	return nil
}

// holders are the people who may change a connection.
func (a *Connections) holders(ctx context.Context, tenant uuid.UUID) ([]uuid.UUID, error) {
	var top string
	err := a.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		top, err = tx.TenantPath(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	path, err := remit.ParsePath(top)
	if err != nil {
		return nil, fmt.Errorf("a tenant's path: %w", err)
	}
	return a.Authority.Holders(ctx, tenant, path, remit.StripeAll)
}

func (a *Connections) boundary(name string) {
	if a.Crash != nil {
		a.Crash(name)
	}
}

package activities

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"remit"
	"remit/postgres"
)

// windAtOnce is how many invoices are told at once that their account comes to its
// end, and windPage how many are read at once.
// An invoice whose workflow is at another step for longer than windPatience is told
// when the connection is looked at next.
const (
	windAtOnce   = 8
	windPage     = 200
	windPatience = 5 * time.Second
	windAgain    = time.Minute
)

// windDown takes a connection that comes to its end a step further: what is open is
// closed, each invoice's timeline is told, and once nothing is on its way any more
// access is given up.
func (a *Connections) windDown(ctx context.Context, ref remit.ConnectionRef, c *postgres.SealedConnection) error {
	if !c.WoundDown {
		if err := a.closeSetups(ctx, c); err != nil {
			return err
		}
		told, err := a.tellInvoices(ctx, ref, c)
		if err != nil {
			return err
		}
		if !told {
			return a.planSoon(ctx, ref)
		}
		a.boundary("wound down")
		if err := a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.WoundDown(ctx, ref.Connection) }); err != nil {
			return err
		}
	}
	if !c.Live() {
		return a.unplan(ctx, ref)
	}
	follow := true
	err := a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		follow, err = tx.ToFollow(ctx, ref.Connection)
		return err
	})
	if err != nil || follow {
		return err
	}
	return a.End(ctx, ref, "Nothing was on its way any more. The account is disconnected.", remit.System)
}

// closeSetups closes the hosted pages on which methods could still be added.
func (a *Connections) closeSetups(ctx context.Context, c *postgres.SealedConnection) error {
	var open []postgres.SetupSession
	err := a.DB.InTenant(ctx, c.Tenant, func(tx *postgres.Tx) (err error) {
		open, err = tx.SetupSessionsAt(ctx, c.Account)
		return err
	})
	if err != nil || len(open) == 0 {
		return err
	}
	link, err := a.Connector.Open(c)
	if isUnreachable(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range open {
		if _, err := link.Stripe.ExpireSession(ctx, "setup/"+s.ID.String()+"/expire", s.StripeSession); err != nil {
			a.Logger.WarnContext(ctx, "a page for adding a method stays open until it expires", "session", s.ID, "error", err)
			continue
		}
		s.State = "expired"
		if err := a.DB.InTenant(ctx, c.Tenant, func(tx *postgres.Tx) error { return tx.SaveSetupSession(ctx, s) }); err != nil {
			return err
		}
	}
	return nil
}

// tellInvoices has each invoice that has something open at the account, or is to be
// charged by itself, close it and tell its timeline. Repeated, each is told once.
// False says that some were at other work, and are to be told later.
func (a *Connections) tellInvoices(ctx context.Context, ref remit.ConnectionRef, c *postgres.SealedConnection) (told bool, err error) {
	var busy atomic.Bool
	for after := uuid.Nil; ; {
		var page []remit.Invoice
		err := a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
			page, err = tx.InvoicesToWind(ctx, c.Account, after, windPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return !busy.Load(), err
		}
		after = page[len(page)-1].ID
		group, within := errgroup.WithContext(ctx)
		group.SetLimit(windAtOnce)
		for _, invoice := range page {
			group.Go(func() error {
				waiting, cancel := context.WithTimeout(within, windPatience)
				defer cancel()
				err := a.tellInvoice(waiting, ref, c, invoice)
				if err != nil && waiting.Err() != nil && within.Err() == nil {
					busy.Store(true)
					return nil
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return false, err
		}
	}
}

func (a *Connections) tellInvoice(ctx context.Context, ref remit.ConnectionRef, c *postgres.SealedConnection, invoice remit.Invoice) error {
	episode := c.CreatedAt
	if c.DisconnectingSince != nil {
		episode = *c.DisconnectingSince
	}
	id := uuid.NewSHA1(c.ID, fmt.Appendf(nil, "wind/%d/%s", episode.UnixMicro(), invoice.ID))
	request, err := postgres.NewRequest(id, invoice.ID, remit.RequestWindDown, remit.WindDownRequest{Account: c.Account, Livemode: c.Livemode, Gone: !c.Live()}, remit.System)
	if err != nil {
		return err
	}
	err = a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		if _, err := tx.Request(ctx, invoice.ID, id); !remit.IsCode(err, remit.CodeNotFound) {
			return err
		}
		return tx.InsertRequest(ctx, request)
	})
	if err != nil {
		return err
	}
	return a.Ask(ctx, ref.Tenant, invoice, remit.Request{ID: id, Kind: remit.RequestWindDown})
}

// End gives access to the account up, and ends the connection: an authorisation is
// revoked at Stripe first, so that one that could not be is tried again.
func (a *Connections) End(ctx context.Context, ref remit.ConnectionRef, what string, actor remit.Actor) error {
	c, err := a.read(ctx, ref)
	if err != nil || c == nil || !c.Live() {
		return err
	}
	if c.Mode == remit.ModeStandard {
		if platform := a.Connector.Gateway.Platform(); platform != nil {
			if err := platform.Revoke(ctx, c.Account); err != nil {
				return err
			}
		}
		a.boundary("access revoked")
	}
	a.dropEndpoint(ctx, c)
	return a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		c, err := tx.LockConnection(ctx, ref.Connection)
		if err != nil || c == nil || !c.Live() {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(a.Now())
		if err := tx.Disconnect(ctx, c.ID, remit.EndedByPerson, false); err != nil {
			return err
		}
		if err := tx.Done(ctx, remit.AgendaConnection, c.ID, now); err != nil {
			return err
		}
		return tx.TellConnection(ctx, c.ID, remit.ConnectionChange{At: now, Status: remit.ConnectionDisconnected, What: what, Source: remit.SourceLook, Actor: actor})
	})
}

// dropEndpoint asks Stripe to stop sending to an endpoint nobody listens to any
// more. It is a courtesy: a late event is recognised as foreign.
func (a *Connections) dropEndpoint(ctx context.Context, c *postgres.SealedConnection) {
	if c.WebhookEndpoint == "" {
		return
	}
	link, err := a.Connector.Open(c)
	if err == nil {
		err = link.Stripe.DeleteEndpoint(ctx, c.WebhookEndpoint)
	}
	if err != nil {
		a.Logger.WarnContext(ctx, "a webhook endpoint was left at Stripe", "endpoint", c.WebhookEndpoint, "error", err)
	}
}

// planSoon has the connection looked at again in a minute.
func (a *Connections) planSoon(ctx context.Context, ref remit.ConnectionRef) error {
	return a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		c, err := tx.Connection(ctx, ref.Connection)
		if err != nil || c == nil {
			return err
		}
		return tx.PlanConnection(ctx, c.Connection, clock.Now(a.Now()).Add(windAgain))
	})
}

// unplan takes an ended connection's row off the agenda.
func (a *Connections) unplan(ctx context.Context, ref remit.ConnectionRef) error {
	return a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		return tx.Done(ctx, remit.AgendaConnection, ref.Connection, clock.Now(a.Now()))
	})
}

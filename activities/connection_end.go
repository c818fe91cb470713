package activities

import (
	"context"
	"fmt"
	"slices"
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
		return a.giveUp(ctx, ref)
	}
	if err := a.closeLeft(ctx, ref, c); err != nil {
		return err
	}
	return a.end(ctx, ref, "Nothing was on its way any more. The account is disconnected.", remit.System, false)
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
// charged by itself, close it and tell its timeline. Repeated, each is told once: those
// that were are not asked again. False says that some were at other work, and are to be
// told later.
func (a *Connections) tellInvoices(ctx context.Context, ref remit.ConnectionRef, c *postgres.SealedConnection) (told bool, err error) {
	untold := func(tx *postgres.Tx, after uuid.UUID) (ids []uuid.UUID, last uuid.UUID, err error) {
		if ids, err = tx.InvoicesToWind(ctx, c.Account, after, windPage); err != nil || len(ids) == 0 {
			return nil, uuid.Nil, err
		}
		last = ids[len(ids)-1]
		requests := make([]uuid.UUID, 0, len(ids))
		for _, invoice := range ids {
			requests = append(requests, windRequest(c, invoice))
		}
		answered, err := tx.Answered(ctx, requests)
		return slices.DeleteFunc(ids, func(invoice uuid.UUID) bool { return answered[windRequest(c, invoice)] }), last, err
	}
	return a.eachInvoice(ctx, ref, untold, func(ctx context.Context, invoice remit.Invoice) error {
		return a.tellInvoice(ctx, ref, c, invoice)
	})
}

// windRequest is the id of the request by which an invoice is told that an account
// comes to its end: one for each time that it does.
func windRequest(c *postgres.SealedConnection, invoice uuid.UUID) uuid.UUID {
	episode := c.CreatedAt
	if c.DisconnectingSince != nil {
		episode = *c.DisconnectingSince
	}
	return uuid.NewSHA1(c.ID, fmt.Appendf(nil, "wind/%d/%s", episode.UnixMicro(), invoice))
}

// eachInvoice asks something of each invoice of a list, a few at once. The list is read
// a page at a time: the ids to ask, and the last that was looked at, none at its end.
// False says that some were at other work for longer than windPatience.
func (a *Connections) eachInvoice(ctx context.Context, ref remit.ConnectionRef, page func(tx *postgres.Tx, after uuid.UUID) (ids []uuid.UUID, last uuid.UUID, err error), ask func(context.Context, remit.Invoice) error) (all bool, err error) {
	var busy atomic.Bool
	for after := uuid.Nil; ; {
		var ids []uuid.UUID
		var last uuid.UUID
		var invoices map[uuid.UUID]remit.Invoice
		err := a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
			if ids, last, err = page(tx, after); err != nil || len(ids) == 0 {
				return err
			}
			invoices, err = tx.InvoicesByID(ctx, ids)
			return err
		})
		if err != nil || last == uuid.Nil {
			return !busy.Load(), err
		}
		after = last
		group, within := errgroup.WithContext(ctx)
		group.SetLimit(windAtOnce)
		for _, id := range ids {
			group.Go(func() error {
				waiting, cancel := context.WithTimeout(within, windPatience)
				defer cancel()
				err := ask(waiting, invoices[id])
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
	id := windRequest(c, invoice.ID)
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

// closeLeft has the invoices close what is open of them at the account though they were
// told: the intent of a payment that was on its way then and came to nothing since, or
// one that Stripe would not cancel. What cannot be closed now is left to the next look.
func (a *Connections) closeLeft(ctx context.Context, ref remit.ConnectionRef, c *postgres.SealedConnection) error {
	left := func(tx *postgres.Tx, after uuid.UUID) (ids []uuid.UUID, last uuid.UUID, err error) {
		if ids, err = tx.InvoicesLeftOpen(ctx, c.Connection, after, windPage); err == nil && len(ids) > 0 {
			last = ids[len(ids)-1]
		}
		return ids, last, err
	}
	_, err := a.eachInvoice(ctx, ref, left, func(ctx context.Context, invoice remit.Invoice) error {
		return a.askToClose(ctx, ref, c, invoice)
	})
	return err
}

// askToClose asks an invoice once to close what is open at the account. Each time is a
// request of its own, since a workflow answers one the same way for good; one that is not
// carried out in time is withdrawn, so that the next look asks anew.
func (a *Connections) askToClose(ctx context.Context, ref remit.ConnectionRef, c *postgres.SealedConnection, invoice remit.Invoice) error {
	id, err := newID()
	if err != nil {
		return err
	}
	request, err := postgres.NewRequest(id, invoice.ID, remit.RequestWindDown, remit.WindDownRequest{Account: c.Account, Livemode: c.Livemode, Again: true}, remit.System)
	if err != nil {
		return err
	}
	if err := a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.InsertRequest(ctx, request) }); err != nil {
		return err
	}
	unanswered := a.Ask(ctx, ref.Tenant, invoice, remit.Request{ID: id, Kind: remit.RequestWindDown})
	if unanswered == nil {
		return nil
	}
	a.Logger.WarnContext(ctx, "what an invoice has open at an account that is being disconnected is closed later", "invoice", invoice.ID, "error", unanswered)
	ctx = context.WithoutCancel(ctx)
	return a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(ctx, invoice.ID); err != nil {
			return err
		}
		return tx.EndRequest(ctx, id, remit.RequestResult{Refused: remit.Refuse(remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The invoice was busy. It is asked again."))})
	})
}

// End ends a connection at once, whatever is on its way at its account.
func (a *Connections) End(ctx context.Context, ref remit.ConnectionRef, what string, actor remit.Actor) error {
	return a.end(ctx, ref, what, actor, true)
}

// end ends a connection: nothing is begun through it, and no key of it is kept, from
// then on. Unless it is forced, it is looked at again under the lock that whoever begins
// something there takes: somebody may have connected the account anew meanwhile, or
// promised a refund. What was given at Stripe is given up afterwards, in steps that can
// be repeated.
func (a *Connections) end(ctx context.Context, ref remit.ConnectionRef, what string, actor remit.Actor, force bool) error {
	before, err := a.read(ctx, ref)
	if err != nil || before == nil || !before.Live() {
		return err
	}
	link, unopened := a.Connector.Open(before) // while there is a key
	var ended *postgres.SealedConnection
	err = a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		c, err := tx.LockConnection(ctx, ref.Connection)
		if err != nil || c == nil || !c.Live() {
			return err
		}
		if !force {
			if done, err := a.doneWith(ctx, tx, c); err != nil || !done {
				return err
			}
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(a.Now())
		if err := tx.Disconnect(ctx, c.ID, remit.EndedByPerson, false); err != nil {
			return err
		}
		if err := tx.HastenRefunds(ctx, c.Account, c.Livemode, now); err != nil { // those that were never sent are taken back
			return err
		}
		if c.Mode == remit.ModeStandard || c.DisconnectingSince != nil && !c.WoundDown {
			err = tx.PlanConnection(ctx, c.Connection, now) // something is left to do, whoever dies here
		} else {
			err = tx.Done(ctx, remit.AgendaConnection, c.ID, now)
		}
		if err != nil {
			return err
		}
		ended = c
		return tx.TellConnection(ctx, c.ID, remit.ConnectionChange{At: now, Status: remit.ConnectionDisconnected, What: what, Source: remit.SourceLook, Actor: actor})
	})
	if err != nil || ended == nil {
		return err
	}
	a.dropEndpoint(ctx, ended, link, unopened)
	if ended.Mode == remit.ModeStandard {
		return a.giveUp(ctx, ref)
	}
	return nil
}

// doneWith reports that nothing has to be followed at the account of a connection that
// is still to end. It holds the connection's lock.
func (a *Connections) doneWith(ctx context.Context, tx *postgres.Tx, c *postgres.SealedConnection) (bool, error) {
	if c.DisconnectingSince == nil {
		return false, nil // connected anew
	}
	follow, err := tx.ToFollow(ctx, c.ID)
	if err != nil || follow {
		return false, err // its next look is planned
	}
	return true, nil
}

// giveUp does what is left to do of a connection that has ended: what its owner allowed
// the platform is revoked at Stripe, unless another organisation's connection stands on
// the same. Its row on the agenda says that it is to be done, until it is.
func (a *Connections) giveUp(ctx context.Context, ref remit.ConnectionRef) error {
	c, err := a.read(ctx, ref)
	if err != nil || c == nil || c.Live() {
		return err
	}
	said := ""
	if c.Mode == remit.ModeStandard && c.EndedBy == remit.EndedByPerson {
		if said, err = a.revoke(ctx, c); err != nil {
			a.Logger.WarnContext(ctx, "access to an account is given up later", "connection", ref.Connection, "error", err)
			return a.planSoon(ctx, ref)
		}
	}
	switch {
	case c.DisconnectingSince != nil && !c.WoundDown:
		return nil // its invoices are still to be told
	case said == "":
		return a.unplan(ctx, ref)
	}
	return a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockConnection(ctx, ref.Connection); err != nil {
			return err
		}
		row, err := tx.AgendaOf(ctx, remit.AgendaConnection, ref.Connection)
		if err != nil || row == nil {
			return err // told by another meanwhile
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(a.Now())
		err = tx.TellConnection(ctx, c.ID, remit.ConnectionChange{At: now, Status: remit.ConnectionDisconnected, What: said, Source: remit.SourceLook, Actor: remit.System})
		if err != nil {
			return err
		}
		return tx.Done(ctx, remit.AgendaConnection, c.ID, now)
	})
}

// revoke ends what an account's owner allowed the platform, and says why where it does
// not: whom the same owner let in besides goes on by it; and without a client id Stripe
// cannot be told.
func (a *Connections) revoke(ctx context.Context, c *postgres.SealedConnection) (kept string, err error) {
	others, err := a.DB.Authorised(ctx, c.Account)
	if err != nil {
		return "", err
	}
	if others {
		return "Access at Stripe is kept: a connection that is in force stands on it.", nil
	}
	platform := a.Connector.Gateway.Platform()
	if platform == nil || !platform.Links() {
		return "Access was not revoked at Stripe: this installation has no client id (STRIPE_CLIENT_ID). The account's owner takes it away in Stripe's dashboard.", nil
	}
	ours, err := a.inItsName(ctx, c)
	if err != nil {
		return "", err
	}
	if !ours { // to whom no access was given, and whose "no access" says nothing
		return "Access was not revoked at Stripe: the platform's key is of another account than it was given to. The account's owner takes it away in Stripe's dashboard.", nil
	}
	if err := platform.Revoke(ctx, c.Account); err != nil {
		return "", err
	}
	a.boundary("access revoked")
	return "", nil
}

// dropEndpoint asks Stripe to stop sending to an endpoint nobody listens to any
// more. It is a courtesy: a late event is recognised as foreign.
func (a *Connections) dropEndpoint(ctx context.Context, c *postgres.SealedConnection, link *Link, err error) {
	if c.WebhookEndpoint == "" {
		return
	}
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

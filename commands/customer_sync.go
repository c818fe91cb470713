package commands

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// CustomerLink is how a customer and the one at Stripe stand to each other.
type CustomerLink struct {
	StripeCustomer string // "" where there is none
	Waits          bool   // changes are on their way
	Failure        string // why they have not arrived
	MadeHere       bool   // Remit made the customer at Stripe
	Differences    []remit.ContactDifference
}

// CustomerLink shows how a customer and the one at Stripe stand to each other (CU2).
func (c *Commands) CustomerLink(ctx context.Context, caller Caller, id uuid.UUID) (CustomerLink, error) {
	found, who, err := c.seeCustomer(ctx, caller, id, remit.StripeAll)
	if err != nil {
		return CustomerLink{}, err
	}
	if err := c.anyOf(ctx, caller, found.member.Tenant, who.Organisation, remit.CustomerRead, remit.CustomerEdit, remit.StripeAll); err != nil {
		return CustomerLink{}, err
	}
	_, link, err := c.linkOf(ctx, found.member.Tenant, id)
	return link, err
}

func (c *Commands) linkOf(ctx context.Context, tenant, id uuid.UUID) (sync *postgres.CustomerSync, link CustomerLink, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		sync, link, err = linkWithin(ctx, tx, id)
		return err
	})
	return sync, link, err
}

func linkWithin(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (*postgres.CustomerSync, CustomerLink, error) {
	var link CustomerLink
	live, err := tx.LiveConnection(ctx)
	if err != nil || live == nil {
		return nil, link, err
	}
	sync, err := tx.CustomerSync(ctx, id, live.Account, live.Livemode)
	if err != nil || sync == nil {
		return nil, link, err
	}
	who, err := tx.Customer(ctx, id)
	if err != nil {
		return nil, link, err
	}
	ours := remit.ContactOf(who)
	link = CustomerLink{StripeCustomer: sync.StripeCustomer, Waits: sync.Waits && (len(sync.Pending(ours)) > 0 || sync.Failure != ""), Failure: sync.Failure, MadeHere: sync.MadeHere, Differences: sync.Differences(ours)}
	return sync, link, nil
}

// DifferenceInput is what a person has decided about a part that Stripe has otherwise.
type DifferenceInput struct {
	Field remit.ContactField
	Take  string // stripe: what is there is kept here too; ours: it is sent there
	// AtStripe is what is there as it was shown: nothing is taken or overwritten that
	// nobody saw.
	AtStripe string
}

// SettleDifference has a part be the same here and at Stripe: theirs is taken, or ours is
// sent.
func (c *Commands) SettleDifference(ctx context.Context, caller Caller, id uuid.UUID, body Body[DifferenceInput]) (CustomerLink, error) {
	found, who, err := c.seeCustomer(ctx, caller, id)
	if err != nil {
		return CustomerLink{}, err
	}
	tenant := found.member.Tenant
	if err := c.authorise(ctx, caller, tenant, who.Organisation, remit.CustomerEdit); err != nil {
		return CustomerLink{}, err
	}
	in, err := body()
	if err != nil {
		return CustomerLink{}, err
	}
	if err := in.check(); err != nil {
		return CustomerLink{}, err
	}
	var link CustomerLink
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.LockCustomer(ctx, id); err != nil {
			return err
		}
		sync, _, err := linkWithin(ctx, tx, id)
		if err != nil {
			return err
		}
		if who, err = tx.Customer(ctx, id); err != nil {
			return err
		}
		ours := remit.ContactOf(who)
		if sync == nil || !sync.Differs(ours, in.Field) {
			return remit.Conflict(remit.CodeConflict, "This does not differ any more.")
		}
		if strings.TrimSpace(sync.Seen.Of(in.Field)) != strings.TrimSpace(in.AtStripe) {
			return remit.Conflict(remit.CodeConflict, "This was changed at Stripe meanwhile. Look at it again.")
		}
		entry := caller.entry("customer.settle", "customer "+id.String(), who.Organisation)
		shared := ours
		if sync.Shared != nil {
			shared = *sync.Shared
		}
		if in.Take == "stripe" {
			with, err := ours.With(in.Field, *sync.Seen).Onto(who)
			if err != nil {
				return err
			}
			if err := tx.TakeContact(ctx, with); err != nil {
				return err
			}
			entry = changing(entry, ours.Of(in.Field), sync.Seen.Of(in.Field))
		} else {
			entry = changing(entry, sync.Seen.Of(in.Field), ours.Of(in.Field))
		}
		shared = shared.With(in.Field, *sync.Seen) // ours is then a change that is sent
		sync.Shared = &shared
		if err := tx.SaveShared(ctx, *sync); err != nil {
			return err
		}
		if _, link, err = linkWithin(ctx, tx, id); err != nil {
			return err
		}
		return c.audit(ctx, tx, entry)
	})
	return link, err
}

func (in DifferenceInput) check() error {
	switch {
	case !in.Field.Known():
		return remit.Invalid("field", "Choose name, email, telephone or address.")
	case in.Take != "stripe" && in.Take != "ours":
		return remit.Invalid("take", "Choose stripe or ours.")
	}
	return nil
}

// concernsCustomer finds whose customer at Stripe an event is about: nobody's is foreign.
func concernsCustomer(ctx context.Context, tx *postgres.Tx, sealed *postgres.SealedConnection, event gateway.Event) (postgres.EventState, error) {
	id, err := tx.CustomerOfStripe(ctx, sealed.Account, event.ObjectID)
	if err != nil || id == uuid.Nil {
		return postgres.EventForeign, err
	}
	return postgres.EventWaiting, tx.AskSync(ctx, id, sealed.Account, sealed.Livemode)
}

func aboutCustomer(event gateway.Event) bool {
	return event.Type == "customer.updated" || event.Type == "customer.deleted"
}

// lookAtCustomer brings a customer in line whom Stripe reports something of. That it is
// to be done is written with the event: where it fails now, the sweep does it.
func (c *Commands) lookAtCustomer(ctx context.Context, sealed *postgres.SealedConnection, link *activities.Link, event gateway.Event) error {
	var id uuid.UUID
	err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) (err error) {
		id, err = tx.CustomerOfStripe(ctx, sealed.Account, event.ObjectID)
		return err
	})
	if err != nil || id == uuid.Nil {
		return err
	}
	return c.syncCustomer(gateway.Batch(ctx), sealed.Tenant, link, id) // nobody waits for it: people's calls go first
}

func (c *Commands) syncCustomer(ctx context.Context, tenant uuid.UUID, link *activities.Link, id uuid.UUID) error {
	ended, err := c.connector().SyncCustomer(ctx, tenant, link, id, c.Now)
	if err != nil || !ended {
		return err
	}
	return c.followCustomer(ctx, tenant, id)
}

// syncedAtOnce bounds what one sweep brings in line of a tenant's customers.
const syncedAtOnce = 50

// sweepCustomers sends to Stripe what was changed here, and looks at what was changed
// there. Where Stripe does not answer the rest waits for the next sweep.
func (c *Commands) sweepCustomers(ctx context.Context, tenant uuid.UUID) error {
	var live *postgres.SealedConnection
	var due []uuid.UUID
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if live, err = tx.LiveConnection(ctx); err != nil || live == nil || live.KeysRefused != nil {
			return err
		}
		due, err = tx.DueSyncs(ctx, live.Account, live.Livemode, syncedAtOnce)
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	link, err := c.connector().Open(live)
	if err != nil {
		if activities.NoKeys(err) {
			return nil
		}
		return err
	}
	for _, id := range due {
		err := c.syncCustomer(gateway.Batch(ctx), tenant, link, id)
		if failure, failed := errors.AsType[*gateway.Failure](err); failed && failure.Refused() {
			c.Logger.WarnContext(ctx, "Stripe did not take a customer", "customer", id, "error", err)
			continue // it is no other's trouble
		}
		if err != nil {
			c.Logger.WarnContext(ctx, "customers are brought in line later", "error", err)
			return nil
		}
	}
	return nil
}

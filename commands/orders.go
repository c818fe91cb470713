package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// OrderFilter narrows a list of orders.
type OrderFilter struct {
	Organisation string // at this path and below
	ToFulfil     bool   // only those that are to be sent
}

// Orders lists what was ordered in stores where the caller holds store=edit, newest
// first.
func (c *Commands) Orders(ctx context.Context, caller Caller, filter OrderFilter, page Page) (List[remit.Order], error) {
	member, err := tenantOf(caller, filter.Organisation)
	if err != nil {
		return List[remit.Order]{}, err
	}
	query := postgres.OrderQuery{Path: filter.Organisation, ToSend: filter.ToFulfil, Limit: page.limit() + 1}
	if query.Units, err = c.units(ctx, caller, member.Tenant, remit.StoreEdit); err != nil {
		return List[remit.Order]{}, err
	}
	if len(query.Units) == 0 {
		return List[remit.Order]{}, c.refuse(ctx, caller, member.Tenant, member.Path, remit.StoreEdit, policies.Decision{})
	}
	if query.Before, query.ID, err = page.afterTime(); err != nil {
		return List[remit.Order]{}, err
	}
	var orders []remit.Order
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		orders, err = tx.ListOrders(ctx, query)
		return err
	})
	if err != nil {
		return List[remit.Order]{}, err
	}
	return cut(orders, page.limit(), func(o remit.Order) (string, uuid.UUID) { return timeKey(o.CreatedAt), o.ID }), nil
}

// Order is one order.
func (c *Commands) Order(ctx context.Context, caller Caller, id uuid.UUID) (remit.Order, error) {
	_, order, err := c.seeOrder(ctx, caller, id)
	return order, err
}

// FulfilOrder notes that an order was sent to its buyer. It is refused for one whose
// money is not final, or went back.
func (c *Commands) FulfilOrder(ctx context.Context, caller Caller, id uuid.UUID) (remit.Order, error) {
	found, _, err := c.seeOrder(ctx, caller, id)
	if err != nil {
		return remit.Order{}, err
	}
	var order remit.Order
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, id) // whatever refunds it waits, or came before
		if err != nil {
			return err
		}
		if order, err = tx.Order(ctx, id); err != nil {
			return err
		}
		if err := order.State.MayFulfil(); err != nil {
			return err
		}
		if err := tx.FulfilOrder(ctx, id, caller.Actor(), l.Clock.Now(c.Now())); err != nil {
			return err
		}
		if err := tx.SaveInvoice(ctx, l, c.Now(), remit.TimelineEntry{
			Kind: "order_fulfilled", Actor: caller.Actor(), What: "The order was sent to its buyer.",
			Why: remit.Why{Rule: "nothing is sent before its money is final", Version: "1"},
		}); err != nil {
			return err
		}
		if err := c.audit(ctx, tx, caller.entry("order.fulfil", "invoice "+id.String(), l.Organisation)); err != nil {
			return err
		}
		order, err = tx.Order(ctx, id)
		return err
	})
	return order, err
}

// seeOrder finds an order, which only those see who may fulfil it.
func (c *Commands) seeOrder(ctx context.Context, caller Caller, id uuid.UUID) (seen, remit.Order, error) {
	var order remit.Order
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		order, err = tx.Order(ctx, id)
		return order.Invoice.Organisation, uuid.Nil, err
	}, remit.StoreEdit)
	return found, order, err
}

package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

var liveItems = []remit.WorkItemState{remit.WorkItemOpen, remit.WorkItemClaimed, remit.WorkItemPaying}

// WorkItems is the inbox: the items whose role the caller holds at their path,
// earliest due first. Who holds none sees an empty one.
func (c *Commands) WorkItems(ctx context.Context, caller Caller, filter WorkItemFilter, page Page) (List[remit.WorkItem], error) {
	tenants, path, err := tenantsFor(caller, filter.Organisation)
	if err != nil {
		return List[remit.WorkItem]{}, err
	}
	due, id, err := page.afterDate()
	if err != nil {
		return List[remit.WorkItem]{}, err
	}
	if len(filter.States) == 0 {
		filter.States = liveItems
	}
	var pages [][]remit.WorkItem
	for _, member := range tenants {
		query := postgres.WorkItemQuery{States: filter.States, Ready: filter.Ready, Path: path, AfterDue: due, AfterID: id, Limit: page.limit() + 1}
		items, err := c.inbox(ctx, caller, member, query)
		if err != nil {
			return List[remit.WorkItem]{}, err
		}
		pages = append(pages, items)
	}
	return cut(merge(pages, itemKey), page.limit(), itemKey), nil
}

// WorkItem is one item with its invoice.
func (c *Commands) WorkItem(ctx context.Context, caller Caller, id uuid.UUID) (remit.WorkItem, error) {
	_, item, err := c.seeItem(ctx, caller, id)
	return item, err
}

// ClaimWorkItem tells the others who has the item open. Claims inform, they do
// not lock: another payer may take over.
func (c *Commands) ClaimWorkItem(ctx context.Context, caller Caller, id uuid.UUID) (remit.WorkItem, error) {
	return c.changeItem(ctx, caller, id, func(tx *postgres.Tx) error {
		return tx.Claim(ctx, id, caller.Account, caller.Name, c.Now())
	})
}

// ReleaseWorkItem takes the claim back.
func (c *Commands) ReleaseWorkItem(ctx context.Context, caller Caller, id uuid.UUID) (remit.WorkItem, error) {
	return c.changeItem(ctx, caller, id, func(tx *postgres.Tx) error { return tx.Release(ctx, id) })
}

// MayPay reports whether the caller may pay an item he sees, and if not what he
// would need and where.
func (c *Commands) MayPay(ctx context.Context, caller Caller, item remit.WorkItem) (may bool, needs, path string) {
	path = item.Assignee.Path.String()
	for _, member := range caller.Tenants {
		if member.Path != item.Assignee.Path.Top().String() {
			continue
		}
		decision, err := c.can(ctx, caller, member.Tenant, path, remit.StripePay)
		return err == nil && decision.Allowed, remit.StripePay.String(), path
	}
	return false, remit.StripePay.String(), path
}

// MayCollect answers why money cannot be collected at an organisation's path at
// all now: no connection, or one that may not charge (A10); or, of invoices that are
// named, why not for one of them: nothing that it takes is offered. Nil means it can.
func (c *Commands) MayCollect(ctx context.Context, caller Caller, path string, invoices ...remit.Invoice) error {
	member, err := tenantOf(caller, path)
	if err != nil {
		return err
	}
	return c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		connection, err := tx.LiveConnection(ctx)
		if err != nil {
			return err
		}
		if err := activities.Usable(connection); err != nil {
			return err
		}
		for _, i := range invoices {
			if err := remit.OnlineOffered(i.Settings.Methods, remit.OfferDebits(i.Currency, connection.Country, connection.BankDebits)); err != nil {
				e := remit.AsError(err)
				return remit.Conflict(e.Code, "%s: %s", i.Number, e.Message)
			}
		}
		return nil
	})
}

func (c *Commands) inbox(ctx context.Context, caller Caller, member Membership, query postgres.WorkItemQuery) ([]remit.WorkItem, error) {
	var roles []string
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		roles, err = tx.RolesOfWorkItems(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, role := range roles {
		units, err := c.units(ctx, caller, member.Tenant, remit.RoleScope(role))
		if err != nil {
			return nil, err
		}
		if len(units) > 0 {
			query.Reaches = append(query.Reaches, postgres.Reach{Role: role, Units: units})
		}
	}
	var items []remit.WorkItem
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if items, err = tx.ListWorkItems(ctx, query); err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(items))
		for n, item := range items {
			ids[n] = item.InvoiceID
		}
		invoices, err := tx.InvoicesByID(ctx, ids)
		for n := range items {
			items[n].Invoice = invoices[items[n].InvoiceID].WithoutReason()
		}
		if err != nil {
			return err
		}
		return tx.CountTries(ctx, items)
	})
	return items, err
}

// seeItem finds an item whose role the caller holds at its path.
func (c *Commands) seeItem(ctx context.Context, caller Caller, id uuid.UUID) (Membership, remit.WorkItem, error) {
	for _, member := range caller.Tenants {
		var item remit.WorkItem
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			if item, err = tx.WorkItem(ctx, id); err != nil {
				return err
			}
			item.Invoice, err = tx.Invoice(ctx, item.InvoiceID)
			item.Invoice = item.Invoice.WithoutReason()
			if err != nil {
				return err
			}
			one := []remit.WorkItem{item}
			err = tx.CountTries(ctx, one)
			item = one[0]
			return err
		})
		if remit.IsCode(err, remit.CodeNotFound) {
			continue
		}
		if err != nil {
			return Membership{}, remit.WorkItem{}, err
		}
		decision, err := c.can(ctx, caller, member.Tenant, item.Assignee.Path.String(), item.Assignee.Scope)
		if err != nil {
			return Membership{}, remit.WorkItem{}, err
		}
		if !decision.Allowed {
			return Membership{}, remit.WorkItem{}, remit.NotFound()
		}
		return member, item, nil
	}
	return Membership{}, remit.WorkItem{}, remit.NotFound()
}

func (c *Commands) changeItem(ctx context.Context, caller Caller, id uuid.UUID, change func(tx *postgres.Tx) error) (remit.WorkItem, error) {
	member, _, err := c.seeItem(ctx, caller, id)
	if err != nil {
		return remit.WorkItem{}, err
	}
	if err := c.DB.InTenant(ctx, member.Tenant, change); err != nil {
		return remit.WorkItem{}, err
	}
	_, item, err := c.seeItem(ctx, caller, id)
	return item, err
}

func itemKey(w remit.WorkItem) (string, uuid.UUID) { return w.Invoice.DueDate.String(), w.ID }

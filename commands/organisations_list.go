package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// Organisations lists those that the caller may manage (admin=organisations),
// in the order of their paths: in all his tenants, or at a path and below.
func (c *Commands) Organisations(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.Organisation], error) {
	tenants, err := c.tenantsToList(ctx, caller, organisation, remit.AdminOrganisations)
	if err != nil {
		return List[remit.Organisation]{}, err
	}
	return c.listOrganisations(ctx, tenants, organisation, page, func(m Membership) ([]uuid.UUID, error) {
		return c.units(ctx, caller, m.Tenant, remit.AdminOrganisations)
	})
}

// OrganisationTree lists every organisation at which the caller may do anything
// at all: what he can choose from on a page.
func (c *Commands) OrganisationTree(ctx context.Context, caller Caller, page Page) (List[remit.Organisation], error) {
	return c.listOrganisations(ctx, caller.Tenants, "", page, func(m Membership) ([]uuid.UUID, error) {
		return c.unitsSeen(ctx, caller, m)
	})
}

func (c *Commands) listOrganisations(ctx context.Context, tenants []Membership, below string, page Page, units func(Membership) ([]uuid.UUID, error)) (List[remit.Organisation], error) {
	var none List[remit.Organisation]
	after, _, err := page.after()
	if err != nil {
		return none, err
	}
	from, err := topOf(after)
	if err != nil {
		return none, err
	}
	rows, err := acrossTenants(tenants, from, page.limit()+1, func(m Membership, first bool, limit int) (list []remit.Organisation, err error) {
		query := postgres.OrganisationQuery{Below: below, Limit: limit}
		if first {
			query.AfterPath = after
		}
		if query.Units, err = units(m); err != nil || len(query.Units) == 0 {
			return nil, err
		}
		err = c.DB.InTenant(ctx, m.Tenant, func(tx *postgres.Tx) error {
			list, err = tx.ListOrganisations(ctx, query)
			return err
		})
		return list, err
	})
	if err != nil {
		return none, err
	}
	return cut(rows, page.limit(), func(o remit.Organisation) (string, uuid.UUID) { return o.Path, o.ID }), nil
}

package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// GrantFilter narrows the grants; zero fields do not narrow.
type GrantFilter struct {
	Organisation string // of this tenant
	User         *uuid.UUID
	Role         string
}

// GrantInput gives a role to a person at a path and below.
type GrantInput struct {
	User string // id of a user, or the address he signs in with
	Role string
	Path string
}

// Grants lists who holds which role where, in the order of the paths: where the
// caller has admin=roles, in all his tenants or that of the filter's path.
func (c *Commands) Grants(ctx context.Context, caller Caller, filter GrantFilter, page Page) (List[remit.RoleGrant], error) {
	var none List[remit.RoleGrant]
	tenants, err := c.tenantsToList(ctx, caller, filter.Organisation, remit.AdminRoles)
	if err != nil {
		return none, err
	}
	path, id, err := page.after()
	if err != nil {
		return none, err
	}
	from, err := topOf(path)
	if err != nil {
		return none, err
	}
	rows, err := acrossTenants(tenants, from, page.limit()+1, func(m Membership, first bool, limit int) (grants []remit.RoleGrant, err error) {
		query := postgres.GrantQuery{User: filter.User, Role: filter.Role, Limit: limit}
		if first {
			query.AfterPath, query.AfterID = path, id
		}
		if query.Units, err = c.units(ctx, caller, m.Tenant, remit.AdminRoles); err != nil {
			return nil, err
		}
		err = c.DB.InTenant(ctx, m.Tenant, func(tx *postgres.Tx) error {
			grants, err = tx.ListGrants(ctx, query)
			return err
		})
		return grants, err
	})
	if err != nil {
		return none, err
	}
	return cut(rows, page.limit(), func(g remit.RoleGrant) (string, uuid.UUID) { return g.Path, g.ID }), nil
}

// CreateGrant gives somebody a role. The caller needs admin=roles at the path
// and must hold, there and everywhere below, all that the role permits.
func (c *Commands) CreateGrant(ctx context.Context, caller Caller, body Body[GrantInput]) (remit.RoleGrant, error) {
	if _, err := c.tenantsToList(ctx, caller, "", remit.AdminRoles); err != nil {
		return remit.RoleGrant{}, err
	}
	input, err := body()
	if err != nil {
		return remit.RoleGrant{}, err
	}
	member, err := c.mayGrantAt(ctx, caller, input.Path)
	if err != nil {
		return remit.RoleGrant{}, err
	}
	var grant remit.RoleGrant
	err = c.changeRights(ctx, caller, member.Tenant, c.createGrant(ctx, caller, input, &grant))
	return grant, err
}

// DeleteGrant takes a role away. The caller needs admin=roles at its path. To
// take away a denial he must hold whatever it kept from the person.
func (c *Commands) DeleteGrant(ctx context.Context, caller Caller, id uuid.UUID) error {
	tenant, grant, err := c.grantSeen(ctx, caller, id)
	if err != nil {
		return err
	}
	if err := c.authorise(ctx, caller, tenant, grant.Path, remit.AdminRoles); err != nil {
		return err
	}
	if err := c.strongly(caller); err != nil {
		return err
	}
	return c.changeRights(ctx, caller, tenant, deleteGrant(ctx, caller, id))
}

// mayGrantAt is the tenant of a path at which the caller may grant.
func (c *Commands) mayGrantAt(ctx context.Context, caller Caller, path string) (Membership, error) {
	at, err := remit.ParsePath(path)
	if err != nil {
		return Membership{}, err
	}
	member, err := tenantOf(caller, at.String())
	if err != nil {
		return Membership{}, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, at.String(), remit.AdminRoles); err != nil {
		return Membership{}, err
	}
	return member, c.strongly(caller)
}

func (c *Commands) createGrant(ctx context.Context, caller Caller, input GrantInput, made *remit.RoleGrant) rightsPlan {
	return func(tx *postgres.Tx, s policies.Snapshot, now *policies.Policy) (rightsChange, error) {
		user, err := findUser(ctx, tx, input.User)
		if err != nil {
			return rightsChange{}, err
		}
		grant, err := c.newGrant(ctx, tx, now, user, input, caller)
		if err != nil {
			return rightsChange{}, err
		}
		change := rightsChange{scope: remit.AdminRoles, path: grant.Path, next: s}
		if user.Status == remit.UserActive {
			change.next.Grants = append(slices.Clone(s.Grants), policies.Grant{ID: grant.ID, UserID: user.ID, Role: grant.Role, Path: grant.Path})
		}
		change.given = func() error { return mayGrant(now, caller.subject(tx.Tenant), grant) }
		change.write = func() error {
			*made = grant
			return tx.InsertGrant(ctx, grant, grant.CreatedAt)
		}
		change.entry = changing(caller.entry("grant.create", "user "+user.ID.String(), grant.Path), nil, grantText(grant))
		return change, nil
	}
}

// newGrant checks what a grant is of and where, and makes it.
func (c *Commands) newGrant(ctx context.Context, tx *postgres.Tx, now *policies.Policy, user remit.User, input GrantInput, caller Caller) (remit.RoleGrant, error) {
	role, exists := held(now, input.Role)
	switch {
	case !exists:
		return remit.RoleGrant{}, remit.Invalid("role", "There is no role of this name.")
	case role.Name == policies.RoleCustomer || user.CustomerID != nil:
		return remit.RoleGrant{}, remit.Invalid("role", "A customer's user has the role %s by being one, and no other.", policies.RoleCustomer)
	}
	path, err := remit.ParsePath(input.Path)
	if err != nil {
		return remit.RoleGrant{}, err
	}
	unit, err := tx.OrganisationByPath(ctx, path.String())
	if remit.IsCode(err, remit.CodeNotFound) {
		return remit.RoleGrant{}, remit.Invalid("path", "There is no organisation at %s.", path)
	}
	if err != nil {
		return remit.RoleGrant{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.RoleGrant{}, err
	}
	return remit.RoleGrant{
		ID: id, User: user.ID, UserName: user.Name, UserEmail: user.Email, Role: role.Name,
		UnitID: unit.ID, Path: unit.Path, GrantedBy: &caller.Account, CreatedAt: c.Now(),
	}, nil
}

// mayGrant refuses a grant of what the giver does not hold wherever it would
// hold.
func mayGrant(now *policies.Policy, giver policies.Subject, grant remit.RoleGrant) error {
	path, err := remit.ParsePath(grant.Path)
	if err != nil {
		return err
	}
	return now.MayGrant(giver, grant.Role, path)
}

func deleteGrant(ctx context.Context, caller Caller, id uuid.UUID) rightsPlan {
	return func(tx *postgres.Tx, s policies.Snapshot, now *policies.Policy) (rightsChange, error) {
		grant, err := tx.Grant(ctx, id) // again: it may be gone since
		if err != nil {
			return rightsChange{}, err
		}
		change := rightsChange{scope: remit.AdminRoles, path: grant.Path, next: s}
		change.next.Grants = slices.DeleteFunc(slices.Clone(s.Grants), func(g policies.Grant) bool { return g.ID == id })
		if role, _ := held(now, grant.Role); role.Deny {
			change.given = func() error { return holdsWhatReturns(now, caller.subject(tx.Tenant), grant, s.Grants) }
		}
		change.write = func() error { return tx.DeleteGrant(ctx, id) }
		change.entry = changing(caller.entry("grant.delete", "user "+grant.User.String(), grant.Path), grantText(grant), nil)
		return change, nil
	}
}

// holdsWhatReturns refuses the end of a denial to who does not hold, where the
// denial held, what the person's other grants permit there.
func holdsWhatReturns(now *policies.Policy, giver policies.Subject, denial remit.RoleGrant, grants []policies.Grant) error {
	denied, err := remit.ParsePath(denial.Path)
	if err != nil {
		return err
	}
	for _, g := range grants {
		path, err := remit.ParsePath(g.Path)
		if err != nil {
			return err
		}
		if path.Contains(denied) {
			path = denied
		}
		if g.UserID != denial.User || !denied.Contains(path) {
			continue
		}
		role, _ := held(now, g.Role)
		if err := now.HoldsAll(giver, path, role.Scopes()); err != nil {
			return err
		}
	}
	return nil
}

// grantSeen finds a grant that the caller may see: one of his own, or one at a
// path where he may do anything at all.
func (c *Commands) grantSeen(ctx context.Context, caller Caller, id uuid.UUID) (tenant uuid.UUID, grant remit.RoleGrant, err error) {
	tenant, found, err := c.DB.TenantHolding(ctx, caller.tenantIDs(), postgres.TableGrants, id)
	if err != nil {
		return tenant, grant, err
	}
	if !found {
		return tenant, grant, remit.NotFound()
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		grant, err = tx.Grant(ctx, id)
		return err
	})
	if err != nil || grant.User == caller.Account {
		return tenant, grant, err
	}
	sees, err := c.sees(ctx, caller, tenant, grant.Path)
	if err == nil && !sees {
		err = remit.NotFound()
	}
	return tenant, grant, err
}

// findUser finds one of the tenant's people by his id or his address.
func findUser(ctx context.Context, tx *postgres.Tx, user string) (remit.User, error) {
	unknown := remit.Invalid("user", "There is no such user here.")
	id, err := uuid.Parse(user)
	if err != nil {
		if !strings.Contains(user, "@") {
			return remit.User{}, unknown
		}
		if id, err = tx.AccountOf(ctx, user); err != nil && !remit.IsCode(err, remit.CodeNotFound) {
			return remit.User{}, err
		}
	}
	found, err := tx.User(ctx, id)
	if remit.IsCode(err, remit.CodeNotFound) {
		return remit.User{}, unknown
	}
	return found, err
}

func grantText(g remit.RoleGrant) any {
	return map[string]any{"id": g.ID, "user": g.User, "name": g.UserName, "role": g.Role, "path": g.Path}
}

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

// Role is a role as it can be granted in a tenant.
type Role struct {
	Name        string
	Permissions []remit.Scope
	Shipped     bool // comes with Remit
	Deny        bool // denies its permissions instead; shipped roles only
	Protected   bool // its name cannot be taken by a role of the tenant's own
	Grants      int  // how often it is granted
}

// RoleInput is what a role permits. Every role also carries the right to do
// steps assigned to it.
type RoleInput struct {
	Permissions []remit.Scope
}

// Roles lists the roles that can be granted in the tenant of a path: those that
// come with Remit, then its own by their names. It needs admin=roles anywhere
// in the tenant.
func (c *Commands) Roles(ctx context.Context, caller Caller, organisation string, page Page) (List[Role], error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return List[Role]{}, err
	}
	if _, err := c.unitsOrRefuse(ctx, caller, member, remit.AdminRoles); err != nil {
		return List[Role]{}, err
	}
	after, _, err := page.after()
	if err != nil {
		return List[Role]{}, err
	}
	var roles []Role
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		roles, err = rolesOf(ctx, tx)
		return err
	})
	if err != nil {
		return List[Role]{}, err
	}
	last := slices.IndexFunc(roles, func(r Role) bool { return r.Name == after })
	return cut(roles[last+1:], page.limit(), func(r Role) (string, uuid.UUID) { return r.Name, uuid.Nil }), nil
}

func rolesOf(ctx context.Context, tx *postgres.Tx) ([]Role, error) {
	own, err := tx.OwnRoles(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := tx.CountGrants(ctx)
	if err != nil {
		return nil, err
	}
	roles := []Role{}
	for _, shipped := range policies.ShippedRoles() {
		if !slices.ContainsFunc(own, func(r policies.Role) bool { return r.Name == shipped.Name }) {
			own = append(own, shipped)
		}
	}
	for _, r := range own {
		roles = append(roles, Role{
			Name: r.Name, Permissions: r.Permissions, Shipped: r.Shipped, Deny: r.Deny,
			Protected: policies.Protected(r.Name), Grants: counts[r.Name],
		})
	}
	order := func(name string) int {
		return slices.IndexFunc(policies.ShippedRoles(), func(r policies.Role) bool { return r.Name == name })
	}
	slices.SortStableFunc(roles, func(a, b Role) int {
		x, y := order(a.Name), order(b.Name)
		switch {
		case x >= 0 && y >= 0:
			return x - y
		case x >= 0:
			return -1
		case y >= 0:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return roles, nil
}

// PutRole makes a role of the tenant's own or changes what it permits, and
// reports whether it is new. The caller needs admin=roles at the top-level
// organisation and must hold, everywhere in it, whatever the role comes to
// permit. A role may take the place of a shipped one that is not protected.
func (c *Commands) PutRole(ctx context.Context, caller Caller, organisation, name string, body Body[RoleInput]) (role Role, created bool, err error) {
	member, err := c.mayChangeRoles(ctx, caller, organisation)
	if err != nil {
		return Role{}, false, err
	}
	if name, err = remit.ParseRoleName(name); err != nil {
		return Role{}, false, remit.Invalid("name", "%s", remit.AsError(err).Message)
	}
	input, err := body()
	if err != nil {
		return Role{}, false, err
	}
	plan := putRole(ctx, caller, member, name, input.Permissions)
	err = c.changeRights(ctx, caller, member.Tenant, func(tx *postgres.Tx, s policies.Snapshot, now *policies.Policy) (rightsChange, error) {
		created = !slices.ContainsFunc(s.Roles, func(r policies.Role) bool { return r.Name == name })
		return plan(tx, s, now)
	})
	if err != nil {
		return Role{}, false, err
	}
	role, err = c.role(ctx, member, name)
	return role, created, err
}

// DeleteRole removes a role of the tenant's own. Who holds it loses it, but
// where it had taken a shipped role's place that one holds again.
func (c *Commands) DeleteRole(ctx context.Context, caller Caller, organisation, name string) error {
	member, err := c.mayChangeRoles(ctx, caller, organisation)
	if err != nil {
		return err
	}
	return c.changeRights(ctx, caller, member.Tenant, deleteRole(ctx, caller, member, name))
}

// mayChangeRoles is the tenant whose roles the caller may change.
func (c *Commands) mayChangeRoles(ctx context.Context, caller Caller, organisation string) (Membership, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return Membership{}, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, member.Path, remit.AdminRoles); err != nil {
		return Membership{}, err
	}
	return member, c.strongly(caller)
}

func putRole(ctx context.Context, caller Caller, member Membership, name string, permissions []remit.Scope) rightsPlan {
	return func(tx *postgres.Tx, s policies.Snapshot, now *policies.Policy) (rightsChange, error) {
		role := policies.Role{Name: name, Permissions: permissions}
		others := slices.DeleteFunc(slices.Clone(s.Roles), func(r policies.Role) bool { return r.Name == name })
		change := rightsChange{scope: remit.AdminRoles, path: member.Path, next: s}
		others = append(others, role)
		change.next.Roles = others
		if err := policies.ValidateRoles(change.next.Roles); err != nil {
			return change, err
		}
		old, existed := held(now, name)
		change.given = func() error {
			return now.HoldsAll(caller.subject(member.Tenant), now.Top(), without(role.Scopes(), old.Scopes()))
		}
		change.write = func() error { return tx.PutRole(ctx, name, permissions) }
		change.entry = changing(caller.entry("role.put", "role "+name, member.Path), permissionsOf(old, existed), permissionsOf(role, true))
		return change, nil
	}
}

func deleteRole(ctx context.Context, caller Caller, member Membership, name string) rightsPlan {
	return func(tx *postgres.Tx, s policies.Snapshot, now *policies.Policy) (rightsChange, error) {
		change := rightsChange{scope: remit.AdminRoles, path: member.Path, next: s}
		change.next.Roles = slices.DeleteFunc(slices.Clone(s.Roles), func(r policies.Role) bool { return r.Name == name })
		if len(change.next.Roles) == len(s.Roles) {
			if _, shipped := held(now, name); shipped {
				return change, remit.Conflict(remit.CodeConflict, "The role %s comes with Remit and cannot be deleted.", name)
			}
			return change, remit.NotFound()
		}
		old, _ := held(now, name)
		shipped, replaced := shippedRole(name)
		if !replaced {
			change.next.Grants = slices.DeleteFunc(slices.Clone(s.Grants), func(g policies.Grant) bool { return g.Role == name })
		}
		change.given = func() error {
			return now.HoldsAll(caller.subject(member.Tenant), now.Top(), without(shipped.Scopes(), old.Scopes()))
		}
		change.write = func() error { return tx.DeleteRole(ctx, name, !replaced) }
		change.entry = changing(caller.entry("role.delete", "role "+name, member.Path), permissionsOf(old, true), permissionsOf(shipped, replaced))
		return change, nil
	}
}

func (c *Commands) role(ctx context.Context, member Membership, name string) (role Role, err error) {
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		roles, err := rolesOf(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(roles, func(r Role) bool { return r.Name == name })
		if at < 0 {
			return remit.NotFound()
		}
		role = roles[at]
		return nil
	})
	return role, err
}

// held is a role as it can be granted now.
func held(policy *policies.Policy, name string) (policies.Role, bool) {
	return find(policy.Roles(), name)
}

func shippedRole(name string) (policies.Role, bool) { return find(policies.ShippedRoles(), name) }

func find(roles []policies.Role, name string) (policies.Role, bool) {
	at := slices.IndexFunc(roles, func(r policies.Role) bool { return r.Name == name })
	if at < 0 {
		return policies.Role{Name: name, Deny: true}, false // a role that is not there comes with nothing
	}
	return roles[at], true
}

// without are the scopes that holding the others does not come with.
func without(scopes, others []remit.Scope) []remit.Scope {
	return slices.DeleteFunc(slices.Clone(scopes), func(s remit.Scope) bool {
		return slices.ContainsFunc(others, func(o remit.Scope) bool { return o.Covers(s) })
	})
}

func permissionsOf(role policies.Role, exists bool) any {
	if !exists {
		return nil
	}
	return map[string]any{"permissions": role.Permissions}
}

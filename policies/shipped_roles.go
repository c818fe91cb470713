package policies

import (
	"slices"

	"remit"
)

// Names of the roles that come with Remit.
const (
	RoleOwner         = "Owner"
	RoleAdministrator = "Administrator"
	RoleInvoicePayers = remit.DefaultPayersRole
	RoleClerks        = "Clerks"
	RoleViewer        = "Viewer"
	RoleCustomer      = "Customer"
	RoleFrozen        = "Frozen"
)

// ShippedRoles are the roles that exist in every tenant, in the order people
// are offered them. A tenant may have a role of its own by the name of one that
// is not [Protected]; it then stands in the shipped one's place there.
func ShippedRoles() []Role {
	payers := remit.RoleScope(RoleInvoicePayers)
	return []Role{
		{Name: RoleOwner, Shipped: true, Permissions: []remit.Scope{remit.Everything}},
		{Name: RoleAdministrator, Shipped: true, Permissions: []remit.Scope{remit.Everything}},
		{Name: RoleInvoicePayers, Shipped: true, Permissions: []remit.Scope{payers, remit.StripePay, remit.InvoiceRead, remit.CustomerRead}},
		// Clerks see the payers' work items and prepare them, and cannot pay:
		// being assigned and being able to pay are two rights.
		{Name: RoleClerks, Shipped: true, Permissions: []remit.Scope{payers, remit.InvoiceRead, remit.CustomerRead}},
		{Name: RoleViewer, Shipped: true, Permissions: []remit.Scope{remit.StripeView, remit.StripeRead, remit.InvoiceRead}},
		// A customer's user sees his own things because he is bound to the
		// customer; a permission at a path would show him everybody's.
		{Name: RoleCustomer, Shipped: true},
		{Name: RoleFrozen, Shipped: true, Deny: true, Permissions: []remit.Scope{remit.Everything}},
	}
}

// Protected reports whether a role's name may not be taken by a tenant's own
// role, because other rules rely on what the shipped role means.
func Protected(role string) bool {
	return slices.Contains([]string{RoleOwner, RoleAdministrator, RoleCustomer, RoleFrozen}, role)
}

// Scopes are the permissions that come with the role: its own and, once, the
// right to do steps assigned to it, workflow=role('…'). Denials come with
// nothing, and neither does Customer: a step assigned to it would show every
// customer at a path the others' invoices.
func (r Role) Scopes() []remit.Scope {
	if r.Deny || r.Name == RoleCustomer {
		return nil
	}
	scopes := []remit.Scope{remit.RoleScope(r.Name)}
	for _, scope := range r.Permissions {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

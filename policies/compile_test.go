package policies

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit"
)

// A row that cannot be read stops the whole tenant, naming the row: leaving it
// out could leave out a denial.
func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	one := func(change func(*Snapshot)) Snapshot {
		s := snapshot()
		change(&s)
		return s
	}
	grantWith := func(g Grant) Snapshot { return one(func(s *Snapshot) { s.Grants = append(s.Grants, g) }) }
	roleWith := func(r Role) Snapshot { return one(func(s *Snapshot) { s.Roles = append(s.Roles, r) }) }
	for reason, s := range map[string]Snapshot{
		"not a top organisation's":                one(func(s *Snapshot) { s.TenantPath = "/t/Branch A" }),
		`path "" is not a top`:                    {},
		"grant " + id(200).String():               grantWith(Grant{ID: id(200), UserID: ana, Role: RoleFrozen, Path: "/t/../u"}),
		`"/u" is outside the tenant "/t"`:         grantWith(Grant{UserID: ana, Role: RoleOwner, Path: "/u"}),
		`"/tt" is outside the tenant "/t"`:        grantWith(Grant{UserID: ana, Role: RoleOwner, Path: "/tt"}),
		"normal form C":                           grantWith(Grant{UserID: ana, Role: RoleOwner, Path: "/t/e\u0301"}),
		"either a person or a service":            grantWith(Grant{Role: RoleOwner, Path: "/t"}),
		"organisation " + id(201).String():        one(func(s *Snapshot) { s.Units = append(s.Units, Unit{id(201), "/u/x"}) }),
		`role "Thieves"`:                          roleWith(Role{Name: "Thieves", Deny: true, Permissions: []remit.Scope{remit.StripePay}}),
		"comes with Remit":                        roleWith(Role{Name: RoleFrozen}),
		`role "Treasurers" is there twice`:        roleWith(Role{Name: "Treasurers"}),
		`role " x"`:                               roleWith(Role{Name: " x"}),
		`role "Odd": "*=pay" is not a permission`: roleWith(Role{Name: "Odd", Permissions: []remit.Scope{{Object: "*", Action: "pay"}}}),
	} {
		if _, err := Compile(tenant, s); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("want %q, got %v", reason, err)
		}
	}
}

// Two grants that read alike when joined by commas are two grants: a role that
// is named and a branch that is called to look like a freeze do not lift it.
func TestCommasDoNotHideADenial(t *testing.T) {
	t.Parallel()
	s := Snapshot{TenantPath: "/t", Roles: []Role{{Name: "Frozen,/t/A"}}, Grants: []Grant{
		{UserID: ana, Role: RoleOwner, Path: "/t"},
		{UserID: ana, Role: "Frozen,/t/A", Path: "/t/B"},
		{UserID: ana, Role: RoleFrozen, Path: "/t/A,/t/B"},
	}}
	got, err := compiled(t, s).Can(person(ana), path(t, "/t/A,/t/B"), remit.StripePay)
	if err != nil || got.Allowed || got.MatchedRole != RoleFrozen {
		t.Errorf("%+v, %v", got, err)
	}
}

// A tenant's own role by a shipped role's name stands in its place, so that
// narrowing the role narrows what people hold; the listed shipped roles are
// those of this program, whatever a table says.
func TestOwnRoleStandsInAShippedOnesPlace(t *testing.T) {
	t.Parallel()
	s := Snapshot{TenantPath: "/t",
		Roles: []Role{
			{Name: RoleInvoicePayers, Permissions: []remit.Scope{remit.InvoiceRead}},
			{Name: RoleViewer, Shipped: true, Permissions: []remit.Scope{remit.Everything}},
			{Name: "Brand new", Shipped: true, Permissions: []remit.Scope{remit.StripePay}},
		},
		Grants: []Grant{
			{UserID: ana, Role: RoleInvoicePayers, Path: "/t"},
			{UserID: emil, Role: RoleViewer, Path: "/t"},
			{UserID: gus, Role: "Brand new", Path: "/t"},
		},
	}
	policy := compiled(t, s)
	for _, tt := range []struct {
		user  uuid.UUID
		scope remit.Scope
		want  bool
	}{
		{ana, remit.StripePay, false},
		{ana, remit.InvoiceRead, true},
		{ana, remit.RoleScope(RoleInvoicePayers), true},
		{emil, remit.StripePay, false},
		{emil, remit.StripeView, true},
		{gus, remit.StripePay, true},
	} {
		if got, err := policy.Can(person(tt.user), path(t, "/t"), tt.scope); err != nil || got.Allowed != tt.want {
			t.Errorf("%v %s = %+v, %v", tt.user, tt.scope, got, err)
		}
	}
	names := map[string]bool{}
	for _, role := range policy.Roles() {
		if names[role.Name] {
			t.Errorf("role %s is listed twice", role.Name)
		}
		names[role.Name] = true
	}
	if len(names) != len(ShippedRoles())+1 {
		t.Errorf("%d roles", len(names))
	}
}

// The shipped roles are what the documentation says, their names are legal and
// no test or tenant can change them through what is handed out.
func TestShippedRoles(t *testing.T) {
	t.Parallel()
	for _, role := range ShippedRoles() {
		if name, err := remit.ParseRoleName(role.Name); err != nil || name != role.Name {
			t.Errorf("%q: %v", role.Name, err)
		}
		for _, scope := range role.Permissions {
			if err := scope.Validate(); err != nil {
				t.Errorf("%s: %v", role.Name, err)
			}
		}
		if role.Deny != (role.Name == RoleFrozen) || !role.Shipped {
			t.Errorf("%+v", role)
		}
	}
	ShippedRoles()[0].Permissions[0] = remit.StripePay
	if ShippedRoles()[0].Permissions[0] != remit.Everything {
		t.Error("the shipped roles can be changed")
	}
}

// A tenant's own roles stay few and legal, because every question walks their
// lines and denials are not theirs to make.
func TestValidateRoles(t *testing.T) {
	t.Parallel()
	many := func(n int) []remit.Scope {
		scopes := make([]remit.Scope, n)
		for i := range scopes {
			scopes[i] = remit.RoleScope("R" + uuid.UUID{1: byte(i), 2: byte(i >> 8)}.String())
		}
		return scopes
	}
	if err := ValidateRoles([]Role{{Name: "Full", Permissions: many(MaxCustomLines - 2)}, {Name: "One"}}); err != nil {
		t.Error(err)
	}
	for field, roles := range map[string][]Role{
		"permissions": {{Name: "Full", Permissions: many(MaxCustomLines - 1)}, {Name: "One"}},
		"name":        {{Name: "Owner", Permissions: []remit.Scope{remit.StripePay}}},
	} {
		err := ValidateRoles(roles)
		if !remit.IsCode(err, remit.CodeInvalid) || remit.AsError(err).Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, role := range []Role{{}, {Name: "a\n"}, {Name: "e\u0301"}, {Name: "D", Deny: true}, {Name: "S", Permissions: []remit.Scope{{}}}} {
		if ValidateRoles([]Role{role}) == nil {
			t.Errorf("%+v passed", role)
		}
	}
	if ValidateRoles([]Role{{Name: "A"}, {Name: "A"}}) == nil {
		t.Error("a role passed twice")
	}
}

// Nothing may be written, and nothing else asked, through casbin.
func TestCasbinReachesNoStorage(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	if err := policy.enforcer.SavePolicy(); err == nil {
		t.Error("saved")
	}
	if _, err := policy.links.GetRoles("u:" + ana.String()); err == nil {
		t.Error("listed")
	}
	if held, err := policy.links.HasLink("Owner", "Owner", "/t"); held || err != nil {
		t.Errorf("a name holds itself: %v, %v", held, err)
	}
	if held, err := policy.links.HasLink("u:"+cid.String(), RoleOwner); held || err == nil {
		t.Errorf("a role without a path: %v, %v", held, err)
	}
}

// A tenant's own roles hold in that tenant even for casbin itself, should a
// policy ever carry more than one; shipped roles hold in all.
func TestOwnRolesHoldInTheirTenantAlone(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	for _, tt := range []struct {
		user uuid.UUID
		ten  string
		want bool
	}{{ina, "/t", true}, {ina, "/u", false}, {cid, "/u", true}} {
		got, err := policy.enforcer.Enforce("u:"+tt.user.String(), tt.ten, "/t/Branch B", "stripe", "pay")
		if err != nil || got != tt.want {
			t.Errorf("%v in %s = %v, %v", tt.user, tt.ten, got, err)
		}
	}
}

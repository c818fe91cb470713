package policies

import (
	"testing"

	"github.com/google/uuid"

	"remit"
)

// The people and the tenant of the tables below.
var (
	tenant = id(1)
	other  = id(2)
	ana    = id(11) // pays at Branch A
	ben    = id(12) // clerk at Branch A
	cid    = id(13) // owns the tenant
	dora   = id(14) // owns it and is frozen at Branch A
	emil   = id(15) // views everything
	fay    = id(16) // customer's user
	gus    = id(17) // holiday cover at Branch B: a role of the tenant's own
	hal    = id(18) // holds nothing
	ina    = id(19) // stripe=* at Branch B
)

func id(n byte) uuid.UUID { return uuid.UUID{0: 1, 15: n} }

func snapshot() Snapshot {
	return Snapshot{
		Version:    7,
		TenantPath: "/t",
		Roles: []Role{
			{Name: "Holiday cover", Permissions: []remit.Scope{remit.RoleScope(RoleInvoicePayers)}},
			{Name: "Treasurers", Permissions: []remit.Scope{remit.StripeAll, {Object: "workflow", Action: "*"}}},
			{Name: "u:" + hal.String(), Permissions: []remit.Scope{remit.Everything}},
		},
		Grants: []Grant{
			{ID: id(101), UserID: ana, Role: RoleInvoicePayers, Path: "/t/Branch A"},
			{ID: id(102), UserID: ben, Role: RoleClerks, Path: "/t/Branch A"},
			{ID: id(103), UserID: cid, Role: RoleOwner, Path: "/t"},
			{ID: id(104), UserID: dora, Role: RoleOwner, Path: "/t"},
			{ID: id(105), UserID: dora, Role: RoleFrozen, Path: "/t/Branch A"},
			{ID: id(106), UserID: emil, Role: RoleViewer, Path: "/t"},
			{ID: id(107), UserID: fay, Role: RoleCustomer, Path: "/t"},
			{ID: id(108), UserID: gus, Role: "Holiday cover", Path: "/t/Branch B"},
			{ID: id(109), UserID: ina, Role: "Treasurers", Path: "/t/Branch B"},
			{ID: id(110), Service: "due-dates", Role: RoleAdministrator, Path: "/t/Branch B"},
			{ID: id(111), UserID: hal, Role: "a role since deleted", Path: "/t"},
		},
		Units: []Unit{
			{id(51), "/t"}, {id(52), "/t/Branch A"}, {id(53), "/t/Branch A/North"},
			{id(54), "/t/Branch AB"}, {id(55), "/t/Branch B"},
		},
	}
}

// Each rule of the permission model, by an example of it: inheritance by whole
// segments, denial over permission, roles as permissions, tokens that only
// narrow, tenants that never meet, and names that are not identities.
func TestRules(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	payers := remit.RoleScope(RoleInvoicePayers)
	only := func(scopes ...remit.Scope) *[]remit.Scope { return &scopes }
	anyStep := remit.Scope{Object: "workflow", Action: "*"}
	tests := []struct {
		rule    string
		subject Subject
		path    string
		scope   remit.Scope
		want    bool
		role    string // that decided
	}{
		{"1 a role holds at its path", person(ana), "/t/Branch A", remit.StripePay, true, RoleInvoicePayers},
		{"2 and below", person(ana), "/t/Branch A/North", remit.StripePay, true, RoleInvoicePayers},
		{"2 and below, where no organisation is yet", person(ana), "/t/Branch A/South/1", remit.StripePay, true, RoleInvoicePayers},
		{"3 and not above", person(ana), "/t", remit.StripePay, false, ""},
		{"4 and not beside, by whole segments", person(ana), "/t/Branch AB", remit.StripePay, false, ""},
		{"4 not below a neighbour either", person(ana), "/t/Branch AB/North", remit.StripePay, false, ""},
		{"5 a role permits what it lists alone", person(ana), "/t/Branch A", remit.StripeRefund, false, ""},
		{"6 a role carries the steps assigned to it", person(ana), "/t/Branch A", payers, true, RoleInvoicePayers},
		{"7 and not those of another role", person(ana), "/t/Branch A", remit.RoleScope(RoleClerks), false, ""},
		{"7 nor of one that differs by case", person(ana), "/t/Branch A", remit.RoleScope("Invoice payers"), false, ""},
		{"8 being assigned is not being able to pay", person(ben), "/t/Branch A", payers, true, RoleClerks},
		{"8 being assigned is not being able to pay", person(ben), "/t/Branch A", remit.StripePay, false, ""},
		{"9 another role may carry a role's steps", person(gus), "/t/Branch B", payers, true, "Holiday cover"},
		{"9 without being that role", person(gus), "/t/Branch B", remit.StripePay, false, ""},
		{"10 stripe=* is every stripe action", person(ina), "/t/Branch B", remit.StripeRefund, true, "Treasurers"},
		{"10 and itself", person(ina), "/t/Branch B", remit.StripeAll, true, "Treasurers"},
		{"10 and no other object", person(ina), "/t/Branch B", remit.InvoiceRead, false, ""},
		{"10 stripe=view is not stripe=*", person(emil), "/t", remit.StripeAll, false, ""},
		{"11 workflow=* is every role's steps", person(ina), "/t/Branch B", payers, true, "Treasurers"},
		{"12 *=* is everything", person(cid), "/t/Branch B", remit.RoleScope("whatever"), true, RoleOwner},
		{"12 *=* is everything", person(cid), "/t", remit.Everything, true, RoleOwner},
		{"12 and nothing less is", person(ina), "/t/Branch B", remit.Everything, false, ""},
		{"13 Frozen outdoes every role", person(dora), "/t/Branch A", remit.StripePay, false, RoleFrozen},
		{"13 below its path too", person(dora), "/t/Branch A/North", remit.InvoiceRead, false, RoleFrozen},
		{"13 and not beside", person(dora), "/t/Branch AB", remit.StripePay, true, RoleOwner},
		{"13 nor above", person(dora), "/t", remit.StripePay, true, RoleOwner},
		{"14 view and read are two rights", person(emil), "/t/Branch B", remit.StripeView, true, RoleViewer},
		{"14 view and read are two rights", person(emil), "/t/Branch B", remit.StripeRead, true, RoleViewer},
		{"14 and neither is pay", person(emil), "/t/Branch B", remit.StripePay, false, ""},
		{"15 a token narrows", narrowed(ana, only(remit.InvoiceRead)), "/t/Branch A", remit.StripePay, false, ""},
		{"15 a token narrows", narrowed(ana, only(remit.InvoiceRead)), "/t/Branch A", remit.InvoiceRead, true, RoleInvoicePayers},
		{"15 and never adds", narrowed(ana, only(remit.Everything)), "/t/Branch A", remit.StripeRefund, false, ""},
		{"15 not even to a wildcard", narrowed(cid, only(remit.StripePay)), "/t", remit.StripeAll, false, ""},
		{"15 an empty token is nothing", narrowed(cid, only()), "/t", remit.InvoiceRead, false, ""},
		{"15 a wildcard token is what its owner holds", narrowed(ana, only(remit.StripeAll, anyStep)), "/t/Branch A", payers, true, RoleInvoicePayers},
		{"16 tenants do not meet: path", person(cid), "/u", remit.InvoiceRead, false, ""},
		{"16 tenants do not meet: path that begins alike", person(cid), "/tt/Branch A", remit.InvoiceRead, false, ""},
		{"16 tenants do not meet: subject", Subject{UserID: cid, Tenant: other}, "/t", remit.InvoiceRead, false, ""},
		{"16 the zero path is nowhere", person(cid), "", remit.InvoiceRead, false, ""},
		{"17 a subject named like a role is not the role", service(RoleOwner), "/t", remit.InvoiceRead, false, ""},
		{"17 a role named like a person is not his", person(hal), "/t", remit.InvoiceRead, false, ""},
		{"17 a service is not the person of its name", service(cid.String()), "/t", remit.InvoiceRead, false, ""},
		{"17 a service has its own grants", service("due-dates"), "/t/Branch B", remit.InvoiceCharge, true, RoleAdministrator},
		{"18 a customer's user holds nothing at a path", person(fay), "/t", remit.InvoiceRead, false, ""},
		{"18 not even the steps of his role", person(fay), "/t", remit.RoleScope(RoleCustomer), false, ""},
		{"19 freezing makes nobody a holder of Frozen's steps", person(dora), "/t/Branch A", remit.RoleScope(RoleFrozen), false, RoleFrozen},
	}
	for _, tt := range tests {
		got, err := policy.Can(tt.subject, path(t, tt.path), tt.scope)
		if err != nil || got.Allowed != tt.want || got.MatchedRole != tt.role || got.Version != 7 {
			t.Errorf("%s: %s at %q = %+v, %v, want %v by %q", tt.rule, tt.scope, tt.path, got, err, tt.want, tt.role)
		}
	}
}

// The audit trail learns which grant and which line decided, for a denial too.
func TestDecisionNamesWhatMatched(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	got, err := policy.Can(person(ana), path(t, "/t/Branch A/North"), remit.StripePay)
	want := Decision{true, RoleInvoicePayers, path(t, "/t/Branch A"), "*, Invoice Payers, stripe, pay, allow", 7}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = policy.Can(person(dora), path(t, "/t/Branch A/North"), remit.StripePay)
	want = Decision{false, RoleFrozen, path(t, "/t/Branch A"), "*, Frozen, *, *, deny", 7}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = policy.Can(person(ina), path(t, "/t/Branch B"), remit.StripePay)
	want = Decision{true, "Treasurers", path(t, "/t/Branch B"), "/t, Treasurers, stripe, *, allow", 7}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

// A question that is malformed is an error and a denial, even for an owner: a
// forgotten permission must not be one that *=* covers.
func TestMalformedQuestionsAreDenied(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	for _, tt := range []struct {
		subject Subject
		scope   remit.Scope
	}{
		{person(cid), remit.Scope{}},
		{person(cid), remit.Scope{Object: "*", Action: "pay"}},
		{person(cid), remit.Scope{Object: "stripe", Action: "pay' || '"}},
		{Subject{Tenant: tenant}, remit.StripePay},
		{Subject{UserID: cid, Service: "due-dates", Tenant: tenant}, remit.StripePay},
	} {
		if got, err := policy.Can(tt.subject, path(t, "/t"), tt.scope); err == nil || got != (Decision{}) {
			t.Errorf("%+v %#v = %+v, %v", tt.subject, tt.scope, got, err)
		}
		if units, err := policy.UnitsWhere(tt.subject, tt.scope); err == nil || len(units) > 0 {
			t.Errorf("%+v %#v: units %v, %v", tt.subject, tt.scope, units, err)
		}
	}
}

// A tenant without a grant permits nothing to anybody.
func TestEmptyPolicyDenies(t *testing.T) {
	t.Parallel()
	policy := compiled(t, Snapshot{TenantPath: "/t"})
	for _, scope := range remit.KnownScopes() {
		if got, err := policy.Can(person(cid), path(t, "/t"), scope); err != nil || got.Allowed {
			t.Errorf("%s = %+v, %v", scope, got, err)
		}
	}
}

// Made-up paths below a branch leave no trace in casbin's memory and get the
// branch's answer.
func TestUnknownPathsAreAnsweredAsTheirNearestAncestor(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	for in, want := range map[string]string{
		"/t/Branch A/x/y":     "/t/Branch A",
		"/t/Branch A/North/z": "/t/Branch A/North",
		"/t/nowhere":          "/t",
		"/t/Branch AB":        "/t/Branch AB",
	} {
		if got := policy.nearest(path(t, in)); got != want {
			t.Errorf("%s is asked as %s, want %s", in, got, want)
		}
	}
}

func compiled(t testing.TB, s Snapshot) *Policy {
	t.Helper()
	policy, err := Compile(tenant, s)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// path parses a path of a test's table; "" is the zero Path.
func path(t testing.TB, s string) remit.Path {
	t.Helper()
	if s == "" {
		return remit.Path{}
	}
	p, err := remit.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func person(user uuid.UUID) Subject { return Subject{UserID: user, Tenant: tenant} }

func service(name string) Subject { return Subject{Service: name, Tenant: tenant} }

func narrowed(user uuid.UUID, scopes *[]remit.Scope) Subject {
	return Subject{UserID: user, Tenant: tenant, TokenScopes: scopes}
}

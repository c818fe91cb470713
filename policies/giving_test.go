package policies

import (
	"strings"
	"testing"

	"remit"
)

// Nobody gives what he does not hold wherever the gift would hold (T35), and
// the refusal names what is missing and where.
func TestHoldsAll(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	viewing := []remit.Scope{remit.StripeView}
	tests := []struct {
		what    string
		giver   Subject
		at      string
		scopes  []remit.Scope
		missing string // "": he may
	}{
		{"his own permission at his own path", person(ana), "/t/Branch A", []remit.Scope{remit.StripePay, remit.InvoiceRead}, ""},
		{"and below", person(ana), "/t/Branch A/North", []remit.Scope{remit.StripePay}, ""},
		{"not above", person(ana), "/t", []remit.Scope{remit.StripePay}, "stripe=pay at /t"},
		{"a branch administrator, everything at the root", service("due-dates"), "/t", []remit.Scope{remit.Everything}, "*=* at /t"},
		{"a branch administrator, everything at the branch", service("due-dates"), "/t/Branch B", []remit.Scope{remit.Everything}, ""},
		{"every single action is not the wildcard", person(emil), "/t", []remit.Scope{remit.StripeView, remit.StripeRead, remit.StripeAll}, "stripe=* at /t"},
		{"an owner", person(cid), "/t", []remit.Scope{remit.Everything}, ""},
		{"an owner who is frozen at a branch, above it", person(dora), "/t", []remit.Scope{remit.StripePay}, "stripe=pay at /t/Branch A"},
		{"an owner who is frozen at a branch, beside it", person(dora), "/t/Branch B", []remit.Scope{remit.StripePay}, ""},
		{"through a token, what the token has", narrowed(cid, &viewing), "/t", viewing, ""},
		{"through a token, more than the token has", narrowed(cid, &viewing), "/t", []remit.Scope{remit.StripePay}, "stripe=pay at /t"},
	}
	for _, tt := range tests {
		err := policy.HoldsAll(tt.giver, path(t, tt.at), tt.scopes)
		switch {
		case tt.missing == "" && err != nil, tt.missing != "" && !remit.IsCode(err, remit.CodeForbidden):
			t.Errorf("%s: %v", tt.what, err)
		case tt.missing != "" && !strings.Contains(err.Error(), "needs "+tt.missing+";"):
			t.Errorf("%s: %v does not name %s", tt.what, err, tt.missing)
		}
	}
	if err := policy.HoldsAll(person(cid), path(t, "/u"), nil); !remit.IsCode(err, remit.CodeNotFound) {
		t.Errorf("another tenant's path: %v", err)
	}
	if err := policy.HoldsAll(person(cid), path(t, "/t"), []remit.Scope{{}}); err == nil {
		t.Error("a malformed scope was held")
	}
}

// Granting a role is giving all that comes with it, the steps assigned to it
// included.
func TestMayGrant(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	tests := []struct {
		giver Subject
		role  string
		at    string
		code  string // "": he may
	}{
		{person(cid), RoleOwner, "/t", ""},
		{person(ana), RoleInvoicePayers, "/t/Branch A", ""},
		{person(ana), RoleInvoicePayers, "/t/Branch AB", remit.CodeForbidden},
		{person(ana), RoleClerks, "/t/Branch A", remit.CodeForbidden}, // its own steps
		{person(ana), RoleOwner, "/t/Branch A", remit.CodeForbidden},
		{person(ana), RoleFrozen, "/t/Branch A", ""},
		{person(ana), RoleCustomer, "/t/Branch A", ""},
		{person(ana), RoleFrozen, "/u", remit.CodeNotFound},
		{person(cid), "Nobody", "/t", remit.CodeInvalid},
	}
	for _, tt := range tests {
		err := policy.MayGrant(tt.giver, tt.role, path(t, tt.at))
		if (err == nil) != (tt.code == "") || (err != nil && !remit.IsCode(err, tt.code)) {
			t.Errorf("%s at %s: %v, want %q", tt.role, tt.at, err, tt.code)
		}
	}
}

// A transaction can ask, before it commits, whether a change would leave the
// tenant without an administrator (T36): frozen ones do not count.
func TestHoldersOfEverythingAreTheAdministrators(t *testing.T) {
	t.Parallel()
	s := Snapshot{TenantPath: "/t", Grants: []Grant{
		{UserID: ana, Role: RoleOwner, Path: "/t/Branch A"},
		{UserID: cid, Role: RoleOwner, Path: "/t"},
		{Service: "due-dates", Role: RoleOwner, Path: "/t"},
	}}
	if got := compiled(t, s).Holders(path(t, "/t"), remit.Everything); len(got) != 1 || got[0] != cid {
		t.Errorf("administrators %v", got)
	}
	s.Grants = append(s.Grants, Grant{UserID: cid, Role: RoleFrozen, Path: "/t"})
	if got := compiled(t, s).Holders(path(t, "/t"), remit.Everything); len(got) != 0 {
		t.Errorf("administrators %v", got)
	}
	if got := compiled(t, s).Holders(path(t, "/u"), remit.Everything); got == nil || len(got) != 0 {
		t.Errorf("holders in another tenant %v", got)
	}
}

// "Why can Ana pay here?" is answered by the grant, "why not?" by what stands
// in the way or by who could.
func TestExplain(t *testing.T) {
	t.Parallel()
	policy := compiled(t, snapshot())
	viewing := []remit.Scope{remit.StripeView}
	tests := []struct {
		subject Subject
		at      string
		scope   remit.Scope
		want    string
	}{
		{person(ana), "/t/Branch A/North", remit.StripePay, "Yes: the role Invoice Payers, granted at /t/Branch A, permits stripe=pay."},
		{person(ina), "/t/Branch B", remit.StripeRefund, "Yes: the role Treasurers, granted at /t/Branch B, permits stripe=*."},
		{person(dora), "/t/Branch A/North", remit.StripePay, "No: the role Frozen, granted at /t/Branch A, denies *=*."},
		{person(emil), "/t/Branch A", remit.CustomerRead, "No: no role held at /t/Branch A or above permits customer=read. Roles that do: Owner, Administrator, Invoice Payers, Clerks, u:" + hal.String() + "."},
		{narrowed(cid, &viewing), "/t", remit.StripePay, "No: the token was made without stripe=pay."},
		{person(cid), "/u", remit.StripePay, "No: /u belongs to another organisation."},
	}
	for _, tt := range tests {
		got, err := policy.Explain(tt.subject, path(t, tt.at), tt.scope)
		if err != nil || got.String() != tt.want {
			t.Errorf("%s, %v\nwant %s", got, err, tt.want)
		}
	}
	got, err := policy.Explain(person(ana), path(t, "/t/Branch A/North"), remit.StripePay)
	if err != nil || len(got.Reasons) != 1 || got.Reasons[0].GrantID != id(101) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := policy.Explain(person(ana), path(t, "/t"), remit.Scope{}); err == nil {
		t.Error("a malformed scope was explained")
	}
}

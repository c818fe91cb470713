package policies

import (
	"fmt"

	"github.com/google/uuid"

	"remit"
)

// canary asks a small made-up policy what must be so in any. It catches a
// changed model, a casbin that permits everything, and a role manager that
// takes a person's name for a role, before the first request.
func canary() error {
	tenant := uuid.MustParse("00000000-0000-7000-8000-000000000001")
	payer := uuid.MustParse("00000000-0000-7000-8000-000000000002")
	frozen := uuid.MustParse("00000000-0000-7000-8000-000000000003")
	policy, err := Compile(tenant, Snapshot{
		TenantPath: "/canary",
		Grants: []Grant{
			{UserID: payer, Role: RoleInvoicePayers, Path: "/canary/Branch A"},
			{UserID: frozen, Role: RoleOwner, Path: "/canary"},
			{UserID: frozen, Role: RoleFrozen, Path: "/canary/Branch A"},
		},
	})
	if err != nil {
		return err
	}
	nothing := []remit.Scope{}
	expectations := []struct {
		subject Subject
		path    string
		scope   remit.Scope
		allowed bool
	}{
		{Subject{UserID: payer}, "/canary/Branch A", remit.StripePay, true},
		{Subject{UserID: payer}, "/canary/Branch A/North", remit.StripePay, true},
		{Subject{UserID: payer}, "/canary/Branch A", remit.StripeRefund, false},
		{Subject{UserID: payer}, "/canary/Branch AB", remit.StripePay, false},
		{Subject{UserID: payer}, "/canary", remit.StripePay, false},
		{Subject{UserID: payer}, "/other/Branch A", remit.StripePay, false},
		{Subject{UserID: payer, TokenScopes: &nothing}, "/canary/Branch A", remit.StripePay, false},
		{Subject{UserID: frozen}, "/canary", remit.StripePay, true},
		{Subject{UserID: frozen}, "/canary/Branch A", remit.StripePay, false},
		{Subject{UserID: tenant}, "/canary", remit.InvoiceRead, false},
		{Subject{Service: RoleOwner}, "/canary", remit.InvoiceRead, false},
	}
	for _, e := range expectations {
		path, err := remit.ParsePath(e.path)
		if err != nil {
			return err
		}
		e.subject.Tenant = tenant
		decision, err := policy.Can(e.subject, path, e.scope)
		if err != nil {
			return err
		}
		if decision.Allowed != e.allowed {
			return fmt.Errorf("%s at %s is %v, must be %v", e.scope, path, decision.Allowed, e.allowed)
		}
	}
	return nil
}

package commands

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"remit"
	"remit/policies"
)

// T35: nobody gives, by a grant, a role, a token or an invitation, what he does
// not hold wherever it would hold.
func TestT35NobodyGivesWhatHeDoesNotHold(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	h.custom(owner, "Branch Admin", remit.AdminRoles, remit.AdminUsers, remit.InvoiceRead)
	branch := h.join(owner, "bea@example.com", "Branch Admin at /dev/Branch A")
	clerk := h.join(owner, "carl@example.com", "Clerks at /dev/Branch A")
	grant := func(role, path string) error {
		_, err := h.CreateGrant(ctx, branch, Given(GrantInput{User: clerk.Account.String(), Role: role, Path: path}))
		return err
	}
	invite := func(role, path string) error {
		_, err := h.InviteUser(ctx, branch, Given(InviteInput{
			Organisation: "/dev/Branch A", Email: "new@example.com", Name: "New", Grants: []GrantInput{{Role: role, Path: path}},
		}))
		return err
	}
	token := func(scope remit.Scope) error {
		_, err := h.CreateAPIToken(ctx, branch, Given(TokenInput{Name: "x", Scopes: []remit.Scope{scope}}))
		return err
	}
	put := func(by Caller, name string, scope remit.Scope) error {
		_, _, err := h.PutRole(ctx, by, "", name, Given(RoleInput{Permissions: []remit.Scope{scope}}))
		return err
	}
	wants(t, "*=* at the own branch", grant(policies.RoleOwner, "/dev/Branch A"), remit.KindForbidden)
	wants(t, "a role at the root", grant("Branch Admin", "/dev"), remit.KindForbidden)
	wants(t, "a role at the neighbour's, whose name begins alike", grant("Branch Admin", "/dev/Branch AB"), remit.KindForbidden)
	wants(t, "payers, by who cannot pay", grant(policies.RoleInvoicePayers, "/dev/Branch A"), remit.KindForbidden)
	wants(t, "an invitation with *=*", invite(policies.RoleOwner, "/dev/Branch A"), remit.KindForbidden)
	wants(t, "an invitation to the root", invite("Branch Admin", "/dev"), remit.KindForbidden)
	wants(t, "a token with *=*", token(remit.Everything), remit.KindForbidden)
	wants(t, "a token that pays", token(remit.StripePay), remit.KindForbidden)
	wants(t, "a role, from a branch", put(branch, "Mine", remit.InvoiceRead), remit.KindForbidden)

	if err := grant("Branch Admin", "/dev/Branch A/North"); err != nil {
		t.Errorf("what he holds, below his branch: %v", err)
	}
	if err := token(remit.InvoiceRead); err != nil {
		t.Errorf("a token of what he holds: %v", err)
	}

	// Changing roles at the top is not yet holding what goes into them.
	h.custom(owner, "Role Admin", remit.AdminRoles, remit.RoleScope("Readers"), remit.InvoiceRead)
	admin := h.join(owner, "rita@example.com", "Role Admin at /dev")
	wants(t, "a permission into a role", put(admin, "Readers", remit.StripePay), remit.KindForbidden)
	wants(t, "more into one's own role", put(admin, "Role Admin", remit.Everything), remit.KindForbidden)
	wants(t, "the name of a role steps may be assigned to", put(admin, "Finance", remit.InvoiceRead), remit.KindForbidden)
	if err := put(admin, "Readers", remit.InvoiceRead); err != nil {
		t.Errorf("what he holds into a role: %v", err)
	}
}

// Whoever froze, or is frozen, at a branch cannot give there either, and lifting
// a denial gives back only what the lifter holds.
func TestADenialIsLiftedOnlyByWhoHoldsWhatReturns(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	h.custom(owner, "Guard", remit.AdminRoles)
	guard := h.join(owner, "gus@example.com", "Guard at /dev/Branch A")
	payer := h.join(owner, "pia@example.com", "Invoice Payers at /dev")
	frozen, err := h.CreateGrant(ctx, guard, Given(GrantInput{User: payer.Email, Role: policies.RoleFrozen, Path: "/dev/Branch A"}))
	if err != nil {
		t.Fatal(err)
	}
	if h.may(payer, remit.StripePay, "/dev/Branch A/North") || !h.may(payer, remit.StripePay, "/dev/Branch AB") {
		t.Error("the freeze is not at the branch and below alone")
	}
	wants(t, "lifted by who cannot pay", h.DeleteGrant(ctx, guard, frozen.ID), remit.KindForbidden)
	if err := h.DeleteGrant(ctx, owner, frozen.ID); err != nil {
		t.Fatal(err)
	}
	if !h.may(payer, remit.StripePay, "/dev/Branch A") {
		t.Error("lifted, and still frozen")
	}
}

// T36: the last administrator stays. Of two who remove each other at the same
// moment exactly one succeeds, whichever way they go about it.
func TestT36TheLastAdministratorStays(t *testing.T) {
	ways := map[string]func(h *house, by, of Caller) error{
		"delete the grant": func(h *house, by, of Caller) error {
			return h.DeleteGrant(t.Context(), by, h.grantOf(by, of.Account, policies.RoleOwner))
		},
		"disable": func(h *house, by, of Caller) error {
			_, err := h.SetUserDisabled(t.Context(), by, "", of.Account, Given(true))
			return err
		},
		"freeze at the top": func(h *house, by, of Caller) error {
			_, err := h.CreateGrant(t.Context(), by, Given(GrantInput{User: of.Email, Role: policies.RoleFrozen, Path: "/dev"}))
			return err
		},
		"freeze at a branch": func(h *house, by, of Caller) error {
			_, err := h.CreateGrant(t.Context(), by, Given(GrantInput{User: of.Email, Role: policies.RoleFrozen, Path: "/dev/Branch A"}))
			return err
		},
	}
	for name, remove := range ways {
		t.Run(name, func(t *testing.T) {
			h, first := openHouse(t)
			second := h.join(first, "otto@example.com", "Owner at /dev")
			// Both are permitted at the moment they ask; then the tenant's lock decides.
			h.exec("begin")
			h.exec("select 1 from tenants for update")
			results := make(chan error, 2)
			var asked sync.WaitGroup
			for _, pair := range [][2]Caller{{first, second}, {second, first}} {
				asked.Go(func() { results <- remove(h, pair[0], pair[1]) })
			}
			within(t, "both wait for the tenant", func() bool {
				h.exec("select pg_stat_clear_snapshot()") // else the transaction sees one picture only
				return h.number("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 2
			})
			h.exec("commit")
			asked.Wait()
			close(results)
			var refused []error
			for err := range results {
				if err != nil {
					refused = append(refused, err)
				}
			}
			if len(refused) != 1 {
				t.Fatalf("refused: %v, want one", refused)
			}
			wants(t, "the second", refused[0], remit.KindConflict)
			if e := remit.AsError(refused[0]); e.Message != "That removes the last administrator." {
				t.Errorf("the message is %q", e.Message)
			}
		})
	}
}

// The last administrator can neither remove himself nor take the permission out
// of the role he holds it by.
func TestTheLastAdministratorCannotRemoveHimself(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	own := h.grantOf(owner, owner.Account, policies.RoleOwner)
	wants(t, "his grant", h.DeleteGrant(ctx, owner, own), remit.KindConflict)
	_, err := h.SetUserDisabled(ctx, owner, "", owner.Account, Given(true))
	wants(t, "himself", err, remit.KindConflict)
	// Invited is not yet an administrator.
	if _, err := h.InviteUser(ctx, owner, Given(InviteInput{
		Email: "late@example.com", Name: "Late", Grants: []GrantInput{{Role: policies.RoleOwner, Path: "/dev"}},
	})); err != nil {
		t.Fatal(err)
	}
	wants(t, "for one who has not accepted", h.DeleteGrant(ctx, owner, own), remit.KindConflict)
	h.custom(owner, "Chief", remit.Everything)
	h.join(owner, "chris@example.com", "Chief at /dev")
	if err := h.DeleteGrant(ctx, owner, own); err != nil {
		t.Fatalf("with another administrator: %v", err)
	}
	chief := h.signIn("chris@example.com")
	_, _, err = h.PutRole(ctx, chief, "", "Chief", Given(RoleInput{Permissions: []remit.Scope{remit.StripePay}}))
	wants(t, "the permission out of his role", err, remit.KindConflict)
	wants(t, "the role", h.DeleteRole(ctx, chief, "", "Chief"), remit.KindConflict)
}

// A role of the tenant's own may stand in a shipped one's place but for those
// that other rules rely on, and is limited in size; deleting it takes it from
// whoever holds it.
func TestRolesOfTheTenantsOwn(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	put := func(name string, scopes ...remit.Scope) error {
		_, _, err := h.PutRole(ctx, owner, "", name, Given(RoleInput{Permissions: scopes}))
		return err
	}
	for _, name := range []string{policies.RoleOwner, policies.RoleAdministrator, policies.RoleCustomer, policies.RoleFrozen, "", " x", "a\nb"} {
		wants(t, fmt.Sprintf("the name %q", name), put(name, remit.StripePay), remit.KindInvalid)
	}
	many := make([]remit.Scope, policies.MaxCustomLines)
	for i := range many {
		many[i] = remit.Scope{Object: fmt.Sprintf("object%d", i), Action: "read"}
	}
	wants(t, "too many permissions", put("Many", many...), remit.KindInvalid)
	if err := put("Many", many[1:]...); err != nil {
		t.Errorf("as many as may be: %v", err)
	}
	if err := h.DeleteRole(ctx, owner, "", "Many"); err != nil {
		t.Fatal(err)
	}
	wants(t, "delete it again", h.DeleteRole(ctx, owner, "", "Many"), remit.KindNotFound)
	wants(t, "delete a shipped one", h.DeleteRole(ctx, owner, "", policies.RoleClerks), remit.KindConflict)

	clerk := h.join(owner, "carl@example.com", "Clerks at /dev/Branch A")
	if err := put(policies.RoleClerks, remit.StripePay); err != nil {
		t.Fatal(err)
	}
	if !h.may(clerk, remit.StripePay, "/dev/Branch A") || h.may(clerk, remit.InvoiceRead, "/dev/Branch A") {
		t.Error("the own role does not stand in the shipped one's place")
	}
	if err := h.DeleteRole(ctx, owner, "", policies.RoleClerks); err != nil {
		t.Fatal(err)
	}
	if h.may(clerk, remit.StripePay, "/dev/Branch A") || !h.may(clerk, remit.InvoiceRead, "/dev/Branch A") {
		t.Error("the shipped role does not hold again")
	}
	h.custom(owner, "Temp", remit.StripePay)
	if _, err := h.CreateGrant(ctx, owner, Given(GrantInput{User: clerk.Email, Role: "Temp", Path: "/dev"})); err != nil {
		t.Fatal(err)
	}
	if err := h.DeleteRole(ctx, owner, "", "Temp"); err != nil {
		t.Fatal(err)
	}
	if h.may(clerk, remit.StripePay, "/dev/Branch A") {
		t.Error("a deleted role still permits")
	}
}

// U24: who gains or loses is shown before, and is what then happens.
func TestChangesFirstShowWhoGainsOrLoses(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	clerk := h.join(owner, "carl@example.com", "Clerks at /dev/Branch A")
	gains := func(p Preview, err error) []remit.Scope {
		t.Helper()
		if err != nil || p.Total != 1 || p.Effects[0].User != clerk.Account || p.Effects[0].Email != clerk.Email {
			t.Fatalf("%+v, %v", p, err)
		}
		return append(slices.Clone(p.Effects[0].Gains), p.Effects[0].Loses...)
	}
	input := RoleInput{Permissions: []remit.Scope{remit.RoleScope(policies.RoleInvoicePayers), remit.InvoiceRead, remit.CustomerRead, remit.StripePay}}
	if got := gains(h.PreviewPutRole(ctx, owner, "", policies.RoleClerks, input)); !slices.Equal(got, []remit.Scope{remit.StripePay}) {
		t.Errorf("the role would give %v", got)
	}
	if h.may(clerk, remit.StripePay, "/dev/Branch A") {
		t.Error("a preview changed something")
	}
	payer := GrantInput{User: clerk.Email, Role: policies.RoleInvoicePayers, Path: "/dev/Branch A"}
	if got := gains(h.PreviewCreateGrant(ctx, owner, payer)); !slices.Equal(got, []remit.Scope{remit.StripePay}) {
		t.Errorf("the grant would give %v", got)
	}
	freeze := GrantInput{User: clerk.Email, Role: policies.RoleFrozen, Path: "/dev/Branch A"}
	if got := gains(h.PreviewCreateGrant(ctx, owner, freeze)); len(got) < 3 || !slices.Contains(got, remit.InvoiceRead) {
		t.Errorf("the freeze would take %v", got)
	}
	explanation, err := h.Explain(ctx, owner, ExplainInput{User: clerk.Account, Path: "/dev/Branch A/North", Scope: remit.InvoiceRead})
	if err != nil || explanation.String() != "Yes: the role Clerks, granted at /dev/Branch A, permits invoice=read." {
		t.Errorf("%s, %v", explanation, err)
	}
	_, err = h.Explain(ctx, clerk, ExplainInput{User: owner.Account, Path: "/dev/Branch A", Scope: remit.InvoiceRead})
	wants(t, "explained to a clerk about the owner", err, remit.KindForbidden)
}

// Lists of grants and roles are read whole and without repeats by pages, in all
// of a caller's tenants.
func TestPagesOfGrantsRunThroughAllTenants(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	for _, path := range []string{"/dev-two", "/alpha"} {
		if _, err := h.CreateOrganisation(ctx, owner, Given(OrganisationInput{Path: path})); err != nil {
			t.Fatal(err)
		}
	}
	owner = h.signIn(owner.Email)
	if _, err := h.CreateGrant(ctx, owner, Given(GrantInput{User: owner.Email, Role: policies.RoleClerks, Path: "/dev/Branch A"})); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for page := (Page{Limit: 1}); ; {
		list, err := h.Grants(ctx, owner, GrantFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range list.Items {
			paths = append(paths, g.Path)
		}
		if page.After = list.Next; list.Next == "" {
			break
		}
	}
	if want := []string{"/alpha", "/dev", "/dev/Branch A", "/dev-two"}; !slices.Equal(paths, want) {
		t.Errorf("pages gave %v, want %v", paths, want)
	}
}

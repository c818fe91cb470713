package policies

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
)

// Lists show exactly what a person may see, and an assignee line reaches
// exactly who may act on it: both are Can, asked of everything.
func TestUnitsWhereAndHoldersAreCan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := randomSnapshot(t)
		policy, err := Compile(tenant, s)
		if err != nil {
			t.Fatal(err)
		}
		scope := rapid.SampledFrom(scopesAsked).Draw(t, "scope")
		subject := Subject{UserID: rapid.SampledFrom(people).Draw(t, "user"), Tenant: tenant}
		if rapid.Bool().Draw(t, "by token") {
			scopes := rapid.SliceOfN(rapid.SampledFrom(scopesAsked), 0, 2).Draw(t, "token")
			subject.TokenScopes = &scopes
		}

		want := []uuid.UUID{}
		for _, u := range s.Units {
			if allowed(t, policy, subject, u.Path, scope) {
				want = append(want, u.ID)
			}
		}
		got, err := policy.UnitsWhere(subject, scope)
		if err != nil || !slices.Equal(sorted(got), sorted(want)) {
			t.Fatalf("units %v, %v, want %v", got, err, want)
		}

		at := rapid.SampledFrom(paths).Draw(t, "path")
		want = []uuid.UUID{}
		for _, user := range people {
			if allowed(t, policy, Subject{UserID: user, Tenant: tenant}, at, scope) {
				want = append(want, user)
			}
		}
		where, _ := remit.ParsePath(at)
		if got := policy.Holders(where, scope); !slices.Equal(got, sorted(want)) {
			t.Fatalf("holders at %s %v, want %v", at, got, want)
		}
	})
}

// Whoever holds all of something at a path holds it at every path below: a
// grant there cannot reach where the giver himself does not.
func TestHoldsAllIsCanEverywhereBelow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy, err := Compile(tenant, randomSnapshot(t))
		if err != nil {
			t.Fatal(err)
		}
		giver := Subject{UserID: rapid.SampledFrom(people).Draw(t, "giver"), Tenant: tenant}
		scopes := rapid.SliceOfN(rapid.SampledFrom(scopesAsked), 1, 3).Draw(t, "scopes")
		at, _ := remit.ParsePath(rapid.SampledFrom(paths).Draw(t, "path"))
		want := true
		for _, below := range paths {
			if parsed, _ := remit.ParsePath(below); at.Contains(parsed) {
				for _, scope := range scopes {
					want = want && allowed(t, policy, giver, below, scope)
				}
			}
		}
		if err := policy.HoldsAll(giver, at, scopes); (err == nil) != want {
			t.Fatalf("HoldsAll %v at %s = %v, want %v", scopes, at, err, want)
		}
	})
}

// An explanation never contradicts the answer it explains.
func TestExplainAgreesWithCan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy, err := Compile(tenant, randomSnapshot(t))
		if err != nil {
			t.Fatal(err)
		}
		subject := Subject{UserID: rapid.SampledFrom(people).Draw(t, "user"), Tenant: tenant}
		scope := rapid.SampledFrom(scopesAsked).Draw(t, "scope")
		at, _ := remit.ParsePath(rapid.SampledFrom(paths).Draw(t, "path"))
		e, err := policy.Explain(subject, at, scope)
		if err != nil {
			t.Fatal(err)
		}
		permitted := len(e.Reasons) > 0 && !e.Reasons[0].Deny
		if permitted != e.Decision.Allowed || (e.String()[:3] == "Yes") != e.Decision.Allowed {
			t.Fatalf("%+v: %s", e, e)
		}
	})
}

var (
	paths = []string{
		"/t", "/t/Branch A", "/t/Branch A/North", "/t/Branch A/North/1", "/t/Branch AB", "/t/Branch AB/North",
		"/t/Branch", "/t/A,/t/B", "/t/50%_", "/t/Branch A!",
	}
	people      = []uuid.UUID{ana, ben, cid, dora}
	scopesAsked = []remit.Scope{
		remit.StripePay, remit.StripeView, remit.StripeAll, remit.InvoiceRead, remit.Everything,
		remit.RoleScope(RoleInvoicePayers), remit.RoleScope("Own, 'odd'"), {Object: "workflow", Action: "*"},
	}
)

func randomSnapshot(t *rapid.T) Snapshot {
	s := Snapshot{Version: 1, TenantPath: "/t", Roles: []Role{
		{Name: "Own, 'odd'", Permissions: rapid.SliceOfN(rapid.SampledFrom(scopesAsked), 0, 4).Draw(t, "own")},
		{Name: "Frozen,/t/Branch A", Permissions: rapid.SliceOfN(rapid.SampledFrom(scopesAsked), 0, 4).Draw(t, "odd")},
	}}
	var names []string
	for _, role := range append(ShippedRoles(), s.Roles...) {
		names = append(names, role.Name)
	}
	for i, p := range paths {
		if p == "/t" || rapid.Bool().Draw(t, "exists "+p) {
			s.Units = append(s.Units, Unit{id(byte(50 + i)), p})
		}
	}
	grants := rapid.IntRange(0, 8).Draw(t, "grants")
	for i := range grants {
		s.Grants = append(s.Grants, Grant{
			ID:     id(byte(100 + i)),
			UserID: rapid.SampledFrom(people).Draw(t, "holder"),
			Role:   rapid.SampledFrom(names).Draw(t, "role"),
			Path:   rapid.SampledFrom(paths).Draw(t, "granted at"),
		})
	}
	return s
}

func allowed(t *rapid.T, policy *Policy, subject Subject, at string, scope remit.Scope) bool {
	where, err := remit.ParsePath(at)
	if err != nil {
		t.Fatal(err)
	}
	decision, err := policy.Can(subject, where, scope)
	if err != nil {
		t.Fatal(err)
	}
	return decision.Allowed
}

func sorted(ids []uuid.UUID) []uuid.UUID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return ids
}

package policies

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"remit"
)

// The costs that shape the design, at 1,000 grants of 250 people at 100
// branches and 40 permissions of the tenant's own: compiling after a change,
// a question asked for the first time and again, and a list's filter.
func BenchmarkThousandGrants(b *testing.B) {
	s := thousandGrants()
	policy := compiled(b, s)
	scope := remit.StripePay
	subject := person(s.Grants[500].UserID)
	at := path(b, s.Grants[500].Path)

	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			compiled(b, s)
		}
	})
	b.Run("can, first time", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policy.Can(subject, at, scope); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("can, again", func(b *testing.B) {
		source := newFakeSource()
		source.add(tenant, s)
		authority := newAuthority(b, source, Options{})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := authority.Can(context.Background(), subject, at, scope); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("units where", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policy.UnitsWhere(subject, scope); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("holders", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			policy.Holders(at, scope)
		}
	})
}

func thousandGrants() Snapshot {
	s := Snapshot{Version: 1, TenantPath: "/t", Units: []Unit{{id(1), "/t"}}}
	var names []string
	for _, role := range ShippedRoles() {
		names = append(names, role.Name)
	}
	for i := range 10 {
		name := fmt.Sprintf("Team %d", i)
		s.Roles = append(s.Roles, Role{Name: name, Permissions: []remit.Scope{remit.StripeView, remit.StripeRead, remit.InvoiceRead}})
		names = append(names, name)
	}
	for i := range 100 {
		s.Units = append(s.Units, Unit{uuid.UUID{2, byte(i)}, fmt.Sprintf("/t/Region %d/Branch %d", i/10, i)})
	}
	for i := range 1000 {
		s.Grants = append(s.Grants, Grant{
			ID: uuid.UUID{3, byte(i), byte(i >> 8)}, UserID: uuid.UUID{4, byte(i % 250)},
			Role: names[i%len(names)], Path: s.Units[1+i%100].Path,
		})
	}
	return s
}

package activities_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit/postgres"
)

// What the sweep takes is bounded for each kind of row: those that many invoices have due
// at one midnight do not keep it from what another kind has due later, and no kind that an
// invoice's own workflow carries out is forgotten.
func TestAMidnightsRowsKeepNothingElseFromTheSweep(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ctx, now := t.Context(), time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC) // before all that is on the agenda
	others := []string{"refund", "reconcile", "bank_account", "connection", "bill"}
	of := map[uuid.UUID]string{}
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		plan := func(kind string, at time.Time) {
			ref := s.invoice(1000)
			of[ref.Invoice] = kind
			_, err := tx.Exec(ctx, "insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what, details) values ($1, gen_random_uuid(), $2, $3, $4, $5, gen_random_uuid(), 'x', '{\"soon\": true}')",
				s.tenant, s.branch.ID, ref.Invoice, at, kind)
			must(t, err)
		}
		for range 5 {
			plan("overdue", now.Add(-time.Hour))
		}
		rows, err := tx.Query(ctx, "select distinct m[1] from pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''', 'g') m where conname = 'agenda_kind_check'")
		must(t, err)
		var kinds []string
		for rows.Next() {
			var kind string
			must(t, rows.Scan(&kind))
			kinds = append(kinds, kind)
		}
		must(t, rows.Err())
		for _, kind := range kinds {
			plan(kind, now.Add(-time.Minute))
		}
		urgent, err := tx.Neglected(ctx, now, time.Minute, 2)
		must(t, err)
		dated, err := tx.NeglectedByDate(ctx, now, 2)
		must(t, err)
		found := map[string]int{}
		for _, id := range slices.Concat(urgent, dated) {
			found[of[id]]++
		}
		want := map[string]int{}
		for _, kind := range kinds {
			if want[kind] = 1; slices.Contains(others, kind) {
				delete(want, kind)
			}
		}
		want["overdue"] = 2
		if !maps.Equal(found, want) || len(kinds) < 16 {
			t.Errorf("found %v, want %v", found, want)
		}
		return nil
	}))
}

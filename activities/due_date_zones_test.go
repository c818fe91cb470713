package activities_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// M11: what a run charges of a date is what a dry run of that date listed, whatever the time
// zones of the organisation and of those below it, whatever the hour, and whichever day the
// forecast or the run was made.
func TestDryRunListsWhatTheRunChargesInEveryZone(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ctx := t.Context()
	invoice := s.invoice(5000).Invoice
	zones := make([]*time.Location, 0, 26)
	date := s.in(20)
	for east := -11; east <= 14; east++ {
		zone := mustZone(t, fmt.Sprintf("Etc/GMT%+d", -east)) // whose names count to the west
		zones = append(zones, zone)
		unit := s.branch
		unit.ID, unit.Path, unit.TimeZone = uuid.New(), fmt.Sprintf("%s/East %d", s.branch.Path, east), zone.String()
		must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
			must(t, tx.InsertOrganisation(ctx, unit))
			for days := -1; days <= 1; days++ {
				nine := date.AddDays(days).At(9*60, zone)
				for n, row := range []struct {
					at      time.Time
					details string
				}{
					{nine, `{}`}, {date.AddDays(days).StartIn(zone), `{}`}, {date.AddDays(days).At(23*60+45, zone), `{"round": 1}`},
					{nine.Add(6 * time.Hour), `{"try": 2}`}, {nine.Add(aDay), fmt.Sprintf(`{"day": %q}`, date.AddDays(days))},
				} {
					_, err := tx.Exec(ctx, "insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what, details) values ($1,$2,$3,$4,$5,'charge',$2,$6,$7)",
						s.tenant, uuid.New(), unit.ID, invoice, row.at, fmt.Sprintf("%s, day %+d, row %d", zone, days, n), row.details)
					must(t, err)
				}
			}
			return nil
		}))
	}
	begin := func(tx *postgres.Tx, run remit.DueDateRun, asOf *remit.Date) (remit.DueDateRun, map[uuid.UUID]bool) {
		run.ID, run.OrganisationID, run.Actor = uuid.New(), s.tenant, remit.System
		run.By = run.CreatedAt
		must(t, activities.InsertDueDateRun(ctx, tx, run, asOf))
		run, err := tx.DueDateRun(ctx, run.ID)
		must(t, err)
		rows, err := tx.NextCharges(ctx, run, 10000)
		must(t, err)
		if len(rows) != run.Counts.Found {
			t.Errorf("the run counts %d and takes up %d", run.Counts.Found, len(rows))
		}
		found, ids := map[uuid.UUID]bool{}, make([]uuid.UUID, len(rows))
		for n, row := range rows {
			found[row.ID], ids[n] = true, row.ID
		}
		_, err = tx.Exec(ctx, `insert into due_date_run_entries (tenant, run_id, agenda_id, invoice_id, at, amount, surcharge, currency, method, forecast, forecast_reason, forecast_amount, forecast_surcharge, outcome)
			select tenant, $1, id, invoice_id, at, 5000, 0, 'USD', '', 'skipped', '', 5000, 0, 'skipped' from agenda where id = any($2)`, run.ID, ids)
		must(t, err)
		must(t, tx.EndDueDateRun(ctx, run.ID, run.CreatedAt, ""))
		return run, found
	}
	undone := errors.New("undone")
	for n, zone := range zones {
		hour := []time.Duration{30 * time.Minute, 11 * time.Hour, 22 * time.Hour}[n%3]
		at := date.StartIn(zone).Add(hour)
		for _, made := range []struct {
			what         string
			before, late time.Duration // the dry run before the run, and the run after its hour
			asOf         *remit.Date
		}{
			{"right before", 0, 0, &date}, {"the day before", aDay, 0, &date}, {"the day before, and run a day late", 2 * aDay, aDay, &date},
			{"right before a scheduled one", 0, 0, nil}, {"the day before a scheduled one", aDay, 0, nil},
		} {
			err := s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.Exec(ctx, "update organisations set time_zone = $2 where id = $1", s.tenant, zone.String())
				must(t, err)
				dry, listed := begin(tx, remit.DueDateRun{DryRun: true, CreatedAt: at.Add(made.late - made.before)}, &date)
				ran, charged := begin(tx, remit.DueDateRun{CreatedAt: at.Add(made.late)}, made.asOf)
				if ran.ComparedWith == nil || *ran.ComparedWith != dry.ID || len(charged) == 0 {
					t.Fatalf("%d are charged, compared with %v", len(charged), ran.ComparedWith)
				}
				different, err := tx.DueDateDifferences(ctx, ran, 3)
				must(t, err)
				for _, e := range different {
					t.Errorf("seen from %s after %s of the day, made %s: %s, listed %t, charged %t", zone, hour, made.what, s.what(tx, e.Row), listed[e.Row], charged[e.Row])
				}
				return undone
			})
			if !errors.Is(err, undone) {
				t.Fatal(err)
			}
		}
	}
}

// what is written on the agenda of a row.
func (s *shop) what(tx *postgres.Tx, row uuid.UUID) (what string) {
	s.t.Helper()
	must(s.t, tx.QueryRow(s.t.Context(), "select what from agenda where id = $1", row).Scan(&what))
	return what
}

package activities_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// bills makes a schedule of the shop's customer that bills every day from today on.
func (s *shop) bills(change func(*remit.BillingSchedule)) remit.BillingSchedule {
	s.t.Helper()
	now := s.clock().Now(s.now())
	made := remit.BillingSchedule{
		ID: uuid.New(), OrganisationID: s.branch.ID, CustomerID: s.customer.ID, Number: "DAY-" + uuid.NewString()[:8], Currency: "USD", State: remit.BillingActive, CreatedAt: now,
		Settings: remit.DefaultInvoiceSettings(),
		Versions: []remit.BillingTerms{{
			From: s.in(0), Cadence: remit.Cadence{Start: s.in(0), Unit: remit.IntervalDay, Count: 1}, Lines: []remit.BillingLine{{Description: "A day", Quantity: "1", UnitPrice: "10.00"}},
		}},
	}
	if change != nil {
		change(&made)
	}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		must(s.t, tx.InsertBillingSchedule(s.t.Context(), made))
		stored, err := tx.BillingSchedule(s.t.Context(), made.ID)
		must(s.t, err)
		_, err = activities.Replan(s.t.Context(), tx, stored, now)
		return err
	}))
	return made
}

// alter changes a schedule as a command does.
func (s *shop) alter(id uuid.UUID, change func(*remit.BillingSchedule, time.Time)) {
	s.t.Helper()
	now := s.clock().Now(s.now())
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		locked, err := tx.LockBillingSchedule(s.t.Context(), id)
		must(s.t, err)
		change(&locked, now)
		must(s.t, tx.SaveBillingSchedule(s.t.Context(), locked))
		_, err = activities.Replan(s.t.Context(), tx, locked, now)
		return err
	}))
}

func (s *shop) billing() *activities.Billing {
	return activities.NewBilling(s.payments)
}

// bill carries out what is due until nothing is.
func (s *shop) bill() {
	s.t.Helper()
	for range 50 {
		more, err := s.billing().BillDuePage(s.t.Context(), remit.BillingRef{Tenant: s.tenant})
		must(s.t, err)
		if !more {
			return
		}
	}
	s.t.Fatal("billing comes to no end")
}

// periods are what became of a schedule's periods, the oldest first, by days from
// today.
func (s *shop) periods(id uuid.UUID, from remit.Date) (list []string) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		periods, err := tx.BillingPeriods(s.t.Context(), id, 100)
		for _, p := range slices.Backward(periods) {
			list = append(list, string(rune('0'+remit.DaysBetween(from, p.From)))+" "+string(p.State)+" "+string(p.Status))
		}
		return err
	}))
	return list
}

func (s *shop) billed(id uuid.UUID, from remit.Date, want ...string) {
	s.t.Helper()
	if got := s.periods(id, from); !slices.Equal(got, want) {
		s.t.Errorf("its periods are %q, want %q", got, want)
	}
}

// daysPass moves the clock of the shop and of its account.
func (s *shop) daysPass(days int) {
	s.t.Helper()
	s.passed += time.Duration(days) * 24 * time.Hour
	s.later(s.t, s.passed)
}

// Protects customers from being billed twice and the business from being billed too
// little: after days of downtime each missed period is billed once, though several
// workers come to it at once and again.
func TestScheduleCatchesUpOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first := s.in(0)
	made := s.bills(nil)
	s.bill()
	s.billed(made.ID, first, "0 billed open")
	s.daysPass(3)
	var together sync.WaitGroup
	for range 3 {
		together.Go(func() {
			_, err := s.billing().BillDuePage(t.Context(), remit.BillingRef{Tenant: s.tenant})
			must(t, err)
		})
	}
	together.Wait()
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 billed open", "2 billed open", "3 billed open")
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		periods, err := tx.BillingPeriods(t.Context(), made.ID, 100)
		for n, p := range slices.Backward(periods) {
			day := first.AddDays(len(periods) - 1 - n)
			if p.From != day || p.Until != day.AddDays(1) || p.Number != made.Number+"-"+day.String() {
				t.Errorf("the period of %s is from %s until %s, billed by %s", day, p.From, p.Until, p.Number)
			}
		}
		return err
	}))
}

// Protects whoever pauses a schedule: what begins in the pause is never billed, its
// history says so, and a draft that was made before is cancelled.
func TestPausedScheduleSkips(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first := s.in(0)
	made := s.bills(func(b *remit.BillingSchedule) { b.Versions[0].DraftDays = 1 })
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 billed draft")
	s.alter(made.ID, func(b *remit.BillingSchedule, now time.Time) { b.Pause(now) })
	s.daysPass(3)
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 billed draft")
	s.alter(made.ID, func(b *remit.BillingSchedule, now time.Time) { b.PauseUntil(now) })
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 skipped void", "2 skipped ", "3 skipped ", "4 billed draft")
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		history, err := tx.BillingHistory(t.Context(), made.ID, 100)
		if n := len(slices.DeleteFunc(history, func(e postgres.BillingEntry) bool { return e.Kind != "skipped" })); n != 3 {
			t.Errorf("its history tells of %d skipped periods", n)
		}
		return err
	}))
}

// Protects whoever ends a schedule: what would begin later is not billed, its draft is
// cancelled at once, and nothing is left on the agenda.
func TestEndedScheduleBillsNoMore(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first := s.in(0)
	made := s.bills(func(b *remit.BillingSchedule) { b.Versions[0].DraftDays = 1 })
	s.bill()
	s.alter(made.ID, func(b *remit.BillingSchedule, now time.Time) { b.State, b.EndedAt = remit.BillingEnded, &now })
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 skipped void")
	s.daysPass(3)
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 skipped void")
}

// Protects a draft that is there ahead of its day: it is sent on that day and not
// before, and one that somebody has sent is left alone.
func TestDraftIsSentOnItsDay(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first := s.in(0)
	made := s.bills(func(b *remit.BillingSchedule) { b.Versions[0].DraftDays, b.Versions[0].End = 2, s.in(2) })
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 billed draft", "2 billed draft")
	s.daysPass(1)
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 billed open", "2 billed draft")
	s.daysPass(1)
	s.bill()
	s.billed(made.ID, first, "0 billed open", "1 billed open", "2 billed open")
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		b, err := tx.BillingSchedule(t.Context(), made.ID)
		if b.State != remit.BillingEnded {
			t.Errorf("after its last period it is %s", b.State)
		}
		return err
	}))
}

// Protects the other schedules of an organisation from one that cannot bill: it says
// why, is tried again later, and bills what it missed when it can.
func TestScheduleThatCannotBillHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first := s.in(0)
	bad := s.bills(nil)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		draft, err := activities.Draft(t.Context(), tx, remit.InvoiceInput{
			Organisation: s.branch.Path, CustomerID: s.customer.ID, Number: bad.Number + "-" + first.String(), IssueDate: first, DueDate: first, Lines: []remit.Line{{Description: "Mine", Amount: 500}},
		}, s.customer, s.now())
		must(t, err)
		_, _, err = activities.InsertDraft(t.Context(), tx, draft, remit.System, s.now())
		return err
	}))
	good := s.bills(nil)
	s.bill()
	s.billed(bad.ID, first)
	s.billed(good.ID, first, "0 billed open")
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		b, err := tx.BillingSchedule(t.Context(), bad.ID)
		if b.Trouble == "" {
			t.Error("it does not say why it bills nothing")
		}
		return err
	}))
}

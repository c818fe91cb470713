package remit_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
)

// Protects whoever plans by a forecast: what schedules make and charge by its date is told
// with it, and neither what is charged later, nor what is made already, nor what begins in a
// pause, nor what its customer does not have charged.
func TestAForecastTellsOfInvoicesNotYetMade(t *testing.T) {
	since := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	yes, no, days := true, false, 3
	schedule := func(change func(*remit.BillingSchedule)) remit.BillingSchedule {
		s := remit.BillingSchedule{ID: uuid.New(), Number: "RENT", CustomerName: "Acme", Currency: "USD", State: remit.BillingActive, Zone: time.UTC, Settings: remit.DefaultInvoiceSettings()}
		start := remit.Date{Year: 2026, Month: 4, Day: 1}
		s.Versions = []remit.BillingTerms{{
			Cadence: remit.Cadence{Start: start, Unit: remit.IntervalWeek, Count: 1}, From: start, AutoCharge: &yes, DueDays: &days,
			Lines: []remit.BillingLine{{Description: "Rent", Quantity: "1", UnitPrice: "100.00"}},
		}}
		if change != nil {
			change(&s)
		}
		return s
	}
	for name, c := range map[string]struct {
		schedule remit.BillingSchedule
		customer *bool
		want     []string
	}{
		"charged":            {schedule(nil), nil, []string{"RENT-2026-04-08 on 2026-04-11", "RENT-2026-04-15 on 2026-04-18"}},
		"made meanwhile":     {schedule(func(s *remit.BillingSchedule) { s.Through = remit.Date{Year: 2026, Month: 4, Day: 8} }), nil, []string{"RENT-2026-04-08 on 2026-04-11", "RENT-2026-04-15 on 2026-04-18"}},
		"paused":             {schedule(func(s *remit.BillingSchedule) { s.Pause(since) }), nil, nil},
		"not by itself":      {schedule(func(s *remit.BillingSchedule) { s.Versions[0].AutoCharge = &no }), &yes, nil},
		"by customer's word": {schedule(func(s *remit.BillingSchedule) { s.Versions[0].AutoCharge = nil }), &yes, []string{"RENT-2026-04-08 on 2026-04-11", "RENT-2026-04-15 on 2026-04-18"}},
		"a customer's no":    {schedule(nil), &no, nil},
	} {
		ahead, err := c.schedule.ChargesAhead(since, remit.Date{Year: 2026, Month: 4, Day: 24}, c.customer)
		if err != nil || len(ahead) != len(c.want) {
			t.Errorf("%s: %+v, %v, want %v", name, ahead, err, c.want)
			continue
		}
		for n, charge := range ahead {
			if got := charge.Invoice.Number + " on " + charge.On.String(); got != c.want[n] || charge.Invoice.Total.Minor != 10000 || charge.Schedule != "RENT" {
				t.Errorf("%s: %s of %s, want %s", name, got, charge.Invoice.Total, c.want[n])
			}
		}
	}
}

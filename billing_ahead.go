package remit

import (
	"time"

	"github.com/google/uuid"
)

// UnmadeCharge is an invoice that a billing schedule is yet to make, and when it is then
// charged by itself.
type UnmadeCharge struct {
	ScheduleID   uuid.UUID
	Schedule     string // its number
	CustomerName string
	Invoice      ScheduledInvoice
	On           Date // where the schedule is
}

// ChargesAhead are the invoices that the schedule sends after a time and that are then
// charged by themselves by a date, as schedule and customer are now: what a forecast of that
// time cannot have on the agenda yet. customer is the customer's word on such charges. What
// was made since is among them.
func (s BillingSchedule) ChargesAhead(since time.Time, by Date, customer *bool) ([]UnmadeCharge, error) {
	var list []UnmadeCharge
	today, seen := s.Today(since), 0
	for p := range s.Periods(today) {
		if by.Before(p.From) || seen == MaxUpcoming {
			break
		}
		seen++
		if s.Fate(p) != PeriodBilled || !p.At.After(since) {
			continue
		}
		made, err := s.Invoice(p, today)
		if err != nil {
			return nil, err
		}
		settings := s.Settings
		settings.AutoCharge.On = AutoChargeFor(p.Terms.AutoCharge, customer, settings.AutoCharge.On)
		charge, planned := ChargeOf(Invoice{Settings: settings, CustomerAuto: customer, SentAt: &p.At, DueDate: made.DueDate, Outstanding: made.Total.Minor}, s.Zone)
		if planned && !by.Before(charge.On) {
			list = append(list, UnmadeCharge{ScheduleID: s.ID, Schedule: s.Number, CustomerName: s.CustomerName, Invoice: made, On: charge.On})
		}
	}
	return list, nil
}

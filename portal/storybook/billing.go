package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

// monthly is a made-up schedule that bills a rent on every month's last day.
func monthly() remit.BillingSchedule {
	due := 7
	terms := remit.BillingTerms{
		From: day(1, 12), Cadence: remit.Cadence{Start: day(1, 12), Unit: remit.IntervalMonth, Count: 1, Anchor: remit.LastDayOfMonth}, Prorate: true, DueDays: &due, AutoCharge: new(bool),
		Lines: []remit.BillingLine{{Description: "Rent, unit 12", Quantity: "1", UnitPrice: "1200.00"}, {Description: "Parking", Quantity: "2", UnitPrice: "45.00"}},
	}
	return remit.BillingSchedule{
		ID: id(95), Organisation: "/dev-v51/Branch A", CustomerID: id(2), CustomerName: "Riverside Apartments", Number: "RENT-12", Currency: "USD", State: remit.BillingActive,
		Versions: []remit.BillingTerms{terms}, Settings: remit.DefaultInvoiceSettings(), Through: day(2, 28), Zone: newYork, CreatedAt: now,
	}
}

func (b book) schedule(change func(*page.Schedule)) page.Schedule {
	v := page.Schedule{Shell: b.staffShell("RENT-12", "/billing-schedules/"+id(95).String(), "Invoices"), Schedule: monthly(), Zone: newYork}
	v.Upcoming, _ = v.Schedule.Upcoming(now, day(3, 14).AddDays(365))
	v.Periods = []page.SchedulePeriod{
		{Period: remit.Period{From: day(2, 28), Until: day(3, 31)}, Invoice: id(1).String(), Number: "RENT-12-2026-02-28", Status: remit.InvoiceOpen, Total: 129000},
		{Period: remit.Period{From: day(1, 31), Until: day(2, 28)}, Skipped: true},
		{Period: remit.Period{From: day(1, 12), Until: day(1, 31)}, Invoice: id(3).String(), Number: "RENT-12-2026-01-12", Status: remit.InvoicePaid, Total: 79065},
	}
	v.History = []page.ScheduleEntry{
		{At: now, What: "RENT-12-2026-02-28 over $1,290.00 is made and sent.", Actor: remit.System},
		{At: now, What: "31 Jan 2026 – 27 Feb 2026 is not billed: the schedule was paused when it began.", Actor: remit.System},
		{At: now, What: "Paused: what begins before it is resumed is not billed.", Actor: remit.Actor{Kind: "user", Name: "Lee Park"}},
		{At: now, What: "It bills every month, on the month's last day, from 12 Jan 2026 on.", Actor: remit.Actor{Kind: "user", Name: "Lee Park"}},
	}
	if change != nil {
		change(&v)
	}
	return v
}

func (b book) schedules() chapter {
	shell := b.staffShell("Billing schedules", "/billing-schedules", "Invoices")
	stuck := monthly()
	stuck.ID, stuck.Number, stuck.Trouble = id(96), "RENT-14", "An invoice RENT-14-2026-02-28 of this customer exists that is not of this schedule"
	form := page.ScheduleForm{
		Shell: b.staffShell("New billing schedule", "/billing-schedules/new", "Invoices"), Currency: "USD", Interval: "month", Count: "1", Start: "2026-03-14", Prorate: true, DraftDays: "0", Key: "k",
		Lines: []page.LineFields{{}, {}},
	}
	wrong := form
	wrong.Number, wrong.Count, wrong.Lines = "RENT-15", "100", []page.LineFields{{Description: "Rent", Quantity: "one", UnitPrice: "10"}, {}}
	wrong.Problems.Fields = []remit.FieldError{{Field: "interval_count", Message: "A period is 1 to 60 months long."}, {Field: "lines[0].quantity", Message: "\"one\" is not a number."}}
	existing, change := monthly(), form
	change.Shell, change.Existing, change.From = b.staffShell("Change RENT-12", "/billing-schedules/x/edit", "Invoices"), &existing, day(3, 31)
	change.Lines, change.Anchor, change.AutoCharge = []page.LineFields{{Description: "Rent, unit 12", Quantity: "1", UnitPrice: "1250.00"}, {}}, "31", "no"
	return chapter{
		"staff/U13 schedules/none":  page.SchedulesPage(page.Schedules{Shell: shell}),
		"staff/U13 schedules/list":  page.SchedulesPage(page.Schedules{Shell: shell, Rows: []remit.BillingSchedule{monthly(), stuck}}),
		"staff/U13 schedule/active": page.SchedulePage(b.schedule(nil)),
		"staff/U13 schedule/draft ahead": page.SchedulePage(b.schedule(func(v *page.Schedule) {
			at := time.Date(2026, 3, 31, 4, 0, 0, 0, time.UTC)
			v.Schedule.Versions[0].DraftDays = 20
			v.Periods[0].Status, v.Periods[0].SendAt = remit.InvoiceDraft, &at
		})),
		"staff/U13 schedule/changed": page.SchedulePage(b.schedule(func(v *page.Schedule) {
			later := v.Schedule.Versions[0]
			later.From, later.Lines = day(3, 31), []remit.BillingLine{{Description: "Rent, unit 12", Quantity: "1", UnitPrice: "1250.00"}}
			v.Schedule.Versions = append(v.Schedule.Versions, later)
			v.Upcoming, _ = v.Schedule.Upcoming(now, day(3, 14).AddDays(365))
		})),
		"staff/U13 schedule/paused":      page.SchedulePage(b.schedule(func(v *page.Schedule) { v.Schedule.State = remit.BillingPaused })),
		"staff/U13 schedule/cannot bill": page.SchedulePage(b.schedule(func(v *page.Schedule) { v.Schedule.Trouble = stuck.Trouble })),
		"staff/U13 schedule/ended": page.SchedulePage(b.schedule(func(v *page.Schedule) {
			v.Schedule.State, v.Upcoming = remit.BillingEnded, nil
		})),
		"staff/U13 schedule/end":    page.ScheduleEndPage(page.ScheduleEnd{Shell: b.staffShell("End RENT-12", "/billing-schedules/x/end", "Invoices"), Schedule: monthly()}),
		"staff/U13 schedule/new":    page.ScheduleFormPage(form),
		"staff/U13 schedule/wrong":  page.ScheduleFormPage(wrong),
		"staff/U13 schedule/change": page.ScheduleFormPage(change),
	}
}

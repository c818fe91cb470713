package storybook

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// dueEntries are the charges of the made-up run, as they were expected.
func dueEntries() []remit.DueDateEntry {
	nine := time.Date(2026, 4, 1, 13, 0, 0, 0, time.UTC)
	entry := func(n byte, number, customer string, amount int64) remit.DueDateEntry {
		return remit.DueDateEntry{
			Row: id(70 + n), InvoiceID: id(n), Number: number, CustomerName: customer, At: nine, Amount: amount, Currency: "USD", Method: "Visa 4242",
			Forecast: remit.OutcomeCharged, ForecastAmount: amount, Outcome: remit.OutcomeCharged,
		}
	}
	list := []remit.DueDateEntry{entry(1, "INV-104", "Riverside Apartments", 120000), entry(3, "INV-107", "Hillside Homes", 45000), entry(4, "INV-109", "Quay Cafe", 8900)}
	list[1].Method, list[1].Forecast, list[1].Outcome = "Test Bank account 6789", remit.OutcomeProcessing, remit.OutcomeProcessing
	list[1].Reason, list[1].ForecastReason = "The bank takes some days", "The bank takes some days"
	list[2].Method, list[2].Forecast, list[2].Outcome = "Mastercard 4444", remit.OutcomeDeclined, remit.OutcomeDeclined
	list[2].Reason, list[2].ForecastReason = "The card will have expired", "The card will have expired"
	for n, why := range []string{"It was to be charged on 27 Mar 2026, which is more than 3 days ago", "On hold: the tenant disputes the hours", "The customer has no method that can be charged"} {
		e := entry(byte(5+n), []string{"INV-98", "INV-101", "INV-110"}[n], []string{"Mill Lane Ltd", "Riverside Apartments", "Old Town Books"}[n], 30000)
		e.Forecast, e.Outcome, e.Reason, e.ForecastReason = remit.OutcomeSkipped, remit.OutcomeSkipped, why, why
		list = append(list, e)
	}
	list[5].Method = ""
	return list
}

func (b book) dueDates() chapter {
	dry := remit.DueDateRun{
		ID: id(90), Organisation: "/dev-v51", AsOf: day(4, 1), DryRun: true, State: remit.RunDone, Stage: remit.StageEnded,
		Counts: remit.DueDateCounts{Found: 6, Charged: 1, Processing: 1, Declined: 1, Skipped: 3}, Sums: map[string]int64{"USD": 120000},
		Actor: remit.Actor{Kind: "user", Name: "Lee Park"}, CreatedAt: now, EndedAt: at(time.Second), Took: 300 * time.Millisecond,
	}
	ran := dry
	ran.ID, ran.DryRun, ran.ComparedWith, ran.Counts.Notices = id(91), false, idp(90), 2
	ran.CreatedAt, ran.Took = time.Date(2026, 4, 1, 13, 0, 0, 0, time.UTC), 2100*time.Millisecond
	running := ran
	running.State, running.EndedAt, running.Counts = remit.RunRunning, nil, remit.DueDateCounts{Found: 1200, Charged: 431, Declined: 12, Skipped: 7}
	failed := ran
	failed.State, failed.Failure = remit.RunFailed, "the database did not answer"
	spoilt := ran
	spoilt.Counts.Failed, spoilt.Counts.Skipped, spoilt.Counts.NoticesFailed, spoilt.NoticeFailure = 1, 2, 2, "INV-98: Its data could not be read. The log says why"
	none := dry
	none.Counts, none.Sums = remit.DueDateCounts{}, nil

	late := madeInvoice(func(i *remit.Invoice) {
		i.ID, i.Number, i.CustomerName, i.Total, i.Outstanding = id(5), "INV-98", "Mill Lane Ltd", 30000, 30000
		i.Collection = remit.Collection{State: remit.CollectionAsks, Why: "It was to be charged on 27 Mar 2026, which is more than 3 days ago", Since: now}
	})
	ask := page.ChargeAsk{Invoice: late, Key: "k", Back: "/due-date-runs", MayCharge: true, MayLeave: true}
	report := func(r remit.DueDateRun, change func(*page.DueDateReport)) page.DueDateReport {
		v := page.DueDateReport{Shell: b.staffShell("Due by 1 Apr 2026", "/due-date-runs/"+r.ID.String(), "Due dates"), Run: r, Entries: dueEntries(), Zone: newYork}
		if change != nil {
			change(&v)
		}
		return v
	}
	start := page.DueDateRuns{Shell: b.staffShell("Due dates", "/due-date-runs", "Due dates"), Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Place: "/dev-v51", AsOf: "2026-03-14", Key: "k", Zone: newYork}
	filled, busy, wrong := start, start, start
	filled.Rows, filled.Asking = []remit.DueDateRun{running, ran, dry, failed}, []page.ChargeAsk{ask}
	busy.Rows = filled.Rows
	busy.Problems.Message = "A run for 1 Apr 2026 is under way."
	wrong.Problems.Fields = []remit.FieldError{{Field: "as_of", Message: "It is 14 Mar 2026 already at /dev-v51. What was due before and is still open is in today's forecast: give today's date or a later one."}}
	return chapter{
		"staff/U19 due dates/start": page.DueDateRunsPage(start),
		"staff/U19 due dates/list":  page.DueDateRunsPage(filled),
		"staff/U19 due dates/busy":  page.DueDateRunsPage(busy),
		"staff/U19 due dates/wrong": page.DueDateRunsPage(wrong),
		"staff/U19 run/forecast":    page.DueDateRunPage(report(dry, nil)),
		"staff/U19 run/forecast, schedules": page.DueDateRunPage(report(dry, func(v *page.DueDateReport) {
			rent := remit.ScheduledInvoice{Number: "RENT-2026-03-25", IssueDate: day(3, 25), DueDate: day(4, 1), Total: money.Of(54200, "USD")}
			v.Unmade = commands.UnmadeCharges{Count: 1, Charges: []remit.UnmadeCharge{{ScheduleID: id(94), Schedule: "RENT", CustomerName: "Riverside Apartments", Invoice: rent, On: day(4, 1)}}}
		})),
		"staff/U19 run/nothing":     page.DueDateRunPage(report(none, func(v *page.DueDateReport) { v.Entries = nil })),
		"staff/U19 run/runs":        page.DueDateRunPage(report(running, func(v *page.DueDateReport) { v.Poll = "/due-date-runs/x?known=443" })),
		"staff/U19 run/as expected": page.DueDateRunPage(report(ran, nil)),
		"staff/U19 run/differences": page.DueDateRunPage(report(ran, func(v *page.DueDateReport) {
			v.Entries[0].Outcome, v.Entries[0].Reason = remit.OutcomeDeclined, "insufficient_funds"
			paid := v.Entries[5]
			paid.Outcome, paid.Reason, paid.Amount = remit.OutcomeCharged, "Paid from the customer's credit", 30000
			v.Differences = []remit.DueDateEntry{v.Entries[0], paid}
			v.Asks = map[uuid.UUID]page.ChargeAsk{id(5): ask}
		})),
		"staff/U19 run/rows failed": page.DueDateRunPage(report(spoilt, func(v *page.DueDateReport) {
			v.Entries[3].Forecast, v.Entries[3].Outcome = remit.OutcomeFailed, remit.OutcomeFailed
			v.Entries[3].Reason, v.Entries[3].Method = "Its data could not be read. The log says why", ""
		})),
		"staff/U19 run/failed": page.DueDateRunPage(report(failed, nil)),
	}
}

// charges are how staff read of one invoice what is charged by itself.
func (b book) charges() chapter {
	made := b.invoicePage
	return chapter{
		"staff/U14 invoice/charge set": page.InvoicePage(made(func(v *page.Invoice) {
			planned(v)
			v.Invoice.Deposit = &remit.Deposit{Amount: 20000, DueDate: day(3, 20)}
		})),
		"staff/U14 invoice/tried again": page.InvoicePage(made(func(v *page.Invoice) {
			planned(v)
			v.Invoice.NextCharge.Try, v.Invoice.NextCharge.Of, v.Next.What = 2, 4, "Charges $1,200.00 to Visa 4242, try 2 of 4"
			v.Invoice.Collection = remit.Collection{State: remit.CollectionRetries, Why: "insufficient_funds: the ladder for lack of funds", Since: now}
		})),
		"staff/U14 invoice/asks": page.InvoicePage(made(func(v *page.Invoice) {
			planned(v)
			v.Next, v.Invoice.NextCharge = remit.Next{}, nil
			v.Invoice.Collection = remit.Collection{State: remit.CollectionAsks, Why: "It was to be charged on 10 Mar 2026, which is more than 3 days ago", Since: now}
		})),
		"staff/U14 invoice/needs a method": page.InvoicePage(made(func(v *page.Invoice) {
			planned(v)
			v.Next, v.Invoice.NextCharge, v.MayEdit, v.MayCharge = remit.Next{}, nil, false, false
			v.Invoice.Collection = remit.Collection{State: remit.CollectionMethod, Why: "Not tried again: lost_card is a hard decline", Since: now}
		})),
		"staff/U14 invoice/tries ended": page.InvoicePage(made(func(v *page.Invoice) {
			planned(v)
			v.Next, v.Invoice.NextCharge = remit.Next{}, nil
			v.Invoice.Collection = remit.Collection{State: remit.CollectionEnded, Why: "4 tries failed", Since: now}
		})),
		"staff/U14 invoice/held charge": page.InvoicePage(made(func(v *page.Invoice) {
			planned(v)
			v.Invoice.NextCharge, v.Invoice.Hold = nil, &remit.Hold{Reason: "the tenant disputes the hours", Kind: remit.HoldPerson, Since: now}
		})),
	}
}

// planned has a made-up invoice charged by itself on its due date.
func planned(v *page.Invoice) {
	v.Invoice.Settings.AutoCharge = remit.DefaultAutoCharge()
	v.Invoice.Settings.AutoCharge.On = true
	due := time.Date(2026, 4, 1, 13, 0, 0, 0, time.UTC)
	v.Invoice.NextCharge = &remit.NextCharge{At: due, On: day(4, 1), Amount: v.Invoice.Outstanding, Method: "Visa 4242", Try: 1}
	v.Next = remit.Next{What: "Charges $1,200.00 to Visa 4242", At: &due}
	v.Payments, v.MayCharge, v.ChargeKey = nil, true, "k"
}

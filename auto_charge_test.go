package remit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit"
)

// toCharge is an invoice due on a date that was sent when it is said to be.
func toCharge(due remit.Date, sent time.Time) remit.Invoice {
	settings := remit.DefaultInvoiceSettings()
	settings.AutoCharge.On, settings.OnlinePayments = true, true
	return remit.Invoice{Status: remit.InvoiceOpen, Outstanding: 120000, Currency: "USD", SentAt: &sent, DueDate: due, Settings: settings}
}

// A due date is a date of a calendar: from -11 to +14 hours, on the days clocks change
// and over 29 February, what is planned is on its own local date and in the window,
// and it is overdue only when that date has ended (M11).
func TestFailure41ChargedOnItsLocalDate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		loc, w := chargedZone().Draw(t, "zone"), anyWindow().Draw(t, "window")
		due, days := changing(t, loc), rapid.IntRange(-remit.MaxChargeDays, remit.MaxChargeDays).Draw(t, "days")
		sent := due.AddDays(-rapid.IntRange(61, 90).Draw(t, "sent")).StartIn(loc).Add(time.Duration(rapid.IntRange(0, 24*60-1).Draw(t, "minute")) * time.Minute)
		i := toCharge(due, sent)
		i.Settings.AutoCharge.Days, i.Settings.AutoCharge.Window = days, w
		s, ok := remit.ChargeOf(i, loc)
		day := due.AddDays(days)
		if !ok || s.On != remit.DateOf(s.At.In(loc)) || s.At.Before(s.On.At(w.From, loc)) || !s.At.Before(s.On.At(w.To, loc)) {
			t.Fatalf("due on %s, %d days: planned is %+v, which is outside the window %s to %s", due, days, s, w.From, w.To)
		}
		if s.On != day && day.At(w.From, loc).Before(day.At(w.To, loc)) {
			t.Fatalf("due on %s, %d days: planned is %s", due, days, s.On)
		}
		if days <= 0 && s.On == day && !s.At.Before(remit.OverdueAt(due, loc)) {
			t.Fatalf("due on %s it is charged at %s, when it is overdue", due, s.At)
		}
	})
}

// D1: which date a charge by itself goes by, and when on it.
func TestWhenAnInvoiceIsCharged(t *testing.T) {
	t.Parallel()
	york, apia := zone(t, "America/New_York"), zone(t, "Pacific/Apia")
	early := time.Date(2026, 1, 5, 12, 0, 0, 0, york)
	for name, c := range map[string]struct {
		due    remit.Date
		sent   time.Time
		zone   *time.Location
		change func(i *remit.Invoice)
		want   string // "" for none
	}{
		"on its due date":                        {day(2026, 3, 31), early, york, func(*remit.Invoice) {}, "2026-03-31T09:00:00-04:00"},
		"a day after 28 February":                {day(2028, 2, 28), early, york, func(i *remit.Invoice) { i.Settings.AutoCharge.Days = 1 }, "2028-02-29T09:00:00-05:00"},
		"two days before 1 March":                {day(2028, 3, 1), early, york, func(i *remit.Invoice) { i.Settings.AutoCharge.Days = -2 }, "2028-02-28T09:00:00-05:00"},
		"two days before 1 March of no leap":     {day(2027, 3, 1), early, york, func(i *remit.Invoice) { i.Settings.AutoCharge.Days = -2 }, "2027-02-27T09:00:00-05:00"},
		"on the day of the change":               {day(2026, 3, 8), early, york, func(*remit.Invoice) {}, "2026-03-08T09:00:00-04:00"},
		"on a date left out":                     {day(2011, 12, 30), early.AddDate(-16, 0, 0), apia, func(*remit.Invoice) {}, "2011-12-31T09:00:00+14:00"},
		"sent on the day, window open":           {day(2026, 1, 5), early, york, func(*remit.Invoice) {}, "2026-01-05T12:00:00-05:00"},
		"sent on the day, window over":           {day(2026, 1, 5), early.Add(9 * time.Hour), york, func(*remit.Invoice) {}, "2026-01-06T09:00:00-05:00"},
		"on sending":                             {day(2026, 3, 31), early, york, onSend, "2026-01-05T12:00:00-05:00"},
		"on sending, before the window opens":    {day(2026, 3, 31), early.Add(-5 * time.Hour), york, onSend, "2026-01-05T09:00:00-05:00"},
		"on sending, when the window has closed": {day(2026, 3, 31), early.Add(6 * time.Hour), york, onSend, "2026-01-06T09:00:00-05:00"},
		"its deposit first": {day(2026, 3, 31), early, york, func(i *remit.Invoice) {
			i.Deposit = &remit.Deposit{Amount: 100, DueDate: day(2026, 2, 1)}
		}, "2026-02-01T09:00:00-05:00"},
		"the rest after its deposit": {day(2026, 3, 31), early, york, func(i *remit.Invoice) {
			i.Deposit, i.Applied = &remit.Deposit{Amount: 100, DueDate: day(2026, 2, 1)}, 100
			onSend(i)
		}, "2026-03-31T09:00:00-04:00"},
		"switched off":         {day(2026, 3, 31), early, york, func(i *remit.Invoice) { i.Settings.AutoCharge.On = false }, ""},
		"the customer said no": {day(2026, 3, 31), early, york, func(i *remit.Invoice) { i.CustomerAuto = new(bool) }, ""},
		"a draft":              {day(2026, 3, 31), early, york, func(i *remit.Invoice) { i.SentAt = nil }, ""},
		"nothing left":         {day(2026, 3, 31), early, york, func(i *remit.Invoice) { i.Outstanding = 0 }, ""},
	} {
		i := toCharge(c.due, c.sent)
		c.change(&i)
		got := ""
		if s, ok := remit.ChargeOf(i, c.zone); ok {
			got = s.At.In(c.zone).Format(time.RFC3339)
			if s.On != remit.DateOf(s.At.In(c.zone)) {
				t.Errorf("%s: said is %s, planned is %s", name, s.On, got)
			}
		}
		if got != c.want {
			t.Errorf("%s: it is charged at %q, want %q", name, got, c.want)
		}
	}
}

// Protects payers: only where an invoice is charged by itself is who pays it by its link
// asked to keep what he pays with (AC6).
func TestWhoIsAskedToKeepWhatHePaysWith(t *testing.T) {
	yes := true
	for name, c := range map[string]struct {
		change func(*remit.Invoice)
		asks   bool
	}{
		"charged by itself":        {func(*remit.Invoice) {}, true},
		"the customer said yes":    {func(i *remit.Invoice) { i.CustomerAuto = &yes }, true},
		"the customer said no":     {func(i *remit.Invoice) { i.CustomerAuto = new(bool) }, false},
		"not charged by itself":    {func(i *remit.Invoice) { i.Settings.AutoCharge.On = false }, false},
		"off, the customer's yes":  {func(i *remit.Invoice) { i.Settings.AutoCharge.On, i.CustomerAuto = false, &yes }, false},
		"an order in a store":      {func(i *remit.Invoice) { i.Source = remit.SourceOrder }, false},
		"an amount is left to pay": {func(i *remit.Invoice) { i.Applied, i.Outstanding = 1, i.Outstanding-1 }, true},
	} {
		i := toCharge(day(2026, 3, 31), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		c.change(&i)
		if got := i.AsksToKeep(); got != c.asks {
			t.Errorf("%s: asked is %v, want %v", name, got, c.asks)
		}
	}
}

func onSend(i *remit.Invoice) { i.Settings.AutoCharge.At = remit.ChargeOnSend }

// Protects invoices that are sent when the day of their charge has passed already,
// since it comes before the due date: they are charged on sending, and are not late.
// One that is sent after its due date is.
func TestChargeBeforeTheDueDateOfWhatIsSentLater(t *testing.T) {
	sent := time.Date(2026, 3, 20, 15, 0, 0, 0, time.UTC)
	for _, each := range []struct {
		what      string
		due, want int // days of March
		days      int
	}{
		{"its day is to come", 31, 21, -10}, {"its day has passed", 25, 20, -10}, {"due on the day itself", 20, 20, -10},
		{"due before it was sent", 15, 5, -10}, {"on the due date", 20, 20, 0}, {"after the due date", 15, 17, 2},
	} {
		i := remit.Invoice{Outstanding: 5000, SentAt: &sent, DueDate: remit.Date{Year: 2026, Month: 3, Day: each.due}}
		i.Settings.AutoCharge = remit.DefaultAutoCharge()
		i.Settings.AutoCharge.On, i.Settings.AutoCharge.Days = true, each.days
		first, ok := remit.ChargeOf(i, time.UTC)
		want := remit.Date{Year: 2026, Month: 3, Day: each.want}
		if !ok || first.On != want || remit.DateOf(first.At) != want {
			t.Errorf("%s: planned for %s at %s, want %s", each.what, first.On, first.At, want)
		}
	}
}

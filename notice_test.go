package remit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit"
)

// written carries notices out as a due-date run does, at the moments given, and
// gives what was written when. It keeps NoticeFacts as the database does.
func written(f *remit.NoticeFacts, moments []time.Time) (stages []remit.MailStage) {
	for _, now := range moments {
		n, ok := remit.NextNotice(*f, now)
		if !ok || n.At.After(now) {
			continue
		}
		f.Written = append(f.Written, n.Stage)
		stages = append(stages, n.Stage)
		switch n.Stage.Occasion() { //nolint:exhaustive // the others leave nothing but their mail
		case remit.OccasionReminder:
			f.RemindedOn = remit.DateOf(now.In(f.Zone))
		case remit.OccasionPromise:
			f.Invoice.Promise.BrokenAt = &now
		}
	}
	return stages
}

// unpaid is an invoice that was sent at nine in the morning of 1 March 2026 in New
// York, due on the 31st, with reminders on.
func unpaid() remit.NoticeFacts {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	sent := time.Date(2026, 3, 1, 9, 0, 0, 0, zone)
	settings := remit.DefaultNoticeSettings()
	settings.Reminders = true
	return remit.NoticeFacts{
		Zone: zone, Settings: settings,
		Invoice: remit.Invoice{
			Status: remit.InvoiceOpen, Outstanding: 120000, Currency: "USD", CustomerEmail: "ana@globex.test", SentAt: &sent,
			DueDate: day(2026, 3, 31), Settings: remit.DefaultInvoiceSettings(),
		},
	}
}

func day(y, m, d int) remit.Date { date, _ := remit.NewDate(y, m, d); return date }

func at(f remit.NoticeFacts, d remit.Date, hour int) time.Time {
	return d.At(remit.TimeOfDay(hour*60), f.Zone)
}

// R13: whatever the order of calls and however far the clock jumps, a stage is
// written once, in order, at most one a day and only while somebody is awake, and
// what was slept through is written once, as the latest stage.
func TestRemindersAreWrittenOnceEach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := unpaid()
		f.Settings.BeforeDue = rapid.IntRange(0, 20).Draw(t, "before")
		f.Settings.Every = rapid.IntRange(0, 20).Draw(t, "every")
		now := *f.Invoice.SentAt
		var all []remit.MailStage
		days := map[remit.Date]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "jumps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "jump")))
			if rapid.Bool().Draw(t, "paid") && rapid.Bool().Draw(t, "really") {
				f.Invoice.Status, f.Invoice.Outstanding = remit.InvoicePaid, 0
			}
			fresh := written(&f, []time.Time{now, now, now.Add(time.Minute)})
			if len(fresh) > 1 || len(fresh) == 1 && f.Invoice.Outstanding == 0 {
				t.Fatalf("at %s: %v, %d outstanding", now, fresh, f.Invoice.Outstanding)
			}
			for _, stage := range fresh {
				on := remit.DateOf(now.In(f.Zone))
				if days[on] || slices.Contains(all, stage) {
					t.Fatalf("%s twice, or twice on %s", stage, on)
				}
				if hour := now.In(f.Zone).Hour(); hour < 9 || hour >= 18 {
					t.Fatalf("%s at %s", stage, now)
				}
				days[on], all = true, append(all, stage)
			}
			if next, ok := remit.NextNotice(f, now); ok && next.At.Before(now.Add(-time.Hour)) {
				t.Fatalf("%s is planned for %s, which is past at %s", next.Stage, next.At, now)
			}
		}
	})
}

// R13: one reminder before the due date, three stages after it, and then one every
// so many days, each at the opening hour of its day.
func TestStagesOfReminders(t *testing.T) {
	t.Parallel()
	f := unpaid()
	now := *f.Invoice.SentAt
	want := []struct {
		stage remit.MailStage
		on    remit.Date
	}{
		{"reminder/0", day(2026, 3, 28)}, {"reminder/1", day(2026, 4, 3)}, {"reminder/2", day(2026, 4, 10)}, {"reminder/3", day(2026, 4, 20)},
		{"reminder/4", day(2026, 5, 4)}, {"reminder/5", day(2026, 5, 18)},
	}
	for _, w := range want {
		next, ok := remit.NextNotice(f, now)
		if !ok || next.Stage != w.stage || !next.At.Equal(at(f, w.on, 9)) {
			t.Fatalf("after %s comes %+v, want %s on %s", now, next, w.stage, w.on)
		}
		now = next.At
		written(&f, []time.Time{now})
	}
	asleep := unpaid() // for seven weeks
	if stages := written(&asleep, []time.Time{at(asleep, day(2026, 5, 19), 10), at(asleep, day(2026, 5, 20), 10)}); !slices.Equal(stages, []remit.MailStage{"reminder/5"}) {
		t.Errorf("after downtime %v were written", stages)
	}
}

// N6, R9, R14: nobody is reminded of what is settled, contested, on its way, on
// hold, charged by itself, tried again, promised or too little, nor who wants none.
func TestFailure37NobodyIsReminded(t *testing.T) {
	t.Parallel()
	soon := time.Date(2026, 4, 25, 9, 0, 0, 0, time.UTC)
	for why, change := range map[string]func(f *remit.NoticeFacts){
		"paid":         func(f *remit.NoticeFacts) { f.Invoice.Status, f.Invoice.Outstanding = remit.InvoicePaid, 0 },
		"contested":    func(f *remit.NoticeFacts) { f.Invoice.Status = remit.InvoiceContested },
		"processing":   func(f *remit.NoticeFacts) { f.Invoice.Status = remit.InvoiceProcessing },
		"in flight":    func(f *remit.NoticeFacts) { f.InFlight = true },
		"on hold":      func(f *remit.NoticeFacts) { f.Invoice.Hold = &remit.Hold{Kind: remit.HoldPerson} },
		"charged":      func(f *remit.NoticeFacts) { f.ChargeAt = &soon },
		"retried":      func(f *remit.NoticeFacts) { f.Invoice.Collection.State = remit.CollectionRetries },
		"asked about":  func(f *remit.NoticeFacts) { f.Invoice.Collection.State = remit.CollectionAsks },
		"too little":   func(f *remit.NoticeFacts) { f.Settings.Thresholds = map[string]int64{"USD": 120001} },
		"unwanted":     func(f *remit.NoticeFacts) { f.Unwanted = true },
		"switched off": func(f *remit.NoticeFacts) { f.Settings.Reminders = false },
		"no address":   func(f *remit.NoticeFacts) { f.Invoice.CustomerEmail = "" },
		"promised":     func(f *remit.NoticeFacts) { f.Invoice.Promise = &remit.Promise{Until: day(2026, 4, 22)} },
	} {
		f := unpaid()
		change(&f)
		if next, ok := remit.NextNotice(f, at(f, day(2026, 4, 21), 10)); ok && next.Stage.Occasion() == remit.OccasionReminder {
			t.Errorf("%s: %+v is planned", why, next)
		}
	}
}

// R14: the day after a promise passed unpaid the business is told, and reminders go
// on with the latest stage.
func TestABrokenPromise(t *testing.T) {
	t.Parallel()
	f := unpaid()
	f.Invoice.Promise = &remit.Promise{Until: day(2026, 4, 22)}
	next, ok := remit.NextNotice(f, at(f, day(2026, 4, 21), 10))
	if !ok || next.Stage != "promise_broken/2026-04-22" || !next.At.Equal(at(f, day(2026, 4, 23), 9)) {
		t.Fatalf("first comes %+v", next)
	}
	moments := []time.Time{next.At, next.At, next.At.Add(time.Hour)}
	if stages := written(&f, moments); !slices.Equal(stages, []remit.MailStage{"promise_broken/2026-04-22", "reminder/3"}) {
		t.Errorf("then %v were written", stages)
	}
}

// A charge is announced some days ahead, an expiring card 30 and 7 days ahead, each
// once; a card that is good by then is not spoken of, nor a charge there is nothing for.
func TestFailure40ExpiringCardsAreToldOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		month int
		from  remit.Date // when somebody looks for the first time
		want  string
	}{
		"good card":     {3, day(2026, 3, 1), "announced/2026-03-31"},
		"expires first": {2, day(2026, 3, 1), "expires7 announced/2026-03-31"},
		"slept":         {2, day(2026, 3, 29), "announced/2026-03-31 expires7"},
		"slept longer":  {2, day(2026, 3, 31), ""},
		"no method":     {0, day(2026, 3, 1), ""},
	} {
		f := unpaid()
		if f.Method = (&remit.PaymentMethod{ExpYear: 2026, ExpMonth: c.month}); c.month == 0 {
			f.Method = nil
		}
		charge := at(f, f.Invoice.DueDate, 9)
		f.ChargeAt = &charge
		var moments []time.Time
		for d := c.from; d.Before(day(2026, 4, 10)); d = d.AddDays(1) {
			moments = append(moments, at(f, d, 10), at(f, d, 11))
		}
		var got []string
		for _, stage := range written(&f, moments) {
			got = append(got, string(stage))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	early := unpaid() // sent in January, so that 30 days ahead is in time
	sent := at(early, day(2026, 1, 10), 9)
	charge := at(early, early.Invoice.DueDate, 9)
	early.Invoice.SentAt, early.ChargeAt, early.Method = &sent, &charge, &remit.PaymentMethod{ExpYear: 2026, ExpMonth: 2}
	if next, ok := remit.NextNotice(early, sent); !ok || next.Stage != "expires30" || !next.At.Equal(at(early, day(2026, 3, 1), 9)) {
		t.Errorf("30 days ahead comes %+v", next)
	}
}

// T42: a text has places from a fixed list and nothing else: no code, no other line
// in a subject. Whatever is filled in is text, and never a place or a header.
func TestTextsOfNotices(t *testing.T) {
	t.Parallel()
	for field, bad := range map[string][]remit.NoticeText{
		"subject": {{"", "x"}, {"a\r\nBcc: eve@evil.test", "x"}, {"{{.Env}}", "x"}, {"{{number", "x"}, {strings.Repeat("x", 201), "x"}},
		"text":    {{"x", ""}, {"x", "{{.Env}}"}, {"x", "{{range}}"}, {"x", "}}"}, {"x", "a\x00b"}},
	} {
		for _, text := range bad {
			if _, err := text.Check(); remit.AsError(err) == nil || remit.AsError(err).Fields[0].Field != field {
				t.Errorf("%+v: %v, want %s named", text, err, field)
			}
		}
	}
	f := unpaid()
	f.Invoice.Number, f.Invoice.CustomerName, f.Invoice.Organisation = "42\r\nBcc: eve@evil.test", "{{left}}", "/Acme"
	for _, o := range remit.Occasions() {
		text, err := remit.DefaultNoticeText(o).Check()
		if err != nil || text != remit.DefaultNoticeText(o) {
			t.Errorf("%s: %v", o, err)
		}
		f.Invoice.Settings.Contact = "billing@acme.test"
		mail, err := remit.NoticeMail(f.Invoice, remit.MadeUpNotice(o, f.Invoice, *f.Invoice.SentAt, f.Zone), text, f.Settings, day(2026, 4, 3))
		if err != nil || strings.ContainsAny(mail.Subject, "\r\n") || mail.Body == "" || strings.Contains(mail.Body, "\n\n\n") {
			t.Errorf("%s: %v %+v", o, err, mail)
		}
		if o.ToSeller() {
			mail = remit.BusinessAddress(f.Invoice.Settings.Contact, remit.DefaultNoticeSettings()).Mails(mail)[0]
		}
		if o.ToSeller() != (mail.To == "billing@acme.test") {
			t.Errorf("%s goes to %s", o, mail.To)
		}
		if o.ToSeller() && !strings.Contains(mail.Body+mail.Subject, "{{left}}") {
			t.Errorf("%s takes a name for a place: %s", o, mail.Body)
		}
	}
}

package remit_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit"
)

// dueCharge is a charge that nothing is in the way of.
func dueCharge(planned time.Time, loc *time.Location) remit.ChargeFacts {
	return remit.ChargeFacts{
		Invoice: toCharge(remit.DateOf(planned.In(loc)), planned.AddDate(0, -1, 0)), Plan: remit.ChargePlan{Planned: planned},
		Method: &remit.PaymentMethod{Type: "card"}, Zone: loc,
	}
}

// M15: what was missed is charged up to so many calendar days late, wherever it is and
// whatever clocks did meanwhile; a day more, and a person is asked, unless one has
// asked for it himself.
func TestLateChargesAreAskedAbout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		loc := chargedZone().Draw(t, "zone")
		d, late := changing(t, loc), rapid.IntRange(0, 30).Draw(t, "too late")
		w := remit.DefaultChargeWindow()
		f := dueCharge(w.OpensOn(d, loc), loc)
		f.Invoice.Settings.AutoCharge.TooLate = late
		f.Invoice.Settings.AutoCharge.Window = remit.ChargeWindow{From: 0, To: 24 * 60}
		planned := remit.DateOf(f.Plan.Planned.In(loc))
		last := remit.OverdueAt(planned.AddDays(late), loc)
		if got := remit.DecideCharge(f, last.Add(-time.Second)); got.Verdict != remit.ChargeNow || got.Amount != f.Invoice.Outstanding {
			t.Fatalf("planned for %s, at the end of %s: %+v", planned, planned.AddDays(late), got)
		}
		if got := remit.DecideCharge(f, last); got.Verdict != remit.ChargeSkip || got.Collection != remit.CollectionAsks {
			t.Fatalf("planned for %s, %d days and a second later: %+v", planned, late, got)
		}
		f.Plan.Asked = true
		if got := remit.DecideCharge(f, last); got.Verdict != remit.ChargeNow {
			t.Fatalf("asked for, it is %+v", got)
		}
	})
}

// M11: nothing is charged by itself outside its window, however late it is looked at, nor
// before its date where its invoice is, whatever the agenda says; what a person asked for
// is, and a run that a person started does not wait for the window. What waits is charged
// when it may be.
func TestNothingIsChargedOutsideItsWindowOrBeforeItsDate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		loc := chargedZone().Draw(t, "zone")
		w := remit.DefaultChargeWindow()
		f := dueCharge(w.OpensOn(changing(t, loc), loc), loc)
		f.Invoice.Settings.AutoCharge.TooLate = remit.MaxTooLate
		first, _ := remit.ChargeOf(f.Invoice, loc)
		now := first.At.Add(time.Duration(rapid.IntRange(-48*60, 72*60).Draw(t, "minutes late")) * time.Minute)
		f.Plan.Asked, f.Plan.ByRun = rapid.Bool().Draw(t, "asked"), rapid.Bool().Draw(t, "by a person's run")
		open, come := w.Next(now, loc).Equal(now), !remit.DateOf(now.In(loc)).Before(first.On)
		got := remit.DecideCharge(f, now)
		if may := f.Plan.Asked || come && (open || f.Plan.ByRun); may != (got.Verdict == remit.ChargeNow) {
			t.Fatalf("at %s, to be charged from %s on: %+v", now, first.At, got)
		}
		if got.Verdict == remit.ChargeNow {
			return
		}
		if !got.Until.After(now) || got.Anew {
			t.Fatalf("at %s it waits: %+v", now, got)
		}
		if then := remit.DecideCharge(f, got.Until); then.Verdict != remit.ChargeNow {
			t.Fatalf("it waits until %s, and then %+v", got.Until, then)
		}
	})
}

// What keeps a charge from happening does so before anything is asked of Stripe, in
// this order, and says what the invoice waits for; whether it may be charged at all
// comes before whether there is a method (N8).
func TestFailure35MayItBeChargedComesFirst(t *testing.T) {
	t.Parallel()
	york := zone(t, "America/New_York")
	now := time.Date(2026, 3, 31, 9, 0, 0, 0, york)
	for name, c := range map[string]struct {
		change     func(f *remit.ChargeFacts)
		verdict    remit.ChargeVerdict
		collection remit.CollectionState
		until      string
	}{
		"due":                {func(*remit.ChargeFacts) {}, remit.ChargeNow, "", ""},
		"a page is open":     {func(f *remit.ChargeFacts) { f.Invoice.InFlight = page(now) }, remit.ChargeDelay, "", "2026-03-31T09:30:00-04:00"},
		"it was waited for":  {func(f *remit.ChargeFacts) { f.Invoice.InFlight, f.Plan.Waited = page(now), true }, remit.ChargeNow, "", ""},
		"an old page":        {func(f *remit.ChargeFacts) { f.Invoice.InFlight = page(now.Add(-30 * time.Minute)) }, remit.ChargeNow, "", ""},
		"a payment is alive": {func(f *remit.ChargeFacts) { f.Invoice.InFlight = &remit.InFlight{State: remit.AttemptConfirming} }, remit.ChargeSkip, "", ""},
		"paid":               {func(f *remit.ChargeFacts) { f.Invoice.Status = remit.InvoicePaid }, remit.ChargeSkip, "", ""},
		"off": {func(f *remit.ChargeFacts) {
			f.Invoice.Settings.AutoCharge.On, f.Method = false, nil
		}, remit.ChargeSkip, "", ""},
		"the customer said no": {func(f *remit.ChargeFacts) {
			f.Invoice.CustomerAuto, f.Method = new(bool), nil
		}, remit.ChargeSkip, "", ""},
		"on hold":       {func(f *remit.ChargeFacts) { f.Invoice.Hold, f.Method = &remit.Hold{Reason: "x"}, nil }, remit.ChargeSkip, "", ""},
		"online is off": {func(f *remit.ChargeFacts) { f.Invoice.Settings.OnlinePayments = false }, remit.ChargeSkip, remit.CollectionAsks, ""},
		"cents":         {func(f *remit.ChargeFacts) { f.Invoice.Outstanding = 49 }, remit.ChargeSkip, remit.CollectionAsks, ""},
		"no account":    {func(f *remit.ChargeFacts) { f.Unable = errors.New("none") }, remit.ChargeDelay, "", "2026-04-01T09:00:00-04:00"},
		"no method":     {func(f *remit.ChargeFacts) { f.Method = nil }, remit.ChargeSkip, remit.CollectionMethod, ""},
		"nothing it takes": {func(f *remit.ChargeFacts) {
			f.Invoice.Settings.Methods, f.Debits = banksOnly, can
			f.Method, f.Unsuited = nil, f.Method
		}, remit.ChargeSkip, remit.CollectionMethod, ""},
		"nothing it takes is offered": {func(f *remit.ChargeFacts) {
			f.Invoice.Settings.Methods, f.Debits = banksOnly, cannot
			f.Method, f.Unsuited = nil, f.Method
		}, remit.ChargeSkip, remit.CollectionAsks, ""},
		"a bank account it takes": {func(f *remit.ChargeFacts) {
			f.Invoice.Settings.Methods, f.Debits, f.Method.Type = banksOnly, can, "us_bank_account"
		}, remit.ChargeNow, "", ""},
		"a hard decline": {func(f *remit.ChargeFacts) { f.Refused = &remit.DeclineRecord{Code: "lost_card"} }, remit.ChargeSkip, remit.CollectionMethod, ""},
		"the network":    {func(f *remit.ChargeFacts) { f.FreeAt = now.Add(10 * time.Hour) }, remit.ChargeDelay, "", "2026-04-01T09:00:00-04:00"},
	} {
		f := dueCharge(now, york)
		c.change(&f)
		got := remit.DecideCharge(f, now)
		until := ""
		if !got.Until.IsZero() {
			until = got.Until.In(york).Format(time.RFC3339)
		}
		if got.Verdict != c.verdict || got.Collection != c.collection || until != c.until || got.Reason == "" || got.Rule == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func page(since time.Time) *remit.InFlight {
	return &remit.InFlight{Kind: remit.AttemptCheckout, State: remit.AttemptRequiresAction, Since: since}
}

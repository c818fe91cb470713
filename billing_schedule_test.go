package remit_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
)

var newYork = func() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return zone
}()

func anySchedule(t *rapid.T) remit.BillingSchedule {
	terms := remit.BillingTerms{
		Cadence: anyCadence(t), Prorate: rapid.Bool().Draw(t, "prorate"), DraftDays: rapid.SampledFrom([]int{0, 0, 3, 40}).Draw(t, "draft days"),
		Lines: []remit.BillingLine{{Description: "Rent", Quantity: "1", UnitPrice: "310.00"}},
	}
	if rapid.Bool().Draw(t, "taxed") {
		terms.Adjustments = []remit.Adjustment{{Kind: "tax", Description: "VAT 19%", Amount: 5890}}
	}
	terms.From = terms.Start
	return remit.BillingSchedule{ID: uuid.New(), Number: "RENT-1", Currency: "USD", State: remit.BillingActive, Versions: []remit.BillingTerms{terms}, Zone: newYork, Settings: remit.DefaultInvoiceSettings()}
}

// carryOut does what a schedule has to be done by a time, as its steps do, and says
// what became of each period.
func carryOut(s *remit.BillingSchedule, now time.Time, done []string) []string {
	for {
		step, ok := s.NextStep()
		if !ok || step.At.After(now) {
			return done
		}
		s.Through = step.Period.From
		done = append(done, fmt.Sprintf("%s %s v%d", step.Period.From, step.Fate, step.Period.Version))
	}
}

// Protects every period's being billed once, whenever somebody comes to it: pauses,
// resumptions, changes of zone and looks come in any order and at any time, days or
// years late, and what is billed is what was to be, the oldest first.
func TestEachPeriodIsBilledOnceHoweverLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(t)
		s.Versions[0].DraftDays = 0
		watched := s // looked at every day
		now := s.Versions[0].Start.StartIn(newYork).Add(-48 * time.Hour)
		end := now.AddDate(3, 0, 0)
		var paused []remit.BillingPause
		var got, prompt []string
		for now.Before(end) {
			before := now
			now = now.Add(time.Duration(rapid.IntRange(1, 2400).Draw(t, "hours")) * time.Hour)
			for w := before; w.Before(now); w = w.Add(24 * time.Hour) {
				prompt = carryOut(&watched, w, prompt)
			}
			prompt = carryOut(&watched, now, prompt)
			switch rapid.SampledFrom([]string{"look", "nothing", "pause", "resume"}).Draw(t, "then") {
			case "look":
				got = carryOut(&s, now, got)
			case "pause":
				if s.State == remit.BillingActive {
					s.Pause(now)
					watched.Pause(now)
					paused = append(paused, remit.BillingPause{From: now})
				}
			case "resume":
				if s.State == remit.BillingPaused {
					s.PauseUntil(now)
					watched.PauseUntil(now)
					until := now
					paused[len(paused)-1].Until = &until
				}
			}
		}
		if s.State == remit.BillingPaused {
			s.PauseUntil(end)
			watched.PauseUntil(end)
			paused[len(paused)-1].Until = &end
		}
		got, prompt = carryOut(&s, now, got), carryOut(&watched, now, prompt)
		var want []string
		for _, p := range plainPeriods(s.Versions[0].Cadence, remit.DateOf(now.In(newYork))) {
			at, fate := p.From.StartIn(newYork), remit.PeriodBilled
			for _, pause := range paused {
				if at.After(pause.From) && at.Before(*pause.Until) {
					fate = remit.PeriodSkipped
				}
			}
			if !at.After(now) {
				want = append(want, fmt.Sprintf("%s %s v1", p.From, fate))
			}
		}
		if !slices.Equal(got, want) || !slices.Equal(prompt, want) {
			t.Fatalf("%+v with pauses %v:\nlate   %v\nprompt %v\nwant   %v", s.Versions[0].Cadence, paused, got, prompt, want)
		}
	})
}

// Protects what was made (D7): a change holds from the next period on and is in
// force for every later one; the periods still follow each other without gap or
// overlap.
func TestAChangeHoldsFromTheNextPeriodOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(t)
		s.Versions[0].End = remit.Date{}
		now := s.Versions[0].Start.StartIn(newYork)
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			now = now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "hours")) * time.Hour)
			if rapid.Bool().Draw(t, "in time") {
				carryOut(&s, now, nil)
			}
			before := collectPeriods(s, now)
			terms := s.Terms()
			terms.Start = s.Versions[0].Start
			if rapid.Bool().Draw(t, "other days") {
				other := anyCadence(t)
				terms.Unit, terms.Count, terms.Anchor = other.Unit, other.Count, other.Anchor
			}
			terms.Lines = []remit.BillingLine{{Description: "Rent", Quantity: "1", UnitPrice: strconv.Itoa(rapid.IntRange(1, 999).Draw(t, "price"))}}
			from, ok := s.ChangeFrom(now)
			if !ok {
				t.Fatal("a schedule without end has no next period")
			}
			through := s.Through
			if err := s.Change(terms, now); err != nil {
				t.Fatal(err)
			}
			if !from.StartIn(newYork).After(now) || !through.IsZero() && !through.Before(from) {
				t.Fatalf("changed at %s, it holds from %s; %s is through", now, from, through)
			}
			after := collectPeriods(s, now)
			for n, p := range before {
				if p.From.Before(from) && (after[n].From != p.From || after[n].Version != p.Version || after[n].Until != p.Until) {
					t.Fatalf("the change from %s on made %v of %v", from, after[n], p)
				}
			}
			for n, p := range after {
				if n > 0 && p.From != after[n-1].Until {
					t.Fatalf("%s follows what ends with %s", p.From, after[n-1].Until)
				}
				if !p.From.Before(from) && p.Terms.Lines[0].UnitPrice != terms.Lines[0].UnitPrice {
					t.Fatalf("%s is billed as before the change from %s on", p.From, from)
				}
			}
		}
	})
}

func collectPeriods(s remit.BillingSchedule, now time.Time) (list []remit.BilledPeriod) {
	for p := range s.Periods(s.Versions[0].From) {
		if p.At.After(now.AddDate(3, 0, 0)) {
			break
		}
		list = append(list, p)
	}
	return list
}

// Protects what people are shown of the months to come: it is what is made then,
// to the cent and the day.
func TestWhatIsShownIsWhatIsMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(t)
		now := s.Versions[0].Start.StartIn(newYork).Add(time.Duration(rapid.IntRange(-500, 5000).Draw(t, "hours")) * time.Hour)
		carryOut(&s, now, nil)
		shown, err := s.Upcoming(now, s.Today(now).AddDays(365))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range shown {
			step, ok := s.NextStep()
			if !ok || step.Fate != remit.PeriodBilled {
				t.Fatalf("%s was shown and is not made", want.Number)
			}
			made, err := s.Invoice(step.Period, s.Today(step.Period.At))
			if err != nil || made.ID != want.ID || made.Total != want.Total || made.IssueDate != want.IssueDate || made.DueDate != want.DueDate || !slices.Equal(made.Lines, want.Lines) || !slices.Equal(made.Adjustments, want.Adjustments) {
				t.Fatalf("shown %+v, made %+v (%v)", want, made, err)
			}
			whole := int64(31000)
			for _, a := range s.Versions[0].Adjustments {
				whole += a.Amount
			}
			if part := step.Period.Part() && s.Versions[0].Prorate; part != (made.Total.Minor < whole) || made.Total.Minor < 0 {
				t.Fatalf("%d of %d days are billed as %s", step.Period.Days(), step.Period.Whole, made.Total)
			}
			s.Through = step.Period.From
		}
	})
}

// Protects who is billed a part of a period with reductions in it, and the schedule from
// stopping over it: a part bills the whole's share, rounded once, so never below nothing
// nor more than the whole; its lines add up to it, each within a cent of its own share.
func TestAPartIsNeverBelowNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.IntRange(2, 366).Draw(t, "days of the whole")
		s := remit.BillingSchedule{Number: "R", Currency: "USD", Zone: newYork}
		p := remit.BilledPeriod{Period: remit.Period{From: day(2027, 1, 1), Whole: whole}, Terms: remit.BillingTerms{Prorate: true}}
		p.Until = p.From.AddDays(rapid.IntRange(1, whole-1).Draw(t, "days"))
		for range rapid.IntRange(1, 6).Draw(t, "lines") {
			amount := rapid.Int64Range(-9, 9).Draw(t, "cents") * rapid.SampledFrom([]int64{1, 1, 997}).Draw(t, "times")
			p.Terms.Lines = append(p.Terms.Lines, remit.BillingLine{Description: "Rent", Amount: &amount})
		}
		lines, total, err := p.Terms.Whole("USD")
		if err == nil && total.Minor < 0 { // no schedule bills that
			rest := -total.Minor
			p.Terms.Lines = append(p.Terms.Lines, remit.BillingLine{Description: "More", Amount: &rest})
			lines, total, err = p.Terms.Whole("USD")
		}
		if err != nil {
			t.Fatal(err)
		}
		made, err := s.Invoice(p, p.From)
		if err != nil {
			t.Fatal(err)
		}
		sum, days := int64(0), int64(p.Days())
		for n, line := range made.Lines {
			sum += line.Amount
			if off := line.Amount*int64(whole) - lines[n].Amount*days; max(off, -off) > int64(whole) {
				t.Fatalf("%d of %d days of %d are billed as %d", days, whole, lines[n].Amount, line.Amount)
			}
		}
		if want := (2*total.Minor*days + int64(whole)) / (2 * int64(whole)); made.Total.Minor != want || sum != want || want < 0 || want > total.Minor {
			t.Fatalf("%d of %d days of %s are billed as %s, by lines of %d together; want %d", days, whole, total, made.Total, sum, want)
		}
	})
}

// Protects who makes a schedule paused from being billed for what he has not resumed: of
// whatever start, changed or not before it has begun, nothing is billed that began before
// it is resumed, and all that begins later is.
func TestMadePausedBillsNothingFromBeforeItIsResumed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(t)
		s.Versions[0].End, s.Versions[0].DraftDays = remit.Date{}, 0
		made := s.Versions[0].Start.StartIn(newYork).Add(time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "made")) * time.Hour)
		s.MakePaused(made)
		now := made.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "changed")) * time.Hour)
		if s.Versions[0].Start.StartIn(newYork).After(now) && rapid.Bool().Draw(t, "is changed") {
			terms := s.Versions[0]
			terms.Start = terms.Start.AddDays(-rapid.IntRange(1, 200).Draw(t, "sooner"))
			if err := s.Change(terms, now); err != nil {
				t.Fatal(err)
			}
		}
		if done := carryOut(&s, now.AddDate(1, 0, 0), nil); len(done) > 0 {
			t.Fatalf("paused, it does %v", done)
		}
		resumed := now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "resumed")) * time.Hour)
		s.PauseUntil(resumed)
		first := s.Versions[0].From
		done := carryOut(&s, resumed.AddDate(1, 0, 0), nil)
		var want []string
		for p := range s.Versions[0].Cadence.Periods(first) {
			at, fate := p.From.StartIn(newYork), remit.PeriodBilled
			if at.After(resumed.AddDate(1, 0, 0)) {
				break
			}
			if at.Before(resumed) {
				fate = remit.PeriodSkipped
			}
			want = append(want, fmt.Sprintf("%s %s v1", p.From, fate))
		}
		if !slices.Equal(done, want) {
			t.Fatalf("made %s, resumed %s: %v, want %v", made, resumed, done, want)
		}
	})
}

// Protects a customer from years of invoices at once: a schedule that has not begun is
// changed to start at most a year ago, as one is made.
func TestAScheduleStartsAtMostAYearAgo(t *testing.T) {
	now := day(2027, 1, 1).StartIn(newYork).Add(time.Hour)
	for _, c := range []struct {
		back int
		ok   bool
	}{{0, true}, {remit.MaxBilledBack, true}, {remit.MaxBilledBack + 1, false}, {4000, false}} {
		s := remit.BillingSchedule{Number: "R", Currency: "USD", Zone: newYork, State: remit.BillingActive, Versions: []remit.BillingTerms{{
			From: day(2027, 6, 1), Cadence: remit.Cadence{Start: day(2027, 6, 1), Unit: remit.IntervalMonth, Count: 1, Anchor: 1},
		}}}
		terms := s.Versions[0]
		terms.Start = day(2027, 1, 1).AddDays(-c.back)
		err := s.Change(terms, now)
		if (err == nil) != c.ok || !c.ok && (remit.AsError(err).Fields[0].Field != "start_date" || s.Versions[0].Start != day(2027, 6, 1)) {
			t.Errorf("%d days back: %v", c.back, err)
		}
	}
}

// Protects who is billed a part of a month: ten of its 31 days are ten 31sts of
// each line, rounded once, and the invoice says so.
func TestAPartIsItsShareByDays(t *testing.T) {
	s := remit.BillingSchedule{Number: "R", Currency: "USD", Zone: newYork, Versions: []remit.BillingTerms{{
		From: day(2027, 1, 22), Cadence: remit.Cadence{Start: day(2027, 1, 22), Unit: remit.IntervalMonth, Count: 1, Anchor: 1}, Prorate: true,
		Lines: []remit.BillingLine{{Description: "Rent", Quantity: "2", UnitPrice: "50.00"}, {Description: "Reduction", Quantity: "1", UnitPrice: "-10.00"}},
	}}}
	p, _ := s.Next()
	made, err := s.Invoice(p, day(2027, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	if made.Lines[0].Amount != 3226 || made.Lines[1].Amount != -323 || made.Total.Minor != 2903 {
		t.Errorf("it bills %+v", made.Lines)
	}
	if want := "Rent (22 Jan 2027 – 31 Jan 2027, 10 of 31 days)"; made.Lines[0].Description != want || made.Number != "R-2027-01-22" {
		t.Errorf("%s says %q", made.Number, made.Lines[0].Description)
	}
}

// Protects the tax that is owed: a whole period bills its schedule's tax to the cent, a
// part the share of its total by days, of which tax and allowances are theirs to less than
// a cent; the schedule keeps its own, and the invoice adds up.
func TestAPartIsTaxedByItsShare(t *testing.T) {
	terms := remit.BillingTerms{
		From: day(2027, 1, 22), Cadence: remit.Cadence{Start: day(2027, 1, 22), Unit: remit.IntervalMonth, Count: 1, Anchor: 1}, Prorate: true,
		Lines:       []remit.BillingLine{{Description: "Rent", Quantity: "1", UnitPrice: "100.00"}},
		Adjustments: []remit.Adjustment{{Kind: "tax", Description: "VAT 19%", Amount: 1900}, {Kind: "allowance", Description: "Loyal", Amount: -500}},
	}
	s := remit.BillingSchedule{Number: "R", Currency: "USD", Zone: newYork, Versions: []remit.BillingTerms{terms}}
	for _, want := range []struct {
		from              remit.Date
		rent, tax, loyal  int64
		total, kept, days int64
	}{{day(2027, 1, 22), 3226, 613, -162, 3677, 1900, 10}, {day(2027, 2, 1), 10000, 1900, -500, 11400, 1900, 28}} {
		p, _ := s.Next()
		made, err := s.Invoice(p, want.from)
		if err != nil {
			t.Fatal(err)
		}
		if p.From != want.from || int64(p.Days()) != want.days || made.Lines[0].Amount != want.rent || made.Adjustments[0].Amount != want.tax || made.Adjustments[1].Amount != want.loyal || made.Total.Minor != want.total {
			t.Errorf("%s bills %+v and %+v: %s", p.Words(), made.Lines, made.Adjustments, made.Total)
		}
		if kept := s.Versions[0].Adjustments[0].Amount; kept != want.kept {
			t.Errorf("the schedule's own tax became %d", kept)
		}
		s.Through = p.From
	}
}

// Protects a first part from never being billed: where what is taken off comes near what
// is billed, it is owed nothing or more, and never more than the whole.
func TestAPartIsNeverOwedLessThanNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := remit.BillingTerms{
			From: day(2027, 1, 22), Cadence: remit.Cadence{Start: day(2027, 1, 22), Unit: remit.IntervalMonth, Count: 1, Anchor: 1}, Prorate: true,
			Lines: []remit.BillingLine{{Description: "Rent", Quantity: "1", UnitPrice: "0.04"}},
		}
		for range rapid.IntRange(0, 4).Draw(t, "allowances") {
			terms.Adjustments = append(terms.Adjustments, remit.Adjustment{Kind: "allowance", Amount: -1})
		}
		s := remit.BillingSchedule{Number: "R", Currency: "USD", Zone: newYork, Versions: []remit.BillingTerms{terms}}
		p, _ := s.Next()
		p.Whole = rapid.IntRange(11, 40).Draw(t, "days of a whole one")
		made, err := s.Invoice(p, p.From)
		if err != nil {
			t.Fatal(err)
		}
		sum := made.Lines[0].Amount
		for _, a := range made.Adjustments {
			sum += a.Amount
		}
		if whole := 4 - int64(len(terms.Adjustments)); made.Total.Minor < 0 || made.Total.Minor > whole || sum != made.Total.Minor {
			t.Fatalf("%s of %+v and %+v", made.Total, made.Lines, made.Adjustments)
		}
	})
}

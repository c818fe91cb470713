package remit_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit"
)

// plainPeriods is the calendar as one would do it with a finger: day by day, and a
// period begins where the day says so.
func plainPeriods(c remit.Cadence, until remit.Date) (list []remit.Period) {
	months := map[remit.IntervalUnit]int{remit.IntervalMonth: 1, remit.IntervalQuarter: 3, remit.IntervalYear: 12}[c.Unit] * c.Count
	days := map[remit.IntervalUnit]int{remit.IntervalDay: 1, remit.IntervalWeek: 7}[c.Unit] * c.Count
	since := -1 // days, or anchor days, since a whole period began; -1: none has
	for d := c.Start; !until.Before(d) && (c.End.IsZero() || !c.End.Before(d)); d = d.AddDays(1) {
		counts := days > 0 || d.Day == c.Anchor || d.Day < c.Anchor && d.AddDays(1).Day == 1
		if counts {
			since++
		}
		if begins := counts && (since == 0 || since == months+days); begins || d == c.Start {
			list = append(list, remit.Period{From: d})
			if begins {
				since = 0
			}
		}
		list[len(list)-1].Until = d.AddDays(1)
	}
	return list
}

func aDay(t *rapid.T, label string) remit.Date {
	return day(2023, 1, 1).AddDays(rapid.IntRange(0, 6*365).Draw(t, label))
}

func anyCadence(t *rapid.T) remit.Cadence {
	c := remit.Cadence{Start: aDay(t, "start"), Unit: rapid.SampledFrom(remit.IntervalUnits()).Draw(t, "unit"), Count: rapid.IntRange(1, 4).Draw(t, "count")}
	if c.Unit == remit.IntervalMonth || c.Unit == remit.IntervalQuarter || c.Unit == remit.IntervalYear {
		c.Anchor = rapid.OneOf(rapid.IntRange(1, 31), rapid.IntRange(28, 31), rapid.Just(c.Start.Day)).Draw(t, "anchor")
	}
	if rapid.Bool().Draw(t, "ends") {
		c.End = c.Start.AddDays(rapid.IntRange(0, 1500).Draw(t, "length"))
	}
	return c
}

// Protects the calendar of schedules: short months, leap years, anchors on the 31st
// and parts of periods come out as they do counted day by day, and no day is billed
// twice or left out.
func TestPeriodsAreThoseOfAPlainCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCadence(t)
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		until := c.Start.AddDays(1800)
		want := plainPeriods(c, until)
		var got []remit.Period
		for p := range c.Periods(remit.Date{Year: 1, Month: 1, Day: 1}) {
			if until.Before(p.From) {
				break
			}
			got = append(got, p)
		}
		if len(got) != len(want) {
			t.Fatalf("%+v: %d periods, counted %d", c, len(got), len(want))
		}
		for n, p := range got {
			if p.From != want[n].From || n+1 < len(got) && p.Until != want[n].Until || n+1 == len(got) && !c.End.IsZero() && c.End.Before(until) && p.Until != want[n].Until {
				t.Fatalf("%+v: period %d is %s, counted %s", c, n, p.Words(), want[n].Words())
			}
			if p.Days() < 1 || p.Whole < p.Days() || p.Part() && n > 0 && (c.End.IsZero() || n+1 < len(got)) {
				t.Fatalf("%+v: period %d of %d days is part of %d", c, n, p.Days(), p.Whole)
			}
		}
		since := c.Start.AddDays(rapid.IntRange(-10, 1700).Draw(t, "since"))
		rest := slices.DeleteFunc(slices.Clone(got), func(p remit.Period) bool { return p.From.Before(since) })
		n := 0
		for p := range c.Periods(since) {
			if until.Before(p.From) {
				break
			}
			if n >= len(rest) || p != rest[n] {
				t.Fatalf("%+v: from %s on period %d is %s", c, since, n, p.Words())
			}
			n++
		}
		if n != len(rest) {
			t.Fatalf("%+v: from %s on there are %d periods, not %d", c, since, n, len(rest))
		}
	})
}

// Protects the dates people look at first: the 31st, the 29th of February, and the
// part before the first anchor day.
func TestPeriodsOnDatesThatAreEasilyWrong(t *testing.T) {
	for name, test := range map[string]struct {
		cadence remit.Cadence
		want    []string
	}{
		"the 31st comes back after February": {
			remit.Cadence{Start: day(2027, 1, 31), Unit: remit.IntervalMonth, Count: 1, Anchor: 31},
			[]string{"31 Jan 2027 – 27 Feb 2027", "28 Feb 2027 – 30 Mar 2027", "31 Mar 2027 – 29 Apr 2027"},
		},
		"a leap year's 29 February": {
			remit.Cadence{Start: day(2028, 2, 29), Unit: remit.IntervalYear, Count: 1, Anchor: 29},
			[]string{"29 Feb 2028 – 27 Feb 2029", "28 Feb 2029 – 27 Feb 2030", "28 Feb 2030 – 27 Feb 2031", "28 Feb 2031 – 28 Feb 2032"},
		},
		"a part until the first anchor day, then quarters": {
			remit.Cadence{Start: day(2027, 1, 15), Unit: remit.IntervalQuarter, Count: 1, Anchor: 1},
			[]string{"15 Jan 2027 – 31 Jan 2027", "1 Feb 2027 – 30 Apr 2027", "1 May 2027 – 31 Jul 2027"},
		},
		"an end within a period": {
			remit.Cadence{Start: day(2027, 1, 1), End: day(2027, 2, 10), Unit: remit.IntervalMonth, Count: 1, Anchor: 1},
			[]string{"1 Jan 2027 – 31 Jan 2027", "1 Feb 2027 – 10 Feb 2027"},
		},
		"every second week": {
			remit.Cadence{Start: day(2027, 12, 20), Unit: remit.IntervalWeek, Count: 2},
			[]string{"20 Dec 2027 – 2 Jan 2028", "3 Jan 2028 – 16 Jan 2028"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for p := range test.cadence.Periods(test.cadence.Start) {
				if got = append(got, p.Words()); len(got) == len(test.want) {
					break
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Protects the instant a period is billed at: it is the first of its day where the
// schedule is, whatever clocks there do about midnight.
func TestAPeriodBeginsWithItsDay(t *testing.T) {
	zones := []string{"America/New_York", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe", "America/Havana", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(t)
		s.Versions[0].TimeZone = rapid.SampledFrom(zones).Draw(t, "zone")
		zone, err := time.LoadLocation(s.Versions[0].TimeZone)
		if err != nil {
			t.Fatal(err)
		}
		for p := range s.Periods(s.Versions[0].Start) {
			if p.From.Year > 2031 {
				break
			}
			before, at := remit.DateOf(p.At.Add(-time.Nanosecond).In(zone)), remit.DateOf(p.At.In(zone))
			if !before.Before(p.From) || at.Before(p.From) {
				t.Fatalf("%s begins at %s in %s, when it is %s after %s", p.From, p.At, zone, at, before)
			}
			if p.DraftAt.After(p.At) {
				t.Fatalf("a draft of %s is made at %s, after %s", p.From, p.DraftAt, p.At)
			}
		}
	})
}

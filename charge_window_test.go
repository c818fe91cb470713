package remit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit"
)

// chargedZone draws zones from -11 to +14 hours, among them those with the odd
// changes of their clocks: of half an hour, at midnight, of a whole day.
func chargedZone() *rapid.Generator[*time.Location] {
	return rapid.Custom(func(t *rapid.T) *time.Location {
		return zone(t, rapid.SampledFrom([]string{
			"Pacific/Pago_Pago", "Pacific/Kiritimati", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "UTC",
		}).Draw(t, "zone"))
	})
}

func zone(t rapid.TB, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// changing draws dates, every second one close to a change of the zone's clocks.
func changing(t *rapid.T, loc *time.Location) remit.Date {
	d := anyDate().Draw(t, "date")
	if _, change := d.StartIn(loc).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "close") {
		d = remit.DateOf(change.In(loc)).AddDays(rapid.IntRange(-1, 1).Draw(t, "off"))
	}
	return d
}

func anyWindow() *rapid.Generator[remit.ChargeWindow] {
	return rapid.Custom(func(t *rapid.T) remit.ChargeWindow {
		from := rapid.IntRange(0, 23*60).Draw(t, "from")
		return remit.ChargeWindow{From: remit.TimeOfDay(from), To: remit.TimeOfDay(rapid.IntRange(from+60, 24*60).Draw(t, "to"))}
	})
}

// wallClock is what a clock on the wall shows, as if it were UTC's.
func wallClock(at time.Time) int64 {
	_, offset := at.Zone()
	return at.Unix() + int64(offset)
}

// Protects when a charge happens: a time of a date is the first minute at which
// clocks there show it or later, as counting the minutes finds it.
func TestTimeOfADate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc := chargedZone().Draw(t, "zone")
		d, at := changing(t, loc), remit.TimeOfDay(rapid.IntRange(0, 24*60).Draw(t, "time"))
		got := d.At(at, loc)
		wanted := time.Date(d.Year, d.Month, d.Day, 0, int(at), 0, 0, time.UTC).Unix()
		if shows := wallClock(got); shows < wanted {
			t.Fatalf("%s %s is %v, which is too early", d, at, got)
		}
		for before := got.Add(-time.Minute); before.After(got.Add(-27 * time.Hour)); before = before.Add(-time.Minute) {
			if wallClock(before) >= wanted {
				t.Fatalf("%s %s is %v, and was %v already", d, at, got, before)
			}
		}
	})
}

// Protects M11: each of the year's odd days has its own instants.
func TestTimeOfAnOddDate(t *testing.T) {
	for _, c := range []struct{ zone, date, time, want string }{
		{"America/New_York", "2026-03-08", "02:30", "2026-03-08T03:00:00-04:00"}, // jumped over
		{"America/New_York", "2026-03-08", "09:00", "2026-03-08T09:00:00-04:00"},
		{"America/New_York", "2026-11-01", "01:30", "2026-11-01T01:30:00-04:00"}, // the first of two
		{"America/New_York", "2026-11-01", "09:00", "2026-11-01T09:00:00-05:00"},
		{"Europe/Berlin", "2026-03-29", "02:00", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-10-25", "02:59", "2026-10-25T02:59:00+02:00"},
		{"Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-05T01:45:00+11:00"}, // half an hour, twice
		{"Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-04T02:30:00+11:00"},
		{"America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T01:00:00-02:00"}, // midnight jumped over
		{"America/Sao_Paulo", "2018-02-17", "23:30", "2018-02-17T23:30:00-02:00"},
		{"America/Sao_Paulo", "2018-02-17", "24:00", "2018-02-18T00:00:00-03:00"},
		{"Pacific/Apia", "2011-12-30", "09:00", "2011-12-31T00:00:00+14:00"}, // left out
		{"Pacific/Kiritimati", "2028-02-29", "09:00", "2028-02-29T09:00:00+14:00"},
		{"Pacific/Pago_Pago", "2028-02-29", "18:00", "2028-02-29T18:00:00-11:00"},
	} {
		d, err := remit.ParseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		at, err := remit.ParseTimeOfDay(c.time)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.At(at, zone(t, c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s %s in %s is %s, want %s", c.date, c.time, c.zone, got, c.want)
		}
	}
}

// Protects whoever is charged from being woken: what is planned is inside the window
// of some date, never before what was asked for, and asking again moves nothing.
func TestWindowNeverGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, w := chargedZone().Draw(t, "zone"), anyWindow().Draw(t, "window")
		at := changing(t, loc).StartIn(loc).Add(time.Duration(rapid.IntRange(0, 48*60).Draw(t, "minutes")) * time.Minute)
		next := w.Next(at, loc)
		day := remit.DateOf(next.In(loc))
		if next.Before(at) || next.Before(day.At(w.From, loc)) || !next.Before(day.At(w.To, loc)) {
			t.Fatalf("after %v the window %s to %s is open at %v", at, w.From, w.To, next)
		}
		if again := w.Next(next, loc); !again.Equal(next) {
			t.Fatalf("%v became %v", next, again)
		}
		if later := w.Next(at.Add(time.Hour), loc); later.Before(next) {
			t.Fatalf("an hour later it is %v, before %v", later, next)
		}
	})
}

// Protects the due date: a window opens on the date asked for at its own hour; only a
// date that has none of it has the next one's.
func TestWindowOpensOnItsDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, w := chargedZone().Draw(t, "zone"), anyWindow().Draw(t, "window")
		d := changing(t, loc)
		opens, closes, got := d.At(w.From, loc), d.At(w.To, loc), w.OpensOn(d, loc)
		if opens.Before(closes) && (!got.Equal(opens) || remit.DateOf(got) != d) {
			t.Fatalf("on %s the window %s to %s opens at %v", d, w.From, w.To, got)
		}
		if day := remit.DateOf(got); day.Before(d) || d.AddDays(1).Before(day) {
			t.Fatalf("on %s the window opens on %s", d, day)
		}
	})
	apia, leftOut := zone(t, "Pacific/Apia"), remit.Date{Year: 2011, Month: 12, Day: 30}
	if got := remit.DefaultChargeWindow().OpensOn(leftOut, apia).Format(time.RFC3339); got != "2011-12-31T09:00:00+14:00" {
		t.Errorf("on the date that Samoa left out it opens at %s", got)
	}
}

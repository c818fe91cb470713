package remit_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"remit"
)

// Protects the door: one form of date, and none that the calendar lacks.
func TestParseDate(t *testing.T) {
	for _, text := range []string{"2026-04-01", "2024-02-29", "0001-01-01", "9999-12-31"} {
		if d, err := remit.ParseDate(text); err != nil || d.String() != text {
			t.Errorf("%q is %v, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "2026-4-1", "2026-02-29", "2026-13-01", "2026-04-31", "0000-01-01", "10000-01-01",
		"2026-04-01T00:00:00Z", " 2026-04-01", "2026/04/01", "01/04/2026", "today"} {
		if d, err := remit.ParseDate(text); err == nil {
			t.Errorf("%q is taken as %v", text, d)
		}
	}
	if _, exists := remit.NewDate(2013, 2, 31); exists {
		t.Error("31 February exists")
	}
	if d, exists := remit.NewDate(2013, 2, 28); !exists || d.String() != "2013-02-28" {
		t.Errorf("28 February 2013 is %v, %v", d, exists)
	}
}

// Protects what is stored and sent: a date goes through JSON and PostgreSQL's
// two wire formats and comes back the same, the zero Date as null.
func TestDateRoundTrips(t *testing.T) {
	postgres := pgtype.NewMap()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate().Draw(t, "date")
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var read remit.Date
		if err := json.Unmarshal(raw, &read); err != nil || read != d {
			t.Fatalf("%v is %s in JSON and read as %v, %v", d, raw, read, err)
		}
		for _, format := range []int16{pgtype.BinaryFormatCode, pgtype.TextFormatCode} {
			wire, err := postgres.Encode(pgtype.DateOID, format, d, nil)
			if err != nil {
				t.Fatal(err)
			}
			read = remit.Date{}
			if err := postgres.Scan(pgtype.DateOID, format, wire, &read); err != nil || read != d {
				t.Fatalf("%v comes back from PostgreSQL as %v, %v", d, read, err)
			}
		}
	})
	if raw, err := json.Marshal(remit.Date{}); string(raw) != "null" || err != nil {
		t.Errorf("no date is %s, %v in JSON", raw, err)
	}
	if wire, err := postgres.Encode(pgtype.DateOID, pgtype.BinaryFormatCode, remit.Date{}, nil); wire != nil || err != nil {
		t.Errorf("no date is %v, %v in PostgreSQL", wire, err)
	}
	var date remit.Date
	if err := date.Scan(nil); err == nil {
		t.Error("NULL is scanned into a Date")
	}
	null := &date
	if err := postgres.Scan(pgtype.DateOID, pgtype.BinaryFormatCode, nil, &null); err != nil || null != nil {
		t.Errorf("NULL is scanned into a *Date as %v, %v", null, err)
	}
	for _, raw := range []string{`""`, `20260401`, `"2026-02-30"`, `{}`, `"2026-04-01 "`} {
		if err := json.Unmarshal([]byte(raw), &date); err == nil {
			t.Errorf("%s is taken as %v", raw, date)
		}
	}
}

// Protects date arithmetic: days add up, and order is the calendar's.
func TestDateArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDate().Draw(t, "date"), rapid.IntRange(-4000, 4000).Draw(t, "days")
		moved := d.AddDays(n)
		if back := moved.AddDays(-n); back != d {
			t.Fatalf("%v moved by %d days and back is %v", d, n, back)
		}
		if moved.Before(d) != (n < 0) || (moved.Compare(d) == 0) != (n == 0) {
			t.Fatalf("%v is not ordered with %v", moved, d)
		}
	})
}

// Protects M11 in every zone, and on days whose midnight is skipped or doubled:
// overdue begins exactly at local midnight after the due date, not a second
// before, and never twice.
func TestOverdueAtIsTheFirstInstantAfterTheDueDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, due := anyZone().Draw(t, "zone"), anyDate().Draw(t, "due")
		at := remit.OverdueAt(due, loc)
		if shown := remit.DateOf(at.In(loc)); shown.Compare(due) <= 0 {
			t.Fatalf("due %v in %v: overdue at %v, still that day", due, loc, at)
		}
		if shown := remit.DateOf(at.Add(-time.Nanosecond).In(loc)); shown.Compare(due) > 0 {
			t.Fatalf("due %v in %v: overdue at %v, late", due, loc, at)
		}
		for before := time.Minute; before <= 36*time.Hour; before += 13 * time.Minute {
			if shown := remit.DateOf(at.Add(-before).In(loc)); shown.Compare(due) > 0 {
				t.Fatalf("due %v in %v: overdue at %v, but it was %v already %v before", due, loc, at, shown, before)
			}
		}
		if next := remit.OverdueAt(due.AddDays(1), loc); next.Before(at) {
			t.Fatalf("due %v in %v: a day later is overdue earlier, %v", due, loc, next)
		}
	})
}

// Protects the awkward days by name.
func TestStartIn(t *testing.T) {
	for _, c := range []struct{ zone, date, want string }{
		{"UTC", "2026-04-01", "2026-04-01T00:00:00Z"},
		{"America/New_York", "2026-03-08", "2026-03-08T05:00:00Z"},   // clocks change at 02:00, after midnight
		{"Pacific/Kiritimati", "2026-04-01", "2026-03-31T10:00:00Z"}, // +14
		{"Pacific/Pago_Pago", "2026-04-01", "2026-04-01T11:00:00Z"},  // -11
		{"Asia/Kathmandu", "2026-04-01", "2026-03-31T18:15:00Z"},     // +05:45
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"},  // 00:00 to 01:00 skipped
		{"America/Havana", "2026-03-08", "2026-03-08T05:00:00Z"},     // 00:00 to 01:00 skipped
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},     // 00:00 to 01:00 twice
		{"America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"},   // 00:01 back to 23:01: the first midnight
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},       // a date left out
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		d, err := remit.ParseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.StartIn(loc); got.UTC().Format(time.RFC3339) != c.want || got.Location() != loc {
			t.Errorf("%s starts in %s at %v, want %s", c.date, c.zone, got, c.want)
		}
	}
}

func anyDate() *rapid.Generator[remit.Date] {
	return rapid.Custom(func(t *rapid.T) remit.Date {
		start, _ := remit.NewDate(1970, 1, 1)
		return start.AddDays(rapid.IntRange(0, 80*365).Draw(t, "days"))
	})
}

// anyZone draws fixed offsets from -11 to +14 hours, and zones that change
// their clocks, some of them at midnight.
func anyZone() *rapid.Generator[*time.Location] {
	return rapid.Custom(func(t *rapid.T) *time.Location {
		if rapid.Bool().Draw(t, "fixed") {
			quarters := rapid.IntRange(-11*4, 14*4).Draw(t, "quarters")
			return time.FixedZone(fmt.Sprintf("%+d/4", quarters), quarters*15*60)
		}
		name := rapid.SampledFrom([]string{"America/New_York", "America/Havana", "America/Sao_Paulo", "America/Santiago",
			"America/St_Johns", "America/Asuncion", "Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "Asia/Tehran",
			"Asia/Gaza", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati",
			"Pacific/Pago_Pago", "Antarctica/Troll", "Atlantic/Azores"}).Draw(t, "name")
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return loc
	})
}

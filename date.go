package remit

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Date is a calendar date without a time or a zone. A due date is one: which
// instants it covers depends on the organisation's time zone alone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

const dateLayout = "2006-01-02"

// ParseDate reads YYYY-MM-DD. An impossible date is an error that names it.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date like 2026-04-01", s)
	}
	return DateOf(t), nil
}

// DateOf is the date t shows in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// String gives YYYY-MM-DD.
func (d Date) String() string { return d.utc().Format(dateLayout) }

// IsZero reports the zero Date, which is no date.
func (d Date) IsZero() bool { return d == Date{} }

// AddDays moves the date by n days, which may be negative.
func (d Date) AddDays(n int) Date { return DateOf(d.utc().AddDate(0, 0, n)) }

// Compare is negative, zero or positive as d is before, equal to or after e.
func (d Date) Compare(e Date) int { return d.utc().Compare(e.utc()) }

// Before reports whether d is before e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// StartIn is the first instant of the date in loc. Where a change of the clocks
// removes midnight it is the first instant that exists.
func (d Date) StartIn(loc *time.Location) time.Time {
	noon := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, loc)
	midnight := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
	if DateOf(midnight) == d {
		// Where midnight happens twice, Go may give the second; an hour or so
		// earlier that still is the same date is the first.
		for _, back := range []time.Duration{2 * time.Hour, time.Hour, 30 * time.Minute} {
			if earlier := midnight.Add(-back); DateOf(earlier) == d {
				return earlier
			}
		}
		return midnight
	}
	// Midnight does not exist: search the first instant of the date before noon.
	low, high := noon.Add(-13*time.Hour), noon
	for high.Sub(low) > time.Second {
		middle := low.Add(high.Sub(low) / 2).Truncate(time.Second)
		if DateOf(middle) == d {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// OverdueAt is when an invoice due on due becomes overdue: local midnight after
// the due date.
func OverdueAt(due Date, loc *time.Location) time.Time { return due.AddDays(1).StartIn(loc) }

// MarshalJSON writes "YYYY-MM-DD".
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads "YYYY-MM-DD" and nothing else.
func (d *Date) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("a date is a string like \"2026-04-01\"")
	}
	parsed, err := ParseDate(s)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Value gives the date to a database column of type date.
func (d Date) Value() (driver.Value, error) { return d.utc(), nil }

// Scan takes a date column's value.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		*d = DateOf(v)
		return nil
	case string:
		parsed, err := ParseDate(v)
		if err != nil {
			return err
		}
		*d = parsed
		return nil
	default:
		return fmt.Errorf("a date cannot be read from %T", src)
	}
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

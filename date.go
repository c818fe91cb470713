package remit

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Date is a calendar date without a time or a zone, in the years 1 to 9999. A
// due date is one: which instants it covers depends on the organisation's time
// zone alone. The zero Date is no date: null in JSON and in the database.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

const dateLayout = "2006-01-02"

// ParseDate reads YYYY-MM-DD and nothing else. An impossible date, such as 31
// February, is an error that names it.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("%q is not a date like 2026-04-01", s)
	}
	return DateOf(t), nil
}

// NewDate is the date of a year, month and day, and whether there is one.
func NewDate(year, month, day int) (d Date, exists bool) {
	d = Date{year, time.Month(month), day}
	return d, year >= 1 && year <= 9999 && DateOf(d.utc()) == d
}

// DateOf is the date t shows in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// String gives YYYY-MM-DD, and nothing for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(dateLayout)
}

// Words writes the date for people, "14 Mar 2026", and a dash for the zero Date.
func (d Date) Words() string {
	if d.IsZero() {
		return "–"
	}
	return d.utc().Format("2 Jan 2006")
}

// IsZero reports the zero Date, which is no date.
func (d Date) IsZero() bool { return d == Date{} }

// AddDays moves the date by n days, which may be negative.
func (d Date) AddDays(n int) Date { return DateOf(d.utc().AddDate(0, 0, n)) }

// Compare is negative, zero or positive as d is before, equal to or after e.
func (d Date) Compare(e Date) int { return d.utc().Compare(e.utc()) }

// Before reports whether d is before e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// StartIn is the first instant of the date in loc: the first at which its
// clocks show midnight of that date or later. Where clocks go forward over
// midnight that is when they do; where midnight happens twice it is the first;
// a date that a zone left out (Samoa had no 30 December 2011) starts, and ends,
// when the next one does.
func (d Date) StartIn(loc *time.Location) time.Time { return d.At(0, loc) }

// OverdueAt is when an invoice due on due becomes overdue: local midnight after
// the due date (M11).
func OverdueAt(due Date, loc *time.Location) time.Time { return due.AddDays(1).StartIn(loc) }

// MarshalJSON writes "YYYY-MM-DD", or null for the zero Date.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(d.String())
}

// UnmarshalJSON reads "YYYY-MM-DD" or null and nothing else.
func (d *Date) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte("null")) {
		*d = Date{}
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return errors.New("a date is a string like \"2026-04-01\"")
	}
	parsed, err := ParseDate(s)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Value gives the date to a database column of type date; the zero Date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.utc(), nil
}

// Scan takes a date column's value. NULL is an error: a column that may be NULL
// is scanned into a *Date.
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

package remit

import (
	"fmt"
	"iter"
	"time"
)

// IntervalUnit is what the length of a billing period is counted in.
type IntervalUnit string

// The units. A quarter is three months, a year twelve.
const (
	IntervalDay     IntervalUnit = "day"
	IntervalWeek    IntervalUnit = "week"
	IntervalMonth   IntervalUnit = "month"
	IntervalQuarter IntervalUnit = "quarter"
	IntervalYear    IntervalUnit = "year"
)

// IntervalUnits lists them, the shortest first.
func IntervalUnits() []IntervalUnit {
	return []IntervalUnit{IntervalDay, IntervalWeek, IntervalMonth, IntervalQuarter, IntervalYear}
}

// MaxPeriodMonths is the longest a period may be.
const MaxPeriodMonths = 60

// LastDayOfMonth is the anchor of periods that begin on a month's last day.
const LastDayOfMonth = 31

// Cadence says when the periods of a billing schedule begin and end. It is about
// dates alone: at which instants they begin is for a time zone to say.
type Cadence struct {
	Start Date         `json:"start"` // of the first period
	End   Date         `json:"end"`   // the last day that is billed; zero: no end
	Unit  IntervalUnit `json:"unit"`
	Count int          `json:"count"` // of units; 1 or more
	// Anchor is the day of the month on which periods begin, in a month that is too
	// short its last; 0 with days and weeks, which are counted from the start.
	Anchor int `json:"anchor"`
}

// Check names the field that is wrong.
func (c Cadence) Check() error {
	months, days := c.length()
	switch {
	case c.Start.IsZero():
		return Invalid("start_date", "Give the date the first period begins on, like 2026-04-01.")
	case months == 0 && days == 0:
		return Invalid("interval", "Bill every day, week, month, quarter or year, or a number of them.")
	case c.Count < 1 || months > MaxPeriodMonths || days > 31*MaxPeriodMonths:
		return Invalid("interval_count", "A period is 1 to %d months long.", MaxPeriodMonths)
	case months > 0 && (c.Anchor < 1 || c.Anchor > LastDayOfMonth):
		return Invalid("anchor_day", "Periods begin on a day of the month, 1 to 31; 31 is its last day.")
	case months == 0 && c.Anchor != 0:
		return Invalid("anchor_day", "Periods of days and weeks are counted from the start date.")
	case !c.End.IsZero() && c.End.Before(c.Start):
		return Invalid("end_date", "It ends on %s, before it starts on %s.", c.End, c.Start)
	}
	return nil
}

// Anchored is the cadence with the anchor that holds where none was given: the day
// of its start.
func (c Cadence) Anchored() Cadence {
	if months, _ := c.length(); months > 0 && c.Anchor == 0 {
		c.Anchor = c.Start.Day
	}
	return c
}

// length is how many months or days a period is long.
func (c Cadence) length() (months, days int) {
	switch c.Unit {
	case IntervalDay:
		return 0, c.Count
	case IntervalWeek:
		return 0, 7 * c.Count
	case IntervalMonth:
		return c.Count, 0
	case IntervalQuarter:
		return 3 * c.Count, 0
	case IntervalYear:
		return 12 * c.Count, 0
	}
	return 0, 0
}

// Words say how often it bills, like "every 2 months, on the 31st or the month's last day".
func (c Cadence) Words() string {
	often := "every " + string(c.Unit)
	if c.Count > 1 {
		often = fmt.Sprintf("every %d %ss", c.Count, c.Unit)
	}
	switch months, _ := c.length(); {
	case months == 0:
		return often
	case c.Anchor == LastDayOfMonth:
		return often + ", on the month's last day"
	}
	return fmt.Sprintf("%s, on day %d", often, c.Anchor)
}

// Period is what one invoice of a schedule is for: the days from From up to, but
// not with, Until.
type Period struct {
	From  Date
	Until Date
	// Whole is how many days it would have were it not cut by the schedule's start or
	// end.
	Whole int
}

// Days is how many there are.
func (p Period) Days() int { return DaysBetween(p.From, p.Until) }

// Part reports a period that the start or the end cuts short.
func (p Period) Part() bool { return p.Days() < p.Whole }

// Last is its last day.
func (p Period) Last() Date { return p.Until.AddDays(-1) }

// Words name its days, like "1 Mar 2026 – 31 Mar 2026".
func (p Period) Words() string {
	if p.Days() == 1 {
		return p.From.Words()
	}
	return p.From.Words() + " – " + p.Last().Words()
}

// DaysBetween is how many days it is from a date to another.
func DaysBetween(from, until Date) int { return int(until.utc().Sub(from.utc()) / (24 * time.Hour)) }

// Periods are those that begin on a date or later, in order, without end where the
// cadence has none. They follow each other without gap or overlap: each begins
// where the one before ends. Boundaries are counted from the first anchor day, never
// from the boundary before, so that the 31st comes back after February.
func (c Cadence) Periods(since Date) iter.Seq[Period] {
	return func(yield func(Period) bool) {
		k := c.near(since)
		for {
			p := Period{From: c.boundary(k), Until: c.boundary(k + 1)}
			p.Whole = p.Days()
			if k < 0 || p.From.Before(c.Start) { // what is before the first anchor day
				p.From = c.Start
			}
			k++
			if p.From.Year > lastYear || !c.End.IsZero() && c.End.Before(p.From) {
				return
			}
			if !c.End.IsZero() && c.End.Before(p.Last()) {
				p.Until = c.End.AddDays(1)
			}
			if p.From.Before(since) {
				continue
			}
			if !yield(p) {
				return
			}
		}
	}
}

// lastYear is where periods end that have no end: dates have four digits.
const lastYear = 9990

// near is the number of a period that begins before a date or on it: the last such,
// or one not far before. The part before the first anchor day is -1.
func (c Cadence) near(since Date) int {
	first := 0
	if c.Start.Before(c.boundary(0)) {
		first = -1
	}
	if since.Before(c.Start) {
		return first
	}
	months, days := c.length()
	if months == 0 {
		return max(DaysBetween(c.Start, since)/days, first)
	}
	zero := c.boundary(0)
	return max(((since.Year-zero.Year)*12+int(since.Month-zero.Month))/months-1, first)
}

// boundary is where the period of a number begins: 0 is the first that begins on an
// anchor day.
func (c Cadence) boundary(k int) Date {
	months, days := c.length()
	if months == 0 {
		return c.Start.AddDays(k * days)
	}
	first := onAnchor(c.Start.Year, int(c.Start.Month), c.Anchor)
	month := int(c.Start.Month)
	if first.Before(c.Start) {
		month++
	}
	return onAnchor(c.Start.Year, month+k*months, c.Anchor)
}

// onAnchor is a day of a month, or its last where it has no such day. Months are
// counted on past December, and back before January.
func onAnchor(year, month, anchor int) Date {
	first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DateOf(first.AddDate(0, 0, min(anchor, last)-1))
}

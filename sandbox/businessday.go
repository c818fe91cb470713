package sandbox

import (
	"slices"
	"time"
)

// How long money takes between banks is counted in business days of the
// Federal Reserve: Monday to Friday without its holidays, by Eastern time
// (frbservices.org, holiday schedules). A day is written as its midnight in UTC.

// cutOff is the hour of Eastern time until which a debit still goes out on the
// same day.
const cutOff = 21

// sendingDay is the business day on which what is asked for at a time goes to
// the bank.
func sendingDay(at time.Time) time.Time {
	local := at.In(eastern(at))
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	if businessDay(day) && local.Hour() < cutOff {
		return day
	}
	return addBusinessDays(day, 1)
}

// addBusinessDays is the nth business day after a day.
func addBusinessDays(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if businessDay(day) {
			n--
		}
	}
	return day
}

// midnight is when a day begins in the East, plus hours of its clock.
func midnight(day time.Time, hours int) time.Time {
	zone := eastern(time.Date(day.Year(), day.Month(), day.Day(), 5, 0, 0, 0, time.UTC))
	return time.Date(day.Year(), day.Month(), day.Day(), hours, 0, 0, 0, zone)
}

func businessDay(day time.Time) bool {
	weekday := day.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday && !holiday(day)
}

// holiday says that the banks are closed on a weekday. A holiday on a Sunday is
// kept on the Monday after it, one on a Saturday not at all.
func holiday(day time.Time) bool {
	year := day.Year()
	closed := []time.Time{
		nthWeekday(year, time.January, time.Monday, 3), nthWeekday(year, time.February, time.Monday, 3),
		nthWeekday(year, time.June, time.Monday, 1).AddDate(0, 0, -7), // the last Monday of May
		nthWeekday(year, time.September, time.Monday, 1), nthWeekday(year, time.October, time.Monday, 2),
		nthWeekday(year, time.November, time.Thursday, 4),
	}
	for _, fixed := range []time.Time{
		date(year, time.January, 1), date(year, time.June, 19), date(year, time.July, 4),
		date(year, time.November, 11), date(year, time.December, 25),
	} {
		if fixed.Weekday() == time.Sunday {
			fixed = fixed.AddDate(0, 0, 1)
		}
		closed = append(closed, fixed)
	}
	return slices.ContainsFunc(closed, day.Equal)
}

// eastern is the zone of New York at a time. It is counted out, so that no
// machine's table of zones is asked: summer time is from the second Sunday of
// March, 2:00, to the first Sunday of November, 2:00.
func eastern(at time.Time) *time.Location {
	year := at.UTC().Year()
	from := nthWeekday(year, time.March, time.Sunday, 2).Add(7 * time.Hour)
	to := nthWeekday(year, time.November, time.Sunday, 1).Add(6 * time.Hour)
	if at.Before(from) || !at.Before(to) {
		return time.FixedZone("EST", -5*3600)
	}
	return time.FixedZone("EDT", -4*3600)
}

func nthWeekday(year int, month time.Month, weekday time.Weekday, n int) time.Time {
	first := date(year, month, 1)
	return first.AddDate(0, 0, int(weekday-first.Weekday()+7)%7+7*(n-1))
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

package retry

import "time"

const endedText = "its ladder has ended"

// calendar finds the instants of days after a first failure.
type calendar struct {
	zone  *time.Location
	open  func(time.Time) time.Time
	hour  int // the local hour that worked best; -1: the window's first
	first time.Time
	now   time.Time
	free  time.Time
}

func newCalendar(f Facts, first, now time.Time) calendar {
	c := calendar{zone: f.Zone, open: f.Open, first: first, now: now, free: f.FreeAt}
	if c.zone == nil {
		c.zone = time.UTC
	}
	if c.open == nil {
		c.open = func(t time.Time) time.Time { return t }
	}
	c.hour = bestHour(f.Worked, c.zone)
	return c
}

// rung is the ladder's next one after a number of failures. Days that were over
// when the last try failed are spent: what is late is done once, not in a row.
func (c calendar) rung(days []Days, failures int, last time.Time) (time.Time, string) {
	for i := max(failures-1, 0); i < len(days); i++ {
		if c.midnight(days[i]).After(last) {
			return c.on(days[i]), ""
		}
	}
	return time.Time{}, endedText
}

// presented is when a returned debit is presented again. Returns take days to
// arrive, so a rung that passed meanwhile is not spent.
func (c calendar) presented(days []Days, failures int, last time.Time) (time.Time, string) {
	if failures > len(days) || failures > mostRepresent {
		return time.Time{}, endedText
	}
	day := days[failures-1]
	for !c.midnight(day).After(last) {
		day++
	}
	return c.on(day), ""
}

// window is when the network's window has passed, and where nobody knows when
// that is, a rung of its ladder.
func (c calendar) window(days []Days, failures int, last time.Time) (time.Time, string) {
	if c.free.After(c.now) {
		return c.free, ""
	}
	return c.rung(days, failures, last)
}

// on is the best instant of a day: at the hour that worked, if the charge window
// is open then, and else when it opens.
func (c calendar) on(day Days) time.Time {
	opens := c.open(c.midnight(day))
	if c.hour < 0 {
		return opens
	}
	year, month, date := c.midnight(day).In(c.zone).Date()
	best := c.open(time.Date(year, month, date, c.hour, 0, 0, 0, c.zone))
	if best.Before(c.midnight(day + 1)) {
		return latest(best, opens)
	}
	return opens
}

// midnight is the first instant of the day that is so many days after the first
// failure. Where a clock change skips midnight, time.Date may give an instant of
// the day before.
func (c calendar) midnight(day Days) time.Time {
	year, month, date := c.first.In(c.zone).Date()
	at := time.Date(year, month, date+int(day), 0, 0, 0, 0, c.zone)
	if at.Hour() == 23 {
		at = at.Add(time.Hour)
	}
	return at
}

// bestHour is the local hour at which most charges worked, the earliest of
// several; -1 if none is known.
func bestHour(worked []time.Time, zone *time.Location) int {
	var times [24]int
	for _, at := range worked {
		times[at.In(zone).Hour()]++
	}
	best, most := -1, 0
	for hour, n := range times {
		if n > most {
			best, most = hour, n
		}
	}
	return best
}

func latest(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if t.After(first) {
			first = t
		}
	}
	return first
}

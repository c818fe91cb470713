package prove

import "time"

// terms are what a schedule bills from a period on, as they are stored.
type terms struct {
	From    string
	Cadence struct {
		Start  string
		End    *string
		Unit   string
		Count  int
		Anchor int
	}
	Prorate bool
	Lines   []struct{ Amount int64 }
}

// due is a period of a plain calendar, and what it bills.
type due struct {
	from   time.Time // its first day, at midnight UTC
	at     time.Time // when it begins where the world is
	amount int64
}

const dayForm = "2006-01-02"

func day(text string) time.Time {
	d, _ := time.Parse(dayForm, text)
	return d
}

// calendar is what the versions of a schedule bill up to a time: counted day by day and
// month by month, as one does on paper, and by nothing of Remit's.
func calendar(versions []terms, until time.Time, zone *time.Location) (all []due) {
	for n, v := range versions {
		next := time.Time{}
		if n+1 < len(versions) {
			next = day(versions[n+1].From)
		}
		for _, d := range v.periods(until) {
			if !d.from.Before(day(v.From)) && (next.IsZero() || d.from.Before(next)) {
				y, m, dd := d.from.Date()
				d.at = time.Date(y, m, dd, 0, 0, 0, 0, zone)
				all = append(all, d)
			}
		}
	}
	return all
}

func (v terms) periods(until time.Time) (all []due) {
	start, end := day(v.Cadence.Start), time.Time{}
	if v.Cadence.End != nil {
		end = day(*v.Cadence.End)
	}
	amount := int64(0)
	for _, line := range v.Lines {
		amount += line.Amount
	}
	begins, before := v.begins(start, until)
	if len(begins) > 0 && begins[0].After(start) { // the part before the first anchor day
		begins = append([]time.Time{start}, begins...)
	}
	for n := 0; n+1 < len(begins); n++ {
		from, to := begins[n], begins[n+1]
		if !end.IsZero() && from.After(end) {
			break
		}
		whole := days(from, to)
		if n == 0 && from.Before(v.first(start)) {
			whole = days(before, to)
		}
		if !end.IsZero() && !to.Before(end.AddDate(0, 0, 2)) {
			to = end.AddDate(0, 0, 1)
		}
		d := due{from: from, amount: amount}
		if has := days(from, to); has < whole && v.Prorate {
			d.amount = (amount*2*int64(has) + int64(whole)) / (2 * int64(whole)) // half up
		}
		all = append(all, d)
	}
	return all
}

func days(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

// begins are the days on which whole periods begin, one beyond what is asked for, and
// the one on which the period before the first would.
func (v terms) begins(start, until time.Time) (list []time.Time, before time.Time) {
	step := func(k int) time.Time {
		switch v.Cadence.Unit {
		case "day":
			return start.AddDate(0, 0, k*v.Cadence.Count)
		case "week":
			return start.AddDate(0, 0, 7*k*v.Cadence.Count)
		}
		first := v.first(start)
		return v.anchor(first.Year(), int(first.Month())+k*v.Cadence.Count)
	}
	for k := 0; ; k++ {
		list = append(list, step(k))
		if k > 0 && list[k-1].After(until) {
			return list, step(-1)
		}
	}
}

// first is the first day on which a whole period begins.
func (v terms) first(start time.Time) time.Time {
	if v.Cadence.Unit != "month" {
		return start
	}
	first := v.anchor(start.Year(), int(start.Month()))
	if first.Before(start) {
		first = v.anchor(start.Year(), int(start.Month())+1)
	}
	return first
}

// anchor is the anchor day of a month, or the month's last where it has no such day.
func (v terms) anchor(year, month int) time.Time {
	first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1)
	if v.Cadence.Anchor > last.Day() {
		return last
	}
	return first.AddDate(0, 0, v.Cadence.Anchor-1)
}

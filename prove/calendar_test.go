package prove

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// The plain calendar counts as people do: the 31st comes back after February, a part is
// billed by its days, and what is changed holds from its day on.
func TestCalendar(t *testing.T) {
	version := func(from, start, end, unit string, count, anchor int, amount int64) terms {
		v := terms{From: from, Prorate: true, Lines: []struct{ Amount int64 }{{amount}}}
		v.Cadence.Start, v.Cadence.Unit, v.Cadence.Count, v.Cadence.Anchor = start, unit, count, anchor
		if end != "" {
			v.Cadence.End = &end
		}
		return v
	}
	for name, c := range map[string]struct {
		versions []terms
		until    string
		want     string
	}{
		"the month's last day": {[]terms{version("2026-01-10", "2026-01-10", "", "month", 1, 31, 3100)}, "2026-03-31", "2026-01-10 2100, 2026-01-31 3100, 2026-02-28 3100, 2026-03-31 3100"},
		"every second month":   {[]terms{version("2026-01-15", "2026-01-15", "2026-04-14", "month", 2, 15, 6000)}, "2026-05-01", "2026-01-15 6000, 2026-03-15 3049"},
		"days":                 {[]terms{version("2026-01-30", "2026-01-30", "2026-02-02", "day", 3, 0, 300)}, "2026-03-01", "2026-01-30 300, 2026-02-02 100"},
		"another sum": {[]terms{version("2026-01-01", "2026-01-01", "", "week", 1, 0, 700), version("2026-01-15", "2026-01-01", "", "week", 1, 0, 800)}, "2026-01-22",
			"2026-01-01 700, 2026-01-08 700, 2026-01-15 800, 2026-01-22 800"},
	} {
		var got []string
		for _, d := range calendar(c.versions, day(c.until), time.UTC) {
			if !d.from.After(day(c.until)) {
				got = append(got, d.from.Format(dayForm)+" "+strconv.FormatInt(d.amount, 10))
			}
		}
		if said := strings.Join(got, ", "); said != c.want {
			t.Errorf("%s: %s, want %s", name, said, c.want)
		}
	}
}

package prove

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"remit/money"
)

// totals are what was done and found.
type totals struct {
	begun      time.Time
	runs       int
	faults     int
	violations int
	struck     map[string]int // kills from outside, by part
	boundaries map[string]int // deaths, by boundary
	unknown    int            // deaths of which no boundary told
	falls      map[string]int // parts that ended by themselves, for want of another
	answers    map[string]int
	asked      int   // requests to Stripe
	told       int   // deliveries of events
	charges    int   // captured, by the stand-in's own books
	captured   int64 // cents
	excess     int64 // of them, more than was owed
}

func (t *totals) add(h *house, worlds []*world) {
	if t.struck == nil {
		t.struck, t.boundaries, t.falls, t.answers = map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	}
	deaths := 0
	for _, name := range partNames {
		p := h.parts[name]
		p.mutex.Lock()
		t.struck[name] += p.kills
		t.falls[name] += p.falls
		deaths += p.deaths
		p.kills, p.falls, p.deaths = 0, 0, 0
		p.mutex.Unlock()
	}
	for _, boundary := range h.crashes.take() {
		t.boundaries[boundary]++
		deaths--
	}
	t.unknown += max(deaths, 0)
	for _, w := range worlds {
		t.runs++
		t.faults += w.faults
		t.asked += w.asked
		t.told += w.told
		t.charges += w.charges
		t.captured += w.captured
		t.excess += w.excess
		for how, times := range w.answers {
			t.answers[how] += times
		}
	}
}

// kills are all deaths that were caused, each counted once.
func (t *totals) kills() int {
	n := t.unknown
	for _, some := range []map[string]int{t.struck, t.boundaries} {
		for _, times := range some {
			n += times
		}
	}
	return n
}

func (t *totals) tell(out io.Writer) {
	fmt.Fprintf(out, "\n%d runs in %s: %d kills, %d faults, %d violations.\n", t.runs, time.Since(t.begun).Round(time.Second), t.kills(), t.faults, t.violations)
	fmt.Fprintf(out, "Captured: %d charges over %s; %s of it was more than was owed, and is kept as excess.\n", t.charges, money.Of(t.captured, "USD"), money.Of(t.excess, "USD"))
	fmt.Fprintf(out, "Stripe was asked more than %d times and sent %d events.\n", t.asked, t.told)
	fmt.Fprintf(out, "Killed from outside: %s.\n", listed(t.struck))
	fmt.Fprintf(out, "Died at a boundary: %s.\n", listed(t.boundaries))
	fmt.Fprintf(out, "Ended for want of another part, and came back: %s.\n", listed(t.falls))
	fmt.Fprintf(out, "Answers: %s.\n", listed(t.answers))
}

func listed(some map[string]int) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(some)) {
		if some[name] > 0 {
			all = append(all, fmt.Sprintf("%s %d", name, some[name]))
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

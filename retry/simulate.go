package retry

import (
	"slices"
	"time"

	"remit/decline"
)

// Episode is what became of one invoice that failed to be paid with one method.
type Episode struct {
	Name  string // of the invoice, for whoever reads the report
	Tries []Try  // that failed, oldest first; one at least
	Paid  time.Time
	Facts Facts // as they were; what the networks allowed then is not known any more
}

// Planned is a try that a policy would have made.
type Planned struct {
	At         time.Time
	Number, Of int
	Yes        bool // the method was charged by then, so the bank may have said yes
}

// Replayed is an episode as it would have gone.
type Replayed struct {
	Name        string
	Was         int // tries after the first, as they were made
	Would       []Planned
	HardAgain   int       // of the tries made, those of a method after a hard decline
	Paid        time.Time // as it was; zero: never with this method
	YesAt       time.Time // when a try of the policy's would first have come after the bank's yes
	Wait        Wait      // what was awaited in the end, where nothing says yes
	Reason      string
	HardDecline bool // the policy would have stopped at a hard decline
}

// Report compares a policy with what was done. Of a try that was never made nobody
// knows what the bank would have said. A yes is claimed only where the record has
// one at that time or before.
type Report struct {
	Episodes  []Replayed
	Was       int // tries after the first ones, as they were made
	Would     int // and as the policy would have made them
	Saved     int // tries made that the policy would not have made, over all episodes
	HardAgain int // of the tries made, those after a hard decline, which no policy makes
	Hard      int // episodes that would have stopped at a hard decline
	Paid      int // episodes that were paid with the method
	Yes       int // and those of them at which the policy would still have been trying
}

// Simulate replays past failures under a policy.
func Simulate(p Policy, past []Episode) Report {
	var r Report
	for _, episode := range past {
		if len(episode.Tries) == 0 {
			continue
		}
		one := replay(p, episode)
		r.Episodes = append(r.Episodes, one)
		r.Was += one.Was
		r.Would += len(one.Would)
		r.Saved += max(one.Was-len(one.Would), 0)
		r.HardAgain += one.HardAgain
		if one.HardDecline {
			r.Hard++
		}
		if !one.Paid.IsZero() {
			r.Paid++
		}
		if !one.YesAt.IsZero() {
			r.Yes++
		}
	}
	return r
}

func replay(p Policy, e Episode) Replayed {
	first := e.Tries[0]
	out := Replayed{Name: e.Name, Was: len(e.Tries) - 1, Paid: e.Paid}
	if !e.Paid.IsZero() {
		out.Was++ // the one that worked
	}
	for n, try := range e.Tries[1:] {
		if hardBefore(e.Tries[:n+1], try.Method) {
			out.HardAgain++
		}
	}
	history := []Try{first}
	for {
		last := history[len(history)-1]
		next := Next(p, history, e.Facts, last.At)
		if !next.Again {
			out.Wait, out.Reason, out.HardDecline = next.Wait, next.Reason, last.Decline.Hard
			return out
		}
		planned := Planned{At: next.At, Number: next.Number, Of: next.Of, Yes: !e.Paid.IsZero() && !next.At.Before(e.Paid)}
		out.Would = append(out.Would, planned)
		if planned.Yes {
			out.YesAt = next.At
			return out
		}
		history = append(history, Try{At: next.At, Method: first.Method, Decline: saidBy(e, next.At)})
	}
}

// saidBy is what the bank had last said by an instant: the best guess at what it
// would have said then.
func saidBy(e Episode, at time.Time) decline.Decline {
	said := e.Tries[0].Decline
	for _, try := range e.Tries {
		if try.Method == e.Tries[0].Method && !try.At.After(at) {
			said = try.Decline
		}
	}
	return said
}

func hardBefore(tries []Try, method string) bool {
	return slices.ContainsFunc(tries, func(t Try) bool { return t.Method == method && t.Decline.Hard && !curable(t.Decline) })
}

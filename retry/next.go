package retry

import (
	"fmt"
	"slices"
	"time"

	"remit/decline"
)

// Try is one charge that failed: the first one or one of the ladder's.
type Try struct {
	At      time.Time // when it failed
	Method  string    // the card's or account's fingerprint, else the method's id
	Decline decline.Decline
	// First says that the charge was the first that failed of a date: of a deposit, of the
	// rest, or of a due date that was changed. A ladder begins with it.
	First bool
}

// Facts are what else the next try depends on. The zero value is UTC, always open
// and nothing known.
type Facts struct {
	Zone          *time.Location
	Open          func(time.Time) time.Time // the first instant of the charge window from the given one on
	Worked        []time.Time               // when charges of this method succeeded, of any invoice
	FreeAt        time.Time                 // when the network's window lets another try through; zero: now
	StripeRetries bool                      // Stripe tries this intent again by itself, since it belongs to one of its invoices
}

// Wait is what has to happen before anything is charged again.
type Wait string

// What is awaited. Of a charge that is not tried again and waits for nothing,
// Stripe itself makes the tries.
const (
	WaitNothing   Wait = ""
	WaitNewMethod Wait = "new_method"
	WaitPayer     Wait = "payer"
	WaitEnded     Wait = "ended" // the ladder: the policy's final action is due
)

// Decision is what follows a failure.
type Decision struct {
	Again      bool
	At         time.Time // of the next try, if any
	Number, Of int       // "try 2 of 5"; of the last one if there is no next
	Wait       Wait
	Rule       string // of the decline, see [decline.Rule]
	Version    string // of the decline's tables and, after a dot, of the policy
	Reason     string // in words, for the timeline
}

// Next decides after the last of history failed. History is of one invoice,
// oldest first; only tries with the last one's method count for its ladder, from the
// first one of the last date on, so a new method and a new date start a new one. What bars a
// method bars it in every ladder, until money comes of it. A slot that passed while nobody
// could act becomes the next possible instant, once.
func Next(p Policy, history []Try, f Facts, now time.Time) Decision {
	decision := next(p, history, f, now)
	if !decision.Again {
		return decision
	}
	// How many there would be, if each one failed the same way.
	decision.Of = decision.Number
	last := history[len(history)-1]
	further := slices.Clone(history)
	for at := decision; at.Again; decision.Of = max(decision.Of, at.Number) {
		further = append(further, Try{At: at.At, Method: last.Method, Decline: last.Decline})
		at = next(p, further, Facts{Zone: f.Zone, Open: f.Open, Worked: f.Worked}, at.At)
	}
	decision.Reason = fmt.Sprintf("try %d of %d: %s", decision.Number, decision.Of, last.Decline.Rule.Words())
	return decision
}

func next(p Policy, history []Try, f Facts, now time.Time) Decision {
	if len(history) == 0 {
		return Decision{Wait: WaitEnded, Reason: "not retried: nothing failed"}
	}
	last := history[len(history)-1]
	same := ofMethod(history, last.Method)
	tries := ofMethod(history[ladderStart(history):], last.Method)
	out := Decision{
		Number: len(tries), Of: len(tries), Rule: string(last.Decline.Rule),
		Version: fmt.Sprintf("%s.%d", last.Decline.Version, p.Version),
	}
	if f.StripeRetries {
		out.Reason = "not retried: the charge belongs to an invoice of Stripe's, which retries by itself"
		return out
	}
	if out.Wait, out.Reason = barred(same, f.Worked); out.Wait != WaitNothing {
		return out
	}
	c := newCalendar(f, tries[0].At, latest(now, last.At))
	at, reason := c.slot(p, tries)
	switch {
	case reason != "":
	case len(tries) >= p.MaxTries:
		if reason = "1 try was made, and there may be no more"; len(tries) > 1 {
			reason = fmt.Sprintf("%d tries were made, and there may be no more", len(tries))
		}
	default:
		if at = c.open(latest(at, c.now, f.FreeAt)); !at.Before(c.midnight(p.Within + 1)) {
			reason = fmt.Sprintf("the next try would come more than %d days after the first failure", p.Within)
		}
	}
	if reason != "" {
		out.Wait, out.Reason = WaitEnded, "not retried: "+reason
		return out
	}
	out.Again, out.At, out.Number = true, at, len(tries)+1
	return out
}

func ofMethod(tries []Try, method string) []Try {
	return slices.DeleteFunc(slices.Clone(tries), func(t Try) bool { return t.Method != method })
}

// ladderStart is the index of the try that the last ladder began with.
func ladderStart(history []Try) int {
	for n := len(history) - 1; n > 0; n-- {
		if history[n].First {
			return n
		}
	}
	return 0
}

// barred says why the method of these tries is not tried again by itself. A hard decline
// after which money came of it, by whatever hand, is not its bank's last word.
func barred(tries []Try, worked []time.Time) (Wait, string) {
	last := tries[len(tries)-1].Decline
	if last.Hard || !last.Rule.Automatic() {
		wait, kind := WaitNewMethod, "a hard decline"
		if !last.Hard {
			wait, kind = WaitPayer, "for the payer to answer"
		}
		return wait, fmt.Sprintf("not retried: %s is %s", named(last), kind)
	}
	for _, try := range tries {
		takenBack := slices.ContainsFunc(worked, func(at time.Time) bool { return at.After(try.At) })
		if try.Decline.Hard && !curable(try.Decline) && !takenBack {
			return WaitNewMethod, fmt.Sprintf("not retried: %s came before, a hard decline", named(try.Decline))
		}
	}
	return WaitNothing, ""
}

// curable hard declines pass when the same card is typed anew or the same account
// authorised anew, which somebody did if the method failed once more after it.
func curable(d decline.Decline) bool {
	switch d.Class {
	case decline.DetailsWrong, decline.Expired:
		return d.Rule == decline.RuleNewMethod
	case decline.Unsupported, decline.Funds, decline.Authenticate, decline.Refused, decline.Technical, decline.Cap:
	}
	return d.Rule == decline.RuleNewMandate
}

func named(d decline.Decline) string {
	if d.Code == "" {
		return "a decline without a code"
	}
	return d.Code
}

// slot is when the ladder of the last try has its next rung, or why it has none.
func (c calendar) slot(p Policy, tries []Try) (time.Time, string) {
	last := tries[len(tries)-1]
	ladder := p.Ladders[last.Decline.Rule]
	switch last.Decline.Rule {
	case decline.RuleSoon:
		if failed := count(tries, decline.RuleSoon); failed <= len(ladder.Hours) {
			return last.At.Add(time.Duration(ladder.Hours[failed-1]) * time.Hour), ""
		}
		later := count(tries, decline.RuleLater) + count(tries, decline.RuleFew)
		return c.rung(p.Ladders[decline.RuleLater].Days, later+count(tries, decline.RuleSoon)-len(ladder.Hours), last.At)
	case decline.RuleLater, decline.RuleFew:
		return c.rung(ladder.Days, count(tries, decline.RuleLater)+count(tries, decline.RuleFew), last.At)
	case decline.RuleWindow:
		return c.window(ladder.Days, count(tries, decline.RuleWindow), last.At)
	case decline.RuleRepresent:
		return c.presented(ladder.Days, count(tries, decline.RuleRepresent), last.At)
	case decline.RuleNewMethod, decline.RuleAskPayer, decline.RuleNewMandate, decline.RuleOtherAccount:
	}
	return time.Time{}, "of its rule there is no ladder"
}

func count(tries []Try, rule decline.Rule) (n int) {
	for _, try := range tries {
		if try.Decline.Rule == rule {
			n++
		}
	}
	return n
}

package api

import (
	"time"

	"remit/commands"
	"remit/decline"
	"remit/retry"
)

func retrySettings(c *call) (answer, error) {
	return retriesAnswer(c.server.commands.RetrySettings(c.ctx(), c.caller, c.organisation()))
}

func setRetrySettings(c *call) (answer, error) {
	return retriesAnswer(c.server.commands.SetRetrySettings(c.ctx(), c.caller, c.organisation(), body(c, policyOf)))
}

// replayRetries answers what would have been, and changes nothing.
func replayRetries(c *call) (answer, error) {
	replay, err := c.server.commands.ReplayRetries(c.ctx(), c.caller, c.organisation(), body(c, policyOf))
	if err != nil {
		return answer{}, err
	}
	return ok(replayShape(replay))
}

// laddersWire are the ladders by their rules, each with its unit in its name.
type laddersWire struct {
	Later     []retry.Days `json:"later_days"`
	Few       []retry.Days `json:"few_days"`
	Soon      []int        `json:"soon_hours"`
	Window    []retry.Days `json:"window_days"`
	Represent []retry.Days `json:"represent_days"`
}

type retriesWire struct {
	Ladders  laddersWire `json:"ladders"`
	MaxTries int         `json:"max_tries"`
	Within   retry.Days  `json:"within_days"`
	Final    retry.Final `json:"final_action"`
}

func policyOf(w retriesWire) (retry.Policy, error) {
	return retry.Policy{
		Ladders: map[decline.Rule]retry.Ladder{
			decline.RuleLater: {Days: w.Ladders.Later}, decline.RuleFew: {Days: w.Ladders.Few}, decline.RuleSoon: {Hours: w.Ladders.Soon},
			decline.RuleWindow: {Days: w.Ladders.Window}, decline.RuleRepresent: {Days: w.Ladders.Represent},
		},
		MaxTries: w.MaxTries, Within: w.Within, Final: w.Final,
	}, nil
}

type retriesBody struct {
	retriesWire

	Caps    []capBody `json:"caps"`
	SetAt   *string   `json:"set_at"`
	Version int64     `json:"version"`
}

type capBody struct {
	Of    string `json:"of"`
	Tries int    `json:"tries"`
	Days  int    `json:"days"`
}

func retriesAnswer(s commands.RetrySettings, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	days := func(rule decline.Rule) []retry.Days { return orEmpty(s.Ladders[rule].Days) }
	out := retriesBody{
		retriesWire: retriesWire{
			Ladders: laddersWire{
				Later: days(decline.RuleLater), Few: days(decline.RuleFew), Soon: orEmpty(s.Ladders[decline.RuleSoon].Hours),
				Window: days(decline.RuleWindow), Represent: days(decline.RuleRepresent),
			},
			MaxTries: s.MaxTries, Within: s.Within, Final: s.Final,
		},
		Caps: []capBody{}, SetAt: orNull(s.SetAt), Version: s.Version,
	}
	for _, c := range retry.Caps() {
		out.Caps = append(out.Caps, capBody{c.Of, c.Tries, c.Days})
	}
	return ok(out)
}

// shownCourses is how many invoices a replay names that would have gone another
// way; the sums are of all.
const shownCourses = 200

type replayBody struct {
	Since     time.Time    `json:"since"`
	Complete  bool         `json:"complete"`
	Invoices  int          `json:"invoices"`
	Made      int          `json:"tries_made"`
	HardAgain int          `json:"made_after_hard_declines"`
	Paid      int          `json:"paid"`
	InForce   sumsBody     `json:"in_force"`
	Other     sumsBody     `json:"other"`
	Differing []differBody `json:"differing"`
}

type sumsBody struct {
	Tries int `json:"tries"`
	Saved int `json:"saved"`
	Hard  int `json:"stopped_by_hard_declines"`
	Yes   int `json:"tried_at_the_banks_yes"`
}

type differBody struct {
	Invoice string     `json:"invoice"`
	Made    int        `json:"tries_made"`
	PaidAt  *time.Time `json:"paid_at"`
	InForce courseBody `json:"in_force"`
	Other   courseBody `json:"other"`
}

type courseBody struct {
	Tries  []time.Time `json:"tries"`
	YesAt  *time.Time  `json:"yes_at"`
	Reason *string     `json:"reason"`
}

func replayShape(r commands.Replay) replayBody {
	out := replayBody{
		Since: r.Since, Complete: !r.Cut, Invoices: len(r.InForce.Episodes), Made: r.InForce.Was, HardAgain: r.InForce.HardAgain, Paid: r.InForce.Paid,
		InForce: sumsShape(r.InForce), Other: sumsShape(r.Other), Differing: []differBody{},
	}
	for _, n := range r.Differing() {
		if len(out.Differing) == shownCourses {
			break
		}
		one := r.InForce.Episodes[n]
		out.Differing = append(out.Differing, differBody{
			Invoice: one.Name, Made: one.Was, PaidAt: timeOrNull(one.Paid), InForce: courseShape(one), Other: courseShape(r.Other.Episodes[n]),
		})
	}
	return out
}

func sumsShape(r retry.Report) sumsBody { return sumsBody{r.Would, r.Saved, r.Hard, r.Yes} }

func courseShape(one retry.Replayed) courseBody {
	out := courseBody{Tries: []time.Time{}, YesAt: timeOrNull(one.YesAt), Reason: orNull(one.Reason)}
	for _, planned := range one.Would {
		out.Tries = append(out.Tries, planned.At.UTC())
	}
	return out
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

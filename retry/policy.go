// Package retry says when a charge that failed is tried again by itself, and
// when it is not: the ladders of an organisation, and the limits that the card
// networks and the rules for bank debits set to everybody.
//
// It owns the ladders and their bounds (policy.go), the next try after a failure
// (next.go), the networks' caps (cap.go) and the replay of past failures under
// another ladder (simulate.go). It does not own what a refusal means (package
// decline), whether an invoice may be charged by itself at all, or the counting
// of tries, which only a database can do.
//
// Invariants: everything here is a pure function of its arguments. A hard decline
// is never tried again with the same method. The tries of a ladder strictly
// follow each other, lie inside the charge window, are never more than the
// policy's number, and every ladder ends.
package retry

import (
	"fmt"
	"maps"
	"slices"

	"remit/decline"
)

// The most a policy may allow: eight tries in two weeks is what Stripe
// recommends to those who retry (docs.stripe.com/billing/revenue-recovery), and
// keeps one invoice below every network's cap.
const (
	MostTries     = 8
	MostDays      = 14
	mostRepresent = 2 // Nacha Operating Rules: a returned debit may be presented twice more
	mostHours     = 72
)

// Days are calendar days in the organisation's time zone.
type Days int

// Final is what happens with an invoice when its ladder has ended.
type Final string

// What happens at the end of a ladder. Each of them is seen by somebody: the
// notice of the failed payment says that nothing is tried any more.
const (
	LeaveOpen     Final = "leave_open"
	Uncollectible Final = "uncollectible"
	WorkItem      Final = "work_item"
)

// Ladder says when the tries after a failure come. An empty one is no try.
type Ladder struct {
	Hours []int  `json:"hours,omitempty"` // each after the failure before it; of technical failures only
	Days  []Days `json:"days,omitempty"`  // each after the first failure
}

// Policy is an organisation's ladders, one for each rule that tries again by
// itself; a rule without a ladder is not tried again. It is the setting "retries".
type Policy struct {
	Ladders  map[decline.Rule]Ladder `json:"ladders"`
	MaxTries int                     `json:"max_tries"` // of one invoice with one method, the first included; 1 to [MostTries]
	Within   Days                    `json:"within"`    // days after the first failure; 1 to [MostDays]
	Final    Final                   `json:"final"`
	Version  int64                   `json:"version"` // of the setting; 0: the default
}

// Default is what holds for an organisation that set nothing.
func Default() Policy {
	return Policy{
		Ladders: map[decline.Rule]Ladder{
			decline.RuleLater:     {Days: []Days{1, 3, 5, 7}},
			decline.RuleFew:       {Days: []Days{3, 7}},
			decline.RuleSoon:      {Hours: []int{1, 4, 24}}, // and then as later
			decline.RuleWindow:    {Days: []Days{1, 7}},     // where nobody knows when the window ends
			decline.RuleRepresent: {Days: []Days{3, 7}},
		},
		MaxTries: MostTries, Within: MostDays, Final: WorkItem,
	}
}

// FieldError is a policy that cannot be, by the field that makes it so.
type FieldError struct{ Field, Message string }

func (e FieldError) Error() string { return e.Field + ": " + e.Message }

// Check returns a [FieldError] for the first field out of bounds.
func (p Policy) Check() error {
	switch {
	case p.MaxTries < 1 || p.MaxTries > MostTries:
		return FieldError{"max_tries", fmt.Sprintf("from 1 to %d tries", MostTries)}
	case p.Within < 1 || p.Within > MostDays:
		return FieldError{"within", fmt.Sprintf("from 1 to %d days", MostDays)}
	}
	switch p.Final {
	case LeaveOpen, Uncollectible, WorkItem:
	default:
		return FieldError{"final", "leave_open, uncollectible or work_item"}
	}
	for _, rule := range slices.Sorted(maps.Keys(p.Ladders)) {
		if problem := p.checkLadder(rule); problem != "" {
			return FieldError{"ladders." + string(rule), problem}
		}
	}
	return nil
}

func (p Policy) checkLadder(rule decline.Rule) string {
	ladder := p.Ladders[rule]
	switch {
	case !rule.Automatic():
		return "nothing is tried again by this rule"
	case rule == decline.RuleSoon && len(ladder.Days) > 0:
		return "counts in hours; what comes after them is the ladder later"
	case rule != decline.RuleSoon && len(ladder.Hours) > 0:
		return "counts in days"
	case rule == decline.RuleRepresent && len(ladder.Days) > mostRepresent:
		return "a bank debit may be presented twice more"
	case 1+len(ladder.Days)+len(ladder.Hours) > p.MaxTries:
		return fmt.Sprintf("more than %d tries with the first one", p.MaxTries)
	}
	for _, hours := range ladder.Hours {
		if hours < 1 || hours > mostHours {
			return fmt.Sprintf("from 1 to %d hours", mostHours)
		}
	}
	before := Days(0)
	for _, day := range ladder.Days {
		if day <= before {
			return "each day after the one before, the first at least 1"
		}
		if day > p.Within {
			return fmt.Sprintf("not more than %d days after the first failure", p.Within)
		}
		before = day
	}
	return ""
}

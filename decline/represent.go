package decline

import (
	"slices"
	"time"
)

// CodeRepresentCap is our own code, not Stripe's: a debit that was not sent because
// the bank's rules allow no other one.
const CodeRepresentCap = "represent_cap"

// Presenting a debit again (Nacha Operating Rules, reinitiated entries): the first
// one and two more, within 180 days of the first.
const (
	presentations    = 3
	presentWithin    = 180 * 24 * time.Hour
	presentsOverText = "Not sent: a debit may be presented twice more within 180 days of the first"
	presentsEndText  = "Not sent: the bank returned a debit of this account in a way that allows no other"
)

// Returned is a debit that a bank did not pay, or took back.
type Returned struct {
	At   time.Time // when it was sent
	Code string
	Rule Rule
}

// MayPresent says whether a bank account may be debited for an invoice after what
// became of earlier debits of the same account for it, in any order; nil: it may.
// authorised is when the account's holder agreed to the debit that is to be sent:
// a permission that was withdrawn since does not cover it, one given anew does.
func MayPresent(past []Returned, authorised, now time.Time) *Decline {
	past = slices.DeleteFunc(slices.Clone(past), func(r Returned) bool {
		switch r.Rule {
		case RuleRepresent, RuleOtherAccount:
			return r.Code == CodeRepresentCap // was not sent
		case RuleNewMandate:
			return authorised.After(r.At)
		case RuleNewMethod, RuleAskPayer, RuleLater, RuleFew, RuleSoon, RuleWindow:
		}
		return true // did not reach a bank
	})
	if len(past) == 0 {
		return nil
	}
	first := slices.MinFunc(past, func(a, b Returned) int { return a.At.Compare(b.At) }).At
	switch {
	case slices.ContainsFunc(past, func(r Returned) bool { return r.Rule != RuleRepresent }):
		return notPresented(presentsEndText)
	case len(past) >= presentations, now.Sub(first) > presentWithin:
		return notPresented(presentsOverText)
	}
	return nil
}

func notPresented(reason string) *Decline {
	return &Decline{Class: Cap, Code: CodeRepresentCap, Hard: true, Rule: RuleOtherAccount, Version: Version, Reason: reason}
}

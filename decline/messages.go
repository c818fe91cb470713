package decline

import "fmt"

// PayerMessage says what became of the money and what to do, without the code
// and without what a thief should not learn.
func (d Decline) PayerMessage() string {
	if d.Code == CodeRepresentCap {
		return "Nothing was charged. Too many tries with this account. Use another."
	}
	switch d.Rule {
	case RuleRepresent:
		return "Your bank did not pay. " + d.Reason + ". The same account may be tried three times at most."
	case RuleOtherAccount:
		return "Your bank did not pay. " + d.Reason + ". Use another account."
	case RuleNewMandate:
		return "Your bank did not pay. " + d.Reason + ". Authorise it anew; automatic charge is off."
	case RuleNewMethod, RuleAskPayer, RuleLater, RuleFew, RuleSoon, RuleWindow:
	}
	return "Nothing was charged. " + payerWords(d.Class)
}

func payerWords(c Class) string {
	switch c {
	case DetailsWrong:
		return "Check the card's details, try again."
	case Expired:
		return "This card has expired. Use another."
	case Unsupported:
		return "It cannot pay this. Use another."
	case Funds:
		return "The bank did not approve this amount. Try later or another method."
	case Authenticate:
		return "Your bank wants you to confirm."
	case Technical:
		return "The bank did not answer. Try again soon."
	case Cap:
		return "Too many tries with this card. Use another."
	case Refused:
	}
	return "Your bank did not approve this. Call it or use another method."
}

// StaffMessage says why, with code and rule, and what follows, as [TryFollows] or
// [Decline.NoFurtherTry] has it: "The card is reported lost (lost_card, rule new_method
// v1). No further try: another payment method is needed."
func (d Decline) StaffMessage(follows string) string {
	code := d.Code
	if code == "" {
		code = "no code"
	}
	return fmt.Sprintf("%s (%s, rule %s v%s). %s", d.Reason, code, d.Rule, d.Version, follows)
}

// TryFollows says that another try follows by itself. What comes next tells when.
const TryFollows = "Another try follows."

// StripeTries says whose tries follow where a charge belongs to an invoice of Stripe's own.
const StripeTries = "Stripe tries it again by itself; Remit does not."

// StillPlanned says that a charge by itself follows as it was planned before, but for a
// decline after which the rule needs something else first.
func (d Decline) StillPlanned() string {
	if d.needs() != "" {
		return d.NoFurtherTry("")
	}
	return "It is still charged by itself as planned."
}

// NoFurtherTry says that none follows. Of a decline that is never tried again by itself the
// rule says what is needed; of the others why is the reason, in words without a full stop.
func (d Decline) NoFurtherTry(why string) string {
	if needs := d.needs(); needs != "" {
		why = needs
	}
	return "No further try: " + why + "."
}

// needs is what has to happen before anything is charged again, "" where the rule may try
// the same method again by itself.
func (d Decline) needs() string {
	switch d.Rule {
	case RuleNewMethod:
		return "another payment method is needed"
	case RuleOtherAccount:
		return "another account is needed"
	case RuleNewMandate:
		return "a new authorisation is needed, and automatic charge is off"
	case RuleAskPayer:
		return "the payer has to confirm"
	case RuleLater, RuleFew, RuleSoon, RuleWindow, RuleRepresent:
	}
	return ""
}

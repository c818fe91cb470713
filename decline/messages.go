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

// StaffMessage says why, with code and rule, and what follows: "The card is
// reported lost (lost_card, rule new_method v1): no retry."
func (d Decline) StaffMessage() string {
	code := d.Code
	if code == "" {
		code = "no code"
	}
	return fmt.Sprintf("%s (%s, rule %s v%s): %s.", d.Reason, code, d.Rule, d.Version, d.consequence())
}

func (d Decline) consequence() string {
	switch d.Rule {
	case RuleRepresent:
		return "three tries at most with this account"
	case RuleOtherAccount:
		return "another account awaited"
	case RuleNewMandate:
		return "new authorisation awaited, automatic charge off"
	case RuleAskPayer:
		return "payer asked"
	case RuleWindow:
		return "no retry until the network's window has passed, 15 in 30 days"
	case RuleLater, RuleFew, RuleSoon:
		return "next try"
	case RuleNewMethod:
		if d.Class == Expired || d.Class == Unsupported {
			return "new method awaited"
		}
	}
	return "no retry"
}

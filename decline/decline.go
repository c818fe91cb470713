// Package decline says what a refusal of a payment means: its class, whether
// the same method may ever be tried again, by which rule, and in what words a
// payer and the staff read it.
//
// It owns the table of Stripe's error and decline codes, advice codes and ACH
// return reasons (table.go, ach.go), and the words. It does not own when the
// next try is (the retry ladder), how many there may be (the network caps), or
// errors that are no decline, such as a time-out towards Stripe.
//
// Invariants: what is unknown is refused, never retried as technical; advice
// makes a decline harder, never softer; of a decline code and an error code
// that disagree the harder one holds; payers' words hold no code and never say
// lost, stolen or fraud.
package decline

import (
	"maps"
	"slices"
)

// Version of the tables. It is kept with every decline, so that a decision can
// be explained, and a change of the tables tried on old declines.
const Version = "1"

// Class is what a decline means for whoever has to act on it.
type Class string

// The classes.
const (
	DetailsWrong Class = "details_wrong" // number, code, date or post code do not fit: type them again
	Expired      Class = "expired"       // the card is past its date: another card
	Unsupported  Class = "unsupported"   // this method cannot pay this: another method
	Funds        Class = "funds"         // not enough money, or over a limit: later, or another method
	Authenticate Class = "authenticate"  // the bank wants the payer present
	Refused      Class = "refused"       // the bank, Stripe or the payer said no, or gave no reason
	Technical    Class = "technical"     // no answer on the way to the bank: the same again soon
	Cap          Class = "cap"           // too many tries with this method: its networks' limits
)

// Rule names what happens after a decline without anybody acting. Rules are
// data of the retry ladder, which knows the intervals.
type Rule string

// The rules.
const (
	RuleNewMethod    Rule = "new_method"    // never again with this method; a new one means one immediate try
	RuleAskPayer     Rule = "ask_payer"     // not without the payer; then the same method may do
	RuleLater        Rule = "later"         // the ladder for funds and limits, in days
	RuleFew          Rule = "few"           // the short ladder for a bank that gives no reason
	RuleSoon         Rule = "soon"          // the ladder for technical failures, in hours
	RuleWindow       Rule = "window"        // when the network's window has passed
	RuleRepresent    Rule = "represent"     // ACH R01 and R09: twice at most, within 180 days
	RuleNewMandate   Rule = "new_mandate"   // ACH: authorise anew; automatic charge goes off
	RuleOtherAccount Rule = "other_account" // ACH: never again with this account
)

// Automatic reports whether the rule tries the same method again by itself.
func (r Rule) Automatic() bool {
	switch r {
	case RuleLater, RuleFew, RuleSoon, RuleWindow, RuleRepresent:
		return true
	case RuleNewMethod, RuleAskPayer, RuleNewMandate, RuleOtherAccount:
		return false
	}
	return false
}

// Words say the rule to a person, as the reason why something did or did not
// happen next. What the rule is called is for those who look it up.
func (r Rule) Words() string {
	switch r {
	case RuleNewMethod:
		return "this method is not tried again; another one may be"
	case RuleAskPayer:
		return "it is not tried again unless the payer does so"
	case RuleLater:
		return "the bank may approve it some days later"
	case RuleFew:
		return "the bank gave no reason, so few more tries are worth it"
	case RuleSoon:
		return "it failed on the way to the bank, so it may work some hours later"
	case RuleWindow:
		return "the card's network allows no more tries for now"
	case RuleRepresent:
		return "a bank debit that lacked money may be tried twice more within 180 days"
	case RuleNewMandate:
		return "the payer has to authorise bank debits anew"
	case RuleOtherAccount:
		return "this account is not tried again; another one may be"
	}
	return "of this rule Remit knows only the name"
}

// CodeNetworkCap is our own code, not Stripe's: a charge that was not sent
// because one more try with this card would pass its network's limit.
const CodeNetworkCap = "network_cap"

// MethodBankAccount is Stripe's type of an ACH debit; every other type is
// classified as a card.
const MethodBankAccount = "us_bank_account"

// Decline is a refusal, classified.
type Decline struct {
	Class   Class  `json:"class"`
	Code    string `json:"code"`    // the decline code, error code or return reason that decided
	Hard    bool   `json:"hard"`    // never to be retried with the same method
	Rule    Rule   `json:"rule"`    // what happens next
	Version string `json:"version"` // of the tables
	Reason  string `json:"reason"`  // in words, for staff; of a bank account for the payer as well
}

// Classify reads a refused payment: the error code, decline_code and
// advice_code of Stripe's error (each may be empty), and the type of the payment
// method. For [MethodBankAccount] the error code may also be a NACHA return code
// ("R01") or the reason of the dispute as which a late return arrives. Codes
// that are not in the tables are refused: softly for cards, for a bank account
// hard, since only R01 and R09 may be presented again.
func Classify(code, declineCode, adviceCode, methodType string) Decline {
	table, unknown := cards, refused("The bank gave no reason we know")
	if methodType == MethodBankAccount {
		table, unknown = bankAccounts, achAccount(Refused, "The bank gave no reason we know")
	}
	chosen, at := unknown, firstOf(declineCode, code)
	found := false
	for _, candidate := range []string{declineCode, code} {
		r, known := table[candidate]
		if known && (!found || r.hard && !chosen.hard) {
			chosen, at, found = r, candidate, true
		}
	}
	if at == "card_declined" && declineCode != "" {
		at = declineCode // card_declined says nothing; staff read the code that is not known here
	}
	chosen = advised(chosen, adviceCode)
	return Decline{
		Class: chosen.class, Code: at, Hard: chosen.hard, Rule: chosen.rule, Version: Version, Reason: chosen.reason,
	}
}

// Codes lists what the tables know of a type of method, sorted.
func Codes(methodType string) []string {
	table := cards
	if methodType == MethodBankAccount {
		table = bankAccounts
	}
	return slices.Sorted(maps.Keys(table))
}

// advised applies Stripe's advice_code, which can only make a soft decline
// harder. try_again_later is what a soft decline is anyway.
func advised(r row, advice string) row {
	if r.hard {
		return r
	}
	switch advice {
	case "do_not_try_again":
		r.hard, r.rule = true, RuleNewMethod
	case "confirm_card_data":
		r.class, r.hard, r.rule = DetailsWrong, true, RuleNewMethod
	}
	return r
}

func firstOf(codes ...string) string {
	for _, code := range codes {
		if code != "" {
			return code
		}
	}
	return ""
}

// row is what the tables know of a code.
type row struct {
	class  Class
	hard   bool
	rule   Rule
	reason string
}

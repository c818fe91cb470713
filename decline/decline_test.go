package decline

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
	"pgregory.net/rapid"
)

// Protects M10: every decline code the SDK knows has a row of its own, so that
// a new one in an update is noticed here and not by a payer.
func TestEveryDeclineCodeHasARow(t *testing.T) {
	codes := sdkDeclineCodes(t)
	if len(codes) < 47 || !slices.Contains(codes, string(stripe.DeclineCodeLostCard)) {
		t.Fatalf("read only %d decline codes from the SDK: %v", len(codes), codes)
	}
	for _, code := range codes {
		if _, known := cards[code]; !known {
			t.Errorf("%s has no row", code)
		}
		if d := Classify("card_declined", code, "", "card"); d.Code != code && d.Code != "card_declined" {
			t.Errorf("%s is decided by %s", code, d.Code)
		}
	}
}

// sdkDeclineCodes reads the values of every DeclineCode constant from the
// source of stripe-go, since Go cannot list a package's constants.
func sdkDeclineCodes(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/stripe/stripe-go/v79").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "error.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "DeclineCode") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
		return true
	})
	return codes
}

// Protects R1, R3 and R4: the classes payers and retries depend on, case by case.
func TestClassify(t *testing.T) {
	for _, c := range []struct {
		code, declineCode, advice, method string
		class                             Class
		at                                string
		hard                              bool
		rule                              Rule
	}{
		// Stripe's test cards.
		{"card_declined", "generic_decline", "", "card", Refused, "generic_decline", false, RuleFew},
		{"card_declined", "insufficient_funds", "", "card", Funds, "insufficient_funds", false, RuleLater},
		{"card_declined", "lost_card", "", "card", Refused, "lost_card", true, RuleNewMethod},
		{"card_declined", "stolen_card", "", "card", Refused, "stolen_card", true, RuleNewMethod},
		{"expired_card", "", "", "card", Expired, "expired_card", true, RuleNewMethod},
		{"incorrect_cvc", "", "", "card", DetailsWrong, "incorrect_cvc", true, RuleNewMethod},
		{"processing_error", "", "", "card", Technical, "processing_error", false, RuleSoon},
		{"incorrect_number", "", "", "card", DetailsWrong, "incorrect_number", true, RuleNewMethod},
		{"card_declined", "card_velocity_exceeded", "", "card", Funds, "card_velocity_exceeded", false, RuleLater},
		{"authentication_required", "authentication_required", "", "card", Authenticate, "authentication_required", false, RuleAskPayer},
		// The general code hides the particular one, on either side.
		{"expired_card", "generic_decline", "", "card", Expired, "expired_card", true, RuleNewMethod},
		{"card_declined", "", "", "card", Refused, "card_declined", false, RuleFew},
		{"processing_error", "do_not_honor", "", "card", Refused, "do_not_honor", false, RuleFew},
		// Unknown is refused, never technical.
		{"card_declined", "a_code_of_tomorrow", "", "card", Refused, "a_code_of_tomorrow", false, RuleFew},
		{"another", "a_code_of_tomorrow", "", "card", Refused, "a_code_of_tomorrow", false, RuleFew},
		{"", "", "", "card", Refused, "", false, RuleFew},
		{"", "", "", "", Refused, "", false, RuleFew},
		// Advice hardens and never softens.
		{"card_declined", "do_not_honor", "do_not_try_again", "card", Refused, "do_not_honor", true, RuleNewMethod},
		{"card_declined", "insufficient_funds", "confirm_card_data", "card", DetailsWrong, "insufficient_funds", true, RuleNewMethod},
		{"card_declined", "insufficient_funds", "try_again_later", "card", Funds, "insufficient_funds", false, RuleLater},
		{"card_declined", "lost_card", "try_again_later", "card", Refused, "lost_card", true, RuleNewMethod},
		{"card_declined", "lost_card", "confirm_card_data", "card", Refused, "lost_card", true, RuleNewMethod},
		// Our own cap, and Stripe's.
		{CodeNetworkCap, "", "", "card", Cap, CodeNetworkCap, false, RuleWindow},
		{"card_decline_rate_limit_exceeded", "", "", "card", Cap, "card_decline_rate_limit_exceeded", false, RuleWindow},
		// ACH has rules of its own for the same codes.
		{"insufficient_funds", "", "", MethodBankAccount, Funds, "insufficient_funds", false, RuleRepresent},
		{"R01", "", "", MethodBankAccount, Funds, "R01", false, RuleRepresent},
		{"R03", "", "", MethodBankAccount, DetailsWrong, "R03", true, RuleOtherAccount},
		{"bank_account_unusable", "R02", "", MethodBankAccount, Unsupported, "R02", true, RuleOtherAccount},
		{"debit_not_authorized", "", "", MethodBankAccount, Refused, "debit_not_authorized", true, RuleNewMandate},
		{"generic_decline", "", "", MethodBankAccount, Refused, "generic_decline", true, RuleOtherAccount},
	} {
		d := Classify(c.code, c.declineCode, c.advice, c.method)
		if d.Class != c.class || d.Code != c.at || d.Hard != c.hard || d.Rule != c.rule || d.Version != Version {
			t.Errorf("%s/%s/%s by %s is %+v, want %s at %q, hard %v, %s", c.code, c.declineCode, c.advice, c.method, d, c.class, c.at, c.hard, c.rule)
		}
	}
}

// Protects M10 and the networks' rules: what Stripe's own retries never repeat,
// and what the card or its holder rules out, is hard.
func TestHardDeclinesAreNeverRetried(t *testing.T) {
	for _, code := range []string{"incorrect_number", "lost_card", "pickup_card", "stolen_card", "revocation_of_authorization",
		"revocation_of_all_authorizations", "highest_risk_level", "transaction_not_allowed", "fraudulent", "do_not_try_again",
		"invalid_account", "expired_card"} {
		if d := Classify("card_declined", code, "", "card"); !d.Hard || d.Rule.Automatic() {
			t.Errorf("%s may be retried: %+v", code, d)
		}
	}
	if d := Classify("authentication_required", "", "", "card"); d.Rule.Automatic() {
		t.Errorf("a payer who must confirm is charged without: %+v", d)
	}
}

// Protects R6: of all ACH codes and reasons only lack of money is presented
// again, and every return code of the rules has words.
func TestOnlyLackOfMoneyIsPresentedAgain(t *testing.T) {
	returnCodes := []string{"R01", "R02", "R03", "R04", "R05", "R07", "R08", "R09", "R10", "R11", "R16", "R20", "R29", "R31"}
	for _, code := range returnCodes {
		if _, known := bankAccounts[code]; !known {
			t.Errorf("%s has no row", code)
		}
	}
	for code := range bankAccounts {
		again := slices.Contains([]string{"R01", "R09", "insufficient_funds"}, code)
		if d := Classify(code, "", "", MethodBankAccount); d.Rule.Automatic() != again {
			t.Errorf("%s: tried again %v", code, !again)
		}
	}
}

// Protects the tables: a hard row never leads to an automatic try, and every row
// is complete.
func TestRowsAreConsistent(t *testing.T) {
	for name, table := range map[string]map[string]row{"cards": cards, "bank accounts": bankAccounts} {
		for code, r := range table {
			if r.class == "" || r.rule == "" || r.reason == "" || r.hard && r.rule.Automatic() {
				t.Errorf("%s: %s is %+v", name, code, r)
			}
		}
	}
}

// Protects the law behind every pair of codes and advice: harder wins, and
// advice never softens.
func TestTheHarderCodeHolds(t *testing.T) {
	var known []string
	for code := range cards {
		known = append(known, code)
	}
	slices.Sort(known)
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom(known).Draw(t, "code")
		declineCode := rapid.SampledFrom(known).Draw(t, "decline code")
		advice := rapid.SampledFrom([]string{"", "do_not_try_again", "try_again_later", "confirm_card_data", "new"}).Draw(t, "advice")
		d := Classify(code, declineCode, advice, "card")
		if (cards[code].hard || cards[declineCode].hard) && !d.Hard {
			t.Fatalf("%s with %s is soft: %+v", code, declineCode, d)
		}
		if plain := Classify(code, declineCode, "", "card"); plain.Hard && d != plain {
			t.Fatalf("advice %q changes %+v to %+v", advice, plain, d)
		}
		if d.Hard && d.Rule.Automatic() {
			t.Fatalf("hard, and tried again: %+v", d)
		}
	})
}

// Protects payers: no code, and nothing about lost, stolen or fraud, whatever
// the codes; staff always read code, rule and version.
func TestMessagesKeepTheirReaders(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)fraud|stolen|lost|steal|thief|risk|block|[a-z]_[a-z]|\bR\d\d\b`)
	check := func(d Decline) {
		if payer := d.PayerMessage(); forbidden.MatchString(payer) || !strings.HasSuffix(payer, ".") {
			t.Errorf("%s: a payer reads %q", d.Code, payer)
		}
		if staff := d.StaffMessage(d.NoFurtherTry("the ladder ended")); !strings.Contains(staff, d.Code) || !strings.Contains(staff, string(d.Rule)+" v"+Version) {
			t.Errorf("%s: staff read %q", d.Code, staff)
		}
	}
	for _, method := range []string{"card", MethodBankAccount, "link", ""} {
		for _, table := range []map[string]row{cards, bankAccounts, {"unknown": {}, "fraud_code_of_tomorrow": {}}} {
			for code := range table {
				for _, advice := range []string{"", "do_not_try_again", "confirm_card_data"} {
					check(Classify(code, "", advice, method))
					check(Classify("card_declined", code, advice, method))
				}
			}
		}
	}
}

// Protects the agreed words, one decline of each class and rule.
func TestMessages(t *testing.T) {
	for _, c := range []struct{ code, method, payer, staff string }{
		{"incorrect_cvc", "card", "Nothing was charged. Check the card's details, try again.",
			"The security code is wrong (incorrect_cvc, rule new_method v1). No further try: another payment method is needed."},
		{"expired_card", "card", "Nothing was charged. This card has expired. Use another.",
			"The card has expired (expired_card, rule new_method v1). No further try: another payment method is needed."},
		{"card_not_supported", "card", "Nothing was charged. It cannot pay this. Use another.",
			"The card does not support this kind of purchase (card_not_supported, rule new_method v1). No further try: another payment method is needed."},
		{"insufficient_funds", "card", "Nothing was charged. The bank did not approve this amount. Try later or another method.",
			"Not enough money (insufficient_funds, rule later v1). Another try follows."},
		{"authentication_required", "card", "Nothing was charged. Your bank wants you to confirm.",
			"The bank wants the payer to confirm (authentication_required, rule ask_payer v1). No further try: the payer has to confirm."},
		{"stolen_card", "card", "Nothing was charged. Your bank did not approve this. Call it or use another method.",
			"The card is reported stolen (stolen_card, rule new_method v1). No further try: another payment method is needed."},
		{"do_not_honor", "card", "Nothing was charged. Your bank did not approve this. Call it or use another method.",
			"The bank gave no reason (do_not_honor, rule few v1). Another try follows."},
		{"processing_error", "card", "Nothing was charged. The bank did not answer. Try again soon.",
			"The network failed to process it (processing_error, rule soon v1). Another try follows."},
		{CodeNetworkCap, "card", "Nothing was charged. Too many tries with this card. Use another.",
			"Not sent: the card is at its network's limit (network_cap, rule window v1). Another try follows."},
		{"R01", MethodBankAccount, "Your bank did not pay. Not enough money in the account. The same account may be tried three times at most.",
			"Not enough money in the account (R01, rule represent v1). Another try follows."},
		{"R02", MethodBankAccount, "Your bank did not pay. The account is closed. Use another account.",
			"The account is closed (R02, rule other_account v1). No further try: another account is needed."},
		{"R07", MethodBankAccount, "Your bank did not pay. The permission was withdrawn. Authorise it anew; automatic charge is off.",
			"The permission was withdrawn (R07, rule new_mandate v1). No further try: a new authorisation is needed, and automatic charge is off."},
		{"", "card", "Nothing was charged. Your bank did not approve this. Call it or use another method.",
			"The bank gave no reason we know (no code, rule few v1). Another try follows."},
	} {
		d := Classify(c.code, "", "", c.method)
		if got := d.PayerMessage(); got != c.payer {
			t.Errorf("%s: a payer reads %q, want %q", c.code, got, c.payer)
		}
		follows := TryFollows
		if !d.Rule.Automatic() {
			follows = d.NoFurtherTry("said in vain")
		}
		if got := d.StaffMessage(follows); got != c.staff {
			t.Errorf("%s: staff read %q, want %q", c.code, got, c.staff)
		}
	}
}

// Protects staff from waiting for a try that never comes: where a decline that might be
// tried again is not, its line says so and why.
func TestADeclineThatIsTheLastSaysSo(t *testing.T) {
	d := Classify("card_declined", "insufficient_funds", "", "card")
	const want = "Not enough money (insufficient_funds, rule later v1). No further try: 4 tries were made, and there may be no more."
	if got := d.StaffMessage(d.NoFurtherTry("4 tries were made, and there may be no more")); got != want {
		t.Errorf("staff read %q, want %q", got, want)
	}
}

// Protects who reads a timeline: each rule says in words why, never its name.
func TestEveryRuleHasWords(t *testing.T) {
	unknown := Rule("made up").Words()
	for _, rule := range []Rule{RuleNewMethod, RuleAskPayer, RuleLater, RuleFew, RuleSoon, RuleWindow, RuleRepresent, RuleNewMandate, RuleOtherAccount} {
		if words := rule.Words(); words == unknown || strings.Contains(words, "_") {
			t.Errorf("%s reads %q", rule, words)
		}
	}
}

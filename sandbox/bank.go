package sandbox

import "strings"

// bankSpec is a payer's bank account for tests: how debits of it go
// (docs.stripe.com/payments/ach-direct-debit/set-up-payment#test-account-numbers).
type bankSpec struct {
	name   string // kept in the journal instead of the number
	number string
	alias  string // of its methods: pm_usBankAccount_… without this prefix, "" if it has none

	fails    string // code with which its debits come back
	blocked  bool   // by Stripe's risk rules, at once
	bounces  bool   // micro-deposits do not arrive
	stays    bool   // its debits are never answered
	disputed bool   // its debits come back after they succeeded
}

var bankSpecs = []*bankSpec{
	{name: "success", number: "000123456789", alias: "success"},
	{name: "account_closed", number: "000111111113", alias: "accountClosed", fails: "account_closed"},
	{name: "no_account", number: "000111111116", alias: "noAccount", fails: "no_account"},
	{name: "insufficient_funds", number: "000222222227", alias: "insufficientFunds", fails: "insufficient_funds"},
	{name: "debit_not_authorized", number: "000333333335", alias: "debitNotAuthorized", fails: "debit_not_authorized"},
	{name: "invalid_currency", number: "000444444440", alias: "invalidCurrency", fails: "invalid_currency"},
	{name: "fail_microdeposits", number: "000666666661", alias: "failMicrodeposits", bounces: true},
	{name: "dispute", number: "000555555559", alias: "dispute", disputed: true},
	{name: "processing", number: "000000000009", alias: "processing", stays: true},
	{name: "weekly_limit", number: "000777777771", alias: "weeklyLimitExceeded", fails: "charge_exceeds_source_limit"},
	{name: "risk_highest", number: "000000004954", alias: "riskLevelHighest", blocked: true},
	// Stripe does not say which code a deactivated tokenized number gives; banks
	// return it as R04.
	{name: "deactivated", number: "000888888885", fails: "account_number_invalid"},
}

// bankAliases is how names of methods begin that make one with a test account.
const bankAliases = "pm_usBankAccount_"

var (
	banksByName   = map[string]*bankSpec{}
	banksByNumber = map[string]*bankSpec{}
	banksByAlias  = map[string]*bankSpec{}
)

func init() {
	for _, spec := range bankSpecs {
		banksByName[spec.name], banksByNumber[spec.number] = spec, spec
		if spec.alias != "" {
			banksByAlias[bankAliases+spec.alias] = spec
		}
	}
}

// checkBankNumbers refuses numbers of an account that Stripe refuses without
// asking a bank, before anything is executed or kept. The answer does not repeat
// them. prefix is the hash they came in.
func checkBankNumbers(prefix, routing, number string) *apiError {
	if !validRouting(routing) {
		return invalidParam("routing_number_invalid", prefix+"[routing_number]", "Invalid routing number. The number must be a bank's in the United States: 9 digits of which the last is the check digit.")
	}
	digits := len(number) >= 4 && len(number) <= 17 && strings.Trim(number, "0123456789") == ""
	if !digits {
		return invalidParam("account_number_invalid", prefix+"[account_number]", "Invalid account number. The number must have only digits, 4 to 17 of them.")
	}
	if banksByNumber[number] == nil {
		return invalidParam("account_number_invalid", prefix+"[account_number]", "You must use a test bank account number in test mode. Try %s or see more options at https://stripe.com/docs/payments/ach-direct-debit/set-up-payment#test-account-numbers.", bankSpecs[0].number)
	}
	return nil
}

// validRouting is the check digit rule of the American Bankers Association.
func validRouting(number string) bool {
	if len(number) != 9 {
		return false
	}
	sum := 0
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return false
		}
		sum += int(number[i]-'0') * [3]int{3, 7, 1}[i%3]
	}
	return sum%10 == 0
}

package decline

// bankAccounts are the refusals and returns of ACH debits: by error code where
// the debit is refused at once, by dispute reason where it comes back after
// Stripe called it succeeded (no return code comes with it), and by NACHA return
// code where Stripe tells one, as it does of a blocked account. Only R01 and R09
// may be presented again (Nacha Operating Rules, reinitiated entries). Payers
// read these reasons too.
var bankAccounts = map[string]row{
	"R01":                achFunds("Not enough money in the account"),
	"R09":                achFunds("Not enough money in the account"),
	"insufficient_funds": achFunds("Not enough money in the account"),

	"R02":                 achAccount(Unsupported, "The account is closed"),
	"account_closed":      achAccount(Unsupported, "The account is closed"),
	"bank_account_closed": achAccount(Unsupported, "The account is closed"),
	"R03":                 achAccount(DetailsWrong, "There is no such account"),
	"no_account":          achAccount(DetailsWrong, "There is no such account"),

	"R04":                              achAccount(DetailsWrong, "The account number is wrong"),
	"account_number_invalid":           achAccount(DetailsWrong, "The account number is wrong"),
	"incorrect_account_details":        achAccount(DetailsWrong, "The account's details are wrong"),
	"bank_account_invalid_details":     achAccount(DetailsWrong, "The account's details are wrong"),
	"routing_number_invalid":           achAccount(DetailsWrong, "The routing number is wrong"),
	"bank_account_bad_routing_numbers": achAccount(DetailsWrong, "The routing number is wrong"),

	"R16":                                 achAccount(Unsupported, "The account is frozen"),
	"bank_account_frozen":                 achAccount(Unsupported, "The account is frozen"),
	"R20":                                 achAccount(Unsupported, "The account takes no debits"),
	"bank_account_restricted":             achAccount(Unsupported, "The account takes no debits"),
	"bank_account_declined":               achAccount(Unsupported, "The account cannot be used"),
	"bank_account_unusable":               achAccount(Unsupported, "The account cannot be used"),
	"payment_method_bank_account_blocked": achAccount(Unsupported, "The account cannot be used"),
	"bank_account_unverified":             achAccount(Unsupported, "The account is not verified"),
	"bank_cannot_process":                 achAccount(Unsupported, "The bank cannot process debits of the account"),

	"R05":                  achMandate("The debit was not authorised"),
	"R10":                  achMandate("The debit was not authorised"),
	"R11":                  achMandate("The debit was not authorised"),
	"R29":                  achMandate("The debit was not authorised"),
	"R31":                  achMandate("The debit was not authorised"),
	"debit_not_authorized": achMandate("The debit was not authorised"),

	"R07":                            achMandate("The permission was withdrawn"),
	"payment_intent_mandate_invalid": achMandate("The permission is not valid any more"),
	"setup_intent_mandate_invalid":   achMandate("The permission is not valid any more"),
	"billing_invalid_mandate":        achMandate("The permission is not valid any more"),
	"R08":                            achMandate("The payment was stopped"),

	// Refused before an entry reaches the bank. The rules for returns say nothing
	// of them, so nothing is tried by itself; the payer may.
	"charge_exceeds_source_limit":      {class: Funds, rule: RuleAskPayer, reason: "Over the limit of bank debits"},
	"charge_exceeds_transaction_limit": {class: Funds, rule: RuleAskPayer, reason: "Over the limit of bank debits"},
	"processing_error":                 {class: Technical, rule: RuleAskPayer, reason: "The bank could not be reached"},
	"payment_method_provider_timeout":  {class: Technical, rule: RuleAskPayer, reason: "The bank could not be reached"},
}

func achFunds(reason string) row { return row{class: Funds, rule: RuleRepresent, reason: reason} }

func achAccount(class Class, reason string) row {
	return row{class: class, hard: true, rule: RuleOtherAccount, reason: reason}
}

func achMandate(reason string) row {
	return row{class: Refused, hard: true, rule: RuleNewMandate, reason: reason}
}

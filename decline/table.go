package decline

// cards are the refusals of cards by decline_code or error code. Classes follow
// docs.stripe.com/declines/codes; hard are the codes Stripe's own retries never
// repeat without a new method (docs.stripe.com/billing/revenue-recovery,
// smart retries), and those whose cause lies in the card and cannot pass.
var cards = map[string]row{
	// Details: the same card may do, but only typed anew, which is a new method.
	"incorrect_number":                  details("The card number is wrong"),
	"invalid_number":                    details("The card number is wrong"),
	"incorrect_cvc":                     details("The security code is wrong"),
	"invalid_cvc":                       details("The security code is wrong"),
	"invalid_expiry_month":              details("The expiry month is wrong"),
	"invalid_expiry_year":               details("The expiry year is wrong"),
	"incorrect_zip":                     details("The post code does not match"),
	"incorrect_address":                 details("The address does not match"),
	"incorrect_pin":                     details("The PIN is wrong"),
	"invalid_pin":                       details("The PIN is wrong"),
	"new_account_information_available": details("The card was replaced by another"),

	"expired_card": {class: Expired, hard: true, rule: RuleNewMethod, reason: "The card has expired"},

	"card_not_supported":               unsupported("The card does not support this kind of purchase"),
	"currency_not_supported":           unsupported("The card does not support this currency"),
	"payment_method_currency_mismatch": unsupported("The method does not support this currency"),
	"offline_pin_required":             unsupported("The card wants its PIN typed at a terminal"),
	"online_or_offline_pin_required":   unsupported("The card wants its PIN typed at a terminal"),
	"testmode_decline":                 unsupported("A test card was used"),
	"payment_method_unactivated":       unsupported("The method is not activated"),

	"insufficient_funds":               funds("Not enough money"),
	"card_velocity_exceeded":           funds("Over the card's limit of amount or number"),
	"withdrawal_count_limit_exceeded":  funds("Over the card's limit of amount or number"),
	"invalid_amount":                   funds("The bank does not allow this amount"),
	"charge_exceeds_source_limit":      funds("Over the method's limit"),
	"charge_exceeds_transaction_limit": funds("Over the limit of one charge"),

	"authentication_required":               authenticate("The bank wants the payer to confirm"),
	"payment_intent_authentication_failure": authenticate("The payer did not confirm with the bank"),
	"setup_intent_authentication_failure":   authenticate("The payer did not confirm with the bank"),
	"payment_intent_action_required":        authenticate("The bank wants the payer to confirm"),

	// Refused without a reason: the bank may say yes another day.
	"card_declined":                         refused("The bank gave no reason"),
	"generic_decline":                       refused("The bank gave no reason"),
	"do_not_honor":                          refused("The bank gave no reason"),
	"call_issuer":                           refused("The bank wants to be called"),
	"no_action_taken":                       refused("The bank gave no reason"),
	"security_violation":                    refused("The bank gave no reason"),
	"service_not_allowed":                   refused("The bank gave no reason"),
	"payment_intent_payment_attempt_failed": refused("The bank gave no reason"),
	"payment_method_provider_decline":       refused("The bank gave no reason"),

	// Refused for good.
	"lost_card":                        hard("The card is reported lost"),
	"stolen_card":                      hard("The card is reported stolen"),
	"pickup_card":                      hard("The bank wants the card taken in, it may be lost or stolen"),
	"restricted_card":                  hard("The card is restricted, it may be lost or stolen"),
	"fraudulent":                       hard("Suspected fraud"),
	"highest_risk_level":               hard("Stripe blocked it as suspected fraud"),
	"merchant_blacklist":               hard("The card is on the account's block list at Stripe"),
	"do_not_try_again":                 hard("The bank says never to try again"),
	"invalid_account":                  hard("The card or its account is not valid"),
	"not_permitted":                    hard("The payment is not permitted"),
	"transaction_not_allowed":          hard("The bank does not allow such payments with this card"),
	"pin_try_exceeded":                 hard("Too many wrong PINs"),
	"stop_payment_order":               hard("The payer stopped this payment at the bank"),
	"revocation_of_authorization":      hard("The payer withdrew the permission"),
	"revocation_of_all_authorizations": hard("The payer withdrew every permission"),
	"duplicate_transaction":            hard("The same amount was charged to this card moments ago; look in Stripe first"),
	"payment_method_customer_decline":  hard("The payer said no"),

	"processing_error":                technical("The network failed to process it"),
	"issuer_not_available":            technical("The bank could not be reached"),
	"reenter_transaction":             technical("The bank could not process it"),
	"try_again_later":                 technical("The bank could not process it"),
	"approve_with_id":                 technical("The bank could not approve it at once"),
	"payment_method_provider_timeout": technical("The bank did not answer in time"),

	"card_decline_rate_limit_exceeded": limited("Stripe stopped it: the card was declined too often"),
	CodeNetworkCap:                     limited("Not sent: the card is at its network's limit"),
}

func details(reason string) row {
	return row{class: DetailsWrong, hard: true, rule: RuleNewMethod, reason: reason}
}

func unsupported(reason string) row {
	return row{class: Unsupported, hard: true, rule: RuleNewMethod, reason: reason}
}

func funds(reason string) row { return row{class: Funds, rule: RuleLater, reason: reason} }

func authenticate(reason string) row {
	return row{class: Authenticate, rule: RuleAskPayer, reason: reason}
}

func refused(reason string) row { return row{class: Refused, rule: RuleFew, reason: reason} }

func hard(reason string) row {
	return row{class: Refused, hard: true, rule: RuleNewMethod, reason: reason}
}

func technical(reason string) row { return row{class: Technical, rule: RuleSoon, reason: reason} }

func limited(reason string) row { return row{class: Cap, rule: RuleWindow, reason: reason} }

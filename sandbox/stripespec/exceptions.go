package stripespec

import (
	"net/url"
	"strings"
)

// exception says when Stripe leaves a key out that its document makes look
// as if it were always there.
type exception struct {
	reason string
	when   func(object map[string]any) bool
}

func always(reason string) *exception {
	return &exception{reason, func(map[string]any) bool { return true }}
}

// unless allows the absence in objects whose field has another value: the
// key of a variant belongs to that variant alone.
func unless(field, value, reason string) *exception {
	return &exception{reason, func(object map[string]any) bool { return object[field] != value }}
}

func without(field, reason string) *exception {
	return &exception{reason, func(object map[string]any) bool { return object[field] == nil }}
}

// leftOut lists the keys that may be absent, as "<schema>.<key>".
var leftOut = map[string]*exception{
	"account.company":    always("hidden from platforms of Express and Standard accounts after onboarding"),
	"account.individual": always("only where business_type is individual, and hidden like company"),
	// A connected account that is read with its own key shows no platform.
	"account.controller":             always("not shown to an account about itself without a platform"),
	"balance.connect_reserved":       always("only on accounts that are platforms"),
	"balance.issuing":                always("only with Issuing"),
	"balance.instant_available":      always("only where instant payouts are possible"),
	"charge.radar_options":           always("only where the request had them"),
	"dispute.payment_method_details": always("only of cards and the wallets that the document names, not of bank debits"),
	"charge.transfer":                always("only on destination charges"),
	"checkout.session.return_url":    unless("ui_mode", "embedded", "embedded sessions return there"),
	"event.account":                  always("only on events of connected accounts"),
	"item.discounts":                 always("only where expanded"),
	"item.taxes":                     always("only where expanded"),
	"mandate.multi_use":              unless("type", "multi_use", "the other variant"),
	"mandate.single_use":             unless("type", "single_use", "the other variant"),
	"mandate.on_behalf_of":           always("only on mandates given for another account"),
	"payment_method.radar_options":   always("only where the request had them"),
	"price.currency_options":         always("only where expanded"),
	"price.tiers":                    always("only where expanded"),
	"refund.description":             always("only on refunds of customer balances"),
	"refund.instructions_email":      always("only where the payment method needs instructions"),
	"refund.next_action":             unless("status", "requires_action", "only while the customer has to act"),
	"refund.destination_details":     without("charge", "only refunds of a charge have a destination"),

	"refund.failure_reason":              unless("status", "failed", "only failed refunds have one"),
	"refund.failure_balance_transaction": unless("status", "failed", "only failed refunds have one"),
	"setup_attempt.attach_to_self":       always("only where the request had it"),
	"setup_intent.attach_to_self":        always("only where the request had it"),
	"token.bank_account":                 unless("type", "bank_account", "the other variant"),
	"token.card":                         unless("type", "card", "the other variant"),
	"webhook_endpoint.secret":            always("only in the answer to its creation"),
	"transfer.destination_payment":       always("only on transfers to Stripe accounts"),
	"radar.early_fraud_warning.payment_intent": always(
		"only on charges made by a PaymentIntent"),

	"checkout.session.redirect_on_completion":       unless("ui_mode", "embedded", "hosted sessions always redirect"),
	"checkout.session.tax_id_collection":            always("only where it is enabled"),
	"checkout.session.phone_number_collection":      unless("mode", "payment", "not in setup mode"),
	"bank_account.account":                          without("account", "an account's bank has it, a customer's has customer"),
	"bank_account.available_payout_methods":         without("account", "payouts go to an account's bank alone"),
	"bank_account.default_for_currency":             without("account", "payouts go to an account's bank alone"),
	"bank_account.future_requirements":              without("account", "an account's bank alone"),
	"bank_account.requirements":                     without("account", "an account's bank alone"),
	"bank_account.customer":                         without("customer", "a customer's bank has it, an account's has account"),
	"card.account":                                  without("account", "a debit card for payouts alone"),
	"card.available_payout_methods":                 without("account", "a debit card for payouts alone"),
	"card.currency":                                 without("account", "a debit card for payouts alone"),
	"card.default_for_currency":                     without("account", "a debit card for payouts alone"),
	"card.networks":                                 always("only on cards of several networks"),
	"card.status":                                   without("account", "a debit card for payouts alone"),
	"person.additional_tos_acceptances":             always("only for some countries"),
	"api_errors.charge":                             always("only on errors of a charge"),
	"payment_method_us_bank_account.status_details": always("null or left out while nothing blocks the account"),
}

func init() {
	for _, kind := range paymentMethodTypes {
		leftOut["payment_method."+kind] = unless("type", kind, "the key of another type")
	}
}

// paymentMethodTypes are the keys of a PaymentMethod of which it has exactly
// the one its type names.
var paymentMethodTypes = []string{
	"acss_debit", "affirm", "afterpay_clearpay", "alipay", "amazon_pay", "au_becs_debit", "bacs_debit",
	"bancontact", "blik", "boleto", "card", "card_present", "cashapp", "customer_balance", "eps", "fpx",
	"giropay", "grabpay", "ideal", "interac_present", "klarna", "konbini", "link", "mobilepay",
	"multibanco", "oxxo", "p24", "paynow", "paypal", "pix", "promptpay", "revolut_pay", "sepa_debit",
	"sofort", "swish", "twint", "us_bank_account", "wechat_pay", "zip",
}

// onlyExpanded lists lists and parts that are in an answer only where asked
// for with expand[], though they are not ids otherwise.
var onlyExpanded = map[string]string{
	"charge.refunds":                  "since 2022-11-15",
	"checkout.session.line_items":     "documented so",
	"customer.cash_balance":           "documented so",
	"customer.invoice_credit_balance": "documented so",
	"customer.sources":                "since 2020-08-27",
	"customer.subscriptions":          "since 2020-08-27",
	"customer.tax":                    "documented so",
	"customer.tax_ids":                "since 2020-08-27",
}

// addedLater lists keys that Stripe answers at every API version although they
// are younger than the document: additions do not make a version.
var addedLater = map[string]string{
	"api_errors.advice_code":              "2024-10",
	"charge_outcome.advice_code":          "2024-10",
	"api_errors.network_advice_code":      "2024-10",
	"api_errors.network_decline_code":     "2024-10",
	"charge_outcome.network_advice_code":  "2024-10",
	"charge_outcome.network_decline_code": "2024-10",
}

// idPrefixes are how the ids of a schema begin.
var idPrefixes = map[string][]string{
	"account":                   {"acct_"},
	"application":               {"ca_"},
	"application_fee":           {"fee_"},
	"balance_transaction":       {"txn_"},
	"bank_account":              {"ba_"},
	"card":                      {"card_"},
	"charge":                    {"ch_", "py_"},
	"checkout.session":          {"cs_test_", "cs_live_"},
	"customer":                  {"cus_"},
	"deleted_customer":          {"cus_"},
	"deleted_account":           {"acct_"},
	"deleted_webhook_endpoint":  {"we_"},
	"dispute":                   {"dp_", "du_"},
	"event":                     {"evt_"},
	"fee_refund":                {"fr_"},
	"file":                      {"file_"},
	"invoice":                   {"in_"},
	"item":                      {"li_"},
	"mandate":                   {"mandate_"},
	"payment_intent":            {"pi_"},
	"payment_method":            {"pm_", "card_", "ba_"},
	"payout":                    {"po_"},
	"price":                     {"price_"},
	"product":                   {"prod_"},
	"radar.early_fraud_warning": {"issfr_"},
	"refund":                    {"re_", "pyr_"},
	"review":                    {"prv_"},
	"setup_attempt":             {"setatt_"},
	"setup_intent":              {"seti_"},
	"subscription":              {"sub_"},
	"test_helpers.test_clock":   {"clock_"},
	"transfer":                  {"tr_"},
	"webhook_endpoint":          {"we_"},
}

// prefixesOf joins the prefixes of several schemas; nil if one is unknown.
func prefixesOf(schemas []string) []string {
	var all []string
	for _, name := range schemas {
		prefixes := idPrefixes[name]
		if prefixes == nil {
			return nil
		}
		all = append(all, prefixes...)
	}
	return all
}

func hasPrefix(id string, prefixes []string) bool {
	if len(prefixes) == 0 {
		return true
	}
	for _, prefix := range prefixes {
		if strings.HasPrefix(id, prefix) {
			return true
		}
	}
	return false
}

// queryExpand reads expand[] and expand[0] out of a query or a form.
func queryExpand(values url.Values) []string {
	var fields []string
	for key, list := range values {
		if strings.HasPrefix(key, "expand[") {
			fields = append(fields, list...)
		}
	}
	return fields
}

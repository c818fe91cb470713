package sandbox

// decline is a bank's or Stripe's "no" to a card.
type decline struct {
	Code          string `json:"code"`
	DeclineCode   string `json:"decline_code,omitempty"`
	AdviceCode    string `json:"advice_code,omitempty"`
	Message       string `json:"message"`
	Blocked       bool   `json:"blocked,omitempty"` // by Stripe's risk rules; never reached the bank
	SellerMessage string `json:"seller_message"`
}

// errorCodes are the error codes that say themselves what was wrong; every
// other refusal is a card_declined with a decline code
// (docs.stripe.com/error-codes, docs.stripe.com/declines/codes).
var errorCodes = map[string]string{
	"expired_card":                     "Your card has expired.",
	"incorrect_cvc":                    "Your card's security code is incorrect.",
	"incorrect_number":                 "Your card number is incorrect.",
	"incorrect_zip":                    "Your card's postal code is incorrect.",
	"invalid_cvc":                      "Your card's security code is invalid.",
	"invalid_expiry_month":             "Your card's expiration month is invalid.",
	"invalid_expiry_year":              "Your card's expiration year is invalid.",
	"invalid_number":                   "Your card number is not a valid credit card number.",
	"processing_error":                 "An error occurred while processing your card. Try again in a little bit.",
	"authentication_required":          "Your card was declined. This transaction requires authentication.",
	"card_decline_rate_limit_exceeded": "This card has been declined too many times. You can try to charge this card again after 24 hours.",
}

// declineMessages are Stripe's words to the payer where they are more than
// "Your card was declined."
var declineMessages = map[string]string{
	"insufficient_funds":              "Your card has insufficient funds.",
	"card_velocity_exceeded":          "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
	"card_not_supported":              "Your card does not support this type of purchase.",
	"currency_not_supported":          "Your card does not support this currency.",
	"duplicate_transaction":           "A payment with identical amount and card information was submitted very recently.",
	"try_again_later":                 "Your card was declined. You can try again later.",
	"issuer_not_available":            "Your card's issuer could not be reached. Try again in a little bit.",
	"withdrawal_count_limit_exceeded": "Your card was declined because it exceeded its balance or credit limit.",
	"invalid_account":                 "Your card, or the account it is connected to, is invalid.",
	"pin_try_exceeded":                "The number of PIN tries was exceeded.",
	"test_mode_live_card":             "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
	"authentication_not_handled":      "This payment required an authentication action to complete, but `error_on_requires_action` was set. When you're ready, you can upgrade your integration to handle actions at https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",
}

// declineOf completes a decline from its codes. A decline code that is an
// error code of its own may be given as either. Empty codes mean a generic
// decline.
func declineOf(code, declineCode, advice string) *decline {
	if code == "" || code == "card_declined" {
		code = "card_declined"
		if _, own := errorCodes[declineCode]; own {
			code = declineCode
		}
	}
	if declineCode == "" && code == "card_declined" {
		declineCode = "generic_decline"
	}
	d := &decline{Code: code, DeclineCode: declineCode, AdviceCode: advice, Message: "Your card was declined."}
	switch {
	case declineMessages[declineCode] != "":
		d.Message = declineMessages[declineCode]
	case errorCodes[code] != "":
		d.Message = errorCodes[code]
	}
	d.SellerMessage = sellerMessage(d)
	return d
}

func sellerMessage(d *decline) string {
	reason := d.reason()
	switch reason {
	case "generic_decline":
		return "The bank did not return any further details with this decline."
	case "insufficient_funds":
		return "The bank returned the decline code `insufficient_funds`."
	case "authentication_required":
		return "The bank declined this payment because it requires authentication."
	}
	return "The bank returned the decline code `" + reason + "`."
}

// reason is the most exact word for the decline.
func (d *decline) reason() string {
	if d.DeclineCode != "" {
		return d.DeclineCode
	}
	return d.Code
}

// blockedByRisk is Radar's refusal: the bank was never asked.
func blockedByRisk() *decline {
	d := declineOf("card_declined", "fraudulent", "")
	d.Blocked = true
	d.SellerMessage = "Stripe blocked this payment as too risky."
	return d
}

// cardError is the 402 for a decline. Its effects stay.
func cardError(d *decline) *apiError {
	e := &apiError{
		Status: 402, Type: typeCard, Code: d.Code, DeclineCode: d.DeclineCode, AdviceCode: d.AdviceCode,
		Message: d.Message, commits: true,
	}
	switch d.Code {
	case "incorrect_cvc", "invalid_cvc":
		e.Param = "cvc"
	case "expired_card", "invalid_expiry_month":
		e.Param = "exp_month"
	case "invalid_expiry_year":
		e.Param = "exp_year"
	case "incorrect_number", "invalid_number":
		e.Param = "number"
	}
	return e
}

package sandbox

import "slices"

// readMethodTypes reads what may pay a session.
func readMethodTypes(p *params, s *checkoutSession, c *call) {
	s.PaymentMethodTypes = p.strings("payment_method_types")
	if len(s.PaymentMethodTypes) == 0 {
		s.PaymentMethodTypes = automaticTypes
		s.PaymentMethodConfiguration = &sessionConfiguration{ID: "pmc_1" + c.server.digest(23, "configuration", c.id)}
	}
	for _, kind := range s.PaymentMethodTypes {
		if kind != "card" && (kind != usBankAccount || !c.achActive()) {
			p.fail("", "payment_method_types", "The payment method type provided: %s is invalid. Please ensure the provided type is activated in your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled for any preview features that you are trying to use. See https://stripe.com/docs/payments/payment-methods/integration-options for supported payment method, currency, and country combinations.", kind)
		}
	}
}

// takes says whether the session can be paid by a type of method.
func (s *checkoutSession) takes(kind string) bool { return slices.Contains(s.PaymentMethodTypes, kind) }

// checkSessionCurrency refuses bank debits in another currency than dollars.
func (s *checkoutSession) checkSessionCurrency(p *params) {
	if s.takes(usBankAccount) && s.Currency != nil && *s.Currency != "" && *s.Currency != "usd" {
		p.fail("", "payment_method_types", "The currency provided (%s) is invalid for one of your payment method types. Payments with us_bank_account support the following currencies: usd.", *s.Currency)
	}
}

// readMethodOptions reads how each type that may pay is to be used. Options of
// other types are taken and mean nothing.
func readMethodOptions(p *params, s *checkoutSession) {
	all := p.hash("payment_method_options")
	card := &sessionCardOptions{RequestThreeDSecure: "automatic"}
	if options := all.hash("card"); options != nil {
		if ask := options.enum("request_three_d_secure", "any", "automatic", "challenge"); ask != "" {
			card.RequestThreeDSecure = ask
		}
		card.SetupFutureUsage = options.readUsage()
	}
	bank := &sessionBankOptions{VerificationMethod: "automatic"}
	if options := all.hash(usBankAccount); options != nil {
		if method := options.enum("verification_method", "automatic", "instant"); method != "" {
			bank.VerificationMethod = method
		}
		bank.SetupFutureUsage = options.readUsage()
		bank.FinancialConnections = options.hash("financial_connections").readLinks()
		options.ignore("target_date")
	}
	if s.takes("card") {
		s.PaymentMethodOptions.Card = card
	}
	if s.takes(usBankAccount) {
		s.PaymentMethodOptions.USBankAccount = bank
	}
}

func (p *params) readUsage() *string {
	usage := p.enum("setup_future_usage", "none", "off_session", "on_session")
	if usage == "" || usage == "none" {
		return nil
	}
	return &usage
}

// asking is an intent's options with the session's wishes: for authentication
// of cards, and for the verification of bank accounts.
func asking(cs *checkoutSession, options map[string]any) map[string]any {
	asked := map[string]any{}
	if card, ok := options["card"].(map[string]any); ok {
		card["request_three_d_secure"] = cs.PaymentMethodOptions.Card.RequestThreeDSecure
		asked["card"] = card
	}
	if wish := cs.PaymentMethodOptions.USBankAccount; wish != nil {
		bank := map[string]any{"verification_method": wish.VerificationMethod}
		if wish.FinancialConnections != nil {
			bank["financial_connections"] = wish.FinancialConnections
		}
		asked[usBankAccount] = bank
	}
	return asked
}

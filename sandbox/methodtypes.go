package sandbox

import "slices"

// readMethodTypes decides which types of payment method may pay.
func (c *call) readMethodTypes(pi *paymentIntent) {
	types := c.p.strings("payment_method_types")
	automatic := c.p.hash("automatic_payment_methods")
	enabled, redirects := true, "always"
	if automatic != nil {
		if !automatic.has("enabled") {
			automatic.fail("parameter_missing", "enabled", "Missing required param: %s.", automatic.name("enabled"))
		}
		enabled, _ = automatic.boolean("enabled")
		if r := automatic.enum("allow_redirects", "always", "never"); r != "" {
			redirects = r
		}
		if types != nil && enabled {
			c.p.fail("parameters_exclusive", "payment_method_types", "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.")
		}
	}
	switch {
	case types != nil:
		c.checkTypes(types, pi.Currency)
		pi.PaymentMethodTypes = types
	case enabled:
		pi.PaymentMethodTypes = automaticTypes
		pi.AutomaticPaymentMethods = &automaticMethods{AllowRedirects: redirects, Enabled: true}
	default:
		pi.PaymentMethodTypes = []string{"card"}
	}
	pi.setMethodOptions()
	pi.PaymentMethodOptions = c.p.readMethodOptions(pi.PaymentMethodOptions)
	c.p.ignore("radar_options")
}

// automaticTypes are the types that the account's dashboard offers by itself.
// Bank debits are switched on for those who name them.
var automaticTypes = []string{"card"}

// checkTypes refuses types that the account cannot take in a currency; "" is a
// set-up, which has none.
func (c *call) checkTypes(types []string, currency string) {
	for _, name := range types {
		if name != "card" && name != usBankAccount {
			c.p.failType(name)
		}
	}
	c.checkBankDebit(types, currency)
}

func (pi *paymentIntent) setMethodOptions() {
	pi.PaymentMethodOptions = map[string]any{}
	if slices.Contains(pi.PaymentMethodTypes, "card") {
		pi.PaymentMethodOptions["card"] = map[string]any{
			"installments": nil, "mandate_options": nil, "network": nil, "request_three_d_secure": "automatic",
		}
	}
	if slices.Contains(pi.PaymentMethodTypes, usBankAccount) {
		pi.PaymentMethodOptions[usBankAccount] = map[string]any{"verification_method": "automatic"}
	}
}

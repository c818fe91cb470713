package sandbox

// canCharge refuses payments on an account that Stripe lets take none. The words
// are those that people report from Stripe; neither they nor that there is no
// code with them is confirmed.
func (t *tx) canCharge() *apiError {
	if must[account](t, t.world.id).ChargesEnabled {
		return nil
	}
	return refuse("", "", "Your account cannot currently make charges. Please finish the account's setup, or contact us at https://support.stripe.com/contact if it is complete.")
}

// platformDebits says whether the platform that acts for the account, if one
// does, may debit banks itself: both need the capability
// (docs.stripe.com/payments/ach-direct-debit).
func (c *call) platformDebits() bool {
	own := c.server.directory.account(c.platform)
	return own == nil || own.ach() == "active"
}

func noPlatformDebits() *apiError {
	return refuse("payment_intent_invalid_parameter", "payment_method_types", "The payment method type provided: us_bank_account is invalid. Your platform needs the capability us_bank_account_ach_payments too.")
}

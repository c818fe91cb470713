package sandbox

// confirmBankSetup makes an attempt to save a bank account: at once where it is
// verified, else once its owner has found the micro-deposits.
func (c *call) confirmBankSetup(si *setupIntent, m *paymentMethod, o confirmOptions) error {
	if failed := c.bankReady(m); failed != nil {
		return failed
	}
	switch {
	case m.block() != nil:
		return refuse("payment_method_bank_account_blocked", "payment_method", "The bank account of PaymentMethod %s is blocked. Please use another bank account.", m.ID)
	case o.acceptance == nil:
		e := refuse("setup_intent_mandate_invalid", "mandate_data", noMandate, "SetupIntent")
		e.SetupIntent = *si
		return e
	case !m.Kept.Verified && onlyInstant(si.PaymentMethodOptions):
		return notInstant()
	}
	if si.Mandate != nil {
		c.dropMandate(*si.Mandate)
	}
	n := c.newMandate(m, o.acceptance, si.PaymentMethodOptions, nil)
	si.Mandate = &n.ID
	if m.Kept.Verified {
		c.setUpVerified(si)
		return nil
	}
	c.attemptSetup(si, m, needsAction, nil)
	si.Status, si.LastSetupError = needsAction, nil
	si.Kept.Page, si.NextAction = c.sendDeposits(si.ID, m)
	c.put(si)
	c.emit("setup_intent.requires_action", si)
	c.completeSession(si.Kept.Session)
	return nil
}

// setUpVerified saves an account that is known to be its owner's.
func (t *tx) setUpVerified(si *setupIntent) {
	m := must[paymentMethod](t, *si.PaymentMethod)
	m.Kept.Verified, m.Kept.Mandate = true, *si.Mandate
	t.put(m)
	t.moveMandate(*si.Mandate, mandateActive)
	// Nobody can refuse a verified account; there is nothing to answer.
	_ = t.completeSetup(si, m, nil)
}

// onlyInstant says that the seller wants accounts verified at once, by their
// owner's sign-in at his bank.
func onlyInstant(options map[string]any) bool {
	bank, _ := options[usBankAccount].(map[string]any)
	return bank["verification_method"] == "instant"
}

// notInstant refuses an account whose number was typed where the owner was to
// sign in at his bank.
func notInstant() *apiError {
	return refuse("payment_method_invalid_parameter", "payment_method_data", "Payment method data is not allowed when payment_method_options[us_bank_account][verification_method]=instant is used.")
}

package sandbox

func attachPaymentMethod(c *call) (any, error) {
	id := c.vars["payment_method"]
	to := c.p.require("customer")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	m, err := c.usePaymentMethod(id)
	if err != nil {
		return nil, missingPath(paymentMethods, "payment_method", id)
	}
	who, err := c.payer(to)
	if err != nil {
		return nil, err
	}
	if failed := c.attach(m, who); failed != nil {
		return nil, failed
	}
	return m, nil
}

// attach saves the method with the customer, or answers why it cannot be: the
// bank refuses the card, or it is another's, or it is spent.
func (t *tx) attach(m *paymentMethod, who *customer) *apiError {
	if m.Customer != nil {
		if *m.Customer == who.ID {
			return nil
		}
		return refuse("", "payment_method", "The payment method you provided has already been attached to a customer.")
	}
	if m.Kept.Spent {
		return spentMethod()
	}
	if m.isBank() && !m.Kept.Verified {
		return refuse("payment_method_unexpected_state", "payment_method", "PaymentMethods of type us_bank_account must be verified before they can be attached to a customer. Verify this one by a SetupIntent or a PaymentIntent.")
	}
	if refused := m.cannotAttach(); refused != nil {
		failed := cardError(refused)
		failed.commits = false
		return failed
	}
	t.saveMethod(m, who.ID)
	return nil
}

// saveMethod attaches a method that the bank has agreed to.
func (t *tx) saveMethod(m *paymentMethod, customer string) {
	if m.Customer != nil {
		return
	}
	m.Customer = &customer
	if m.Card != nil && m.Card.Checks.CVCCheck != nil {
		card, pass := *m.Card, "pass"
		card.Checks.CVCCheck = &pass
		m.Card = &card
	}
	t.put(m)
	t.emit("payment_method.attached", m)
}

func spentMethod() *apiError {
	return refuse("", "payment_method", "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.")
}

func detachPaymentMethod(c *call) (any, error) {
	m, err := named[paymentMethod](c, "payment_method", "payment_method")
	if err != nil {
		return nil, err
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if m.Customer == nil {
		return nil, refuse("", "payment_method", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	c.detach(m)
	return m, nil
}

// detach takes the method from its customer; it can never be used again.
func (t *tx) detach(m *paymentMethod) {
	was := *m
	who := must[customer](t, *m.Customer)
	m.Customer, m.Kept.Spent = nil, true
	t.put(m)
	if d := who.InvoiceSettings.DefaultPaymentMethod; d != nil && *d == m.ID {
		who.InvoiceSettings.DefaultPaymentMethod = nil
		t.put(who)
	}
	t.emitChange("payment_method.detached", &was, m)
}

package sandbox

import (
	"errors"
	"slices"
)

// confirmOptions are how one attempt is to be made.
type confirmOptions struct {
	method        string         // payment_method
	data          *paymentMethod // payment_method_data
	offSession    bool
	errorOnAction bool
	returnURL     string
	acceptance    *acceptance // mandate_data
	mandate       string      // a standing permission to debit
}

// readMethod takes the payment method to use, by id or by its data.
func (c *call) readMethod() confirmOptions {
	var o confirmOptions
	o.method = c.p.string("payment_method")
	if data := c.p.hash("payment_method_data"); data != nil {
		if o.method != "" {
			c.p.fail("parameters_exclusive", "payment_method_data", "You may only specify one of these parameters: payment_method, payment_method_data.")
		}
		m, err := c.readPaymentMethod(data)
		if err != nil && c.p.errs.first == nil {
			c.p.errs.first, _ = errors.AsType[*apiError](err)
		}
		o.data = m
	}
	return o
}

// readConfirm takes what only a confirmation may carry.
func (c *call) readConfirm(confirming bool) confirmOptions {
	o := c.readMethod()
	if !confirming {
		for _, field := range []string{"off_session", "error_on_requires_action", "return_url", "mandate_data", "mandate"} {
			if c.p.has(field) {
				c.p.ignore(field)
				c.p.fail("payment_intent_invalid_parameter", field, "You can only set `%s` when `confirm` is `true`.", field)
			}
		}
		c.p.ignore("use_stripe_sdk")
		return o
	}
	switch off, _ := c.p.text("off_session"); off {
	case "one_off", "recurring":
		o.offSession = true
	default:
		o.offSession, _ = c.p.boolean("off_session")
	}
	o.errorOnAction, _ = c.p.boolean("error_on_requires_action")
	o.returnURL = c.p.string("return_url")
	o.acceptance, o.mandate = c.p.readMandateData(), c.p.string("mandate")
	c.p.ignore("use_stripe_sdk")
	if o.offSession && c.p.has("setup_future_usage") {
		c.p.fail("payment_intent_invalid_parameter", "setup_future_usage", "You cannot set `setup_future_usage` when `off_session` is `true`: the payment method is used without its owner being present.")
	}
	return o
}

func confirmPaymentIntent(c *call) (any, error) {
	pi, err := named[paymentIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	stored := *pi
	if c.p.has("setup_future_usage") || c.p.has("receipt_email") || c.p.has("shipping") {
		pi.read(c.p)
	}
	pi.readCapture(c.p)
	if types := c.p.strings("payment_method_types"); types != nil {
		c.checkTypes(types, pi.Currency)
		pi.PaymentMethodTypes, pi.AutomaticPaymentMethods = types, nil
		pi.setMethodOptions()
	}
	pi.PaymentMethodOptions = c.p.readMethodOptions(pi.PaymentMethodOptions)
	c.p.ignore("client_secret", "radar_options")
	options := c.readConfirm(true)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	switch {
	case pi.Status == succeeded:
		return nil, stored.unexpected("You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.")
	case !slices.Contains(updatable, pi.Status):
		return nil, stored.unexpected("You cannot confirm this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.", pi.Status)
	}
	if err := c.chooseMethod(pi, options); err != nil {
		return nil, err
	}
	if pi.PaymentMethod == nil {
		return nil, stored.unexpected("You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.")
	}
	return pi, c.confirm(pi, options)
}

// chooseMethod puts the method of the options on the intent, if there is one.
func (c *call) chooseMethod(pi *paymentIntent, o confirmOptions) error {
	m := o.data
	switch {
	case o.method != "":
		var err error
		if m, err = c.usePaymentMethod(o.method); err != nil {
			return err
		}
	case m != nil:
		c.put(m)
	default:
		return nil
	}
	if err := usableFor(m, pi.Customer); err != nil {
		return err
	}
	if !slices.Contains(pi.PaymentMethodTypes, m.Type) {
		return refuse("payment_intent_incompatible_payment_method", "payment_method", "The PaymentMethod provided (%s) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: %s.", m.Type, orList(pi.PaymentMethodTypes))
	}
	pi.PaymentMethod = &m.ID
	if pi.Status == needsMethod {
		pi.Status = needsConfirm
	}
	return nil
}

// usableFor checks that the method is the customer's or nobody's, and not spent.
func usableFor(m *paymentMethod, customer *string) error {
	switch {
	case m.Kept.Spent:
		return spentMethod()
	case m.Customer == nil:
		return nil
	case customer == nil:
		return refuse("payment_intent_invalid_parameter", "payment_method", "The payment method you provided (%s) is attached to a customer, so you must provide that customer in the `customer` parameter.", m.ID)
	case *m.Customer != *customer:
		return refuse("resource_missing", "payment_method", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", m.ID)
	}
	return nil
}

// confirm makes an attempt with the intent's method: it asks the payer to
// authenticate, or asks the bank. It returns the 402 of a decline; the
// decline's effects stay.
func (c *call) confirm(pi *paymentIntent, o confirmOptions) error {
	if failed := c.canCharge(); failed != nil {
		return failed
	}
	m := must[paymentMethod](c.tx, *pi.PaymentMethod)
	if err := usableFor(m, pi.Customer); err != nil {
		return err
	}
	if a := pi.AutomaticPaymentMethods; a != nil && a.AllowRedirects == "always" && o.returnURL == "" {
		return refuse("", "return_url", "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	}
	if m.isBank() {
		return c.confirmBank(pi, m, o)
	}
	pi.NextAction, pi.Kept.Page, pi.Kept.ReturnURL = nil, "", o.returnURL
	if m.spec().wantsAuth(o.offSession, m.Kept.SetUp) || !o.offSession && wantsChallenge(pi.PaymentMethodOptions) {
		switch {
		case o.offSession:
			return c.declineIntent(pi, m, declineOf("authentication_required", "authentication_required", ""))
		case o.errorOnAction:
			d := declineOf("authentication_required", "authentication_not_handled", "")
			return c.failIntent(pi, m, cardError(d))
		}
		c.askToAuthenticate(pi)
		return nil
	}
	return c.charge(pi, m, nil)
}

// askToAuthenticate sends the payer to his bank's page.
func (t *tx) askToAuthenticate(pi *paymentIntent) {
	pi.Status, pi.LastPaymentError = needsAction, nil
	pi.Kept.Page, pi.NextAction = t.openAuthentication(pi.ID, pi.Kept.ReturnURL)
	t.put(pi)
	t.emit("payment_intent.requires_action", pi)
}

// charge asks the bank for the intent's amount and books the outcome on the
// intent. authenticated is how the payer proved himself, nil if he was not
// asked. It returns the 402 of a decline, and nil if the intent succeeded.
func (t *tx) charge(pi *paymentIntent, m *paymentMethod, authenticated *threeDSecure) error {
	if m.isBank() {
		return t.debit(pi, m)
	}
	pi.Kept.Tries++
	d := t.askBank(m)
	if d == nil {
		d = t.declineSome(pi, m, authenticated != nil || pi.Kept.Session != "")
	}
	if d != nil {
		return t.declineIntent(pi, m, d)
	}
	ch := t.newCharge(pi, m)
	ch.PaymentMethodDetails.Card.ThreeDSecure = authenticated
	t.settleCharge(ch, m)
	pi.Status, pi.AmountReceived, pi.LatestCharge = succeeded, pi.Amount, &ch.ID
	pi.NextAction, pi.LastPaymentError, pi.Kept.Page = nil, nil, ""
	t.keepMethod(pi, m, authenticated != nil)
	t.put(pi)
	t.emit("charge.succeeded", ch)
	t.emit("payment_intent.succeeded", pi)
	t.completeSession(pi.Kept.Session)
	return nil
}

// askBank is the decision on one attempt, nil for yes.
func (t *tx) askBank(m *paymentMethod) *decline {
	spec := m.spec()
	switch {
	case spec.decline != nil:
		return spec.decline
	case spec.afterAuth != nil:
		return spec.afterAuth
	case m.expired(t.at):
		return declineOf("expired_card", "", "")
	}
	return t.faults.decline(m.ID)
}

// keepMethod saves the method if that was agreed, and otherwise uses it up.
func (t *tx) keepMethod(pi *paymentIntent, m *paymentMethod, authenticated bool) {
	saves := pi.SetupFutureUsage != nil && pi.Customer != nil
	switch {
	case saves:
		if *pi.SetupFutureUsage == "off_session" && (authenticated || m.isBank() || m.spec().auth == authNever) {
			m.Kept.SetUp = true
			t.put(m)
		}
		t.saveMethod(m, *pi.Customer)
	case m.Customer == nil:
		m.Kept.Spent = true
		t.put(m)
	}
}

// declineIntent books a refusal by the bank: a failed charge, and the intent
// waits for another method.
func (t *tx) declineIntent(pi *paymentIntent, m *paymentMethod, d *decline) error {
	ch := t.newCharge(pi, m)
	ch.fail(d)
	t.put(ch)
	t.emit("charge.failed", ch)
	pi.LatestCharge = &ch.ID
	e := cardError(d)
	e.Charge = ch.ID
	return t.failIntent(pi, m, e)
}

// failIntent ends an attempt without success and returns its error, completed.
func (t *tx) failIntent(pi *paymentIntent, m *paymentMethod, e *apiError) *apiError {
	e.commits = true
	method := t.wire(m)
	pi.LastPaymentError = &intentError{
		AdviceCode: e.AdviceCode, Charge: e.Charge, Code: e.Code, DeclineCode: e.DeclineCode,
		DocURL: docURL(e.Code), Message: e.Message, Param: e.Param, PaymentMethod: encode(method), Type: e.Type,
	}
	pi.Status, pi.PaymentMethod, pi.NextAction, pi.Kept.Page = needsMethod, nil, nil, ""
	t.put(pi)
	t.emit("payment_intent.payment_failed", pi)
	e.PaymentIntent, e.PaymentMethod = *pi, method
	return e
}

package sandbox

import (
	"errors"
	"net/http"
	"time"
)

// submit makes an attempt with what the person typed: to pay the session's
// PaymentIntent, or to confirm its SetupIntent.
func (t *tx) submit(cs *checkoutSession, form *cardForm) reply {
	spec, refused := cardByNumber(form.Number)
	if refused == nil {
		refused = checkCard(spec, form.Month, form.Year, form.CVC, t.at)
	}
	if refused != nil {
		form.blame(refused.Code, refused.Message)
		return t.refuse(cs, form, http.StatusUnprocessableEntity)
	}
	cs.Kept.Submits++
	cs.Kept.Refused = nil
	cs.Kept.Email, cs.Kept.Name, cs.Kept.Save = form.Email, form.Name, form.Save
	if cs.makesCustomer() {
		t.customerForSession(cs)
	}
	m := t.methodForSession(cs, form, spec)
	failed := t.confirmForSession(cs, m, confirmOptions{returnURL: t.server.pageURL(cs.page() + "/return")})
	if failed == nil {
		return t.whereItStands(must[checkoutSession](t, cs.ID))
	}
	form.blame(declineWords(failed))
	return t.refuse(must[checkoutSession](t, cs.ID), form, http.StatusPaymentRequired)
}

// whereItStands sends a person to what is to be done next: on to the seller,
// to his bank, or to the form with what went wrong last.
func (t *tx) whereItStands(cs *checkoutSession) reply {
	if cs.Status == sessionComplete {
		return reply{to: cs.successAddress()}
	}
	if cs.Status != sessionOpen {
		return closedSession(t, cs)
	}
	form := &cardForm{Email: cs.Kept.Email, Name: cs.Kept.Name, Save: cs.Kept.Save}
	next, last := t.intentState(cs)
	if next != nil && next.RedirectToURL != nil {
		return reply{to: next.RedirectToURL.URL}
	}
	if last != nil {
		form.blame(last.Code, last.Message)
	}
	return t.checkoutReply(http.StatusOK, cs, form, form.errors[""])
}

// intentState is what the session's intent waits for and why it failed last.
func (t *tx) intentState(cs *checkoutSession) (*nextAction, *intentError) {
	switch {
	case cs.PaymentIntent != nil:
		pi := must[paymentIntent](t, *cs.PaymentIntent)
		return pi.NextAction, pi.LastPaymentError
	case cs.SetupIntent != nil:
		si := must[setupIntent](t, *cs.SetupIntent)
		return si.NextAction, si.LastSetupError
	}
	return nil, nil
}

// declineWords are the code and the message of a refused confirm.
func declineWords(failed error) (code, message string) {
	if e, ok := errors.AsType[*apiError](failed); ok {
		return e.Code, e.Message
	}
	return "", "This card could not be used. Please try another one."
}

// blame puts a refusal beside the field it is about, "" being the whole form.
func (f *cardForm) blame(code, message string) {
	field := ""
	switch code {
	case "incorrect_number", "invalid_number":
		field = "card_number"
	case "incorrect_cvc", "invalid_cvc":
		field = "card_cvc"
	case "expired_card", "invalid_expiry_month", "invalid_expiry_year":
		field = "card_expiry"
	case "payment_intent_authentication_failure", "setup_intent_authentication_failure":
		message = "We are unable to authenticate your payment method. Please choose a different payment method and try again."
	}
	if f.errors == nil {
		f.errors = map[string]string{}
	}
	f.errors[field] = message
}

// customerForSession makes the customer the session was asked to make.
func (t *tx) customerForSession(cs *checkoutSession) {
	who := t.newCustomer()
	email, name := cs.Kept.Email, cs.Kept.Name
	who.Email, who.Name = &email, &name
	t.put(who)
	t.emit("customer.created", who)
	cs.Customer = &who.ID
}

// methodForSession is the typed card as a payment method.
func (t *tx) methodForSession(cs *checkoutSession, form *cardForm, spec *cardSpec) *paymentMethod {
	m := t.newMethodForSession(cs, "card", form)
	t.setCard(m, spec, time.Month(form.Month), int(form.Year), true)
	t.put(m)
	return m
}

// newMethodForSession is the person's payment method as it begins. Put it once
// it is complete.
func (t *tx) newMethodForSession(cs *checkoutSession, kind string, form *cardForm) *paymentMethod {
	m := &paymentMethod{
		ID: newID("pm"), Object: "payment_method", AllowRedisplay: "unspecified", Created: t.seconds(),
		Metadata: map[string]string{}, Type: kind,
		BillingDetails: billingDetails{Email: &form.Email, Name: &form.Name},
	}
	switch {
	case cs.offersSave() && form.Save:
		m.AllowRedisplay = "always"
	case cs.Mode == "setup" || cs.futureUsage() != nil:
		m.AllowRedisplay = "limited"
	}
	return m
}

// intentForSession is the session's PaymentIntent, made at the first submit.
func (t *tx) intentForSession(cs *checkoutSession) *paymentIntent {
	if cs.PaymentIntent != nil {
		pi := must[paymentIntent](t, *cs.PaymentIntent)
		pi.Customer, pi.SetupFutureUsage = cs.Customer, cs.chosenUsage()
		return pi
	}
	data := cs.Kept.Intent
	pi := t.newPaymentIntent()
	pi.madeBy(data.Platform)
	pi.Amount, pi.Currency, pi.Customer = *cs.AmountTotal, *cs.Currency, cs.Customer
	pi.PaymentMethodTypes = cs.PaymentMethodTypes
	pi.setMethodOptions()
	pi.PaymentMethodOptions = asking(cs, pi.PaymentMethodOptions)
	pi.ApplicationFeeAmount, pi.Description, pi.ReceiptEmail = data.ApplicationFeeAmount, data.Description, data.ReceiptEmail
	pi.OnBehalfOf, pi.TransferGroup = data.OnBehalfOf, data.TransferGroup
	pi.StatementDescriptor, pi.StatementDescriptorSuffix = data.StatementDescriptor, data.StatementDescriptorSuffix
	if data.Metadata != nil {
		pi.Metadata = data.Metadata
	}
	pi.SetupFutureUsage = cs.chosenUsage()
	pi.Kept.Session = cs.ID
	cs.PaymentIntent = &pi.ID
	t.put(pi)
	t.emit("payment_intent.created", pi)
	return pi
}

// chosenUsage is what the card is kept for after the person had his say.
func (s *checkoutSession) chosenUsage() *string {
	if usage := s.futureUsage(); usage != nil || !s.offersSave() || !s.Kept.Save {
		return usage
	}
	usage := "on_session"
	return &usage
}

// completeSession ends the session whose intent has succeeded, or whose person
// has done his part: a bank's answer comes later (settleSession).
func (t *tx) completeSession(id string) {
	cs, ok := get[checkoutSession](t, id)
	if !ok || cs.Status != sessionOpen {
		return
	}
	cs.Status, cs.URL = sessionComplete, nil
	if cs.Mode == "payment" && must[paymentIntent](t, *cs.PaymentIntent).Status == succeeded {
		cs.PaymentStatus = "paid"
	}
	email, name := cs.Kept.Email, cs.Kept.Name
	cs.CustomerDetails = &sessionPerson{Email: &email, Name: &name, TaxExempt: "none", TaxIDs: []struct{}{}}
	t.put(cs)
	if cs.Customer != nil {
		if who := must[customer](t, *cs.Customer); who.Email == nil {
			was := *who
			who.Email = &email
			t.put(who)
			t.emitChange("customer.updated", &was, who)
		}
	}
	t.emit("checkout.session.completed", cs)
}

// settleSession tells how the payment of a session that is complete ended, days
// after its person left.
func (t *tx) settleSession(id string, paid bool) {
	cs, ok := get[checkoutSession](t, id)
	if !ok || cs.Mode != "payment" || cs.Status != sessionComplete || cs.PaymentStatus == "paid" {
		return
	}
	if !paid {
		t.emit("checkout.session.async_payment_failed", cs)
		return
	}
	was := *cs
	cs.PaymentStatus = "paid"
	t.put(cs)
	t.emitChange("checkout.session.async_payment_succeeded", &was, cs)
}

// cancelForSession ends the intent of a session that expires.
func (t *tx) cancelForSession(cs *checkoutSession) {
	if cs.PaymentIntent != nil {
		if pi := must[paymentIntent](t, *cs.PaymentIntent); pi.Status != succeeded && pi.Status != canceled {
			t.cancelIntent(pi, "automatic")
		}
	}
	if cs.SetupIntent != nil {
		if si := must[setupIntent](t, *cs.SetupIntent); si.Status != succeeded && si.Status != canceled {
			si.Status, si.NextAction, si.Kept.Page = canceled, nil, ""
			t.put(si)
			t.emit("setup_intent.canceled", si)
		}
	}
}

// setupForSession makes the SetupIntent of a new session in mode setup.
func (t *tx) setupForSession(cs *checkoutSession) {
	si := t.newSetupIntent()
	si.Customer, si.Description, si.OnBehalfOf = cs.Customer, cs.Kept.Intent.Description, cs.Kept.Intent.OnBehalfOf
	if cs.Kept.Intent.Metadata != nil {
		si.Metadata = cs.Kept.Intent.Metadata
	}
	si.PaymentMethodTypes = cs.PaymentMethodTypes
	si.setMethodOptions()
	si.PaymentMethodOptions = asking(cs, si.PaymentMethodOptions)
	si.Kept.Session = cs.ID
	cs.SetupIntent = &si.ID
	t.put(si)
	t.emit("setup_intent.created", si)
}

// wantsChallenge says that the seller wants the payer authenticated whatever
// his bank says.
func wantsChallenge(options map[string]any) bool {
	card, _ := options["card"].(map[string]any)
	wish, _ := card["request_three_d_secure"].(string)
	return wish == "any" || wish == "challenge"
}

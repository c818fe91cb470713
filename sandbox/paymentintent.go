package sandbox

import (
	"encoding/json"
	"slices"
)

// The states of PaymentIntents and SetupIntents.
const (
	needsMethod  = "requires_payment_method"
	needsConfirm = "requires_confirmation"
	needsAction  = "requires_action"
	processing   = "processing"
	succeeded    = "succeeded"
	canceled     = "canceled"
)

// paymentIntent is one payment with all its attempts
// (docs.stripe.com/api/payment_intents, docs.stripe.com/payments/paymentintents/lifecycle).
type paymentIntent struct {
	ID                                string            `json:"id"`
	Object                            string            `json:"object"`
	Amount                            int64             `json:"amount"`
	AmountCapturable                  int64             `json:"amount_capturable"`
	AmountDetails                     amountDetails     `json:"amount_details"`
	AmountReceived                    int64             `json:"amount_received"`
	Application                       *string           `json:"application"`
	ApplicationFeeAmount              *int64            `json:"application_fee_amount"`
	AutomaticPaymentMethods           *automaticMethods `json:"automatic_payment_methods"`
	CanceledAt                        *int64            `json:"canceled_at"`
	CancellationReason                *string           `json:"cancellation_reason"`
	CaptureMethod                     string            `json:"capture_method"`
	ClientSecret                      string            `json:"client_secret"`
	ConfirmationMethod                string            `json:"confirmation_method"`
	Created                           int64             `json:"created"`
	Currency                          string            `json:"currency"`
	Customer                          *string           `json:"customer"`
	Description                       *string           `json:"description"`
	Invoice                           *string           `json:"invoice"`
	LastPaymentError                  *intentError      `json:"last_payment_error"`
	LatestCharge                      *string           `json:"latest_charge"`
	Livemode                          bool              `json:"livemode"`
	Metadata                          map[string]string `json:"metadata"`
	NextAction                        *nextAction       `json:"next_action"`
	OnBehalfOf                        *string           `json:"on_behalf_of"`
	PaymentMethod                     *string           `json:"payment_method"`
	PaymentMethodConfigurationDetails *struct{}         `json:"payment_method_configuration_details"`
	PaymentMethodOptions              map[string]any    `json:"payment_method_options"`
	PaymentMethodTypes                []string          `json:"payment_method_types"`
	Processing                        *struct{}         `json:"processing"`
	ReceiptEmail                      *string           `json:"receipt_email"`
	Review                            *string           `json:"review"`
	SetupFutureUsage                  *string           `json:"setup_future_usage"`
	Shipping                          *shipping         `json:"shipping"`
	StatementDescriptor               *string           `json:"statement_descriptor"`
	StatementDescriptorSuffix         *string           `json:"statement_descriptor_suffix"`
	Status                            string            `json:"status"`
	TransferData                      *struct{}         `json:"transfer_data"`
	TransferGroup                     *string           `json:"transfer_group"`

	Kept struct {
		ReturnURL string `json:"return_url,omitempty"`
		Page      string `json:"page,omitempty"`     // of the authentication or verification under way
		Session   string `json:"session,omitempty"`  // checkout session it pays
		Mandate   string `json:"mandate,omitempty"`  // by which a bank account is debited
		Tries     int    `json:"tries,omitempty"`    // of cards
		Platform  string `json:"platform,omitempty"` // that made it
	} `json:"-"`
}

type amountDetails struct {
	Tip struct{} `json:"tip"`
}

type automaticMethods struct {
	AllowRedirects string `json:"allow_redirects"`
	Enabled        bool   `json:"enabled"`
}

// intentError is last_payment_error and last_setup_error.
type intentError struct {
	AdviceCode    string          `json:"advice_code,omitempty"`
	Charge        string          `json:"charge,omitempty"`
	Code          string          `json:"code"`
	DeclineCode   string          `json:"decline_code,omitempty"`
	DocURL        string          `json:"doc_url"`
	Message       string          `json:"message"`
	Param         string          `json:"param,omitempty"`
	PaymentMethod json.RawMessage `json:"payment_method,omitempty"`
	Type          string          `json:"type"`
}

// nextAction tells the client what the payer has to do.
type nextAction struct {
	RedirectToURL           *redirectToURL `json:"redirect_to_url,omitempty"`
	Type                    string         `json:"type"`
	UseStripeSDK            *useStripeSDK  `json:"use_stripe_sdk,omitempty"`
	VerifyWithMicrodeposits *verifyAction  `json:"verify_with_microdeposits,omitempty"`
}

type redirectToURL struct {
	ReturnURL *string `json:"return_url"`
	URL       string  `json:"url"`
}

// useStripeSDK stands where no return_url was given. StripeJS is the page that
// Stripe's script would open.
type useStripeSDK struct {
	StripeJS string `json:"stripe_js"`
	Type     string `json:"type"`
}

var paymentIntents = register(&kind{
	name: "payment_intent", prefix: "pi", fresh: func() object { return &paymentIntent{} },
	expands: []string{"application", "customer", "invoice", "latest_charge", "on_behalf_of", "payment_method", "review"},
})

func (*paymentIntent) kind() *kind   { return paymentIntents }
func (p *paymentIntent) key() string { return p.ID }
func (p *paymentIntent) born() int64 { return p.Created }
func (p *paymentIntent) hidden() any { return &p.Kept }
func (p *paymentIntent) listedBy() []string {
	if p.Customer == nil {
		return nil
	}
	return []string{"customer:" + *p.Customer}
}

func init() {
	endpoint("POST", "/v1/payment_intents", createPaymentIntent)
	endpoint("GET", "/v1/payment_intents", listPaymentIntents)
	endpoint("GET", "/v1/payment_intents/{intent}", retrieve(paymentIntents, "intent", "intent"))
	endpoint("POST", "/v1/payment_intents/{intent}", updatePaymentIntent)
	endpoint("POST", "/v1/payment_intents/{intent}/confirm", confirmPaymentIntent)
	endpoint("POST", "/v1/payment_intents/{intent}/cancel", cancelPaymentIntent)
}

func createPaymentIntent(c *call) (any, error) {
	pi := c.newPaymentIntent()
	pi.madeBy(c.platform)
	pi.Amount = c.p.requireInteger("amount")
	pi.Currency = c.p.readCurrency(c.p.require("currency"))
	if c.p.errs.first == nil {
		c.p.checkAmount("amount", pi.Amount, pi.Currency)
	}
	who := c.p.string("customer")
	pi.read(c.p)
	pi.readCapture(c.p)
	c.readMethodTypes(pi)
	if c.p.enum("confirmation_method", "automatic", "manual") == "manual" {
		c.p.fail("payment_intent_invalid_parameter", "confirmation_method", "The confirmation_method `manual` is not available on this account: only `automatic` is supported.")
	}
	confirm, _ := c.p.boolean("confirm")
	options := c.readConfirm(confirm)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if who != "" {
		if _, err := c.payer(who); err != nil {
			return nil, err
		}
		pi.Customer = &who
	}
	if err := c.checkFee(pi); err != nil {
		return nil, err
	}
	if err := c.chooseMethod(pi, options); err != nil {
		return nil, err
	}
	if confirm && pi.PaymentMethod == nil {
		return nil, pi.unexpected("You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.")
	}
	c.put(pi)
	c.emit("payment_intent.created", pi)
	if !confirm {
		return pi, nil
	}
	return pi, c.confirm(pi, options)
}

// newPaymentIntent is an intent as it begins. Put it once it is complete.
func (t *tx) newPaymentIntent() *paymentIntent {
	id := newID("pi")
	return &paymentIntent{
		ID: id, Object: "payment_intent", Created: t.seconds(),
		ClientSecret: id + "_secret_" + random(25), CaptureMethod: "automatic_async",
		ConfirmationMethod: "automatic", Metadata: map[string]string{},
		PaymentMethodOptions: map[string]any{}, Status: needsMethod,
	}
}

// madeBy names the platform that made the intent, if one did.
func (pi *paymentIntent) madeBy(platform string) {
	if platform != "" {
		own := clientID(platform)
		pi.Application, pi.Kept.Platform = &own, platform
	}
}

// read takes what create and update share and what changes nothing but words.
func (pi *paymentIntent) read(p *params) {
	p.nullable("description", &pi.Description)
	p.nullable("receipt_email", &pi.ReceiptEmail)
	p.nullable("statement_descriptor", &pi.StatementDescriptor)
	p.nullable("statement_descriptor_suffix", &pi.StatementDescriptorSuffix)
	p.nullable("transfer_group", &pi.TransferGroup)
	pi.Shipping = p.readShipping(pi.Shipping)
	pi.Metadata = p.metadata(pi.Metadata)
	if p.has("setup_future_usage") {
		pi.SetupFutureUsage = nil
		if usage := p.enum("setup_future_usage", "", "off_session", "on_session"); usage != "" {
			pi.SetupFutureUsage = &usage
		}
	}
	if p.has("application_fee_amount") {
		pi.ApplicationFeeAmount = nil
		if text, _ := p.text("application_fee_amount"); text != "" {
			fee, _ := p.integer("application_fee_amount")
			pi.ApplicationFeeAmount = &fee
		}
	}
}

// readCapture takes capture_method. Holding funds for a later capture is not
// offered by this account.
func (pi *paymentIntent) readCapture(p *params) {
	switch method := p.enum("capture_method", "automatic", "automatic_async", "manual"); method {
	case "":
	case "manual":
		p.fail("payment_intent_invalid_parameter", "capture_method", "The capture_method `manual` is not available on this account: only `automatic` and `automatic_async` are supported.")
	default:
		pi.CaptureMethod = method
	}
}

// checkFee refuses an application fee where no platform is in play, and one
// larger than the payment.
func (c *call) checkFee(pi *paymentIntent) error {
	fee := pi.ApplicationFeeAmount
	switch {
	case fee == nil:
	case c.platform == "":
		return refuse("", "application_fee_amount", "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).")
	case *fee < 0 || *fee > pi.Amount:
		return refuse("parameter_invalid_integer", "application_fee_amount", "The application fee must be between 0 and the amount of the payment.")
	}
	return nil
}

// updatable are the states in which terms of an intent may still change.
var updatable = []string{needsMethod, needsConfirm, needsAction}

func updatePaymentIntent(c *call) (any, error) {
	pi, err := named[paymentIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	stored, terms := *pi, ""
	for _, field := range []string{"amount", "currency", "customer", "payment_method", "setup_future_usage", "application_fee_amount", "payment_method_data", "payment_method_types"} {
		if c.p.has(field) && terms == "" {
			terms = field
		}
	}
	if c.p.has("currency") {
		pi.Currency = c.p.readCurrency(c.p.require("currency"))
	}
	if amount, sent := c.p.integer("amount"); sent {
		pi.Amount = amount
	}
	if c.p.has("amount") || c.p.has("currency") {
		c.p.checkAmount("amount", pi.Amount, pi.Currency)
	}
	who := c.p.string("customer")
	pi.read(c.p)
	pi.readCapture(c.p)
	if types := c.p.strings("payment_method_types"); types != nil {
		pi.PaymentMethodTypes, pi.AutomaticPaymentMethods = types, nil
		pi.setMethodOptions()
	}
	if c.p.has("payment_method_types") || c.p.has("currency") {
		c.checkTypes(pi.PaymentMethodTypes, pi.Currency)
	}
	options := c.readMethod()
	pi.PaymentMethodOptions = c.p.readMethodOptions(pi.PaymentMethodOptions)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if terms != "" && !slices.Contains(updatable, pi.Status) {
		return nil, stored.unexpected("This PaymentIntent's %s could not be updated because it has a status of %s. You may only update the %s of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.", terms, pi.Status, terms)
	}
	if who != "" {
		if _, err := c.payer(who); err != nil {
			return nil, err
		}
		pi.Customer = &who
	}
	if err := c.checkFee(pi); err != nil {
		return nil, err
	}
	if terms != "" && pi.Status == needsAction {
		pi.Status, pi.NextAction, pi.Kept.Page = needsConfirm, nil, ""
	}
	if err := c.chooseMethod(pi, options); err != nil {
		return nil, err
	}
	c.put(pi)
	return pi, nil
}

func listPaymentIntents(c *call) (any, error) {
	by := ""
	if who := c.p.string("customer"); who != "" {
		by = "customer:" + who
	}
	return c.page(paymentIntents, by, nil)
}

func cancelPaymentIntent(c *call) (any, error) {
	pi, err := named[paymentIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	reason := c.p.enum("cancellation_reason", "duplicate", "fraudulent", "requested_by_customer", "abandoned")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if !c.cancelable(pi) {
		return nil, pi.unexpected("You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.", pi.Status)
	}
	if cs, ok := get[checkoutSession](c.tx, pi.Kept.Session); ok && cs.Status == sessionOpen {
		return nil, pi.unexpected("You cannot cancel this PaymentIntent because it was created by a Checkout Session. Expire the Checkout Session %s instead.", pi.Kept.Session)
	}
	c.cancelIntent(pi, reason)
	return pi, nil
}

// cancelIntent ends an intent that has not succeeded.
func (t *tx) cancelIntent(pi *paymentIntent, reason string) {
	now := t.seconds()
	if pi.Status == processing {
		t.cancelDebit(must[charge](t, *pi.LatestCharge))
	}
	t.dropMandate(pi.Kept.Mandate)
	pi.Status, pi.CanceledAt, pi.NextAction, pi.Kept.Page = canceled, &now, nil, ""
	if reason != "" {
		pi.CancellationReason = &reason
	}
	t.put(pi)
	t.emit("payment_intent.canceled", pi)
}

// unexpected is a step that the intent's state forbids; the intent comes with
// the answer.
func (pi *paymentIntent) unexpected(format string, args ...any) *apiError {
	e := refuse("payment_intent_unexpected_state", "", format, args...)
	e.PaymentIntent = *pi
	return e
}

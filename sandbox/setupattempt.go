package sandbox

// setupAttempt is one try to save a method (docs.stripe.com/api/setup_attempts).
type setupAttempt struct {
	ID                   string             `json:"id"`
	Object               string             `json:"object"`
	Application          *string            `json:"application"`
	Created              int64              `json:"created"`
	Customer             *string            `json:"customer"`
	FlowDirections       []string           `json:"flow_directions"`
	Livemode             bool               `json:"livemode"`
	OnBehalfOf           *string            `json:"on_behalf_of"`
	PaymentMethod        string             `json:"payment_method"`
	PaymentMethodDetails setupMethodDetails `json:"payment_method_details"`
	SetupError           *intentError       `json:"setup_error"`
	SetupIntent          string             `json:"setup_intent"`
	Status               string             `json:"status"`
	Usage                string             `json:"usage"`
}

type setupMethodDetails struct {
	Card          *setupCard `json:"card,omitempty"`
	Type          string     `json:"type"`
	USBankAccount *struct{}  `json:"us_bank_account,omitempty"`
}

type setupCard struct {
	Brand        string             `json:"brand"`
	Checks       cardChecks         `json:"checks"`
	Country      string             `json:"country"`
	ExpMonth     int64              `json:"exp_month"`
	ExpYear      int64              `json:"exp_year"`
	Fingerprint  string             `json:"fingerprint"`
	Funding      string             `json:"funding"`
	Last4        string             `json:"last4"`
	Network      string             `json:"network"`
	ThreeDSecure *setupThreeDSecure `json:"three_d_secure"`
	Wallet       *struct{}          `json:"wallet"`
}

// setupThreeDSecure is threeDSecure as a set-up shows it, where no exemption
// can be claimed.
type setupThreeDSecure struct {
	AuthenticationFlow          *string `json:"authentication_flow"`
	ElectronicCommerceIndicator *string `json:"electronic_commerce_indicator"`
	Result                      string  `json:"result"`
	ResultReason                *string `json:"result_reason"`
	TransactionID               *string `json:"transaction_id"`
	Version                     string  `json:"version"`
}

func (s *threeDSecure) forSetup() *setupThreeDSecure {
	if s == nil {
		return nil
	}
	return &setupThreeDSecure{
		AuthenticationFlow: s.AuthenticationFlow, ElectronicCommerceIndicator: s.ElectronicCommerceIndicator,
		Result: s.Result, ResultReason: s.ResultReason, TransactionID: s.TransactionID, Version: s.Version,
	}
}

var setupAttempts = register(&kind{
	name: "setup_attempt", prefix: "setatt", fresh: func() object { return &setupAttempt{} },
	expands: []string{"application", "customer", "on_behalf_of", "payment_method", "setup_intent"},
})

func (*setupAttempt) kind() *kind          { return setupAttempts }
func (a *setupAttempt) key() string        { return a.ID }
func (a *setupAttempt) born() int64        { return a.Created }
func (a *setupAttempt) listedBy() []string { return []string{"setup_intent:" + a.SetupIntent} }
func (a *setupAttempt) hidden() any        { return nil }

func init() {
	endpoint("GET", "/v1/setup_attempts", func(c *call) (any, error) {
		return c.page(setupAttempts, "setup_intent:"+c.p.require("setup_intent"), nil)
	})
}

// attemptSetup records a try and makes it the intent's latest.
func (t *tx) attemptSetup(si *setupIntent, m *paymentMethod, status string, authenticated *threeDSecure) *setupAttempt {
	a := &setupAttempt{
		ID: newID("setatt"), Object: "setup_attempt", Created: t.seconds(), Customer: si.Customer,
		PaymentMethod: m.ID, PaymentMethodDetails: setupMethodDetails{Type: m.Type},
		SetupIntent: si.ID, Status: status, Usage: si.Usage,
	}
	if m.isBank() {
		a.PaymentMethodDetails.USBankAccount = &struct{}{}
	}
	if m.Card != nil {
		a.PaymentMethodDetails.Card = &setupCard{
			Brand: m.Card.Brand, Checks: m.Card.Checks, Country: m.Card.Country, ExpMonth: m.Card.ExpMonth,
			ExpYear: m.Card.ExpYear, Fingerprint: m.Card.Fingerprint, Funding: m.Card.Funding,
			Last4: m.Card.Last4, Network: m.Card.Brand, ThreeDSecure: authenticated.forSetup(),
		}
	}
	si.LatestAttempt = &a.ID
	t.put(a)
	return a
}

// confirmSetup makes an attempt with the intent's method. It returns the 402 of
// a refusal, whose effects stay.
func (c *call) confirmSetup(si *setupIntent, o confirmOptions) error {
	m := must[paymentMethod](c.tx, *si.PaymentMethod)
	if err := usableFor(m, si.Customer); err != nil {
		return err
	}
	if a := si.AutomaticPaymentMethods; a != nil && a.AllowRedirects == "always" && o.returnURL == "" {
		return refuse("", "return_url", "This SetupIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	}
	si.NextAction, si.Kept.Page, si.Kept.ReturnURL = nil, "", o.returnURL
	if m.isBank() {
		return c.confirmBankSetup(si, m, o)
	}
	if m.spec().wantsAuthToSave() || wantsChallenge(si.PaymentMethodOptions) {
		c.attemptSetup(si, m, needsAction, nil)
		si.Status, si.LastSetupError = needsAction, nil
		si.Kept.Page, si.NextAction = c.openAuthentication(si.ID, o.returnURL)
		c.put(si)
		c.emit("setup_intent.requires_action", si)
		return nil
	}
	return c.completeSetup(si, m, nil)
}

// completeSetup asks the bank and saves the method.
func (t *tx) completeSetup(si *setupIntent, m *paymentMethod, authenticated *threeDSecure) error {
	if refused := m.cannotAttach(); refused != nil {
		return t.failSetup(si, m, cardError(refused))
	}
	t.attemptSetup(si, m, succeeded, authenticated)
	si.Status, si.NextAction, si.LastSetupError, si.Kept.Page = succeeded, nil, nil, ""
	if si.Usage == "off_session" {
		m.Kept.SetUp = true
		t.put(m)
	}
	if si.Customer != nil {
		t.saveMethod(m, *si.Customer)
	}
	t.put(si)
	t.emit("setup_intent.succeeded", si)
	t.completeSession(si.Kept.Session)
	return nil
}

// failSetup ends an attempt without success and returns its error, completed.
func (t *tx) failSetup(si *setupIntent, m *paymentMethod, e *apiError) *apiError {
	e.commits = true
	method := t.wire(m)
	si.LastSetupError = &intentError{
		AdviceCode: e.AdviceCode, Code: e.Code, DeclineCode: e.DeclineCode, DocURL: docURL(e.Code),
		Message: e.Message, Param: e.Param, PaymentMethod: encode(method), Type: e.Type,
	}
	a := t.attemptSetup(si, m, "failed", nil)
	a.SetupError = si.LastSetupError
	si.Status, si.PaymentMethod, si.NextAction, si.Kept.Page = needsMethod, nil, nil, ""
	t.put(si)
	t.emit("setup_intent.setup_failed", si)
	e.SetupIntent, e.PaymentMethod = *si, method
	return e
}

// finishSetup goes on with a set-up after the payer was asked.
func (t *tx) finishSetup(si *setupIntent, passed bool) {
	m := must[paymentMethod](t, *si.PaymentMethod)
	if passed {
		// A refusal is in the intent; there is no request to answer with it.
		_ = t.completeSetup(si, m, challenged())
		return
	}
	_ = t.failSetup(si, m, &apiError{
		Status: 402, Type: typeInvalid, Code: "setup_intent_authentication_failure",
		Message: "The latest attempt to set up the payment method has failed because authentication failed.",
	})
}

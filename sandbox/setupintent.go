package sandbox

import "slices"

// setupIntent saves a payment method for later
// (docs.stripe.com/api/setup_intents).
type setupIntent struct {
	ID                                string            `json:"id"`
	Object                            string            `json:"object"`
	Application                       *string           `json:"application"`
	AutomaticPaymentMethods           *automaticMethods `json:"automatic_payment_methods"`
	CancellationReason                *string           `json:"cancellation_reason"`
	ClientSecret                      string            `json:"client_secret"`
	Created                           int64             `json:"created"`
	Customer                          *string           `json:"customer"`
	Description                       *string           `json:"description"`
	FlowDirections                    []string          `json:"flow_directions"`
	LastSetupError                    *intentError      `json:"last_setup_error"`
	LatestAttempt                     *string           `json:"latest_attempt"`
	Livemode                          bool              `json:"livemode"`
	Mandate                           *string           `json:"mandate"`
	Metadata                          map[string]string `json:"metadata"`
	NextAction                        *nextAction       `json:"next_action"`
	OnBehalfOf                        *string           `json:"on_behalf_of"`
	PaymentMethod                     *string           `json:"payment_method"`
	PaymentMethodConfigurationDetails *struct{}         `json:"payment_method_configuration_details"`
	PaymentMethodOptions              map[string]any    `json:"payment_method_options"`
	PaymentMethodTypes                []string          `json:"payment_method_types"`
	SingleUseMandate                  *string           `json:"single_use_mandate"`
	Status                            string            `json:"status"`
	Usage                             string            `json:"usage"`

	Kept struct {
		ReturnURL string `json:"return_url,omitempty"`
		Page      string `json:"page,omitempty"`    // of the authentication or verification under way
		Session   string `json:"session,omitempty"` // checkout session it is of
	} `json:"-"`
}

var setupIntents = register(&kind{
	name: "setup_intent", prefix: "seti", fresh: func() object { return &setupIntent{} },
	expands: []string{
		"application", "customer", "latest_attempt", "mandate", "on_behalf_of", "payment_method", "single_use_mandate",
	},
})

func (*setupIntent) kind() *kind   { return setupIntents }
func (s *setupIntent) key() string { return s.ID }
func (s *setupIntent) born() int64 { return s.Created }
func (s *setupIntent) hidden() any { return &s.Kept }
func (s *setupIntent) listedBy() []string {
	if s.Customer == nil {
		return nil
	}
	return []string{"customer:" + *s.Customer}
}

func init() {
	endpoint("POST", "/v1/setup_intents", createSetupIntent)
	endpoint("GET", "/v1/setup_intents", listSetupIntents)
	endpoint("GET", "/v1/setup_intents/{intent}", retrieve(setupIntents, "intent", "intent"))
	endpoint("POST", "/v1/setup_intents/{intent}", updateSetupIntent)
	endpoint("POST", "/v1/setup_intents/{intent}/confirm", confirmSetupIntent)
	endpoint("POST", "/v1/setup_intents/{intent}/cancel", cancelSetupIntent)
}

func createSetupIntent(c *call) (any, error) {
	si := c.newSetupIntent()
	if c.platform != "" {
		own := clientID(c.platform)
		si.Application = &own
	}
	who := c.p.string("customer")
	si.read(c.p)
	if usage := c.p.enum("usage", "off_session", "on_session"); usage != "" {
		si.Usage = usage
	}
	c.readSetupTypes(si)
	confirm, _ := c.p.boolean("confirm")
	options := c.readSetupConfirm(confirm)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if who != "" {
		if _, err := c.payer(who); err != nil {
			return nil, err
		}
		si.Customer = &who
	}
	if err := c.chooseSetupMethod(si, options); err != nil {
		return nil, err
	}
	if confirm && si.PaymentMethod == nil {
		return nil, si.missingMethod()
	}
	c.put(si)
	c.emit("setup_intent.created", si)
	if !confirm {
		return si, nil
	}
	return si, c.confirmSetup(si, options)
}

// newSetupIntent is an intent as it begins. Put it once it is complete.
func (t *tx) newSetupIntent() *setupIntent {
	id := newID("seti")
	return &setupIntent{
		ID: id, Object: "setup_intent", Created: t.seconds(), ClientSecret: id + "_secret_" + random(25),
		Metadata: map[string]string{}, PaymentMethodOptions: map[string]any{}, Status: needsMethod, Usage: "off_session",
	}
}

func (si *setupIntent) read(p *params) {
	p.nullable("description", &si.Description)
	si.Metadata = p.metadata(si.Metadata)
}

func (c *call) readSetupTypes(si *setupIntent) {
	types := c.p.strings("payment_method_types")
	automatic := c.p.hash("automatic_payment_methods")
	enabled, redirects := true, "always"
	if automatic != nil {
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
		c.checkTypes(types, "")
		si.PaymentMethodTypes = types
	case enabled:
		si.PaymentMethodTypes = automaticTypes
		si.AutomaticPaymentMethods = &automaticMethods{AllowRedirects: redirects, Enabled: true}
	default:
		si.PaymentMethodTypes = []string{"card"}
	}
	si.setMethodOptions()
	si.PaymentMethodOptions = c.p.readMethodOptions(si.PaymentMethodOptions)
}

func (si *setupIntent) setMethodOptions() {
	si.PaymentMethodOptions = map[string]any{}
	if slices.Contains(si.PaymentMethodTypes, "card") {
		si.PaymentMethodOptions["card"] = map[string]any{
			"mandate_options": nil, "network": nil, "request_three_d_secure": "automatic",
		}
	}
	if slices.Contains(si.PaymentMethodTypes, usBankAccount) {
		si.PaymentMethodOptions[usBankAccount] = map[string]any{"verification_method": "automatic"}
	}
}

func (c *call) readSetupConfirm(confirming bool) confirmOptions {
	o := c.readMethod()
	if !confirming {
		for _, field := range []string{"return_url", "mandate_data"} {
			if c.p.has(field) {
				c.p.ignore(field)
				c.p.fail("setup_intent_invalid_parameter", field, "You can only set `%s` when `confirm` is `true`.", field)
			}
		}
		c.p.ignore("use_stripe_sdk")
		return o
	}
	o.returnURL, o.acceptance = c.p.string("return_url"), c.p.readMandateData()
	c.p.ignore("use_stripe_sdk", "client_secret")
	return o
}

func (c *call) chooseSetupMethod(si *setupIntent, o confirmOptions) error {
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
	if err := usableFor(m, si.Customer); err != nil {
		return err
	}
	if !slices.Contains(si.PaymentMethodTypes, m.Type) {
		return refuse("", "payment_method", "The PaymentMethod provided (%s) is not allowed for this SetupIntent. Please attach a PaymentMethod of one of the following types: %s.", m.Type, orList(si.PaymentMethodTypes))
	}
	si.PaymentMethod = &m.ID
	if si.Status == needsMethod {
		si.Status = needsConfirm
	}
	return nil
}

func updateSetupIntent(c *call) (any, error) {
	si, err := named[setupIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	stored := *si
	who := c.p.string("customer")
	si.read(c.p)
	if types := c.p.strings("payment_method_types"); types != nil {
		c.checkTypes(types, "")
		si.PaymentMethodTypes, si.AutomaticPaymentMethods = types, nil
		si.setMethodOptions()
	}
	si.PaymentMethodOptions = c.p.readMethodOptions(si.PaymentMethodOptions)
	options := c.readMethod()
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if !slices.Contains(updatable, si.Status) && (who != "" || options.method != "" || options.data != nil) {
		return nil, stored.unexpected("You cannot update this SetupIntent because it has a status of %s.", si.Status)
	}
	if who != "" {
		if _, err := c.payer(who); err != nil {
			return nil, err
		}
		si.Customer = &who
	}
	if err := c.chooseSetupMethod(si, options); err != nil {
		return nil, err
	}
	c.put(si)
	return si, nil
}

func listSetupIntents(c *call) (any, error) {
	by, method := "", c.p.string("payment_method")
	if who := c.p.string("customer"); who != "" {
		by = "customer:" + who
	}
	return c.page(setupIntents, by, func(o object) bool {
		si := o.(*setupIntent)
		return method == "" || (si.PaymentMethod != nil && *si.PaymentMethod == method)
	})
}

func confirmSetupIntent(c *call) (any, error) {
	si, err := named[setupIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	stored := *si
	si.PaymentMethodOptions = c.p.readMethodOptions(si.PaymentMethodOptions)
	options := c.readSetupConfirm(true)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	switch {
	case si.Status == succeeded:
		return nil, stored.unexpected("You cannot confirm this SetupIntent because it has already succeeded.")
	case !slices.Contains(updatable, si.Status):
		return nil, stored.unexpected("You cannot confirm this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.", si.Status)
	}
	if err := c.chooseSetupMethod(si, options); err != nil {
		return nil, err
	}
	if si.PaymentMethod == nil {
		return nil, stored.missingMethod()
	}
	return si, c.confirmSetup(si, options)
}

func cancelSetupIntent(c *call) (any, error) {
	si, err := named[setupIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	reason := c.p.enum("cancellation_reason", "abandoned", "requested_by_customer", "duplicate")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if !slices.Contains(updatable, si.Status) {
		return nil, si.unexpected("You cannot cancel this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be canceled: requires_payment_method, requires_confirmation, requires_action.", si.Status)
	}
	if si.Mandate != nil {
		c.dropMandate(*si.Mandate)
	}
	si.Status, si.NextAction, si.Kept.Page = canceled, nil, ""
	if reason != "" {
		si.CancellationReason = &reason
	}
	c.put(si)
	c.emit("setup_intent.canceled", si)
	return si, nil
}

func (si *setupIntent) unexpected(format string, args ...any) *apiError {
	e := refuse("setup_intent_unexpected_state", "", format, args...)
	e.SetupIntent = *si
	return e
}

func (si *setupIntent) missingMethod() *apiError {
	return si.unexpected("You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a payment method and then confirm it again.")
}

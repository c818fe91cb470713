package sandbox

import (
	"maps"
	"slices"
)

// achCapability is what an account needs to debit bank accounts.
const achCapability = "us_bank_account_ach_payments"

// capability is what an account may do, as events tell of it
// (docs.stripe.com/api/capabilities). It is a view of the account and never
// kept by itself.
type capability struct {
	ID                 string              `json:"id"`
	Object             string              `json:"object"`
	Account            string              `json:"account"`
	FutureRequirements accountRequirements `json:"future_requirements"`
	Requested          bool                `json:"requested"`
	RequestedAt        *int64              `json:"requested_at"`
	Requirements       accountRequirements `json:"requirements"`
	Status             string              `json:"status"`
}

var capabilities = &kind{name: "capability", expands: []string{"account"}}

func (*capability) kind() *kind        { return capabilities }
func (c *capability) key() string      { return c.ID }
func (*capability) born() int64        { return 0 }
func (*capability) listedBy() []string { return nil }
func (*capability) hidden() any        { return nil }

// ach is the state of the account's capability. An account of a journal that
// is older than bank debits has it active.
func (a *account) ach() string {
	state, known := a.Capabilities[achCapability]
	switch {
	case known:
		return state
	case a.Kept.Setup != nil:
		return "unrequested"
	}
	return "active"
}

// setACH changes the state of the capability and tells of it.
func (t *tx) setACH(own *account, state string) {
	was := *own
	if own.Kept.Setup != nil {
		setup := own.ownSetup()
		setup.Held = maps.Clone(setup.Held)
		if setup.Held == nil {
			setup.Held = map[string]string{}
		}
		setup.Held[achCapability] = state
	}
	own.Capabilities = maps.Clone(own.Capabilities)
	own.Capabilities[achCapability] = state
	t.emitCapabilities(&was, own)
}

func (t *tx) achActive() bool { return must[account](t, t.world.id).ach() == "active" }

// checkBankDebit refuses bank debits where the account may not make them, and
// in another currency than dollars; "" is a set-up, which has none.
func (c *call) checkBankDebit(types []string, currency string) {
	switch {
	case !slices.Contains(types, usBankAccount):
	case !c.achActive() || !c.platformDebits():
		c.p.failType(usBankAccount)
	case currency != "" && currency != "usd":
		c.p.fail("payment_intent_invalid_parameter", "currency", "The currency provided (%s) is invalid. Payments with us_bank_account support the following currencies: usd.", currency)
	}
}

// failType refuses a type of payment method that the account has not.
func (p *params) failType(name string) {
	p.fail("payment_intent_invalid_parameter", "payment_method_types", "The payment method type provided: %s is invalid. Please ensure the provided type is activated in your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled for any preview features that you are trying to use.", name)
}

// bankReady refuses a bank account that cannot be used as it stands, before
// anybody is asked.
func (t *tx) bankReady(m *paymentMethod) *apiError {
	switch {
	case !t.achActive():
		return refuse("payment_intent_invalid_parameter", "payment_method_types", "The payment method type provided: us_bank_account is invalid. Your account needs the capability us_bank_account_ach_payments, which is %s.", must[account](t, t.world.id).ach())
	case m.BillingDetails.Name == nil || *m.BillingDetails.Name == "":
		return refuse("parameter_missing", "billing_details[name]", "Missing required param: billing_details[name].")
	}
	return nil
}

package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// paymentMethod is a way to pay (docs.stripe.com/api/payment_methods). The
// number of a card or a bank account is never kept: only which test card or
// account it is.
type paymentMethod struct {
	ID             string            `json:"id"`
	Object         string            `json:"object"`
	AllowRedisplay string            `json:"allow_redisplay"`
	BillingDetails billingDetails    `json:"billing_details"`
	Card           *methodCard       `json:"card,omitempty"`
	Created        int64             `json:"created"`
	Customer       *string           `json:"customer"`
	Livemode       bool              `json:"livemode"`
	Metadata       map[string]string `json:"metadata"`
	Type           string            `json:"type"`
	USBankAccount  *methodBank       `json:"us_bank_account,omitempty"`

	Kept struct {
		Card  string `json:"card,omitempty"`   // name of the test card
		Spent bool   `json:"spent,omitempty"`  // used without a customer, or detached
		SetUp bool   `json:"set_up,omitempty"` // authenticated for off-session use
		// Refused is why no bank takes the card any more, by the setting "declines".
		Refused string `json:"refused,omitempty"`

		Bank     string `json:"bank,omitempty"`     // name of the test account
		Verified bool   `json:"verified,omitempty"` // known to be its owner's
		Mandate  string `json:"mandate,omitempty"`  // standing permission to debit it
		Returns  int    `json:"returns,omitempty"`  // debits that came back late
	} `json:"-"`
}

type methodCard struct {
	Brand             string       `json:"brand"`
	Checks            cardChecks   `json:"checks"`
	Country           string       `json:"country"`
	DisplayBrand      string       `json:"display_brand"`
	ExpMonth          int64        `json:"exp_month"`
	ExpYear           int64        `json:"exp_year"`
	Fingerprint       string       `json:"fingerprint"`
	Funding           string       `json:"funding"`
	GeneratedFrom     *struct{}    `json:"generated_from"`
	Last4             string       `json:"last4"`
	Networks          cardNetworks `json:"networks"`
	ThreeDSecureUsage struct {
		Supported bool `json:"supported"`
	} `json:"three_d_secure_usage"`
	Wallet *struct{} `json:"wallet"`
}

type cardChecks struct {
	AddressLine1Check      *string `json:"address_line1_check"`
	AddressPostalCodeCheck *string `json:"address_postal_code_check"`
	CVCCheck               *string `json:"cvc_check"`
}

type cardNetworks struct {
	Available []string `json:"available"`
	Preferred *string  `json:"preferred"`
}

var paymentMethods = register(&kind{
	name: "payment_method", prefix: "pm", fresh: func() object { return &paymentMethod{} },
	expands: []string{"customer"},
})

func (*paymentMethod) kind() *kind   { return paymentMethods }
func (m *paymentMethod) key() string { return m.ID }
func (m *paymentMethod) born() int64 { return m.Created }
func (m *paymentMethod) hidden() any { return &m.Kept }
func (m *paymentMethod) listedBy() []string {
	if m.Customer == nil {
		return nil
	}
	return []string{"customer:" + *m.Customer}
}

func (m *paymentMethod) spec() *cardSpec { return cardsByName[m.Kept.Card] }

func init() {
	endpoint("POST", "/v1/payment_methods", createPaymentMethod)
	endpoint("GET", "/v1/payment_methods", listPaymentMethods)
	endpoint("GET", "/v1/payment_methods/{payment_method}", retrieve(paymentMethods, "payment_method", "payment_method"))
	endpoint("POST", "/v1/payment_methods/{payment_method}", updatePaymentMethod)
	endpoint("POST", "/v1/payment_methods/{payment_method}/attach", attachPaymentMethod)
	endpoint("POST", "/v1/payment_methods/{payment_method}/detach", detachPaymentMethod)
	endpoint("GET", "/v1/customers/{customer}/payment_methods", listCustomerMethods)
	endpoint("GET", "/v1/customers/{customer}/payment_methods/{payment_method}", retrieveCustomerMethod)
}

func createPaymentMethod(c *call) (any, error) {
	m, err := c.readPaymentMethod(c.p)
	if err != nil {
		return nil, err
	}
	c.put(m)
	return m, nil
}

// readPaymentMethod makes a method, not yet put, from the parameters of its
// creation or from a payment_method_data hash. It asks done if p is the
// request itself.
func (c *call) readPaymentMethod(p *params) (*paymentMethod, error) {
	kind := p.require("type")
	m := &paymentMethod{
		ID: newID("pm"), Object: "payment_method", AllowRedisplay: "unspecified",
		Created: c.seconds(), Metadata: p.metadata(nil), Type: kind,
		BillingDetails: p.readBillingDetails(billingDetails{}),
	}
	if redisplay := p.enum("allow_redisplay", "always", "limited", "unspecified"); redisplay != "" {
		m.AllowRedisplay = redisplay
	}
	p.ignore("radar_options")
	if kind == usBankAccount {
		return m, c.readBankMethod(p, m)
	}
	if kind != "" && kind != "card" {
		p.errs.first = invalidParam("payment_method_unactivated", p.name("type"), "The payment method type \"%s\" is invalid. Please ensure the provided type is activated in your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled for any preview features that you are trying to use.", kind)
		p.ignore(kind)
	}
	card := p.hash("card")
	if card == nil && kind == "card" {
		p.fail("parameter_missing", "card", "Missing required param: %s.", p.name("card"))
	}
	var token, number, cvc string
	var month, year int64
	if card != nil {
		token = card.string("token")
		if token == "" {
			number = card.require("number")
			month, year = card.requireInteger("exp_month"), card.requireInteger("exp_year")
			cvc = card.string("cvc")
		}
		card.ignore("networks")
	}
	if p == c.p {
		if err := c.p.done(); err != nil {
			return nil, err
		}
	}
	if p.errs.first != nil {
		return nil, p.errs.first
	}
	if token != "" {
		spec, ok := cardsByToken[token]
		if !ok {
			return nil, refuse("resource_missing", p.name("card")+"[token]", "No such token: '%s'", token)
		}
		c.setCard(m, spec, c.at.Month(), c.at.Year()+3, true)
		return m, nil
	}
	spec, refused := cardByNumber(number)
	if refused == nil {
		refused = checkCard(spec, month, fullYear(year), cvc, c.at)
	}
	if refused != nil {
		failed := cardError(refused)
		failed.commits = false
		return nil, failed
	}
	c.setCard(m, spec, time.Month(month), int(fullYear(year)), cvc != "")
	return m, nil
}

func fullYear(year int64) int64 {
	if year >= 0 && year < 100 {
		return 2000 + year
	}
	return year
}

// checkCard refuses what Stripe sees to be wrong without asking the bank.
func checkCard(spec *cardSpec, month, year int64, cvc string, now time.Time) *decline {
	digits := 3
	if spec.brand == "amex" {
		digits = 4
	}
	switch {
	case month < 1 || month > 12:
		return declineOf("invalid_expiry_month", "", "")
	case year < int64(now.Year()) || year > int64(now.Year())+50:
		return declineOf("invalid_expiry_year", "", "")
	case year == int64(now.Year()) && month < int64(now.Month()):
		return declineOf("invalid_expiry_month", "", "")
	case cvc != "" && (strings.Trim(cvc, "0123456789") != "" || (len(cvc) != digits && len(cvc) != 3)):
		return declineOf("invalid_cvc", "", "")
	}
	return nil
}

// setCard gives the method its card. The fingerprint is the same for the same
// number, and tells nothing about it.
func (t *tx) setCard(m *paymentMethod, spec *cardSpec, month time.Month, year int, withCVC bool) {
	number := spec.number
	if t.settings().DistinctCards {
		number += " " + m.ID
	}
	card := &methodCard{
		Brand: spec.brand, Country: spec.country, DisplayBrand: displayBrand(spec.brand),
		ExpMonth: int64(month), ExpYear: int64(year), Funding: spec.funding,
		Fingerprint: t.server.digest(16, "card", number),
		Last4:       spec.number[len(spec.number)-4:],
		Networks:    cardNetworks{Available: []string{spec.brand}},
	}
	card.ThreeDSecureUsage.Supported = true
	if withCVC {
		unchecked := "unchecked"
		card.Checks.CVCCheck = &unchecked
	}
	m.Card, m.Kept.Card = card, spec.name
}

func displayBrand(brand string) string {
	switch brand {
	case "amex":
		return "american_express"
	case "diners":
		return "diners_club"
	}
	return brand
}

// expired reports whether the card's last month is over.
func (m *paymentMethod) expired(now time.Time) bool {
	end := time.Date(int(m.Card.ExpYear), time.Month(m.Card.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC)
	return !now.Before(end)
}

// usePaymentMethod finds what the parameter payment_method names. One of
// Stripe's test names, such as pm_card_visa, makes a new method each time.
func (c *call) usePaymentMethod(id string) (*paymentMethod, error) {
	if bank, ok := banksByAlias[id]; ok {
		m := c.aliasedBank(bank)
		c.put(m)
		return m, nil
	}
	spec, ok := cardsByToken[id]
	if !ok || strings.HasPrefix(id, "tok_") {
		return referred[paymentMethod](c, "payment_method", id)
	}
	m := &paymentMethod{
		ID: newID("pm"), Object: "payment_method", AllowRedisplay: "unspecified",
		Created: c.seconds(), Metadata: map[string]string{}, Type: "card",
	}
	c.setCard(m, spec, c.at.Month(), c.at.Year()+3, true)
	c.put(m)
	return m, nil
}

func updatePaymentMethod(c *call) (any, error) {
	m, err := named[paymentMethod](c, "payment_method", "payment_method")
	if err != nil {
		return nil, err
	}
	was := *m
	m.Metadata = c.p.metadata(m.Metadata)
	m.BillingDetails = c.p.readBillingDetails(m.BillingDetails)
	if redisplay := c.p.enum("allow_redisplay", "always", "limited", "unspecified"); redisplay != "" {
		m.AllowRedisplay = redisplay
	}
	if h := c.p.hash("card"); h != nil && m.Card != nil {
		card := *m.Card
		if month, sent := h.integer("exp_month"); sent {
			card.ExpMonth = month
		}
		if year, sent := h.integer("exp_year"); sent {
			card.ExpYear = fullYear(year)
		}
		h.ignore("networks")
		m.Card = &card
	}
	m.updateBank(c.p)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if m.Customer == nil {
		return nil, refuse("", "payment_method", "You must save this PaymentMethod to a customer before you can update it.")
	}
	if m.Card == nil {
		c.put(m)
		c.emitChange("payment_method.updated", &was, m)
		return m, nil
	}
	if refused := checkCard(m.spec(), m.Card.ExpMonth, m.Card.ExpYear, "", c.at); refused != nil && m.Card != was.Card {
		failed := cardError(refused)
		failed.commits = false
		return nil, failed
	}
	c.put(m)
	c.emitChange("payment_method.updated", &was, m)
	return m, nil
}

func listPaymentMethods(c *call) (any, error) {
	who := c.p.string("customer")
	return c.listMethods(who, "customer", missing)
}

func listCustomerMethods(c *call) (any, error) {
	return c.listMethods(c.vars["customer"], "customer", missingPath)
}

func (c *call) listMethods(who, param string, absent func(*kind, string, string) *apiError) (any, error) {
	kind, redisplay := c.p.string("type"), c.p.string("allow_redisplay")
	if who != "" {
		if o, ok := get[customer](c.tx, who); !ok || o.Kept.Deleted {
			return nil, absent(customers, param, who)
		}
	}
	// Without a customer Stripe lists methods of Treasury only: none here.
	return c.page(paymentMethods, "customer:"+who, func(o object) bool {
		m := o.(*paymentMethod)
		return (kind == "" || m.Type == kind) && (redisplay == "" || m.AllowRedisplay == redisplay)
	})
}

func retrieveCustomerMethod(c *call) (any, error) {
	if err := c.p.done(); err != nil {
		return nil, err
	}
	m, err := named[paymentMethod](c, "payment_method", "payment_method")
	if err != nil {
		return nil, err
	}
	if m.Customer == nil || *m.Customer != c.vars["customer"] {
		return nil, missingPath(paymentMethods, "payment_method", m.ID)
	}
	return m, nil
}

// methodLabel is how pages show a method, e.g. "visa •••• 4242, 8/2030".
func (m *paymentMethod) methodLabel() string {
	if m.USBankAccount != nil {
		return m.USBankAccount.BankName + " •••• " + m.USBankAccount.Last4
	}
	return m.Card.Brand + " •••• " + m.Card.Last4 + ", " +
		strconv.FormatInt(m.Card.ExpMonth, 10) + "/" + strconv.FormatInt(m.Card.ExpYear, 10)
}

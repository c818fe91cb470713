package sandbox

import "strings"

// customer is a payer (docs.stripe.com/api/customers).
type customer struct {
	ID                  string            `json:"id"`
	Object              string            `json:"object"`
	Address             *address          `json:"address"`
	Balance             int64             `json:"balance"`
	Created             int64             `json:"created"`
	Currency            *string           `json:"currency"`
	DefaultSource       *string           `json:"default_source"`
	Delinquent          bool              `json:"delinquent"`
	Description         *string           `json:"description"`
	Discount            *struct{}         `json:"discount"`
	Email               *string           `json:"email"`
	InvoicePrefix       string            `json:"invoice_prefix"`
	InvoiceSettings     invoiceSettings   `json:"invoice_settings"`
	Livemode            bool              `json:"livemode"`
	Metadata            map[string]string `json:"metadata"`
	Name                *string           `json:"name"`
	NextInvoiceSequence int64             `json:"next_invoice_sequence"`
	Phone               *string           `json:"phone"`
	PreferredLocales    []string          `json:"preferred_locales"`
	Shipping            *shipping         `json:"shipping"`
	TaxExempt           string            `json:"tax_exempt"`
	TestClock           *string           `json:"test_clock"`

	Kept struct {
		Deleted bool `json:"deleted,omitempty"`
	} `json:"-"`
}

type invoiceSettings struct {
	CustomFields         []customField     `json:"custom_fields"`
	DefaultPaymentMethod *string           `json:"default_payment_method"`
	Footer               *string           `json:"footer"`
	RenderingOptions     *renderingOptions `json:"rendering_options"`
}

type customField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type renderingOptions struct {
	AmountTaxDisplay *string `json:"amount_tax_display"`
	Template         *string `json:"template"`
}

var customers = register(&kind{
	name: "customer", prefix: "cus", fresh: func() object { return &customer{} },
	expands: []string{"default_source", "invoice_settings.default_payment_method", "test_clock"},
})

func (*customer) kind() *kind   { return customers }
func (c *customer) key() string { return c.ID }
func (c *customer) born() int64 { return c.Created }
func (c *customer) hidden() any { return &c.Kept }
func (c *customer) listedBy() []string {
	if c.Email == nil {
		return nil
	}
	return []string{"email:" + *c.Email}
}

func init() {
	customers.renders = func(_ *tx, o object) any {
		if c := o.(*customer); c.Kept.Deleted {
			return &deletion{c.ID, c.Object, true}
		}
		return o
	}
	customers.includes = map[string]func(t *tx, o object) any{}
	for _, field := range []string{"sources", "subscriptions", "tax_ids"} {
		customers.includes[field] = func(_ *tx, o object) any {
			return newList("/v1/customers/" + o.key() + "/" + field)
		}
	}
	endpoint("POST", "/v1/customers", createCustomer)
	endpoint("GET", "/v1/customers", listCustomers)
	endpoint("GET", "/v1/customers/{customer}", retrieve(customers, "customer", "id"))
	endpoint("POST", "/v1/customers/{customer}", updateCustomer)
	endpoint("DELETE", "/v1/customers/{customer}", deleteCustomer)
}

// payer returns the customer the parameter of that name asks for, who must not
// be deleted.
func (c *call) payer(id string) (*customer, error) {
	who, err := referred[customer](c, "customer", id)
	if err == nil && who.Kept.Deleted {
		return nil, missing(customers, "customer", id)
	}
	return who, err
}

func createCustomer(c *call) (any, error) {
	who := c.newCustomer()
	source := c.p.string("payment_method")
	wanted := who.read(c.p)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	c.put(who)
	if source != "" {
		pm, err := c.usePaymentMethod(source)
		if err != nil {
			return nil, err
		}
		if failed := c.attach(pm, who); failed != nil {
			return nil, failed
		}
	}
	if err := c.setDefaultMethod(who, wanted); err != nil {
		return nil, err
	}
	c.emit("customer.created", who)
	return who, nil
}

// newCustomer is a customer as it begins. Put it once it is complete.
func (t *tx) newCustomer() *customer {
	return &customer{
		ID: "cus_" + random(14), Object: "customer", Created: t.seconds(),
		InvoicePrefix: strings.ToUpper(random(8)), NextInvoiceSequence: 1,
		Metadata: map[string]string{}, PreferredLocales: []string{}, TaxExempt: "none",
	}
}

func updateCustomer(c *call) (any, error) {
	who, err := named[customer](c, "customer", "id")
	if err != nil || who.Kept.Deleted {
		return nil, missingPath(customers, "id", c.vars["customer"])
	}
	was := *who
	wanted := who.read(c.p)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if err := c.setDefaultMethod(who, wanted); err != nil {
		return nil, err
	}
	c.put(who)
	c.emitChange("customer.updated", &was, who)
	return who, nil
}

// read takes what create and update share. It returns the default payment
// method that is wanted, nil if that was not sent.
func (who *customer) read(p *params) (wanted *string) {
	who.Address = p.readAddress("address", who.Address)
	who.Shipping = p.readShipping(who.Shipping)
	p.nullable("description", &who.Description)
	p.nullable("email", &who.Email)
	if who.Email != nil && !strings.Contains(*who.Email, "@") {
		p.fail("email_invalid", "email", "Invalid email address: %s", *who.Email)
	}
	p.nullable("name", &who.Name)
	p.nullable("phone", &who.Phone)
	who.Metadata = p.metadata(who.Metadata)
	if balance, sent := p.integer("balance"); sent {
		who.Balance = balance
	}
	if p.has("tax_exempt") {
		if who.TaxExempt = p.enum("tax_exempt", "", "none", "exempt", "reverse"); who.TaxExempt == "" {
			who.TaxExempt = "none"
		}
	}
	if prefix := p.string("invoice_prefix"); prefix != "" {
		who.InvoicePrefix = prefix
	}
	if next, sent := p.integer("next_invoice_sequence"); sent {
		who.NextInvoiceSequence = next
	}
	if p.has("preferred_locales") {
		who.PreferredLocales = append([]string{}, p.strings("preferred_locales")...)
	}
	return who.readInvoiceSettings(p)
}

func (who *customer) readInvoiceSettings(p *params) (wanted *string) {
	h := p.hash("invoice_settings")
	if h == nil {
		return nil
	}
	h.nullable("footer", &who.InvoiceSettings.Footer)
	if h.has("custom_fields") {
		who.InvoiceSettings.CustomFields = nil
		for _, f := range h.hashes("custom_fields") {
			who.InvoiceSettings.CustomFields = append(who.InvoiceSettings.CustomFields,
				customField{f.require("name"), f.require("value")})
		}
	}
	if method, sent := h.text("default_payment_method"); sent {
		wanted = &method
	}
	return wanted
}

// setDefaultMethod makes one of the customer's own methods his default; ""
// takes the default away, nil leaves it.
func (c *call) setDefaultMethod(who *customer, wanted *string) error {
	if wanted == nil {
		return nil
	}
	who.InvoiceSettings.DefaultPaymentMethod = nil
	if *wanted == "" {
		return nil
	}
	const param = "invoice_settings[default_payment_method]"
	pm, err := referred[paymentMethod](c, param, *wanted)
	if err != nil {
		return err
	}
	if pm.Customer == nil || *pm.Customer != who.ID {
		return refuse("resource_missing", param, "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", *wanted)
	}
	who.InvoiceSettings.DefaultPaymentMethod = wanted
	return nil
}

func listCustomers(c *call) (any, error) {
	by := ""
	if email := c.p.string("email"); email != "" {
		by = "email:" + email
	}
	return c.page(customers, by, func(o object) bool { return !o.(*customer).Kept.Deleted })
}

func deleteCustomer(c *call) (any, error) {
	who, err := named[customer](c, "customer", "id")
	if err != nil || who.Kept.Deleted {
		return nil, missingPath(customers, "id", c.vars["customer"])
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	c.emit("customer.deleted", who)
	for _, o := range c.table(paymentMethods).all("customer:" + who.ID) {
		c.detach(must[paymentMethod](c.tx, o.key()))
	}
	who.InvoiceSettings.DefaultPaymentMethod = nil
	who.Kept.Deleted = true
	c.put(who)
	return who, nil
}

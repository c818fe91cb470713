package gateway

import (
	"context"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// CreateCustomer makes the customer that a payer's methods belong to.
func (c *Client) CreateCustomer(ctx context.Context, key string, contact remit.Contact, metadata map[string]string) (string, error) {
	params := &stripe.CustomerParams{Name: stripe.String(contact.Name), Metadata: metadata}
	if contact.Email != "" {
		params.Email = stripe.String(contact.Email)
	}
	if contact.Telephone != "" {
		params.Phone = stripe.String(contact.Telephone)
	}
	if contact.Address != (remit.CustomerAddress{}) {
		params.Address = addressFor(contact.Address)
	}
	c.on(ctx, &params.Params, key)
	made, err := c.customers.New(params)
	if err != nil {
		return "", failureOf(err)
	}
	return made.ID, nil
}

// Customer retrieves a customer of the account; of one that was deleted nothing but
// that is told.
func (c *Client) Customer(ctx context.Context, id string) (remit.AtStripe, error) {
	params := &stripe.CustomerParams{}
	c.on(ctx, &params.Params, "")
	found, err := c.customers.Get(id, params)
	if err != nil {
		return remit.AtStripe{}, failureOf(err)
	}
	return atStripe(found), nil
}

// UpdateCustomer changes parts of what Stripe keeps of a customer, an empty one is taken
// away, and returns him as he is then.
func (c *Client) UpdateCustomer(ctx context.Context, key, id string, contact remit.Contact, parts []remit.ContactField) (remit.AtStripe, error) {
	params := &stripe.CustomerParams{}
	for _, part := range parts {
		switch part {
		case remit.ContactName:
			params.Name = stripe.String(contact.Name)
		case remit.ContactEmail:
			params.Email = stripe.String(contact.Email)
		case remit.ContactTelephone:
			params.Phone = stripe.String(contact.Telephone)
		case remit.ContactAddress:
			params.Address = addressFor(contact.Address)
		}
	}
	c.on(ctx, &params.Params, key)
	is, err := c.customers.Update(id, params)
	if err != nil {
		return remit.AtStripe{}, failureOf(err)
	}
	return atStripe(is), nil
}

// DeleteCustomer deletes a customer of the account, and with him what is saved there,
// for good.
func (c *Client) DeleteCustomer(ctx context.Context, id string) error {
	params := &stripe.CustomerParams{}
	c.on(ctx, &params.Params, "")
	_, err := c.customers.Del(id, params)
	return failureOf(err)
}

func atStripe(c *stripe.Customer) remit.AtStripe {
	is := remit.AtStripe{ID: c.ID, Contact: remit.Contact{Name: c.Name, Email: c.Email, Telephone: c.Phone}, Deleted: c.Deleted, Livemode: c.Livemode, Metadata: c.Metadata}
	if a := c.Address; a != nil {
		is.Contact.Address = remit.CustomerAddress{Line1: a.Line1, Line2: a.Line2, Town: a.City, Postcode: a.PostalCode, Country: a.Country}
	}
	if c.InvoiceSettings != nil && c.InvoiceSettings.DefaultPaymentMethod != nil {
		is.DefaultMethod = c.InvoiceSettings.DefaultPaymentMethod.ID
	}
	return is
}

// addressFor leaves a state alone, which we do not keep.
func addressFor(a remit.CustomerAddress) *stripe.AddressParams {
	return &stripe.AddressParams{
		Line1: stripe.String(a.Line1), Line2: stripe.String(a.Line2), City: stripe.String(a.Town), PostalCode: stripe.String(a.Postcode), Country: stripe.String(a.Country),
	}
}

// MethodView is a saved card or bank account as Stripe describes it.
type MethodView struct {
	ID          string
	Type        string // card or us_bank_account
	Customer    string // "" where it is attached to nobody
	Brand       string
	BankName    string
	Last4       string
	ExpMonth    int
	ExpYear     int
	Funding     string
	Fingerprint string
	// Blocked is the network's code for which a bank account takes no debits any
	// more, such as R02; "" while it takes them.
	Blocked string
}

// PaymentMethod retrieves one saved method.
func (c *Client) PaymentMethod(ctx context.Context, id string) (MethodView, error) {
	params := &stripe.PaymentMethodParams{}
	c.on(ctx, &params.Params, "")
	pm, err := c.paymentMethods.Get(id, params)
	if err != nil {
		return MethodView{}, failureOf(err)
	}
	return methodViewOf(pm), nil
}

// PaymentMethods lists the methods of a type saved with a Stripe customer.
func (c *Client) PaymentMethods(ctx context.Context, stripeCustomer, kind string) ([]MethodView, error) {
	params := &stripe.PaymentMethodListParams{Customer: stripe.String(stripeCustomer), Type: stripe.String(kind)}
	params.Context = ctx
	params.Limit = stripe.Int64(100)
	if c.access.Account != "" {
		params.SetStripeAccount(c.access.Account)
	}
	var methods []MethodView
	list := c.paymentMethods.List(params)
	for list.Next() {
		methods = append(methods, methodViewOf(list.PaymentMethod()))
	}
	if err := list.Err(); err != nil {
		return nil, failureOf(err)
	}
	return methods, nil
}

// DetachPaymentMethod takes a saved method away from its customer for good.
func (c *Client) DetachPaymentMethod(ctx context.Context, key, id string) error {
	params := &stripe.PaymentMethodDetachParams{}
	c.on(ctx, &params.Params, key)
	_, err := c.paymentMethods.Detach(id, params)
	return failureOf(err)
}

func methodViewOf(pm *stripe.PaymentMethod) MethodView {
	v := MethodView{ID: pm.ID, Type: string(pm.Type)}
	if pm.Customer != nil {
		v.Customer = pm.Customer.ID
	}
	if pm.Card != nil {
		v.Brand, v.Last4 = string(pm.Card.Brand), pm.Card.Last4
		v.ExpMonth, v.ExpYear = int(pm.Card.ExpMonth), int(pm.Card.ExpYear)
		v.Funding, v.Fingerprint = string(pm.Card.Funding), pm.Card.Fingerprint
	}
	if bank := pm.USBankAccount; bank != nil {
		v.BankName, v.Last4, v.Fingerprint = bank.BankName, bank.Last4, bank.Fingerprint
		if bank.StatusDetails != nil && bank.StatusDetails.Blocked != nil {
			if v.Blocked = string(bank.StatusDetails.Blocked.NetworkCode); v.Blocked == "" {
				v.Blocked = "bank_account_unusable"
			}
		}
	}
	return v
}

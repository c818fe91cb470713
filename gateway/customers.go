package gateway

import (
	"context"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// CreateCustomer makes the customer that a payer's methods belong to.
func (c *Client) CreateCustomer(ctx context.Context, key, name, email string, metadata map[string]string) (string, error) {
	params := &stripe.CustomerParams{Name: stripe.String(name), Metadata: metadata}
	if email != "" {
		params.Email = stripe.String(email)
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
	is := remit.AtStripe{ID: found.ID, Name: found.Name, Email: found.Email, Deleted: found.Deleted, Livemode: found.Livemode}
	if found.InvoiceSettings != nil && found.InvoiceSettings.DefaultPaymentMethod != nil {
		is.DefaultMethod = found.InvoiceSettings.DefaultPaymentMethod.ID
	}
	return is, nil
}

// UpdateCustomer changes a customer's name and e-mail address; "" takes either away.
func (c *Client) UpdateCustomer(ctx context.Context, key, id, name, email string) error {
	params := &stripe.CustomerParams{Name: stripe.String(name), Email: stripe.String(email)}
	c.on(ctx, &params.Params, key)
	_, err := c.customers.Update(id, params)
	return failureOf(err)
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

package gateway

import (
	"context"

	"github.com/stripe/stripe-go/v79"
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

// CardView is a saved card as Stripe describes it.
type CardView struct {
	ID          string
	Customer    string
	Brand       string
	Last4       string
	ExpMonth    int
	ExpYear     int
	Funding     string
	Fingerprint string
}

// PaymentMethod retrieves one saved method.
func (c *Client) PaymentMethod(ctx context.Context, id string) (CardView, error) {
	params := &stripe.PaymentMethodParams{}
	c.on(ctx, &params.Params, "")
	pm, err := c.paymentMethods.Get(id, params)
	if err != nil {
		return CardView{}, failureOf(err)
	}
	return cardOf(pm), nil
}

// PaymentMethods lists the cards saved with a Stripe customer.
func (c *Client) PaymentMethods(ctx context.Context, stripeCustomer string) ([]CardView, error) {
	params := &stripe.PaymentMethodListParams{Customer: stripe.String(stripeCustomer), Type: stripe.String("card")}
	params.Context = ctx
	params.Limit = stripe.Int64(100)
	if c.access.Account != "" {
		params.SetStripeAccount(c.access.Account)
	}
	var cards []CardView
	list := c.paymentMethods.List(params)
	for list.Next() {
		cards = append(cards, cardOf(list.PaymentMethod()))
	}
	if err := list.Err(); err != nil {
		return nil, failureOf(err)
	}
	return cards, nil
}

// DetachPaymentMethod takes a saved method away from its customer for good.
func (c *Client) DetachPaymentMethod(ctx context.Context, key, id string) error {
	params := &stripe.PaymentMethodDetachParams{}
	c.on(ctx, &params.Params, key)
	_, err := c.paymentMethods.Detach(id, params)
	return failureOf(err)
}

func cardOf(pm *stripe.PaymentMethod) CardView {
	v := CardView{ID: pm.ID}
	if pm.Customer != nil {
		v.Customer = pm.Customer.ID
	}
	if pm.Card != nil {
		v.Brand, v.Last4 = string(pm.Card.Brand), pm.Card.Last4
		v.ExpMonth, v.ExpYear = int(pm.Card.ExpMonth), int(pm.Card.ExpYear)
		v.Funding, v.Fingerprint = string(pm.Card.Funding), pm.Card.Fingerprint
	}
	return v
}

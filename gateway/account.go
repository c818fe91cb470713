package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// Account is a connected account as Stripe describes it.
type Account struct {
	ID              string
	BusinessName    string
	Country         string
	DefaultCurrency string
	Facts           remit.AccountFacts
}

// Account retrieves the account the access belongs to.
func (c *Client) Account(ctx context.Context) (Account, error) {
	params := &stripe.AccountParams{}
	c.on(ctx, &params.Params, "")
	a := &stripe.Account{}
	if err := c.backend.Call(http.MethodGet, "/v1/account", c.access.Key, params, a); err != nil {
		return Account{}, failureOf(err)
	}
	account := Account{
		ID: a.ID, Country: a.Country, DefaultCurrency: strings.ToUpper(string(a.DefaultCurrency)),
		Facts: remit.AccountFacts{
			DetailsSubmitted: a.DetailsSubmitted, ChargesEnabled: a.ChargesEnabled, PayoutsEnabled: a.PayoutsEnabled,
		},
	}
	if a.BusinessProfile != nil {
		account.BusinessName = a.BusinessProfile.Name
	}
	if r := a.Requirements; r != nil {
		account.Facts.DisabledReason = string(r.DisabledReason)
		account.Facts.CurrentlyDue, account.Facts.PastDue = r.CurrentlyDue, r.PastDue
		account.Facts.PendingVerification = r.PendingVerification
	}
	return account, nil
}

// EventTypes are the events Remit's endpoint asks for: those that can change
// what Remit has recorded.
var EventTypes = []string{
	"payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing",
	"payment_intent.requires_action", "payment_intent.canceled",
	"checkout.session.completed", "checkout.session.expired",
	"checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
	"payment_method.attached", "payment_method.detached", "payment_method.updated", "payment_method.automatically_updated",
	"charge.refunded", "account.updated",
}

// CreateEndpoint asks Stripe to send events to url and returns the endpoint's
// id and its signing secret, which Stripe shows this once.
func (c *Client) CreateEndpoint(ctx context.Context, key, url string) (id, secret string, err error) {
	params := &stripe.WebhookEndpointParams{
		URL: stripe.String(url), APIVersion: stripe.String(stripe.APIVersion),
		EnabledEvents: stripe.StringSlice(EventTypes),
		Description:   stripe.String("Remit"),
	}
	c.on(ctx, &params.Params, key)
	endpoint, err := c.endpoints.New(params)
	if err != nil {
		return "", "", failureOf(err)
	}
	return endpoint.ID, endpoint.Secret, nil
}

// DeleteEndpoint stops events to an endpoint; one that is gone already is fine.
func (c *Client) DeleteEndpoint(ctx context.Context, id string) error {
	params := &stripe.WebhookEndpointParams{}
	c.on(ctx, &params.Params, "")
	_, err := c.endpoints.Del(id, params)
	err = failureOf(err)
	if f, ok := errors.AsType[*Failure](err); ok && f.Status == http.StatusNotFound {
		return nil
	}
	return err
}

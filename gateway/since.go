package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v79"
)

// Made is an object at Stripe and what Remit wrote on it when it was made.
type Made struct {
	ID       string
	Metadata map[string]string
}

// pageSize is the most objects that Stripe lists at once.
const pageSize = 100

// IntentsSince lists the intents made since a time on the account's clock, all
// of them for the zero time, newest first.
func (c *Client) IntentsSince(ctx context.Context, since time.Time) ([]Made, error) {
	params := &stripe.PaymentIntentListParams{CreatedRange: from(since)}
	c.listing(ctx, &params.ListParams)
	var list []Made
	found := c.intents.List(params)
	for found.Next() {
		list = append(list, Made{ID: found.PaymentIntent().ID, Metadata: found.PaymentIntent().Metadata})
	}
	if err := found.Err(); err != nil {
		return nil, failureOf(err)
	}
	return list, nil
}

// OpenSessionsSince lists the sessions that are open and were made since a time,
// as [Client.IntentsSince] does.
func (c *Client) OpenSessionsSince(ctx context.Context, since time.Time) ([]Made, error) {
	params := &stripe.CheckoutSessionListParams{CreatedRange: from(since), Status: stripe.String("open")}
	c.listing(ctx, &params.ListParams)
	var list []Made
	found := c.sessions.List(params)
	for found.Next() {
		list = append(list, Made{ID: found.CheckoutSession().ID, Metadata: found.CheckoutSession().Metadata})
	}
	if err := found.Err(); err != nil {
		return nil, failureOf(err)
	}
	return list, nil
}

func (c *Client) listing(ctx context.Context, params *stripe.ListParams) {
	params.Context, params.Limit = ctx, stripe.Int64(pageSize)
	if c.access.Account != "" {
		params.SetStripeAccount(c.access.Account)
	}
}

func from(since time.Time) *stripe.RangeQueryParams {
	if since.IsZero() {
		return nil
	}
	return &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}
}

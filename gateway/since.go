package gateway

import (
	"context"
	"iter"
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

// within is the range from a time on, up to but without another; the zero time
// stands for no bound.
func within(since, until time.Time) *stripe.RangeQueryParams {
	span := from(since)
	if until.IsZero() {
		return span
	}
	if span == nil {
		span = &stripe.RangeQueryParams{}
	}
	span.LesserThan = until.Unix()
	return span
}

// pages is what the SDK's list iterators have in common. They hold one page.
type pages interface {
	Next() bool
	Err() error
}

// stream yields a list's objects as they are read, so that a list of any length
// takes the memory of one page. The calls are made while it is ranged over; an
// error ends it, as the last pair.
func stream[P pages, T any](list func() P, current func(P) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		found := list()
		for found.Next() {
			if !yield(current(found), nil) {
				return
			}
		}
		if err := failureOf(found.Err()); err != nil {
			var none T
			yield(none, err)
		}
	}
}

// collect reads a stream to its end.
func collect[T any](all iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for one, err := range all {
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func at(second int64) time.Time { return time.Unix(second, 0).UTC() }

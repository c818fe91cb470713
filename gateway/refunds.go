package gateway

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/refund"

	"remit"
)

// NewRefund is what a refund is created with. Amount is in Stripe's minor units
// and always sent, so that 0 is refused and never all that is left.
type NewRefund struct {
	PaymentIntent string
	Amount        int64
	Reason        string // duplicate, fraudulent, requested_by_customer or ""
	Metadata      map[string]string
	// ReturnFee returns the platform's application fee with it, in proportion.
	ReturnFee bool
}

// CreateRefund sends money of a payment back. A charge that has not got that
// much left is a [Failure] with meaning [Refunded], one that the payer's bank
// holds [Disputed], and a balance too low for it [Short]; where Stripe lets the
// balance fall short, the refund is pending until there is money.
func (c *Client) CreateRefund(ctx context.Context, key string, n NewRefund) (remit.RefundView, error) {
	params := &stripe.RefundParams{PaymentIntent: stripe.String(n.PaymentIntent), Amount: stripe.Int64(n.Amount)}
	for k, v := range n.Metadata {
		params.AddMetadata(k, v)
	}
	if n.Reason != "" {
		params.Reason = stripe.String(n.Reason)
	}
	if n.ReturnFee {
		params.RefundApplicationFee = stripe.Bool(true)
	}
	c.on(ctx, &params.Params, key)
	v, err := refundOr(c.refunds.New(params))
	// More than is left has no code of its own: Stripe names the parameter. It
	// gets the code of what it comes to.
	if f, ok := errors.AsType[*Failure](err); ok && f.Meaning == Stop && f.Code == "" && f.Param == "amount" {
		f.Meaning, f.Code = Refunded, "charge_already_refunded"
	}
	return v, err
}

// Refund retrieves a refund as it stands.
func (c *Client) Refund(ctx context.Context, id string) (remit.RefundView, error) {
	params := &stripe.RefundParams{}
	c.on(ctx, &params.Params, "")
	return refundOr(c.refunds.Get(id, params))
}

// CancelRefund takes back a refund that waits for the payer. In any other state
// it is refused with meaning [Stop].
func (c *Client) CancelRefund(ctx context.Context, key, id string) (remit.RefundView, error) {
	params := &stripe.RefundCancelParams{}
	c.on(ctx, &params.Params, key)
	return refundOr(c.refunds.Cancel(id, params))
}

// RefundsOf lists all refunds of an intent, oldest first, whoever made them.
func (c *Client) RefundsOf(ctx context.Context, intent string) ([]remit.RefundView, error) {
	list, err := collect(c.refundStream(ctx, &stripe.RefundListParams{PaymentIntent: stripe.String(intent)}))
	slices.Reverse(list)
	return list, err
}

// RefundsSince streams the refunds made since a time on the account's clock,
// newest first.
func (c *Client) RefundsSince(ctx context.Context, since time.Time) iter.Seq2[remit.RefundView, error] {
	return c.refundStream(ctx, &stripe.RefundListParams{CreatedRange: from(since)})
}

func (c *Client) refundStream(ctx context.Context, params *stripe.RefundListParams) iter.Seq2[remit.RefundView, error] {
	c.listing(ctx, &params.ListParams)
	return stream(
		func() *refund.Iter { return c.refunds.List(params) },
		func(p *refund.Iter) remit.RefundView { return refundView(p.Refund()) },
	)
}

func refundOr(r *stripe.Refund, err error) (remit.RefundView, error) {
	if err != nil {
		return remit.RefundView{}, failureOf(err)
	}
	return refundView(r), nil
}

func refundView(r *stripe.Refund) remit.RefundView {
	v := remit.RefundView{
		ID: r.ID, Amount: r.Amount, Currency: string(r.Currency), Status: remit.RefundState(r.Status), FailureReason: string(r.FailureReason),
		Debited: r.BalanceTransaction != nil, Metadata: r.Metadata, Created: time.Unix(r.Created, 0).UTC(),
	}
	if r.PaymentIntent != nil {
		v.PaymentIntent = r.PaymentIntent.ID
	}
	if r.Charge != nil {
		v.Charge = r.Charge.ID
	}
	return v
}

package gateway

import (
	"context"
	"iter"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/dispute"
)

// DisputeView is what Stripe says of a dispute.
type DisputeView struct {
	ID string
	// Status is needs_response, under_review, won or lost; of an inquiry, in
	// which no money has moved, warning_needs_response, warning_under_review or
	// warning_closed.
	Status        string
	PaymentIntent string
	Charge        string
	Currency      string
	Amount        int64
	Reason        string
	RespondBy     time.Time // zero where no answer is possible
	Answered      bool      // evidence was submitted at least once
	// Refundable says that the charge can still be refunded.
	Refundable bool
	// BalanceTransactions took the amount and the fee, and gave back what was won.
	BalanceTransactions []BalanceTransactionView
	Created             time.Time
}

// Taken is what the dispute has cost the balance so far, fees included: 0 while
// it is an inquiry.
func (v DisputeView) Taken() int64 {
	taken := int64(0)
	for _, m := range v.BalanceTransactions {
		taken -= m.Net
	}
	return taken
}

// Dispute retrieves a dispute as it stands.
func (c *Client) Dispute(ctx context.Context, id string) (DisputeView, error) {
	params := &stripe.DisputeParams{}
	c.on(ctx, &params.Params, "")
	d, err := c.disputes.Get(id, params)
	if err != nil {
		return DisputeView{}, failureOf(err)
	}
	return disputeOf(d), nil
}

// DisputesOf lists all disputes of an intent, newest first.
func (c *Client) DisputesOf(ctx context.Context, paymentIntent string) ([]DisputeView, error) {
	params := &stripe.DisputeListParams{PaymentIntent: stripe.String(paymentIntent)}
	c.listing(ctx, &params.ListParams)
	return collect(c.disputeStream(params))
}

// DisputesSince streams the disputes opened since a time on the account's
// clock, newest first.
func (c *Client) DisputesSince(ctx context.Context, since time.Time) iter.Seq2[DisputeView, error] {
	params := &stripe.DisputeListParams{CreatedRange: from(since)}
	c.listing(ctx, &params.ListParams)
	return c.disputeStream(params)
}

// AcceptDispute gives a dispute up, for good. One that is closed already is
// refused with meaning [Stop].
func (c *Client) AcceptDispute(ctx context.Context, key, id string) (DisputeView, error) {
	params := &stripe.DisputeParams{}
	c.on(ctx, &params.Params, key)
	d, err := c.disputes.Close(id, params)
	if err != nil {
		return DisputeView{}, failureOf(err)
	}
	return disputeOf(d), nil
}

func (c *Client) disputeStream(params *stripe.DisputeListParams) iter.Seq2[DisputeView, error] {
	return stream(
		func() *dispute.Iter { return c.disputes.List(params) },
		func(p *dispute.Iter) DisputeView { return disputeOf(p.Dispute()) },
	)
}

func disputeOf(d *stripe.Dispute) DisputeView {
	v := DisputeView{
		ID: d.ID, Status: string(d.Status), Currency: string(d.Currency), Amount: d.Amount,
		Reason: string(d.Reason), Refundable: d.IsChargeRefundable, Created: at(d.Created),
	}
	if d.PaymentIntent != nil {
		v.PaymentIntent = d.PaymentIntent.ID
	}
	if d.Charge != nil {
		v.Charge = d.Charge.ID
	}
	if e := d.EvidenceDetails; e != nil {
		v.Answered = e.SubmissionCount > 0
		if e.DueBy > 0 {
			v.RespondBy = at(e.DueBy)
		}
	}
	for _, b := range d.BalanceTransactions {
		v.BalanceTransactions = append(v.BalanceTransactions, balanceTransactionOf(b))
	}
	return v
}

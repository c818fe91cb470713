package gateway

import (
	"context"
	"iter"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/payout"
)

// PayoutView is money on its way to the account's bank; a negative amount was
// taken from there.
type PayoutView struct {
	ID                 string
	Status             string // pending, in_transit, paid, failed or canceled
	Currency           string
	Amount             int64
	Automatic          bool
	Reconciled         bool // Stripe knows which movements it carries
	Arrives            time.Time
	Created            time.Time
	BalanceTransaction string // id of its balance transaction
	FailureCode        string
	FailureMessage     string
	Method             string // standard or instant
	Destination        string // id of the bank account or card
}

// Payout retrieves a payout as it stands.
func (c *Client) Payout(ctx context.Context, id string) (PayoutView, error) {
	params := &stripe.PayoutParams{}
	c.on(ctx, &params.Params, "")
	p, err := c.payouts.Get(id, params)
	if err != nil {
		return PayoutView{}, failureOf(err)
	}
	return payoutOf(p), nil
}

// PayoutsSince streams the payouts made since a time on the account's clock,
// newest first.
func (c *Client) PayoutsSince(ctx context.Context, since time.Time) iter.Seq2[PayoutView, error] {
	params := &stripe.PayoutListParams{CreatedRange: from(since)}
	c.listing(ctx, &params.ListParams)
	return stream(
		func() *payout.Iter { return c.payouts.List(params) },
		func(p *payout.Iter) PayoutView { return payoutOf(p.Payout()) },
	)
}

func payoutOf(p *stripe.Payout) PayoutView {
	v := PayoutView{
		ID: p.ID, Status: string(p.Status), Currency: string(p.Currency), Amount: p.Amount, Automatic: p.Automatic,
		Reconciled: p.ReconciliationStatus == stripe.PayoutReconciliationStatusCompleted,
		Arrives:    at(p.ArrivalDate), Created: at(p.Created), FailureCode: string(p.FailureCode), FailureMessage: p.FailureMessage, Method: string(p.Method),
	}
	if p.Destination != nil {
		v.Destination = p.Destination.ID
	}
	if p.BalanceTransaction != nil {
		v.BalanceTransaction = p.BalanceTransaction.ID
	}
	return v
}

package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v79"
)

// ChargeView is what Stripe says of a charge, whoever made it. Amounts are in
// Stripe's minor units.
type ChargeView struct {
	ID             string
	PaymentIntent  string // "" for charges made without one
	Customer       string
	Status         string // succeeded, pending or failed
	Currency       string
	Amount         int64
	AmountRefunded int64 // refunds under way included
	Refunded       bool  // nothing is left
	Disputed       bool  // has ever been disputed
	Description    string
	Created        time.Time
	Metadata       map[string]string
	// BalanceTransaction is the charge's money in the balance; nil while Stripe has not
	// booked it.
	BalanceTransaction *BalanceTransactionView
}

// Left is what can still be refunded, disputes aside.
func (v ChargeView) Left() int64 { return v.Amount - v.AmountRefunded }

// Charge retrieves a charge as it stands, with its movement.
func (c *Client) Charge(ctx context.Context, id string) (ChargeView, error) {
	params := &stripe.ChargeParams{}
	params.AddExpand("balance_transaction")
	c.on(ctx, &params.Params, "")
	ch, err := c.charges.Get(id, params)
	if err != nil {
		return ChargeView{}, failureOf(err)
	}
	return chargeOf(ch), nil
}

func chargeOf(ch *stripe.Charge) ChargeView {
	v := ChargeView{
		ID: ch.ID, Status: string(ch.Status), Currency: string(ch.Currency), Amount: ch.Amount,
		AmountRefunded: ch.AmountRefunded, Refunded: ch.Refunded, Disputed: ch.Disputed,
		Description: ch.Description, Created: at(ch.Created), Metadata: ch.Metadata,
	}
	if ch.PaymentIntent != nil {
		v.PaymentIntent = ch.PaymentIntent.ID
	}
	if ch.Customer != nil {
		v.Customer = ch.Customer.ID
	}
	if b := ch.BalanceTransaction; b != nil {
		transaction := balanceTransactionOf(b)
		v.BalanceTransaction = &transaction
	}
	return v
}

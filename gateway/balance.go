package gateway

import (
	"context"

	"github.com/stripe/stripe-go/v79"
)

// BalanceView is what an account has at Stripe in one currency, in minor units.
// Either can be below zero.
type BalanceView struct {
	Currency  string
	Available int64 // can be refunded from and paid out
	Pending   int64 // on its way
}

// Balance retrieves the account's balance, one for each currency.
func (c *Client) Balance(ctx context.Context) ([]BalanceView, error) {
	params := &stripe.BalanceParams{}
	c.on(ctx, &params.Params, "")
	b, err := c.balance.Get(params)
	if err != nil {
		return nil, failureOf(err)
	}
	var views []BalanceView
	in := func(currency stripe.Currency) *BalanceView {
		for i := range views {
			if views[i].Currency == string(currency) {
				return &views[i]
			}
		}
		views = append(views, BalanceView{Currency: string(currency)})
		return &views[len(views)-1]
	}
	for _, a := range b.Available {
		in(a.Currency).Available = a.Amount
	}
	for _, a := range b.Pending {
		in(a.Currency).Pending = a.Amount
	}
	return views, nil
}

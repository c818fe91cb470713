package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/balancetransaction"
	"github.com/stripe/stripe-go/v79/customer"
	"github.com/stripe/stripe-go/v79/payout"
)

// PageOf is one page of a list, newest first, so that whoever reads a long one
// may stop and go on elsewhere.
type PageOf struct {
	Since time.Time // on the account's clock; zero is the beginning
	After string    // the id the page before ended with; "" is the first page
}

func (c *Client) paging(ctx context.Context, page PageOf, params *stripe.ListParams) {
	c.listing(ctx, params)
	params.Single = true
	if page.After != "" {
		params.StartingAfter = stripe.String(page.After)
	}
}

type singlePage interface {
	pages
	Meta() *stripe.ListMeta
}

// onePage reads a page, and whether there are more.
func onePage[P singlePage, T any](found P, current func(P) T) (list []T, more bool, err error) {
	for found.Next() {
		list = append(list, current(found))
	}
	if err := failureOf(found.Err()); err != nil {
		return nil, false, err
	}
	return list, found.Meta() != nil && found.Meta().HasMore, nil
}

// BalanceTransactionPage reads a page of what moved the balance; with a payout,
// of what that automatic payout carried, its own transaction among it.
func (c *Client) BalanceTransactionPage(ctx context.Context, page PageOf, payout string) (list []BalanceTransactionView, more bool, err error) {
	params := &stripe.BalanceTransactionListParams{CreatedRange: from(page.Since)}
	c.paging(ctx, page, &params.ListParams)
	params.AddExpand("data.source")
	if payout != "" {
		params.Payout = stripe.String(payout)
	}
	return onePage(c.balanceTransactions.List(params), func(p *balancetransaction.Iter) BalanceTransactionView {
		return balanceTransactionOf(p.BalanceTransaction())
	})
}

// PayoutPage reads a page of payouts.
func (c *Client) PayoutPage(ctx context.Context, page PageOf) (list []PayoutView, more bool, err error) {
	params := &stripe.PayoutListParams{CreatedRange: from(page.Since)}
	c.paging(ctx, page, &params.ListParams)
	return onePage(c.payouts.List(params), func(p *payout.Iter) PayoutView { return payoutOf(p.Payout()) })
}

// CustomerListed is a customer of the account, whoever made it.
type CustomerListed struct {
	ID       string
	Name     string
	Email    string
	Metadata map[string]string
	Created  time.Time
}

// CustomerPage reads a page of the account's customers.
func (c *Client) CustomerPage(ctx context.Context, page PageOf) (list []CustomerListed, more bool, err error) {
	params := &stripe.CustomerListParams{CreatedRange: from(page.Since)}
	c.paging(ctx, page, &params.ListParams)
	return onePage(c.customers.List(params), func(p *customer.Iter) CustomerListed {
		made := p.Customer()
		return CustomerListed{ID: made.ID, Name: made.Name, Email: made.Email, Metadata: made.Metadata, Created: at(made.Created)}
	})
}

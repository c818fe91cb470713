package gateway

import (
	"context"
	"iter"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/balancetransaction"
)

// BalanceTransactionView is money that came into the account's balance at
// Stripe or left it. Amounts are signed, in minor units.
type BalanceTransactionView struct {
	ID       string
	Type     string // charge, refund, refund_failure, adjustment, payout …
	Category string // Stripe's reporting category: dispute, dispute_reversal, fee …
	Currency string
	Amount   int64
	Fee      int64
	Net      int64 // Amount less Fee: what the balance moved by
	// ApplicationFee is what of Fee the platform keeps.
	ApplicationFee int64
	Available      time.Time
	Created        time.Time
	Description    string
	Source         string // id of the charge, refund, dispute, payout … ; "" if none
	// PaymentIntent and Charge are those that a charge, refund or dispute
	// belongs to. They are known in streams alone.
	PaymentIntent string
	Charge        string
	Metadata      map[string]string // of the charge that moved the money
	ChargeStatus  string            // its status: a bank's debit is listed while it is pending
}

// BalanceTransactionsSince streams what moved the balance from a time on the
// account's clock on, up to but without another, newest first. The zero time is
// no bound.
func (c *Client) BalanceTransactionsSince(ctx context.Context, since, until time.Time) iter.Seq2[BalanceTransactionView, error] {
	return c.balanceTransactionStream(ctx, &stripe.BalanceTransactionListParams{CreatedRange: within(since, until)})
}

// BalanceTransactionsOf streams what an automatic payout carried, the payout's
// own among it, newest first: together they are nothing. Payouts by hand carry
// no list.
func (c *Client) BalanceTransactionsOf(ctx context.Context, payout string) iter.Seq2[BalanceTransactionView, error] {
	return c.balanceTransactionStream(ctx, &stripe.BalanceTransactionListParams{Payout: stripe.String(payout)})
}

func (c *Client) balanceTransactionStream(ctx context.Context, params *stripe.BalanceTransactionListParams) iter.Seq2[BalanceTransactionView, error] {
	c.listing(ctx, &params.ListParams)
	params.AddExpand("data.source")
	return stream(
		func() *balancetransaction.Iter { return c.balanceTransactions.List(params) },
		func(p *balancetransaction.Iter) BalanceTransactionView {
			return balanceTransactionOf(p.BalanceTransaction())
		},
	)
}

func balanceTransactionOf(b *stripe.BalanceTransaction) BalanceTransactionView {
	v := BalanceTransactionView{
		ID: b.ID, Type: string(b.Type), Category: string(b.ReportingCategory), Currency: string(b.Currency),
		Amount: b.Amount, Fee: b.Fee, Net: b.Net, Available: at(b.AvailableOn), Created: at(b.Created),
		Description: b.Description,
	}
	for _, part := range b.FeeDetails {
		if part.Type == "application_fee" {
			v.ApplicationFee += part.Amount
		}
	}
	if b.Source == nil {
		return v
	}
	v.Source = b.Source.ID
	var intent *stripe.PaymentIntent
	var ch *stripe.Charge
	switch {
	case b.Source.Charge != nil:
		intent, ch = b.Source.Charge.PaymentIntent, b.Source.Charge
		v.Metadata, v.ChargeStatus = ch.Metadata, string(ch.Status)
	case b.Source.Refund != nil:
		intent, ch = b.Source.Refund.PaymentIntent, b.Source.Refund.Charge
	case b.Source.Dispute != nil:
		intent, ch = b.Source.Dispute.PaymentIntent, b.Source.Dispute.Charge
	}
	if intent != nil {
		v.PaymentIntent = intent.ID
	}
	if ch != nil {
		v.Charge = ch.ID
	}
	return v
}

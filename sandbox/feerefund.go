package sandbox

import "encoding/json"

// feeRefund is a part of an application fee that the platform gives back
// (docs.stripe.com/api/fee_refunds).
type feeRefund struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"`
	Amount             int64             `json:"amount"`
	BalanceTransaction *string           `json:"balance_transaction"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	Fee                string            `json:"fee"`
	Metadata           map[string]string `json:"metadata"`
}

var feeRefunds = register(&kind{
	name: "fee_refund", prefix: "fr", fresh: func() object { return &feeRefund{} },
	expands: []string{"balance_transaction", "fee"},
})

func (*feeRefund) kind() *kind          { return feeRefunds }
func (r *feeRefund) key() string        { return r.ID }
func (r *feeRefund) born() int64        { return r.Created }
func (r *feeRefund) hidden() any        { return nil }
func (r *feeRefund) listedBy() []string { return []string{"fee:" + r.Fee} }

func init() {
	endpoint("POST", "/v1/application_fees/{id}/refunds", createFeeRefund)
	endpoint("GET", "/v1/application_fees/{id}/refunds", func(c *call) (any, error) {
		f, err := named[applicationFee](c, "id", "id")
		if err != nil {
			return nil, err
		}
		return c.page(feeRefunds, "fee:"+f.ID, nil)
	})
	endpoint("GET", "/v1/application_fees/{fee}/refunds/{id}", retrieve(feeRefunds, "id", "id"))
	errandRunners["fee.refund"] = func(t *tx, payload json.RawMessage) {
		var o feeRefundOrder
		mustDecode(payload, &o)
		if _, there := get[feeRefund](t, o.ID); !there {
			f := must[applicationFee](t, o.Fee)
			t.refundFee(o.ID, f, min(o.Amount, f.Amount-f.AmountRefunded), map[string]string{})
		}
	}
	errandRunners["fee.returned"] = creditFee
}

// feeRefundOrder is a fee refund that one side made, for the other to book.
type feeRefundOrder struct {
	ID     string `json:"id"`
	Fee    string `json:"fee"`
	Charge string `json:"charge"`
	Amount int64  `json:"amount"`
}

// createFeeRefund gives back a part of a fee without a refund of its charge.
func createFeeRefund(c *call) (any, error) {
	f, err := named[applicationFee](c, "id", "id")
	if err != nil {
		return nil, err
	}
	amount, partial := c.p.integer("amount")
	metadata := c.p.metadata(nil)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	rest := f.Amount - f.AmountRefunded
	switch {
	case rest == 0:
		return nil, refuse("", "", "Application fee %s has already been refunded.", f.ID)
	case !partial:
		amount = rest
	case amount < 1:
		return nil, refuse("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount > rest:
		return nil, refuse("", "amount", "Refund amount (%s) is greater than unrefunded amount on fee (%s)", money(amount, f.Currency), money(rest, f.Currency))
	}
	r := c.refundFee(newID("fr"), f, amount, metadata)
	c.send(f.Account, "fee.returned", &feeRefundOrder{r.ID, f.ID, f.Charge, amount})
	return r, nil
}

// refundFee books on the platform's side what it gives back of a fee.
func (t *tx) refundFee(id string, f *applicationFee, amount int64, metadata map[string]string) *feeRefund {
	was := *f
	r := &feeRefund{
		ID: id, Object: "fee_refund", Amount: amount, Created: t.seconds(), Currency: f.Currency, Fee: f.ID, Metadata: metadata,
	}
	r.BalanceTransaction = &t.bookTransaction(movement{
		kind: "application_fee_refund", category: "platform_earning_refund", source: r.ID, currency: r.Currency, amount: -amount,
	}).ID
	f.AmountRefunded += amount
	f.Refunded = f.AmountRefunded == f.Amount
	t.put(r)
	t.put(f)
	t.emitChange("application_fee.refunded", &was, f)
	return r
}

// creditFee books on the connected account's side what its platform gave back
// by itself. Which type Stripe gives such a movement there is not known here.
func creditFee(t *tx, payload json.RawMessage) {
	var o feeRefundOrder
	mustDecode(payload, &o)
	ch, ok := get[charge](t, o.Charge)
	id := "txn_" + o.ID[len("fr_"):]
	if !ok || t.table(balanceTransactions).get(id) != nil {
		return
	}
	what := "Application fee refund " + o.ID
	t.bookTransaction(movement{id: id, kind: "adjustment", category: "other_adjustment", currency: ch.Currency, amount: o.Amount, description: &what})
	ch.Kept.FeeRefunded += o.Amount
	t.put(ch)
}

// feeShare is how much of a charge's application fee goes back with a refund
// that brings what was refunded to a sum: in proportion, and all of it with the
// last of the charge.
func (ch *charge) feeShare(refunded int64) int64 {
	if ch.ApplicationFeeAmount == nil || ch.ApplicationFee == nil {
		return 0
	}
	due := *ch.ApplicationFeeAmount
	if refunded < ch.Amount {
		due = due * refunded / ch.Amount
	}
	return max(0, due-ch.Kept.FeeRefunded)
}

// returnFee gives the platform's share of a refund back, and the refund's
// movement its part of it. That the movement shows it as a negative fee is not
// confirmed.
func (t *tx) returnFee(ch *charge, refunded int64, m *movement) {
	share := ch.feeShare(refunded)
	if share == 0 {
		return
	}
	ch.Kept.FeeRefunded += share
	m.application, m.appFee = ch.Kept.Platform, -share
	t.send(ch.Kept.Platform, "fee.refund", &feeRefundOrder{newID("fr"), *ch.ApplicationFee, ch.ID, share})
}

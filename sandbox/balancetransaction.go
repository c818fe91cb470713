package sandbox

import (
	"cmp"
	"time"
)

// balanceTransaction is one movement of the account's money
// (docs.stripe.com/api/balance_transactions).
type balanceTransaction struct {
	ID                string      `json:"id"`
	Object            string      `json:"object"`
	Amount            int64       `json:"amount"`
	AvailableOn       int64       `json:"available_on"`
	Created           int64       `json:"created"`
	Currency          string      `json:"currency"`
	Description       *string     `json:"description"`
	ExchangeRate      *int64      `json:"exchange_rate"`
	Fee               int64       `json:"fee"`
	FeeDetails        []feeDetail `json:"fee_details"`
	Net               int64       `json:"net"`
	ReportingCategory string      `json:"reporting_category"`
	Source            *string     `json:"source"`
	Status            string      `json:"status"`
	Type              string      `json:"type"`
}

type feeDetail struct {
	Amount      int64   `json:"amount"`
	Application *string `json:"application"`
	Currency    string  `json:"currency"`
	Description *string `json:"description"`
	Type        string  `json:"type"`
}

var balanceTransactions = register(&kind{
	name: "balance_transaction", prefix: "txn", fresh: func() object { return &balanceTransaction{} },
	expands: []string{"source"},
})

func (*balanceTransaction) kind() *kind   { return balanceTransactions }
func (b *balanceTransaction) key() string { return b.ID }
func (b *balanceTransaction) born() int64 { return b.Created }
func (b *balanceTransaction) hidden() any { return nil }
func (b *balanceTransaction) listedBy() []string {
	by := []string{"type:" + b.Type, b.unpaid()}
	if b.Source != nil {
		by = append(by, "source:"+*b.Source)
	}
	return by
}

func init() {
	balanceTransactions.applied = func(w *world, was, is object) {
		if b, ok := is.(*balanceTransaction); ok && was == nil {
			w.book.add(b)
		}
	}
	balanceTransactions.renders = func(t *tx, o object) any {
		b := *o.(*balanceTransaction)
		b.Status = "pending"
		if b.AvailableOn <= t.seconds() {
			b.Status = "available"
		}
		return &b
	}
	endpoint("GET", "/v1/balance_transactions", listBalanceTransactions)
	endpoint("GET", "/v1/balance_transactions/{id}", retrieve(balanceTransactions, "id", "id"))
}

// unpaid lists the movements of a currency that no automatic payout has carried
// yet. A payout takes its own off this list when it is committed.
func (b *balanceTransaction) unpaid() string { return "unpaid:" + b.Currency }

func (b *balanceTransaction) available() time.Time { return time.Unix(b.AvailableOn, 0) }

// movement is what a balance transaction is made from.
type movement struct {
	kind        string // its type
	category    string // its reporting_category; "" where that is the same word
	source      string // id of what moved the money; "" where that is no object
	currency    string
	amount      int64 // signed
	fee         int64 // what Stripe keeps
	feeWords    string
	availableOn int64 // Unix seconds; 0 is at once
	description *string
	application string // the platform that takes a part, or gives it back
	appFee      int64  // that part
	id          string // "" for a new one
}

// bookTransaction moves money.
func (t *tx) bookTransaction(m movement) *balanceTransaction {
	b := &balanceTransaction{
		ID: cmp.Or(m.id, newID("txn")), Object: "balance_transaction", Amount: m.amount, AvailableOn: max(m.availableOn, t.seconds()),
		Created: t.seconds(), Currency: m.currency, Description: m.description, Fee: m.fee + m.appFee,
		FeeDetails: []feeDetail{}, Net: m.amount - m.fee - m.appFee, ReportingCategory: cmp.Or(m.category, m.kind),
		Type: m.kind,
	}
	if m.source != "" {
		b.Source = &m.source
	}
	if m.fee != 0 {
		b.FeeDetails = append(b.FeeDetails, feeDetail{Amount: m.fee, Currency: m.currency, Description: &m.feeWords, Type: "stripe_fee"})
	}
	if m.appFee != 0 {
		taker := t.server.applicationOf(m.application)
		words := deref(taker.Name) + " application fee"
		b.FeeDetails = append(b.FeeDetails, feeDetail{Amount: m.appFee, Application: &taker.ID, Currency: m.currency, Description: &words, Type: "application_fee"})
	}
	t.put(b)
	if m.kind != "payout" {
		t.planPayouts(b.available())
	}
	if b.Net > 0 {
		t.lookForFunds(b)
	}
	return b
}

func listBalanceTransactions(c *call) (any, error) {
	source, kind, currency := c.p.string("source"), c.p.string("type"), c.p.string("currency")
	paid := c.p.string("payout")
	if paid != "" {
		p, ok := get[payout](c.tx, paid)
		switch {
		case !ok:
			return nil, missing(payouts, "payout", paid)
		case !p.Automatic:
			return nil, refuse("", "payout", "Balance transaction history can only be filtered on automatic transfers, not manual.")
		}
	}
	by := ""
	switch {
	case paid != "":
		by = "payout:" + paid
	case source != "":
		by = "source:" + source
	case kind != "":
		by = "type:" + kind
	}
	return c.page(balanceTransactions, by, func(o object) bool {
		b := o.(*balanceTransaction)
		return (source == "" || b.Source != nil && *b.Source == source) &&
			(kind == "" || b.Type == kind) && (currency == "" || b.Currency == currency)
	})
}

package sandbox

import (
	"slices"
	"sort"
	"time"
)

// payoutDelay is how long a charge's money is pending: two days, the least in
// the United States.
const payoutDelay = 48 * time.Hour

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
	by := []string{"type:" + b.Type}
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
	endpoint("GET", "/v1/balance", retrieveBalance)
	endpoint("GET", "/v1/balance_transactions", listBalanceTransactions)
	endpoint("GET", "/v1/balance_transactions/{id}", retrieve(balanceTransactions, "id", "id"))
}

// bookTransaction moves money: amount is signed, fee is what Stripe keeps.
// category is the type, as with charges and refunds both words are the same.
func (t *tx) bookTransaction(category, source, currency string, amount, fee, availableOn int64, description *string) *balanceTransaction {
	b := &balanceTransaction{
		ID: newID("txn"), Object: "balance_transaction", Amount: amount, AvailableOn: availableOn,
		Created: t.seconds(), Currency: currency, Description: description, Fee: fee,
		FeeDetails: []feeDetail{}, Net: amount - fee, ReportingCategory: category,
		Source: &source, Type: category,
	}
	if fee != 0 {
		what := "Stripe processing fees"
		b.FeeDetails = append(b.FeeDetails, feeDetail{Amount: fee, Currency: currency, Description: &what, Type: "stripe_fee"})
	}
	t.put(b)
	return b
}

// balanceBook is the sum of an account's movements, by currency.
type balanceBook struct{ byCurrency map[string]*currencyBook }

// currencyBook orders movements by when they become available; sums[i] is the
// net of entries 0..i.
type currencyBook struct {
	on   []int64
	sums []int64
}

func (b *balanceBook) init() { b.byCurrency = map[string]*currencyBook{} }

func (b *balanceBook) add(txn *balanceTransaction) {
	c, ok := b.byCurrency[txn.Currency]
	if !ok {
		c = &currencyBook{}
		b.byCurrency[txn.Currency] = c
	}
	i := c.until(txn.AvailableOn)
	before := int64(0)
	if i > 0 {
		before = c.sums[i-1]
	}
	c.on = slices.Insert(c.on, i, txn.AvailableOn)
	c.sums = slices.Insert(c.sums, i, before)
	for j := i; j < len(c.sums); j++ {
		c.sums[j] += txn.Net
	}
}

// until is how many movements are available at the second.
func (c *currencyBook) until(second int64) int {
	return sort.Search(len(c.on), func(i int) bool { return c.on[i] > second })
}

// at is the balance at the second.
func (c *currencyBook) at(second int64) (available, pending int64) {
	if len(c.sums) == 0 {
		return 0, 0
	}
	if i := c.until(second); i > 0 {
		available = c.sums[i-1]
	}
	return available, c.sums[len(c.sums)-1] - available
}

// balance is what the account has (docs.stripe.com/api/balance).
type balance struct {
	Object           string          `json:"object"`
	Available        []balanceAmount `json:"available"`
	ConnectReserved  []balanceAmount `json:"connect_reserved"`
	InstantAvailable []balanceAmount `json:"instant_available"`
	Issuing          struct {
		Available []balanceAmount `json:"available"`
	} `json:"issuing"`
	Livemode bool            `json:"livemode"`
	Pending  []balanceAmount `json:"pending"`
}

type balanceAmount struct {
	Amount      int64            `json:"amount"`
	Currency    string           `json:"currency"`
	SourceTypes map[string]int64 `json:"source_types,omitempty"`
}

func cardAmount(amount int64, currency string) balanceAmount {
	return balanceAmount{amount, currency, map[string]int64{"card": amount}}
}

func retrieveBalance(c *call) (any, error) {
	if err := c.p.done(); err != nil {
		return nil, err
	}
	names := sortedKeys(c.book.byCurrency)
	if len(names) == 0 {
		names = []string{"usd"}
	}
	out := &balance{Object: "balance"}
	for _, currency := range names {
		var available, pending int64
		if book := c.book.byCurrency[currency]; book != nil {
			available, pending = book.at(c.seconds())
		}
		out.Available = append(out.Available, cardAmount(available, currency))
		out.Pending = append(out.Pending, cardAmount(pending, currency))
		out.InstantAvailable = append(out.InstantAvailable, cardAmount(max(0, available), currency))
		out.ConnectReserved = append(out.ConnectReserved, balanceAmount{Currency: currency})
		out.Issuing.Available = append(out.Issuing.Available, balanceAmount{Currency: currency})
	}
	return out, nil
}

func listBalanceTransactions(c *call) (any, error) {
	source, kind, currency := c.p.string("source"), c.p.string("type"), c.p.string("currency")
	by := ""
	switch {
	case source != "":
		by = "source:" + source
	case kind != "":
		by = "type:" + kind
	}
	return c.page(balanceTransactions, by, func(o object) bool {
		b := o.(*balanceTransaction)
		return (kind == "" || b.Type == kind) && (currency == "" || b.Currency == currency)
	})
}

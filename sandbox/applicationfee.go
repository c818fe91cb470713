package sandbox

import (
	"encoding/json"
	"slices"
)

// applicationFee is what a platform takes of a charge of a connected account
// (docs.stripe.com/api/application_fees). It is the platform's object; its
// charge is the connected account's.
type applicationFee struct {
	ID                     string    `json:"id"`
	Object                 string    `json:"object"`
	Account                string    `json:"account"`
	Amount                 int64     `json:"amount"`
	AmountRefunded         int64     `json:"amount_refunded"`
	Application            string    `json:"application"`
	BalanceTransaction     *string   `json:"balance_transaction"`
	Charge                 string    `json:"charge"`
	Created                int64     `json:"created"`
	Currency               string    `json:"currency"`
	FeeSource              feeSource `json:"fee_source"`
	Livemode               bool      `json:"livemode"`
	OriginatingTransaction *string   `json:"originating_transaction"`
	Refunded               bool      `json:"refunded"`
	Refunds                *list     `json:"refunds"`
}

type feeSource struct {
	Charge string `json:"charge"`
	Type   string `json:"type"`
}

var applicationFees = register(&kind{
	name: "application_fee", prefix: "fee", fresh: func() object { return &applicationFee{} },
	expands: []string{"account", "application", "balance_transaction"},
})

func (*applicationFee) kind() *kind   { return applicationFees }
func (f *applicationFee) key() string { return f.ID }
func (f *applicationFee) born() int64 { return f.Created }
func (f *applicationFee) hidden() any { return nil }
func (f *applicationFee) listedBy() []string {
	return []string{"charge:" + f.Charge}
}

func init() {
	applicationFees.renders = func(t *tx, o object) any {
		f := *o.(*applicationFee)
		f.Refunds = newList("/v1/application_fees/" + f.ID + "/refunds")
		for _, r := range slices.Backward(t.table(feeRefunds).all("fee:" + f.ID)) {
			f.Refunds.take(r, nil, 10)
		}
		return &f
	}
	endpoint("GET", "/v1/application_fees", func(c *call) (any, error) {
		by := ""
		if id := c.p.string("charge"); id != "" {
			by = "charge:" + id
		}
		return c.page(applicationFees, by, nil)
	})
	endpoint("GET", "/v1/application_fees/{id}", retrieve(applicationFees, "id", "id"))
	errandRunners["fee.take"] = takeFee
	errandRunners["fee.cost"] = takeCost
}

// feeOrder is a connected account's charge of which its platform takes a part.
type feeOrder struct {
	ID          string `json:"id"`
	Account     string `json:"account"`
	Charge      string `json:"charge"`
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	AvailableOn int64  `json:"available_on"`
}

// takeFee books a platform's part on its side.
func takeFee(t *tx, payload json.RawMessage) {
	var o feeOrder
	mustDecode(payload, &o)
	if _, there := get[applicationFee](t, o.ID); there {
		return
	}
	f := &applicationFee{
		ID: o.ID, Object: "application_fee", Account: o.Account, Amount: o.Amount, Application: clientID(t.world.id),
		Charge: o.Charge, Created: t.seconds(), Currency: o.Currency, FeeSource: feeSource{o.Charge, "charge"},
	}
	f.BalanceTransaction = &t.bookTransaction(movement{
		kind: "application_fee", category: "platform_earning", source: f.ID, currency: f.Currency, amount: f.Amount, availableOn: o.AvailableOn,
	}).ID
	t.put(f)
	t.emit("application_fee.created", f)
}

// takeCost books what Stripe keeps of a charge whose platform pays that
// (controller.fees.payer=application).
func takeCost(t *tx, payload json.RawMessage) {
	var o feeOrder
	mustDecode(payload, &o)
	if t.table(balanceTransactions).get(o.ID) != nil {
		return
	}
	what := "Stripe processing fees for " + o.Charge + " of " + o.Account
	t.bookTransaction(movement{id: o.ID, kind: "stripe_fee", category: "fee", currency: o.Currency, amount: -o.Amount, description: &what})
}

// share gives a charge's movement its fees: what Stripe keeps, unless the
// platform pays it, and what the platform takes.
func (t *tx) share(ch *charge, m *movement) {
	platform := ch.Kept.Platform
	if platform == "" {
		return
	}
	available := max(m.availableOn, t.seconds())
	if payer := must[account](t, t.world.id).Controller.Fees; payer != nil && payer.Payer == "application" {
		t.send(platform, "fee.cost", &feeOrder{newID("txn"), t.world.id, ch.ID, m.fee, ch.Currency, available})
		m.fee = 0
	}
	if ch.ApplicationFeeAmount == nil || *ch.ApplicationFeeAmount == 0 {
		return
	}
	id := newID("fee")
	ch.ApplicationFee = &id
	m.application, m.appFee = platform, *ch.ApplicationFeeAmount
	t.send(platform, "fee.take", &feeOrder{id, t.world.id, ch.ID, m.appFee, ch.Currency, available})
}

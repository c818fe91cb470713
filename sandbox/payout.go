package sandbox

import (
	"slices"
	"time"
)

// payout is money on its way to the account's bank, or from it where the
// balance was below zero (docs.stripe.com/api/payouts).
type payout struct {
	ID                        string            `json:"id"`
	Object                    string            `json:"object"`
	Amount                    int64             `json:"amount"`
	ApplicationFee            *string           `json:"application_fee"`
	ApplicationFeeAmount      *int64            `json:"application_fee_amount"`
	ArrivalDate               int64             `json:"arrival_date"`
	Automatic                 bool              `json:"automatic"`
	BalanceTransaction        *string           `json:"balance_transaction"`
	Created                   int64             `json:"created"`
	Currency                  string            `json:"currency"`
	Description               *string           `json:"description"`
	Destination               *string           `json:"destination"`
	FailureBalanceTransaction *string           `json:"failure_balance_transaction"`
	FailureCode               *string           `json:"failure_code"`
	FailureMessage            *string           `json:"failure_message"`
	Livemode                  bool              `json:"livemode"`
	Metadata                  map[string]string `json:"metadata"`
	Method                    string            `json:"method"`
	OriginalPayout            *string           `json:"original_payout"`
	ReconciliationStatus      string            `json:"reconciliation_status"`
	ReversedBy                *string           `json:"reversed_by"`
	SourceType                string            `json:"source_type"`
	StatementDescriptor       *string           `json:"statement_descriptor"`
	Status                    string            `json:"status"`
	Type                      string            `json:"type"`

	Kept struct {
		// Carried are the movements that an automatic payout pays out, its own
		// among them.
		Carried []string `json:"carried,omitempty"`
	} `json:"-"`
}

var payouts = register(&kind{
	name: "payout", prefix: "po", fresh: func() object { return &payout{} },
	expands: []string{
		"application_fee", "balance_transaction", "destination", "failure_balance_transaction",
		"original_payout", "reversed_by",
	},
})

func (*payout) kind() *kind          { return payouts }
func (p *payout) key() string        { return p.ID }
func (p *payout) born() int64        { return p.Created }
func (p *payout) hidden() any        { return &p.Kept }
func (p *payout) listedBy() []string { return []string{"status:" + p.Status} }

// payoutTime is how long money travels to the bank.
const payoutTime = 24 * time.Hour

func init() {
	payouts.applied = carryOff
	runners["payout.arrive"] = arrive
	endpoint("GET", "/v1/payouts", listPayouts)
	endpoint("GET", "/v1/payouts/{payout}", retrieve(payouts, "payout", "payout"))
	endpoint("POST", "/v1/payouts", createPayout)
}

// carryOff takes what a payout carries off the list of the unpaid and lists it
// by the payout. The movements themselves never change, so that a payout of
// thousands is written once, by their ids.
func carryOff(w *world, was, is object) {
	p, ok := is.(*payout)
	if !ok || was != nil {
		return
	}
	rows := w.table(balanceTransactions)
	for _, id := range slices.Backward(p.Kept.Carried) { // the end of a list is cheapest to take from
		row := rows.at[id]
		rows.unlist(rows.rows[row].(*balanceTransaction).unpaid(), row)
	}
	for _, id := range p.Kept.Carried {
		rows.list("payout:"+p.ID, rows.at[id])
	}
}

// newPayout sends an amount to the bank and books it. Complete what it carries
// and put it by sendPayout.
func (t *tx) newPayout(to *bankAccount, amount int64, currency string) *payout {
	p := &payout{
		ID: newID("po"), Object: "payout", Amount: amount, Created: t.seconds(), Currency: currency,
		ArrivalDate: t.at.UTC().Add(payoutTime).Truncate(payoutTime).Unix(), Destination: &to.ID, Metadata: map[string]string{},
		Method: "standard", ReconciliationStatus: "not_applicable", SourceType: "card", Status: "pending", Type: "bank_account",
	}
	what := "STRIPE PAYOUT"
	p.BalanceTransaction = &t.bookTransaction(movement{
		kind: "payout", source: p.ID, currency: currency, amount: -amount, description: &what,
	}).ID
	return p
}

func (t *tx) sendPayout(p *payout) {
	t.put(p)
	t.emit("payout.created", p)
	t.schedule(time.Unix(p.ArrivalDate, 0), "payout.arrive", p.ID)
}

// arrive is the bank's word on a payout.
func arrive(t *tx, id string) {
	p := must[payout](t, id)
	if p.Status != "pending" && p.Status != "in_transit" {
		return
	}
	if failure := must[bankAccount](t, *p.Destination).Kept.Failure; failure != "" {
		t.failPayout(p, failure)
		return
	}
	was := *p
	p.Status = "paid"
	t.put(p)
	t.emitChange("payout.paid", &was, p)
}

// failPayout brings the money back into the balance. No payout goes to that
// bank any more until the account is given another one.
func (t *tx) failPayout(p *payout, code string) {
	was := *p
	message, what := payoutFailures[code], "STRIPE PAYOUT FAILURE"
	p.Status, p.FailureCode, p.FailureMessage = "failed", &code, &message
	to := must[bankAccount](t, *p.Destination)
	to.Status = "errored"
	t.put(to)
	p.FailureBalanceTransaction = &t.bookTransaction(movement{
		kind: "payout_failure", category: "payout_reversal", source: p.ID, currency: p.Currency, amount: p.Amount, description: &what,
	}).ID
	t.put(p)
	t.emitChange("payout.failed", &was, p)
	t.emit("account.external_account.updated", to)
}

func listPayouts(c *call) (any, error) {
	status := c.p.enum("status", "pending", "paid", "failed", "canceled", "in_transit")
	destination, arrival := c.p.string("destination"), c.p.span("arrival_date")
	by := ""
	if status != "" {
		by = "status:" + status
	}
	return c.page(payouts, by, func(o object) bool {
		p := o.(*payout)
		return (destination == "" || p.Destination != nil && *p.Destination == destination) &&
			arrival.first <= p.ArrivalDate && p.ArrivalDate <= arrival.last
	})
}

// createPayout pays out by hand.
func createPayout(c *call) (any, error) {
	amount := c.p.requireInteger("amount")
	currency := c.p.readCurrency(c.p.require("currency"))
	c.p.enum("method", "standard")
	c.p.enum("source_type", "card")
	destination := c.p.string("destination")
	var description, descriptor *string
	c.p.nullable("description", &description)
	c.p.nullable("statement_descriptor", &descriptor)
	metadata := c.p.metadata(nil)
	if amount < 1 {
		c.p.fail("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	to := c.bank()
	switch {
	case !must[account](c.tx, c.world.id).PayoutsEnabled:
		return nil, refuse("payouts_not_allowed", "", "Cannot create payouts: they are disabled on this account until its requirements are met.")
	case to == nil:
		return nil, refuse("", "", "Sorry, you don't have any external accounts in that currency (%s).", currency)
	case destination != "" && destination != to.ID:
		return nil, refuse("resource_missing", "destination", "No such external account: '%s'", destination)
	case c.available(currency) < amount:
		return nil, refuse("balance_insufficient", "", "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You can use the the /v1/balance endpoint to view your Stripe balance (for more details, see stripe.com/docs/api#balance).")
	}
	p := c.newPayout(to, amount, currency)
	p.Description, p.StatementDescriptor, p.Metadata = description, descriptor, metadata
	c.sendPayout(p)
	return p, nil
}

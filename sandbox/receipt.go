package sandbox

// receipt is a mail that Stripe sends to a payer: of a payment or of a refund.
// Nothing is sent here; the books list them.
type receipt struct {
	ID       string `json:"id"`
	Created  int64  `json:"created"`
	Kind     string `json:"kind"` // payment or refund
	Email    string `json:"email"`
	Charge   string `json:"charge"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

var receipts = register(&kind{name: "_receipt", fresh: func() object { return &receipt{} }})

func (*receipt) kind() *kind          { return receipts }
func (r *receipt) key() string        { return r.ID }
func (r *receipt) born() int64        { return r.Created }
func (r *receipt) listedBy() []string { return []string{"charge:" + r.Charge} }
func (r *receipt) hidden() any        { return nil }

// mailReceipt sends a receipt where the charge has an address for it. Stripe
// does so in live mode whatever the account's settings are
// (docs.stripe.com/api/charges/object, receipt_email).
func (t *tx) mailReceipt(ch *charge, kind string, amount int64) {
	if ch.ReceiptEmail == nil || *ch.ReceiptEmail == "" {
		return
	}
	t.put(&receipt{
		ID: newID("receipt"), Created: t.seconds(), Kind: kind, Email: *ch.ReceiptEmail, Charge: ch.ID, Amount: amount, Currency: ch.Currency,
	})
}

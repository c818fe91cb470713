package sandbox

// topup is money that the account's owner put into the balance
// (docs.stripe.com/api/topups). It comes about in the dashboard alone.
type topup struct {
	ID                       string            `json:"id"`
	Object                   string            `json:"object"`
	Amount                   int64             `json:"amount"`
	BalanceTransaction       *string           `json:"balance_transaction"`
	Created                  int64             `json:"created"`
	Currency                 string            `json:"currency"`
	Description              *string           `json:"description"`
	ExpectedAvailabilityDate *int64            `json:"expected_availability_date"`
	FailureCode              *string           `json:"failure_code"`
	FailureMessage           *string           `json:"failure_message"`
	Livemode                 bool              `json:"livemode"`
	Metadata                 map[string]string `json:"metadata"`
	Source                   *struct{}         `json:"source"`
	StatementDescriptor      *string           `json:"statement_descriptor"`
	Status                   string            `json:"status"`
	TransferGroup            *string           `json:"transfer_group"`
}

var topups = register(&kind{
	name: "topup", prefix: "tu", fresh: func() object { return &topup{} }, expands: []string{"balance_transaction"},
})

func (*topup) kind() *kind          { return topups }
func (u *topup) key() string        { return u.ID }
func (u *topup) born() int64        { return u.Created }
func (u *topup) listedBy() []string { return nil }
func (u *topup) hidden() any        { return nil }

// topUp puts money into the balance at once.
func (t *tx) topUp(amount int64, currency string) *topup {
	now := t.seconds()
	u := &topup{
		ID: newID("tu"), Object: "topup", Amount: amount, Created: now, Currency: currency,
		ExpectedAvailabilityDate: &now, Metadata: map[string]string{}, Status: succeeded,
	}
	u.BalanceTransaction = &t.bookTransaction(movement{kind: "topup", source: u.ID, currency: currency, amount: amount}).ID
	t.put(u)
	t.emit("topup.succeeded", u)
	return u
}

package sandbox

import "maps"

// testBank is a bank account for payouts: its number and, if it has one, the
// fault that payouts to it meet (docs.stripe.com/connect/testing).
type testBank struct{ failure, message string }

var testBanks = map[string]testBank{
	"000123456789": {},
	"000111111116": {"no_account", "The bank account details on file are probably incorrect. No bank account could be located with those details."},
	"000111111113": {"account_closed", "The bank account has been closed."},
	"000222222227": {"insufficient_funds", "Your Stripe account has insufficient funds to cover the payout."},
	"000333333335": {"debit_not_authorized", "Debit transactions are not approved on your bank account. Stripe requires bank accounts to be set up for both credit and debit payouts."},
	"000444444440": {"invalid_currency", "The bank was unable to process this payout because of its currency. This is probably because the bank account cannot accept payments in that currency."},
}

// payoutFailures are what a payout can fail with (docs.stripe.com/api/payouts/failures).
var payoutFailures = func() map[string]string {
	known := map[string]string{"could_not_process": "The bank could not process this payout.", "account_frozen": "The bank account has been frozen."}
	for _, bank := range testBanks {
		if bank.failure != "" {
			known[bank.failure] = bank.message
		}
	}
	return known
}()

const (
	testBankNumber  = "000123456789"
	testBankRouting = "110000000"
)

// bankAccount is where an account's payouts go
// (docs.stripe.com/api/external_account_bank_accounts).
type bankAccount struct {
	ID                     string            `json:"id"`
	Object                 string            `json:"object"`
	Account                string            `json:"account"`
	AccountHolderName      *string           `json:"account_holder_name"`
	AccountHolderType      *string           `json:"account_holder_type"`
	AccountType            *string           `json:"account_type"`
	AvailablePayoutMethods []string          `json:"available_payout_methods"`
	BankName               string            `json:"bank_name"`
	Country                string            `json:"country"`
	Currency               string            `json:"currency"`
	DefaultForCurrency     bool              `json:"default_for_currency"`
	Fingerprint            string            `json:"fingerprint"`
	FutureRequirements     bankRequirements  `json:"future_requirements"`
	Last4                  string            `json:"last4"`
	Metadata               map[string]string `json:"metadata"`
	Requirements           bankRequirements  `json:"requirements"`
	RoutingNumber          string            `json:"routing_number"`
	Status                 string            `json:"status"`

	Kept struct {
		Created int64 `json:"created"`
		// Failure is what payouts to it meet. The number itself is not kept.
		Failure string `json:"failure,omitempty"`
	} `json:"-"`
}

type bankRequirements struct {
	CurrentlyDue        []string `json:"currently_due"`
	Errors              []string `json:"errors"`
	PastDue             []string `json:"past_due"`
	PendingVerification []string `json:"pending_verification"`
}

func nothingRequired() bankRequirements {
	return bankRequirements{CurrentlyDue: []string{}, Errors: []string{}, PastDue: []string{}, PendingVerification: []string{}}
}

var bankAccounts = register(&kind{name: "bank_account", prefix: "ba", fresh: func() object { return &bankAccount{} }, expands: []string{"account"}})

func (*bankAccount) kind() *kind          { return bankAccounts }
func (b *bankAccount) key() string        { return b.ID }
func (b *bankAccount) born() int64        { return b.Kept.Created }
func (b *bankAccount) listedBy() []string { return nil }
func (b *bankAccount) hidden() any        { return &b.Kept }

func init() {
	accounts.renders = func(t *tx, o object) any {
		a := *o.(*account)
		if a.Kept.Setup == nil { // may be of a journal that is older than bank debits
			a.Capabilities = maps.Clone(a.Capabilities)
			a.Capabilities[achCapability] = a.ach()
		}
		a.ExternalAccounts = newList("/v1/accounts/" + a.ID + "/external_accounts")
		for _, bank := range t.banksOf(a.ID) {
			a.ExternalAccounts.Data = append(a.ExternalAccounts.Data, bank)
		}
		return &a
	}
}

// banksOf are the banks of this account, or of another one that it sees.
func (t *tx) banksOf(account string) []*bankAccount {
	if account != t.world.id {
		return t.server.directory.banksOf(account)
	}
	var own []*bankAccount
	for _, o := range t.table(bankAccounts).all("") {
		if b, there := get[bankAccount](t, o.key()); there {
			own = append(own, b)
		}
	}
	for _, c := range t.changes {
		if b, ok := t.staged[c.kind.name+" "+c.id].(*bankAccount); ok && t.table(bankAccounts).get(b.ID) == nil {
			own = append(own, b)
		}
	}
	return own
}

// newBankAccount is the account at a test bank with that number.
func (t *tx) newBankAccount(number string) *bankAccount {
	b := &bankAccount{
		ID: newID("ba"), Object: "bank_account", Account: t.world.id, AvailablePayoutMethods: []string{"standard"},
		BankName: "STRIPE TEST BANK", Country: "US", Currency: "usd", DefaultForCurrency: true,
		Fingerprint: t.server.digest(16, "bank", number), FutureRequirements: nothingRequired(), Last4: number[len(number)-4:],
		Metadata: map[string]string{}, Requirements: nothingRequired(), RoutingNumber: testBankRouting, Status: "new",
	}
	b.Kept.Created, b.Kept.Failure = t.seconds(), testBanks[number].failure
	return b
}

// bank is where payouts go, nil if there is none or payouts to it have failed.
func (t *tx) bank() *bankAccount {
	for _, o := range t.table(bankAccounts).all("") {
		if b := o.(*bankAccount); b.Status != "errored" {
			return must[bankAccount](t, b.ID)
		}
	}
	return nil
}

package sandbox

// account is the owner of a key (docs.stripe.com/api/accounts).
type account struct {
	ID                 string              `json:"id"`
	Object             string              `json:"object"`
	BusinessProfile    businessProfile     `json:"business_profile"`
	BusinessType       *string             `json:"business_type"`
	Capabilities       map[string]string   `json:"capabilities"`
	ChargesEnabled     bool                `json:"charges_enabled"`
	Controller         accountController   `json:"controller"`
	Country            string              `json:"country"`
	Created            int64               `json:"created"`
	DefaultCurrency    string              `json:"default_currency"`
	DetailsSubmitted   bool                `json:"details_submitted"`
	Email              *string             `json:"email"`
	ExternalAccounts   *list               `json:"external_accounts"`
	FutureRequirements accountRequirements `json:"future_requirements"`
	Metadata           map[string]string   `json:"metadata"`
	PayoutsEnabled     bool                `json:"payouts_enabled"`
	Requirements       accountRequirements `json:"requirements"`
	Settings           accountSettings     `json:"settings"`
	TOSAcceptance      tosAcceptance       `json:"tos_acceptance"`
	Type               string              `json:"type"`

	Kept struct {
		// Platforms are the accounts that may act for this one.
		Platforms []string `json:"platforms,omitempty"`
		// Controller is the platform that made the account, "" if its owner did.
		Controller string `json:"controller,omitempty"`
		Deleted    bool   `json:"deleted,omitempty"`
		// Setup is how far the account's owner has told Stripe of himself; nil
		// where he did so before anything was known here.
		Setup *accountSetup `json:"setup,omitempty"`
		// Requested is when a capability was asked for, by its name.
		Requested map[string]int64 `json:"requested,omitempty"`
	} `json:"-"`
}

type businessProfile struct {
	AnnualRevenue        *string  `json:"annual_revenue"`
	EstimatedWorkerCount *int64   `json:"estimated_worker_count"`
	MCC                  *string  `json:"mcc"`
	Name                 *string  `json:"name"`
	ProductDescription   *string  `json:"product_description"`
	SupportAddress       *address `json:"support_address"`
	SupportEmail         *string  `json:"support_email"`
	SupportPhone         *string  `json:"support_phone"`
	SupportURL           *string  `json:"support_url"`
	URL                  *string  `json:"url"`
}

type accountRequirements struct {
	Alternatives        []any              `json:"alternatives"`
	CurrentDeadline     *int64             `json:"current_deadline"`
	CurrentlyDue        []string           `json:"currently_due"`
	DisabledReason      *string            `json:"disabled_reason"`
	Errors              []requirementError `json:"errors"`
	EventuallyDue       []string           `json:"eventually_due"`
	PastDue             []string           `json:"past_due"`
	PendingVerification []string           `json:"pending_verification"`
}

type requirementError struct {
	Code        string `json:"code"`
	Reason      string `json:"reason"`
	Requirement string `json:"requirement"`
}

func noRequirements() accountRequirements {
	return accountRequirements{
		Alternatives: []any{}, CurrentlyDue: []string{}, Errors: []requirementError{},
		EventuallyDue: []string{}, PastDue: []string{}, PendingVerification: []string{},
	}
}

type accountSettings struct {
	BACSDebitPayments struct {
		DisplayName       *string `json:"display_name"`
		ServiceUserNumber *string `json:"service_user_number"`
	} `json:"bacs_debit_payments"`
	Branding struct {
		Icon           *string `json:"icon"`
		Logo           *string `json:"logo"`
		PrimaryColor   *string `json:"primary_color"`
		SecondaryColor *string `json:"secondary_color"`
	} `json:"branding"`
	CardIssuing struct {
		TOSAcceptance struct {
			Date *int64  `json:"date"`
			IP   *string `json:"ip"`
		} `json:"tos_acceptance"`
	} `json:"card_issuing"`
	CardPayments struct {
		DeclineOn struct {
			AVSFailure bool `json:"avs_failure"`
			CVCFailure bool `json:"cvc_failure"`
		} `json:"decline_on"`
		Prefix      *string `json:"statement_descriptor_prefix"`
		PrefixKana  *string `json:"statement_descriptor_prefix_kana"`
		PrefixKanji *string `json:"statement_descriptor_prefix_kanji"`
	} `json:"card_payments"`
	Dashboard struct {
		DisplayName *string `json:"display_name"`
		Timezone    string  `json:"timezone"`
	} `json:"dashboard"`
	Invoices struct {
		DefaultAccountTaxIDs []string `json:"default_account_tax_ids"`
	} `json:"invoices"`
	Payments struct {
		Descriptor      *string `json:"statement_descriptor"`
		DescriptorKana  *string `json:"statement_descriptor_kana"`
		DescriptorKanji *string `json:"statement_descriptor_kanji"`
		PrefixKana      *string `json:"statement_descriptor_prefix_kana"`
		PrefixKanji     *string `json:"statement_descriptor_prefix_kanji"`
	} `json:"payments"`
	Payouts struct {
		DebitNegativeBalances bool           `json:"debit_negative_balances"`
		Schedule              payoutSchedule `json:"schedule"`
		StatementDescriptor   *string        `json:"statement_descriptor"`
	} `json:"payouts"`
	SEPADebitPayments struct{} `json:"sepa_debit_payments"`
}

type tosAcceptance struct {
	Date      *int64  `json:"date"`
	IP        *string `json:"ip"`
	UserAgent *string `json:"user_agent"`
}

var accounts = register(&kind{name: "account", prefix: "acct", fresh: func() object { return &account{} }})

func (*account) kind() *kind          { return accounts }
func (a *account) key() string        { return a.ID }
func (a *account) born() int64        { return a.Created }
func (a *account) listedBy() []string { return nil }
func (a *account) hidden() any        { return &a.Kept }

func init() {
	endpoint("GET", "/v1/account", func(c *call) (any, error) {
		if err := c.p.done(); err != nil {
			return nil, err
		}
		return must[account](c.tx, c.world.id), nil
	})
}

// newAccount is what a new key opens: a standard account in the United States,
// fully set up for cards and bank debits.
func (t *tx) newAccount() *account {
	a := t.blankAccount(t.world.id)
	name := "Sandbox " + a.ID[len(a.ID)-6:]
	email := "owner@" + a.ID[len("acct_"):] + ".example"
	a.BusinessProfile.Name, a.Settings.Dashboard.DisplayName, a.Email = &name, &name, &email
	a.Capabilities = map[string]string{"card_payments": "active", "transfers": "active", achCapability: "active"}
	a.ChargesEnabled, a.PayoutsEnabled, a.DetailsSubmitted = true, true, true
	descriptor := "SANDBOX"
	a.Settings.CardPayments.Prefix, a.Settings.Payments.Descriptor = &descriptor, &descriptor
	return a
}

// blankAccount is an account of which nothing is known: standard, in the United
// States, its own.
func (t *tx) blankAccount(id string) *account {
	a := &account{
		ID: id, Object: "account", Created: t.seconds(), Country: "US", DefaultCurrency: "usd",
		Capabilities:       map[string]string{},
		Controller:         accountController{Type: "account"},
		ExternalAccounts:   newList("/v1/accounts/" + id + "/external_accounts"),
		Metadata:           map[string]string{},
		Requirements:       noRequirements(),
		FutureRequirements: noRequirements(),
		Type:               "standard",
	}
	a.Settings.Dashboard.Timezone = "Etc/UTC"
	a.Settings.Payouts.DebitNegativeBalances = true
	a.Settings.Payouts.Schedule = payoutSchedule{DelayDays: 2, Interval: "daily"}
	return a
}

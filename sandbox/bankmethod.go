package sandbox

// usBankAccount is the type of payment method that debits a bank account in
// the United States by ACH.
const usBankAccount = "us_bank_account"

// methodBank is a payer's bank account. Its number is never kept: only which
// test account it is.
type methodBank struct {
	AccountHolderType           string             `json:"account_holder_type"`
	AccountType                 string             `json:"account_type"`
	BankName                    string             `json:"bank_name"`
	FinancialConnectionsAccount *string            `json:"financial_connections_account"`
	Fingerprint                 string             `json:"fingerprint"`
	Last4                       string             `json:"last4"`
	Networks                    bankNetworks       `json:"networks"`
	RoutingNumber               string             `json:"routing_number"`
	StatusDetails               *bankStatusDetails `json:"status_details"`
}

type bankNetworks struct {
	Preferred string   `json:"preferred"`
	Supported []string `json:"supported"`
}

type bankStatusDetails struct {
	Blocked *bankBlock `json:"blocked,omitempty"`
}

// bankBlock says why Stripe debits the account no more.
type bankBlock struct {
	NetworkCode *string `json:"network_code"`
	Reason      *string `json:"reason"`
}

// bankForm is a bank account as it is typed or sent. It lives as long as the
// request.
type bankForm struct{ number, routing, holder, kind string }

// readBank reads us_bank_account of the parameters.
func (p *params) readBank() bankForm {
	h := p.hash(usBankAccount)
	if h == nil {
		p.fail("parameter_missing", usBankAccount, "Missing required param: %s.", p.name(usBankAccount))
		return bankForm{}
	}
	if h.has("financial_connections_account") {
		h.ignore("financial_connections_account")
		h.fail("resource_missing", "financial_connections_account", "No such financial_connections_account.")
	}
	if !h.has("account_holder_type") {
		h.fail("parameter_missing", "account_holder_type", "Missing required param: %s.", h.name("account_holder_type"))
	}
	f := bankForm{
		holder: h.enum("account_holder_type", "company", "individual"),
		kind:   h.enum("account_type", "checking", "savings"),
		number: h.require("account_number"), routing: h.require("routing_number"),
	}
	if f.kind == "" {
		f.kind = "checking"
	}
	return f
}

// setBank gives the method its bank account. The fingerprint is the same for
// the same account, and tells nothing about it.
func (t *tx) setBank(m *paymentMethod, spec *bankSpec, f bankForm) {
	m.USBankAccount = &methodBank{
		AccountHolderType: f.holder, AccountType: f.kind, BankName: "STRIPE TEST BANK",
		Fingerprint: t.server.digest(16, "payer's bank", f.routing, spec.number), Last4: spec.number[len(spec.number)-4:],
		Networks:      bankNetworks{Preferred: "ach", Supported: []string{"ach"}},
		RoutingNumber: f.routing,
	}
	m.Kept.Bank = spec.name
}

// aliasedBank is the method that one of Stripe's test names stands for. It needs
// no verification, except that whose point it is.
func (t *tx) aliasedBank(spec *bankSpec) *paymentMethod {
	name := "Jenny Rosen"
	m := &paymentMethod{
		ID: newID("pm"), Object: "payment_method", AllowRedisplay: "unspecified",
		Created: t.seconds(), Metadata: map[string]string{}, Type: usBankAccount,
		BillingDetails: billingDetails{Name: &name},
	}
	t.setBank(m, spec, bankForm{routing: testBankRouting, holder: "individual", kind: "checking"})
	m.Kept.Verified = !spec.bounces
	return m
}

func (m *paymentMethod) bank() *bankSpec { return banksByName[m.Kept.Bank] }

// isBank says that the method is a bank account. Its spec is the bank, not the
// card.
func (m *paymentMethod) isBank() bool { return m.Type == usBankAccount }

// block is why Stripe debits the account no more, nil if it does.
func (m *paymentMethod) block() *bankBlock {
	if m.USBankAccount == nil || m.USBankAccount.StatusDetails == nil {
		return nil
	}
	return m.USBankAccount.StatusDetails.Blocked
}

// updateBank changes what may be changed of a bank account.
func (m *paymentMethod) updateBank(p *params) {
	h := p.hash(usBankAccount)
	if h == nil || m.USBankAccount == nil {
		return
	}
	bank := *m.USBankAccount
	if holder := h.enum("account_holder_type", "company", "individual"); holder != "" {
		bank.AccountHolderType = holder
	}
	if kind := h.enum("account_type", "checking", "savings"); kind != "" {
		bank.AccountType = kind
	}
	m.USBankAccount = &bank
}

// readBankMethod completes a method with the account of its parameters.
func (c *call) readBankMethod(p *params, m *paymentMethod) error {
	form := p.readBank()
	if p == c.p {
		if err := c.p.done(); err != nil {
			return err
		}
	}
	if p.errs.first != nil {
		return p.errs.first
	}
	if failed := checkBankNumbers(p.name(usBankAccount), form.routing, form.number); failed != nil {
		return failed
	}
	c.setBank(m, banksByNumber[form.number], form)
	return nil
}

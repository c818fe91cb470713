package remit

// The types of payment method, as Stripe names them.
const (
	methodCard        = "card"
	methodBankAccount = "us_bank_account"
)

// AllowedMethods are the kinds of payment method that payers may use online: cards,
// bank accounts, or both. They are copied onto an invoice when it is made (decision
// D7). The zero value, in which nothing was said, allows both, as does a setting that
// was stored before one could choose; nobody can set it.
type AllowedMethods struct {
	Cards        bool `json:"cards"`
	BankAccounts bool `json:"bank_accounts"` // debits by ACH
}

// DefaultAllowedMethods holds where nothing is set.
func DefaultAllowedMethods() AllowedMethods { return AllowedMethods{Cards: true, BankAccounts: true} }

// Shown says of the zero value what it means.
func (a AllowedMethods) Shown() AllowedMethods {
	if a == (AllowedMethods{}) {
		return DefaultAllowedMethods()
	}
	return a
}

// Check refuses to allow nothing at all. The error names the field "methods".
func (a AllowedMethods) Check() error {
	if !a.Cards && !a.BankAccounts {
		return Invalid("methods", "Allow cards, bank accounts or both. To take no online payment, switch that off.")
	}
	return nil
}

// Takes reports whether a method of a type, as Stripe names it, may pay. What is no
// bank account counts as a card.
func (a AllowedMethods) Takes(kind string) bool {
	if kind == methodBankAccount {
		return a.Shown().BankAccounts
	}
	return a.Shown().Cards
}

// Words say what is allowed, to follow "takes".
func (a AllowedMethods) Words() string {
	switch a.Shown() {
	case AllowedMethods{Cards: true}:
		return "cards only"
	case AllowedMethods{BankAccounts: true}:
		return "bank accounts only"
	}
	return "cards and bank accounts"
}

// MethodAllowed refuses to pay with a saved method of a type that is not allowed. The
// error names the field "payment_method".
func MethodAllowed(a AllowedMethods, kind string) error {
	if a.Takes(kind) {
		return nil
	}
	return Invalid("payment_method", "This invoice takes %s. Choose another way to pay.", a.Words())
}

// OnlineOffered says why nothing that is allowed can be offered: bank accounts alone
// are, and debits are not offered (D5). It is a [KindConflict] with [CodeNotPayable],
// as nothing that the payer could choose would mend it.
func OnlineOffered(a AllowedMethods, debits DebitOffer) error {
	if a.Takes(methodCard) || debits.Offered {
		return nil
	}
	return Conflict(CodeNotPayable, "Online payment is not available for this invoice: it takes bank accounts only. %s Pay by bank transfer.", debits.Why)
}

// HostedOffer is what can be paid with on a hosted page: never nothing.
type HostedOffer struct {
	Cards        bool
	BankAccounts bool
}

// OfferHosted decides what a hosted page offers: what is allowed, bank accounts only
// where debits are offered. bankOnly asks for a page that takes no card. The error is
// that of [OnlineOffered] or, where bank accounts were asked for and are not to be had,
// about the field "payment_method".
func OfferHosted(a AllowedMethods, debits DebitOffer, bankOnly bool) (HostedOffer, error) {
	switch err := OnlineOffered(a, debits); {
	case err != nil:
		return HostedOffer{}, err
	case bankOnly && !a.Takes(methodBankAccount):
		return HostedOffer{}, Invalid("payment_method", "A bank account is not offered. This invoice takes %s.", a.Words())
	case bankOnly && !debits.Offered:
		return HostedOffer{}, Invalid("payment_method", "A bank account is not offered. %s", debits.Why)
	}
	return HostedOffer{Cards: a.Takes(methodCard) && !bankOnly, BankAccounts: a.Takes(methodBankAccount) && debits.Offered}, nil
}

// PassesFees reports whether who pays by card may be asked for a fee: where no card is
// taken there is none to pass on.
func (s InvoiceSettings) PassesFees() bool { return s.Surcharge.On() && s.Methods.Takes(methodCard) }

// ChargedMethod is what an invoice is charged with by itself: the first that is allowed
// of its customer's methods that can be charged, the default before the others. Where
// none is allowed, unsuited is the first that could be charged otherwise.
func ChargedMethod(a AllowedMethods, methods []PaymentMethod) (charged, unsuited *PaymentMethod) {
	for n := range methods {
		switch m := &methods[n]; {
		case m.Status != MethodUsable:
		case a.Takes(m.Type):
			return m, nil
		case unsuited == nil:
			unsuited = m
		}
	}
	return nil, unsuited
}

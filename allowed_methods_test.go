package remit_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
)

var (
	cardsOnly = remit.AllowedMethods{Cards: true}
	banksOnly = remit.AllowedMethods{BankAccounts: true}
	cannot    = remit.OfferDebits("EUR", "US", true)
	can       = remit.OfferDebits("USD", "US", true)
)

// C11, D7: invoices and settings that were stored before one could choose take cards
// and bank accounts, as they did; nobody can set that nothing is taken.
func TestWhatIsOldTakesAllMethods(t *testing.T) {
	t.Parallel()
	old := remit.DefaultInvoiceSettings()
	if err := json.Unmarshal([]byte(`{"online_payments": true, "partial_payments": false, "version": 3}`), &old); err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]remit.AllowedMethods{"stored before": old.Methods, "nothing said": {}, "the default": remit.DefaultAllowedMethods()} {
		if !a.Takes("card") || !a.Takes("us_bank_account") || a.Shown() != remit.DefaultAllowedMethods() || a.Words() != "cards and bank accounts" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	e := remit.AsError(remit.AllowedMethods{}.Check())
	if e.Kind != remit.KindInvalid || len(e.Fields) != 1 || e.Fields[0].Field != "methods" {
		t.Errorf("nothing at all: %+v", e)
	}
	for _, a := range []remit.AllowedMethods{cardsOnly, banksOnly, remit.DefaultAllowedMethods()} {
		if err := a.Check(); err != nil {
			t.Errorf("%+v: %v", a, err)
		}
	}
}

// C11: a hosted page offers what is allowed, a bank account only where debits are
// offered, and is never opened with nothing to pay with: then it is said why.
func TestHostedPagesOfferWhatIsAllowed(t *testing.T) {
	t.Parallel()
	both := remit.DefaultAllowedMethods()
	for name, c := range map[string]struct {
		allowed  remit.AllowedMethods
		debits   remit.DebitOffer
		bankOnly bool
		want     remit.HostedOffer
		code     string // of the refusal
		says     string
	}{
		"both":                                  {both, can, false, remit.HostedOffer{Cards: true, BankAccounts: true}, "", ""},
		"nothing was said":                      {remit.AllowedMethods{}, can, false, remit.HostedOffer{Cards: true, BankAccounts: true}, "", ""},
		"both, no debits":                       {both, cannot, false, remit.HostedOffer{Cards: true}, "", ""},
		"cards":                                 {cardsOnly, can, false, remit.HostedOffer{Cards: true}, "", ""},
		"banks":                                 {banksOnly, can, false, remit.HostedOffer{BankAccounts: true}, "", ""},
		"banks, no debits":                      {banksOnly, cannot, false, remit.HostedOffer{}, remit.CodeNotPayable, "it takes bank accounts only. Bank debits are in US dollars; this is in EUR."},
		"a bank account is asked for":           {both, can, true, remit.HostedOffer{BankAccounts: true}, "", ""},
		"asked for, no debits":                  {both, cannot, true, remit.HostedOffer{}, remit.CodeInvalid, "Bank debits are in US dollars"},
		"asked for where cards are taken":       {cardsOnly, can, true, remit.HostedOffer{}, remit.CodeInvalid, "This invoice takes cards only."},
		"asked for where nothing else is taken": {banksOnly, can, true, remit.HostedOffer{BankAccounts: true}, "", ""},
	} {
		got, err := remit.OfferHosted(c.allowed, c.debits, c.bankOnly)
		e := remit.AsError(err)
		if got != c.want || (err != nil) != (c.code != "") || err != nil && (e.Code != c.code || !strings.Contains(e.Message, c.says)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if c.code == remit.CodeInvalid && (len(e.Fields) != 1 || e.Fields[0].Field != "payment_method") {
			t.Errorf("%s: the error is about %+v", name, e.Fields)
		}
	}
}

// C11: whatever methods a customer has, an invoice is charged by itself with one that
// can be charged and that it takes, the default before the others, or with none.
func TestOnlyWhatIsTakenIsChargedByItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		allowed := rapid.SampledFrom([]remit.AllowedMethods{{}, cardsOnly, banksOnly, remit.DefaultAllowedMethods()}).Draw(t, "allowed")
		methods := make([]remit.PaymentMethod, rapid.IntRange(0, 5).Draw(t, "methods"))
		for n := range methods {
			methods[n] = remit.PaymentMethod{
				ID: uuid.New(), Type: rapid.SampledFrom([]string{"card", "us_bank_account"}).Draw(t, "type"),
				Status: rapid.SampledFrom([]remit.MethodStatus{remit.MethodUsable, remit.MethodExpired, remit.MethodAwaitingEntry}).Draw(t, "status"),
			}
		}
		fits := func(m remit.PaymentMethod) bool {
			return m.Status == remit.MethodUsable && remit.MethodAllowed(allowed, m.Type) == nil
		}
		charged, unsuited := remit.ChargedMethod(allowed, methods)
		for _, m := range methods {
			if fits(m) {
				if charged == nil || charged.ID != m.ID || unsuited != nil {
					t.Fatalf("%v: %+v is charged, and %+v is not; want %s", methods, charged, unsuited, m.ID)
				}
				return
			}
		}
		if charged != nil || unsuited != nil && (unsuited.Status != remit.MethodUsable || fits(*unsuited)) {
			t.Fatalf("%v: %+v is charged, and %+v is not", methods, charged, unsuited)
		}
	})
}

// C11: what is planned to be charged names no method that the invoice does not take,
// and no fee where no card is taken.
func TestPlannedChargesNameWhatIsTaken(t *testing.T) {
	t.Parallel()
	i := remit.Invoice{Currency: "USD", Outstanding: 100_00, Settings: remit.DefaultInvoiceSettings()}
	i.Settings.AutoCharge.On, i.Settings.Surcharge.Mode = true, remit.SurchargeAddOn
	visa := remit.MethodSummary{Type: "card", Brand: "visa", Last4: "4242", Funding: "credit"}
	next := remit.NextCharge{Method: visa.Words()}
	if told := remit.NextChargeOf(i, remit.ChargePlan{}, visa, next); told.Method != "Visa 4242" || told.Surcharge != 3_20 || !i.Settings.PassesFees() {
		t.Errorf("taken: %+v", told)
	}
	i.Settings.Methods = banksOnly
	if told := remit.NextChargeOf(i, remit.ChargePlan{}, visa, next); told.Method != "" || told.Surcharge != 0 || told.Amount != 100_00 || i.Settings.PassesFees() {
		t.Errorf("not taken: %+v", told)
	}
}

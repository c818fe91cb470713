package activities_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// takes has invoices that the shop makes from now on take some methods alone.
func (s *shop) takes(allowed remit.AllowedMethods) {
	s.t.Helper()
	settings := remit.DefaultInvoiceSettings()
	settings.Methods = allowed
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetSetting(s.t.Context(), s.branch.ID, activities.PaymentsSetting, settings, s.payer)
		return err
	}))
}

// hosted asks for a hosted page and gives the types that Stripe was told to offer, or
// the refusal.
func (s *shop) hosted(ref remit.InvoiceRef, bankOnly bool) ([]string, *remit.Refusal) {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 100_00, BankOnly: bankOnly}))
	must(s.t, err)
	if done.Result.Refused != nil {
		return nil, done.Result.Refused
	}
	session, err := s.stripe.CheckoutSessions.Get(s.lastTry(ref).StripeSession, nil)
	must(s.t, err)
	return session.PaymentMethodTypes, nil
}

// C11: a saved method of a kind that an invoice does not take is refused before there
// is an attempt, in words about payment_method; one that it takes pays, and invoices
// made before the setting was changed take what they took (D7).
func TestSavedMethodsThatAreNotTakenPayNothing(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankPays)
	before := s.invoice(100_00)
	for _, of := range []struct {
		allowed       remit.AllowedMethods
		takes, leaves uuid.UUID
	}{{remit.AllowedMethods{BankAccounts: true}, account, s.card}, {remit.AllowedMethods{Cards: true}, s.card, account}} {
		s.takes(of.allowed)
		ref := s.invoice(100_00)
		refused := s.debited(ref, 100_00, of.leaves)
		if refused == nil || refused.Kind != remit.KindInvalid || len(refused.Fields) != 1 || refused.Fields[0].Field != "payment_method" || !strings.Contains(refused.Message, of.allowed.Words()) {
			t.Fatalf("%s: refused %+v", of.allowed.Words(), refused)
		}
		if _, payments := s.read(ref); len(payments) != 0 {
			t.Fatalf("%s: there are payments %+v", of.allowed.Words(), payments)
		}
		if refused := s.debited(ref, 100_00, of.takes); refused != nil {
			t.Fatalf("%s: what is taken is refused: %+v", of.allowed.Words(), refused)
		}
		s.pass(ref, 10)
		s.settledOnce(ref, 100_00)
	}
	if invoice, _ := s.read(before); invoice.Settings.Methods != remit.DefaultAllowedMethods() {
		t.Fatalf("the setting reached an invoice made before: %+v", invoice.Settings.Methods)
	}
	if refused := s.debited(before, 100_00, account); refused != nil {
		t.Errorf("an invoice made before: %+v", refused)
	}
}

// C11, M2: the last look before the confirm asks once more whether the method is
// taken. What is not is not charged.
func TestLastLookRefusesWhatIsNotTaken(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(100_00)
	s.watched.after = func(method, path string) error {
		if method != "POST" || path != "/v1/payment_intents" {
			return nil
		}
		return s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.Exec(t.Context(), `update invoices set settings = settings || '{"methods": {"cards": false, "bank_accounts": true}}' where id = $1`, ref.Invoice)
			return err
		})
	}
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 100_00, s.card))
	must(t, err)
	if last := s.lastTry(ref); last.State != remit.AttemptCanceled {
		t.Errorf("the attempt is %s", last.State)
	}
	if s.watched.count("POST", "/confirm") != 0 {
		t.Error("it was confirmed")
	}
	s.hasCaptured(ref, 0)
}

// C11: a hosted page offers what the invoice takes and can be offered; where nothing
// that it takes can, no page is opened, and it is said why.
func TestHostedPagesOfferWhatTheInvoiceTakes(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	both, banks, cards := remit.DefaultAllowedMethods(), remit.AllowedMethods{BankAccounts: true}, remit.AllowedMethods{Cards: true}
	check := func(name string, allowed remit.AllowedMethods, bankOnly bool, code string, types ...string) {
		t.Helper()
		s.takes(allowed)
		got, refused := s.hosted(s.invoice(100_00), bankOnly)
		if !slices.Equal(got, types) || (refused != nil) != (code != "") || refused != nil && refused.Code != code {
			t.Errorf("%s: %v, %+v", name, got, refused)
		}
	}
	check("no debits", both, false, "", "card")
	check("banks, no debits", banks, false, remit.CodeNotPayable)
	s.debits()
	check("both", both, false, "", "card", "us_bank_account")
	check("banks", banks, false, "", "us_bank_account")
	check("cards", cards, false, "", "card")
	check("cards, and a bank account is asked for", cards, true, remit.CodeInvalid)
}

// C11, D4: where no card is taken there is no fee to pass on, and the hosted page that
// takes bank accounts is opened as it is elsewhere.
func TestBankAccountsAloneWhereFeesArePassedOn(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	settings := remit.DefaultInvoiceSettings()
	settings.Methods, settings.Surcharge.Mode = remit.AllowedMethods{BankAccounts: true}, remit.SurchargeAddOn
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetSetting(t.Context(), s.branch.ID, activities.PaymentsSetting, settings, s.payer)
		return err
	}))
	ref := s.invoice(100_00)
	if types, refused := s.hosted(ref, false); refused != nil || !slices.Equal(types, []string{"us_bank_account"}) {
		t.Fatalf("%v, %+v", types, refused)
	}
	if !s.lastTry(ref).TakesNoCard() {
		t.Error("the page counts as one that takes cards")
	}
}

// C11: a charge by itself takes the first method that the invoice takes, whatever the
// default is; without one it waits for it, and says so, and a method that comes which
// is taken is charged at once.
func TestChargesByThemselvesTakeWhatIsAllowed(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	s.takes(remit.AllowedMethods{BankAccounts: true})
	ref := s.automatic(100_00, 0, nil)
	s.wait(ref, aDay)
	invoice, payments := s.read(ref)
	if len(payments) != 0 || invoice.Collection.State != remit.CollectionMethod || !strings.Contains(invoice.Collection.Why, "takes bank accounts only") {
		t.Fatalf("payments %+v, collecting came to %+v", payments, invoice.Collection)
	}
	if told := s.told(ref, "charge_skipped"); len(told) != 1 || !strings.Contains(told[0].What, "takes bank accounts only: Visa 4242 is not charged") {
		t.Errorf("the timeline says %+v", told)
	}
	curable := func() (ids []uuid.UUID) {
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
			ids, err = tx.Curable(t.Context(), 10)
			return err
		}))
		return ids
	}
	if ids := curable(); len(ids) != 0 {
		t.Errorf("with a card alone %v are curable", ids)
	}
	account := s.bank(bankPays)
	if ids := curable(); !slices.Equal(ids, []uuid.UUID{ref.Invoice}) {
		t.Fatalf("curable are %v", ids)
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), ref.Invoice)
		must(t, err)
		if charged, err := activities.ChargeWithNewMethod(t.Context(), tx, l, s.now()); err != nil || !charged {
			t.Fatalf("it is not charged (%v)", err)
		}
		one := []remit.Invoice{l.Invoice}
		must(t, tx.TellNextCharges(t.Context(), one))
		if next := one[0].NextCharge; next == nil || !strings.Contains(next.Method, "6789") {
			t.Errorf("it tells %+v", next)
		}
		return nil
	}))
	s.advance(ref)
	if last := s.lastTry(ref); last.State != remit.AttemptProcessing || last.PaymentMethodID == nil || *last.PaymentMethodID != account {
		t.Fatalf("the last try is %s with %+v", last.State, last.Method)
	}
}

// C11: an invoice that takes bank accounts alone, where none can be debited, is not
// charged by itself: a person is asked, and reads why.
func TestNothingOfferedIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.takes(remit.AllowedMethods{BankAccounts: true})
	ref := s.automatic(100_00, 0, nil)
	s.wait(ref, aDay)
	invoice, payments := s.read(ref)
	if len(payments) != 0 || invoice.Collection.State != remit.CollectionAsks || !strings.Contains(invoice.Collection.Why, "Bank debits need a Stripe account in the United States") {
		t.Fatalf("payments %+v, collecting came to %+v", payments, invoice.Collection)
	}
}

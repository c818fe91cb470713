package activities_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// Numbers of Stripe's test bank accounts, by how debits of them go.
const (
	bankPays       = "000123456789"
	bankClosed     = "000111111113"
	bankEmpty      = "000222222227"
	bankObjects    = "000333333335"
	bankNeverTells = "000000000009"
	bankTakesBack  = "000555555559"
)

// bank saves a bank account of the customer that has been verified, with the
// permission to debit it.
func (s *shop) bank(number string) uuid.UUID {
	s.t.Helper()
	ctx := s.t.Context()
	s.debits()
	id, now := uuid.New(), s.now()
	var who string
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) (err error) {
		who, err = tx.StripeCustomer(ctx, s.customer.ID, s.account, false)
		must(s.t, err)
		return tx.InsertBankAccount(ctx, remit.BankAccount{
			ID: id, CustomerID: s.customer.ID, OrganisationID: s.branch.ID, Account: s.account, State: remit.BankAccountRequested, Actor: remit.System, CreatedAt: now,
			Acceptance: remit.MandateAcceptance{How: "online", At: now, Address: "192.0.2.7", Agent: "test", Version: remit.MandateVersion},
		})
	}))
	setup, err := s.link.Stripe.CreateSetup(ctx, id.String()+"/setup", gateway.NewSetup{StripeCustomer: who})
	must(s.t, err)
	named, err := s.link.Stripe.ConfirmSetup(ctx, id.String()+"/confirm", setup.ID, gateway.BankDetails{
		AccountNumber: number, Routing: "110000000", HolderName: "Globex", HolderType: "company",
		Acceptance: remit.MandateAcceptance{How: "online", At: now, Address: "192.0.2.7", Agent: "test"},
	})
	must(s.t, err)
	accounts := &activities.BankAccounts{DB: s.db, Connector: s.payments.Connector, Logger: s.payments.Logger, Now: s.payments.Now}
	ref := remit.BankAccountRef{Tenant: s.tenant, BankAccount: id}
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		b, err := tx.LockBankAccount(ctx, id)
		must(s.t, err)
		b.SetupIntent = setup.ID
		return tx.SaveBankAccount(ctx, b)
	}))
	must(s.t, accounts.RecordSetup(ctx, ref, named))
	verified, err := s.link.Stripe.VerifySetup(ctx, id.String()+"/verify", setup.ID, remit.DepositEntry{Code: "SM11AA"})
	must(s.t, err)
	must(s.t, accounts.RecordSetup(ctx, ref, verified))
	if b := s.bankAccount(id); b.State != remit.BankAccountUsable || b.Mandate == "" {
		s.t.Fatalf("the account is %s with the mandate %q", b.State, b.Mandate)
	}
	return id
}

// debits lets the shop debit bank accounts (D5).
func (s *shop) debits() {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(s.t.Context(), "update connections set country = 'US', ach_debits = true where tenant = $1", s.tenant)
		return err
	}))
}

func (s *shop) now() time.Time { return s.payments.Now() }

func (s *shop) bankAccount(id uuid.UUID) (b remit.BankAccount) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		b, err = tx.BankAccount(s.t.Context(), id)
		return err
	}))
	return b
}

// debited asks for a debit of an invoice and gives its refusal, if any.
func (s *shop) debited(ref remit.InvoiceRef, amount int64, account uuid.UUID) *remit.Refusal {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.asksNow(s.pay(ref, amount, account)))
	must(s.t, err)
	return done.Result.Refused
}

// asksNow dates a request by the shop's clock, which may be days ahead.
func (s *shop) asksNow(request remit.Request) remit.Request {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(s.t.Context(), "update invoice_requests set created_at = $2 where id = $1", request.ID, s.now())
		return err
	}))
	return request
}

// pass lets days go by, here and at Stripe, and has what is due looked at.
func (s *shop) pass(ref remit.InvoiceRef, days int) {
	s.t.Helper()
	s.passed += time.Duration(days) * 24 * time.Hour
	s.later(s.t, s.passed)
	s.advance(ref)
}

// lastTry is the invoice's latest attempt.
func (s *shop) lastTry(ref remit.InvoiceRef) remit.Attempt {
	s.t.Helper()
	_, payments := s.read(ref)
	var last remit.Attempt
	for _, payment := range payments {
		for _, a := range payment.Attempts {
			if a.Number > last.Number {
				last = a
			}
		}
	}
	return last
}

// A bank debit that its bank has is neither paid nor overdue, whatever its due
// date, and says when its result is known; paid is what has settled (M7).
func TestFailure24DebitIsPaidOnceItHasSettled(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankPays)
	due := remit.DateOf(time.Now()).AddDays(1)
	ref := s.invoiceDue(120000, due.String())
	if refused := s.debited(ref, 120000, account); refused != nil {
		t.Fatal(refused)
	}
	invoice, _ := s.read(ref)
	a := s.lastTry(ref)
	if invoice.Status != remit.InvoiceProcessing || invoice.PaidAt != nil || invoice.Applied != 0 || a.State != remit.AttemptProcessing {
		t.Fatalf("the invoice is %s, %d applied, the try %s", invoice.Status, invoice.Applied, a.State)
	}
	told := s.told(ref, "processing")
	by := remit.DebitResultBy(*a.ConfirmAt)
	if len(told) != 1 || !strings.Contains(told[0].What, "Result by "+by.Words()) || !strings.Contains(told[0].Next.What, by.Words()) || told[0].Next.At == nil {
		t.Errorf("the timeline says %+v", told)
	}
	if refused := s.debited(ref, 120000, s.card); refused == nil || refused.Code != remit.CodeInFlight {
		t.Errorf("another payment meanwhile: %+v", refused)
	}
	s.pass(ref, 3)
	if invoice, _ = s.read(ref); invoice.Status != remit.InvoiceProcessing || invoice.Overdue {
		t.Errorf("after its due date the invoice is %s, overdue %v", invoice.Status, invoice.Overdue)
	}
	s.pass(ref, 11)
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoicePaid || invoice.Overdue || payments[0].AmountCaptured != 120000 || payments[0].SettledAt == nil {
		t.Fatalf("settled, the invoice is %s, overdue %v, the payment %+v", invoice.Status, invoice.Overdue, payments[0])
	}
	s.settledOnce(ref, 120000)
	s.everyCent()
}

// Nothing but Stripe's word ends a debit that its bank never answers: no clock of
// ours does, and no second one goes out meanwhile.
func TestFailure29NoClockEndsADebit(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankNeverTells)
	ref := s.invoice(5000)
	if refused := s.debited(ref, 5000, account); refused != nil {
		t.Fatal(refused)
	}
	for range 4 {
		s.pass(ref, 15)
		if a := s.lastTry(ref); a.State != remit.AttemptProcessing || a.Number != 1 || a.LookSince != nil {
			t.Fatalf("after %s the try is %+v", s.passed, a)
		}
	}
	if refused := s.debited(ref, 5000, account); refused == nil || refused.Code != remit.CodeInFlight {
		t.Errorf("a second debit: %+v", refused)
	}
	if n := s.watched.count("POST", "/cancel"); n != 0 {
		t.Errorf("%d cancels were sent", n)
	}
}

// A debit without a permission that stands moves no money: it is a decline that
// asks for a new one, never a success, and is not tried again.
func TestFailure25NoMandateNeedsThePayer(t *testing.T) {
	t.Run("ended before the confirm", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		account := s.bank(bankPays)
		s.act("/mandates/"+s.bankAccount(account).Mandate+"/end", nil)
		ref := s.invoice(5000)
		confirms := s.watched.count("POST", "/confirm") // of its setup
		s.debited(ref, 5000, account)
		if n := s.watched.count("POST", "/confirm"); n != confirms {
			t.Errorf("%d confirms were sent", n-confirms)
		}
		s.needsThePayer(ref, account)
	})
	t.Run("ended at the confirm", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		account := s.bank(bankPays)
		ref := s.invoice(5000)
		s.watched.answer = func(method, path string) (int, string) {
			if method == "POST" && strings.HasSuffix(path, "/confirm") {
				return 400, `{"error": {"type": "invalid_request_error", "code": "payment_intent_mandate_invalid", "message": "no"}}`
			}
			return 0, ""
		}
		s.debited(ref, 5000, account)
		s.watched.answer = nil
		s.needsThePayer(ref, account)
	})
	t.Run("never given", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		s.debits()
		account := s.save("pm_usBankAccount_success")
		ref := s.invoice(5000)
		s.debited(ref, 5000, account)
		s.needsThePayer(ref, account)
	})
}

// needsThePayer holds that an account's debit was declined for want of a
// permission and that it cannot be chosen again.
func (s *shop) needsThePayer(ref remit.InvoiceRef, account uuid.UUID) {
	s.t.Helper()
	invoice, _ := s.read(ref)
	a := s.lastTry(ref)
	if invoice.Status != remit.InvoiceOpen || a.State != remit.AttemptFailed || a.Decline == nil || a.Decline.Rule != "new_mandate" {
		s.t.Fatalf("the invoice is %s, the try %s: %+v", invoice.Status, a.State, a.Decline)
	}
	if cents, _ := s.captured(ref); cents != 0 {
		s.t.Errorf("%d was captured", cents)
	}
	s.isLocked(account)
	s.advance(ref)
	if again := s.lastTry(ref); again.Number != a.Number {
		s.t.Errorf("it was tried again: %+v", again)
	}
	if refused := s.debited(ref, 5000, account); refused == nil || refused.Kind != remit.KindInvalid {
		s.t.Errorf("chosen again: %+v", refused)
	}
}

func (s *shop) isLocked(account uuid.UUID) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		method, err := tx.PaymentMethod(s.t.Context(), account)
		must(s.t, err)
		customer, err := tx.Customer(s.t.Context(), s.customer.ID)
		must(s.t, err)
		if method.Status != remit.MethodLocked || customer.DefaultPaymentMethod != nil && *customer.DefaultPaymentMethod == account {
			s.t.Errorf("the account is %s, the default %v", method.Status, customer.DefaultPaymentMethod)
		}
		b, err := tx.BankAccount(s.t.Context(), account)
		if err == nil && (b.State != remit.BankAccountLocked || b.Reason == "") {
			s.t.Errorf("its record is %s, %q", b.State, b.Reason)
		}
		return nil
	}))
}

// Debits are asked for in US dollars, of an account in the United States that may
// make them, and nowhere else (D5).
func TestDebitsAreMadeWhereTheyAreOffered(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankPays)
	ref := s.invoice(5000)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update connections set ach_debits = false where tenant = $1", s.tenant)
		return err
	}))
	if refused := s.debited(ref, 5000, account); refused == nil || refused.Message != "Bank debits are not switched on for the Stripe account." {
		t.Errorf("refused: %+v", refused)
	}
	s.debits()
	request := s.pay(ref, 5000, account)
	s.performAndDie(ref, request, "intent stored")
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update connections set country = 'CA' where tenant = $1", s.tenant)
		return err
	}))
	s.advance(ref)
	if a := s.lastTry(ref); a.State != remit.AttemptCanceled || a.ChargeBefore != nil {
		t.Errorf("switched off before the confirm, the try is %s", a.State)
	}
}

// Whatever call's answer is lost, and wherever the process dies, one debit goes out.
func TestDebitSurvivesDeathAtEveryBoundary(t *testing.T) {
	for _, boundary := range chargeBoundaries {
		t.Run(boundary, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			account := s.bank(bankPays)
			ref := s.invoice(4200)
			request := s.pay(ref, 4200, account)
			if !s.performAndDie(ref, request, boundary) {
				t.Fatalf("boundary %q was never reached", boundary)
			}
			_, err := s.payments.Perform(t.Context(), ref, request)
			must(t, err)
			s.pass(ref, 14)
			s.settledOnce(ref, 4200)
		})
	}
	t.Run("the mandate's answer is lost", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		account := s.bank(bankPays)
		ref := s.invoice(4200)
		s.watched.after = func(_, path string) error {
			if strings.HasPrefix(path, "/v1/mandates/") {
				return errors.New("the line went dead")
			}
			return nil
		}
		if refused := s.debited(ref, 4200, account); refused != nil {
			t.Fatal(refused)
		}
		if a := s.lastTry(ref); a.State != remit.AttemptCreated || slices.Contains(s.watched.seen, "/confirm") {
			t.Fatalf("the try is %s", a.State)
		}
		s.watched.after = nil
		s.advance(ref)
		s.pass(ref, 14)
		s.settledOnce(ref, 4200)
	})
}

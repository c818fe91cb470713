package activities_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/postgres"
)

// signIn pays on a hosted page with an account, by signing in at its bank.
func (s *shop) signIn(page, account string, save bool) {
	s.t.Helper()
	s.fill(page, save, url.Values{
		"email": {"pay@globex.test"}, "name": {"Globex"}, "holder": {"company"}, "account_holder_type": {"company"}, "method": {"bank_sign_in"}, "account": {account},
	})
}

// typeBank pays on a hosted page with an account whose numbers are typed, which
// Stripe verifies by deposits.
func (s *shop) typeBank(page, number string) {
	s.t.Helper()
	s.fill(page, false, url.Values{
		"email": {"pay@globex.test"}, "name": {"Globex"}, "account_holder_type": {"company"}, "account_type": {"checking"}, "method": {"bank_account"},
		"routing_number": {"110000000"}, "account_number": {number},
	})
}

// A hosted page takes bank accounts where debits are offered (D5, C14), and what
// is paid so is on its way until Stripe says otherwise; an account saved there pays
// the next invoice by its permission.
func TestCheckoutByBank(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	ref := s.invoice(5000)
	s.signIn(s.checkout(ref, 5000, true), "success", true)
	s.advance(ref)
	a := s.lastTry(ref)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoiceProcessing || a.State != remit.AttemptProcessing || a.Method == nil || a.Method.Type != "us_bank_account" {
		t.Fatalf("the invoice is %s, the try %s with %+v", invoice.Status, a.State, a.Method)
	}
	if told := s.told(ref, "processing"); len(told) != 1 || !strings.Contains(told[0].What, "Result by ") {
		t.Errorf("the timeline says %+v", told)
	}
	if refused := s.debited(ref, 5000, s.card); refused == nil || refused.Code != remit.CodeInFlight {
		t.Errorf("another payment meanwhile: %+v", refused)
	}
	s.pass(ref, 10)
	s.settledOnce(ref, 5000)
	var saved remit.PaymentMethod
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		methods, err := tx.PaymentMethods(t.Context(), s.customer.ID)
		for _, m := range methods {
			if m.Type == "us_bank_account" {
				saved = m
			}
		}
		return err
	}))
	if saved.Status != remit.MethodUsable || s.bankAccount(saved.ID).Mandate == "" {
		t.Fatalf("saved was %+v", saved)
	}
	next := s.invoice(4000)
	if refused := s.debited(next, 4000, saved.ID); refused != nil {
		t.Fatal(refused)
	}
	s.pass(next, 10)
	s.settledOnce(next, 4000)
}

// In another currency, or without the capability, the page takes cards alone.
func TestCheckoutWithoutDebits(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(5000)
	s.checkout(ref, 5000, false)
	session, err := s.stripe.CheckoutSessions.Get(s.lastTry(ref).StripeSession, nil)
	must(t, err)
	if types := session.PaymentMethodTypes; len(types) != 1 || types[0] != "card" {
		t.Errorf("it takes %v", types)
	}
}

// A debit from a hosted page that comes back before it settles is a decline with
// the bank's reason, and its account is locked where it can never pay.
func TestCheckoutsDebitFails(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	ref := s.invoice(5000)
	s.signIn(s.checkout(ref, 5000, true), "account_closed", true)
	s.advance(ref)
	s.pass(ref, 10)
	invoice, payments := s.read(ref)
	a := s.lastTry(ref)
	if invoice.Status != remit.InvoiceOpen || a.State != remit.AttemptFailed || a.Decline == nil || a.Decline.Message != "Your bank did not pay. The account is closed. Use another account." {
		t.Fatalf("the invoice is %s, the try %s: %+v", invoice.Status, a.State, a.Decline)
	}
	if status := s.intentStatus(payments[0].PaymentIntent); status != "canceled" {
		t.Errorf("its intent is %s", status)
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		methods, err := tx.PaymentMethods(t.Context(), s.customer.ID)
		for _, m := range methods {
			if m.Type == "us_bank_account" && m.Status != remit.MethodLocked {
				t.Errorf("the account is %s", m.Status)
			}
		}
		return err
	}))
	s.debited(ref, 5000, s.card)
	s.settledOnce(ref, 5000)
}

// Sent off with an account that is still to be verified, a hosted page's payment
// waits for that and keeps others waiting: the payer is led to where the deposits
// are entered. Verified, it is on its way.
func TestCheckoutWaitsForDeposits(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	ref := s.invoice(5000)
	s.typeBank(s.checkout(ref, 5000, false), bankPays)
	s.advance(ref)
	a := s.lastTry(ref)
	if a.State != remit.AttemptRequiresAction || !a.AwaitsDeposits() {
		t.Fatalf("the try is %s, next %q", a.State, a.NextAction)
	}
	if refused := s.debited(ref, 5000, s.card); refused == nil || refused.Code != remit.CodeInFlight {
		t.Errorf("another payment meanwhile: %+v", refused)
	}
	_, payments := s.read(ref)
	_, err := s.stripe.PaymentIntents.VerifyMicrodeposits(payments[0].PaymentIntent, &stripe.PaymentIntentVerifyMicrodepositsParams{DescriptorCode: stripe.String("SM11AA")})
	must(t, err)
	s.advance(ref)
	if a := s.lastTry(ref); a.State != remit.AttemptProcessing || a.NextAction != "" {
		t.Fatalf("verified, the try is %s, next %q", a.State, a.NextAction)
	}
	s.pass(ref, 10)
	s.settledOnce(ref, 5000)
}

// A payment that waits for deposits is cancelled by its payer, or ends where they
// are never entered; the invoice can be paid again.
func TestCheckoutWithoutDepositsEnds(t *testing.T) {
	for _, how := range []string{"cancelled", "never entered"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			s.debits()
			ref := s.invoice(5000)
			s.typeBank(s.checkout(ref, 5000, false), bankPays)
			s.advance(ref)
			_, payments := s.read(ref)
			want := remit.AttemptFailed
			if how == "cancelled" {
				want = remit.AttemptCanceled
				if refused := s.cancelled(ref, payments[0].ID); refused != nil {
					t.Fatal(refused)
				}
			} else {
				s.passed = 13 * 24 * time.Hour
				s.later(t, s.passed)
				s.advance(ref)
			}
			if a := s.lastTry(ref); a.State != want {
				t.Fatalf("the try is %s: %+v", a.State, a.Decline)
			}
			if refused := s.debited(ref, 5000, s.card); refused != nil {
				t.Fatal(refused)
			}
			s.settledOnce(ref, 5000)
		})
	}
}

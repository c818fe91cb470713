package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// bankSession is a session of 25.00 that a bank account can pay.
func bankSession(method string) *stripe.CheckoutSessionParams {
	p := sessionParams()
	p.PaymentMethodTypes = stripe.StringSlice([]string{"card", "us_bank_account"})
	p.PaymentMethodOptions = &stripe.CheckoutSessionPaymentMethodOptionsParams{
		USBankAccount: &stripe.CheckoutSessionPaymentMethodOptionsUSBankAccountParams{
			VerificationMethod: stripe.String(method),
			FinancialConnections: &stripe.CheckoutSessionPaymentMethodOptionsUSBankAccountFinancialConnectionsParams{
				Permissions: stripe.StringSlice([]string{"payment_method"}),
			},
		},
	}
	return p
}

func setupSession(who string) *stripe.CheckoutSessionParams {
	return &stripe.CheckoutSessionParams{
		Mode: stripe.String("setup"), Customer: stripe.String(who), SuccessURL: stripe.String("https://seller.example/saved"),
		PaymentMethodTypes: stripe.StringSlice([]string{"us_bank_account"}),
	}
}

// signIn gives an account at the bank's own page, typeBank its numbers.
func (b *stand) signIn(s *stripe.CheckoutSession, account string) shown {
	b.t.Helper()
	return b.post(s.URL, url.Values{
		"attempt": {b.visit(s.URL).fill("").Get("attempt")}, "method": {"bank_sign_in"}, "account": {account},
		"email": {"payer@example.com"}, "name": {"Pat Payer"}, "account_holder_type": {"company"},
	})
}

func (b *stand) typeBank(s *stripe.CheckoutSession, routing, number string) shown {
	b.t.Helper()
	return b.post(s.URL, url.Values{
		"attempt": {b.visit(s.URL).fill("").Get("attempt")}, "method": {"bank_account"}, "routing_number": {routing}, "account_number": {number},
		"email": {"payer@example.com"}, "name": {"Pat Payer"}, "account_holder_type": {"individual"}, "account_type": {"savings"},
	})
}

// A person signs in at his bank: the account is his at once, the session is
// complete, and the money comes days later.
func TestCheckoutByBank(t *testing.T) {
	b := open(t)
	s := b.session(bankSession("automatic"))
	page := b.visit(s.URL).page
	for _, words := range []string{"Pay from a bank account", "Sign in at your bank", "Or type the account", "Card number"} {
		if !strings.Contains(page, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	if done := b.signIn(s, "success"); done.status != http.StatusSeeOther || !strings.HasPrefix(done.to, "https://seller.example/return") {
		t.Fatalf("%d to %q: %s", done.status, done.to, done.page)
	}
	now := b.reload(s)
	if now.Status != "complete" || now.PaymentStatus != "unpaid" || now.PaymentIntent.Status != "processing" || now.PaymentIntent.PaymentMethod.USBankAccount.AccountHolderType != "company" {
		t.Errorf("%s %s %s", now.Status, now.PaymentStatus, now.PaymentIntent.Status)
	}
	b.advance(8)
	if now = b.reload(s); now.PaymentStatus != "paid" || now.PaymentIntent.Status != "succeeded" {
		t.Errorf("%s, the payment %s", now.PaymentStatus, now.PaymentIntent.Status)
	}
	if b.told("checkout.session.completed") != 1 || b.told("checkout.session.async_payment_succeeded") != 1 {
		t.Errorf("%v", b.eventTypes())
	}
	failing := b.session(bankSession("instant"))
	if strings.Contains(b.visit(failing.URL).page, "Or type the account") {
		t.Error("an account that must be verified at once can be typed")
	}
	b.signIn(failing, "insufficient_funds")
	b.advance(8)
	if now = b.reload(failing); now.Status != "complete" || now.PaymentStatus != "unpaid" || now.PaymentIntent.Status != "requires_payment_method" || b.told("checkout.session.async_payment_failed") != 1 {
		t.Errorf("%s, the payment %s", now.PaymentStatus, now.PaymentIntent.Status)
	}
}

// A typed account is verified on a page of its own, by what the statement says.
func TestCheckoutByTypedAccount(t *testing.T) {
	b := openHeld(t, t.TempDir())
	b.server.SetPublicURL(b.web.URL)
	b.byAmounts()
	s := b.session(bankSession("automatic"))
	if wrong := b.typeBank(s, "110000001", bankSuccess); wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.page, "routing number is invalid") {
		t.Errorf("%d %s", wrong.status, wrong.page)
	}
	if wrong := b.typeBank(s, testRouting, "11122233344455"); wrong.status != http.StatusUnprocessableEntity || strings.Contains(wrong.page, "11122233344455") {
		t.Errorf("%d %s", wrong.status, wrong.page)
	}
	if done := b.typeBank(s, testRouting, bankSuccess); done.status != http.StatusSeeOther {
		t.Fatalf("%d %s", done.status, done.page)
	}
	now := b.reload(s)
	if now.Status != "complete" || now.PaymentStatus != "unpaid" || now.PaymentIntent.Status != "requires_action" {
		t.Fatalf("%s %s %s", now.Status, now.PaymentStatus, now.PaymentIntent.Status)
	}
	at := now.PaymentIntent.NextAction.VerifyWithMicrodeposits.HostedVerificationURL
	if page := b.visit(at).page; strings.Contains(page, "$0.32") || !strings.Contains(page, "Tuesday, March 3, 2026") {
		t.Error(page)
	}
	b.advance(3)
	if page := b.visit(at).page; !strings.Contains(page, "$0.32") || !strings.Contains(page, "$0.45") || !strings.Contains(page, "3 more times") {
		t.Error(page)
	}
	if wrong := b.post(at, url.Values{"amount_1": {"0.10"}, "amount_2": {"$0.12"}}); !strings.Contains(wrong.page, "You have 2 verification attempts remaining") {
		t.Error(wrong.page)
	}
	if done := b.post(at, url.Values{"amount_1": {"$0.32"}, "amount_2": {".45"}}); !strings.Contains(done.page, "is verified") {
		t.Error(done.page)
	}
	b.advance(8)
	if now = b.reload(s); now.PaymentStatus != "paid" {
		t.Errorf("%s, the payment %s", now.PaymentStatus, now.PaymentIntent.Status)
	}
	if journal := b.journal(); strings.Contains(journal, "11122233344455") || strings.Contains(journal, bankSuccess) {
		t.Error("the journal holds an account's number")
	}
}

// In a session that only saves, a sign-in saves at once, and typed numbers once
// they are verified by the deposit's code.
func TestCheckoutSavesAccount(t *testing.T) {
	b := open(t)
	who := b.customer()
	s := b.session(setupSession(who))
	if page := b.visit(s.URL).page; !strings.Contains(page, "Save a bank account with") || strings.Contains(page, "Card number") {
		t.Error(page)
	}
	b.signIn(s, "success")
	now := b.reload(s)
	if now.Status != "complete" || now.SetupIntent.Status != "succeeded" || now.SetupIntent.PaymentMethod.Customer.ID != who {
		t.Errorf("%s, the set-up %s", now.Status, now.SetupIntent.Status)
	}
	b.debit(who, now.SetupIntent.PaymentMethod.ID)
	typed := b.session(setupSession(who))
	b.typeBank(typed, testRouting, bankSuccess)
	now = b.reload(typed)
	if now.Status != "complete" || now.SetupIntent.Status != "requires_action" {
		t.Fatalf("%s, the set-up %s", now.Status, now.SetupIntent.Status)
	}
	at := now.SetupIntent.NextAction.VerifyWithMicrodeposits.HostedVerificationURL
	b.advance(4)
	if page := b.visit(at).page; !strings.Contains(page, "SM11AA") {
		t.Error(page)
	}
	if done := b.post(at, url.Values{"descriptor_code": {"SM33CC"}}); !strings.Contains(done.page, "could not be verified") {
		t.Error(done.page)
	}
	if now = b.reload(typed); now.SetupIntent.Status != "requires_payment_method" {
		t.Errorf("the set-up is %s", now.SetupIntent.Status)
	}
}

// Deposits that bounce are never on the statement.
func TestDepositPageOfBouncedDeposits(t *testing.T) {
	b := open(t)
	si := b.setUp(b.customer(), bankBounces)
	at := si.NextAction.VerifyWithMicrodeposits.HostedVerificationURL
	if page := b.visit(at).page; strings.Contains(page, "SM11AA") {
		t.Error(page)
	}
	b.advance(6)
	if page := b.visit(at).page; !strings.Contains(page, "could not be verified") || !strings.Contains(page, "Microdeposits failed") {
		t.Error(page)
	}
	if none := b.visit(b.web.URL + "/_hosted/microdeposits/mdv_none"); none.status != http.StatusNotFound {
		t.Error(none.status)
	}
	if other := b.visit(strings.Replace(at, "microdeposits", "3ds", 1)); other.status != http.StatusNotFound {
		t.Error(other.status)
	}
}

// A session is refused what the account has not, or what the currency forbids.
func TestBankSessionIsGated(t *testing.T) {
	b := open(t)
	micro := bankSession("microdeposits")
	if _, err := b.CheckoutSessions.New(micro); failure(t, err).Param != "payment_method_options[us_bank_account][verification_method]" {
		t.Error(err)
	}
	euro := bankSession("automatic")
	for _, line := range euro.LineItems {
		line.PriceData.Currency = stripe.String("eur")
	}
	if _, err := b.CheckoutSessions.New(euro); failure(t, err).Param != "payment_method_types" {
		t.Error(err)
	}
	b.act("/account", map[string]any{"us_bank_account_ach_payments": "inactive"}, nil)
	if _, err := b.CheckoutSessions.New(bankSession("automatic")); failure(t, err).Param != "payment_method_types" {
		t.Error(err)
	}
}

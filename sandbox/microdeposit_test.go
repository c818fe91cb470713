package sandbox_test

import (
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// A bank account tells what a page may show of it, and nothing of its number.
func TestBankAccountIsShownWithoutItsNumber(t *testing.T) {
	s := open(t)
	m := s.bank(bankSuccess)
	b := m.USBankAccount
	if b == nil || b.Last4 != "6789" || b.BankName != "STRIPE TEST BANK" || b.RoutingNumber != testRouting ||
		b.AccountType != "checking" || b.AccountHolderType != "individual" || b.Networks.Preferred != "ach" || b.StatusDetails != nil {
		t.Errorf("%+v", b)
	}
	if again := s.bank(bankSuccess); again.USBankAccount.Fingerprint != b.Fingerprint || b.Fingerprint == "" {
		t.Errorf("the same account has the fingerprints %s and %s", again.USBankAccount.Fingerprint, b.Fingerprint)
	}
	if other := s.bank(bankDisputed); other.USBankAccount.Fingerprint == b.Fingerprint {
		t.Error("two accounts have one fingerprint")
	}
}

// What could be no account of a bank is refused by name, and not repeated.
func TestWrongBankAccountIsRefused(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		change func(*stripe.PaymentMethodUSBankAccountParams)
		code   stripe.ErrorCode
		param  string
	}{
		{func(p *stripe.PaymentMethodUSBankAccountParams) { p.RoutingNumber = stripe.String("110000001") }, "routing_number_invalid", "us_bank_account[routing_number]"},
		{func(p *stripe.PaymentMethodUSBankAccountParams) { p.RoutingNumber = stripe.String("1100") }, "routing_number_invalid", "us_bank_account[routing_number]"},
		{func(p *stripe.PaymentMethodUSBankAccountParams) { p.AccountNumber = stripe.String("987654321098") }, "account_number_invalid", "us_bank_account[account_number]"},
		{func(p *stripe.PaymentMethodUSBankAccountParams) { p.AccountNumber = stripe.String("98765x") }, "account_number_invalid", "us_bank_account[account_number]"},
		{func(p *stripe.PaymentMethodUSBankAccountParams) { p.AccountNumber = nil }, "parameter_missing", "us_bank_account[account_number]"},
		{func(p *stripe.PaymentMethodUSBankAccountParams) { p.AccountHolderType = nil }, "parameter_missing", "us_bank_account[account_holder_type]"},
	} {
		params := bankParams(bankSuccess)
		c.change(params.USBankAccount)
		_, err := s.PaymentMethods.New(params)
		failed := failure(t, err)
		if failed.Code != c.code || failed.Param != c.param || strings.Contains(failed.Msg, "98765") {
			t.Errorf("want %s of %s, got %s of %s: %s", c.code, c.param, failed.Code, failed.Param, failed.Msg)
		}
	}
}

// An account is saved once its owner has read the code on his statement: the
// mandate stands from then on.
func TestAccountIsSavedByCode(t *testing.T) {
	s := openHeld(t, t.TempDir())
	who := s.customer()
	si := s.setUp(who, bankSuccess)
	next := si.NextAction
	if si.Status != "requires_action" || next.Type != "verify_with_microdeposits" || next.VerifyWithMicrodeposits.MicrodepositType != "descriptor_code" {
		t.Fatalf("%s %+v", si.Status, next)
	}
	if arrives := next.VerifyWithMicrodeposits.ArrivalDate; arrives != 1772514000 { // Tuesday 2026-03-03, 0:00 in New York
		t.Errorf("sent on a Sunday, arrives at %d", arrives)
	}
	if m := s.mandate(si.Mandate.ID); m.Status != "pending" || m.Type != "multi_use" || m.CustomerAcceptance.Online.IPAddress != "192.0.2.7" {
		t.Errorf("%+v", m)
	}
	if _, err := s.PaymentMethods.Attach(si.PaymentMethod.ID, &stripe.PaymentMethodAttachParams{Customer: stripe.String(who)}); err == nil {
		t.Error("an account that nobody verified was attached")
	}
	done, err := s.verify(si.ID, "sm11aa")
	if err != nil || done.Status != "succeeded" || done.NextAction != nil {
		t.Fatalf("%v %+v", err, done)
	}
	if m := s.method(si.PaymentMethod.ID); m.Customer == nil || m.Customer.ID != who {
		t.Error("the account is not the customer's")
	}
	if m := s.mandate(si.Mandate.ID); m.Status != "active" {
		t.Errorf("the mandate is %s", m.Status)
	}
	for kind, want := range map[string]int{
		"setup_intent.requires_action": 1, "setup_intent.succeeded": 1, "mandate.updated": 1, "payment_method.attached": 1, "setup_intent.setup_failed": 0,
	} {
		if got := s.told(kind); got != want {
			t.Errorf("%d of %s, want %d", got, kind, want)
		}
	}
	if _, err := s.verify(si.ID, "SM11AA"); failure(t, err).Code != "payment_method_bank_account_already_verified" {
		t.Error(err)
	}
}

// What the payer says he found decides, each as Stripe's table of values has it.
func TestDepositValues(t *testing.T) {
	s := open(t)
	who := s.customer()
	const prefix = "payment_method_microdeposit_verification_"
	code := func(word string) func(string) error {
		return func(id string) error { _, err := s.verify(id, word); return err }
	}
	amounts := func(pair ...int64) func(string) error {
		return func(id string) error { _, err := s.verifyAmounts(id, pair...); return err }
	}
	for _, c := range []struct {
		name, kind string
		try        func(string) error
		want       stripe.ErrorCode
		status     stripe.SetupIntentStatus
	}{
		{"right code", "descriptor_code", code("SM11AA"), "", "succeeded"},
		{"code tried too often", "descriptor_code", code("SM33CC"), prefix + "attempts_exceeded", "requires_payment_method"},
		{"code too late", "descriptor_code", code("SM44DD"), prefix + "timeout", "requires_payment_method"},
		{"another code", "descriptor_code", code("SM99ZZ"), prefix + "descriptor_code_mismatch", "requires_action"},
		{"amounts instead of a code", "descriptor_code", amounts(32, 45), prefix + "amounts_invalid", "requires_action"},
		{"right amounts", "amounts", amounts(32, 45), "", "succeeded"},
		{"right amounts turned round", "amounts", amounts(45, 32), "", "succeeded"},
		{"amounts tried too often", "amounts", amounts(10, 11), prefix + "attempts_exceeded", "requires_payment_method"},
		{"amounts too late", "amounts", amounts(41, 40), prefix + "timeout", "requires_payment_method"},
		{"other amounts", "amounts", amounts(1, 2), prefix + "amounts_mismatch", "requires_action"},
		{"one amount", "amounts", amounts(32), prefix + "amounts_invalid", "requires_action"},
		{"a code instead of amounts", "amounts", code("SM11AA"), prefix + "descriptor_code_mismatch", "requires_action"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.act("/settings", map[string]any{"microdeposits": c.kind}, nil)
			si := s.setUp(who, bankSuccess)
			err := c.try(si.ID)
			if c.want != "" && failure(t, err).Code != c.want || c.want == "" && err != nil {
				t.Errorf("want %q, got %v", c.want, err)
			}
			is := s.setupState(si.ID)
			if is.Status != c.status {
				t.Errorf("the set-up is %s", is.Status)
			}
			if c.status == "requires_payment_method" && (is.LastSetupError == nil || is.LastSetupError.Code != c.want || s.mandate(si.Mandate.ID).Status != "inactive") {
				t.Errorf("%+v", is.LastSetupError)
			}
		})
	}
}

// There are ten guesses at a code and three at amounts; how many are left is said.
func TestDepositTriesAreCounted(t *testing.T) {
	for kind, most := range map[string]int{"descriptor_code": 10, "amounts": 3} {
		s := open(t)
		s.act("/settings", map[string]any{"microdeposits": kind}, nil)
		si := s.setUp(s.customer(), bankSuccess)
		for n := 1; n <= most; n++ {
			var err error
			if kind == "amounts" {
				_, err = s.verifyAmounts(si.ID, 1, int64(n))
			} else {
				_, err = s.verify(si.ID, "SM00AA")
			}
			failed := failure(t, err)
			if n < most && !strings.Contains(failed.Msg, "You have "+string(rune('0'+most-n))+" verification attempts remaining") {
				t.Errorf("%s, after %d: %s", kind, n, failed.Msg)
			}
			if n == most && failed.Code != "payment_method_microdeposit_verification_attempts_exceeded" {
				t.Errorf("%s, after the last: %s", kind, failed.Code)
			}
		}
		if is := s.setupState(si.ID); is.Status != "requires_payment_method" || s.told("setup_intent.setup_failed") != 1 {
			t.Errorf("%s: the set-up is %s", kind, is.Status)
		}
	}
}

// Nobody has to wait for the end by hand: ten days pass, or the deposits bounce.
// A set-up that failed can be made again with the same account.
func TestVerificationEndsByItself(t *testing.T) {
	s := open(t)
	who := s.customer()
	slow, wrong := s.setUp(who, bankSuccess), s.setUp(who, bankBounces)
	impatient := s.setUp(who, bankBounces)
	if _, err := s.verify(impatient.ID, "SM11AA"); failure(t, err).Code != "payment_method_microdeposit_failed" {
		t.Error(err)
	}
	s.advance(5)
	if is := s.setupState(wrong.ID); is.Status != "requires_payment_method" || is.LastSetupError.Code != "payment_method_microdeposit_failed" {
		t.Errorf("%s %+v", is.Status, is.LastSetupError)
	}
	s.advance(6)
	is := s.setupState(slow.ID)
	if is.Status != "requires_payment_method" || is.LastSetupError.Code != "payment_method_microdeposit_verification_timeout" {
		t.Fatalf("%s %+v", is.Status, is.LastSetupError)
	}
	again, err := s.SetupIntents.Confirm(slow.ID, &stripe.SetupIntentConfirmParams{
		PaymentMethod: stripe.String(slow.PaymentMethod.ID), MandateData: permission(),
	})
	if err != nil || again.Status != "requires_action" {
		t.Fatal(err)
	}
	if done, err := s.verify(slow.ID, "SM11AA"); err != nil || done.Status != "succeeded" {
		t.Error(err)
	}
}

// No account is saved without its owner's permission, whole and accepted.
func TestSetupNeedsPermission(t *testing.T) {
	s := open(t)
	who := s.customer()
	params := setupParams(who, s.bank(bankSuccess).ID)
	params.MandateData = nil
	if _, err := s.SetupIntents.New(params); failure(t, err).Code != "setup_intent_mandate_invalid" {
		t.Error(err)
	}
	params.MandateData = permission()
	params.MandateData.CustomerAcceptance.Online.UserAgent = nil
	if _, err := s.SetupIntents.New(params); failure(t, err).Param != "mandate_data[customer_acceptance][online][user_agent]" {
		t.Error(err)
	}
	params.MandateData = &stripe.SetupIntentMandateDataParams{CustomerAcceptance: &stripe.SetupIntentMandateDataCustomerAcceptanceParams{
		Type: "offline", Offline: &stripe.SetupIntentMandateDataCustomerAcceptanceOfflineParams{},
	}}
	if si, err := s.SetupIntents.New(params); err != nil || si.Status != "requires_action" {
		t.Error(err)
	}
	nameless := bankParams(bankSuccess)
	nameless.BillingDetails = nil
	m, err := s.PaymentMethods.New(nameless)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetupIntents.New(setupParams(who, m.ID)); failure(t, err).Param != "billing_details[name]" {
		t.Error(err)
	}
	instant := setupParams(who, s.bank(bankSuccess).ID)
	instant.PaymentMethodOptions.USBankAccount.VerificationMethod = stripe.String("instant")
	if _, err := s.SetupIntents.New(instant); failure(t, err).Code != "payment_method_invalid_parameter" {
		t.Error(err)
	}
}

// An account is set up in dollars and by accounts that may debit banks alone.
func TestBankDebitsAreGated(t *testing.T) {
	s := open(t)
	who := s.customer()
	for _, state := range []string{"inactive", "pending"} {
		s.act("/account", map[string]any{"us_bank_account_ach_payments": state}, nil)
		if _, err := s.SetupIntents.New(setupParams(who, s.bank(bankSuccess).ID)); failure(t, err).Param != "payment_method_types" {
			t.Errorf("%s: %v", state, err)
		}
	}
	account, err := s.Accounts.Get()
	if err != nil || account.Capabilities.USBankAccountACHPayments != "pending" {
		t.Errorf("%v %+v", err, account.Capabilities)
	}
	s.act("/account", map[string]any{"us_bank_account_ach_payments": "active", "country": "CA"}, nil)
	if account, err := s.Accounts.Get(); err != nil || account.Country != "CA" {
		t.Error(err)
	}
	if s.told("capability.updated") != 3 || s.told("account.updated") != 3 {
		t.Error("nobody was told of what the account may do")
	}
	_, err = s.PaymentIntents.New(&stripe.PaymentIntentParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("eur"), PaymentMethodTypes: stripe.StringSlice([]string{"us_bank_account"}),
	})
	if failed := failure(t, err); failed.Param != "currency" || !strings.Contains(failed.Msg, "usd") {
		t.Error(failed)
	}
}

// The number of an account is nowhere on disk, whatever was done with it.
func TestJournalHoldsNoAccountNumber(t *testing.T) {
	s := open(t)
	who := s.customer()
	s.saveBank(who, bankSuccess)
	_, err := s.PaymentMethods.New(bankParams("4455667788990011"))
	if err == nil {
		t.Fatal("taken, though it is no test number")
	}
	s.reopen()
	journal := s.journal()
	for _, number := range []string{bankSuccess, "4455667788990011"} {
		if strings.Contains(journal, number) {
			t.Errorf("the journal holds %s", number)
		}
	}
}

// A mandate ends where its owner takes it back, once and for good.
func TestMandateIsEnded(t *testing.T) {
	s := open(t)
	si := s.setUp(s.customer(), bankSuccess)
	if _, err := s.verify(si.ID, "SM11AA"); err != nil {
		t.Fatal(err)
	}
	s.act("/mandates/"+si.Mandate.ID+"/end", nil, nil)
	if m := s.mandate(si.Mandate.ID); m.Status != "inactive" {
		t.Errorf("it is %s", m.Status)
	}
	if status := s.control("POST", "/_sandbox/mandates/"+si.Mandate.ID+"/end", nil, nil); status != 400 {
		t.Errorf("ended twice: %d", status)
	}
}

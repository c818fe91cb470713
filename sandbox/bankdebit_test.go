package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"

	"remit/sandbox"
)

// debitParams are a debit of 10.00 USD, confirmed at once.
func debitParams(who, method string) *stripe.PaymentIntentParams {
	return &stripe.PaymentIntentParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("usd"), Customer: stripe.String(who), PaymentMethod: stripe.String(method),
		PaymentMethodTypes: stripe.StringSlice([]string{"card", "us_bank_account"}), Confirm: stripe.Bool(true),
	}
}

// paymentPermission is permission for a payment.
func paymentPermission() *stripe.PaymentIntentMandateDataParams {
	return &stripe.PaymentIntentMandateDataParams{CustomerAcceptance: &stripe.PaymentIntentMandateDataCustomerAcceptanceParams{
		Type: stripe.String("online"),
		Online: &stripe.PaymentIntentMandateDataCustomerAcceptanceOnlineParams{
			IPAddress: stripe.String("192.0.2.7"), UserAgent: stripe.String("browser"),
		},
	}}
}

func (s *stand) intent(id string) *stripe.PaymentIntent {
	s.t.Helper()
	params := &stripe.PaymentIntentParams{}
	params.AddExpand("latest_charge.balance_transaction")
	pi, err := s.PaymentIntents.Get(id, params)
	if err != nil {
		s.t.Fatal(err)
	}
	return pi
}

// A payment can bring its account with it: verified first, then debited by a
// permission for that one payment.
func TestPaymentVerifiesItsAccount(t *testing.T) {
	s := open(t)
	params := debitParams(s.customer(), s.bank(bankSuccess).ID)
	params.MandateData = paymentPermission()
	pi, err := s.PaymentIntents.New(params)
	if err != nil || pi.Status != "requires_action" || pi.NextAction.VerifyWithMicrodeposits == nil {
		t.Fatalf("%v %+v", err, pi)
	}
	pi, err = s.PaymentIntents.VerifyMicrodeposits(pi.ID, &stripe.PaymentIntentVerifyMicrodepositsParams{DescriptorCode: stripe.String("SM11AA")})
	if err != nil || pi.Status != "processing" {
		t.Fatalf("%v %+v", err, pi)
	}
	ch := s.intent(pi.ID).LatestCharge
	used := ch.PaymentMethodDetails.USBankAccount
	if ch.Status != "pending" || ch.ID[:3] != "py_" || used == nil || used.Mandate.ID == "" {
		t.Errorf("%s is %s", ch.ID, ch.Status)
	}
	if m := s.mandate(used.Mandate.ID); m.Type != "single_use" || m.SingleUse.Amount != 1000 || m.Status != "inactive" {
		t.Errorf("%+v", m)
	}
}

// debit collects 10.00 USD from a saved account without its owner.
func (s *stand) debit(who, method string) *stripe.PaymentIntent {
	s.t.Helper()
	params := debitParams(who, method)
	params.OffSession = stripe.Bool(true)
	pi, err := s.PaymentIntents.New(params)
	if err != nil {
		s.t.Fatal(err)
	}
	return pi
}

func (s *stand) hours(n int) {
	s.t.Helper()
	s.seconds(n * 3600)
}

// Each of Stripe's test accounts behaves as its table says, days later as banks
// do. Begun on a Sunday, a debit goes out on Monday.
func TestBankTable(t *testing.T) {
	for _, c := range []struct {
		number  string
		code    stripe.ErrorCode // of the failure, "" for success
		days    int              // from Sunday to the end
		network string           // of the block, "" for none
		reason  string
	}{
		{bankSuccess, "", 5, "", ""},
		{"000111111113", "account_closed", 3, "R02", "bank_account_closed"},
		{"000111111116", "no_account", 3, "R03", "bank_account_invalid_details"},
		{"000222222227", "insufficient_funds", 3, "", ""},
		{"000333333335", "debit_not_authorized", 4, "R10", "debit_not_authorized"},
		{"000444444440", "invalid_currency", 3, "", ""},
		{bankDisputed, "", 5, "", ""},
		{"000777777771", "charge_exceeds_source_limit", 3, "", ""},
		{"000888888885", "account_number_invalid", 3, "R04", "bank_account_invalid_details"},
	} {
		t.Run(c.number, func(t *testing.T) {
			s := openHeld(t, t.TempDir())
			who := s.customer()
			method := s.saveBank(who, c.number)
			pi := s.debit(who, method)
			if is := s.intent(pi.ID); pi.Status != "processing" || is.LatestCharge.Status != "pending" || is.LatestCharge.Paid || is.LatestCharge.BalanceTransaction != nil {
				t.Fatalf("%s, its charge %s", pi.Status, is.LatestCharge.Status)
			}
			s.advance(c.days - 1)
			if is := s.intent(pi.ID); is.Status != "processing" {
				t.Errorf("a day too early it is %s", is.Status)
			}
			s.advance(1)
			is := s.intent(pi.ID)
			ch := is.LatestCharge
			if c.code == "" {
				txn := ch.BalanceTransaction
				if is.Status != "succeeded" || ch.Status != "succeeded" || !ch.Paid || txn.Type != "payment" || txn.Fee != 8 || txn.Net != 992 ||
					ch.PaymentMethodDetails.USBankAccount.PaymentReference == "" {
					t.Errorf("%s, its charge %s, its money %+v", is.Status, ch.Status, txn)
				}
				return
			}
			if is.Status != "requires_payment_method" || is.LastPaymentError.Code != c.code || is.LastPaymentError.PaymentMethod.ID != method ||
				ch.Status != "failed" || ch.FailureCode != string(c.code) {
				t.Errorf("%s by %+v, its charge %s by %s", is.Status, is.LastPaymentError, ch.Status, ch.FailureCode)
			}
			for _, kind := range []string{"charge.pending", "payment_intent.processing", "charge.failed", "payment_intent.payment_failed"} {
				if s.told(kind) != 1 {
					t.Errorf("%d of %s", s.told(kind), kind)
				}
			}
			s.blockedBy(method, c.network, c.reason)
		})
	}
}

// blockedBy checks why an account cannot be debited any more; reason "" says
// that it can.
func (s *stand) blockedBy(method, network, reason string) {
	s.t.Helper()
	details := s.method(method).USBankAccount.StatusDetails
	if reason == "" {
		if details != nil && details.Blocked != nil {
			s.t.Errorf("%s is blocked: %+v", method, details.Blocked)
		}
		return
	}
	if details == nil || string(details.Blocked.NetworkCode) != network || string(details.Blocked.Reason) != reason {
		s.t.Errorf("%s is not blocked by %s %s: %+v", method, network, reason, details)
		return
	}
	if s.told("payment_method.automatically_updated") != 1 {
		s.t.Error("nobody was told of the block")
	}
}

// Radar's refusal comes at once, and the bank is never asked.
func TestRadarBlocksAccount(t *testing.T) {
	s := open(t)
	who := s.customer()
	_, err := s.PaymentIntents.New(debitParams(who, s.saveBank(who, "000000004954")))
	failed := failure(t, err)
	if failed.HTTPStatusCode != 402 || failed.Code != "bank_account_declined" || failed.PaymentIntent.Status != "requires_payment_method" {
		t.Fatalf("%+v", failed)
	}
	if ch := s.intent(failed.PaymentIntent.ID).LatestCharge; ch.Status != "failed" || ch.Outcome.Type != "blocked" || ch.ID[:3] != "py_" {
		t.Errorf("%s: %+v", ch.Status, ch.Outcome)
	}
}

// A blocked account is refused at once, with a failed charge, whoever agrees.
func TestBlockedAccountIsRefused(t *testing.T) {
	s := open(t)
	who := s.customer()
	method := s.saveBank(who, "000111111113")
	s.debit(who, method)
	s.advance(8)
	params := debitParams(who, method)
	params.MandateData = paymentPermission()
	_, err := s.PaymentIntents.New(params)
	failed := failure(t, err)
	if failed.HTTPStatusCode != 402 || failed.Code != "bank_account_unusable" {
		t.Fatal(err)
	}
	if ch := s.intent(failed.PaymentIntent.ID).LatestCharge; ch == nil || ch.Status != "failed" || ch.FailureCode != "bank_account_unusable" {
		t.Errorf("%+v", ch)
	}
	if _, err := s.SetupIntents.New(setupParams(who, method)); failure(t, err).Code != "payment_method_bank_account_blocked" {
		t.Error(err)
	}
}

// Without a mandate that stands, nothing is debited; the intent waits for one.
func TestDebitNeedsMandate(t *testing.T) {
	s := open(t)
	who := s.customer()
	si := s.setUp(who, bankSuccess)
	method := si.PaymentMethod.ID
	if _, err := s.verify(si.ID, "SM11AA"); err != nil {
		t.Fatal(err)
	}
	s.act("/mandates/"+si.Mandate.ID+"/end", nil, nil)
	params := debitParams(who, method)
	params.OffSession = stripe.Bool(true)
	_, err := s.PaymentIntents.New(params)
	failed := failure(t, err)
	if failed.Code != "payment_intent_mandate_invalid" || failed.HTTPStatusCode != 400 || failed.PaymentIntent.Status != "requires_confirmation" {
		t.Fatal(err)
	}
	if s.told("charge.failed")+s.told("charge.pending") != 0 {
		t.Error("a charge was made")
	}
	named := debitParams(who, method)
	named.Mandate = stripe.String(si.Mandate.ID)
	if _, err := s.PaymentIntents.New(named); failure(t, err).Code != "payment_intent_mandate_invalid" {
		t.Error(err)
	}
	// The owner agrees once more, on paper: the same intent goes on, and later
	// ones need nobody.
	confirm := &stripe.PaymentIntentConfirmParams{MandateData: &stripe.PaymentIntentMandateDataParams{
		CustomerAcceptance: &stripe.PaymentIntentMandateDataCustomerAcceptanceParams{
			Type: stripe.String("offline"), Offline: &stripe.PaymentIntentMandateDataCustomerAcceptanceOfflineParams{},
		},
	}}
	if pi, err := s.PaymentIntents.Confirm(failed.PaymentIntent.ID, confirm); err != nil || pi.Status != "processing" {
		t.Fatal(err)
	}
	s.debit(who, method)
}

// A debit can be called back until it goes to the bank, the one that is never
// answered always.
func TestDebitIsCanceledInTime(t *testing.T) {
	s := openHeld(t, t.TempDir())
	who := s.customer()
	method := s.saveBank(who, bankSuccess)
	early, late := s.debit(who, method), s.debit(who, method)
	for _, hours := range []int{37, 1} { // Monday, 20:00 and 21:00 in New York
		s.hours(hours)
		if hours == 1 {
			break
		}
		pi, err := s.PaymentIntents.Cancel(early.ID, nil)
		if err != nil || pi.Status != "canceled" {
			t.Fatal(err)
		}
	}
	if ch := s.intent(early.ID).LatestCharge; ch.Status != "failed" {
		t.Errorf("the charge of the canceled is %s", ch.Status)
	}
	if _, err := s.PaymentIntents.Cancel(late.ID, nil); failure(t, err).Code != "payment_intent_unexpected_state" {
		t.Error(err)
	}
	forever := s.debit(who, s.saveBank(who, "000000000009"))
	s.advance(60)
	if is := s.intent(forever.ID); is.Status != "processing" {
		t.Fatalf("it is %s", is.Status)
	}
	if pi, err := s.PaymentIntents.Cancel(forever.ID, nil); err != nil || pi.Status != "canceled" {
		t.Error(err)
	}
	if is := s.intent(early.ID); is.Status != "canceled" {
		t.Errorf("the canceled one is %s in the end", is.Status)
	}
}

// A fault chooses how a debit ends, as it does for cards, but days later.
func TestFaultFailsDebit(t *testing.T) {
	s := open(t)
	who := s.customer()
	method := s.saveBank(who, bankSuccess)
	s.faults(sandbox.FaultSpec{Rules: []sandbox.FaultRule{{Effect: "decline", Code: "account_frozen", PaymentMethod: method, Match: sandbox.FaultMatch{Nth: []int64{2}}}}})
	first, second := s.debit(who, method), s.debit(who, method)
	s.advance(10)
	if is := s.intent(first.ID); is.Status != "succeeded" {
		t.Errorf("the first is %s", is.Status)
	}
	if is := s.intent(second.ID); is.Status != "requires_payment_method" || is.LastPaymentError.Code != "account_frozen" {
		t.Errorf("the second is %s", is.Status)
	}
	s.blockedBy(method, "R16", "bank_account_frozen")
}

// A demonstration need not wait for the bank.
func TestDebitIsSettledByHand(t *testing.T) {
	s := open(t)
	who := s.customer()
	good, bad := s.debit(who, s.saveBank(who, bankSuccess)), s.debit(who, s.saveBank(who, "000222222227"))
	for _, pi := range []*stripe.PaymentIntent{good, bad} {
		s.act("/charges/"+pi.LatestCharge.ID+"/settle", nil, nil)
	}
	s.advance(10) // what was due then finds nothing to do
	if is := s.intent(good.ID); is.Status != "succeeded" || s.told("charge.succeeded") != 1 {
		t.Errorf("it is %s", is.Status)
	}
	if is := s.intent(bad.ID); is.Status != "requires_payment_method" || s.told("charge.failed") != 1 {
		t.Errorf("it is %s", is.Status)
	}
	if status := s.control("POST", "/_sandbox/charges/"+good.LatestCharge.ID+"/settle", nil, nil); status != 400 {
		t.Errorf("settled twice: %d", status)
	}
}

// A debit is made once however often its request comes, and a restart changes
// neither the answer nor what becomes of it.
func TestDebitIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	s := openHeld(t, dir)
	who := s.customer()
	params := debitParams(who, s.saveBank(who, "000222222227"))
	params.SetIdempotencyKey("debit-1")
	first, err := s.PaymentIntents.New(params)
	if err != nil {
		t.Fatal(err)
	}
	before := s.ask("GET", "/v1/payment_intents/"+first.ID+"?expand[]=latest_charge&expand[]=payment_method")
	s.close()
	s = openHeld(t, dir)
	again, err := s.PaymentIntents.New(params)
	if err != nil || again.ID != first.ID || s.told("charge.pending") != 1 {
		t.Fatalf("%v: %s after %s", err, again.ID, first.ID)
	}
	if after := s.ask("GET", "/v1/payment_intents/"+first.ID+"?expand[]=latest_charge&expand[]=payment_method"); string(after) != string(before) {
		t.Errorf("%s\nafter the restart, before it\n%s", after, before)
	}
	s.advance(10)
	if is := s.intent(first.ID); is.Status != "requires_payment_method" {
		t.Errorf("it is %s", is.Status)
	}
}

// Each test name stands for an account that is verified already.
func TestBankTokens(t *testing.T) {
	s := open(t)
	for token, status := range map[string]stripe.PaymentIntentStatus{
		"success": "processing", "accountClosed": "processing", "noAccount": "processing", "insufficientFunds": "processing",
		"debitNotAuthorized": "processing", "invalidCurrency": "processing", "dispute": "processing", "processing": "processing",
		"weeklyLimitExceeded": "processing", "failMicrodeposits": "requires_action",
	} {
		params := debitParams(s.customer(), "pm_usBankAccount_"+token)
		params.MandateData, params.SetupFutureUsage = paymentPermission(), stripe.String("off_session")
		pi, err := s.PaymentIntents.New(params)
		if err != nil || pi.Status != status {
			t.Errorf("%s: %v %+v", token, err, pi)
			continue
		}
		if saved := s.method(pi.PaymentMethod.ID).Customer != nil; saved != (status == "processing") {
			t.Errorf("%s: saved is %v", token, saved)
		}
	}
}

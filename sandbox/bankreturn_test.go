package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// settled is a debit that has succeeded.
func (s *stand) settled(who, method string) *stripe.PaymentIntent {
	s.t.Helper()
	pi := s.debit(who, method)
	s.act("/charges/"+pi.LatestCharge.ID+"/settle", nil, nil)
	return s.intent(pi.ID)
}

func (s *stand) disputesOf(intent string) []*stripe.Dispute {
	s.t.Helper()
	var all []*stripe.Dispute
	list := s.Disputes.List(&stripe.DisputeListParams{PaymentIntent: stripe.String(intent)})
	for list.Next() {
		all = append(all, list.Dispute())
	}
	if err := list.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// A debit comes back after its success: the dispute is lost from the beginning,
// nobody can answer it, and the mandate is gone. The second time the account is
// blocked.
func TestDebitComesBackLate(t *testing.T) {
	s := openHeld(t, t.TempDir())
	who := s.customer()
	method := s.saveBank(who, bankDisputed)
	pi := s.debit(who, method)
	s.advance(5)
	if is := s.intent(pi.ID); is.Status != "succeeded" {
		t.Fatalf("it is %s", is.Status)
	}
	s.advance(7)
	all := s.disputesOf(pi.ID)
	if len(all) != 1 {
		t.Fatalf("%d disputes", len(all))
	}
	d := all[0]
	if d.Status != "lost" || d.Reason != "insufficient_funds" || d.Amount != 1000 || d.IsChargeRefundable || d.EvidenceDetails.DueBy != 0 ||
		len(d.BalanceTransactions) != 1 || d.BalanceTransactions[0].Net != -1400 {
		t.Errorf("%+v", d)
	}
	if is := s.intent(pi.ID); is.Status != "succeeded" || !is.LatestCharge.Disputed {
		t.Errorf("%s, disputed %v", is.Status, is.LatestCharge.Disputed)
	}
	for _, kind := range []string{"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"} {
		if s.told(kind) != 1 {
			t.Errorf("%d of %s", s.told(kind), kind)
		}
	}
	if _, err := s.Disputes.Update(d.ID, &stripe.DisputeParams{Evidence: &stripe.DisputeEvidenceParams{CustomerName: stripe.String("Pat")}}); err == nil {
		t.Error("evidence was taken")
	}
	if _, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID)}); failure(t, err).Code != "charge_disputed" {
		t.Error(err)
	}
	again := debitParams(who, method)
	if _, err := s.PaymentIntents.New(again); failure(t, err).Code != "payment_intent_mandate_invalid" {
		t.Error(err)
	}
	s.blockedBy(method, "", "")
	again.MandateData = paymentPermission()
	second, err := s.PaymentIntents.New(again)
	if err != nil {
		t.Fatal(err)
	}
	s.advance(20)
	if len(s.disputesOf(second.ID)) != 1 {
		t.Fatal("the second debit did not come back")
	}
	s.blockedBy(method, "", "bank_account_unusable")
	if _, err := s.PaymentIntents.New(again); failure(t, err).Code != "bank_account_unusable" {
		t.Error(err)
	}
}

// Any debit can be made to come back, for each of the reasons that banks have,
// and once only.
func TestReturnOnDemand(t *testing.T) {
	for reason, fee := range map[string]int64{
		"insufficient_funds": 400, "incorrect_account_details": 400, "bank_cannot_process": 400, "debit_not_authorized": 1500,
	} {
		s := open(t)
		who := s.customer()
		pi := s.settled(who, s.saveBank(who, bankSuccess))
		var d stripe.Dispute
		s.act("/charges/"+pi.LatestCharge.ID+"/return", map[string]any{"reason": reason}, &d)
		if string(d.Reason) != reason || d.Status != "lost" || d.BalanceTransactions[0].Fee != fee {
			t.Errorf("%s: %+v", reason, d)
		}
		if status := s.control("POST", "/_sandbox/charges/"+pi.LatestCharge.ID+"/return", nil, nil); status != 400 {
			t.Errorf("%s: came back twice: %d", reason, status)
		}
	}
	s := open(t)
	card := s.pay("pm_card_visa").LatestCharge.ID
	if status := s.control("POST", "/_sandbox/charges/"+card+"/return", nil, nil); status != 400 {
		t.Errorf("a card's charge: %d", status)
	}
}

// A debit is refunded once it has succeeded, within 180 days, by a transfer
// that takes business days.
func TestDebitIsRefunded(t *testing.T) {
	s := openHeld(t, t.TempDir())
	s.paidOut("manual")
	who := s.customer()
	method := s.saveBank(who, bankSuccess)
	pi := s.debit(who, method)
	charge := pi.LatestCharge.ID
	if _, err := s.Refunds.New(&stripe.RefundParams{Charge: stripe.String(charge)}); failure(t, err).Code != "charge_not_refundable" {
		t.Error(err)
	}
	if _, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID)}); err == nil {
		t.Error("refunded while it was under way")
	}
	s.advance(5) // Friday
	s.act("/balance", map[string]any{"amount": 1000}, nil)
	r, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID), Amount: stripe.Int64(400)})
	if err != nil || r.Status != "pending" || r.ID[:4] != "pyr_" || r.DestinationDetails.Type != "us_bank_transfer" {
		t.Fatalf("%v %+v", err, r)
	}
	s.advance(4) // Tuesday
	if r, err = s.Refunds.Get(r.ID, nil); err != nil || r.Status != "pending" {
		t.Errorf("%v: too early it is %s", err, r.Status)
	}
	s.advance(1)
	if r, err = s.Refunds.Get(r.ID, nil); err != nil || r.Status != "succeeded" || r.DestinationDetails.USBankTransfer.Reference == "" {
		t.Errorf("%v %+v", err, r)
	}
	s.advance(180)
	if _, err := s.Refunds.New(&stripe.RefundParams{Charge: stripe.String(charge)}); failure(t, err).Code != "charge_not_refundable" {
		t.Error(err)
	}
}

// A refund of a debit that the available balance does not cover fails, and the
// charge is as it was.
func TestDebitRefundFailsWithoutMoney(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	who := s.customer()
	pi := s.settled(who, s.saveBank(who, bankSuccess)) // 9.92 are there of 10.00
	r, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID)})
	if err != nil {
		t.Fatal(err)
	}
	s.seconds(1)
	if r, err = s.Refunds.Get(r.ID, nil); err != nil || r.Status != "failed" || r.FailureReason != "insufficient_funds" || r.FailureBalanceTransaction == nil {
		t.Errorf("%v %+v", err, r)
	}
	if s.told("refund.updated") != 1 || s.told("charge.refund.updated") != 1 {
		t.Error("nobody was told")
	}
	if ch := s.intent(pi.ID).LatestCharge; ch.AmountRefunded != 0 || ch.Refunded {
		t.Errorf("%d refunded", ch.AmountRefunded)
	}
}

// The networks renew a saved card, and the dashboard takes a method away: both
// are told.
func TestSavedMethodIsChangedByOthers(t *testing.T) {
	s := open(t)
	who := s.customer()
	card := s.card("4242424242424242")
	if status := s.control("POST", "/_sandbox/payment_methods/"+card+"/update", map[string]any{"exp_month": 5}, nil); status != 400 {
		t.Errorf("a card that nobody saved: %d", status)
	}
	if _, err := s.PaymentMethods.Attach(card, &stripe.PaymentMethodAttachParams{Customer: stripe.String(who)}); err != nil {
		t.Fatal(err)
	}
	was := s.method(card).Card.Fingerprint
	s.act("/payment_methods/"+card+"/update", map[string]any{"exp_month": 5, "exp_year": 2060, "last4": "1881"}, nil)
	if is := s.method(card).Card; is.ExpMonth != 5 || is.ExpYear != 2060 || is.Last4 != "1881" || is.Fingerprint == was {
		t.Errorf("%+v", is)
	}
	s.act("/payment_methods/"+card+"/detach", nil, nil)
	if s.method(card).Customer != nil || s.told("payment_method.detached") != 1 || s.told("payment_method.automatically_updated") != 1 {
		t.Error("it was not taken away, or nobody was told")
	}
	bank := s.saveBank(who, bankSuccess)
	if status := s.control("POST", "/_sandbox/payment_methods/"+bank+"/update", map[string]any{"exp_month": 5}, nil); status != 400 {
		t.Errorf("a bank account expires: %d", status)
	}
}

// The books have mandates, set-ups and debits in each of their states.
func TestBooksHoldDebits(t *testing.T) {
	s := open(t)
	who := s.customer()
	method := s.saveBank(who, bankSuccess)
	s.debit(who, method)
	paid := s.settled(who, method)
	s.act("/charges/"+paid.LatestCharge.ID+"/return", nil, nil)
	bad := s.debit(who, s.saveBank(who, "000222222227"))
	s.act("/charges/"+bad.LatestCharge.ID+"/settle", nil, nil)
	var books struct {
		Charges []struct {
			Status   string
			Disputed bool
		}
		Mandates     []struct{ Status string }
		SetupIntents []struct{ Status string } `json:"setup_intents"`
	}
	if status := s.control("GET", "/_sandbox/books", nil, &books); status != 200 {
		t.Fatal(status)
	}
	count := map[string]int{}
	for _, c := range books.Charges {
		count["charge "+c.Status]++
		if c.Disputed {
			count["disputed"]++
		}
	}
	for _, m := range books.Mandates {
		count["mandate "+m.Status]++
	}
	for want, n := range map[string]int{"charge pending": 1, "charge succeeded": 1, "charge failed": 1, "disputed": 1, "mandate inactive": 1, "mandate active": 1} {
		if count[want] != n {
			t.Errorf("%d of %s, want %d", count[want], want, n)
		}
	}
	if len(books.SetupIntents) != 2 {
		t.Errorf("%d set-ups", len(books.SetupIntents))
	}
}

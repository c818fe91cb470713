package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
)

func (s *stand) refund(intent string, amount int64) *stripe.Refund {
	s.t.Helper()
	p := &stripe.RefundParams{PaymentIntent: &intent}
	if amount > 0 {
		p.Amount = &amount
	}
	r, err := s.Refunds.New(p)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *stand) refundStatus(id string) stripe.RefundStatus {
	s.t.Helper()
	r, err := s.Refunds.Get(id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Status
}

// Refunds that the balance does not hold wait, and go out oldest first as far
// as money comes in.
func TestRefundsWaitForTheBalance(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	first, second := s.pay("pm_card_visa").ID, s.pay("pm_card_visa").ID
	s.advance(3)
	s.act("/balance", map[string]any{"amount": -s.available()}, nil)
	a, b := s.refund(first, 600), s.refund(second, 700)
	if a.Status != "pending" || b.Status != "pending" || s.available() != -1300 {
		t.Fatal(a.Status, b.Status, s.available())
	}
	s.act("/balance", map[string]any{"amount": 650}, nil)
	eventually(t, "the first goes out", func() bool { return s.refundStatus(a.ID) == "succeeded" })
	if s.refundStatus(b.ID) != "pending" {
		t.Error("the second went out without money for it")
	}
	s.pay("pm_card_visa") // on its way into the balance
	if s = s.reopen(); s.refundStatus(b.ID) != "pending" {
		t.Error("pending money paid a refund")
	}
	s.advance(3)
	if s.refundStatus(b.ID) != "succeeded" || s.available() != 291 {
		t.Error(s.refundStatus(b.ID), s.available())
	}
	if s.happened("refund.updated") != 2 || s.happened("charge.refund.updated") != 2 {
		t.Error("events are missing")
	}
}

// A refund takes from the money that its charge has yet to make available.
func TestRefundOfPendingMoneyGoesAtOnce(t *testing.T) {
	s := open(t)
	if r := s.refund(s.pay("pm_card_visa").ID, 0); r.Status != "succeeded" {
		t.Error(r.Status)
	}
	if status := s.control("POST", "/_sandbox/settings", map[string]any{"settle_ms": 60_000}, nil); status != 200 {
		t.Fatal(status)
	}
	if r := s.refund(s.pay("pm_card_visa").ID, 0); r.Status != "succeeded" || s.available() != 0 {
		t.Error("of a charge that has not settled:", r.Status, s.available())
	}
}

// With daily payouts an old charge's refund is paid by a debit of the bank.
func TestRefundAfterPayout(t *testing.T) {
	s := open(t)
	pi := s.pay("pm_card_visa")
	s.advance(5)
	r := s.refund(pi.ID, 0)
	if r.Status != "pending" {
		t.Fatal(r.Status)
	}
	s.advance(1)
	if s.refundStatus(r.ID) != "succeeded" {
		t.Error("the bank was not debited")
	}
}

// A refund that waits for money fails when the payer's bank takes it.
func TestDisputeEndsWaitingRefunds(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	pi := s.pay("pm_card_visa")
	s.advance(3)
	s.act("/balance", map[string]any{"amount": -s.available()}, nil)
	r := s.refund(pi.ID, 400)
	s.act("/charges/"+pi.LatestCharge.ID+"/dispute", nil, nil)
	got, err := s.Refunds.Get(r.ID, nil)
	if err != nil || got.Status != "failed" || got.FailureReason != "charge_for_pending_refund_disputed" || got.FailureBalanceTransaction == nil {
		t.Errorf("%+v %v", got, err)
	}
}

// Only a refund that waits for the payer can be cancelled; its money is back.
func TestCancelRefund(t *testing.T) {
	s := open(t)
	pi := s.pay("pm_card_pendingRefund")
	r := s.refund(pi.ID, 0)
	_, err := s.Refunds.Cancel(r.ID, nil)
	if e := failure(t, err); e.HTTPStatusCode != 400 {
		t.Error(e)
	}
	s.act("/refunds/"+r.ID, map[string]any{"status": "requires_action"}, nil)
	if r, err = s.Refunds.Get(r.ID, nil); err != nil || r.NextAction == nil {
		t.Fatal(r, err)
	}
	if r, err = s.Refunds.Cancel(r.ID, nil); err != nil || r.Status != "canceled" {
		t.Fatal(r, err)
	}
	ch, err := s.Charges.Get(pi.LatestCharge.ID, nil)
	if err != nil || ch.AmountRefunded != 0 || ch.Refunded {
		t.Error(ch, err)
	}
	if _, err = s.Refunds.Cancel(r.ID, nil); err == nil {
		t.Error("cancelled twice")
	}
}

// A fee or a transfer that the charge has not got cannot be given back.
func TestRefundOfFeesAndTransfers(t *testing.T) {
	s := open(t)
	id := s.pay("pm_card_visa").ID
	for param, p := range map[string]*stripe.RefundParams{
		"refund_application_fee": {PaymentIntent: &id, RefundApplicationFee: stripe.Bool(true)},
		"reverse_transfer":       {PaymentIntent: &id, ReverseTransfer: stripe.Bool(true)},
		"charge":                 {Charge: stripe.String("ch_none")},
		"amount":                 {PaymentIntent: &id, Amount: stripe.Int64(0)},
		"reason":                 {PaymentIntent: &id, Reason: stripe.String("boredom")},
	} {
		_, err := s.Refunds.New(p)
		if e := failure(t, err); e.HTTPStatusCode != 400 || e.Param != param {
			t.Error(param, e)
		}
	}
	if _, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: &id, RefundApplicationFee: stripe.Bool(false), ReverseTransfer: stripe.Bool(false)}); err != nil {
		t.Error(err)
	}
}

// Refunds are found by charge, by intent and by time, in pages.
func TestListRefunds(t *testing.T) {
	s := open(t)
	pi, other := s.pay("pm_card_visa"), s.pay("pm_card_visa")
	for range 3 {
		s.refund(pi.ID, 100)
	}
	s.refund(other.ID, 100)
	s.advance(2)
	late := s.refund(pi.ID, 100)
	count := func(p *stripe.RefundListParams) (n int) {
		p.Limit = stripe.Int64(2)
		list := s.Refunds.List(p)
		for list.Next() {
			n++
		}
		if list.Err() != nil {
			t.Fatal(list.Err())
		}
		return n
	}
	for want, p := range map[int]*stripe.RefundListParams{
		5: {}, 4: {PaymentIntent: &pi.ID}, 1: {CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: late.Created}},
		3: {Charge: &pi.LatestCharge.ID, CreatedRange: &stripe.RangeQueryParams{LesserThan: late.Created}},
		0: {Charge: &other.LatestCharge.ID, PaymentIntent: &pi.ID},
	} {
		if n := count(p); n != want {
			t.Errorf("%d, want %d", n, want)
		}
	}
}

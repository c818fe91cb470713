package gateway_test

import (
	"testing"
	"time"

	"remit"
	"remit/gateway"
)

// A refund is found again by its id, its intent and its time, with what was
// written on it, and the charge knows of it.
func TestRefundIsFoundAgain(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	ch := s.charged("pm_card_visa")
	if ch.Amount != 1000 || ch.Left() != 1000 || ch.Metadata["invoice"] != "i1" || ch.BalanceTransaction == nil || ch.BalanceTransaction.Net != 941 || ch.PaymentIntent == "" {
		t.Fatalf("%+v", ch)
	}
	made, err := s.CreateRefund(ctx, "r1/create", gateway.NewRefund{
		PaymentIntent: ch.PaymentIntent, Amount: 300, Reason: "duplicate", Metadata: map[string]string{"refund": "r1"},
	})
	if err != nil || made.Status != "succeeded" || made.Charge != ch.ID || !made.Debited {
		t.Fatalf("%+v %v", made, err)
	}
	again, err := s.CreateRefund(ctx, "r1/create", gateway.NewRefund{
		PaymentIntent: ch.PaymentIntent, Amount: 300, Reason: "duplicate", Metadata: map[string]string{"refund": "r1"},
	})
	if err != nil || again.ID != made.ID {
		t.Error("the same key refunded twice", again, err)
	}
	s.act("/charges/"+ch.ID+"/refund", map[string]any{"amount": 100}, nil) // by somebody in the dashboard
	all, err := s.RefundsOf(ctx, ch.PaymentIntent)
	if err != nil || len(all) != 2 || all[0].ID != made.ID || all[0].Metadata["refund"] != "r1" {
		t.Errorf("%+v %v", all, err)
	}
	if one, err := s.Refund(ctx, made.ID); err != nil || one.Amount != 300 || one.PaymentIntent != ch.PaymentIntent {
		t.Errorf("%+v %v", one, err)
	}
	if ch = s.charge(ch.ID); ch.Left() != 600 || ch.Refunded {
		t.Errorf("%+v", ch)
	}
	since := 0
	for r, err := range s.RefundsSince(ctx, made.Created) {
		if err != nil || r.Created.Before(made.Created) {
			t.Error(r, err)
		}
		since++
	}
	if since != 2 {
		t.Error(since)
	}
}

// What keeps a charge from being refunded has a meaning of its own.
func TestRefusedRefundsHaveTheirMeaning(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	ch := s.charged("pm_card_visa")
	ask := func(intent string, amount int64) gateway.Meaning {
		t.Helper()
		_, err := s.CreateRefund(ctx, "", gateway.NewRefund{PaymentIntent: intent, Amount: amount})
		return s.meaning(err)
	}
	if got := ask(ch.PaymentIntent, 1001); got != gateway.Refunded {
		t.Error("more than the charge:", got)
	}
	if got := ask(ch.PaymentIntent, 0); got != gateway.Stop {
		t.Error("no amount:", got)
	}
	if got := ask("pi_none", 1); got != gateway.Stop {
		t.Error("no intent:", got)
	}
	s.act("/charges/"+ch.ID+"/refund", map[string]any{"amount": 900}, nil)
	if got := ask(ch.PaymentIntent, 200); got != gateway.Refunded {
		t.Error("more than is left:", got)
	}
	s.act("/charges/"+ch.ID+"/refund", nil, nil)
	if got := ask(ch.PaymentIntent, 1); got != gateway.Refunded {
		t.Error("nothing is left:", got)
	}
	disputed := s.charged("pm_card_visa")
	s.act("/charges/"+disputed.ID+"/dispute", nil, nil)
	if got := ask(disputed.PaymentIntent, 1); got != gateway.Disputed {
		t.Error("disputed:", got)
	}
}

// A refund goes through all its states as Stripe tells them.
func TestRefundStates(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for card, want := range map[string][2]remit.RefundState{
		"pm_card_pendingRefund": {"pending", "succeeded"}, "pm_card_refundFail": {"succeeded", "failed"},
	} {
		ch := s.charged(card)
		r, err := s.CreateRefund(ctx, card, gateway.NewRefund{PaymentIntent: ch.PaymentIntent, Amount: 1000})
		if err != nil || r.Status != want[0] {
			t.Fatal(r, err)
		}
		s.advance(2 * time.Minute)
		r, err = s.Refund(ctx, r.ID)
		if err != nil || r.Status != want[1] {
			t.Error(r, err)
		}
		if failed := want[1] == "failed"; failed != (r.FailureReason != "") {
			t.Errorf("%+v", r)
		}
	}
	ch := s.charged("pm_card_pendingRefund")
	r, err := s.CreateRefund(ctx, "c", gateway.NewRefund{PaymentIntent: ch.PaymentIntent, Amount: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CancelRefund(ctx, "c/cancel", r.ID); s.meaning(err) != gateway.Stop {
		t.Error("cancelled what the bank has", err)
	}
	s.act("/refunds/"+r.ID, map[string]any{"status": "requires_action"}, nil)
	if r, err = s.CancelRefund(ctx, "c/cancel again", r.ID); err != nil || r.Status != "canceled" {
		t.Error(r, err)
	}
}

// A refund that the balance does not hold is pending until it does.
func TestRefundWaitsForBalance(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	s.act("/payout_schedule", map[string]any{"interval": "manual"}, nil)
	ch := s.charged("pm_card_visa")
	s.advance(3 * day)
	s.act("/balance", map[string]any{"amount": -941}, nil)
	r, err := s.CreateRefund(ctx, "r", gateway.NewRefund{PaymentIntent: ch.PaymentIntent, Amount: 500})
	if err != nil || r.Status != "pending" {
		t.Fatal(r, err)
	}
	if b, err := s.Balance(ctx); err != nil || len(b) != 1 || b[0] != (gateway.BalanceView{Currency: "usd", Available: -500}) {
		t.Error(b, err)
	}
	s.act("/balance", map[string]any{"amount": 500}, nil)
	s.advance(time.Second)
	if r, err = s.Refund(ctx, r.ID); err != nil || r.Status != "succeeded" {
		t.Error(r, err)
	}
}

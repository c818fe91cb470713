package gateway_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"remit/gateway"
)

// A dispute says what it took, until when it can be answered, and how it ended.
func TestDispute(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	start := s.charged("pm_card_visa").Created
	ch := s.charged("pm_card_createDispute")
	s.advance(2 * time.Minute)
	all, err := s.DisputesOf(ctx, ch.PaymentIntent)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	d := all[0]
	if d.Status != "needs_response" || d.Charge != ch.ID || d.Amount != 1000 || d.Taken() != 2500 || d.Refundable || d.RespondBy.Before(d.Created.Add(7*day)) {
		t.Errorf("%+v", d)
	}
	s.act("/disputes/"+d.ID+"/close", map[string]any{"outcome": "won"}, nil)
	if d, err = s.Dispute(ctx, d.ID); err != nil || d.Status != "won" || d.Taken() != 1500 || !d.Refundable {
		t.Errorf("%+v %v", d, err)
	}
	asked := s.charged("pm_card_createDisputeInquiry")
	s.advance(2 * time.Minute)
	n := 0
	for d, err := range s.DisputesSince(ctx, start) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Charge == asked.ID && (d.Status != "warning_needs_response" || d.Taken() != 0 || !d.Refundable) {
			t.Errorf("%+v", d)
		}
		n++
	}
	if n != 2 {
		t.Error(n)
	}
	if _, err := s.AcceptDispute(ctx, "a", d.ID); s.meaning(err) != gateway.Stop {
		t.Error(err)
	}
}

// BalanceTransactions come as a stream with the intent they belong to, bounded by time,
// page after page and no further than asked.
func TestMovementsStream(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	s.act("/payout_schedule", map[string]any{"interval": "manual"}, nil)
	early := s.charged("pm_card_visa")
	s.advance(day)
	intents := map[string]int{}
	const charges = 150
	var first gateway.ChargeView
	for i := range charges {
		ch := s.charged("pm_card_visa")
		intents[ch.PaymentIntent] = 0
		if i == 0 {
			first = ch
		}
	}
	if _, err := s.CreateRefund(ctx, "r", gateway.NewRefund{PaymentIntent: first.PaymentIntent, Amount: 100}); err != nil {
		t.Fatal(err)
	}
	s.act("/balance", map[string]any{"amount": 700}, nil)
	read := func(since, until time.Time) (n int, net int64) {
		for m, err := range s.BalanceTransactionsSince(ctx, since, until) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Net != m.Amount-m.Fee {
				t.Errorf("%+v", m)
			}
			if _, known := intents[m.PaymentIntent]; known {
				intents[m.PaymentIntent]++
			} else if m.Type != "topup" && m.PaymentIntent != early.PaymentIntent {
				t.Errorf("%+v", m)
			}
			n++
			net += m.Net
		}
		return n, net
	}
	if n, net := read(first.Created, time.Time{}); n != charges+2 || net != charges*941-100+700 {
		t.Error(n, net)
	}
	for intent, n := range intents {
		if want := map[bool]int{true: 2, false: 1}[intent == first.PaymentIntent]; n != want {
			t.Error(intent, n)
		}
	}
	if n, net := read(time.Time{}, first.Created); n != 1 || net != 941 {
		t.Error("before:", n, net)
	}
	s.requests.Store(0)
	for range s.BalanceTransactionsSince(ctx, time.Time{}, time.Time{}) {
		break
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d pages were read for one movement", n)
	}
}

// A stream that breaks off says so, by the same meanings as any call.
func TestStreamFails(t *testing.T) {
	s := open(t)
	s.charged("pm_card_visa")
	s.act("/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"path": "/v1/balance_transactions"}, "effect": "rate_limit"}}}, nil)
	var last error
	for _, err := range s.BalanceTransactionsSince(t.Context(), time.Time{}, time.Time{}) {
		last = err
	}
	if s.meaning(last) != gateway.Later {
		t.Error(last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	last = nil
	for _, err := range s.PayoutsSince(ctx, time.Time{}) {
		last = err
	}
	if f, ok := errors.AsType[*gateway.Failure](last); !ok || f.Meaning != gateway.Unknown {
		t.Error(last)
	}
}

// A payout's movements sum up to nothing, and a failed one says why.
func TestPayouts(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	s.charged("pm_card_visa")
	s.charged("pm_card_visa")
	s.advance(5 * day)
	var all []gateway.PayoutView
	for p, err := range s.PayoutsSince(ctx, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) != 1 || all[0].Status != "paid" || all[0].Amount != 1882 || !all[0].Automatic || !all[0].Reconciled {
		t.Fatalf("%+v", all)
	}
	n, net := 0, int64(0)
	for m, err := range s.BalanceTransactionsOf(ctx, all[0].ID) {
		if err != nil {
			t.Fatal(err)
		}
		if m.Type == "payout" && m.ID != all[0].BalanceTransaction {
			t.Errorf("%+v", m)
		}
		n++
		net += m.Net
	}
	if n != 3 || net != 0 {
		t.Error(n, net)
	}
	s.act("/payouts/"+all[0].ID+"/fail", map[string]any{"code": "account_closed"}, nil)
	if p, err := s.Payout(ctx, all[0].ID); err != nil || p.Status != "failed" || p.FailureCode != "account_closed" {
		t.Errorf("%+v %v", p, err)
	}
}

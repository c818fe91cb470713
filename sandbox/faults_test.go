package sandbox_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit/sandbox"
)

// rule is a fault on creating payments.
func rule(effect string) sandbox.FaultRule {
	return sandbox.FaultRule{Match: sandbox.FaultMatch{Method: "POST", Path: "/v1/payment_intents", Nth: []int64{1}}, Effect: effect}
}

// Each fault is what a caller can meet in the field: it fails in its own way,
// has or has not an effect, and the same key afterwards gives the truth.
func TestRequestFaults(t *testing.T) {
	stored := rule("error_after")
	stored.Stored = true
	unavailable := rule("error_before")
	unavailable.Status = 503
	for name, row := range map[string]struct {
		rule   sandbox.FaultRule
		status int  // of the failed call; 0: no answer
		effect bool // before the repeat
		repeat int  // status of the repeat with the same key
	}{
		"error before":       {unavailable, 503, false, 200},
		"error after":        {rule("error_after"), 500, true, 200},
		"error after stored": {stored, 500, true, 500},
		"drop before":        {rule("drop_before"), 0, false, 200},
		"drop after":         {rule("drop_after"), 0, true, 200},
		"rate limit":         {rule("rate_limit"), 429, false, 200},
		"lock timeout":       {rule("lock_timeout"), 429, false, 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			// Straight to the stand-in: what records answers cannot drop them.
			web := httptest.NewServer(s.server.Handler())
			s.web.Close()
			s.web = web
			s.API = s.as(testKey)
			s.customer() // so that the connection is a kept-alive one
			s.faults(sandbox.FaultSpec{Rules: []sandbox.FaultRule{row.rule}})
			try := func() (*stripe.PaymentIntent, int) {
				p := payment("pm_card_visa")
				p.SetIdempotencyKey("once")
				pi, err := s.PaymentIntents.New(p)
				if err == nil {
					return pi, 200
				}
				if failed, ok := errors.AsType[*stripe.Error](err); ok {
					return nil, failed.HTTPStatusCode
				}
				return nil, 0
			}
			if _, status := try(); status != row.status {
				t.Errorf("first: %d, want %d", status, row.status)
			}
			if n := s.intents(); (n == 1) != row.effect {
				t.Errorf("%d intents after the fault", n)
			}
			if _, status := try(); status != row.repeat {
				t.Errorf("repeat: %d, want %d", status, row.repeat)
			}
			if n := s.intents(); n != 1 {
				t.Errorf("%d intents in the end", n)
			}
		})
	}
}

// Demanded declines hit the method they name, so many charges, with the codes
// given, and show the network's advice where v79 has no field for it.
func TestDeclinesOnDemand(t *testing.T) {
	s := open(t)
	customer, one, other := s.customer(), s.card("4242424242424242"), s.card("4242424242424242")
	for _, card := range []string{one, other} {
		if _, err := s.PaymentMethods.Attach(card, &stripe.PaymentMethodAttachParams{Customer: &customer}); err != nil {
			t.Fatal(err)
		}
	}
	pay := func(card string) error {
		p := payment(card)
		p.Customer = &customer
		_, err := s.PaymentIntents.New(p)
		return err
	}
	s.faults(sandbox.FaultSpec{Rules: []sandbox.FaultRule{{
		Effect: "decline", DeclineCode: "do_not_honor", AdviceCode: "try_again_later", PaymentMethod: one,
		Match: sandbox.FaultMatch{Times: 2},
	}}})
	if err := pay(other); err != nil {
		t.Error("another method was hit:", err)
	}
	for range 2 {
		e := failure(t, pay(one))
		if e.Code != "card_declined" || e.DeclineCode != "do_not_honor" || e.HTTPStatusCode != 402 {
			t.Error(e)
		}
		if raw := string(e.LastResponse.RawJSON); !strings.Contains(raw, `"advice_code":"try_again_later"`) {
			t.Error("no advice in", raw)
		}
	}
	if err := pay(one); err != nil {
		t.Error("a third charge was hit:", err)
	}
}

// A mix declines about its share of charges, by the weights given, and the same
// seed declines the same ones.
func TestDeclineMixIsDeterministic(t *testing.T) {
	run := func() (codes []string) {
		s := open(t)
		s.faults(sandbox.FaultSpec{Rules: []sandbox.FaultRule{{
			Effect: "decline_mix", Percent: 30, Seed: 11, Codes: map[string]int{"insufficient_funds": 3, "expired_card": 1},
		}}})
		for range 100 {
			_, err := s.PaymentIntents.New(payment("pm_card_visa"))
			code := ""
			if err != nil {
				e := failure(t, err)
				if code = string(e.DeclineCode); code == "" {
					code = string(e.Code)
				}
			}
			codes = append(codes, code)
		}
		return codes
	}
	first, second := run(), run()
	if !slices.Equal(first, second) {
		t.Error("the same seed gave other declines")
	}
	count := map[string]int{}
	for _, code := range first {
		count[code]++
	}
	if paid := count[""]; paid < 55 || paid > 85 || count["insufficient_funds"] <= count["expired_card"] || count["expired_card"] == 0 {
		t.Error(count)
	}
}

// A spec that means nothing is refused by name, and what is in force can be read.
func TestFaultSpecIsChecked(t *testing.T) {
	s := open(t)
	for _, spec := range []any{
		map[string]any{"rules": []any{map[string]any{"effect": "explode"}}},
		map[string]any{"rules": []any{map[string]any{"effect": "delay", "ms": -1}}},
		map[string]any{"rules": []any{map[string]any{"effect": "error_before", "status": 404}}},
		map[string]any{"rules": []any{map[string]any{"effect": "delay", "match": map[string]any{"probability": 2}}}},
		map[string]any{"rulez": []any{}},
		map[string]any{"webhooks": map[string]any{"drop": 3}},
	} {
		if status := s.control("POST", "/_sandbox/faults", spec, nil); status != 400 {
			t.Errorf("%v: %d", spec, status)
		}
	}
	s.faults(sandbox.FaultSpec{Rules: []sandbox.FaultRule{rule("rate_limit")}})
	var report struct {
		Rules []sandbox.FaultRule `json:"rules"`
	}
	if s.control("GET", "/_sandbox/faults", nil, &report); len(report.Rules) != 1 || report.Rules[0].Effect != "rate_limit" {
		t.Errorf("%+v", report)
	}
}

// With the limit on, what goes beyond it within a second is answered as Stripe
// answers it, uses up no key, and is counted; real time that passes makes room
// again, and without the limit everything is taken.
func TestRateLimit(t *testing.T) {
	var passed atomic.Int64
	s := openIn(t, t.TempDir(), sandbox.Options{Now: func() time.Time {
		return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(passed.Load()))
	}})
	customers := func(n int) (taken int) {
		for i := range n {
			params := &stripe.CustomerParams{Name: stripe.String("Globex")}
			params.SetIdempotencyKey(fmt.Sprintf("key-%s-%d", time.Duration(passed.Load()), i%25))
			_, err := s.Customers.New(params)
			if err == nil {
				taken++
				continue
			}
			e := failure(t, err)
			if reason := e.LastResponse.Header.Get("Stripe-Rate-Limited-Reason"); e.HTTPStatusCode != 429 || e.Code != stripe.ErrorCodeRateLimit || reason != "global-rate" {
				t.Fatalf("%+v %q", e, reason)
			}
		}
		return taken
	}
	if n := customers(40); n != 40 {
		t.Errorf("%d of 40 taken without a limit", n)
	}
	for _, wrong := range []int64{-1, 1_000_001} {
		if status := s.control("POST", "/_sandbox/settings", map[string]any{"rate_limit": wrong}, nil); status != 400 {
			t.Errorf("a limit of %d: %d", wrong, status)
		}
	}
	s.act("/settings", map[string]any{"rate_limit": 25}, nil)
	if n := customers(30); n != 25 {
		t.Errorf("%d of 30 taken at once at a limit of 25", n)
	}
	passed.Add(int64(200 * time.Millisecond))
	if n := customers(30); n != 5 {
		t.Errorf("%d of 30 taken a fifth of a second later", n)
	}
	var books struct {
		Requests struct{ Limited int64 }
	}
	if s.control("GET", "/_sandbox/books", nil, &books); books.Requests.Limited != 30 {
		t.Errorf("%d counted", books.Requests.Limited)
	}
	s.act("/settings", map[string]any{"rate_limit": 0}, nil)
	if n := customers(30); n != 30 {
		t.Errorf("%d of 30 taken after the limit was lifted", n)
	}
}

package sandbox_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v79"
	"pgregory.net/rapid"

	"remit/sandbox"
)

// One key is one effect: whatever the order of keys and bodies, a repeat gets
// the first answer word for word, another body under a used key is refused, and
// no more payments exist than keys were used.
func TestIdempotencyLaws(t *testing.T) {
	s := open(t)
	const card = "&payment_method_types[]=card&payment_method="
	bodies := []struct{ text, meaning string }{
		{"amount=1000&currency=usd&confirm=true" + card + "pm_card_visa", "ten"},
		{"currency=usd&confirm=true&amount=1000" + card + "pm_card_visa", "ten"},
		{"amount=2000&currency=usd&confirm=true" + card + "pm_card_visa", "twenty"},
		{"amount=1000&currency=usd&confirm=true" + card + "pm_card_visa_chargeDeclined", "declined"},
		{"amount=1000&currency=usd&bogus=1", "never begun"},
	}
	rapid.Check(t, func(r *rapid.T) {
		type first struct {
			meaning string
			status  int
			answer  string
		}
		prefix := rapid.StringMatching(`[a-z0-9]{12}`).Draw(r, "prefix")
		seen := map[string]first{}
		before := s.intents()
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			key := prefix + rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "key")
			body := rapid.SampledFrom(bodies).Draw(r, "body")
			status, answer := s.form("POST", "/v1/payment_intents", body.text, http.Header{"Idempotency-Key": {key}})
			was, used := seen[key]
			switch {
			case used && was.meaning == body.meaning:
				if status != was.status || string(answer) != was.answer {
					r.Fatalf("the replay differs: %d %s", status, answer)
				}
			case used || body.meaning == "never begun":
				if status != 400 {
					r.Fatalf("%d %s, want a refusal", status, answer)
				}
			default:
				seen[key] = first{body.meaning, status, string(answer)}
			}
		}
		if made := s.intents() - before; made != len(seen) {
			r.Fatalf("%d payments by %d keys", made, len(seen))
		}
	})
}

// intents is how many PaymentIntents the account has.
func (s *stand) intents() int {
	var books struct {
		PaymentIntents []json.RawMessage `json:"payment_intents"`
	}
	s.control("GET", "/_sandbox/books?kind=payment_intents", nil, &books)
	return len(books.PaymentIntents)
}

// A decline is replayed like a success, marked as a replay, and makes no second
// charge.
func TestDeclineIsReplayed(t *testing.T) {
	s := open(t)
	try := func() *stripe.Error {
		p := payment("pm_card_visa_chargeDeclined")
		p.SetIdempotencyKey("declined")
		_, err := s.PaymentIntents.New(p)
		return failure(t, err)
	}
	one, two := try(), try()
	if one.PaymentIntent.ID != two.PaymentIntent.ID || one.ChargeID != two.ChargeID {
		t.Error("the decline was made twice")
	}
	if two.LastResponse.Header.Get("Idempotent-Replayed") != "true" || one.LastResponse.Header.Get("Idempotent-Replayed") != "" {
		t.Error("the replay is not marked")
	}
	if two.LastResponse.Header.Get("Original-Request") != one.RequestID {
		t.Error("the replay does not name its original")
	}
}

// Two requests with one key at the same time: one runs, the other is told 409,
// and a later repeat gets the answer.
func TestKeyInUse(t *testing.T) {
	s := open(t)
	s.faults(sandbox.FaultSpec{Rules: []sandbox.FaultRule{{
		Match: sandbox.FaultMatch{Method: "POST", Path: "/v1/payment_intents", Nth: []int64{1, 2}}, Effect: "delay", MS: 3000,
	}}})
	p := func() *stripe.PaymentIntentParams {
		p := payment("pm_card_visa")
		p.SetIdempotencyKey("busy")
		return p
	}
	made, failed := make([]*stripe.PaymentIntent, 2), make([]error, 2)
	var wait sync.WaitGroup
	for n := range 2 { // whichever comes first
		wait.Go(func() { made[n], failed[n] = s.PaymentIntents.New(p()) })
	}
	wait.Wait()
	first := made[0]
	if failed[0] != nil {
		first, failed[0], failed[1] = made[1], failed[1], failed[0]
	}
	if failed[0] != nil || failed[1] == nil {
		t.Fatalf("one was to run and the other to be told so: %v, %v", failed[0], failed[1])
	}
	if e := failure(t, failed[1]); e.HTTPStatusCode != 409 || e.Type != stripe.ErrorTypeIdempotency || e.Code != stripe.ErrorCodeIdempotencyKeyInUse {
		t.Errorf("the other was told %v", e)
	}
	again, err := s.PaymentIntents.New(p())
	if err != nil || again.ID != first.ID {
		t.Error(again, err)
	}
}

// After 24 hours of the account's clock a key is forgotten: the same request is
// a new payment (M4).
func TestKeysArePrunedAfterADay(t *testing.T) {
	s := open(t)
	create := func() string {
		p := payment("pm_card_visa")
		p.SetIdempotencyKey("yesterday")
		pi, err := s.PaymentIntents.New(p)
		if err != nil {
			t.Fatal(err)
		}
		return pi.ID
	}
	first := create()
	if status := s.control("POST", "/_sandbox/clock", map[string]any{"advance_seconds": 86_000}, nil); status != 200 {
		t.Fatal(status)
	}
	if create() != first {
		t.Error("forgotten before 24 hours")
	}
	if s.control("POST", "/_sandbox/clock", map[string]any{"advance_seconds": 500}, nil); create() == first {
		t.Error("remembered after 24 hours")
	}
}

// Keys are an account's own.
func TestKeysAreScopedToTheAccount(t *testing.T) {
	s := open(t)
	create := func(key string) string {
		p := payment("pm_card_visa")
		p.SetIdempotencyKey("shared")
		pi, err := s.as(key).PaymentIntents.New(p)
		if err != nil {
			t.Fatal(err)
		}
		return pi.ID
	}
	if create("sk_test_one") == create("sk_test_two") {
		t.Error("one account replayed another's answer")
	}
}

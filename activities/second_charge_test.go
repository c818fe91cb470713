package activities_test

import (
	"errors"
	"testing"
	"time"

	"remit"
	"remit/postgres"
)

// Ways in which a second charge once came about, or would have.

// A request whose attempt may have moved money is never answered with a refusal,
// whatever would forbid a new one by now: its payer would pay again (M3).
func TestM3AnAttemptThatExistsIsNeverRefused(t *testing.T) {
	for name, forbid := range map[string]func(*shop){
		"the account was disconnected": func(s *shop) {
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				keep, err := tx.ToFollow(t.Context(), s.link.ID)
				if err != nil {
					return err
				}
				return tx.Disconnect(t.Context(), s.link.ID, remit.EndedByPerson, keep)
			}))
		},
		"the account was restricted": func(s *shop) {
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.Exec(t.Context(), "update connections set status = 'restricted', charges_enabled = false where id = $1", s.link.ID)
				return err
			}))
		},
	} {
		for _, boundary := range []string{"last look passed", "confirm answered"} {
			t.Run(name+", "+boundary, func(t *testing.T) {
				s := openShop(t)
				ref := s.invoice(10000)
				request := s.pay(ref, 5000, s.card)
				if !s.performAndDie(ref, request, boundary) {
					t.Fatalf("never got to %q", boundary)
				}
				forbid(s)
				done, err := s.payments.Perform(t.Context(), ref, request)
				must(t, err)
				if done.Result.Refused != nil || done.Result.Attempt == nil {
					t.Errorf("answered %+v", done.Result)
				}
				if cents, charges := s.captured(ref); cents != 5000 || charges != 1 {
					t.Errorf("captured %d in %d", cents, charges)
				}
			})
		}
	}
}

// Half was paid in an open checkout while its payer pressed Pay for half by card,
// or opened another checkout: the half he saw is paid, and no other one charged.
func TestAPartPaidInACheckoutIsNotChargedAgain(t *testing.T) {
	for _, kind := range []remit.RequestKind{remit.RequestPay, remit.RequestCheckout} {
		t.Run(string(kind), func(t *testing.T) {
			s := openShop(t)
			ref := s.invoice(10000)
			s.submit(s.checkout(ref, 5000, false), "4242424242424242", false)
			in := remit.PayRequest{Amount: 5000, Owed: 10000}
			if kind == remit.RequestPay {
				in.PaymentMethod = &s.card
			}
			done, err := s.payments.Perform(t.Context(), ref, s.ask(ref, kind, in))
			must(t, err)
			if r := done.Result.Refused; r == nil || r.Kind != remit.KindConflict {
				t.Errorf("answered %+v", done.Result)
			}
			if cents, charges := s.captured(ref); cents != 5000 || charges != 1 {
				t.Errorf("captured %d in %d", cents, charges)
			}
		})
	}
}

// An attempt whose create never got an answer takes its payment with it: the
// next one has an intent, a key and an amount of its own, and a 500 that Stripe
// keeps under the first key does not stand in its way.
func TestACreateWithoutAnswerBlocksNothing(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(10000)
	at := time.Now()
	s.payments.Now = func() time.Time { return at }
	s.watched.stop = func(method, path string) error {
		if method == "POST" && path == "/v1/payment_intents" {
			return errors.New("no answer")
		}
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 10000, s.card))
	must(t, err)
	at = at.Add(16 * time.Minute)
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	s.watched.stop = nil
	at = time.Now()
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 4000, s.card))
	must(t, err)
	invoice, payments := s.read(ref)
	if len(payments) != 2 || payments[0].PaymentIntent != "" || invoice.Outstanding != 6000 {
		t.Errorf("%d payments, %d is left", len(payments), invoice.Outstanding)
	}
	if cents, charges := s.captured(ref); cents != 4000 || charges != 1 {
		t.Errorf("captured %d in %d", cents, charges)
	}
}

// A session whose create is answered with "this key was used otherwise" may be
// there: it is waited for, and nothing else opens (M2c).
func TestM2cAReusedKeyIsNoRefusal(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(8000)
	s.watched.after = func(method, path string) error {
		if method == "POST" && path == "/v1/checkout/sessions" {
			return errors.New("the answer is lost")
		}
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 8000}))
	must(t, err)
	s.watched.after = nil
	s.watched.answer = func(method, path string) (int, string) {
		if method == "POST" && path == "/v1/checkout/sessions" {
			return 400, `{"error":{"type":"idempotency_error","message":"Keys for idempotent requests can only be used with the same parameters"}}`
		}
		return 0, ""
	}
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	if invoice, _ := s.read(ref); invoice.InFlight == nil {
		t.Fatal("the attempt was given up")
	}
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, s.card))
	must(t, err)
	if done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeInFlight {
		t.Errorf("answered %+v", done.Result)
	}
	if cents, _ := s.captured(ref); cents != 0 {
		t.Errorf("captured %d", cents)
	}
}

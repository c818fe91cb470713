package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// at runs fn once, when a step comes to a boundary, as another process would
// while this one is paused there.
func (s *shop) at(boundary string, fn func()) {
	s.payments.Crash = func(at string) {
		if at == boundary {
			s.payments.Crash = nil
			fn()
		}
	}
}

// A process that is paused at any boundary while another one carries out the
// same request to its end changes nothing when it goes on (M1, M2).
func TestPausedTwinChangesNothing(t *testing.T) {
	for _, boundary := range chargeBoundaries {
		t.Run(boundary, func(t *testing.T) {
			s := openShop(t)
			ref := s.invoice(4200)
			request := s.pay(ref, 4200, s.card)
			var settled []remit.Payment
			s.at(boundary, func() {
				_, err := s.payments.Perform(t.Context(), ref, request)
				must(t, err)
				_, settled = s.read(ref)
			})
			_, err := s.payments.Perform(t.Context(), ref, request)
			must(t, err)
			s.settledOnce(ref, 4200)
			_, payments := s.read(ref)
			was, is := settled[0], payments[0]
			if is.State != was.State || is.AmountCaptured != was.AmountCaptured || is.IntentClosed != was.IntentClosed || is.Charge != was.Charge || len(payments) != 1 {
				t.Fatalf("the payment was %+v and is %+v", was, is)
			}
			s.soundly(ref)
		})
	}
}

// A process that was paused before its last look, while another one took the
// same attempt to its decline, does not cancel the intent under the next try.
func TestPausedTwinLeavesTheNextTryAlone(t *testing.T) {
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(4200)
	first, second := s.pay(ref, 4200, broke), s.pay(ref, 4200, s.card)
	s.at("intent stored", func() {
		_, err := s.payments.Perform(t.Context(), ref, first)
		must(t, err)
		if !s.performAndDie(ref, second, "intent stored") {
			t.Fatal("the second try never came to its last look")
		}
	})
	_, err := s.payments.Perform(t.Context(), ref, first)
	must(t, err)
	if n := s.watched.count("POST", "/cancel"); n != 0 {
		t.Fatalf("%d cancels were sent", n)
	}
	_, err = s.payments.Perform(t.Context(), ref, second)
	must(t, err)
	s.settledOnce(ref, 4200)
}

// Whoever was told that nothing was charged is not charged afterwards: where
// the last look refused and the cancel's answer was lost, the attempt ends
// canceled although the reason has passed meanwhile (M3).
func TestRefusedIsNeverChargedLater(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(4200)
	restrict := func(enabled bool) {
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "update connections set charges_enabled = $1", enabled)
			return err
		}))
	}
	s.at("intent stored", func() {
		restrict(false)
		s.watched.stop = func(method, path string) error {
			if hasSuffix(path, "/cancel") || method == "GET" {
				return errors.New("the line went dead")
			}
			return nil
		}
	})
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
	must(t, err)
	if done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeNotConnected {
		t.Fatalf("got %+v", done.Result)
	}
	s.watched.stop = nil
	restrict(true)
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, payments := s.read(ref)
	if n := s.watched.count("POST", "/confirm"); n != 0 || invoice.InFlight != nil || payments[0].State != remit.AttemptCanceled {
		t.Fatalf("%d confirms were sent; in flight %+v, the payment is %s", n, invoice.InFlight, payments[0].State)
	}
}

// An intent whose create was lost does not stand in the way of another amount:
// the create is repeated as it was and the amount set afterwards (M2, M4).
func TestLostCreateThenAnotherAmount(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(9000)
	s.watched.after = func(method, path string) error {
		if method == "POST" && path == "/v1/payment_intents" {
			return errors.New("the line went dead")
		}
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9000, s.card))
	must(t, err)
	s.payments.Now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, _ := s.read(ref)
	if invoice.InFlight != nil {
		t.Fatalf("in flight: %+v", invoice.InFlight)
	}
	s.payments.Now, s.watched.after = time.Now, nil
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 5000, s.card))
	must(t, err)
	if done.Result.Refused != nil {
		t.Fatalf("refused: %+v", done.Result.Refused)
	}
	s.settledOnce(ref, 5000)
}

// A charge without its payer that comes to wait for him is refused with
// authentication_required and its intent canceled; the invoice can be paid
// another way (M2).
func TestFailure16ChargeThatWaitsForAnAbsentPayerEnds(t *testing.T) {
	s := openShop(t)
	careful := s.save("pm_card_authenticationRequired")
	ref := s.invoice(4200)
	request := s.pay(ref, 4200, careful)
	if !s.performAndDie(ref, request, "last look passed") {
		t.Fatal("the boundary was never reached")
	}
	_, payments := s.read(ref)
	method, err := s.link.Stripe.Intent(t.Context(), payments[0].PaymentIntent)
	must(t, err)
	cards, err := s.link.Stripe.PaymentMethods(t.Context(), method.Customer, gateway.TypeCard)
	must(t, err)
	pi, err := s.stripe.PaymentIntents.Confirm(payments[0].PaymentIntent, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String(cards[0].ID)})
	must(t, err)
	if pi.Status != "requires_action" {
		t.Fatalf("the intent is %s", pi.Status)
	}
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, payments := s.read(ref)
	if d := payments[0].Attempts[0].Decline; invoice.InFlight != nil || d == nil || d.Class != "authenticate" || !payments[0].IntentClosed {
		t.Fatalf("in flight %+v, payment %+v, decline %+v", invoice.InFlight, payments[0], d)
	}
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
	must(t, err)
	s.settledOnce(ref, 4200)
}

// A success is that of the intent's last attempt: a process that was paused on
// its way to look at an earlier one does not take it for that one's.
func TestPausedTwinDoesNotTakeTheNextTrysSuccess(t *testing.T) {
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(4200)
	if !s.performAndDie(ref, s.pay(ref, 4200, broke), "confirm answered") {
		t.Fatal("the boundary was never reached")
	}
	s.watched.stop = func(method, _ string) error {
		if method != "GET" {
			return nil
		}
		s.watched.stop = nil
		_, err := s.payments.Advance(t.Context(), ref)
		must(t, err)
		_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
		must(t, err)
		return nil
	}
	_, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	s.settledOnce(ref, 4200)
	_, payments := s.read(ref)
	if first := payments[0].Attempts[0]; first.State != remit.AttemptFailed {
		t.Fatalf("the declined try is %s", first.State)
	}
}

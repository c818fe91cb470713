package activities_test

import (
	"fmt"
	"testing"

	"remit"
)

// killed is what a process that dies at a boundary leaves behind: nothing after it.
type killed struct{ boundary string }

// perform carries out a request and dies at a boundary.
func (s *shop) performAndDie(ref remit.InvoiceRef, request remit.Request, boundary string) (died bool) {
	s.t.Helper()
	return s.dies(boundary, func() {
		_, err := s.payments.Perform(s.t.Context(), ref, request)
		must(s.t, err)
	})
}

// dies does something in a process that is killed at a boundary.
func (s *shop) dies(boundary string, fn func()) (died bool) {
	s.payments.Crash = func(at string) {
		if at == boundary {
			panic(killed{at})
		}
	}
	defer func() {
		s.payments.Crash = nil
		if dead, ok := recover().(killed); ok {
			died = dead.boundary == boundary
		}
	}()
	fn()
	return false
}

var chargeBoundaries = []string{"reserved", "intent created", "intent stored", "last look passed", "confirm answered"}

// Killed at every boundary of a charge and taken up again, by the same request
// or by a look of the agenda, the invoice is charged once (M2, M3).
func TestFailure05ChargeSurvivesDeathAtEveryBoundary(t *testing.T) {
	for _, boundary := range chargeBoundaries {
		for _, by := range []string{"the request again", "a look"} {
			t.Run(boundary+", "+by, func(t *testing.T) {
				s := openShop(t)
				ref := s.invoice(4200)
				request := s.pay(ref, 4200, s.card)
				if !s.performAndDie(ref, request, boundary) {
					t.Fatalf("boundary %q was never reached", boundary)
				}
				if by == "a look" {
					_, err := s.payments.Advance(t.Context(), ref)
					must(t, err)
				} else {
					_, err := s.payments.Perform(t.Context(), ref, request)
					must(t, err)
				}
				s.settledOnce(ref, 4200)
			})
		}
	}
}

// Killed at two boundaries one after the other, it is still charged once.
func TestChargeSurvivesTwoDeaths(t *testing.T) {
	for n, first := range chargeBoundaries {
		for _, second := range chargeBoundaries[n:] {
			t.Run(fmt.Sprintf("%s, %s", first, second), func(t *testing.T) {
				s := openShop(t)
				ref := s.invoice(4200)
				request := s.pay(ref, 4200, s.card)
				s.performAndDie(ref, request, first)
				s.performAndDie(ref, request, second)
				_, err := s.payments.Perform(t.Context(), ref, request)
				must(t, err)
				s.settledOnce(ref, 4200)
			})
		}
	}
}

// A decline whose recording was cut off is recorded as that decline, and the
// method is not charged again.
func TestDeclineSurvivesDeath(t *testing.T) {
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(4200)
	request := s.pay(ref, 4200, broke)
	if !s.performAndDie(ref, request, "confirm answered") {
		t.Fatal("the boundary was never reached")
	}
	_, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, payments := s.read(ref)
	if invoice.InFlight != nil || payments[0].State != remit.AttemptFailed || payments[0].Attempts[0].Decline.Class != "refused" {
		t.Fatalf("in flight %+v, payment %+v", invoice.InFlight, payments[0])
	}
	if n := s.watched.count("POST", "/confirm"); n != 1 {
		t.Fatalf("%d confirms were sent", n)
	}
}

// settledOnce holds the stand-in's books and ours against each other.
func (s *shop) settledOnce(ref remit.InvoiceRef, amount int64) {
	s.t.Helper()
	if cents, charges := s.captured(ref); cents != amount || charges != 1 {
		s.t.Fatalf("Stripe captured %d in %d charges, want %d in one", cents, charges, amount)
	}
	invoice, payments := s.read(ref)
	if invoice.InFlight != nil || invoice.Applied != amount {
		s.t.Fatalf("in flight %+v, applied %d of %d", invoice.InFlight, invoice.Applied, amount)
	}
	booked := int64(0)
	for _, payment := range payments {
		booked += payment.AmountCaptured
	}
	if booked != amount {
		s.t.Fatalf("%d was booked, %d captured", booked, amount)
	}
}

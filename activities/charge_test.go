package activities_test

import (
	"errors"
	"testing"

	"remit"
)

// A saved card pays an invoice: one capture, booked once, the invoice Paid and
// its work item done (M2, M9).
func TestSavedCardPaysInvoice(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(12000)
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 12000, s.card))
	must(t, err)
	if done.Result.Refused != nil {
		t.Fatalf("refused: %+v", done.Result.Refused)
	}
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoicePaid || invoice.Outstanding != 0 || !done.State.Rest {
		t.Fatalf("the invoice is %s, %d outstanding, at rest %v", invoice.Status, invoice.Outstanding, done.State.Rest)
	}
	if len(payments) != 1 || payments[0].State != remit.AttemptSucceeded || payments[0].AmountCaptured != 12000 {
		t.Fatalf("payments: %+v", payments)
	}
	if cents, charges := s.captured(ref); cents != 12000 || charges != 1 {
		t.Fatalf("Stripe captured %d in %d charges", cents, charges)
	}
}

// Carrying out one request again, as Temporal does after a lost answer, charges
// nothing more.
func TestSameRequestTwiceChargesOnce(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(5000)
	request := s.pay(ref, 2000, s.card)
	for range 3 {
		_, err := s.payments.Perform(t.Context(), ref, request)
		must(t, err)
	}
	if cents, charges := s.captured(ref); cents != 2000 || charges != 1 {
		t.Fatalf("Stripe captured %d in %d charges", cents, charges)
	}
	invoice, _ := s.read(ref)
	if invoice.Status != remit.InvoicePartiallyPaid || invoice.Outstanding != 3000 {
		t.Fatalf("the invoice is %s with %d outstanding", invoice.Status, invoice.Outstanding)
	}
}

// A decline is a result: recorded with its class, the invoice stays open, and
// the same intent is confirmed again with the next method (M2, M5).
func TestFailure08DeclineThenAnotherCard(t *testing.T) {
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(7000)
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 7000, broke))
	must(t, err)
	if done.Result.Refused != nil {
		t.Fatalf("refused: %+v", done.Result.Refused)
	}
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoiceOpen || payments[0].State != remit.AttemptFailed || payments[0].Attempts[0].Decline == nil {
		t.Fatalf("the invoice is %s, the payment %+v", invoice.Status, payments[0])
	}
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 7000, s.card))
	must(t, err)
	invoice, payments = s.read(ref)
	if invoice.Status != remit.InvoicePaid || len(payments) != 1 || len(payments[0].Attempts) != 2 {
		t.Fatalf("the invoice is %s after %d payments: %+v", invoice.Status, len(payments), payments)
	}
	if n := s.watched.count("POST", "/v1/payment_intents"); n != 1 {
		t.Fatalf("%d intents were created", n)
	}
}

// Whatever call's answer is lost, the invoice is charged once in the end, and
// nothing else may start before that is known (M3).
func TestFailure06LostAnswersAreNotChargedAgain(t *testing.T) {
	for _, lost := range []string{"/v1/payment_intents", "/confirm"} {
		for _, arrived := range []bool{false, true} {
			t.Run(lost+map[bool]string{true: " after its effect", false: " before it left"}[arrived], func(t *testing.T) {
				s := openShop(t)
				ref := s.invoice(9900)
				cut := func(method, path string) error {
					if method == "POST" && hasSuffix(path, lost) {
						return errors.New("the line went dead")
					}
					return nil
				}
				if arrived {
					s.watched.after = cut
				} else {
					s.watched.stop = cut
				}
				_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9900, s.card))
				must(t, err)
				invoice, _ := s.read(ref)
				if invoice.InFlight == nil {
					t.Fatalf("nothing is in flight: %+v", invoice)
				}
				second, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9900, s.card))
				must(t, err)
				if second.Result.Refused == nil || second.Result.Refused.Code != remit.CodeInFlight {
					t.Fatalf("a second payment: %+v", second.Result)
				}
				s.watched.stop, s.watched.after = nil, nil
				_, err = s.payments.Advance(t.Context(), ref)
				must(t, err)
				if cents, charges := s.captured(ref); cents != 9900 || charges != 1 {
					t.Fatalf("Stripe captured %d in %d charges", cents, charges)
				}
				invoice, _ = s.read(ref)
				if invoice.Status != remit.InvoicePaid || invoice.InFlight != nil {
					t.Fatalf("the invoice is %s, in flight %+v", invoice.Status, invoice.InFlight)
				}
			})
		}
	}
}

func hasSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && s[len(s)-len(suffix):] == suffix
}

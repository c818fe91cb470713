package activities_test

import (
	"net/http"
	"strings"
	"testing"

	"remit"
)

// A void leaves no declined intent open at Stripe, where it could still be
// confirmed.
func TestVoidCancelsOpenIntents(t *testing.T) {
	s := openShop(t)
	ref := s.declined(7000)
	s.perform(ref, s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"}))
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoiceVoid || !payments[0].IntentClosed {
		t.Errorf("the invoice is %s, its intent closed: %v", invoice.Status, payments[0].IntentClosed)
	}
	if status := s.intentStatus(payments[0].PaymentIntent); status != "canceled" {
		t.Errorf("at Stripe the intent is %s", status)
	}
}

// A void that Stripe does not acknowledge the cancel for changes nothing; a void
// that is refused anyway asks Stripe for nothing.
func TestVoidWaitsForStripe(t *testing.T) {
	s := openShop(t)
	ref := s.declined(7000)
	s.watched.answer = func(_, path string) (int, string) {
		if strings.Contains(path, "/payment_intents/") {
			return http.StatusInternalServerError, `{"error":{"type":"api_error"}}`
		}
		return 0, ""
	}
	void := func(ref remit.InvoiceRef) *remit.Refusal {
		done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"}))
		must(t, err)
		return done.Result.Refused
	}
	refused := void(ref)
	if invoice, _ := s.read(ref); refused == nil || invoice.Status != remit.InvoiceOpen {
		t.Errorf("refused: %v, the invoice is %s", refused, invoice.Status)
	}
	s.watched.answer = nil
	s.perform(ref, s.pay(ref, 2000, s.card))
	before := s.watched.count("POST", "/cancel")
	if void(ref) == nil || s.watched.count("POST", "/cancel") != before {
		t.Error("the void of a partly paid invoice went to Stripe")
	}
}

// Keys that Stripe does not take any more hold no void up.
func TestVoidWithoutKeys(t *testing.T) {
	s := openShop(t)
	ref := s.declined(7000)
	s.watched.answer = func(_, _ string) (int, string) {
		return http.StatusUnauthorized, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}`
	}
	s.perform(ref, s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"}))
	if invoice, payments := s.read(ref); invoice.Status != remit.InvoiceVoid || payments[0].IntentClosed {
		t.Errorf("the invoice is %s, its intent closed: %v", invoice.Status, payments[0].IntentClosed)
	}
}

// declined is an invoice whose one try the bank declined.
func (s *shop) declined(amount int64) remit.InvoiceRef {
	s.t.Helper()
	ref := s.invoice(amount)
	s.perform(ref, s.pay(ref, amount, s.save("pm_card_chargeCustomerFail")))
	return ref
}

func (s *shop) intentStatus(id string) string {
	s.t.Helper()
	intent, err := s.stripe.PaymentIntents.Get(id, nil)
	must(s.t, err)
	return string(intent.Status)
}

package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// Every declining number and token fails with exactly Stripe's codes, leaves a
// failed charge and sends the intent back for another method.
func TestCardDeclines(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		number, token, code, decline string
	}{
		{"4000000000000002", "pm_card_visa_chargeDeclined", "card_declined", "generic_decline"},
		{"4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"},
		{"4000000000009987", "pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"},
		{"4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"},
		{"4000000000000069", "pm_card_chargeDeclinedExpiredCard", "expired_card", ""},
		{"4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", ""},
		{"4000000000000119", "pm_card_chargeDeclinedProcessingError", "processing_error", ""},
		{"4000000000006975", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"},
		{"4000000000000341", "pm_card_chargeCustomerFail", "card_declined", "generic_decline"},
		{"4100000000000019", "pm_card_radarBlock", "card_declined", "fraudulent"},
	} {
		for _, method := range []string{s.card(row.number), row.token} {
			_, err := s.PaymentIntents.New(payment(method))
			e := failure(t, err)
			if e.HTTPStatusCode != 402 || e.Type != stripe.ErrorTypeCard || string(e.Code) != row.code || string(e.DeclineCode) != row.decline {
				t.Errorf("%s: %d %s %s/%s", method, e.HTTPStatusCode, e.Type, e.Code, e.DeclineCode)
			}
			pi := e.PaymentIntent
			if pi == nil || pi.Status != "requires_payment_method" || pi.PaymentMethod != nil || pi.LatestCharge == nil || pi.LatestCharge.ID != e.ChargeID {
				t.Fatalf("%s: intent %+v", method, pi)
			}
			if pi.LastPaymentError == nil || string(pi.LastPaymentError.Code) != row.code || pi.LastPaymentError.PaymentMethod == nil {
				t.Errorf("%s: last_payment_error %+v", method, pi.LastPaymentError)
			}
			ch, err := s.Charges.Get(e.ChargeID, nil)
			if err != nil {
				t.Fatal(err)
			}
			if ch.Status != "failed" || ch.Paid || ch.Captured || ch.FailureCode != row.code || ch.BalanceTransaction != nil {
				t.Errorf("%s: charge %+v", method, ch)
			}
		}
	}
}

// The good numbers pay and show their brand, funding and last four digits.
func TestCardsThatPay(t *testing.T) {
	s := open(t)
	for _, row := range []struct{ number, token, brand, funding string }{
		{"4242424242424242", "pm_card_visa", "visa", "credit"},
		{"4000056655665556", "pm_card_visa_debit", "visa", "debit"},
		{"5555555555554444", "pm_card_mastercard", "mastercard", "credit"},
		{"5105105105105100", "pm_card_mastercard_prepaid", "mastercard", "prepaid"},
		{"378282246310005", "pm_card_amex", "amex", "credit"},
		{"6011111111111117", "pm_card_discover", "discover", "credit"},
		{"3056930009020004", "pm_card_diners", "diners", "credit"},
		{"3566002020360505", "pm_card_jcb", "jcb", "credit"},
	} {
		fingerprint := ""
		for _, method := range []string{s.card(row.number), row.token} {
			p := payment(method)
			p.AddExpand("latest_charge.balance_transaction")
			pi, err := s.PaymentIntents.New(p)
			if err != nil {
				t.Fatal(err)
			}
			ch := pi.LatestCharge
			if pi.Status != "succeeded" || pi.AmountReceived != 1000 || ch.Status != "succeeded" || !ch.Paid {
				t.Errorf("%s: %s %+v", method, pi.Status, ch)
			}
			card := ch.PaymentMethodDetails.Card
			if string(card.Brand) != row.brand || string(card.Funding) != row.funding || card.Last4 != row.number[len(row.number)-4:] {
				t.Errorf("%s: %s %s %s", method, card.Brand, card.Funding, card.Last4)
			}
			if b := ch.BalanceTransaction; b == nil || b.Fee != 59 || b.Net != 941 || b.Status != "pending" {
				t.Errorf("%s: balance transaction %+v", method, b)
			}
			if fingerprint != "" && card.Fingerprint != fingerprint {
				t.Errorf("%s: the same number has two fingerprints", method)
			}
			fingerprint = card.Fingerprint
		}
	}
}

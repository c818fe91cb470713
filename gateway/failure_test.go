package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"remit/gateway"
)

// Each of Stripe's refusals of a refund is told by its code, whatever else is
// wrong with the request.
func TestMeaningsOfRefusedRefunds(t *testing.T) {
	for code, want := range map[string]gateway.Meaning{
		"charge_already_refunded": gateway.Refunded,
		"charge_disputed":         gateway.Disputed,
		"refund_disputed_payment": gateway.Disputed,
		"balance_insufficient":    gateway.Short,
		"charge_not_refundable":   gateway.State,
		"resource_missing":        gateway.Stop,
		"account_invalid":         gateway.Unreachable,
		"lock_timeout":            gateway.Later,
	} {
		status := map[string]int{"account_invalid": http.StatusForbidden, "lock_timeout": http.StatusTooManyRequests}[code]
		if status == 0 {
			status = http.StatusBadRequest
		}
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error": {"type": "invalid_request_error", "code": %q, "message": "no"}}`, code)
		}))
		stripe := gateway.New(gateway.Options{URL: web.URL}).At(gateway.Access{Key: testKey})
		_, err := stripe.CreateRefund(t.Context(), "k", gateway.NewRefund{PaymentIntent: "pi_1", Amount: 1})
		if got := gateway.MeaningOf(err); err == nil || got != want {
			t.Error(code, got, err)
		}
		web.Close()
	}
}

// A refusal is never told without its reason: where Stripe gives no code, its
// parameter or type stands for it.
func TestRefusalIsNamed(t *testing.T) {
	for want, f := range map[string]gateway.Failure{
		"amount_too_small":           {Type: "invalid_request_error", Code: "amount_too_small", Param: "amount"},
		"it did not take expires_at": {Type: "invalid_request_error", Param: "expires_at"},
		"idempotency_error":          {Type: "idempotency_error"},
	} {
		if got := f.Named(); got != want {
			t.Errorf("%+v is named %q, want %q", f, got, want)
		}
	}
}

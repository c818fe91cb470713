package gateway_test

import (
	"errors"
	"net/http"
	"testing"

	"remit/decline"
	"remit/gateway"
	"remit/retry"
)

// A charge that belongs to one of Stripe's own invoices is known by that, and not
// tried again from here: Stripe tries it by itself.
func TestFailure12StripesOwnRetriesAreSeen(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	intent, err := s.CreateIntent(ctx, "one/create", gateway.NewIntent{Amount: 1000, Currency: "usd"})
	if err != nil || intent.StripeInvoice != "" {
		t.Fatalf("%+v, %v", intent, err)
	}
	s.act("/payment_intents/"+intent.ID+"/invoice", map[string]any{"invoice": "in_1"}, nil)
	seen, err := s.Intent(ctx, intent.ID)
	if err != nil || seen.StripeInvoice != "in_1" {
		t.Fatalf("%+v, %v", seen, err)
	}
	try := retry.Try{Method: "fp", Decline: decline.Classify("card_declined", "insufficient_funds", "", gateway.TypeCard)}
	next := retry.Next(retry.Default(), []retry.Try{try}, retry.Facts{StripeRetries: seen.StripeInvoice != ""}, try.At)
	if next.Again || next.Wait != retry.WaitNothing || next.Reason == "" {
		t.Errorf("two engines retry: %+v", next)
	}
}

// The network's advice is read from a refusal and, where that answer was lost,
// from the intent: a decline is not softer for having been read later.
func TestAdviceOutlivesTheAnswer(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	s.act("/faults", map[string]any{"rules": []any{map[string]any{
		"effect": "decline", "decline_code": "do_not_honor", "advice_code": "do_not_try_again",
	}}}, nil)
	intent, err := s.CreateIntent(ctx, "one/create", gateway.NewIntent{Amount: 1000, Currency: "usd"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.ConfirmIntent(ctx, "one/confirm", intent.ID, gateway.Confirm{Method: "pm_card_visa", Type: gateway.TypeCard})
	refused, ok := errors.AsType[*gateway.Failure](err)
	if !ok || refused.Status != http.StatusPaymentRequired || refused.AdviceCode != "do_not_try_again" {
		t.Fatalf("%+v", err)
	}
	seen, err := s.Intent(ctx, intent.ID)
	if err != nil || seen.DeclineCode != "do_not_honor" || seen.AdviceCode != "do_not_try_again" {
		t.Errorf("%+v, %v", seen, err)
	}
}

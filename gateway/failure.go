package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// Meaning is what an error of Stripe's says about the call that got it.
type Meaning int

// The meanings, in the words of rule M5.
const (
	// Unknown: the call may or may not have had its effect. Only the same call
	// with the same key, or a look at the object, can tell.
	Unknown Meaning = iota
	// Later: nothing happened; the same call may be made again after a while.
	Later
	// Outcome: the bank or the method said no. A result, not an error.
	Outcome
	// State: the object is in a state that forbids the call; look at it.
	State
	// Stop: the call is wrong and repeating it cannot help.
	Stop
	// Unreachable: the account's keys do not work (any more). Nothing happened,
	// and nothing is known about objects stored under them.
	Unreachable
)

// Failure is an error of Stripe's without anything that must not be stored:
// no message of Stripe's, which may quote what was sent, and no object.
type Failure struct {
	Meaning     Meaning
	Status      int // HTTP status, 0 if there was no answer
	Type        string
	Code        string
	DeclineCode string
	AdviceCode  string
	Param       string
	RequestID   string
	Intent      *remit.IntentView // the intent as the error carried it
}

// Error names the call's fate by its codes alone.
func (f *Failure) Error() string {
	if f.Status == 0 {
		return "no answer from Stripe"
	}
	return fmt.Sprintf("Stripe answered %d %s %s (request %s)", f.Status, f.Type, f.Code, f.RequestID)
}

// KeyReused reports that the call was refused because its idempotency key stands
// for another one, which may have had its effect.
func (f *Failure) KeyReused() bool { return f.Type == string(stripe.ErrorTypeIdempotency) }

// MeaningOf gives the meaning of a gateway error; anything that is not a
// [Failure] has an unknown outcome.
func MeaningOf(err error) Meaning {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Meaning
	}
	return Unknown
}

// failureOf turns the SDK's error into ours.
func failureOf(err error) error {
	if err == nil {
		return nil
	}
	var se *stripe.Error
	if !errors.As(err, &se) {
		return &Failure{Meaning: Unknown} // no answer, or one that was cut off
	}
	f := &Failure{
		Status: se.HTTPStatusCode, Type: string(se.Type), Code: string(se.Code),
		DeclineCode: string(se.DeclineCode), Param: se.Param, RequestID: se.RequestID,
	}
	if se.LastResponse != nil {
		f.AdviceCode = adviceCode(se.LastResponse.RawJSON)
	}
	if se.PaymentIntent != nil {
		view := viewOf(se.PaymentIntent)
		view.ErrorCode, view.DeclineCode, view.AdviceCode = f.Code, f.DeclineCode, f.AdviceCode
		f.Intent = &view
	}
	f.Meaning = meaning(f)
	return f
}

// meaning is the one table from Stripe's answers to what they mean.
func meaning(f *Failure) Meaning {
	switch {
	case f.Status == http.StatusPaymentRequired:
		return Outcome
	case f.Status == http.StatusTooManyRequests: // rate_limit and lock_timeout: refused before any effect
		return Later
	case f.Status == http.StatusConflict: // idempotency_key_in_use: the first call is still running
		return Unknown
	case f.Status >= 500, f.Status == 0:
		return Unknown
	case f.Status == http.StatusUnauthorized, f.Code == "account_invalid", f.Code == "platform_api_key_expired",
		f.Code == "api_key_expired":
		return Unreachable
	case f.Code == "payment_intent_unexpected_state", f.Code == "checkout_session_not_open",
		f.Code == "payment_intent_incompatible_payment_method":
		return State
	default:
		return Stop
	}
}

// adviceCode is not a field of this version's SDK, but newer accounts send it.
func adviceCode(raw []byte) string {
	var body struct {
		Error struct {
			AdviceCode string `json:"advice_code"`
		} `json:"error"`
	}
	if json.Unmarshal(raw, &body) != nil {
		return ""
	}
	return body.Error.AdviceCode
}

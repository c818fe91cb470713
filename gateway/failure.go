package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"

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
	// Refunded: the charge has not got that much left to refund. Somebody else
	// may have refunded it; look at the charge.
	Refunded
	// Disputed: the payer's bank has the charge's money, and decides.
	Disputed
	// Short: the account's balance does not hold the amount.
	Short
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
	TriesLeft   *int              // of entering deposits, where Stripe says how many
}

// Error names the call's fate by its codes alone.
func (f *Failure) Error() string {
	if f.Code == codeNotSent {
		return "not sent: Stripe takes no more calls of this account now"
	}
	if f.Status == 0 {
		return "no answer from Stripe"
	}
	return fmt.Sprintf("Stripe answered %d %s %s (request %s)", f.Status, f.Type, f.Code, f.RequestID)
}

// codeNotSent is the code of a call that was not made, because its turn did not
// come. It is none of Stripe's.
const codeNotSent = "not_sent"

// Named is what a person is told that Stripe refused the call for: its code or,
// where it gave none, the parameter it did not take, else the error's type.
func (f *Failure) Named() string {
	switch {
	case f.Code != "":
		return f.Code
	case f.Param != "":
		return "it did not take " + f.Param
	}
	return f.Type
}

// KeyReused reports that the call was refused because its idempotency key stands
// for another one, which may have had its effect.
func (f *Failure) KeyReused() bool { return f.Type == string(stripe.ErrorTypeIdempotency) }

// Refused reports that Stripe said no: nothing happened, and the same call would
// be refused again.
func (f *Failure) Refused() bool {
	switch f.Meaning {
	case Outcome, State, Stop, Refunded, Disputed, Short:
		return true
	case Unknown, Later, Unreachable:
	}
	return false
}

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
	if _, ok := errors.AsType[*Failure](err); ok {
		return err // the call was not made
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
	f.TriesLeft = triesLeft(f.Code, se.Msg)
	f.Meaning = meaning(f)
	return f
}

var triesRemaining = regexp.MustCompile(`(\d+) verification attempts? remaining`)

// triesLeft is how often deposits may still be entered, which Stripe says in the
// words of its error alone.
func triesLeft(code, message string) *int {
	switch code {
	case "payment_method_microdeposit_verification_attempts_exceeded":
		none := 0
		return &none
	case "payment_method_microdeposit_verification_amounts_mismatch", "payment_method_microdeposit_verification_descriptor_code_mismatch":
		if found := triesRemaining.FindStringSubmatch(message); found != nil {
			if n, err := strconv.Atoi(found[1]); err == nil {
				return &n
			}
		}
	}
	return nil
}

// bankAnswers are what is said of a bank account or its deposits with status 400:
// results, which no repeated call changes.
var bankAnswers = []string{
	"bank_account_unusable", "bank_account_unverified", "payment_method_bank_account_blocked",
	"payment_intent_mandate_invalid", "setup_intent_mandate_invalid",
	"payment_method_microdeposit_failed", "payment_method_microdeposit_verification_amounts_invalid",
	"payment_method_microdeposit_verification_amounts_mismatch", "payment_method_microdeposit_verification_descriptor_code_mismatch",
	"payment_method_microdeposit_verification_attempts_exceeded", "payment_method_microdeposit_verification_timeout",
}

// meaning is the one table from Stripe's answers to what they mean.
func meaning(f *Failure) Meaning {
	switch {
	case f.Status == http.StatusPaymentRequired, slices.Contains(bankAnswers, f.Code):
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
	case f.Code == "charge_already_refunded":
		return Refunded
	case f.Code == "charge_disputed", f.Code == "refund_disputed_payment":
		return Disputed
	case f.Code == "balance_insufficient":
		return Short
	case f.Code == "payment_intent_unexpected_state", f.Code == "checkout_session_not_open",
		f.Code == "payment_intent_incompatible_payment_method", f.Code == "charge_not_refundable",
		f.Code == "setup_intent_unexpected_state", f.Code == "payment_method_bank_account_already_verified":
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

package sandbox

import (
	"errors"
	"fmt"
	"strings"
)

// The types of Stripe's errors.
const (
	typeAPI         = "api_error"
	typeCard        = "card_error"
	typeIdempotency = "idempotency_error"
	typeInvalid     = "invalid_request_error"
)

// apiError is an answer other than 2xx: {"error": {…}} with Status.
type apiError struct {
	Status        int    `json:"-"`
	AdviceCode    string `json:"advice_code,omitempty"`
	Charge        string `json:"charge,omitempty"`
	Code          string `json:"code,omitempty"`
	DeclineCode   string `json:"decline_code,omitempty"`
	DocURL        string `json:"doc_url,omitempty"`
	Message       string `json:"message,omitempty"`
	Param         string `json:"param,omitempty"`
	PaymentIntent any    `json:"payment_intent,omitempty"`
	PaymentMethod any    `json:"payment_method,omitempty"`
	RequestLogURL string `json:"request_log_url,omitempty"`
	SetupIntent   any    `json:"setup_intent,omitempty"`
	Type          string `json:"type"`

	// unexecuted marks an error found before execution began. Its key is not
	// used up: the same key may come again with mended parameters.
	unexecuted bool
	// commits keeps what the handler put although it failed: a decline has
	// effects. Without it an error leaves nothing behind.
	commits bool
	// retry sets Stripe-Should-Retry.
	retry string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// forWire completes the error as it is sent.
func (e *apiError) forWire(account, requestID string) any {
	wire := *e
	if wire.Code != "" && wire.DocURL == "" {
		wire.DocURL = docURL(wire.Code)
	}
	if wire.RequestLogURL == "" && requestID != "" && account != "" {
		wire.RequestLogURL = "https://dashboard.stripe.com/" + account + "/test/logs/" + requestID
	}
	return map[string]any{"error": &wire}
}

func docURL(code string) string {
	return "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(code, "_", "-")
}

// asRefusal is the answer that an error of a handler stands for.
func asRefusal(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	return internalError()
}

// invalidParam is a parameter found wrong before execution.
func invalidParam(code, param, format string, args ...any) *apiError {
	e := refuse(code, param, format, args...)
	e.unexecuted = true
	return e
}

// refuse is a well-formed request that cannot be carried out: 400.
func refuse(code, param, format string, args ...any) *apiError {
	return &apiError{
		Status: 400, Type: typeInvalid, Code: code, Param: param,
		Message: fmt.Sprintf(format, args...),
	}
}

// missing is the answer for a parameter that names no object: 400.
func missing(k *kind, param, id string) *apiError {
	return refuse("resource_missing", param, "No such %s: '%s'", missingName(k), id)
}

// missingPath is the answer for a path that names no object: 404.
func missingPath(k *kind, param, id string) *apiError {
	e := missing(k, param, id)
	e.Status = 404
	return e
}

func missingName(k *kind) string {
	switch k.name {
	case "payment_method":
		return "PaymentMethod"
	case "setup_intent":
		return "setupintent"
	case "balance_transaction":
		return "balance transaction"
	case "webhook_endpoint":
		return "webhook endpoint"
	}
	return k.name
}

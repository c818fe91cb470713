package remit

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of answer an [Error] is. Each kind has exactly one HTTP
// status; the API's table maps them, nothing else does.
type Kind int

// The kinds, with the HTTP status each becomes.
const (
	KindInternal        Kind = iota // 500: our fault, details stay in the log
	KindMalformed                   // 400: the form of a request is wrong
	KindUnauthenticated             // 401: no or bad credentials
	KindDeclined                    // 402: the payer's bank or method said no
	KindForbidden                   // 403: seen, but not permitted
	KindNotFound                    // 404: absent, or not to be seen by the caller
	KindConflict                    // 409: the present state forbids it
	KindTooLarge                    // 413
	KindUnsupported                 // 415
	KindInvalid                     // 422: well-formed, but a value is wrong
	KindLimited                     // 429
	KindUnavailable                 // 503: a part we need does not answer
)

// Stable error codes that callers may branch on. Codes without a constant of
// their own are written where they arise and listed in the OpenAPI document.
const (
	CodeInternal          = "internal"
	CodeMalformed         = "malformed"
	CodeUnauthenticated   = "unauthenticated"
	CodeForbidden         = "forbidden"
	CodeNotFound          = "not_found"
	CodeConflict          = "conflict"
	CodeInvalid           = "invalid"
	CodeInFlight          = "in_flight"
	CodeNotPayable        = "not_payable"
	CodeNotRefundable     = "not_refundable"
	CodeNotConnected      = "stripe_not_connected"
	CodeMoneyOff          = "money_off"
	CodeDeclined          = "payment_declined"
	CodeAuthentication    = "authentication_required"
	CodeAlreadyExists     = "already_exists"
	CodePossibleDuplicate = "possible_duplicate"
	CodeUnavailable       = "unavailable"
	CodeStepUp            = "confirmation_required"
	CodeSecondFactor      = "second_factor_required"
	CodeApprovalRequired  = "approval_required"
)

// FieldError names one field of a request and what is wrong with it, in words
// a person can act on.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is the one error type that may reach a caller. Message and Fields are
// fit to be shown; Cause is for the log alone and never leaves the process.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	Fields  []FieldError
	Cause   error
}

// Error returns the message with its fields, without the cause.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Message
	}
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + ": " + f.Message
	}
	if e.Message == "" {
		return strings.Join(parts, "; ")
	}
	return e.Message + " (" + strings.Join(parts, "; ") + ")"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an error of a kind with a stable code. A %w operand becomes the
// cause and its text is part of the message, so wrap only what may be shown.
func Errorf(kind Kind, code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Code: code, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Invalid is a wrong value in a well-formed request (422), naming the field.
func Invalid(field, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{
		Kind: KindInvalid, Code: CodeInvalid, Message: message,
		Fields: []FieldError{{Field: field, Message: message}},
	}
}

// NotFound is the one answer for what is absent and for what the caller may
// not see, so that the two cannot be told apart.
func NotFound() *Error {
	return Errorf(KindNotFound, CodeNotFound, "Nothing here, or nothing you may see.")
}

// Forbidden says which permission at which path the caller would need.
func Forbidden(permission, path string) *Error {
	return Errorf(KindForbidden, CodeForbidden,
		"You may see this but not do it. It needs %s at %s; ask an administrator.", permission, path)
}

// Conflict is a request that the present state forbids (409).
func Conflict(code, format string, args ...any) *Error {
	return Errorf(KindConflict, code, format, args...)
}

// Internal hides a failure of ours behind a message that is safe to show.
func Internal(cause error) *Error {
	return &Error{Kind: KindInternal, Code: CodeInternal, Message: "We failed.", Cause: cause}
}

// AsError returns err as an [Error]; anything else is internal.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Internal(err)
}

// IsCode reports whether err is an [Error] with that code.
func IsCode(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

package strictjson

import "strings"

// Kind says what is wrong with a body. Each has one HTTP status.
type Kind int

// The kinds of errors.
const (
	KindForm     Kind = iota + 1 // 400: not the JSON this route takes
	KindValue                    // 422: well-formed, but a field's value is missing or wrong
	KindTooLarge                 // 413: longer than the limit
	KindMedia                    // 415: not application/json, or compressed
)

// FieldError names a field as in lines[0].amount ("" for the whole body) and
// says what is wrong with it.
type FieldError struct {
	Field   string
	Message string
}

// Error is every error of this package. Message is fit to be shown. Fields is
// empty where the body as a whole is at fault.
type Error struct {
	Kind    Kind
	Message string
	Fields  []FieldError
}

// Error returns the message with the fields.
func (e *Error) Error() string {
	parts := []string{e.Message}
	for _, f := range e.Fields {
		parts = append(parts, f.Field+" "+f.Message)
	}
	return strings.Join(parts, "; ")
}

func form(message string) *Error { return &Error{Kind: KindForm, Message: message} }

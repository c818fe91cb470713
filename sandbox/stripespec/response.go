package stripespec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// CheckResponse reports everything by which an answer to a request differs
// from what Stripe answers: nil if nothing does. The path may carry a query,
// whose expand[] values count; those of a form body are given as expand, in
// the API's notation ("latest_charge", "data.customer"). Several findings come
// joined, one a line, each with the place in the body.
func (s *Spec) CheckResponse(method, path string, status int, body []byte, expand ...string) error {
	target, err := url.Parse(path)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	findings := s.check(method, target, status, body, expand)
	if len(findings) == 0 {
		return nil
	}
	return fmt.Errorf("%s %s answered %d, which Stripe would not:\n%w", method, target.Path, status, errors.Join(findings...))
}

func (s *Spec) check(method string, target *url.URL, status int, body []byte, expand []string) []error {
	op, found := s.find(method, target.Path)
	if !found {
		return []error{errors.New("no such method and path in Stripe's API")}
	}
	schema := op.responses[strconv.Itoa(status)]
	if schema == nil && status >= http.StatusBadRequest {
		schema = op.responses["default"]
	}
	if schema == nil {
		return []error{errors.New("no such status for this method and path")}
	}
	value, err := decode(body)
	if err != nil {
		return []error{fmt.Errorf("body: %w", err)}
	}
	w := &walk{spec: s, expand: expansions(append(expand, queryExpand(target.Query())...))}
	if err := visit(schema.Value, value); err != nil {
		w.report("body", "%s", describe(err))
	}
	w.value(schema, value, "body", "")
	if status >= http.StatusBadRequest {
		w.errorBody(value, status)
	} else {
		w.unusedExpansions()
	}
	return w.findings
}

// decode reads one JSON value with integers kept apart from floats, as the
// validator tells them by their spelling.
func decode(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

func visit(schema *openapi3.Schema, value any) error {
	return schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsResponse())
}

// describe shortens the validator's message, which repeats whole schemas.
func describe(err error) string {
	if many, ok := errors.AsType[openapi3.MultiError](err); ok {
		parts := make([]string, len(many))
		for i, one := range many {
			parts[i] = describe(one)
		}
		return strings.Join(parts, "; ")
	}
	if one, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return "/" + strings.Join(one.JSONPointer(), "/") + ": " + one.Reason
	}
	return err.Error()
}

// errorTypes lists which error types Stripe answers with a status.
var errorTypes = map[int][]string{
	http.StatusBadRequest:          {"invalid_request_error", "idempotency_error"},
	http.StatusUnauthorized:        {"invalid_request_error"},
	http.StatusPaymentRequired:     {"card_error"},
	http.StatusForbidden:           {"invalid_request_error"},
	http.StatusNotFound:            {"invalid_request_error"},
	http.StatusConflict:            {"idempotency_error", "invalid_request_error", "api_error"},
	http.StatusTooManyRequests:     {"invalid_request_error", "api_error"},
	http.StatusInternalServerError: {"api_error"},
	http.StatusBadGateway:          {"api_error"},
	http.StatusServiceUnavailable:  {"api_error"},
	http.StatusGatewayTimeout:      {"api_error"},
}

// errorBody checks what the schema of an error leaves open: a message for a
// person, and a type that belongs to the status.
func (w *walk) errorBody(value any, status int) {
	outer, _ := value.(map[string]any)
	inner, _ := outer["error"].(map[string]any)
	if message, _ := inner["message"].(string); message == "" {
		w.report("body.error.message", "an error without a message")
	}
	kind, _ := inner["type"].(string)
	if slices.Contains(errorTypes[status], kind) {
		return
	}
	w.report("body.error.type", "%q does not come with status %d", kind, status)
}

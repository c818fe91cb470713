package api

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"remit"
)

// Protects callers: each kind of error has one status, and every problem has
// the form the contract promises.
func TestProblemOfEveryKind(t *testing.T) {
	c := theContract(t)
	schema := c.doc.Components.Schemas["Problem"].Value
	for kind := remit.KindInternal; kind <= remit.KindUnavailable; kind++ {
		status, known := statuses[kind]
		if !known {
			t.Errorf("kind %d has no status", kind)
			continue
		}
		err := &remit.Error{Kind: kind, Code: "some_code", Message: "Words.", Fields: []remit.FieldError{{Field: "amount", Message: "Too much."}}}
		p := problemOf(httptest.NewRequest("GET", "/v1/invoices?secret=1", nil), err)
		if p.Status != status {
			t.Errorf("kind %d: status %d, want %d", kind, p.Status, status)
		}
		var value any
		if err := json.Unmarshal(encode(p), &value); err != nil {
			t.Fatal(err)
		}
		if err := c.doc.ValidateSchemaJSON(schema, value, openapi3.VisitAsResponse()); err != nil {
			t.Errorf("kind %d: %v", kind, err)
		}
		if strings.Contains(p.Instance, "secret") {
			t.Errorf("kind %d: the query is repeated: %s", kind, p.Instance)
		}
	}
	if len(statuses) != int(remit.KindUnavailable)+1 {
		t.Errorf("%d statuses for %d kinds", len(statuses), remit.KindUnavailable+1)
	}
}

// Protects against leaks: of an error that is ours to mend nothing leaves, and
// of the cause of an answer neither.
func TestProblemsTellNothingInternal(t *testing.T) {
	marker := errors.New("password=marker at 10.0.0.7")
	for name, err := range map[string]error{
		"plain":        marker,
		"internal":     remit.Internal(marker),
		"own words":    &remit.Error{Kind: remit.KindInternal, Code: "odd", Message: marker.Error(), Fields: []remit.FieldError{{Field: marker.Error()}}},
		"cause":        &remit.Error{Kind: remit.KindConflict, Code: remit.CodeConflict, Message: "Not now.", Cause: marker},
		"unknown kind": &remit.Error{Kind: 99, Code: "odd", Message: marker.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			if text := string(encode(problemOf(httptest.NewRequest("GET", "/v1/me", nil), err))); strings.Contains(text, "marker") {
				t.Errorf("leaks: %s", text)
			}
		})
	}
}

// Protects payers' links: a path outside /v1, which may hold a link's key, is
// not repeated.
func TestProblemsRepeatNoPayLink(t *testing.T) {
	p := problemOf(httptest.NewRequest("GET", "/pay/marker", nil), remit.NotFound())
	if strings.Contains(string(encode(p)), "marker") {
		t.Error("the link is repeated")
	}
}

// Protects clients of 402: the payment is in the problem, as promised.
func TestDeclinesCarryThePayment(t *testing.T) {
	c := theContract(t)
	refused := remit.Errorf(remit.KindDeclined, remit.CodeDeclined, "Your bank did not approve this.")
	p := problemOf(httptest.NewRequest("POST", "/v1/work-items/1/pay", nil), declined{error: refused, payment: filled[paymentBody]()})
	var value any
	if err := json.Unmarshal(encode(p), &value); err != nil {
		t.Fatal(err)
	}
	if err := c.doc.ValidateSchemaJSON(c.doc.Components.Schemas["DeclinedProblem"].Value, value, openapi3.VisitAsResponse()); err != nil {
		t.Error(err)
	}
}

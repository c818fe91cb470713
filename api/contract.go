package api

import (
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"remit"
)

//go:embed openapi.yaml
var document []byte

// Document is openapi.yaml, the contract of the API.
func Document() []byte { return document }

// contract is openapi.yaml, ready to hold requests against.
type contract struct {
	doc        *openapi3.T
	operations map[string]*operation
}

// operation is one method on one path.
type operation struct {
	id     string
	method string
	path   string // as OpenAPI writes it: /v1/invoices/{id}
	public bool   // asks for no credentials
	keyed  bool   // takes an Idempotency-Key
	ids    []string
	query  *openapi3.Schema // an object of the query's parameters
	media  []string         // the types of body taken, in order; none: no body
	body   *openapi3.Schema
	spec   *openapi3.Operation
}

// loadContract reads the embedded document, once in a process: it takes half a second
// under the race detector, and nothing changes it.
var loadContract = sync.OnceValues(readContract)

func readContract() (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	doc.SetStringFormatValidators(stringFormats)
	c := &contract{doc: doc, operations: map[string]*operation{}}
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			op := newOperation(method, path, item, spec)
			if op.id == "" || c.operations[op.id] != nil {
				return nil, fmt.Errorf("openapi.yaml: %s %s needs an operationId of its own", method, path)
			}
			c.operations[op.id] = op
		}
	}
	return c, nil
}

func newOperation(method, path string, item *openapi3.PathItem, spec *openapi3.Operation) *operation {
	op := &operation{
		id: spec.OperationID, method: method, path: path, spec: spec,
		public: spec.Security != nil && len(*spec.Security) == 0,
		query:  openapi3.NewObjectSchema(),
	}
	for _, ref := range append(append(openapi3.Parameters{}, item.Parameters...), spec.Parameters...) {
		p := ref.Value
		switch {
		case p.In == openapi3.ParameterInPath && p.Schema.Value.Format == "uuid":
			op.ids = append(op.ids, p.Name)
		case p.In == openapi3.ParameterInQuery:
			op.query.WithPropertyRef(p.Name, p.Schema)
		case p.In == openapi3.ParameterInHeader && http.CanonicalHeaderKey(p.Name) == headerKey:
			op.keyed = true
		}
	}
	if spec.RequestBody != nil {
		for media, content := range spec.RequestBody.Value.Content {
			op.media = append(op.media, media)
			if media == mediaJSON {
				op.body = content.Schema.Value
			}
		}
		sort.Strings(op.media)
	}
	return op
}

// ginPath is the path as the router writes it: /v1/invoices/:id.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// stringFormats are the formats openapi.yaml names that are more than a hint.
var stringFormats = map[string]openapi3.StringFormatValidator{
	"uuid": openapi3.NewCallbackValidator(func(s string) error {
		if !isID(s) {
			return errors.New("not an id")
		}
		return nil
	}),
	"date": openapi3.NewCallbackValidator(func(s string) error {
		_, err := remit.ParseDate(s)
		return err
	}),
	"date-time": openapi3.NewCallbackValidator(func(s string) error {
		_, err := time.Parse(time.RFC3339, s)
		return err
	}),
	"email": openapi3.NewCallbackValidator(checkEmail),
	"email-or-empty": openapi3.NewCallbackValidator(func(s string) error {
		if s == "" {
			return nil
		}
		return checkEmail(s)
	}),
}

// isID knows a UUID in the one form answers are written in; package uuid also
// takes four others.
func isID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}

// checkEmail takes a bare address: no name, no comment, no line break.
func checkEmail(s string) error {
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s {
		return errors.New("not an e-mail address")
	}
	return nil
}

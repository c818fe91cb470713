// Package stripespec is test support: it holds what is said in Stripe's name
// against Stripe's own OpenAPI document, in both directions.
//
// It owns the oracle for answers ([Spec.CheckResponse], [Checker]) and the one
// for requests ([Mirror]). It does not own the document, which is not in this
// repository, nor stripe-mock: the tool in tools/stripespec fetches both, and
// everything here fails naming that tool where they are missing. Only tests
// import it.
//
// Invariants: an answer passes only if the schema of its method, path and
// status accepts it, every key in it is known there, every key Stripe always
// sends is in it, an object stands where an id would only if it was asked to
// be expanded, and ids carry the prefix of their kind. What Stripe leaves out
// in truth is data (exceptions.go), each entry with its reason.
//
// The document is that of 2024-09-30.acacia, the closest obtainable to the
// pinned 2024-06-20; the changelog between the two lists nothing that touches
// payments or Connect.
package stripespec

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// SpecEnv names the variable with the path of the OpenAPI document; without
// it the document is looked for in the folder the tool fills by default.
const SpecEnv = "REMIT_STRIPE_SPEC"

// BuildCommand puts the document and the stripe-mock binary where they are
// looked for by default. It is run in the root of the repository.
const BuildCommand = "go -C tools/stripespec run ."

// Spec is Stripe's OpenAPI document, ready to check answers. It is safe for
// concurrent use.
type Spec struct {
	operations []operation
	schemas    openapi3.Schemas
	resources  map[string]*openapi3.SchemaRef // by the value of their `object` field
}

// operation is one method of one path, with its answers by status ("200",
// "default").
type operation struct {
	method    string
	segments  []string
	responses map[string]*openapi3.SchemaRef
}

// Load reads the document once per process, which takes about a second.
// It fails, naming [BuildCommand], where the document is missing.
var Load = sync.OnceValues(read)

func read() (*Spec, error) {
	path := os.Getenv(SpecEnv)
	if path == "" {
		path = filepath.Join(defaultDir(), "spec3.json")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, missing("Stripe's OpenAPI document", SpecEnv, err)
	}
	return parse(content)
}

func missing(what, env string, err error) error {
	return fmt.Errorf("%s is missing (%w); run `%s` in the root of the repository, or name it in %s",
		what, err, BuildCommand, env)
}

// defaultDir is where tools/stripespec leaves its files.
func defaultDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "remit", "tools", "stripe-mock-v0.189.0")
}

func parse(content []byte) (*Spec, error) {
	slim, err := withoutRequests(content)
	if err != nil {
		return nil, fmt.Errorf("reading Stripe's OpenAPI document: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(slim)
	if err != nil {
		return nil, fmt.Errorf("loading Stripe's OpenAPI document: %w", err)
	}
	spec := &Spec{schemas: doc.Components.Schemas, resources: map[string]*openapi3.SchemaRef{}}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{method: method, segments: segments(path), responses: map[string]*openapi3.SchemaRef{}}
			for status, response := range op.Responses.Map() {
				if media := response.Value.Content.Get("application/json"); media != nil {
					o.responses[status] = media.Schema
				}
			}
			spec.operations = append(spec.operations, o)
		}
	}
	for name, ref := range spec.schemas {
		if object := objectName(ref.Value); object != "" && !strings.HasPrefix(name, "deleted_") {
			spec.resources[object] = &openapi3.SchemaRef{Ref: "#/components/schemas/" + name, Value: ref.Value}
		}
	}
	return spec, nil
}

// withoutRequests drops what only requests need. It is more than half of the
// document, and this package leaves requests to stripe-mock.
func withoutRequests(content []byte) ([]byte, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(content, &doc); err != nil {
		return nil, err
	}
	var paths map[string]map[string]map[string]json.RawMessage
	if err := json.Unmarshal(doc["paths"], &paths); err != nil {
		return nil, err
	}
	for _, methods := range paths {
		for _, op := range methods {
			delete(op, "requestBody")
			delete(op, "parameters")
		}
	}
	slim, err := json.Marshal(paths)
	if err != nil {
		return nil, err
	}
	doc["paths"] = slim
	return json.Marshal(doc)
}

// find returns the operation of a method and a path without query. A fixed
// segment wins over a parameter, as /v1/payouts/… does over /v1/{…}/….
func (s *Spec) find(method, path string) (operation, bool) {
	want := segments(path)
	best, bestFixed := -1, -1
	for i, op := range s.operations {
		if op.method != method || len(op.segments) != len(want) {
			continue
		}
		fixed := 0
		for j, segment := range op.segments {
			switch {
			case segment == want[j]:
				fixed++
			case !strings.HasPrefix(segment, "{"):
				fixed = -1
			}
			if fixed < 0 {
				break
			}
		}
		if fixed > bestFixed {
			best, bestFixed = i, fixed
		}
	}
	if best < 0 {
		return operation{}, false
	}
	return s.operations[best], true
}

func segments(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// objectName is the one value a schema allows for its `object` field, or "".
func objectName(schema *openapi3.Schema) string {
	object := schema.Properties["object"]
	if object == nil || len(object.Value.Enum) != 1 {
		return ""
	}
	name, _ := object.Value.Enum[0].(string)
	return name
}

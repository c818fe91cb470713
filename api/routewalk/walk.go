package routewalk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"remit"
)

// Person is somebody who asks.
type Person struct {
	Name string
	// Authorise puts his credentials on a request.
	Authorise func(*http.Request)
	// Scopes is what he holds at the unit and at the top-level organisation.
	Scopes []remit.Scope
	// Customer: he is the user of the customer whose objects are walked.
	Customer bool
}

// World is a running server with two tenants.
type World struct {
	Do       func(*http.Request) (status int, body []byte, err error)
	Document []byte // openapi.yaml
	Top      string // path of the tenant that is walked
	Unit     string // path below it at which the objects are
	People   []Person
	// Stranger holds everything in another tenant; Neighbour everything at a
	// path of this tenant whose text the unit's begins with, and nowhere else.
	Stranger, Neighbour Person
	// Object makes or finds the id of an object of a kind.
	Object func(kind string) string
	// Unknown is an id of that kind that nothing has.
	Unknown func(kind string) string
}

// TB is what the walk needs of a testing.TB.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Walk asks every operation as nobody, as each of the people, as a stranger
// and, where there is an object, as a neighbour. It returns how often it asked.
func Walk(t TB, w World) int {
	t.Helper()
	operations, err := operationsOf(w.Document)
	if err != nil {
		t.Fatalf("%v", err)
	}
	walk := &walk{TB: t, World: w}
	for _, op := range operations {
		walk.operation(op)
	}
	return walk.asked
}

type walk struct {
	TB
	World
	asked int
}

type operation struct {
	id, method, path string
	media            string // of the body; "": none
	row              Row
}

// operationsOf joins the document's operations with their rows.
func operationsOf(document []byte) ([]operation, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	var list []operation
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			row, has := Rows[spec.OperationID]
			if !has {
				return nil, fmt.Errorf("%s %s (%s) has no row in routewalk.Rows: say who may use it", method, path, spec.OperationID)
			}
			op := operation{id: spec.OperationID, method: method, path: path, row: row}
			if spec.RequestBody != nil {
				for media := range spec.RequestBody.Value.Content {
					if op.media != "application/json" {
						op.media = media
					}
				}
			}
			list = append(list, op)
		}
	}
	if len(list) != len(Rows) {
		return nil, fmt.Errorf("routewalk.Rows has %d rows for %d operations", len(Rows), len(list))
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list, nil
}

func (w *walk) operation(op operation) {
	nobody := Person{Name: "nobody", Authorise: func(*http.Request) {}}
	status, body := w.ask(op, nobody, op.row.At, w.id(op, w.Object))
	if op.row.Public {
		if status == 401 && !strings.Contains(op.path, "/session") || status >= 500 && op.id != "readyz" {
			w.Errorf("%s as nobody: %d %s", op.id, status, body)
		}
		return
	}
	if status != 401 {
		w.Errorf("%s as nobody: %d, want 401 (%s)", op.id, status, body)
	}
	if op.row.Ends {
		return
	}
	for _, p := range w.People {
		status, body := w.ask(op, p, op.row.At, w.id(op, w.Object))
		if want := op.expected(p); !want.fits(status) {
			w.Errorf("%s as %s: %d, want %s (%s)", op.id, p.Name, status, want, body)
		}
	}
	w.outside(op)
}

// outside asks from another tenant and from beside the unit: what is there is
// answered exactly as what is not (T1, T2).
func (w *walk) outside(op operation) {
	if op.row.Object != "" || op.row.At != "" {
		status, there := w.ask(op, w.Stranger, op.row.At, w.id(op, w.Object))
		if status != 404 {
			w.Errorf("%s as a stranger: %d, want 404 (%s)", op.id, status, there)
		}
		if _, not := w.ask(op, w.Stranger, op.row.At, w.id(op, w.Unknown)); op.row.Object != "" && told(there) != told(not) {
			w.Errorf("%s tells a stranger that the %s is there: %s, and for none %s", op.id, op.row.Object, there, not)
		}
	}
	unitWide := []string{KindInvoice, KindHeldInvoice, KindWorkItem, KindCustomer, KindPaymentMethod, KindBankAccount, KindPayment, KindImport, KindDueDateRun, KindBilling, KindOrganisation, KindGrant, KindWebhook, KindEvent, KindProduct, KindOrder}
	if slices.Contains(unitWide, op.row.Object) || op.row.At == "unit" && op.row.See != nil {
		if status, body := w.ask(op, w.Neighbour, op.row.At, w.id(op, w.Object)); status != 404 {
			w.Errorf("%s as a neighbour: %d, want 404 (%s)", op.id, status, body)
		}
	}
}

func (w *walk) id(op operation, of func(kind string) string) string {
	if op.row.Object == "" {
		return ""
	}
	return of(op.row.Object)
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// ask sends the operation with a body no route takes, so that whoever is
// permitted changes nothing and is told so (400).
func (w *walk) ask(op operation, p Person, at, id string) (int, []byte) {
	w.asked++
	target := parameter.ReplaceAllLiteralString(op.path, url.PathEscape(id))
	switch at {
	case "top":
		target += "?organisation=" + url.QueryEscape(w.Top)
	case "unit":
		target += "?organisation=" + url.QueryEscape(w.Unit)
	}
	var body []byte
	if op.media != "" {
		body = []byte(`{"no_route_takes_this":true}`)
	}
	if op.media == "multipart/form-data" {
		body = []byte("--b\r\nContent-Disposition: form-data; name=\"no_route_takes_this\"\r\n\r\nx\r\n--b--\r\n")
	}
	request, err := http.NewRequest(op.method, target, bytes.NewReader(body)) //nolint:noctx // the world sends it
	if err != nil {
		w.Fatalf("%s: %v", op.id, err)
	}
	switch op.media {
	case "":
	case "multipart/form-data":
		request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	default:
		request.Header.Set("Content-Type", "application/json")
	}
	p.Authorise(request)
	status, answer, err := w.Do(request)
	if err != nil {
		w.Fatalf("%s as %s: %v", op.id, p.Name, err)
	}
	return status, answer
}

// expectation is a status, or 0 for whatever a permitted caller is told.
type expectation struct {
	status int
	body   bool // the body is read, and refused
}

func (e expectation) fits(status int) bool {
	switch {
	case e.status != 0:
		return status == e.status
	case e.body:
		return status == 400
	default:
		return status < 400 || status == 409 || status == 503
	}
}

func (e expectation) String() string {
	switch {
	case e.status != 0:
		return strconv.Itoa(e.status)
	case e.body:
		return "400, the body being wrong"
	default:
		return "an answer"
	}
}

// expected is how far a person gets.
func (op operation) expected(p Person) expectation {
	granted := expectation{body: op.media != ""}
	if p.Customer {
		switch {
		case op.row.Customer == Allowed:
			return granted
		case op.row.Customer == Visible, op.row.Object == "" && op.row.See == nil:
			return expectation{status: 403}
		default:
			return expectation{status: 404}
		}
	}
	if op.row.See != nil && !p.holdsOne(op.row.See) {
		return expectation{status: 404}
	}
	for _, group := range op.row.Do {
		if !p.holdsOne(group) {
			return expectation{status: 403}
		}
	}
	return granted
}

func (p Person) holdsOne(permissions []string) bool {
	for _, text := range permissions {
		if text == Any && len(p.Scopes) > 0 {
			return true
		}
		scope, err := remit.ParseScope(text)
		if err == nil && slices.ContainsFunc(p.Scopes, func(held remit.Scope) bool { return held.Covers(scope) }) {
			return true
		}
	}
	return false
}

// told is a problem without what differs from request to request.
func told(body []byte) string {
	var problem map[string]any
	if json.Unmarshal(body, &problem) != nil {
		return string(body)
	}
	delete(problem, "request_id")
	delete(problem, "instance")
	text, err := json.Marshal(problem)
	if err != nil {
		return string(body)
	}
	return string(text)
}

package api

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"remit"
)

// read decodes a body the way a handler of the operation does.
func read(t *testing.T, operation, payload string) error {
	t.Helper()
	c := theContract(t)
	op := c.operations[operation]
	if op == nil {
		t.Fatalf("no operation %s", operation)
	}
	request := httptest.NewRequest(op.method, "/", strings.NewReader(payload))
	request.Header.Set("Content-Type", mediaJSON)
	call := &call{server: &Server{contract: c}, op: op, request: request}
	if err := call.readPayload(); err != nil {
		return err
	}
	return call.decode(reflect.New(reflect.TypeOf(wires[operation])).Interface())
}

const wholeInvoice = `{"customer_id":"018f3c1e-7b1a-7c3d-9b1e-2f6a5d4c3b2a","number":"INV-1","issue_date":"2026-03-01","due_date":"2026-04-01",` +
	`"lines":[{"description":"Work","quantity":"2.5","unit_price":"10.00","amount":2500}]`

// Protects money against what JSON readers let through (T22, T25, T26): a wrong
// form is 400 and a wrong value 422, each naming its field, and no message
// repeats what was sent.
func TestStrictBodies(t *testing.T) {
	long := strings.Repeat("x", 501)
	for name, tt := range map[string]struct {
		operation, body string
		status          int // 0: taken
		field           string
	}{
		"taken":                    {"payWorkItem", `{"amount": 120000, "checkout": true}`, 0, ""},
		"null where it may be":     {"payWorkItem", `{"amount": 1, "payment_method": null, "checkout": true}`, 0, ""},
		"T22 infinite":             {"payWorkItem", `{"amount": 1e9999, "checkout": true}`, 422, "amount"},
		"T22 fraction":             {"payWorkItem", `{"amount": 1.5, "checkout": true}`, 422, "amount"},
		"T22 exponent":             {"payWorkItem", `{"amount": 1e3, "checkout": true}`, 422, "amount"},
		"T22 2^63":                 {"payWorkItem", `{"amount": 9223372036854775808, "checkout": true}`, 422, "amount"},
		"T22 above 2^53":           {"payWorkItem", `{"amount": 9007199254740993, "checkout": true}`, 422, "amount"},
		"T22 NaN":                  {"payWorkItem", `{"amount": NaN, "checkout": true}`, 400, ""},
		"zero":                     {"payWorkItem", `{"amount": 0, "checkout": true}`, 422, "amount"},
		"negative":                 {"payWorkItem", `{"amount": -5, "checkout": true}`, 422, "amount"},
		"text for a number":        {"payWorkItem", `{"amount": "120000", "checkout": true}`, 400, "amount"},
		"null for a number":        {"payWorkItem", `{"amount": null, "checkout": true}`, 400, "amount"},
		"missing":                  {"payWorkItem", `{"checkout": true}`, 400, "amount"},
		"bad id":                   {"payWorkItem", `{"amount": 1, "payment_method": "pm_1"}`, 422, "payment_method"},
		"T25 unknown":              {"payWorkItem", `{"amount": 1, "status": "paid"}`, 400, "status"},
		"T25 status of an invoice": {"updateInvoice", wholeInvoice + `,"status":"paid"}`, 400, "status"},
		"T25 outstanding":          {"updateInvoice", wholeInvoice + `,"outstanding":0}`, 400, "outstanding"},
		"T25 inside a line":        {"createInvoice", strings.Replace(wholeInvoice, `"quantity"`, `"paid":true,"quantity"`, 1) + `}`, 400, "lines[0].paid"},
		"T26 twice":                {"payWorkItem", `{"amount": 1, "amount": 2, "checkout": true}`, 400, "amount"},
		"T26 other case":           {"payWorkItem", `{"AMOUNT": 1, "checkout": true}`, 400, "AMOUNT"},
		"T26 trailing":             {"payWorkItem", `{"amount": 1, "checkout": true} {}`, 400, ""},
		"empty":                    {"payWorkItem", ``, 400, ""},
		"not an object":            {"payWorkItem", `[1]`, 400, ""},
		"a whole invoice":          {"createInvoice", wholeInvoice + `}`, 0, ""},
		"a line without an amount": {"createInvoice", strings.Replace(wholeInvoice, `,"amount":2500`, "", 1) + `}`, 0, ""},
		"impossible date":          {"createInvoice", strings.Replace(wholeInvoice, "2026-04-01", "2026-02-30", 1) + `}`, 422, "due_date"},
		"not a decimal":            {"createInvoice", strings.Replace(wholeInvoice, "2.5", "1e5", 1) + `}`, 422, "lines[0].quantity"},
		"unknown kind":             {"createInvoice", wholeInvoice + `,"adjustments":[{"kind":"bribe","amount":1}]}`, 422, "adjustments[0].kind"},
		"a number for a kind":      {"createInvoice", wholeInvoice + `,"adjustments":[{"kind":7,"amount":1}]}`, 400, "adjustments[0].kind"},
		"bad currency":             {"createInvoice", wholeInvoice + `,"currency":"usd"}`, 422, "currency"},
		"relative path":            {"createInvoice", wholeInvoice + `,"organisation":"dev"}`, 422, "organisation"},
		"a path of the wrong type": {"createInvoice", wholeInvoice + `,"organisation":7}`, 400, "organisation"},
		"too long":                 {"holdInvoice", `{"reason":"` + long + `"}`, 422, "reason"},
		"nothing where optional":   {"voidInvoice", ``, 0, ""},
		"no field at all":          {"updateOrganisation", `{}`, 400, ""},
		"short password":           {"changePassword", `{"current_password":"x","new_password":"short"}`, 422, "new_password"},
		"not a key":                {"saveKeys", `{"secret_key":"marker_secret","publishable_key":"pk_test_1"}`, 422, "secret_key"},
	} {
		t.Run(name, func(t *testing.T) {
			err := read(t, tt.operation, tt.body)
			if tt.status == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("taken")
			}
			e := remit.AsError(err)
			if got := statuses[e.Kind]; got != tt.status {
				t.Errorf("status %d, want %d: %v", got, tt.status, err)
			}
			if tt.field != "" && (len(e.Fields) == 0 || e.Fields[0].Field != tt.field) {
				t.Errorf("fields %v, want %s first", e.Fields, tt.field)
			}
			for _, value := range []string{"marker_secret", "pm_1", "bribe", long} {
				if strings.Contains(err.Error(), value) {
					t.Errorf("the error repeats what was sent: %v", err)
				}
			}
		})
	}
}

// Protects against forms of other sites' pages and readers of other formats
// (T32): a write takes the types its operation lists and no other.
func TestBodyTypes(t *testing.T) {
	c := theContract(t)
	for name, tt := range map[string]struct {
		operation, media, body string
		status                 int
	}{
		"JSON":                       {"payWorkItem", "application/json", "{}", 0},
		"JSON, UTF-8 said":           {"payWorkItem", "application/json; charset=UTF-8", "{}", 0},
		"JSON, another charset":      {"payWorkItem", "application/json; charset=utf-7", "{}", 415},
		"form":                       {"payWorkItem", "application/x-www-form-urlencoded", "amount=1", 415},
		"empty form":                 {"sendInvoice", "application/x-www-form-urlencoded", "", 415},
		"plain text":                 {"payWorkItem", "text/plain", `{"amount":1}`, 415},
		"no type":                    {"payWorkItem", "", "{}", 415},
		"nothing":                    {"sendInvoice", "", "", 0},
		"an empty object":            {"sendInvoice", "application/json", "{}", 0},
		"a body where none is taken": {"sendInvoice", "application/json", `{"status":"paid"}`, 400},
		"XML line":                   {"setWorkItemStep", "application/xml", "<Assignee>", 0},
		"XML elsewhere":              {"payWorkItem", "application/xml", "<amount/>", 415},
		"JSON for a file":            {"startImport", "application/json", "{}", 415},
	} {
		t.Run(name, func(t *testing.T) {
			op := c.operations[tt.operation]
			request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			if tt.media != "" {
				request.Header.Set("Content-Type", tt.media)
			}
			err := (&call{server: &Server{contract: c}, op: op, request: request}).readPayload()
			got := 0
			if err != nil {
				got = statuses[remit.AsError(err).Kind]
			}
			if got != tt.status {
				t.Errorf("status %d, want %d (%v)", got, tt.status, err)
			}
		})
	}
}

// Protects pages of lists: wrong forms of a query are 400, wrong values 422.
func TestQuery(t *testing.T) {
	c := theContract(t)
	for query, want := range map[string]int{
		"":                                   0,
		"limit=100&after=x":                  0,
		"status=open&overdue=true":           0,
		"limit=101":                          422,
		"limit=0":                            422,
		"limit=ten":                          400,
		"limit=1.5":                          400,
		"overdue=yes":                        400,
		"status=late":                        422,
		"customer_id=7":                      422,
		"page=2":                             400,
		"limit=1&limit=2":                    400,
		"%zz":                                400,
		"organisation=/dev-v51/A%20b":        0,
		"organisation=relative":              0, // the commands' to answer
		"after=" + strings.Repeat("x", 1001): 422,
	} {
		request := httptest.NewRequest(http.MethodGet, "/v1/invoices?"+query, nil)
		err := (&call{server: &Server{contract: c}, op: c.operations["invoices"], request: request}).readQuery()
		got := 0
		if err != nil {
			got = statuses[remit.AsError(err).Kind]
		}
		if got != want {
			t.Errorf("?%s: %d, want %d (%v)", query, got, want, err)
		}
	}
}

// Protects whoever writes cents where dollars belong: a unit price that is refused says
// that it is in major units, with an example, whether it came as a number or mistyped.
func TestAUnitPriceIsInMajorUnits(t *testing.T) {
	for _, operation := range []string{"createInvoice", "updateInvoice"} {
		for _, price := range []string{`1250`, `"12,50"`, `"$12.50"`} {
			err := read(t, operation, strings.Replace(wholeInvoice, `"10.00"`, price, 1)+`}`)
			problem := remit.AsError(err)
			if err == nil || len(problem.Fields) != 1 || problem.Fields[0].Field != "lines[0].unit_price" || !strings.Contains(problem.Message, "major units, such as 12.50 in US dollars") {
				t.Errorf("%s of %s: %+v", operation, price, problem)
			}
		}
	}
}

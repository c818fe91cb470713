package program_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Whatever is wrong with a request's form or values is answered with the field
// that is wrong, and nothing in any table changes (T22, T25, T26).
func TestT22T25T26BadInputNamesItsField(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 12000)
	draft := admin.post("/v1/invoices", map[string]any{
		"customer_id": customer, "number": "D-1", "issue_date": "2026-01-01", "due_date": "2026-02-01",
		"lines": []any{map[string]any{"description": "x", "quantity": "1", "unit_price": "1.00", "amount": 100}},
	}).want(201).text("id")
	user := admin.get("/v1/me").want(200).text("id")

	line := `{"description":"x","quantity":"1","unit_price":"1.00","amount":100}`
	// bill is a good invoice with parts exchanged: "number", `7` makes the number 7.
	bill := func(changes ...string) string {
		fields := map[string]string{
			"customer_id": `"` + customer + `"`, "number": `"N-1"`, "issue_date": `"2026-01-01"`, "due_date": `"2026-02-01"`, "lines": "[" + line + "]",
		}
		for n := 0; n+1 < len(changes); n += 2 {
			fields[changes[n]] = changes[n+1]
		}
		var parts []string
		for name, value := range fields {
			if value != "" {
				parts = append(parts, fmt.Sprintf("%q:%s", name, value))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	withLine := func(changed string) string { return bill("lines", "["+changed+"]") }
	pay := "/v1/work-items/" + item + "/pay"
	amount := func(text string) string { return `{"amount":` + text + `,"payment_method":"` + card + `"}` }
	long := `"` + strings.Repeat("x", 2000) + `"`

	rows := []struct {
		method, path, body string
		status             int
		field              string // "" where no field is to blame
	}{
		// The form as a whole (T26).
		{"POST", "/v1/invoices", ``, 400, ""},
		{"POST", "/v1/invoices", `null`, 400, ""},
		{"POST", "/v1/invoices", `[]`, 400, ""},
		{"POST", "/v1/invoices", `"x"`, 400, ""},
		{"POST", "/v1/invoices", `{"number":`, 400, ""},
		{"POST", "/v1/invoices", bill() + `{}`, 400, ""},
		{"POST", "/v1/invoices", bill() + `x`, 400, ""},
		{"POST", "/v1/invoices", "\ufeff" + bill(), 400, ""},
		{"POST", "/v1/invoices", bill("number", "\"\xff\""), 400, ""},
		{"POST", "/v1/invoices", bill("number", `"\ud800"`), 400, ""},
		{"POST", "/v1/invoices", bill("number", `NaN`), 400, ""},
		{"POST", "/v1/invoices", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), 400, ""},
		{"POST", "/v1/customers", `{"name":"A","name":"B"}`, 400, "name"},
		{"POST", pay, `{"amount":12000,"amount":1,"payment_method":"` + card + `"}`, 400, "amount"},
		{"POST", pay, `{"AMOUNT":12000,"payment_method":"` + card + `"}`, 400, "AMOUNT"},
		{"POST", pay, `{"Amount":1,"amount":12000,"payment_method":"` + card + `"}`, 400, "Amount"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, `"amount"`, `"amount":1,"amount"`, 1)), 400, "lines[0].amount"},

		// What no request may set (T25).
		{"POST", "/v1/invoices", bill("status", `"paid"`), 400, "status"},
		{"POST", "/v1/invoices", bill("outstanding", `0`), 400, "outstanding"},
		{"PUT", "/v1/invoices/" + draft, bill("status", `"paid"`), 400, "status"},
		{"PUT", "/v1/invoices/" + draft, bill("outstanding", `0`), 400, "outstanding"},
		{"PUT", "/v1/invoices/" + draft, bill("hold", `null`), 400, "hold"},
		{"POST", "/v1/customers", `{"name":"A","stripe_customer_id":"cus_1"}`, 400, "stripe_customer_id"},
		{"PUT", "/v1/customers/" + customer, `{"name":"A","id":"` + uuid.NewString() + `"}`, 400, "id"},
		{"POST", pay, `{"amount":12000,"payment_method":"` + card + `","currency":"JPY"}`, 400, "currency"},
		{"POST", pay, `{"amount":12000,"payment_method":"` + card + `","surcharge":-100}`, 422, "surcharge"},
		{"POST", pay, `{"amount":12000,"checkout":true,"unit_price":"0.01"}`, 400, "unit_price"},
		{"POST", "/v1/users", `{"email":"a@b.test","name":"A","password":"x"}`, 400, "password"},
		{"PUT", "/v1/roles/New", `{"permissions":[],"deny":true}`, 400, "deny"},

		// Amounts (T22).
		{"POST", pay, amount("1e9999"), 422, "amount"},
		{"POST", pay, amount("1.5"), 422, "amount"},
		{"POST", pay, amount("9223372036854775808"), 422, "amount"},
		{"POST", pay, amount("9223372036854775807"), 422, "amount"},
		{"POST", pay, amount("-9223372036854775809"), 422, "amount"},
		{"POST", pay, amount("0"), 422, "amount"},
		{"POST", pay, amount("-1"), 422, "amount"},
		{"POST", pay, amount("12001"), 422, "amount"},
		{"POST", pay, amount("0x10"), 400, ""},
		{"POST", pay, amount("NaN"), 400, ""},
		{"POST", pay, amount("Infinity"), 400, ""},
		{"POST", pay, amount("012000"), 400, ""},
		{"POST", pay, amount("+12000"), 400, ""},
		{"POST", pay, amount(`"12000"`), 400, "amount"},
		{"POST", pay, amount("null"), 400, "amount"},
		{"POST", pay, amount("true"), 400, "amount"},
		{"POST", pay, amount("[12000]"), 400, "amount"},
		{"POST", pay, `{"payment_method":"` + card + `"}`, 400, "amount"},
		{"POST", pay, `{"amount":12000}`, 422, "payment_method"},
		{"POST", pay, `{"amount":12000,"payment_method":"` + card + `","checkout":true}`, 422, "payment_method"},
		{"POST", pay, `{"amount":12000,"payment_method":"x"}`, 422, "payment_method"},
		{"POST", pay, `{"amount":12000,"payment_method":"` + uuid.NewString() + `"}`, 422, "payment_method"},
		{"POST", pay, `{"amount":12000,"checkout":"yes"}`, 400, "checkout"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, "100}", "1e30}", 1)), 422, "lines[0].amount"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, "100}", "9223372036854775807}", 1)), 422, "lines[0].amount"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, "100}", "-100}", 1)), 422, "lines[0].amount"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, "100}", "101}", 1)), 422, "lines[0].amount"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, `"1.00"`, `1.00`, 1)), 400, "lines[0].unit_price"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, `"1.00"`, `"1,00"`, 1)), 422, "lines[0].unit_price"},
		{"POST", "/v1/invoices", withLine(strings.Replace(line, `"quantity":"1"`, `"quantity":"1e3"`, 1)), 422, "lines[0].quantity"},
		{"POST", "/v1/invoices", bill("total", "99"), 422, "total"},
		{"POST", "/v1/invoices", bill("adjustments", `[{"kind":"tax","description":"x","amount":1.5}]`), 422, "adjustments[0].amount"},
		{"POST", "/v1/invoices", bill("adjustments", `[{"kind":"gift","description":"x","amount":1}]`), 422, "adjustments[0].kind"},
		{"PUT", "/v1/settings/payments", `{"minimum_partial":-1}`, 422, "minimum_partial"},
		{"POST", "/v1/invoices/" + invoice + "/payments", `{"amount":12001,"method":"bank_transfer"}`, 422, "amount"},
		{"POST", "/v1/invoices/" + invoice + "/payments", `{"amount":0,"method":"bank_transfer"}`, 422, "amount"},
		{"POST", "/v1/invoices/" + invoice + "/payments", `{"amount":100,"method":"cash"}`, 422, "method"},

		// Dates, currencies, ids, texts.
		{"POST", "/v1/invoices", bill("due_date", `"2013-02-31"`), 422, "due_date"},
		{"POST", "/v1/invoices", bill("due_date", `"31/02/2013"`), 422, "due_date"},
		{"POST", "/v1/invoices", bill("due_date", `"2026-2-1"`), 422, "due_date"},
		{"POST", "/v1/invoices", bill("due_date", `"2026-02-01T00:00:00Z"`), 422, "due_date"},
		{"POST", "/v1/invoices", bill("due_date", `20260201`), 400, "due_date"},
		{"POST", "/v1/invoices", bill("due_date", `"2025-12-31"`), 422, "due_date"},
		{"POST", "/v1/invoices", bill("due_date", ``), 400, "due_date"},
		{"POST", "/v1/invoices", bill("issue_date", `null`), 400, "issue_date"},
		{"POST", "/v1/invoices", bill("currency", `"usd"`), 422, "currency"},
		{"POST", "/v1/invoices", bill("currency", `"XXQ"`), 422, "currency"},
		{"POST", "/v1/invoices", bill("currency", `"DOLLAR"`), 422, "currency"},
		{"POST", "/v1/customers", `{"name":"A","currency":"ZZZ"}`, 422, "currency"},
		{"POST", "/v1/organisations", `{"path":"` + w.top + `/New","currency":"ZZZ"}`, 422, "currency"},
		{"POST", "/v1/invoices", bill("customer_id", `"x"`), 422, "customer_id"},
		{"POST", "/v1/invoices", bill("customer_id", `"`+uuid.NewString()+`"`), 422, "customer_id"},
		{"POST", "/v1/invoices", bill("organisation", `"/nowhere"`), 422, "organisation"},
		{"POST", "/v1/invoices", bill("organisation", `"Branch A"`), 422, "organisation"},
		{"POST", "/v1/invoices", bill("organisation", `"/a//b"`), 422, "organisation"},
		{"POST", "/v1/invoices", bill("organisation", `"`+w.top+`/Nowhere"`), 422, "organisation"},
		{"POST", "/v1/invoices", bill("number", `""`), 422, "number"},
		{"POST", "/v1/invoices", bill("number", `"   "`), 422, "number"},
		{"POST", "/v1/invoices", bill("number", long), 422, "number"},
		{"POST", "/v1/invoices", bill("number", `7`), 400, "number"},
		{"POST", "/v1/invoices", bill("number", `"a\u0000b"`), 422, "number"},
		{"POST", "/v1/invoices", bill("lines", `{}`), 400, "lines"},
		{"POST", "/v1/invoices", bill("lines", `[1]`), 400, "lines[0]"},
		{"POST", "/v1/customers", `{}`, 400, "name"},
		{"POST", "/v1/customers", `{"name":""}`, 422, "name"},
		{"POST", "/v1/customers", `{"name":` + long + `}`, 422, "name"},
		{"POST", "/v1/customers", `{"name":"a\u0000b"}`, 422, "name"},
		{"POST", "/v1/customers", `{"name":"A\r\nBcc: x@y.test"}`, 422, "name"}, // T42
		{"POST", "/v1/customers", `{"name":"A","email":"no address"}`, 422, "email"},
		{"POST", "/v1/customers", `{"name":"A","email":"a@b.test\r\nBcc: x@y.test"}`, 422, "email"},
		{"POST", "/v1/customers", `{"name":"A","auto_charge":"yes"}`, 400, "auto_charge"},
		{"PUT", "/v1/customers/" + customer + "/default-payment-method", `{"payment_method":"` + uuid.NewString() + `"}`, 422, "payment_method"},
		{"POST", "/v1/invoices/" + invoice + "/hold", `{"reason":""}`, 422, "reason"},
		{"POST", "/v1/invoices/" + invoice + "/hold", `{"reason":` + long + `}`, 422, "reason"},
		{"PUT", "/v1/invoices/" + invoice, bill("number", `"N-2"`), 422, "reason"},
		{"POST", "/v1/users", `{"email":"x","name":"A"}`, 422, "email"},
		{"POST", "/v1/users", `{"email":"a@b.test","name":"A","grants":[{"role":"Nobody","path":"` + w.top + `"}]}`, 422, "role"},
		{"POST", "/v1/grants", `{"user":"` + uuid.NewString() + `","role":"Viewer","path":"` + w.top + `"}`, 422, "user"},
		{"POST", "/v1/grants", `{"user":"` + user + `","role":"Nobody","path":"` + w.top + `"}`, 422, "role"},
		{"POST", "/v1/grants", `{"user":"` + user + `","role":"Viewer","path":"` + w.top + `/Nowhere"}`, 422, "path"},
		{"PUT", "/v1/roles/New", `{"permissions":["x"]}`, 422, "permissions[0]"},
		{"PUT", "/v1/roles/New", `{"permissions":"invoice=read"}`, 400, "permissions"},
		{"POST", "/v1/organisations", `{"path":"` + w.top + `/../x"}`, 422, "path"},
		{"POST", "/v1/organisations", `{"path":"` + w.top + `/New","time_zone":"Mars/Olympus"}`, 422, "time_zone"},
		{"POST", "/v1/api-tokens", `{"name":"t","expires_at":"2001-01-01T00:00:00Z"}`, 422, "expires_at"},
		{"POST", "/v1/api-tokens", `{"name":"t","expires_at":"tomorrow"}`, 422, "expires_at"},
		{"PUT", "/v1/stripe/connection/keys", `{"secret_key":"pk_test_1","publishable_key":"pk_test_1"}`, 422, "secret_key"},
		{"PUT", "/v1/stripe/connection/keys", `{"secret_key":"sk_live_` + strings.Repeat("a", 24) + `","publishable_key":"pk_live_1"}`, 422, "secret_key"},
		{"PUT", "/v1/stripe/connection/keys", `{"secret_key":"sk_test_` + strings.Repeat("a", 24) + `","publishable_key":"pk_live_1"}`, 422, "publishable_key"},
		{"PUT", "/v1/settings/work-item-step", `{"xml":"<Assignee name=\"x\" type=\"UNIT\" scope=\"nonsense\">"}`, 422, "scope"},
		{"PUT", "/v1/settings/work-item-step", `{"xml":"<!DOCTYPE a><Assignee>"}`, 422, "xml"},
		{"POST", "/v1/clock/advance", `{"organisation":"` + w.top + `","to":"yesterday"}`, 422, "to"},
		{"POST", "/v1/clock/advance", `{"organisation":"` + w.top + `","to":"2001-01-01T00:00:00Z"}`, 422, "to"},
		{"POST", "/v1/clock/advance", `{"organisation":"` + w.top + `","days":0}`, 422, "days"},
		{"POST", "/v1/clock/advance", `{"organisation":"/nowhere","days":1}`, 422, "organisation"},

		// Queries.
		{"GET", "/v1/invoices?number=a%00", "", 400, "number"},
		{"GET", "/v1/invoices?number=%ff", "", 400, "number"},
		{"GET", "/v1/invoices?organisation=%00", "", 400, "organisation"},
		{"GET", "/v1/audit?action=%00", "", 400, "action"},
		{"GET", "/v1/invoices?limit=0", "", 422, "limit"},
		{"GET", "/v1/invoices?limit=101", "", 422, "limit"},
		{"GET", "/v1/invoices?limit=x", "", 400, "limit"},
		{"GET", "/v1/invoices?status=gone", "", 422, "status"},
		{"GET", "/v1/invoices?sort=x", "", 400, "sort"},
		{"GET", "/v1/invoices?limit=1&limit=2", "", 400, "limit"},
		{"GET", "/v1/invoices?after=x", "", 400, "after"},
		{"GET", "/v1/invoices?overdue=perhaps", "", 400, "overdue"},
		{"GET", "/v1/invoices?customer_id=x", "", 422, "customer_id"},
	}
	before := w.tables("sessions")
	for _, row := range rows {
		headers := map[string]string{}
		if row.method != http.MethodGet {
			headers["Content-Type"] = "application/json"
		}
		got := admin.raw(row.method, row.path, row.body, headers)
		shown := row.body
		if len(shown) > 200 {
			shown = shown[:200] + "…"
		}
		if got.status != row.status {
			t.Errorf("%s %s %s: %d, want %d: %s", row.method, row.path, shown, got.status, row.status, got.raw)
			continue
		}
		if got.header.Get("Content-Type") != "application/problem+json" || got.text("code") == "" || got.text("detail") == "" {
			t.Errorf("%s %s %s: not a problem with a code: %s", row.method, row.path, shown, got.raw)
		}
		if named := got.fields(); row.field != "" && !slices.Contains(named, row.field) {
			t.Errorf("%s %s %s names %q, want %q: %s", row.method, row.path, shown, named, row.field, got.raw)
		}
	}
	w.unchanged("bad input", before, w.tables("sessions"))
}

// Bodies of the wrong type, packed ones and ones that are too long are refused
// before they are read as anything (T23).
func TestT23BodiesOfTheWrongKind(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 12000)
	pay := "/v1/invoices/" + invoice + "/pay"
	body := `{"amount":12000,"payment_method":"` + card + `"}`
	before := w.tables("sessions")
	for name, row := range map[string]struct {
		path, body string
		headers    map[string]string
		status     int
	}{
		"a zip":           {pay, "PK\x03\x04", map[string]string{"Content-Type": "application/zip"}, 415},
		"gzip":            {pay, "\x1f\x8b\x08", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415},
		"a form":          {pay, "amount=12000", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415},
		"multipart":       {pay, "--b--", map[string]string{"Content-Type": "multipart/form-data; boundary=b"}, 415},
		"text":            {pay, body, map[string]string{"Content-Type": "text/plain"}, 415},
		"no type":         {pay, body, nil, 415},
		"another charset": {pay, body, map[string]string{"Content-Type": "application/json; charset=utf-7"}, 415},
		"10 MB of JSON":   {"/v1/invoices", `{"number":"` + strings.Repeat("x", 10<<20) + `"}`, asJSON, 413},
		"a body where none": {
			"/v1/invoices/" + invoice + "/process", `{"status":"paid"}`, asJSON, 400,
		},
	} {
		if got := admin.raw("POST", row.path, row.body, row.headers); got.status != row.status {
			t.Errorf("%s: %d, want %d: %s", name, got.status, row.status, got.raw)
		}
	}
	for name, part := range map[string][2]string{
		"no file":             {`name="x"`, "x"},
		"a name that is none": {"name=\"file\"; filename=\"a\x00.csv\"", "customer,number\n"},
		"bad UTF-8 in a name": {"name=\"file\"; filename=\"a\xff.csv\"", "customer,number\n"},
		"an empty file":       {`name="file"; filename="a.csv"`, ""},
		"a zip for a file":    {`name="file"; filename="a.csv"`, "PK\x03\x04\x00\x00"},
		"a file of binary":    {`name="file"; filename="a.csv"`, "\x00\x01\x02,\n"},
	} {
		form := "--b\r\nContent-Disposition: form-data; name=\"organisation\"\r\n\r\n" + w.branchA +
			"\r\n--b\r\nContent-Disposition: form-data; " + part[0] + "\r\n\r\n" + part[1] + "\r\n--b--\r\n"
		got := admin.raw("POST", "/v1/imports", form, map[string]string{"Content-Type": "multipart/form-data; boundary=b"})
		if got.status != 400 && got.status != 415 && got.status != 422 {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		} else if len(got.fields()) == 0 && got.status == 422 {
			t.Errorf("%s names no field: %s", name, got.raw)
		}
	}
	for organisation, status := range map[string]int{"/nowhere": 422, w.top + "/Nowhere": 422, "x": 422, "\x00": 422} {
		form := "--b\r\nContent-Disposition: form-data; name=\"organisation\"\r\n\r\n" + organisation +
			"\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\ncustomer,number\r\n--b--\r\n"
		got := admin.raw("POST", "/v1/imports", form, map[string]string{"Content-Type": "multipart/form-data; boundary=b"})
		if got.status != status && got.status != 400 || !slices.Contains(got.fields(), "organisation") {
			t.Errorf("a file for %q: %d %s", organisation, got.status, got.raw)
		}
	}
	w.unchanged("a body of the wrong kind", before, w.tables("sessions"))
}

// What another site's page can make a browser send changes nothing (T32).
func TestT32CrossSiteRequests(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 12000)
	pay := "/v1/invoices/" + invoice + "/pay"
	body := `{"amount":12000,"payment_method":"` + card + `"}`
	before := w.tables("sessions")
	for name, headers := range map[string]map[string]string{
		"cross-site":       {"Sec-Fetch-Site": "cross-site"},
		"same-site":        {"Sec-Fetch-Site": "same-site"},
		"Origin null":      {"Origin": "null"},
		"Origin elsewhere": {"Origin": "https://evil.example"},
		"another port":     {"Origin": "http://127.0.0.1:1"},
	} {
		headers["Content-Type"] = "application/json"
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			if got := admin.raw(method, pay, body, headers); got.status != http.StatusForbidden && got.status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d %s", name, method, got.status, got.raw)
			}
		}
		if got := admin.raw("POST", pay, body, headers); got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
		if got := w.anonymous().raw("POST", "/v1/session", `{"email":"a@b.test","password":"x"}`, headers); got.status != http.StatusForbidden {
			t.Errorf("signing in %s: %d %s", name, got.status, got.raw)
		}
	}
	if got := admin.raw("POST", pay, "amount=12000", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}); got.status != 415 {
		t.Errorf("a form: %d %s", got.status, got.raw)
	}
	for _, path := range []string{"/v1/invoices", "/v1/invoices/" + invoice, "/v1/work-items", "/v1/me", pay, "/v1/invoices/" + invoice + "/send", "/v1/session"} {
		admin.raw("GET", path, "", nil)
		if got := admin.raw("TRACE", path, "", nil); got.status != http.StatusMethodNotAllowed && got.status != http.StatusNotImplemented && got.status != http.StatusForbidden {
			t.Errorf("TRACE %s: %d", path, got.status)
		}
	}
	w.unchanged("a cross-site request", before, w.tables("sessions"))
	admin.raw("POST", pay, body, map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", "Origin": w.program.URL}).want(200)
}

package program_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit/commands"
)

// What belongs to another tenant, to a branch whose name only begins alike, or
// to another customer is answered word for word as what does not exist (T1, T2).
func TestT1T2OthersObjectsLookAbsent(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	unit := w.branchA + "B" // /t/Branch AB, beside /t/Branch A
	admin.post("/v1/organisations", map[string]any{"path": unit}).want(201)
	customer, card := w.customer(unit, "4242424242424242")
	invoice, item := w.invoice(unit, customer, 5000)
	otherCustomer, _ := w.customer(w.branchB, "")
	other, _ := w.invoice(w.branchB, otherCustomer, 5000)
	stranger, _ := w.stranger()
	neighbour := w.person("neighbour", commands.GrantInput{Role: "Owner", Path: w.branchA})
	payers := w.person("beside", commands.GrantInput{Role: "Invoice Payers", Path: w.branchA})
	theirs := w.customersUser("theirs", otherCustomer)

	pay := map[string]any{"amount": 5000, "payment_method": card}
	line := map[string]any{"description": "x", "quantity": "1", "unit_price": "1.00", "amount": 100}
	content := map[string]any{"number": "N", "issue_date": "2026-01-01", "due_date": "2026-02-01", "lines": []any{line}}
	routes := []struct {
		method, path, id string
		body             any
	}{
		{"GET", "/v1/invoices/{id}", invoice, nil}, {"PUT", "/v1/invoices/{id}", invoice, content},
		{"POST", "/v1/invoices/{id}/send", invoice, nil}, {"POST", "/v1/invoices/{id}/process", invoice, nil},
		{"POST", "/v1/invoices/{id}/void", invoice, map[string]any{"reason": "x"}}, {"POST", "/v1/invoices/{id}/hold", invoice, map[string]any{"reason": "x"}},
		{"DELETE", "/v1/invoices/{id}/hold", invoice, nil}, {"POST", "/v1/invoices/{id}/pay", invoice, pay},
		{"GET", "/v1/invoices/{id}/payments", invoice, nil}, {"GET", "/v1/invoices/{id}/timeline", invoice, nil},
		{"POST", "/v1/invoices/{id}/payments", invoice, map[string]any{"amount": 100, "method": "bank_transfer"}},
		{"GET", "/v1/work-items/{id}", item, nil}, {"POST", "/v1/work-items/{id}/claim", item, nil},
		{"POST", "/v1/work-items/{id}/release", item, nil}, {"POST", "/v1/work-items/{id}/pay", item, pay},
		{"GET", "/v1/customers/{id}", customer, nil}, {"PUT", "/v1/customers/{id}", customer, map[string]any{"name": "x"}},
		{"GET", "/v1/customers/{id}/payment-methods", customer, nil}, {"POST", "/v1/customers/{id}/payment-methods", customer, map[string]any{}},
		{"PUT", "/v1/customers/{id}/default-payment-method", customer, map[string]any{"payment_method": card}},
		{"DELETE", "/v1/payment-methods/{id}", card, nil},
	}
	absent := func(b *browser, method, path, id string, body any) string {
		got := b.send(method, strings.ReplaceAll(path, "{id}", id), body, nil)
		return strings.NewReplacer(id, "ID", got.text("request_id"), "REQUEST").Replace(string(got.want(http.StatusNotFound).raw))
	}
	before := w.tables("sessions", "audit", "audit_heads")
	for who, b := range map[string]*browser{"a stranger": stranger, "a neighbour": neighbour, "a payer beside": payers, "another customer": theirs} {
		for _, route := range routes {
			there := absent(b, route.method, route.path, route.id, route.body)
			if not := absent(b, route.method, route.path, uuid.NewString(), route.body); there != not {
				t.Errorf("%s %s tells %s that it is there:\n%s\n%s", route.method, route.path, who, there, not)
			}
		}
	}
	w.unchanged("looking for what is not theirs", before, w.tables("sessions", "audit", "audit_heads"))
	for who, b := range map[string]*browser{"a stranger": stranger, "a neighbour": neighbour, "a payer beside": payers} {
		for _, list := range []string{"/v1/invoices", "/v1/work-items", "/v1/customers"} {
			if got := b.get(list); got.status != http.StatusForbidden && strings.Contains(string(got.raw), unit) {
				t.Errorf("%s shows %s what is at %s: %s", list, who, unit, got.raw)
			}
		}
	}
	if got := theirs.get("/v1/invoices").want(200); got.text("data", 0, "id") != other || got.at("data", 1) != nil {
		t.Errorf("a customer's user is shown %s", got.raw)
	}
}

// Paths that two programs could read differently, and ids that are none, reach
// nothing (T3).
func TestT3HostilePathsReachNothing(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	before := w.tables("sessions")
	for _, path := range []string{
		"/v1/invoices/../invoices/" + invoice, "/v1/invoices/%2e%2e/invoices/" + invoice, "/v1//invoices/" + invoice, "//v1/invoices/" + invoice,
		"/v1/invoices/" + invoice + "%2Ftimeline", "/v1/invoices%2F" + invoice, "/v1/invoices/" + invoice + "%00", "/v1/invoices/%00",
		"/v1/invoices/" + invoice + "/", "/v1/invoices/" + invoice + "%0a", "/v1/invoices/" + strings.ToUpper(invoice) + "x", "/v1/invoices/{" + invoice + "}",
		"/v1/invoices/urn:uuid:" + invoice, "/v1/invoices/1", "/v1/invoices/%ff%fe", "/v1/roles/%ff", "/v1/roles/%00?organisation=" + w.top, "/V1/invoices/" + invoice,
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			got := admin.raw(method, path, `{"permissions":[]}`, asJSON)
			if got.status != http.StatusBadRequest && got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
				t.Errorf("%s %q: %d %s", method, path, got.status, got.raw)
			}
		}
	}
	for _, organisation := range []string{"/..", w.top + "/..", w.top + "//Branch A", w.top + "/Branch A/../Branch B", w.branchA + "\x00", "Branch A"} {
		got := admin.raw("GET", "/v1/invoices?organisation="+strings.NewReplacer(" ", "%20", "\x00", "%00").Replace(organisation), "", nil)
		if got.status != http.StatusBadRequest && got.status != http.StatusNotFound && got.status != http.StatusUnprocessableEntity {
			t.Errorf("?organisation=%q: %d %s", organisation, got.status, got.raw)
		}
	}
	w.unchanged("hostile paths", before, w.tables("sessions"))
}

package program_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"remit/commands"
	"remit/portal"
	"remit/program"
)

// withPages mounts the portal beside the API.
func withPages(c *program.Config) {
	c.Portal = func(all *commands.Commands, logger *slog.Logger) (program.Portal, error) {
		return portal.New(portal.Options{Commands: all, Logger: logger}), nil
	}
}

// Pages show what names hold as text (T31), looking at them starts nothing at
// Stripe (T40), coming back unpaid does not read as paid (T14), and after a
// decline a payer's pages hold no code.
func TestT14T31T40Pages(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	hostile := `<img src=x onerror=alert(1)><b hx-get="/v1/me" hx-trigger="load">{{.Env}}</b>'"`
	customer := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": hostile}).want(201).text("id")
	page := admin.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(201).text("url")
	w.submit(page, "4242424242424242", false)
	card := admin.get("/v1/customers/"+customer+"/payment-methods").want(200).text("data", 0, "id")
	invoice := admin.post("/v1/invoices", map[string]any{
		"customer_id": customer, "number": hostile, "issue_date": "2026-01-01", "due_date": "2026-02-01", "seller": map[string]any{"name": hostile},
		"lines": []any{map[string]any{"description": hostile, "quantity": "1", "unit_price": "50.00", "amount": 5000}},
	}).want(201).text("id")
	item := admin.post("/v1/invoices/"+invoice+"/send", nil).want(200).text("work_item_id")
	admin.post("/v1/invoices/"+invoice+"/hold", map[string]any{"reason": hostile}).want(200)

	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"times": 1}, "effect": "decline", "decline_code": "stolen_card"}}})
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(402)
	sessions := w.asked("POST", "/checkout/sessions")
	before := w.tables("sessions")
	for _, path := range []string{"/", "/inbox", "/inbox/" + item, "/inbox/" + item + "/result", "/invoices", "/invoices/" + invoice, "/customers", "/customers/" + customer, "/account", "/imports"} {
		for who, b := range map[string]*browser{"admin": admin, "payer": payer} {
			got := b.send("GET", path, nil, map[string]string{"Accept": "text/html"})
			if got.status >= 500 {
				t.Errorf("%s for %s: %d", path, who, got.status)
			}
			text := string(got.raw)
			if strings.Contains(text, "<img src=x") || strings.Contains(text, `<b hx-get="/v1/me"`) {
				t.Errorf("%s shows %s a name as markup", path, who)
			}
			if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s has the policy %q", path, policy)
			}
			if strings.HasPrefix(path, "/inbox") && payersMayNotRead.MatchString(text) {
				t.Errorf("%s reads %q to a payer", path, payersMayNotRead.FindString(text))
			}
		}
	}
	for range 100 {
		payer.send("GET", "/inbox/"+item, nil, map[string]string{"Accept": "text/html"}).want(200)
	}
	w.unchanged("looking at pages", before, w.tables("sessions"))
	if n := w.asked("POST", "/checkout/sessions"); n != sessions {
		t.Errorf("looking at pages made %d sessions at Stripe", n-sessions)
	}

	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid and kind = 'checkout'", invoice)[0][0]
	back := w.anonymous().send("GET", "/pay/return?session_id="+session, nil, map[string]string{"Accept": "text/html"})
	if back.status != http.StatusOK || strings.Contains(string(back.raw), "Payment successful") || strings.Contains(string(back.raw), "was paid") {
		t.Errorf("who comes back unpaid reads %d %s", back.status, back.raw)
	}
	if got := payer.get("/v1/invoices/" + invoice).want(200); got.number("outstanding") != 5000 {
		t.Errorf("coming back unpaid leaves %s", got.raw)
	}
}

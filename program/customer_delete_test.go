package program_test

import (
	"strings"
	"testing"
)

// A customer is deleted with what is saved of him, here and at Stripe; invoices and what
// was booked stay, and of what is personal only the name that they carry (CU6).
func TestACustomerIsDeletedAndTheInvoicesStay(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	admin.put("/v1/customers/"+customer, map[string]any{"telephone": "020 7946 0000", "contactName": "Olga Secret", "billingEmails": []string{"secret@globex.test"}}).want(200)
	user := w.customersUser("olga", customer)
	stripe := admin.get("/v1/customers/" + customer).want(200).text("stripe_customer_id")
	invoice, item := w.invoice(w.branchA, customer, 5000)

	clerk, payer := w.signIn("clerk"), w.signIn("payer.a")
	before := w.tables("sessions", "idempotency_keys", "audit", "audit_heads", "stripe_customers", "stripe_events")
	refused := admin.del("/v1/customers/" + customer).want(409)
	if refused.text("code") != "customer_needed" || !strings.Contains(refused.text("detail"), "an invoice is open") {
		t.Errorf("with an open invoice: %s", refused.raw)
	}
	clerk.del("/v1/customers/" + customer).want(403)
	admin.del("/v1/customers/" + customer + "?stripe=sometimes").want(422)
	w.unchanged("what is refused", before, w.tables("sessions", "idempotency_keys", "audit", "audit_heads", "stripe_customers", "stripe_events"))

	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	admin.del("/v1/customers/" + customer).want(204)
	admin.del("/v1/customers/" + customer).want(404)
	admin.get("/v1/customers/" + customer).want(404)
	user.get("/v1/me").want(401, 403, 200)
	user.get("/v1/invoices/"+invoice).want(401, 403, 404)
	if list := admin.get("/v1/customers").want(200); strings.Contains(string(list.raw), customer) {
		t.Errorf("he is listed: %s", list.raw)
	}
	if got := admin.get("/v1/invoices/" + invoice).want(200); got.text("status") != "paid" || got.text("customer_id") != customer {
		t.Errorf("his invoice is %s", got.raw)
	}
	w.until("he is deleted at Stripe", func() bool {
		return w.atStripe("GET", "/customers/"+stripe, nil)["deleted"] == true
	})
	w.until("the link is gone", func() bool { return w.sql("select count(*) from stripe_customers")[0][0] == "0" })
	if left := w.sql("select email || details::text || coalesce(external_id, '') from customers where id = $1::uuid", customer); strings.Contains(left[0][0], "@") || strings.Contains(left[0][0], "Secret") || strings.Contains(left[0][0], "7946") {
		t.Errorf("what is kept is %s", left[0][0])
	}
	line := map[string]any{"description": "x", "quantity": "1", "unit_price": "1.00", "amount": 100}
	admin.post("/v1/invoices", map[string]any{
		"organisation": w.branchA, "customer_id": customer, "number": "N", "issue_date": "2026-01-01", "due_date": "2026-02-01", "lines": []any{line},
	}).want(404, 422)
}

// A customer at Stripe whom Remit did not make stays there without what was saved, unless
// it is said that he is deleted too; what Stripe does not answer is tried again (CU6).
func TestACustomerMadeElsewhereStaysAtStripe(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	for _, how := range []string{"", "?stripe=delete"} {
		stripe, _ := w.signedUp("Globex", "pay@globex.test", "pm_card_visa")
		customer, _ := w.customer(w.branchA, "")
		admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200)
		admin.del("/v1/customers/" + customer + how).want(204)
		w.until("the link is gone", func() bool { return w.sql("select count(*) from stripe_customers")[0][0] == "0" })
		is := w.atStripe("GET", "/customers/"+stripe, nil)
		if (is["deleted"] == true) != (how != "") {
			t.Errorf("deleted%s, at Stripe he is %v", how, is)
		}
		if how == "" {
			if left, _ := w.atStripe("GET", "/customers/"+stripe+"/payment_methods", nil)["data"].([]any); len(left) != 0 {
				t.Errorf("saved is still %v", left)
			}
		}
	}
}

// Who was made by Remit stays at Stripe where that is said (CU6).
func TestACustomerMadeHereIsKeptAtStripeWhereThatIsSaid(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "4242424242424242")
	stripe := admin.get("/v1/customers/" + customer).want(200).text("stripe_customer_id")
	admin.del("/v1/customers/" + customer + "?stripe=keep").want(204)
	w.until("the link is gone", func() bool { return w.sql("select count(*) from stripe_customers")[0][0] == "0" })
	if is := w.atStripe("GET", "/customers/"+stripe, nil); is["deleted"] == true {
		t.Errorf("at Stripe he is %v", is)
	}
	if left, _ := w.atStripe("GET", "/customers/"+stripe+"/payment_methods", nil)["data"].([]any); len(left) != 0 {
		t.Errorf("saved is still %v", left)
	}
}

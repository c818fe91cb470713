package program_test

import (
	"net/url"
	"testing"
	"time"
)

// Z9: an invoice above the limit is paid only with a second person's approval,
// which nobody gives himself; amended, the approval is gone and says why; approved
// anew, exactly that payment is made, once, and the timeline tells it all.
func TestZ9APaymentAboveTheLimitNeedsASecondPerson(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	rules := "/v1/settings/approvals?organisation=" + url.QueryEscape(w.branchA)
	customer, card := w.customer(w.branchA, "4242424242424242")
	before, _ := w.invoice(w.branchA, customer, 90_000)
	admin.put(rules, map[string]any{"above": 50_000}).want(200)
	id, item := w.invoice(w.branchA, customer, 90_000)

	payer.post("/v1/invoices/"+before+"/pay", map[string]any{"amount": 90_000, "payment_method": card}).want(200) // made before the setting (D7)
	pay := map[string]any{"amount": 90_000, "payment_method": card}
	asked := payer.post("/v1/work-items/"+item+"/pay", pay).want(409)
	if asked.text("code") != "approval_required" || asked.text("approval", "state") != "asked" || asked.number("approval", "amount") != 90_000 {
		t.Fatalf("%s", asked.body)
	}
	approval := asked.text("approval", "id")
	if again := payer.post("/v1/invoices/"+id+"/pay", pay).want(409); again.text("approval", "id") != approval {
		t.Errorf("the same payment was asked twice")
	}
	payer.post("/v1/approvals/"+approval+"/approve", map[string]any{}).want(403)
	w.signIn("viewer").post("/v1/approvals/"+approval+"/approve", map[string]any{}).want(404)
	if list := admin.get("/v1/approvals").want(200); list.text("data", 0, "id") != approval {
		t.Errorf("it is not in the inbox: %s", list.body)
	}
	if got := admin.post("/v1/approvals/"+approval+"/approve", map[string]any{}).want(200); got.text("state") != "approved" {
		t.Errorf("%s", got.body)
	}

	stands := admin.get("/v1/invoices/" + id).want(200)
	admin.put("/v1/invoices/"+id, map[string]any{
		"number": stands.text("number"), "issue_date": stands.text("issue_date"), "due_date": stands.text("due_date"), "reason": "less work", "lines": []any{map[string]any{"description": "Work", "quantity": "1", "unit_price": "800.00", "amount": 80_000}},
	}).want(200)
	if gone := admin.get("/v1/approvals/" + approval).want(200); gone.text("state") != "lapsed" || gone.text("reason") != "The invoice's amount was changed from $900.00 to $800.00." {
		t.Errorf("%s", gone.body)
	}

	pay["amount"] = 80_000
	anew := payer.post("/v1/work-items/"+item+"/pay", pay).want(409).text("approval", "id")
	admin.post("/v1/approvals/"+anew+"/decline", map[string]any{"reason": "Not before Monday."}).want(200)
	last := payer.post("/v1/work-items/"+item+"/pay", pay).want(409).text("approval", "id")
	admin.post("/v1/approvals/"+last+"/approve", map[string]any{}).want(200)
	payer.post("/v1/work-items/"+item+"/pay", pay).want(200)
	if cents, charges := w.captured(id); cents != 80_000 || charges != 1 {
		t.Errorf("%d by %d charges", cents, charges)
	}
	kinds := map[string]int{}
	timeline := admin.get("/v1/invoices/" + id + "/timeline?limit=100").want(200)
	for n := 0; timeline.at("data", n) != nil; n++ {
		kinds[timeline.text("data", n, "kind")]++
	}
	for kind, n := range map[string]int{"approval_asked": 3, "approval_given": 2, "approval_lapsed": 1, "approval_declined": 1, "approval_used": 1} {
		if kinds[kind] != n {
			t.Errorf("%d entries of %s, want %d", kinds[kind], kind, n)
		}
	}
	w.fits()
}

// Z9: what is handed over lets its receiver approve in the giver's place, never
// for the giver's own payments, and an approval given by it lapses with it.
func TestZ9HandedOverApprovals(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer, clerk := w.signIn("admin"), w.signIn("payer.a"), w.signIn("clerk")
	admin.put("/v1/settings/approvals?organisation="+url.QueryEscape(w.branchA), map[string]any{"above": 50_000}).want(200)
	customer, card := w.customer(w.branchA, "4242424242424242")
	pay := map[string]any{"amount": 90_000, "payment_method": card}
	_, item := w.invoice(w.branchA, customer, 90_000)
	approval := payer.post("/v1/work-items/"+item+"/pay", pay).want(409).text("approval", "id")
	clerk.post("/v1/approvals/"+approval+"/approve", map[string]any{}).want(404)
	clerkID := clerk.get("/v1/me").want(200).text("id")
	until := time.Now().AddDate(0, 0, 20).Format(time.DateOnly)
	handed := admin.post("/v1/approval-delegations", map[string]any{"organisation": w.branchA, "to": clerkID, "until": until}).want(201).text("id")
	if list := clerk.get("/v1/approvals").want(200); list.text("data", 0, "id") != approval {
		t.Errorf("it is not in the inbox: %s", list.body)
	}
	if got := clerk.post("/v1/approvals/"+approval+"/approve", map[string]any{}).want(200); got.text("in_place_of", "id") == "" {
		t.Errorf("%s", got.body)
	}
	admin.del("/v1/approval-delegations/" + handed).want(204)
	if again := payer.post("/v1/work-items/"+item+"/pay", pay).want(409); again.text("approval", "id") == approval || again.text("approval", "state") != "asked" {
		t.Errorf("%s", again.body)
	}

	admin.post("/v1/approval-delegations", map[string]any{"organisation": w.branchA, "to": clerkID, "until": until}).want(201)
	other, _ := w.invoice(w.branchA, customer, 90_000)
	own := admin.post("/v1/invoices/"+other+"/pay", pay).want(409).text("approval", "id")
	admin.post("/v1/approvals/"+own+"/approve", map[string]any{}).want(403)
	clerk.post("/v1/approvals/"+own+"/approve", map[string]any{}).want(404)
}

package program_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
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

// Z9: whoever may edit has nothing charged above the limit by himself, neither by switching
// the charge on nor by taking back a customer's no; the customer's own yes is about his own
// money. Somebody pays it with an approval.
func TestZ9NobodyHasAChargeMadeAlone(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	admin.put("/v1/settings/approvals?organisation="+url.QueryEscape(w.branchA), map[string]any{"above": 50_000}).want(200)
	customer, card := w.customer(w.branchA, "4242424242424242")
	switched := w.dueIn(w.branchA, customer, 1, 90_000)
	admin.put("/v1/invoices/"+switched+"/auto-charge", map[string]any{"auto_charge": true}).want(200)
	w.autoCharge(map[string]any{"auto_charge_at": "on_due_date"})
	standing := w.dueIn(w.branchA, customer, 2, 80_000)
	denied, _ := w.customer(w.branchA, "4242424242424242")
	own, _ := w.customer(w.branchA, "4242424242424242")
	user := w.customersUser("globex", own)
	freed, allowed := w.dueIn(w.branchA, denied, 1, 90_000), w.dueIn(w.branchA, own, 1, 90_000)
	admin.put("/v1/customers/"+denied+"/auto-charge", map[string]any{"auto_charge": false}).want(200, 204)
	user.put("/v1/customers/"+own+"/auto-charge", map[string]any{"auto_charge": false}).want(200, 204)
	w.clockTo(firstDay().AddDays(2).String())
	admin.put("/v1/customers/"+denied+"/auto-charge", map[string]any{"auto_charge": true}).want(200, 204)
	user.put("/v1/customers/"+own+"/auto-charge", map[string]any{"auto_charge": true}).want(200, 204)
	w.clockTo(firstDay().AddDays(4).String())
	for what, id := range map[string]string{"switched on": switched, "freed": freed} {
		w.until("it is asked about", func() bool { return w.collection(id) == "asks" })
		if cents, _ := w.captured(id); cents != 0 {
			t.Errorf("%s, %d cents were charged", what, cents)
		}
	}
	w.chargedOnce(map[string]int64{standing: 80_000, allowed: 90_000})
	pay := map[string]any{"amount": 90_000, "payment_method": card}
	approval := payer.post("/v1/invoices/"+switched+"/pay", pay).want(409).text("approval", "id")
	admin.post("/v1/approvals/"+approval+"/approve", map[string]any{}).want(200)
	payer.post("/v1/invoices/"+switched+"/pay", pay).want(200)
	w.chargedOnce(map[string]int64{switched: 90_000})
}

// Z9: a yes that staff say in a customer's name, when he is made or later, is theirs, whoever
// makes the invoice; so is a schedule's word its maker's, and a draft of a schedule that
// somebody raised is his.
func TestZ9AWordInAnothersNameIsOnesOwn(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	admin.put("/v1/settings/approvals?organisation="+url.QueryEscape(w.branchA), map[string]any{"above": 50_000}).want(200)
	named := func(invoice string) bool {
		return w.sql("select coalesce(charged_by ->> 'kind', '') from invoices where id = $1::uuid", invoice)[0][0] == "user"
	}
	body := map[string]any{"organisation": w.branchA, "name": "Initech", "email": "pay@initech.test", "auto_charge": true}
	made := admin.post("/v1/customers", body).want(201).text("id")
	later, _ := w.customer(w.branchA, "")
	admin.put("/v1/customers/"+later+"/auto-charge", map[string]any{"auto_charge": true}).want(200, 204)
	own, _ := w.customer(w.branchA, "")
	w.customersUser("globex", own).put("/v1/customers/"+own+"/auto-charge", map[string]any{"auto_charge": true}).want(200, 204)
	for customer, want := range map[string]bool{made: true, later: true, own: false} {
		if got := named(w.dueIn(w.branchA, customer, 1, 90_000)); got != want {
			t.Errorf("somebody's name is on it: %t, want %t", got, want)
		}
	}
	schedule := func(number string, auto any) string {
		terms := map[string]any{"customer_id": own, "number": number, "lines": rent("310.00"), "interval": "month", "start_date": firstDay().AddDays(5).String(), "auto_charge": auto, "draft_days": 10, "due_days": 2}
		return w.billed(admin.post("/v1/billing-schedules", terms).want(201).text("id"), 1).text("periods", 0, "invoice_id")
	}
	draft := schedule("RENT-1", nil)
	if named(draft) {
		t.Error("what its customer said himself carries somebody's name")
	}
	stands := admin.get("/v1/invoices/" + draft).want(200)
	change := map[string]any{"number": stands.text("number"), "issue_date": stands.text("issue_date"), "due_date": stands.text("due_date"), "lines": []any{map[string]any{"description": "Rent", "amount": 30_000}}}
	admin.put("/v1/invoices/"+draft, change).want(200)
	if named(draft) {
		t.Error("lowered, it carries somebody's name")
	}
	change["lines"] = []any{map[string]any{"description": "Rent", "amount": 90_000}}
	admin.put("/v1/invoices/"+draft, change).want(200)
	if !named(draft) {
		t.Error("raised, it carries nobody's name")
	}
}

// Z9, ASVS 6.3.3, 7.5.1: a session left open approves nothing, hands no approvals over and
// changes no sum: whoever approves has just proved who he is. It still declines.
func TestZ9ASessionLeftOpenApprovesNothing(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	admin.put("/v1/settings/approvals?organisation="+url.QueryEscape(w.branchA), map[string]any{"above": 50_000}).want(200)
	customer, card := w.customer(w.branchA, "4242424242424242")
	_, item := w.invoice(w.branchA, customer, 90_000)
	pay := map[string]any{"amount": 90_000, "payment_method": card}
	asked := uuid.MustParse(payer.post("/v1/work-items/"+item+"/pay", pay).want(409).text("approval", "id"))
	c, open := w.program.Commands, w.caller("admin", nil)
	open.Session, open.ConfirmedAt = []byte("left open"), time.Now().Add(-11*time.Minute)
	refused := map[string]error{}
	_, refused["approving"] = c.Approve(t.Context(), open, asked, commands.Given(struct{}{}))
	_, refused["handing over"] = c.Delegate(t.Context(), open, commands.Given(commands.DelegationInput{Organisation: w.branchA, Email: w.mail("clerk"), Until: firstDay().AddDays(9)}))
	_, refused["the setting"] = c.SetApprovalRules(t.Context(), open, w.branchA, commands.Given(remit.DefaultApprovals()))
	for what, err := range refused {
		if !remit.IsCode(err, remit.CodeStepUp) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := admin.get("/v1/approvals/" + asked.String()).want(200); got.text("state") != "asked" {
		t.Errorf("%s", got.raw)
	}
	if _, err := c.Decline(t.Context(), open, asked, commands.Given(commands.DeclineInput{Reason: "Not now."})); err != nil {
		t.Errorf("declining: %v", err)
	}
	asked = uuid.MustParse(payer.post("/v1/work-items/"+item+"/pay", pay).want(409).text("approval", "id"))
	open.ConfirmedAt = time.Now()
	if _, err := c.Approve(t.Context(), open, asked, commands.Given(struct{}{})); err != nil {
		t.Errorf("just confirmed: %v", err)
	}
}

package program_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"remit/commands"
)

// later moves the organisation's clock, and with it the stand-in's.
func (w *world) later(by time.Duration) {
	w.t.Helper()
	admin := w.signIn("admin")
	shown, _ := w.sandbox("GET", "/clock", nil)["now"].(string)
	now, err := time.Parse(time.RFC3339, shown)
	must(w.t, err)
	to := now.Add(by).UTC().Format(time.RFC3339)
	w.until("the clock is there", func() bool {
		return admin.post("/v1/clock/advance", map[string]any{"organisation": w.top, "to": to}).want(200, 202).status == 200
	})
}

func (w *world) status(invoice, want string) *answer {
	w.t.Helper()
	var got *answer
	w.until("it is "+want, func() bool {
		got = w.signIn("admin").get("/v1/invoices/" + invoice).want(200)
		return got.text("status") == want
	})
	return got
}

// disputeOf is the dispute of an invoice as staff read it.
func (w *world) disputeOf(invoice string) *answer {
	w.t.Helper()
	list := w.signIn("admin").get("/v1/disputes").want(200)
	for n := 0; list.at("data", n) != nil; n++ {
		if list.text("data", n, "invoice_id") == invoice {
			return &answer{t: w.t, what: "a dispute", status: 200, body: list.at("data", n)}
		}
	}
	w.t.Fatalf("no dispute of %s: %s", invoice, list.raw)
	return nil
}

// A charge that its payer disputes makes the paid invoice contested, starting
// its workflow again; nothing is collected meanwhile; lost, it owes again, once,
// on hold, and is paid like any other (F6, M1, M7, M14).
func TestDisputedChargeIsOwedAgainOnce(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4000000000000259")
	invoice, _ := w.invoice(w.branchA, customer, 12000)
	link := w.linkOf(admin, invoice)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 12000, "payment_method": card}).want(200)
	w.later(2 * time.Minute)
	contested := w.status(invoice, "contested")
	if contested.at("outstanding") != 12000.0 || contested.at("hold") == nil {
		t.Errorf("contested: %s", contested.raw)
	}
	dispute := w.disputeOf(invoice)
	if dispute.text("state") != "needs_response" || dispute.text("respond_by") == "" || dispute.at("amount") != 12000.0 || dispute.at("final") != false {
		t.Errorf("the dispute: %v", dispute.body)
	}
	payment := admin.get("/v1/invoices/" + invoice + "/payments").want(200)
	if payment.at("data", 0, "disputed") != true || payment.text("data", 0, "id") != dispute.text("payment_id") {
		t.Errorf("the payment: %s", payment.raw)
	}
	for who, b := range map[string]*browser{"a payer": payer, "an administrator": admin} {
		if code := b.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 12000, "payment_method": card}).want(409).text("code"); code != "not_payable" {
			t.Errorf("%s pays meanwhile: %s", who, code)
		}
	}
	admin.post("/v1/invoices/"+invoice+"/void", map[string]any{"reason": "x"}).want(409)
	if shown := w.passerBy().send("GET", link, nil, asPage).want(200); !strings.Contains(string(shown.raw), "A bank is reviewing a payment. Nothing to do now.") || strings.Contains(string(shown.raw), "fraud") {
		t.Errorf("the public page: %s", shown.raw)
	}
	for _, at := range []string{"/disputes", "/invoices/" + invoice} {
		if shown := admin.send("GET", at, nil, asPage).want(200); !strings.Contains(string(shown.raw), "Fraudulent.") || !strings.Contains(string(shown.raw), "Needs evidence") {
			t.Errorf("%s does not show the dispute", at)
		}
	}
	asked := func(b *browser) bool {
		shown := string(b.send("GET", "/inbox", nil, asPage).want(200).raw)
		return strings.Contains(shown, "Give evidence") && strings.Contains(shown, "/invoices/"+invoice)
	}
	if !asked(admin) || asked(payer) {
		t.Errorf("asked for evidence in their inboxes: an administrator %t, a payer %t", asked(admin), asked(payer))
	}
	timeline := admin.get("/v1/invoices/" + invoice + "/timeline").want(200)
	if !strings.Contains(string(timeline.raw), "Evidence for the dispute of $120.00 is due") {
		t.Errorf("the timeline does not tell the deadline: %s", timeline.raw)
	}
	if clerk := w.signIn("clerk").get("/v1/invoices/" + invoice + "/timeline").want(200); strings.Contains(string(clerk.raw), "fraud") {
		t.Errorf("who may not read what banks say reads it: %s", clerk.raw)
	}

	w.sandbox("POST", "/disputes/"+dispute.text("stripe", "dispute")+"/close", map[string]any{"outcome": "lost"})
	open := w.status(invoice, "open")
	if asked(admin) {
		t.Error("evidence is asked for after the bank has decided")
	}
	if open.at("outstanding") != 12000.0 || open.at("hold") == nil || open.text("work_item_id") == contested.text("work_item_id") {
		t.Errorf("lost: %s", open.raw)
	}
	w.signIn("clerk").del("/v1/invoices/" + invoice + "/hold").want(403)
	page := payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 12000, "checkout": true}).want(202).text("checkout", "url")
	w.submit(page, "4242424242424242", false)
	w.status(invoice, "paid")
	if cents, charges := w.captured(invoice); cents != 24000 || charges != 2 {
		t.Errorf("captured %d in %d charges", cents, charges)
	}
}

// An inquiry contests without money and ends without any; a dispute that is won
// leaves the invoice paid, though every webhook is lost (M6).
func TestInquiryAndWonDisputeLeaveTheInvoicePaid(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	payer := w.signIn("payer.a")
	asked, inquired := w.customer(w.branchA, "4000000000001976")
	inquiry, _ := w.invoice(w.branchA, asked, 7000)
	payer.post("/v1/invoices/"+inquiry+"/pay", map[string]any{"amount": 7000, "payment_method": inquired}).want(200)
	customer, card := w.customer(w.branchA, "4000000000000259")
	won, _ := w.invoice(w.branchA, customer, 8000)
	payer.post("/v1/invoices/"+won+"/pay", map[string]any{"amount": 8000, "payment_method": card}).want(200)
	w.later(2 * time.Minute)
	if got := w.status(inquiry, "contested"); got.at("outstanding") != 0.0 || got.at("hold") != nil {
		t.Errorf("an inquiry moved money: %s", got.raw)
	}
	w.status(won, "contested")
	w.sandbox("POST", "/faults", map[string]any{"webhooks": map[string]any{"drop": 1.0, "seed": 1}})
	for _, invoice := range []string{inquiry, won} {
		w.sandbox("POST", "/disputes/"+w.disputeOf(invoice).text("stripe", "dispute")+"/close", map[string]any{"outcome": "won"})
	}
	w.later(25 * time.Hour)
	for invoice, state := range map[string]string{inquiry: "warning_closed", won: "won"} {
		got := w.status(invoice, "paid")
		if got.at("outstanding") != 0.0 || got.at("hold") != nil || w.disputeOf(invoice).text("state") != state {
			t.Errorf("%s: %s %v", state, got.raw, w.disputeOf(invoice).body)
		}
	}
}

// Disputes are listed for who may read what is at Stripe where they are, and for
// nobody else, a page at a time, the newest first (T1, T2).
func TestDisputesAreListedWhereOneMay(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	want := map[string][]string{}
	for _, at := range []string{w.branchA, w.branchA, w.branchB} {
		customer, card := w.customer(at, "4242424242424242")
		invoice, _ := w.invoice(at, customer, 5000)
		admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
		charge := admin.get("/v1/invoices/"+invoice+"/payments").want(200).text("data", 0, "stripe", "charge")
		w.sandbox("POST", "/charges/"+charge+"/dispute", map[string]any{})
		w.status(invoice, "contested")
		want[at] = slices.Insert(want[at], 0, invoice)
	}
	stranger, _ := w.stranger()
	seer := w.person("seer", commands.GrantInput{Role: "Viewer", Path: w.branchA})
	listed := func(b *browser, query string) (invoices []string) {
		for after := ""; ; {
			page := b.get("/v1/disputes?limit=1" + query + after).want(200)
			if page.at("data", 0) != nil {
				invoices = append(invoices, page.text("data", 0, "invoice_id"))
			}
			if page.at("next") == nil {
				return invoices
			}
			after = "&after=" + page.text("next")
		}
	}
	all := append(slices.Clone(want[w.branchB]), want[w.branchA]...)
	for name, row := range map[string]struct {
		got, want []string
	}{
		"an administrator":               {listed(admin, ""), all},
		"an administrator, open ones":    {listed(admin, "&open=true"), all},
		"an administrator, lost ones":    {listed(admin, "&state=lost"), nil},
		"an administrator at a branch":   {listed(admin, "&organisation="+strings.ReplaceAll(w.branchB, " ", "%20")), want[w.branchB]},
		"a viewer of one branch":         {listed(seer, ""), want[w.branchA]},
		"a viewer, at the branch beside": {listed(seer, "&organisation="+strings.ReplaceAll(w.branchB, " ", "%20")), nil},
		"a stranger":                     {listed(stranger, ""), nil},
	} {
		if !slices.Equal(row.got, row.want) {
			t.Errorf("%s is shown %v, want %v", name, row.got, row.want)
		}
	}
	w.signIn("payer.a").get("/v1/disputes").want(403)
	admin.get("/v1/disputes?state=no").want(400, 422)
	admin.get("/v1/disputes?after=x").want(400)
}

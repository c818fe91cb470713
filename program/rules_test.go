package program_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// What a payer may pay follows from what is owed, the settings copied onto the
// invoice and Stripe's minimum, whichever way he pays (D3, C10, M8).
func TestD3AmountsThatMayBePaid(t *testing.T) {
	t.Parallel()
	w := openWorld(t) // partial payments from $50.00
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	exact := w.branchA + "/Exact"
	admin.post("/v1/organisations", map[string]any{"path": exact}).want(201)
	admin.put("/v1/settings/payments?organisation="+url.QueryEscape(exact), map[string]any{"partial_payments": false}).want(200)
	off := w.branchA + "/Offline"
	admin.post("/v1/organisations", map[string]any{"path": off}).want(201)
	admin.put("/v1/settings/payments?organisation="+url.QueryEscape(off), map[string]any{"online_payments": false}).want(200)
	for _, row := range []struct {
		path         string
		owed, amount int64
		status       int
		code, words  string
	}{
		{w.branchA, 12000, 12000, 200, "", ""},
		{w.branchA, 12000, 5000, 200, "", ""},
		{w.branchA, 12000, 11950, 200, "", ""},
		{w.branchA, 12000, 4999, 422, "amount_below_minimum", "Pay at least $50.00, or all $120.00."},
		{w.branchA, 12000, 1, 422, "amount_below_minimum", "Pay at least $50.00, or all $120.00."},
		{w.branchA, 12000, 11951, 422, "remainder_below_minimum", ""},
		{w.branchA, 12000, 11999, 422, "remainder_below_minimum", ""},
		{w.branchA, 12000, 12001, 422, "amount_above_outstanding", "The most you can pay is $120.00."},
		{w.branchA, 4000, 3999, 422, "amount_not_exact", "Pay all $40.00."},
		{w.branchA, 4000, 4000, 200, "", ""},
		{w.branchA, 50, 50, 200, "", ""},
		{w.branchA, 49, 49, 409, "not_payable", "$0.49 is below the online minimum, $0.50. Pay by bank transfer."},
		{exact, 12000, 11999, 422, "amount_not_exact", "Pay all $120.00."},
		{exact, 12000, 12000, 200, "", ""},
		{off, 12000, 12000, 409, "not_payable", "Online payment is not available for this invoice. Pay by bank transfer."},
	} {
		name := fmt.Sprintf("%d of %d at %s", row.amount, row.owed, row.path[len(w.top):])
		invoice, item := w.invoice(row.path, customer, row.owed)
		if row.status != 200 {
			refused := payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": row.amount, "checkout": true})
			if refused.status != row.status || refused.text("code") != row.code {
				t.Errorf("%s by checkout: %d %s", name, refused.status, refused.raw)
			}
		}
		got := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": row.amount, "payment_method": card})
		if got.status != row.status || row.code != "" && got.text("code") != row.code || row.words != "" && got.text("detail") != row.words {
			t.Errorf("%s: %d %s, want %d %s %q", name, got.status, got.raw, row.status, row.code, row.words)
		}
		want := map[bool]int64{true: row.amount}[row.status == 200]
		if cents, _ := w.captured(invoice); cents != want {
			t.Errorf("%s: captured %d", name, cents)
		}
		after := payer.get("/v1/invoices/" + invoice).want(200)
		if after.number("outstanding") != row.owed-want {
			t.Errorf("%s: %d is left", name, after.number("outstanding"))
		}
	}

	// Part by part, to the end, the item stays until nothing is left.
	invoice, item := w.invoice(w.branchA, customer, 12000)
	for n, part := range []struct {
		amount, left int64
		status, item string
	}{{5000, 7000, "partially_paid", "open"}, {6000, 1000, "partially_paid", "open"}, {1000, 0, "paid", "done"}} {
		got := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": part.amount, "payment_method": card}).want(200)
		if got.number("invoice", "outstanding") != part.left || got.text("invoice", "status") != part.status {
			t.Errorf("after part %d: %s", n, got.raw)
		}
		if state := payer.get("/v1/work-items/" + item).want(200).text("state"); state != part.item && (part.item != "open" || state != "claimed") {
			t.Errorf("after part %d the item is %s", n, state)
		}
	}
	if cents, charges := w.captured(invoice); cents != 12000 || charges != 3 {
		t.Errorf("captured %d in %d charges", cents, charges)
	}
	if code := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 1000, "payment_method": card}).want(409).text("code"); code != "not_payable" {
		t.Errorf("paying what is paid: %s", code)
	}

	// An invoice of nothing is paid when it is sent and asks nobody.
	nothing := admin.post("/v1/invoices", map[string]any{
		"organisation": w.branchA, "customer_id": customer, "number": "ZERO", "issue_date": "2026-01-01", "due_date": "2027-01-01",
		"lines": []any{map[string]any{"description": "Nothing", "quantity": "1", "unit_price": "0.00", "amount": 0}},
	}).want(201).text("id")
	sent := admin.post("/v1/invoices/"+nothing+"/send", nil).want(200)
	if sent.text("status") != "paid" || sent.at("work_item_id") != nil {
		t.Errorf("an invoice of nothing is sent as %s", sent.raw)
	}
	payer.post("/v1/invoices/"+nothing+"/pay", map[string]any{"amount": 1, "payment_method": card}).want(409)

	// A currency without decimals is charged as it is written.
	yen := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": "Yen", "currency": "JPY"}).want(201).text("id")
	page := admin.post("/v1/customers/"+yen+"/payment-methods", map[string]any{}).want(201).text("url")
	w.submit(page, "4242424242424242", false)
	theirs := admin.get("/v1/customers/"+yen+"/payment-methods").want(200).text("data", 0, "id")
	jpy := admin.post("/v1/invoices", map[string]any{
		"organisation": w.branchA, "customer_id": yen, "number": "JPY-1", "currency": "JPY", "issue_date": "2026-01-01", "due_date": "2027-01-01",
		"lines": []any{map[string]any{"description": "x", "quantity": "1", "unit_price": "1200", "amount": 1200}},
	}).want(201).text("id")
	admin.post("/v1/invoices/"+jpy+"/send", nil).want(200)
	payer.post("/v1/invoices/"+jpy+"/pay", map[string]any{"amount": 1200, "payment_method": theirs}).want(200)
	if yens, charges := w.captured(jpy); yens != 1200 || charges != 1 {
		t.Errorf("captured %d yen in %d charges", yens, charges)
	}
}

// Money that arrives for an invoice that was cancelled meanwhile is kept as
// excess, not lost and not applied (M9).
func TestM9MoneyAfterVoidIsExcess(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 5000)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"times": 1}, "effect": "decline", "decline_code": "insufficient_funds"}}})
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(402)
	voided := w.voidWithoutKeys(admin, invoice)
	if voided.text("status") != "void" || voided.number("outstanding") != 0 {
		t.Fatalf("cancelled: %s", voided.raw)
	}
	if state := payer.get("/v1/work-items/" + item).want(200).text("state"); state != "cancelled" {
		t.Errorf("the item is %s", state)
	}
	// Somebody confirms the intent in Stripe's dashboard all the same.
	row := w.sql("select payment_intent, (select stripe_payment_method from payment_methods where id = $2::uuid) from payments where invoice_id = $1::uuid", invoice, card)[0]
	if !w.confirmAtStripe(row[0], row[1]) {
		t.Fatal("the intent cannot be confirmed past Remit, so nothing arrives")
	}
	w.until("the excess is recorded", func() bool {
		return strings.Contains(string(admin.get("/v1/invoices/"+invoice+"/timeline").want(200).raw), `"kind":"excess"`)
	})
	after := admin.get("/v1/invoices/" + invoice).want(200)
	if after.text("status") != "void" || after.number("outstanding") != 0 {
		t.Errorf("after the money: %s", after.raw)
	}
	booked := w.sql("select amount_captured::text, state from payments where invoice_id = $1::uuid", invoice)[0]
	if booked[0] != "5000" || booked[1] != "succeeded" {
		t.Errorf("booked %v", booked)
	}
	if sums := w.sql("select count(*)::text from ledger_lines where invoice_id = $1::uuid and account like '%excess%'", invoice); sums[0][0] == "0" {
		t.Errorf("the ledger has no line of excess: %v", w.sql("select account, amount::text from ledger_lines where invoice_id = $1::uuid", invoice))
	}
}

// voidWithoutKeys voids an invoice while there are no keys to cancel its declined
// intent with, so that it stays open.
func (w *world) voidWithoutKeys(admin *browser, invoice string) *answer {
	w.t.Helper()
	key := w.sql("select id::text, encode(secret_key, 'hex') from connections where disconnected_at is null")[0]
	w.sql("update connections set secret_key = null where id = $1::uuid returning id::text", key[0])
	voided := admin.post("/v1/invoices/"+invoice+"/void", map[string]any{"reason": "sent twice"}).want(200)
	w.sql("update connections set secret_key = decode($2, 'hex') where id = $1::uuid returning id::text", key[0], key[1])
	return voided
}

// confirmAtStripe confirms an intent past Remit and reports whether it could.
func (w *world) confirmAtStripe(intent, method string) bool {
	w.t.Helper()
	form := url.Values{"payment_method": {method}, "off_session": {"true"}}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.standin+"/v1/payment_intents/"+intent+"/confirm", strings.NewReader(form.Encode()))
	must(w.t, err)
	request.Header.Set("Authorization", "Bearer "+w.key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	must(w.t, err)
	must(w.t, response.Body.Close())
	return response.StatusCode == http.StatusOK
}

// A sent invoice is amended with a reason and a trace, never under a payment on
// its way and never below what was paid; a new due date starts its waiting anew.
func TestAmendments(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 12000)
	before := admin.get("/v1/invoices/" + invoice).want(200)
	content := func(cents int64, due, reason string) map[string]any {
		return map[string]any{
			"number": before.text("number"), "issue_date": before.text("issue_date"), "due_date": due, "reason": reason,
			"lines": []any{map[string]any{"description": "Work", "quantity": "1", "unit_price": fmt.Sprintf("%d.%02d", cents/100, cents%100), "amount": cents}},
		}
	}
	due := before.text("due_date")
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 12000, "checkout": true}).want(202)
	if code := admin.put("/v1/invoices/"+invoice, content(10000, due, "agreed")).want(409).text("code"); code != "in_flight" {
		t.Errorf("amended under a payment: %s", code)
	}
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 6000, "payment_method": card}).want(200) // takes the page's place
	if fields := admin.put("/v1/invoices/"+invoice, content(5999, due, "agreed")).want(422).fields(); len(fields) != 1 || fields[0] != "lines" {
		t.Errorf("billing less than was paid names %v", fields)
	}
	admin.put("/v1/invoices/"+invoice, content(10000, due, "  ")).want(422)
	later := firstDay().AddDays(60).String()
	amended := admin.put("/v1/invoices/"+invoice, content(10000, later, "agreed on the telephone")).want(200)
	if amended.number("total") != 10000 || amended.number("outstanding") != 4000 || amended.text("due_date") != later || amended.text("status") != "partially_paid" {
		t.Errorf("amended: %s", amended.raw)
	}
	timeline := string(admin.get("/v1/invoices/" + invoice + "/timeline").want(200).raw)
	if !strings.Contains(timeline, `"kind":"amended"`) || !strings.Contains(timeline, "agreed on the telephone") {
		t.Errorf("no trace: %s", timeline)
	}
	if at := w.sql("select to_char(at at time zone 'America/New_York', 'YYYY-MM-DD HH24:MI') from agenda where invoice_id = $1::uuid and kind = 'overdue' and done_at is null", invoice); len(at) != 1 ||
		at[0][0] != firstDay().AddDays(61).String()+" 00:00" {
		t.Errorf("it becomes overdue at %v", at)
	}
	// Down to what was paid it is paid, and its item is done.
	paid := admin.put("/v1/invoices/"+invoice, content(6000, later, "the rest is forgiven")).want(200)
	if paid.text("status") != "paid" || payer.get("/v1/work-items/"+item).want(200).text("state") != "done" {
		t.Errorf("amended to what was paid: %s", paid.raw)
	}
	// And up again it is owed again, with a live item.
	more := admin.put("/v1/invoices/"+invoice, content(7000, later, "one more hour")).want(200)
	if more.text("status") != "partially_paid" || more.number("outstanding") != 1000 || more.text("work_item_id") == item {
		t.Errorf("amended upwards: %s", more.raw)
	}
}

// A hold is set and lifted with a reason and keeps nobody from paying by hand;
// processing again leaves one live item; however an invoice comes to be paid or
// cancelled, its item ends with it (W7, W8).
func TestW7W8HoldsAndWorkItems(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 5000)
	admin.del("/v1/invoices/" + invoice + "/hold").want(409)
	held := admin.post("/v1/invoices/"+invoice+"/hold", map[string]any{"reason": "the customer complains"}).want(200)
	if held.text("hold", "reason") != "the customer complains" || held.at("hold", "since") == nil {
		t.Errorf("held: %s", held.raw)
	}
	if lifted := admin.del("/v1/invoices/" + invoice + "/hold").want(200); lifted.at("hold") != nil {
		t.Errorf("lifted: %s", lifted.raw)
	}
	admin.del("/v1/invoices/" + invoice + "/hold").want(409)
	admin.post("/v1/invoices/"+invoice+"/hold", map[string]any{"reason": "again"}).want(200)

	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { admin.post("/v1/invoices/"+invoice+"/process", nil).want(200) })
	}
	all.Wait()
	if rows := w.sql("select count(*)::text from work_items where invoice_id = $1::uuid", invoice); rows[0][0] != "1" {
		t.Errorf("processed seven times there are %s items", rows[0][0])
	}
	state := func(item string) string { return payer.get("/v1/work-items/" + item).want(200).text("state") }
	payer.post("/v1/work-items/"+item+"/claim", nil).want(200)
	if got := state(item); got != "claimed" {
		t.Errorf("claimed it is %s", got)
	}
	payer.post("/v1/work-items/"+item+"/release", nil).want(200)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200) // held, and not by the item
	if got := state(item); got != "done" {
		t.Errorf("paid otherwise, the item is %s", got)
	}
	if got := payer.get("/v1/work-items").want(200); strings.Contains(string(got.raw), item) {
		t.Error("a done item stays in the inbox")
	}
	admin.post("/v1/invoices/"+invoice+"/process", nil).want(409)

	transferred, item := w.invoice(w.branchA, customer, 5000)
	admin.post("/v1/invoices/"+transferred+"/payments", map[string]any{"amount": 2000, "method": "bank_transfer", "reference": "A-1"}).want(201)
	if got := state(item); got != "open" {
		t.Errorf("paid in part by transfer, the item is %s", got)
	}
	page := payer.post("/v1/invoices/"+transferred+"/pay", map[string]any{"amount": 3000, "checkout": true}).want(202).text("checkout", "url")
	if got := state(item); got != "paying" {
		t.Errorf("under a checkout the item is %s", got)
	}
	admin.post("/v1/invoices/"+transferred+"/payments", map[string]any{"amount": 3000, "method": "bank_transfer", "reference": "A-2"}).want(201)
	if got := state(item); got != "done" {
		t.Errorf("paid by transfer, the item is %s", got)
	}
	w.submit(page, "4242424242424242", false) // the page was closed by the transfer
	if cents, _ := w.captured(transferred); cents != 0 {
		t.Errorf("a closed page captured %d", cents)
	}
	gone, item := w.invoice(w.branchA, customer, 5000)
	admin.post("/v1/invoices/"+gone+"/void", map[string]any{"reason": "mistake"}).want(200)
	if got := state(item); got != "cancelled" {
		t.Errorf("cancelled, the item is %s", got)
	}
	admin.post("/v1/invoices/"+gone+"/void", map[string]any{"reason": "mistake"}).want(409)
	admin.post("/v1/invoices/"+gone+"/send", nil).want(409)
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(409)
}

// Without API keys paying is a loading error that says where to enter them, and
// leaves no trace (A10).
func TestA10NoKeysIsALoadingError(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	owner, _ := w.stranger()
	customer := owner.post("/v1/customers", map[string]any{"name": "A"}).want(201).text("id")
	invoice := owner.post("/v1/invoices", map[string]any{
		"customer_id": customer, "number": "1", "issue_date": "2026-01-01", "due_date": "2026-02-01",
		"lines": []any{map[string]any{"description": "x", "quantity": "1", "unit_price": "50.00", "amount": 5000}},
	}).want(201).text("id")
	item := owner.post("/v1/invoices/"+invoice+"/send", nil).want(200).text("work_item_id")
	before := w.tables("sessions", "agenda")
	for _, path := range []string{"/v1/invoices/" + invoice + "/pay", "/v1/work-items/" + item + "/pay"} {
		for _, body := range []map[string]any{{"amount": 5000, "checkout": true}, {"amount": 5000, "payment_method": uuid.NewString()}} {
			got := owner.post(path, body)
			if got.status != 409 || got.text("code") != "stripe_not_connected" || got.text("detail") != "Loading error: no API keys. Enter them on Settings > Integrations > Stripe." {
				t.Errorf("%s %v: %d %s", path, body, got.status, got.raw)
			}
		}
	}
	owner.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(409)
	owner.get("/v1/stripe/account").want(409)
	owner.del("/v1/stripe/connection").want(409)
	if status := owner.get("/v1/stripe/connection").want(200).text("status"); status != "disconnected" {
		t.Errorf("the connection is %s", status)
	}
	w.unchanged("paying without keys", before, w.tables("sessions", "agenda"))
}

// The same payment sent again without a key while the first one's outcome is
// unknown is recognised; another one is told that something is under way (M3).
func TestM3PossibleDuplicate(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	payer, admin := w.signIn("payer.a"), w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 12000)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{
		{"match": map[string]any{"method": "POST", "path": "/v1/payment_intents/*/confirm"}, "effect": "drop_after"},
		{"match": map[string]any{"method": "GET", "path": "/v1/payment_intents/"}, "effect": "drop_before"},
	}})
	pay := map[string]any{"amount": 12000, "payment_method": card}
	first := payer.post("/v1/work-items/"+item+"/pay", pay).want(202)
	if first.text("payment", "state") != "confirming" || first.text("invoice", "in_flight", "state") != "confirming" || first.at("checkout") != nil {
		t.Errorf("as it stands: %s", first.raw)
	}
	for _, row := range []struct {
		who  *browser
		key  string
		body map[string]any
		code string
	}{
		{payer, "", pay, "possible_duplicate"},
		{payer, "a-key", pay, "in_flight"},
		{payer, "", map[string]any{"amount": 6000, "payment_method": card}, "in_flight"},
		{payer, "", map[string]any{"amount": 12000, "checkout": true}, "in_flight"},
		{admin, "", pay, "in_flight"},
	} {
		headers := map[string]string{}
		if row.key != "" {
			headers["Idempotency-Key"] = row.key
		}
		if got := row.who.send("POST", "/v1/invoices/"+invoice+"/pay", row.body, headers).want(409); got.text("code") != row.code {
			t.Errorf("%v with key %q: %s, want %s", row.body, row.key, got.raw, row.code)
		}
	}
	if state := payer.get("/v1/work-items/" + item).want(200).text("state"); state != "paying" {
		t.Errorf("the item is %s", state)
	}
	w.sandbox("DELETE", "/faults", nil)
	w.until("it is paid", func() bool { return payer.get("/v1/invoices/"+invoice).want(200).text("status") == "paid" })
	if cents, charges := w.captured(invoice); cents != 12000 || charges != 1 {
		t.Errorf("captured %d in %d charges", cents, charges)
	}
}

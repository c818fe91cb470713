package program_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var rowOfForm = regexp.MustCompile(`name="(key|owed|method)" value="([^"]*)"`)

// A customer's user pays several invoices in one go, each an attempt of its own,
// the earliest due first; sent twice it charges once; a decline stops it, and of
// another customer's invoices he sees none (L11, L12, L15).
func TestACustomersUserPaysSeveral(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	customer, card := w.customer(w.branchA, "4242424242424242")
	other, _ := w.customer(w.branchA, "")
	own := w.customersUser("client", customer)
	own.client.CheckRedirect = w.passerBy().client.CheckRedirect
	first, _ := w.invoice(w.branchA, customer, 5000)
	second, _ := w.invoice(w.branchA, customer, 7000)
	third, _ := w.invoice(w.branchA, customer, 9000)
	foreign, _ := w.invoice(w.branchA, other, 5000)
	home := string(own.send("GET", "/portal", nil, asPage).want(200).raw)
	for _, id := range []string{first, second, third} {
		if !strings.Contains(home, id) {
			t.Errorf("%s is not listed", id)
		}
	}
	if strings.Contains(home, foreign) || !strings.Contains(home, "USD 210.00") {
		t.Errorf("the list: %s", home)
	}
	own.send("GET", "/portal/pay", nil, asPage).want(422)
	own.send("GET", "/portal/pay?invoice="+foreign, nil, asPage).want(404)
	own.send("GET", "/portal/invoices/"+foreign, nil, asPage).want(404)
	// However often an invoice is named, and in whatever letters, it is paid and added up once.
	named := url.Values{"invoice": {first, second, strings.ToUpper(first)}}.Encode()
	if text := string(own.send("GET", "/portal/pay?"+named, nil, asPage).want(200).raw); !strings.Contains(text, "USD 120.00") || strings.Count(text, `name="owed"`) != 2 {
		t.Errorf("two invoices, one of them named twice: %s", text)
	}
	own.send("GET", "/portal/paid?invoice="+foreign, nil, asPage).want(404)

	pay := func(ids ...string) (sent func() *answer) {
		shown := own.send("GET", "/portal/pay?"+url.Values{"invoice": ids}.Encode(), nil, asPage).want(200)
		form := url.Values{}
		for _, field := range rowOfForm.FindAllStringSubmatch(string(shown.raw), -1) {
			form.Add(field[1], field[2])
		}
		form.Set("method", card)
		return func() *answer {
			return own.raw("POST", "/portal/pay", form.Encode(), map[string]string{
				"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
			})
		}
	}
	two := pay(first, second)
	result := two().want(303).header.Get("Location")
	two().want(303)
	if text := string(own.send("GET", result, nil, asPage).want(200).raw); !strings.Contains(text, "2 of 2 invoices paid") {
		t.Errorf("the result: %s", text)
	}
	for id, cents := range map[string]int64{first: 5000, second: 7000} {
		if got, charges := w.captured(id); got != cents || charges != 1 {
			t.Errorf("%s: captured %d in %d", id, got, charges)
		}
	}
	// Two more, of which the first is declined: the second is not tried.
	fourth, _ := w.invoice(w.branchA, customer, 4000)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"effect": "decline", "decline_code": "lost_card"}}})
	result = pay(third, fourth)().want(303).header.Get("Location")
	text := string(own.send("GET", result, nil, asPage).want(200).raw)
	if !strings.Contains(text, "0 of 2 invoices paid") || !strings.Contains(text, "Your bank did not approve this.") || !strings.Contains(text, "Not tried.") || payersMayNotRead.MatchString(text) {
		t.Errorf("after a decline: %s", text)
	}
	w.sandbox("DELETE", "/faults", nil)
	// A row that owes something else by now is not charged.
	late := pay(third)
	w.signIn("admin").post("/v1/invoices/"+third+"/payments", map[string]any{"amount": 3000, "method": "bank_transfer", "reference": "r"}).want(201)
	late().want(409)
	if got, _ := w.captured(third); got != 0 {
		t.Errorf("captured %d of an amount that was not shown", got)
	}
}

// Once a card was saved its customer, or staff who may pay for him, are asked
// whether what is open is to be paid, and are led to look it over; nothing is
// charged by asking, and nobody else is asked (U6).
func TestASavedCardOffersToPayWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	customer, card := w.customer(w.branchA, "4242424242424242")
	other, _ := w.customer(w.branchA, "")
	first, _ := w.invoice(w.branchA, customer, 5000)
	second, _ := w.invoice(w.branchA, customer, 7000)
	settled, _ := w.invoice(w.branchA, customer, 9000)
	foreign, _ := w.invoice(w.branchA, other, 5000)
	payer := w.signIn("payer.a")
	payer.post("/v1/invoices/"+settled+"/pay", map[string]any{"amount": 9000, "payment_method": card}).want(200)
	own, clerk := w.customersUser("client", customer), w.signIn("clerk")
	page := "/customers/" + customer
	for name, c := range map[string]struct {
		who   *browser
		leads string
	}{"the customer": {own, "/portal/pay"}, "a payer": {payer, page + "/pay"}, "a clerk": {clerk, ""}} {
		text := string(c.who.send("GET", page+"?done=card", nil, asPage).want(200).raw)
		asked := strings.Contains(text, "Pay the 2 open invoices now?")
		if asked != (c.leads != "") || asked && (!strings.Contains(text, `action="`+c.leads+`"`) || strings.Contains(text, `name="invoice" value="`+settled)) {
			t.Errorf("%s reads: %s", name, text)
		}
		if text := string(c.who.send("GET", page, nil, asPage).want(200).raw); strings.Contains(text, "open invoices now?") {
			t.Errorf("%s is asked without a new card: %s", name, text)
		}
	}
	ticked := "?" + url.Values{"invoice": {first, second}}.Encode()
	clerk.send("GET", page+"/pay"+ticked, nil, asPage).want(403)
	own.send("GET", page+"/pay"+ticked, nil, asPage).want(404)
	payer.send("GET", page+"/pay?invoice="+foreign, nil, asPage).want(404)
	payer.send("GET", page+"/paid?invoice="+foreign, nil, asPage).want(404)
	if cents, _ := w.captured(first); cents != 0 {
		t.Errorf("asking captured %d", cents)
	}
	payer.client.CheckRedirect = w.passerBy().client.CheckRedirect
	form := url.Values{}
	for _, field := range rowOfForm.FindAllStringSubmatch(string(payer.send("GET", page+"/pay"+ticked, nil, asPage).want(200).raw), -1) {
		form.Add(field[1], field[2])
	}
	form.Set("method", card)
	headers := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
	own.raw("POST", page+"/pay", form.Encode(), headers).want(404)
	clerk.raw("POST", page+"/pay", form.Encode(), headers).want(403)
	result := payer.raw("POST", page+"/pay", form.Encode(), headers).want(303).header.Get("Location")
	if text := string(payer.send("GET", result, nil, asPage).want(200).raw); !strings.HasPrefix(result, page) || !strings.Contains(text, "2 of 2 invoices paid") {
		t.Errorf("at %s: %s", result, text)
	}
	for id, cents := range map[string]int64{first: 5000, second: 7000} {
		if got, charges := w.captured(id); got != cents || charges != 1 {
			t.Errorf("%s: captured %d in %d", id, got, charges)
		}
	}
}

// A customer's page lists what he owes first however much was paid before, names
// the one account that all of it may be transferred to, and leads to each invoice
// as a file (U5, L7, L11).
func TestACustomersListNamesTheAccount(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	settings := "/v1/settings/payments?organisation=" + url.QueryEscape(w.branchA)
	admin.put(settings, map[string]any{"bank_transfer": map[string]any{"enabled": true, "details": "Harbour Bank\nAccount 1"}, "payment_links": false}).want(200)
	customer, card := w.customer(w.branchA, "4242424242424242")
	one, _ := w.invoice(w.branchA, customer, 5000)
	own := w.customersUser("client", customer)
	list := string(own.send("GET", "/portal", nil, asPage).want(200).raw)
	for _, want := range []string{"Account 1", "Pay now", "/portal/pay?invoice=" + one, "/invoices/" + one + "/pdf"} {
		if !strings.Contains(list, want) {
			t.Errorf("no %q on the list: %s", want, list)
		}
	}
	file := own.send("GET", "/invoices/"+one+"/pdf", nil, asPage).want(200)
	if strings.Contains(string(file.raw), "/pay/") || strings.Contains(list, "/pay/") {
		t.Error("a hidden link is named")
	}
	shown := string(own.send("GET", "/portal/invoices/"+one, nil, asPage).want(200).raw)
	for _, want := range []string{"Account 1", "Download PDF", "Saved:", "Visa 4242"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q on the invoice: %s", want, shown)
		}
	}
	admin.put(settings, map[string]any{"bank_transfer": map[string]any{"details": "Other Bank"}}).want(200)
	two, _ := w.invoice(w.branchA, customer, 5000)
	if list := string(own.send("GET", "/portal", nil, asPage).want(200).raw); strings.Contains(list, "Account 1") || strings.Contains(list, "Other Bank") {
		t.Errorf("of two accounts the list names one: %s", list)
	}
	if shown := string(own.send("GET", "/portal/invoices/"+two, nil, asPage).want(200).raw); !strings.Contains(shown, "Other Bank") {
		t.Errorf("the invoice names no account: %s", shown)
	}
	own.post("/v1/invoices/"+one+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	if shown := string(own.send("GET", "/portal/invoices/"+one, nil, asPage).want(200).raw); strings.Contains(shown, "Account 1") || !strings.Contains(shown, `id="tries"`) {
		t.Errorf("paid, the invoice reads: %s", shown)
	}
}

// The list of customers says by currency what each owes and what of it is late,
// to whoever may read invoices (CU10).
func TestCustomersListSaysWhoOwes(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	done := w.upload(w.branchA, "owed.csv", []byte("number,customer,issue_date,due_date,amount,currency\n"+
		"O-1,Owing,2020-01-01,2020-02-01,84.50,USD\nO-2,Owing,2020-01-01,2090-02-01,1200,USD\nO-3,Owing,2020-01-01,2090-02-01,450,EUR\nO-4,Settled,2020-01-01,2090-02-01,10,USD\n"))
	if done.number("rows_new") != 4 {
		t.Fatalf("the import says %s", done.raw)
	}
	settled := w.invoiceNumbered(w.branchA, "O-4").text("id")
	admin.post("/v1/invoices/"+settled+"/payments", map[string]any{"amount": 1000, "method": "bank_transfer", "reference": "r"}).want(201)
	w.until("the late one is overdue", func() bool { return w.invoiceNumbered(w.branchA, "O-1").at("overdue") == true })
	list := string(admin.send("GET", "/customers", nil, asPage).want(200).raw)
	for _, want := range []string{"EUR 450.00", "USD 1,284.50", "USD 84.50"} {
		if strings.Count(list, want) != 1 {
			t.Errorf("%d times %q: %s", strings.Count(list, want), want, list)
		}
	}
	if strings.Contains(list, "USD 10.00") || strings.Contains(list, "USD 0.00") {
		t.Errorf("what is paid is owed: %s", list)
	}
}

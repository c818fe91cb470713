package program_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// C11, D7: an organisation chooses what its payers may use online. Forms, public pages
// and the API offer and take nothing else on invoices made from then on; those made
// before take what they took; and to take nothing is no choice.
func TestPayersUseWhatTheSellerTakes(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, payer, stranger := w.signIn("admin"), w.signIn("payer.a"), w.passerBy()
	customer, card := w.customer(w.branchA, "4242424242424242")
	before, itemBefore := w.invoice(w.branchA, customer, 100_00)

	about := func(a *answer, field string) *answer {
		t.Helper()
		if !slices.Contains(a.fields(), field) {
			t.Errorf("%s is about %v, want %s", a.what, a.fields(), field)
		}
		return a
	}
	settings := "/v1/settings/payments?organisation=" + url.QueryEscape(w.branchA)
	if held := admin.get(settings).want(200); held.at("methods", "cards") != true || held.at("methods", "bank_accounts") != true {
		t.Fatalf("the default is %s", held.raw)
	}
	about(admin.put(settings, map[string]any{"methods": map[string]any{"cards": false, "bank_accounts": false}}).want(422), "methods")
	set := admin.put(settings, map[string]any{"methods": map[string]any{"cards": false}}).want(200)
	if set.at("methods", "cards") != false || set.at("methods", "bank_accounts") != true {
		t.Fatalf("set is %s", set.raw)
	}

	invoice, item := w.invoice(w.branchA, customer, 100_00)
	if read := payer.get("/v1/invoices/" + invoice).want(200); read.at("settings", "methods", "cards") != false {
		t.Errorf("the invoice has %s", read.raw)
	}
	refused := about(payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 100_00, "payment_method": card}).want(422), "payment_method")
	if !strings.Contains(refused.text("detail"), "This invoice takes bank accounts only.") {
		t.Errorf("refused with %s", refused.raw)
	}
	form := string(payer.send("GET", "/inbox/"+item, nil, asPage).want(200).raw)
	for words, there := range map[string]bool{"New bank account": true, "New card": false, "Visa 4242": false, "takes bank accounts only": true} {
		if strings.Contains(form, words) != there {
			t.Errorf("on the form %q: %v, want %v", words, !there, there)
		}
	}
	link := w.linkOf(admin, invoice)
	shown := stranger.send("GET", link, nil, asPage).want(200)
	if !strings.Contains(string(shown.raw), "You pay from a bank account") {
		t.Errorf("the public page: %s", shown.raw)
	}
	w.payByBank(w.pressPay(stranger, link, shown, nil).want(303).header.Get("Location"), "success")
	w.looked(invoice)
	w.status(invoice, "processing")
	if types := w.sql("select session_params ->> 'bank_only' from attempts where invoice_id = $1::uuid", invoice); types[0][0] != "true" {
		t.Errorf("the page was asked for with %v", types)
	}

	admin.put(settings, map[string]any{"methods": map[string]any{"cards": true, "bank_accounts": false}}).want(200)
	invoice, item = w.invoice(w.branchA, customer, 100_00)
	about(payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 100_00, "checkout": true, "bank_only": true}).want(422), "payment_method")
	form = string(payer.send("GET", "/inbox/"+item, nil, asPage).want(200).raw)
	if !strings.Contains(form, "New card") || !strings.Contains(form, "takes cards only") || strings.Contains(form, "Add a bank account") {
		t.Errorf("the form: %s", form)
	}
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 100_00, "payment_method": card}).want(200)
	payer.post("/v1/work-items/"+itemBefore+"/pay", map[string]any{"amount": 100_00, "payment_method": card}).want(200)
	for _, id := range []string{before, invoice} {
		if cents, charges := w.captured(id); cents != 100_00 || charges != 1 {
			t.Errorf("captured %d in %d charges", cents, charges)
		}
	}
}

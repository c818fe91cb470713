package program_test

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var shownFee = regexp.MustCompile(`name="(session_id|surcharge)" value="([^"]*)"`)

// passOn has fees passed on with invoices that are made from now on.
func (w *world) passOn(admin *browser) {
	w.t.Helper()
	admin.put("/v1/settings/payments?organisation="+url.QueryEscape(w.branchA), map[string]any{"surcharge": map[string]any{"mode": "add_on"}}).want(200)
}

// Whoever has the link types a card on Stripe's page, which charges nothing; back from
// there he reads amount, fee and total, and pays by one press. A credit card has a fee,
// a debit card has none, and neither is kept (D4).
func TestTheFeeIsShownBeforeANewCardIsCharged(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	w.passOn(admin)
	customer, _ := w.customer(w.branchA, "")
	for _, of := range []struct {
		card, total string
		cents       int64
	}{{"5555555555554444", "$103.20", 103_20}, {"4000056655665556", "$100.00", 100_00}, {"5105105105105100", "$100.00", 100_00}} {
		invoice, _ := w.invoice(w.branchA, customer, 100_00)
		link, stranger := w.linkOf(admin, invoice), w.passerBy()
		shown := stranger.send("GET", link, nil, asPage).want(200)
		page := w.pressPay(stranger, link, shown, nil).want(303).header.Get("Location")
		back := w.submit(page, of.card, false)
		if strings.Contains(back, strings.TrimPrefix(link, "/pay/")) {
			t.Fatalf("Stripe was given the link: %s", back)
		}
		at, err := url.Parse(back)
		must(t, err)
		asked := string(stranger.send("GET", at.RequestURI(), nil, asPage).want(200).raw)
		if cents, _ := w.captured(invoice); cents != 0 || !strings.Contains(asked, "Pay "+of.total) {
			t.Fatalf("%s: %d was captured, and the page asks: %s", of.card, cents, asked)
		}
		confirm := func(change url.Values) *answer {
			form := url.Values{}
			for _, field := range shownFee.FindAllStringSubmatch(asked, -1) {
				form.Set(field[1], field[2])
			}
			maps.Copy(form, change)
			return stranger.raw("POST", "/pay/return", form.Encode(), map[string]string{
				"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
			})
		}
		confirm(url.Values{"surcharge": {"9.99"}}).want(409)
		if cents, _ := w.captured(invoice); cents != 0 {
			t.Fatalf("%s: %d was captured for a fee that was not shown", of.card, cents)
		}
		confirm(nil).want(303)
		confirm(nil).want(303) // sent twice it pays once
		if cents, charges := w.captured(invoice); cents != of.cents || charges != 1 {
			t.Errorf("%s: %d was captured in %d charges", of.card, cents, charges)
		}
		if read := admin.get("/v1/invoices/" + invoice).want(200); read.text("status") != "paid" {
			t.Errorf("%s: the invoice is %s", of.card, read.text("status"))
		}
		done := string(stranger.send("GET", at.RequestURI(), nil, asPage).want(200).raw)
		if !strings.Contains(done, "Payment successful") {
			t.Errorf("%s: %s", of.card, done)
		}
	}
	list, _ := admin.get("/v1/customers/" + customer + "/payment-methods").want(200).at("data").([]any)
	if len(list) != 0 {
		t.Errorf("cards are kept: %v", list)
	}
}

// Over the API the answer to a checkout holds no payment yet; a saved card is charged
// the fee that the payer agreed to, or nothing.
func TestTheFeeOverTheAPI(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.passOn(admin)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 100_00)
	payer := w.signIn("payer.a")
	opened := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 100_00, "checkout": true}).want(202)
	if opened.at("payment") != nil || opened.text("checkout", "url") == "" {
		t.Fatalf("answered %s", opened.raw)
	}
	refused := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 100_00, "payment_method": card, "surcharge": 0}).want(409)
	if refused.text("code") != "surcharge_changed" || !strings.Contains(refused.text("detail"), "$103.20") {
		t.Fatalf("answered %s", refused.raw)
	}
	paid := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 100_00, "payment_method": card, "surcharge": 3_20}).want(200)
	if paid.number("payment", "amount") != 100_00 || paid.number("payment", "surcharge") != 3_20 {
		t.Errorf("answered %s", paid.raw)
	}
	if cents, charges := w.captured(invoice); cents != 103_20 || charges != 1 {
		t.Errorf("%d was captured in %d charges", cents, charges)
	}
}

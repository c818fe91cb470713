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

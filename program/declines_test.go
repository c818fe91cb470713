package program_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// payersMayNotRead finds words and codes that no payer may read.
var payersMayNotRead = regexp.MustCompile(`(?i)\b(lost|stolen|fraud\w*|blacklist|pickup)|\b(card_declined|generic_decline|insufficient_funds|\w+_(card|cvc|error|exceeded|required_pin|honor|again|listed|account|permitted))\b`)

// Each class of decline reads to the payer as it should, without a code or what
// a thief should not learn, and to staff with code and rule (C11, M5, M10).
func TestDeclinesReadAsTheyShould(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	customersOwn := w.customersUser("declined", customer)
	stripeCard := w.sql("select stripe_payment_method from payment_methods where id = $1::uuid", card)[0][0]
	const (
		details = "Check the card's details, try again."
		expired = "This card has expired. Use another."
		funds   = "The bank did not approve this amount. Try later or another method."
		confirm = "Your bank wants you to confirm."
		refused = "Your bank did not approve this. Call it or use another method."
		silent  = "The bank did not answer. Try again soon."
	)
	for _, row := range []struct {
		code, decline, words, class string
		hard                        bool
	}{
		{"card_declined", "generic_decline", refused, "refused", false},
		{"card_declined", "insufficient_funds", funds, "funds", false},
		{"card_declined", "lost_card", refused, "refused", true},
		{"card_declined", "stolen_card", refused, "refused", true},
		{"card_declined", "fraudulent", refused, "refused", true},
		{"expired_card", "", expired, "expired", true},
		{"incorrect_cvc", "", details, "details_wrong", true},
		{"processing_error", "", silent, "technical", false},
		{"incorrect_number", "", details, "details_wrong", true},
		{"card_declined", "card_velocity_exceeded", funds, "funds", false},
		{"card_declined", "card_not_supported", "It cannot pay this. Use another.", "unsupported", true},
		{"card_declined", "do_not_honor", refused, "refused", false},
		{"card_declined", "pickup_card", refused, "refused", true},
		{"card_declined", "merchant_blacklist", refused, "refused", true},
		{"card_declined", "a_code_of_next_year", refused, "refused", false},
		{"authentication_required", "authentication_required", confirm, "authenticate", false},
	} {
		code := row.decline
		if code == "" {
			code = row.code
		}
		invoice, item := w.invoice(w.branchA, customer, 5000)
		w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{
			"effect": "decline", "code": row.code, "decline_code": row.decline, "payment_method": stripeCard,
		}}})
		got := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(402)
		if want := "Nothing was charged. " + row.words; got.text("detail") != want {
			t.Errorf("%s reads %q, want %q", code, got.text("detail"), want)
		}
		want := "payment_declined"
		if row.class == "authenticate" {
			want = "authentication_required"
		}
		if got.text("code") != want || got.text("payment", "state") != "failed" {
			t.Errorf("%s: %s", code, got.raw)
		}
		theirs := customersOwn.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(402)
		w.sandbox("DELETE", "/faults", nil)

		for who, answers := range map[string][]*answer{
			"a payer": {
				got, payer.get("/v1/work-items/" + item), payer.get("/v1/invoices/" + invoice),
				payer.get("/v1/invoices/" + invoice + "/payments"), payer.get("/v1/invoices/" + invoice + "/timeline"),
			},
			"the customer's user": {theirs, customersOwn.get("/v1/invoices/" + invoice), customersOwn.get("/v1/invoices/" + invoice + "/payments")},
		} {
			for _, each := range answers {
				raw := strings.NewReplacer(`"payment_declined"`, "", `code-payment_declined`, "", `"authentication_required"`, "", "code-authentication_required", "").Replace(string(each.raw))
				if found := payersMayNotRead.FindString(raw); found != "" || row.class != "authenticate" && strings.Contains(raw, code) {
					t.Errorf("%s: %s reads %q (%q): %s", code, who, found, each.what, each.raw)
				}
			}
		}
		if told := string(payer.get("/v1/invoices/" + invoice + "/timeline").want(200).raw); !strings.Contains(told, "was declined. Nothing was charged. "+row.words) {
			t.Errorf("%s: a payer's timeline says %s", code, told)
		}
		if read := admin.get("/v1/invoices/"+invoice+"/payments").want(200).text("data", 0, "decline", "code"); read != code {
			t.Errorf("%s: staff read the code %q", code, read)
		}
		timeline := string(admin.get("/v1/invoices/" + invoice + "/timeline").want(200).raw)
		if !strings.Contains(timeline, code) || !strings.Contains(timeline, `"kind":"declined"`) || !strings.Contains(timeline, `"rule":"decline: `) {
			t.Errorf("%s: staff read %s", code, timeline)
		}
		// So many codes are more than one card may be tried.
		w.sql("update card_tries set succeeded = true where attempt in (select id from attempts where invoice_id = $1::uuid) returning attempt::text", invoice)
		hard := w.sql("select (decline->>'hard')::text, decline->>'class', decline->>'code' from attempts where invoice_id = $1::uuid order by number limit 1", invoice)[0]
		if hard[0] != map[bool]string{true: "true", false: "false"}[row.hard] || hard[2] != code {
			t.Errorf("%s is recorded as %v, want hard %v", code, hard, row.hard)
		}
		after := payer.get("/v1/invoices/" + invoice).want(200)
		if after.text("status") != "open" || after.at("in_flight") != nil || payer.get("/v1/work-items/"+item).want(200).text("state") == "done" {
			t.Errorf("%s leaves %s", code, after.raw)
		}
		if row.decline == "insufficient_funds" { // the card works the next time
			payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
			if cents, charges := w.captured(invoice); cents != 5000 || charges != 1 {
				t.Errorf("captured %d in %d", cents, charges)
			}
			if intents := w.sql("select count(distinct payment_intent)::text from payments where invoice_id = $1::uuid", invoice)[0][0]; intents != "1" {
				t.Errorf("a retry after a decline made %s intents", intents)
			}
		}
	}
}

// The one test card that attaches and is then declined, a card that wants
// authentication, and both answered on Stripe's page (C11, C14).
func TestDeclinesOfSavedAndTypedCards(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	payer := w.signIn("payer.a")
	broke, declined := w.customer(w.branchA, "4000000000000341")
	invoice, item := w.invoice(w.branchA, broke, 5000)
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": declined}).want(402)
	// After a decline the hosted page takes another card.
	page := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202).text("checkout", "url")
	for _, number := range []string{"4000000000000002", "4000000000009987", "4242424242424242"} {
		w.submit(page, number, false)
	}
	w.until("it is paid", func() bool { return payer.get("/v1/invoices/"+invoice).want(200).text("status") == "paid" })
	if cents, charges := w.captured(invoice); cents != 5000 || charges != 1 {
		t.Errorf("captured %d in %d", cents, charges)
	}
	careful, _ := w.customer(w.branchA, "")
	page = payer.post("/v1/customers/"+careful+"/payment-methods", map[string]any{}).want(201).text("url")
	w.confirmAtBank(w.submit(page, "4000002760003184", false)) // confirmed now, and wanted again each time
	wants := payer.get("/v1/customers/"+careful+"/payment-methods").want(200).text("data", 0, "id")
	asked, item := w.invoice(w.branchA, careful, 5100)
	got := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5100, "payment_method": wants}).want(402)
	if got.text("code") != "authentication_required" {
		t.Errorf("a card that wants confirming: %s", got.raw)
	}
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5100, "checkout": true}).want(202)
	if cents, _ := w.captured(asked); cents != 0 {
		t.Errorf("captured %d", cents)
	}
	open := w.sandbox("GET", "/books", nil)["payment_intents"].([]any)
	alive := 0
	for _, each := range open {
		intent, _ := each.(map[string]any)
		metadata, _ := intent["metadata"].(map[string]any)
		if metadata["remit_invoice"] == asked && intent["status"] != "canceled" && intent["status"] != "succeeded" {
			alive++
		}
	}
	if alive > 1 {
		t.Errorf("%d intents of one invoice can be charged", alive)
	}
}

// confirmAtBank answers the bank's page that a hosted page led to.
func (w *world) confirmAtBank(page string) {
	w.t.Helper()
	response, err := http.PostForm(page, url.Values{"outcome": {"complete"}})
	must(w.t, err)
	must(w.t, response.Body.Close())
}

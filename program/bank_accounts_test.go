package program_test

import (
	"testing"
	"time"

	"remit"
)

// bankAccountBody is a bank account as the API takes it, by one of Stripe's test
// numbers.
func bankAccountBody(number string) map[string]any {
	return map[string]any{
		"account_number": number, "routing_number": "110000000", "account_holder_name": "Jo Payer", "account_holder_type": "individual",
		"country": "US", "currency": "USD", "mandate_accepted": true,
	}
}

// bare is a customer without a payment method.
func (w *world) bare() string {
	w.t.Helper()
	customer, _ := w.customer(w.branchA, "")
	return customer
}

// deposits has the stand-in send deposits of a kind.
func (w *world) deposits(kind string) {
	w.sandbox("POST", "/settings", map[string]any{"microdeposits": kind})
}

// A bank account is added, waits for its deposits, counts wrong entries as Stripe
// does, and is verified by right ones: then it is usable and the default of a
// customer who has no other (PM4, PM6, PM9). Staff see it among those that wait
// until then.
func TestFailure27AccountsWaitAndBecomeTheDefault(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.deposits("amounts")
	customer := w.bare()
	added := admin.post("/v1/customers/"+customer+"/bank-accounts", bankAccountBody("000123456789")).want(201)
	if added.text("status") != "awaiting_deposit" || added.text("deposit") != "amounts" || added.text("last4") != "6789" || added.number("attempts_left") != 3 {
		t.Fatalf("added: %s", added.raw)
	}
	if waiting := admin.get("/v1/bank-accounts").want(200); waiting.text("data", 0, "id") != added.text("id") {
		t.Errorf("those that wait: %s", waiting.raw)
	}
	verification := "/v1/bank-accounts/" + added.text("id") + "/verification"
	admin.post(verification, map[string]any{"descriptor_code": "SM11AA"}).want(422)
	wrong := admin.post(verification, map[string]any{"amounts": []int{1, 2}}).want(422)
	if wrong.text("errors", 0, "field") != "amounts" || wrong.text("errors", 0, "message") != "Those amounts do not match. 2 tries left." {
		t.Fatalf("wrong amounts: %s", wrong.raw)
	}
	right := admin.post(verification, map[string]any{"amounts": []int{45, 32}}).want(200)
	if right.text("status") != "usable" || right.at("default") != true || right.at("attempts_left") != nil {
		t.Fatalf("verified: %s", right.raw)
	}
	method := admin.get("/v1/customers/" + customer + "/payment-methods").want(200)
	if method.text("data", 0, "id") != added.text("id") || method.text("data", 0, "status") != "usable" || method.text("data", 0, "type") != "us_bank_account" {
		t.Fatalf("the method: %s", method.raw)
	}
	admin.post(verification, map[string]any{"amounts": []int{32, 45}}).want(409)
	if waiting := admin.get("/v1/bank-accounts").want(200); waiting.at("data", 0) != nil {
		t.Errorf("those that wait: %s", waiting.raw)
	}
}

// With the other kind of deposit the code that stands beside it is entered, ten
// times at most (PM7).
func TestBankAccountIsVerifiedByItsCode(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.deposits("descriptor_code")
	customer := w.bare()
	added := admin.post("/v1/customers/"+customer+"/bank-accounts", bankAccountBody("000123456789")).want(201)
	verification := "/v1/bank-accounts/" + added.text("id") + "/verification"
	wrong := admin.post(verification, map[string]any{"descriptor_code": "SM99ZZ"}).want(422)
	if wrong.text("errors", 0, "message") != "That code does not match. 9 tries left." {
		t.Fatalf("a wrong code: %s", wrong.raw)
	}
	if right := admin.post(verification, map[string]any{"descriptor_code": "sm 11 aa"}).want(200); right.text("status") != "usable" {
		t.Fatalf("verified: %s", right.raw)
	}
}

// Ten days pass on the organisation's clock: the customer is told that deposits
// are on their way, that they should have arrived, reminded, told of the last day
// and of the end, each once (N4, M13); then the account has expired.
func TestBankAccountThatNobodyVerifiesExpires(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.deposits("amounts")
	customer := w.bare()
	id := admin.post("/v1/customers/"+customer+"/bank-accounts", bankAccountBody("000123456789")).want(201).text("id")
	w.later(11 * 24 * time.Hour)
	ended := admin.get("/v1/bank-accounts/" + id).want(200)
	if ended.text("status") != "expired" || ended.text("reason") != "10 days have passed. Add it again." {
		t.Fatalf("after eleven days: %s", ended.raw)
	}
	var stages []string
	for _, row := range w.sql("select stage from mails where bank_account_id = $1 order by created_at, id", id) {
		stages = append(stages, row[0])
	}
	want := []remit.DepositNotice{remit.ToldSent, remit.ToldArrived, remit.ToldReminder, remit.ToldLastDay, remit.ToldEnd}
	if len(stages) != len(want) {
		t.Fatalf("the customer was told %q", stages)
	}
	for n, notice := range want {
		if stages[n] != string(notice.Stage()) {
			t.Fatalf("the customer was told %q", stages)
		}
	}
}

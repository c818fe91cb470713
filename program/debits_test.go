package program_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

// payByBank pays on a hosted page with a test account: by signing in at its bank,
// or by its number.
func (w *world) payByBank(page, account string) {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(page)
	must(w.t, err)
	body, err := io.ReadAll(response.Body)
	must(w.t, err)
	must(w.t, response.Body.Close())
	form := url.Values{"email": {"pay@globex.test"}, "name": {"Globex"}, "account_holder_type": {"company"}, "method": {"bank_sign_in"}, "account": {account}}
	if strings.Trim(account, "0123456789") == "" {
		form.Set("method", "bank_account")
		form.Set("account_type", "checking")
		form.Set("routing_number", "110000000")
		form.Set("account_number", account)
	}
	if found := regexp.MustCompile(`name="attempt" value="([^"]*)"`).FindSubmatch(body); found != nil {
		form.Set("attempt", string(found[1]))
	}
	sent, err := client.PostForm(page, form)
	must(w.t, err)
	must(w.t, sent.Body.Close())
	if sent.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("the page answered %d", sent.StatusCode)
	}
}

// looked has the invoice's live attempt looked at, as whoever comes back from
// Stripe's page does.
func (w *world) looked(invoice string) {
	w.t.Helper()
	session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid order by number desc limit 1", invoice)[0][0]
	w.passerBy().send("GET", "/pay/return?session_id="+session, nil, asPage).want(200)
}

// Whoever has the link pays by bank and reads how it stands: on its way, paid, and
// due again where the bank took it back (M7, U9). The office reads the same, and before it
// disconnects that the bank may still take it back (Z7).
func TestPublicPageTellsOfADebit(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, stranger := w.signIn("admin"), w.passerBy()
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 120000)
	link := w.linkOf(admin, invoice)
	reads := func(words string) *answer {
		t.Helper()
		var shown *answer
		w.until("the page says "+words, func() bool {
			shown = stranger.send("GET", link, nil, asPage).want(200)
			return strings.Contains(string(shown.raw), words)
		})
		return shown
	}
	page := w.pressPay(stranger, link, reads("Pay now"), nil).want(303).header.Get("Location")
	w.payByBank(page, "dispute")
	w.looked(invoice)
	w.status(invoice, "processing")
	reads("takes up to 4 working days. Do not pay again.")
	if state := w.signIn("payer.a").get("/v1/invoices/"+invoice).want(200).text("in_flight", "state"); state != "processing" {
		t.Errorf("in flight is %s", state)
	}
	w.later(8 * 24 * time.Hour)
	w.status(invoice, "paid")
	reads("Payment successful")
	mayComeBack := func(want float64) {
		t.Helper()
		if drill := admin.get("/v1/stripe/connection/impact").want(200); drill.at("returnable_debits", "count") != want {
			t.Errorf("before disconnecting it is said %s", drill.raw)
		}
	}
	mayComeBack(1)
	w.later(10 * 24 * time.Hour)
	w.until("it is due again", func() bool { return admin.get("/v1/invoices/"+invoice).want(200).text("hold", "kind") == "return" })
	mayComeBack(0)
	reads("The bank returned the payment of ")
	reads("$1,200.00 is due again.")
	if told := w.sql("select count(*)::text from mails where invoice_id = $1::uuid and stage like 'returned/%'", invoice); told[0][0] != "1" {
		t.Errorf("the customer was written %s times", told[0][0])
	}
}

// Of a payment that was sent off with an account still to be verified the page says
// where the deposits are entered, and offers nothing else; whoever presses Pay on a
// page from before starts no other payment.
func TestPublicPageLeadsToTheDeposits(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, stranger := w.signIn("admin"), w.passerBy()
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	link := w.linkOf(admin, invoice)
	shown := stranger.send("GET", link, nil, asPage).want(200)
	page := w.pressPay(stranger, link, shown, nil).want(303).header.Get("Location")
	w.payByBank(page, "000123456789")
	w.looked(invoice)
	again := string(stranger.send("GET", link, nil, asPage).want(200).raw)
	if !strings.Contains(again, "Enter the deposits") || !strings.Contains(again, "/microdeposits/") || strings.Contains(again, "Pay now") {
		t.Fatalf("it shows %s", again)
	}
	w.pressPay(stranger, link, shown, nil).want(303)
	if made := w.sql("select count(*)::text from attempts where invoice_id = $1::uuid", invoice)[0][0]; made != "1" {
		t.Errorf("%s tries were made", made)
	}
}

// A debit is called back by whoever may pay at its place, or by its customer, and
// by nobody else, while its bank does not have it. One that was made on Stripe's page
// is not: Stripe cancels it for nobody.
func TestDebitIsCalledBackByWhoMayPay(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	owner := uuid.MustParse(customer)
	method := w.bankAccount(customer, "000123456789")
	w.customersUser("globex", customer)
	do := w.program.Commands
	for _, who := range []string{"payer.a", "globex"} {
		invoice, _ := w.invoice(w.branchA, customer, 5000)
		admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": method}).want(202)
		w.status(invoice, "processing")
		payment := uuid.MustParse(w.sql("select id::text from payments where invoice_id = $1::uuid", invoice)[0][0])
		for name, code := range map[string]string{"clerk": remit.CodeForbidden, "viewer": remit.CodeForbidden, "payer.b": remit.CodeNotFound} {
			if _, err := do.CancelPayment(t.Context(), w.caller(name, nil), payment); !remit.IsCode(err, code) {
				t.Errorf("%s: %v", name, err)
			}
		}
		var of *uuid.UUID
		if who == "globex" {
			of = &owner
		}
		cancelled, err := do.CancelPayment(t.Context(), w.caller(who, of), payment)
		if err != nil || cancelled.State != remit.AttemptCanceled {
			t.Fatalf("%s: %v, the payment is %s", who, err, cancelled.State)
		}
		w.status(invoice, "open")
		if _, err := do.CancelPayment(t.Context(), w.caller(who, of), payment); !remit.IsCode(err, remit.CodeConflict) {
			t.Errorf("%s once more: %v", who, err)
		}
	}
	hosted, _ := w.invoice(w.branchA, customer, 5000)
	link, stranger := w.linkOf(admin, hosted), w.passerBy()
	w.payByBank(w.pressPay(stranger, link, stranger.send("GET", link, nil, asPage).want(200), nil).want(303).header.Get("Location"), "success")
	w.looked(hosted)
	w.status(hosted, "processing")
	payment := uuid.MustParse(w.sql("select id::text from payments where invoice_id = $1::uuid", hosted)[0][0])
	if _, err := do.CancelPayment(t.Context(), w.caller("payer.a", nil), payment); !remit.IsCode(err, remit.CodeConflict) {
		t.Errorf("of one made on Stripe's page: %v", err)
	}
	w.status(hosted, "processing")
}

// caller is somebody as the API knows him once he has signed in.
func (w *world) caller(name string, customer *uuid.UUID) commands.Caller {
	w.t.Helper()
	row := w.sql("select a.id::text, o.tenant::text from accounts a, organisations o where a.email = $1 and o.path = $2", w.mail(name), w.top)[0]
	return commands.Caller{Account: uuid.MustParse(row[0]), Name: name, Tenants: []commands.Membership{{Tenant: uuid.MustParse(row[1]), Path: w.top, Customer: customer}}}
}

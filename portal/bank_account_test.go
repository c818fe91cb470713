package portal_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"
)

// accountNumber is one of Stripe's test accounts; it may be read nowhere.
const accountNumber = "000123456789"

// typedAccount is what somebody types to add it.
func typedAccount(change url.Values) url.Values {
	fields := url.Values{
		"account_holder_name": {"Tara Torres"}, "account_holder_type": {"individual"}, "routing_number": {"110000000"},
		"account_number": {accountNumber}, "mandate_accepted": {"yes"},
	}
	maps.Copy(fields, change)
	return fields
}

// control sets the stand-in, as Stripe's dashboard and time would.
func (w *world) control(path, body string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.stripe+"/_sandbox"+path, strings.NewReader(body))
	must(w.t, err)
	request.SetBasicAuth(w.key, "")
	response, err := http.DefaultClient.Do(request)
	must(w.t, err)
	must(w.t, response.Body.Close())
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("the stand-in says %d to %s %s", response.StatusCode, path, body)
	}
}

// numberless fails where a page or its address holds the account number.
func (s *shown) numberless() *shown {
	s.p.w.t.Helper()
	if strings.Contains(s.raw, accountNumber) || strings.Contains(s.at.String(), accountNumber) {
		s.p.w.t.Fatalf("%s echoes the account number", s.at)
	}
	return s
}

// Protects PM4-PM9 without script: a customer's user adds his bank account by a
// form, enters wrong amounts and right ones, and is asked about what is open; what
// he typed stays, but for the account number, which no page holds.
func TestABankAccountIsAddedAndVerified(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	w.control("/settings", `{"microdeposits": "amounts"}`)
	invoice := w.invoice(admin)
	customer := admin.open(invoice.link("/customers/0")).path()
	w.customersUser("tenant", strings.TrimPrefix(customer, "/customers/"))
	tara := w.signInTo("tenant", "Invoices")
	add := tara.open(customer).want(200, "Add card", "No card or bank account is saved.").saying("Add bank account")
	form := tara.open(add).want(200, "By adding this account you authorise Test to debit it", "Sign in at the bank")
	form.submit(add, nil).want(422, "There is a problem", "Enter the name of the account's holder.", "Choose a person or a company.", "Enter the 9-digit routing number.",
		"Enter the account number, digits only.", "Agree to the authorisation first.")
	form.submit(add, typedAccount(url.Values{"routing_number": {"110000001"}})).numberless().want(422, "That is not a US routing number.")
	again := form.submit(add, typedAccount(url.Values{"routing_number": {"1100"}})).numberless().want(422, "Enter the 9-digit routing number.")
	again.submit(add, typedAccount(url.Values{"account_number": {"000987654321"}})).want(422, "That is not an account number at this bank.")

	verify := form.submit(add, typedAccount(nil)).numberless().want(200, "STRIPE TEST BANK account 6789", "each below a dollar", "ACCTVERIFY", "3 tries left.", "Last day", "Enter them on Stripe's page instead")
	if twice := form.submit(add, typedAccount(nil)); twice.path() != verify.path() {
		t.Errorf("the same form sent twice leads to %s, not to %s", twice.path(), verify.path())
	}
	form.submit(add, typedAccount(url.Values{"account_number": {"000222222227"}})).numberless().want(409, "This form was sent before with other values.")
	at := verify.path()
	tara.open(customer).want(200, "STRIPE TEST BANK account 6789", "Deposit on its way", "3 tries left.", "Enter the amounts")
	admin.open("/customers").want(200, "Bank accounts to verify")
	admin.open("/bank-accounts").want(200, "Riverside", "STRIPE TEST BANK account 6789", "Deposit on its way").link(at)
	tara.open("/bank-accounts").want(404)
	clerk := w.signIn("clerk")
	seen := clerk.open(customer).want(200, "Seeing them needs customer=edit or stripe=pay at "+w.branch)
	seen.lacks("could not be read")
	seen.lacks("is saved")
	if list := clerk.open("/bank-accounts").want(200, "STRIPE TEST BANK account 6789"); strings.Contains(list.raw, at) {
		t.Error("who may not open an account is led to it")
	}

	verify.submit(at, url.Values{"amounts": {"32"}}).want(422, "Enter both amounts, like 32 and 45.", "3 tries left.")
	verify.submit(at, url.Values{"amounts": {"32", "4500"}}).want(422, "Each amount is from 1 to 99 cents.")
	wrong := url.Values{"amounts": {"0.11", "$0.12"}}
	missed := verify.submit(at, wrong).want(422, "Those amounts do not match. 2 tries left.")
	for _, typed := range []string{"0.11", "$0.12"} {
		if find(missed.root, func(n *html.Node) bool { return attr(n, "value") == typed }) == nil {
			t.Errorf("%s is to be typed again", typed)
		}
	}
	verify.submit(at, wrong).want(200, "2 tries left.") // the same form twice is one try
	ready := missed.submit(at, url.Values{"amounts": {"$0.45", "32"}}).want(200, "Your STRIPE TEST BANK account 6789 is ready.", "Pay the open invoice now?")
	ready.submit("/portal/pay", nil).want(200, "Pay 1 invoice", "STRIPE TEST BANK account 6789", "By paying with it you authorise")
	verify.submit(at, url.Values{"amounts": {"1", "2"}, "key": {"another"}}).want(200, "is ready")
	tara.open(customer).want(200, "Ready", "Default")
	w.signIn("viewer").open(at).want(404)
	w.holdsNowhere(accountNumber)
}

// holdsNowhere fails where a row of the database has some text in it (M12).
func (w *world) holdsNowhere(text string) {
	w.t.Helper()
	db, err := pgx.Connect(w.t.Context(), w.database)
	must(w.t, err)
	defer func() { _ = db.Close(context.Background()) }()
	rows, err := db.Query(w.t.Context(), "select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')")
	must(w.t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(w.t, err)
	for _, table := range tables {
		var found int
		must(w.t, db.QueryRow(w.t.Context(), "select count(*) from "+table+" t where position($1 in t::text) > 0", text).Scan(&found))
		if found > 0 {
			w.t.Errorf("%d rows of %s hold it", found, table)
		}
	}
	if len(tables) < 20 {
		w.t.Errorf("looked at %d tables only", len(tables))
	}
}

// Protects PM8 and U8's other deposit: a code is taken in small letters and with
// spaces, ten wrong ones lock the account, and its page says what to do.
func TestACodeIsEnteredOrTriesRunOut(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	customer := admin.open(w.invoice(admin).link("/customers/0")).path()
	add := customer + "/bank-accounts/new"
	page := admin.open(add).submit(add, typedAccount(nil)).want(200, "begins with SM", "10 tries left.")
	at := page.path()
	page.submit(at, url.Values{"descriptor_code": {"11AA"}}).want(422, "The code has six characters and begins with SM.", "10 tries left.")
	page.submit(at, url.Values{"descriptor_code": {"SM99ZZ"}}).want(422, "That code does not match. 9 tries left.").
		submit(at, url.Values{"descriptor_code": {" sm11 aa"}}).want(200, "is ready")

	locked := admin.open(add).submit(add, typedAccount(url.Values{"account_number": {"000222222227"}})).want(200, "10 tries left.")
	at = locked.path()
	for range 10 {
		locked = admin.open(at)
		if find(locked.root, func(n *html.Node) bool { return attr(n, "name") == "descriptor_code" }) == nil {
			break
		}
		locked = locked.submit(at, url.Values{"descriptor_code": {"SM99ZZ"}})
	}
	locked.want(200, "No tries left. Contact your bank or add it again.", "Locked").link(add)
}

// Protects D5 in words, and PM16: where bank accounts are not offered the page says
// which condition fails, and where a method has to be saved first a customer's user
// is led to do so, whoever has the public link is not.
func TestWhyNoBankAccountAndMethodFirst(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	invoice := w.invoice(admin)
	customer := admin.open(invoice.link("/customers/0")).path()
	own := "/portal" + invoice.path()
	w.customersUser("tenant", strings.TrimPrefix(customer, "/customers/"))
	tara := w.signInTo("tenant", "Invoices")
	tara.open(own).want(200, "due now", "Add a bank account")
	admin.open("/settings/payments?at="+url.QueryEscape(w.top)).submit("/settings/payments", url.Values{"require_method": {"yes"}}).want(200, "Saved.")
	for _, path := range []string{own, "/portal/pay?invoice=" + strings.TrimPrefix(invoice.path(), "/invoices/")} {
		if led := tara.open(path).want(200, "Add a payment method first."); led.path() != customer {
			t.Errorf("%s leads to %s", path, led.path())
		}
	}
	admin.open(invoice.path()).want(200)
	w.stranger().open(admin.open(invoice.path()).cut(w.program.URL+"/pay/")).want(200, "due now")
	tara.open(customer).submit(customer+"/methods", nil).hosted("4242424242424242").want(200, "The payment method is saved.")
	tara.open(own).want(200, "due now")

	euros := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Elm"}, "organisation": {w.branch}, "currency": {"EUR"}})
	const why = "Bank debits are in US dollars; this is in EUR."
	euros.want(200, "A bank account cannot be added. "+why)
	refused := admin.open(euros.path()+"/bank-accounts/new").want(200, why)
	if strings.Contains(refused.raw, "routing_number") {
		t.Error("the form is offered all the same")
	}
}

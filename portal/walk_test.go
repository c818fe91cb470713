package portal_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit/commands"
)

// Protects the whole way of a payment without script: keys, customer, invoice,
// inbox, a new card on the hosted page, paid; every step a link or a form.
func TestPayWithoutScript(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	invoice := w.invoice(admin)
	payer := w.signIn("payer")
	inbox := payer.open("/inbox").want(200, "USD 1,200.00", "To do")
	item := inbox.link("/inbox/0")
	form := inbox.submit(item+"/claim", nil).want(200, "All is $1,200.00. At least $50.00.")
	form.submit(item, url.Values{"amount": {"1,300"}}).want(422, "There is a problem", "The most you can pay is $1,200.00.")
	form.submit(item, url.Values{"amount": {"20"}}).want(422, "Pay at least $50.00, or all $1,200.00.")
	form.submit(item, url.Values{"amount": {"twelve"}}).want(422, "Enter an amount, like")
	paid := payer.open(item).submit(item, url.Values{"amount": {"$300"}, "method": {"save"}}).hosted("4242424242424242")
	paid.want(200, "Paid $300.00", "$900.00", "is left to pay")
	admin.open(invoice.path()).want(200, "Partly paid", "USD 900.00", "Timeline")

	rest := payer.open(item).want(200, "Visa 4242")
	first := rest.submit(item, nil).want(200, "Paid $900.00")
	if again := rest.submit(item, nil); again.path() != first.path() {
		t.Errorf("the same form sent twice leads to %s, not to %s", again.path(), first.path())
	}
	rest.submit(item, url.Values{"amount": {"100"}}).want(409, "This form was sent before with other values.")
	done := admin.open(invoice.path()).want(200, "Paid", "USD 0.00")
	if n := strings.Count(done.raw, ">Succeeded<"); n != 2 {
		t.Errorf("%d payments succeeded, want 2", n)
	}
	payer.open("/inbox?tab=done").want(200, "Done")
}

// Protects payers from dead ends: what may not be done says what is missing,
// what may not be seen is not there, and who is signed out loses nothing.
func TestRefusalsInWords(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	invoice := w.invoice(admin)
	item := w.signIn("clerk").open("/inbox").want(200, "You may see this but not pay it.", "stripe=pay").link("/inbox/0")
	w.signIn("clerk").open(item).want(200, "It needs stripe=pay at "+w.branch)
	w.signIn("viewer").open("/inbox").want(200, "You hold no payer role.")
	w.signIn("viewer").open(item).want(404, "Nothing here, or nothing you may see.")
	w.signIn("viewer").open("/settings/people").want(403, "It needs admin=users")
	w.signIn("payer").open(item).want(200, "Loading error: no API keys. Enter them on Settings")

	form := admin.open(invoice.path() + "/hold")
	admin.open("/").submit("/sign-out", nil).want(200, "You are signed out.")
	kept := form.submit(invoice.path()+"/hold", url.Values{"reason": {"Under discussion"}}).want(401, "what you typed is kept")
	resume := kept.submit("/sign-in", url.Values{"email": {w.mail("admin")}, "password": {"remit-demo"}}).want(200, "Send what you typed?")
	resume.submit(invoice.path()+"/hold", nil).want(200, "The invoice is on hold.", "Under discussion")

	stranger := w.stranger()
	stranger.open("/invoices").want(401, "Sign in")
	stranger.open("/sign-in").submit("/sign-in", url.Values{"email": {"nobody@example.com"}, "password": {"wrong"}}).want(401, "E-mail or password is wrong.")
	stranger.open("/nothing").want(404, "Nothing here")
	stranger.open("/invitation/wrong").want(404)
	stranger.open("/pay/return?session_id=cs_wrong").want(404)
	stranger.open("/pay/return").want(200, "No payment was made")
	stranger.post("/sign-in/provider", nil).want(404) // no identity provider is configured
	stranger.open("/sign-in/provider/return?state=x&code=y").want(404)
}

// Protects a customer's user: he is led to his own page, sees no other and no
// staff's pages.
func TestCustomersUserSeesHisOwn(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	invoice := w.invoice(admin)
	mine := admin.open(invoice.link("/customers/0")).want(200).path()
	theirs := w.invoice(admin)
	other := admin.open(theirs.link("/customers/0")).path()
	id := uuid.MustParse(strings.TrimPrefix(mine, "/customers/"))
	_, err := w.program.Commands.CreateDemoUser(t.Context(), commands.DemoUser{Organisation: w.top, Email: w.mail("tenant"), Name: "Tara", CustomerID: &id})
	must(t, err)
	tara := w.stranger()
	own := tara.open("/sign-in").submit("/sign-in", url.Values{"email": {w.mail("tenant")}, "password": {"remit-demo"}}).want(200, "To pay", "Pay ticked")
	if own.path() != "/portal" {
		t.Errorf("led to %s", own.path())
	}
	tara.open(mine).want(200, "Add card")
	tara.open(other).want(404)
	tara.open("/portal/invoices/" + strings.TrimPrefix(theirs.path(), "/invoices/")).want(404)
	tara.open("/portal/pay?invoice=" + strings.TrimPrefix(theirs.path(), "/invoices/")).want(404)
	admin.open("/portal").want(404)
	tara.open("/settings/people").want(403)
	tara.open(invoice.path()).want(200, "Online payment is not available now.")
}

// Protects the way of an invoice to its customer: bank details are set by a
// form, the mail is in the mailbox with the PDF attached, staff, payer and
// customer open it from their pages, and whoever sees none of these gets none.
func TestInvoiceByMailAndAsPDF(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	form := admin.open("/settings/payments?at=" + url.QueryEscape(w.top))
	form.submit("/settings/payments", url.Values{"bank": {"yes"}}).want(422, "There is a problem", "Enter the bank details that payers are to use.")
	form.submit("/settings/payments", url.Values{"bank": {"yes"}, "bank_transfer.details": {"Harbour Bank\r\nAccount 1"}}).want(200, "Saved.", "Harbour Bank")
	customer := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Riverside"}, "email": {"ap@riverside.test"}, "organisation": {w.branch}, "currency": {"USD"}})
	draft := admin.open("/invoices/new").submit("/invoices/new", url.Values{
		"customer_id": {strings.TrimPrefix(customer.path(), "/customers/")}, "number": {"R/1 \"x\""}, "currency": {"USD"}, "due_date": {"2040-04-01"},
		"line_description": {"Boiler service"}, "line_quantity": {"2"}, "line_unit_price": {"600"},
	})
	admin.open("/demo/mailbox").want(200, "Mails Remit would have sent land here")
	sent := draft.submit(draft.path()+"/send", nil).want(200, "The invoice is sent.", "in the outbox for ap@riverside.test")
	box := admin.open("/demo/mailbox").want(200, "To ap@riverside.test", "$1,200.00, due 1 Apr 2040", "To pay by bank transfer", "(attached)")
	payer := w.signIn("payer")
	item := payer.open("/inbox").link("/inbox/0")
	viewer := w.signIn("viewer")
	for what, pdf := range map[string]*shown{
		"mail": admin.open(box.link("/demo/mailbox/0")), "staff": admin.open(sent.link(sent.path() + "/pdf")), "payer": payer.open(payer.open(item).link(item + "/pdf")),
		"viewer": viewer.open(sent.path() + "/pdf"),
	} {
		if pdf.status != 200 || !strings.HasPrefix(pdf.raw, "%PDF-") || pdf.header.Get("Content-Type") != "application/pdf" {
			t.Errorf("%s: %d %s", what, pdf.status, pdf.header.Get("Content-Type"))
		}
		if got := pdf.header.Get("Content-Disposition"); got != `attachment; filename="R_1__x_.pdf"` {
			t.Errorf("%s: %s", what, got)
		}
		if got := pdf.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox;") {
			t.Errorf("%s: %s", what, got)
		}
	}
	viewer.open(item + "/pdf").want(404)
	viewer.open(box.link("/demo/mailbox/0")).want(403)
	w.stranger().open(sent.path() + "/pdf").want(401)
}

package portal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/net/html"

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

	refund := done.link("/payments/")
	w.signIn("payer").open(refund).want(403, "It needs stripe=refund")
	asked := admin.open(refund).want(200, "can go back to where it came from", "It stays settled")
	asked.submit(refund, url.Values{"amount": {"5000"}, "reason": {"Too much"}}).want(422, "At most $")
	asked.submit(refund, url.Values{"amount": {"1"}, "reason": {""}}).want(422, "Say why")
	admin.open(refund).submit(refund, url.Values{"amount": {"100"}, "reason": {"Broken on arrival"}, "then": {"reopen"}}).
		want(200, "The refund is under way.", "Broken on arrival", "is due again", "Partly paid", "USD 100.00")
	admin.open(invoice.path()).want(200, "Refunded$100.00Left to payUSD 100.00")
}

// Protects a payer who left Stripe's page: the item is still among what is to
// do, says since when the page is open, and a payment here closes it.
func TestAnOpenCheckoutIsToldAndReplaced(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	w.invoice(admin)
	payer := w.signIn("payer")
	inbox := payer.open("/inbox")
	item := inbox.link("/inbox/0")
	form := inbox.submit(item+"/claim", nil).want(200)
	payer.open("/inbox").want(200, "Open with you")
	form.submit(item, url.Values{"amount": {"$300"}, "method": {"save"}}).hosted("4242424242424242").want(200, "Paid $300.00")
	payer.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	page := payer.open(item).submit(item, url.Values{"method": {"once"}}).header.Get("Location")
	payer.client.CheckRedirect = nil
	payer.open(page).want(200, "Pay Test", "$900.00")
	payer.open("/inbox?tab=underway").want(200, "No payment is under way.")
	payer.open("/inbox").want(200, "Payment page open", "Stripe's payment page is open since", "Pay $900.00")
	payer.open(item).want(200, "is open for this invoice since", "Paying here closes it.").submit(item, nil).want(200, "Paid $900.00")
	payer.open(page).want(410, "This page has expired")
}

// Protects who is signed out in the middle of a page: the sign-in page replaces
// all of it, with its header.
func TestASessionThatEndedShowsNoHeader(t *testing.T) {
	w := openWorld(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.program.URL+"/inbox/"+uuid.NewString(), strings.NewReader("amount=1"))
	must(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Hx-Request", "true")
	asked := w.stranger().send(request).want(401, "Sign in")
	if h := asked.header; h.Get("Hx-Retarget") != "body" || h.Get("Hx-Reselect") != "unset" {
		t.Errorf("the swap is %s of %s", h.Get("Hx-Retarget"), h.Get("Hx-Reselect"))
	}
}

// Protects monitors and link checkers: HEAD of a page is answered as GET, without
// a body.
func TestHeadOfPages(t *testing.T) {
	w := openWorld(t)
	for path, status := range map[string]int{"/": 401, "/sign-in": 200, "/nothing": 404, "/healthz": 200, "/v1/me": 405} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, w.program.URL+path, nil)
		must(t, err)
		if got := w.stranger().send(request); got.status != status || got.raw != "" {
			t.Errorf("HEAD %s: %d %q, want %d", path, got.status, got.raw, status)
		}
	}
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
	if at := w.signIn("viewer").open("/").path(); at != "/invoices" {
		t.Errorf("who pays nothing lands on %s", at)
	}
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

// Protects the form for excess: what nobody decides on is set by whoever may
// change payments, a wrong number of days names its field, a viewer only reads.
func TestExcessSettingsByForm(t *testing.T) {
	w := openWorld(t)
	form := w.signIn("admin").open("/settings/excess?at="+url.QueryEscape(w.top)).want(200, "Refund it the way it came")
	form.submit("/settings/excess", url.Values{"action": {"credit"}, "days": {"soon"}}).want(422, "There is a problem", "Enter a number of days from 0 to 365.")
	saved := form.submit("/settings/excess", url.Values{"action": {"credit"}, "days": {"30"}}).want(200, "Saved.", "Set here.")
	for what, stands := range map[string]func(*html.Node) bool{
		"credit chosen": func(n *html.Node) bool {
			return n.Data == "option" && attr(n, "value") == "credit" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "selected" })
		},
		"30 days": func(n *html.Node) bool { return attr(n, "name") == "days" && attr(n, "value") == "30" },
	} {
		if find(saved.root, stands) == nil {
			t.Errorf("the form does not stand at %s", what)
		}
	}
	w.signIn("viewer").open("/settings/excess?at="+url.QueryEscape(w.top)).want(200, "Changing them needs")
}

// Protects the way of an invoice to its customer: bank details and whom to ask
// are set by a form, the mail is in the mailbox with the PDF attached, staff, payer and
// customer open it from their pages, and whoever sees none of these gets none.
func TestInvoiceByMailAndAsPDF(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	form := admin.open("/settings/payments?at=" + url.QueryEscape(w.top))
	form.submit("/settings/payments", url.Values{"bank": {"yes"}}).want(422, "There is a problem", "Enter the bank details that payers are to use.")
	form.submit("/settings/payments", url.Values{"contact": {"ask the caretaker"}}).want(422, "There is a problem", "Enter one e-mail address or one telephone number")
	form.submit("/settings/payments", url.Values{"auto_charge_at": {"before"}, "auto_charge_days": {"61"}}).want(422, "There is a problem", "Charge at most 60 days before or after the due date.")
	form.submit("/settings/payments", url.Values{"charge_to": {"9:30"}}).want(422, "There is a problem", "Enter times like 09:00 and 18:00.")
	form.submit("/settings/payments", url.Values{"auto_charge": {"yes"}, "auto_charge_at": {"before"}, "auto_charge_days": {"2"}, "bank": {"yes"}, "bank_transfer.details": {"Harbour Bank\r\nAccount 1"}, "seller": {"Harbour Plumbing"}, "contact": {"+1 415 555 0100"}}).want(200, "Saved.", "Harbour Bank")
	customer := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Riverside"}, "email": {"ap@riverside.test"}, "organisation": {w.branch}, "currency": {"USD"}})
	draft := admin.open("/invoices/new").submit("/invoices/new", url.Values{
		"customer_id": {strings.TrimPrefix(customer.path(), "/customers/")}, "number": {"R/1 \"x\""}, "currency": {"USD"}, "due_date": {"2040-04-01"},
		"line_description": {"Boiler service"}, "line_quantity": {"2"}, "line_unit_price": {"600"},
	})
	admin.open("/demo/mailbox").want(200, "Mails Remit would have sent land here")
	sent := draft.submit(draft.path()+"/send", nil).want(200, "The invoice is sent.", "in the outbox for ap@riverside.test")
	box := admin.open("/demo/mailbox").want(200, "To ap@riverside.test", "$1,200.00, due 1 Apr 2040", "To pay by bank transfer", "Harbour Plumbing sends you invoice", "Ask Harbour Plumbing: +1 415 555 0100", "(attached)")
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

// Protects the way from a new card to what is owed: staff who add one for a
// customer are asked about the open invoices, look them over and pay.
func TestACardAddedByStaffPaysWhatIsOpen(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	customer := admin.open(w.invoice(admin).link("/customers/0")).path()
	saved := admin.open(customer).submit(customer+"/methods", nil).hosted("4242424242424242").want(200, "The payment method is saved.", "Pay the open invoice now?")
	over := saved.submit(customer+"/pay", nil).want(200, "Pay 1 invoice", "Visa 4242", "Back to ")
	over.submit(customer+"/pay", nil).want(200, "Paid ", "Back to ")
	if nothing := admin.open(customer+"?done=card").want(200, "The payment method is saved."); strings.Contains(nothing.raw, "now?") {
		t.Error("asked to pay what is paid")
	}
}

// Protects the form for retries: ladders are typed as lists, what is out of bounds
// names its field, and the past is replayed without saving anything.
func TestRetrySettingsByForm(t *testing.T) {
	w := openWorld(t)
	form := w.signIn("admin").open("/settings/retries?at="+url.QueryEscape(w.top)).want(200, "1, 3, 5, 7", "What nobody can change")
	form.submit("/settings/retries", url.Values{"do": {"save"}, "ladders.later_days": {"1, 20"}}).want(422, "There is a problem", "Enter not more than 14 days after the first failure.")
	form.submit("/settings/retries", url.Values{"do": {"save"}, "max_tries": {"many"}}).want(422, "There is a problem", "Enter from 1 to 8 tries.")
	form.submit("/settings/retries", url.Values{"do": {"replay"}, "ladders.later_days": {"7"}}).want(200, "Past failures, replayed", "No charge of a saved method has failed")
	saved := form.submit("/settings/retries", url.Values{"do": {"save"}, "ladders.later_days": {"2 4"}}).want(200, "Saved.", "Set here.")
	if find(saved.root, func(n *html.Node) bool { return attr(n, "name") == "ladders.later_days" && attr(n, "value") == "2, 4" }) == nil {
		t.Error("the form does not stand at 2, 4")
	}
	w.signIn("viewer").open("/settings/retries?at="+url.QueryEscape(w.top)).want(200, "Changing them needs")
}

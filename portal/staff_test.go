package portal_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"remit"
)

// Protects staff's pages: each opens for who may see it, and what it saves
// holds, all by links and forms.
func TestSettingsWithoutScript(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	for _, path := range []string{
		"/inbox?tab=underway", "/invoices", "/invoices?overdue=yes&status=open", "/customers", "/imports", "/settings", "/settings/payments", "/settings/audit",
		"/settings/tokens", "/settings/roles", "/settings/roles/edit", "/demo/mailbox", "/demo/clock", "/account", "/help",
	} {
		admin.open(path).want(200)
	}

	line := `<Assignee name="Invoice payers" path="` + w.branch + `" type="UNIT" scope="workflow=role('Invoice Payers')">`
	at := "/settings/workflow?at=" + url.QueryEscape(w.branch)
	admin.open(at).submit("/settings/workflow", url.Values{"mode": {"xml"}, "xml": {line}}).want(200, "Saved.", "3 people", "Set here.")
	admin.open(at).submit("/settings/workflow", url.Values{"mode": {"xml"}, "xml": {"<Assignee colour='red'>"}}).want(422, "There is a problem")

	admin.open("/settings/roles/edit").submit("/settings/roles/edit", url.Values{"name": {"Cover"}, "permissions": {"stripe"}}).want(422, "no \"=\"")
	admin.open("/settings/roles/edit").submit("/settings/roles/edit", url.Values{"name": {"Cover"}, "permissions": {"stripe=pay"}, "then": {"preview"}}).
		want(200, "Nobody gains or loses anything now.").submit("/settings/roles/edit", url.Values{"then": {"save"}}).want(200, "Cover")

	people := admin.open("/settings/people").want(200, "clerk")
	invited := people.submit("/settings/people", url.Values{"email": {"kim@example.com"}, "name": {"Kim Lo"}, "role": {"Cover"}, "path": {w.branch}}).want(200, "Pass this link on")
	link := invited.cut("/invitation/")
	kim := w.stranger()
	kim.open(link).want(200, "You are invited to "+w.top).submit(link, url.Values{"password": {"short"}}).want(422)
	kim.open(link).submit(link, url.Values{"password": {"violet umbrella 93 sandwich"}}).want(200, "You are in.").
		submit("/sign-in", url.Values{"email": {"kim@example.com"}, "password": {"violet umbrella 93 sandwich"}}).want(200, "Inbox")

	person := admin.open(admin.open("/settings/people").saying("Kim Lo")).want(200, "Cover")
	person.submit(person.path(), url.Values{"scope": {"stripe=pay"}, "where": {w.branch}}).want(200, "Cover")
	ask := person.submit(person.path()+"/grant", url.Values{"role": {"Clerks"}, "path": {w.branch}}).want(200, "gains")
	ask.submit(person.path()+"/grant", nil).want(200, "The role is given.")

	made := admin.open("/settings/tokens").submit("/settings/tokens", url.Values{"name": {"Nightly"}, "scopes": {"invoice=read"}}).want(200, "It is shown this once.")
	admin.open("/settings/tokens").submit(made.cut("/settings/tokens/0"), nil).want(200, "The token is revoked.", "Revoked")
	admin.open("/settings/audit?action=token.create").want(200, "token.create", "Done")
	admin.post("/account/mfa", nil).want(200, "Scan this with your authenticator app")
}

// Protects bringing in a file and what the clock then does: progress has an
// address, bad rows say why, a due date that passes shows.
func TestImportAndClock(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	due := remit.DateOf(time.Now()).AddDays(10).String()
	file := "customer,number,invoice_date,due_date,total\nRiverside,M-1," + remit.DateOf(time.Now()).String() + "," + due + ",120.00\nRiverside,M-2,2026-01-01,31/02/2013,50.00\n"
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(t, form.WriteField("organisation", w.branch))
	part, err := form.CreateFormFile("file", "march.csv")
	must(t, err)
	_, err = part.Write([]byte(file))
	must(t, err)
	must(t, form.Close())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.program.URL+"/imports", &body)
	must(t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	report := admin.send(request)
	w.eventually("the import ends", func() bool { return strings.Contains(admin.open(report.path()).raw, "Imported ") })
	admin.open(report.path()).want(200, "march.csv", "Bad rows")
	if poll, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.program.URL+report.path()+"?known=running+0", nil); err == nil {
		poll.Header.Set("Hx-Request", "true")
		if got := admin.send(poll); got.status != 286 {
			t.Errorf("a poll with news that is final answers %d", got.status)
		}
	}
	admin.open("/imports").submit("/imports", nil).want(422, "Choose a CSV file, or e-invoices.")
	admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"45"}}).want(200, "What fired")
	admin.open("/demo/clock").submit("/demo/clock", url.Values{"to": {"2001-01-01"}}).want(422, "it only goes forward")
	admin.open("/invoices?overdue=yes").want(200, "M-1", "Overdue")
}

// Protects the after-payment script's page: a trial changes nothing, only what
// passed is saved, a failure is told to staff and mended from there, and the
// whole goes out and in as a file.
func TestAfterPaymentScriptPages(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	at := "/settings/workflow?at=" + url.QueryEscape(w.branch)
	send := func(then, source, number string) *shown {
		return admin.open(at).submit("/settings/workflow/script", url.Values{"source": {source}, "number": {number}, "then": {then}})
	}
	admin.open(at).want(200, "The script that Remit ships with holds here")
	send("save", "def after_payment(invoice, payment):\r\n    return invoise", "").want(422, "Line 2: `invoise` is unknown.")
	send("try", "def after_payment(invoice, payment):\n    return [{'set_label': 'Settled'}]", "").want(200, "on an invoice that is made up", "passed", `label "Settled"`)
	send("try", "def after_payment(invoice, payment):\n    return []", "NONE-1").want(422, "There is no invoice NONE-1")
	admin.open(at).want(200, "The script that Remit ships with holds here")

	picky := "def after_payment(invoice, payment):\n    if invoice.number != 'EXAMPLE-1':\n        fail('not this one')\n    return []"
	send("save", picky, "").want(200, "Saved.", "Saved here.", "Version 1, admin")
	invoice := w.invoice(admin)
	admin.open(invoice.path()+"/record").submit(invoice.path()+"/record", url.Values{"amount": {"1200"}, "reference": {"R-1"}}).want(200, "The transfer is recorded.")
	w.eventually("the page tells of the script", func() bool {
		return strings.Contains(admin.open(invoice.path()).raw, "The after-payment script failed.")
	})
	admin.open(invoice.path()).want(200, "Line 3: fail: not this one", "Run it again", "Paid")
	admin.open(at).want(200, "The after-payment script failed on 1 payment.", "not this one")

	send("save", "def after_payment(invoice, payment):\n    return [{'set_label': 'Mended'}, {'add_note': 'x'}]", "").want(200, "Version 2, admin")
	admin.open(invoice.path()).submit(invoice.path()+"/script", nil).want(200, "The script runs again.")
	w.eventually("the page tells of the script", func() bool { return strings.Contains(admin.open(invoice.path()).raw, "Mended") })
	file := admin.open(strings.Replace(at, "workflow?", "workflow/file?", 1)).want(200, "remit-workflow/1", "Mended")
	if !strings.HasPrefix(file.raw, "{") {
		t.Errorf("the file is %s", file.raw)
	}
	w.signIn("payer").open(at).want(404)
}

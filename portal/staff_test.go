package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Protects staff's pages: each opens for who may see it, and what it saves
// holds, all by links and forms.
func TestSettingsWithoutScript(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	for _, path := range []string{
		"/inbox?tab=underway", "/invoices", "/invoices?overdue=yes&status=open", "/customers", "/imports", "/due-date-runs", "/settings", "/settings/payments", "/settings/excess", "/settings/retries", "/settings/audit",
		"/settings/tokens", "/settings/roles", "/settings/roles/edit", "/demo/mailbox", "/demo/clock", "/account", "/help",
	} {
		admin.open(path).want(200)
	}

	line := `<Assignee name="Invoice payers" path="` + w.branch + `" type="UNIT" scope="workflow=role('Invoice Payers')">`
	at := "/settings/workflow?at=" + url.QueryEscape(w.branch)
	admin.open(at).submit("/settings/workflow", url.Values{"mode": {"xml"}, "xml": {line}}).want(200, "Saved.", "3 people", "Set here.")
	nobody := strings.Replace(line, "'Invoice Payers'", "'Nobodies'", 1)
	admin.open(at).submit("/settings/workflow", url.Values{"mode": {"xml"}, "xml": {nobody}}).want(200, "Saved.", "Nobody was given the role Nobodies at "+w.branch)
	admin.open(at).submit("/settings/workflow", url.Values{"mode": {"xml"}, "xml": {line}}).want(200, "3 people")
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
	hooks := admin.open("/settings/webhooks").want(200, "No address is told of anything.")
	hooks.submit("/settings/webhooks", url.Values{"url": {"https://10.0.0.1/"}}).want(422, "There is a problem", "The address must be on the public internet.")
	hooks.submit("/settings/webhooks", url.Values{"url": {"https://93.184.215.14/"}, "events": {"invoice.payed"}}).want(422, "is not a type of event")
	added := hooks.submit("/settings/webhooks", url.Values{"url": {"https://93.184.215.14/hook"}, "events": {"invoice.paid\r\npayment.failed"}}).want(200, "It is shown this once.", "whsec_", "Nothing sent yet")
	admin.open("/settings/webhooks").submit(added.cut("/settings/webhooks/0"), nil).want(200, "Removed.", "No address is told of anything.")
	admin.open("/settings/audit?action=token.create").want(200, "token.create", "Done")
	admin.open("/settings/audit?action=token&who=ADMIN@"+strings.TrimPrefix(w.top, "/")).want(200, "token.create", "token.revoke")
	admin.open("/settings/audit?who=nobody@").want(200, "No entry fits.")
	admin.open("/settings/audit?action=oken.create").want(200, "No entry fits.")
	made.p.open("/settings/audit?object=TOKEN%20").want(200, "token.create")
	admin.post("/account/mfa", nil).want(200, "Scan this with your authenticator app")
}

// Protects bringing in a file and what the clock then does: progress has an
// address, bad rows say why, a due date that passes shows.
func TestImportAndClock(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	due := firstDay().AddDays(10).String()
	file := "customer,number,invoice_date,due_date,total\nRiverside,M-1," + firstDay().String() + "," + due + ",120.00\nRiverside,M-2,2026-01-01,31/02/2013,50.00\nRiverside,M-3,1/2/2026,2040-01-01,60.00\n"
	report := admin.upload("/imports", "organisation", w.branch, "march.csv", file)
	w.eventually("the import ends", func() bool { return strings.Contains(admin.open(report.path()).raw, "Imported ") })
	admin.open(report.path()).want(200, "march.csv", "Bad rows", "1/2/2026 on line 4 is 2 Jan 2026.")
	if poll, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.program.URL+report.path()+"?known=running+0", nil); err == nil {
		poll.Header.Set("Hx-Request", "true")
		if got := admin.send(poll); got.status != 286 {
			t.Errorf("a poll with news that is final answers %d", got.status)
		}
	}
	admin.open("/imports").submit("/imports", nil).want(422, "Choose a CSV file, or e-invoices.")
	admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"45"}}).want(200, "What happened", " is overdue: it was due on ")
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
	broken := strings.Replace(file.raw, "Mended", "Mended' ++ '", 1)
	admin.upload("/settings/workflow/file", "organisation", w.branch, "workflow.json", broken).want(422, "There is a problem")
	admin.upload("/settings/workflow/file", "organisation", w.branch, "workflow.json", "nonsense").want(422, "This is not a workflow's file: ").lacks("We failed")
	admin.upload("/settings/workflow/file", "organisation", w.branch, "workflow.json", `{"format":"remit-workflow/1","step":[]}`).want(422, "This is not a workflow's file: ", "step")
	admin.open(at).want(200, "Version 2, admin")
	admin.upload("/settings/workflow/file", "organisation", w.branch, "workflow.json", strings.ReplaceAll(file.raw, "Mended", "From a file")).want(200, "From a file", "Version 3, admin")
	asked := admin.open(strings.Replace(at, "workflow?", "workflow/script/remove?", 1)).want(200, "Remove the script saved at "+w.branch+"?")
	asked.submit("/settings/workflow/script/remove", nil).want(200, "Removed.", "The script that Remit ships with holds here", "Version 3, admin")
	w.signIn("payer").open(at).want(404)
}

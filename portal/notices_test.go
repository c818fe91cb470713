package portal_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"
)

// N5, R13, T42: notices are set by a form, their texts are tried on an invoice before
// they are saved, and what cannot be filled in names its field; a customer stops his
// reminders by a link, which does nothing when it is only opened, and staff see it.
func TestNoticesByForm(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	form := admin.open("/settings/notices?at="+url.QueryEscape(w.top)).want(200, "Remind customers of what they owe", "Mails about failed charges go to:", "as no contact is named in the", "None. What a mail server refuses")
	form.submit("/settings/notices", url.Values{"reminders": {"yes"}, "after_due_days": {"10, 3"}}).want(422, "There is a problem", "later than the one before it")
	form.submit("/settings/notices", url.Values{"reminders": {"yes"}, "after_due_days": {"3, 10"}, "thresholds": {"USD 1.001"}}).want(422, "There is a problem")
	form.submit("/settings/notices", url.Values{"reminders": {"yes"}, "after_due_days": {"3, 10"}, "thresholds": {"USD 10"}, "bcc": {"books@acme.test"}, "on": {"paid"}}).want(200, "Saved.", "Set here.", "USD 10.00", "Nobody in the business gets mails about failed charges")
	w.signIn("viewer").open("/settings/notices?at=" + url.QueryEscape(w.top)).want(403)

	customer := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Riverside"}, "email": {"ap@riverside.test"}, "organisation": {w.branch}, "currency": {"USD"}})
	invoice := w.invoiceFor(admin, strings.TrimPrefix(customer.path(), "/customers/"))
	text := admin.open("/settings/notices/reminder?at="+url.QueryEscape(w.top)).want(200, "What can be filled in", "{{bank_transfer}}")
	id := strings.TrimPrefix(invoice.path(), "/invoices/")
	text.submit("/settings/notices/reminder", url.Values{"subject": {"x"}, "text": {"{{.Env}}"}, "do": {"save"}}).want(422, "There is a problem", "there is no {{.Env}}")
	text.submit("/settings/notices/reminder", url.Values{"subject": {"Pay {{number}}"}, "text": {"Dear <b>{{customer}}</b>"}, "invoice": {id}, "do": {"preview"}}).want(200, "It is not sent", "Dear <b>Riverside</b>", "To get no more reminders")
	text.submit("/settings/notices/reminder", url.Values{"subject": {"Pay {{number}}"}, "text": {"Dear {{customer}}"}, "do": {"save"}}).want(200, "Saved.", "Dear {{customer}}", "Take this text away")

	db, err := pgx.Connect(t.Context(), w.database)
	must(t, err)
	defer func() { must(t, db.Close(t.Context())) }()
	_, err = db.Exec(t.Context(), "update mails set stage = 'reminder/1', state = 'bounced', last_error = '550 no such user' where invoice_id = $1", id)
	must(t, err)
	troubles := admin.open("/settings/notices?at="+url.QueryEscape(w.top)).want(200, "Refused", "550 no such user")
	troubles.submit(troubles.cut("/settings/notices/mails/"), nil).want(200, "The mail is on its way again.", "None. What a mail server refuses")
	link := admin.open("/demo/mailbox").cut("/unsubscribe/")
	nobody := w.stranger()
	nobody.open(link + "x").want(404)
	page := nobody.open(link).want(200, "Get no more reminders?")
	nobody.open(link).want(200, "Get no more reminders?")
	page.submit(link, nil).want(200, "sends you no more reminders")
	nobody.open(link).want(200, "sends you no more reminders")

	edit := admin.open(customer.path()+"/edit").want(200, "Send reminders")
	if find(edit.root, func(n *html.Node) bool {
		return attr(n, "name") == "reminders" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" })
	}) != nil {
		t.Error("the customer's form has him reminded")
	}
	edit.submit(customer.path()+"/edit", url.Values{"reminders": {"yes"}}).want(200, "Saved.")
	nobody.open(link).want(200, "Get no more reminders?")

	promise := admin.open(invoice.path()+"/promise").want(200, "Promised for")
	promise.submit(invoice.path()+"/promise", url.Values{"date": {"2020-01-01"}}).want(422, "from today on")
	promise.submit(invoice.path()+"/promise", url.Values{"date": {firstDay().AddDays(5).String()}, "note": {"by telephone"}}).want(200, "The promise is noted.", "No reminder is sent before.", "by telephone")
}

package portal_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// Protects whoever runs due dates, and whoever is charged, without script: what is
// due is foretold and charged by forms, a deposit is asked for alone, and a customer's
// user reads what comes, keeps the method it needs, and stops it.
func TestDueDatesAreRunByForms(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	admin.open("/settings/payments?at="+url.QueryEscape(w.top)).submit("/settings/payments", url.Values{"auto_charge": {"yes"}, "partial": {}}).want(200, "Saved.")
	customer := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Riverside"}, "email": {"ap@riverside.test"}, "organisation": {w.branch}, "currency": {"USD"}})
	admin.open(customer.path()).want(200, "On. Invoices made from now on").submit(customer.path()+"/methods", nil).hosted("4242424242424242")
	soon, due := time.Now().AddDate(0, 0, 10).Format(time.DateOnly), time.Now().AddDate(0, 0, 20).Format(time.DateOnly)
	fields := url.Values{
		"customer_id": {strings.TrimPrefix(customer.path(), "/customers/")}, "number": {"D-1"}, "currency": {"USD"}, "due_date": {due},
		"line_description": {"Boiler service"}, "line_quantity": {"1"}, "line_unit_price": {"1200"}, "deposit": {"1,200"}, "deposit_due": {soon}, "then": {"send"},
	}
	admin.open("/invoices/new").submit("/invoices/new", fields).want(422, "There is a problem", "The deposit is less than the total")
	fields.Set("deposit", "200")
	invoice := admin.open("/invoices/new").submit("/invoices/new", fields).want(200, "The invoice is sent.", "Charges $200.00 to Visa 4242", "Automatic charge", "On, on the due date, 09:00 to 18:00", "Deposit, due")
	admin.open("/invoices?attention=yes").want(200, "No invoice fits.")

	run := admin.open("/due-date-runs").want(200, "Runs are listed here").submit("/due-date-runs", url.Values{"as_of": {soon}, "do": {"run"}})
	run.want(422, "There is a problem", "A dry run may look ahead.")
	run.submit("/due-date-runs", url.Values{"as_of": {""}, "do": {"dry"}}).want(422, "Give a date")
	run.submit("/due-date-runs", url.Values{"as_of": {"2001-01-01"}, "do": {"dry"}}).want(422, "There is a problem", "already at", "today's date or a later one")
	dry := admin.open("/due-date-runs").submit("/due-date-runs", url.Values{"as_of": {soon}, "do": {"dry"}})
	dry = w.until(admin, dry.path(), "What would be charged by")
	dry.want(200, "To be charged", "D-1", "Riverside", "Visa 4242", "USD 200.00", "Expected in all")
	admin.open("/due-date-runs").want(200, "Dry run")
	w.signIn("viewer").open(dry.path()).want(404)
	w.signIn("viewer").open("/due-date-runs").want(403, "It needs invoice=charge")

	link := w.stranger().open(invoice.link(w.program.URL + "/pay/"))
	link.want(200, "We will charge $200.00 to the saved method on", "Pay the deposit, $200.00", "Pay all $1,200.00")
	invoice.submit(invoice.path()+"/auto-charge", nil).want(200, "It is not charged by itself any more.", "Off. Nothing is charged unless somebody pays.")
	w.stranger().open(invoice.link(w.program.URL+"/pay/")).want(200, "Deposit $200.00 of $1,200.00 is due.")
	admin.open(invoice.path()).submit(invoice.path()+"/auto-charge", nil).want(200, "It is charged by itself from now on.")

	removal := admin.open(customer.path()).link(customer.path() + "/methods/")
	admin.open(removal).submit(removal, nil).want(409, "Due to pay D-1 on", "Choose another first.")
	charged := admin.open(invoice.path()).submit(invoice.path()+"/charge", nil).want(200, "It is being charged.")
	w.until(admin, charged.path(), "Partly paid").want(200, "USD 1,000.00")
	admin.open(customer.path()).submit(customer.path()+"/automatic", nil).want(200, "Off. Nothing is charged unless somebody pays.")
	admin.open(invoice.path()).want(200, "The customer said no to automatic charges.")
}

// until is a page once it says something.
func (w *world) until(p *person, path, words string) (page *shown) {
	w.t.Helper()
	w.eventually(words, func() bool {
		page = p.open(path)
		return strings.Contains(page.raw, words)
	})
	return page
}

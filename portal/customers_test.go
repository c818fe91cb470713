package portal_test

import (
	"net/url"
	"strings"
	"testing"
)

// Protects the list of customers: who may see their methods reads there with what each
// pays by itself, and that it is a card that has expired; others see no such column.
// The plan of who is who at Stripe says what all of it comes to.
func TestCustomersListTellsHowTheyPay(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	customer := admin.open(w.invoice(admin).link("/customers/0")).path()
	admin.open("/customers").want(200, "Method", "None")
	admin.open("/customer-mapping").want(200, "0 to map, 1 to create, 0 ignored, 0 conflicts.")
	admin.open(customer).submit(customer+"/methods", nil).hosted("4242424242424242").want(200, "The payment method is saved.")
	admin.open("/customers").want(200, "Visa 4242").lacks("expired")
	w.signIn("clerk").open("/customers").want(200, "Riverside").lacks("Method")
	w.sql("update payment_methods set exp_month = 1, exp_year = 2020 where customer_id::text = '" + strings.TrimPrefix(customer, "/customers/") + "'")
	admin.open("/customers").want(200, "Visa 4242, expired")
}

// Protects what is kept of a customer besides, in the browser: the form saves it and says
// by the field what is wrong with it, what was left as it was shown is not written over
// what another wrote meanwhile, and characters that a line cannot tell apart stay.
func TestDetailsOfACustomerByForm(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	made := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Riverside"}, "organisation": {w.branch}, "currency": {"USD"}, "legal_name": {"Riverside LLC"}})
	customer := made.want(200, "Details", "Riverside LLC").path()
	form := func() *shown { return admin.open(customer + "/edit") }
	form().submit(customer+"/edit", url.Values{"address.country": {"Britain"}}).want(422, "There is a problem", "Give a country's two letters, like GB.")
	form().submit(customer+"/edit", url.Values{"url": {"riverside"}}).want(422, "Give an address on the web, like https://example.com/.")
	form().submit(customer+"/edit", url.Values{"billing_emails": {"a@b.test\r\nnobody"}}).want(422, "Enter addresses, like ana@example.com.")
	form().submit(customer+"/edit", url.Values{"external_ids": {"1234"}}).want(422, "Give a key, like Xero")
	form().submit(customer+"/edit", url.Values{"external_ids": {"Stripe: cus_1"}}).want(422, "The id at Stripe is a link")
	form().submit(customer+"/edit", url.Values{"telephone": {"020 1"}, "address.line1": {"1 Quay"}, "address.country": {"gb"}, "aliases": {"RA\r\n\r\nThe quay"}, "external_ids": {"Xero: 1234"}}).
		want(200, "Riverside LLC", "020 1", "1 Quay", "GB", "The quay", "Xero: 1234")

	id := strings.TrimPrefix(customer, "/customers/")
	w.sql(`update customers set details = details || '{"external_ids": [{"key": "a: b", "value": " c"}]}' where id = $1`, id)
	open := form()
	w.sql(`update customers set details = details || '{"telephone": "020 2"}' where id = $1`, id)
	open.submit(customer+"/edit", url.Values{"tax_status": {"Exempt"}, "aliases": {""}}).want(200, "Exempt", "020 2", "1 Quay").lacks("The quay")
	form().submit(customer+"/edit", url.Values{"external_ids": {"a: b:  c\r\nHubSpot: 7"}}).want(200, "HubSpot: 7")
	if is := w.sqlOne("select details -> 'external_ids' ->> 0 from customers where id = '" + id + "'"); is != `{"key": "a: b", "value": " c"}` {
		t.Errorf("the id with odd characters is %s", is)
	}
}

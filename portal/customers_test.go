package portal_test

import (
	"strings"
	"testing"
)

// Protects the list of customers: who may see their methods reads there with what each
// pays by itself, and that it is a card that has expired; others see no such column.
func TestCustomersListTellsHowTheyPay(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	customer := admin.open(w.invoice(admin).link("/customers/0")).path()
	admin.open("/customers").want(200, "Method", "None")
	admin.open(customer).submit(customer+"/methods", nil).hosted("4242424242424242").want(200, "The payment method is saved.")
	admin.open("/customers").want(200, "Visa 4242").lacks("expired")
	w.signIn("clerk").open("/customers").want(200, "Riverside").lacks("Method")
	w.sql("update payment_methods set exp_month = 1, exp_year = 2020 where customer_id::text = '" + strings.TrimPrefix(customer, "/customers/") + "'")
	admin.open("/customers").want(200, "Visa 4242, expired")
}

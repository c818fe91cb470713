package remit_test

import (
	"testing"

	"remit"
)

// Protects a customer from the invoices of another who has the same number in
// some seller's books.
func TestIsBuyer(t *testing.T) {
	acme := remit.Customer{Name: "Acme  Zoë GmbH", Email: "ap@acme.test", ExternalID: "DE123456789"}
	for _, c := range []struct {
		name, email, vat string
		want             bool
	}{
		{"ACME Zoe\u0308 gmbh ", "", "", true},
		{"Acme Zoë GmbH", "other@acme.test", "", true},
		{"Acme Holding", "AP@acme.test", "", true},
		{"Acme Holding", "", "DE123456789", true},
		{"Acme Holding", "", "DE987654321", false},
		{"Acme Holding", "other@acme.test", "", false},
		{"", "", "", false},
	} {
		if got := acme.IsBuyer(c.name, c.email, c.vat); got != c.want {
			t.Errorf("%q %q %q: %t", c.name, c.email, c.vat, got)
		}
	}
	if (remit.Customer{Name: "Initech"}).IsBuyer("Acme", "", "") {
		t.Error("what both lack is no agreement")
	}
}

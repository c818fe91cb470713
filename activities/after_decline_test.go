package activities

import (
	"strings"
	"testing"

	"remit"
	"remit/postgres"
)

// Where Stripe itself tries a charge again, nobody is told that it is not tried again,
// nor to pay another way, which might be twice.
func TestPayersAreToldThatStripeTriesAgain(t *testing.T) {
	l := &postgres.LockedInvoice{Invoice: remit.Invoice{Collection: remit.Collection{State: remit.CollectionAsks}}}
	payer, business, err := afterDecline(t.Context(), nil, l, true)
	if err != nil || !strings.Contains(payer, "tried again") || strings.Contains(payer, "Please pay another way") || !strings.Contains(business, "Stripe tries it again") {
		t.Errorf("told %q and %q, %v", payer, business, err)
	}
	if payer, business, _ = afterDecline(t.Context(), nil, l, false); payer != "Please pay another way." || business != "It is not tried again by itself." {
		t.Errorf("else %q and %q", payer, business)
	}
}

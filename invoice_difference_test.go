package remit_test

import (
	"slices"
	"testing"

	"remit"
)

// Protects whoever imports an invoice a second time that was changed: he reads
// which fields differ, with both figures.
func TestDifferences(t *testing.T) {
	t.Parallel()
	due := remit.Date{}.AddDays(0)
	there := remit.Invoice{Total: 12000, Currency: "USD", DueDate: due, Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: "120.00", Amount: 12000}}}
	here := there
	here.Total = 15000
	here.Lines = []remit.Line{{Description: "Work", Quantity: "1.25", UnitPrice: "120.00", Amount: 15000}}
	here.Seller.Name = "Initech"
	want := []string{
		"total USD 120.00 there, USD 150.00 here", "seller none there, Initech here", "line 1: quantity 1 there, 1.25 here", "line 1: amount USD 120.00 there, USD 150.00 here",
	}
	if got := remit.Differences(there, here); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := remit.Differences(there, there); len(got) != 1 {
		t.Errorf("the same invoice differs by %q", got)
	}
}

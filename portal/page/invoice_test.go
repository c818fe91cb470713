package page

import (
	"testing"

	"remit"
)

// Protects Void being offered where it will be done: never beside money that
// was paid, but where a customer's credit alone paid.
func TestVoidIsOfferedWhereNoMoneyIs(t *testing.T) {
	money := []remit.Payment{{AmountCaptured: 5000}}
	given := []remit.Payment{{AmountCaptured: 5000, AmountRefunded: 5000}}
	for name, c := range map[string]struct {
		status   remit.InvoiceStatus
		applied  int64
		payments []remit.Payment
		want     bool
	}{
		"draft":                {remit.InvoiceDraft, 0, nil, true},
		"open":                 {remit.InvoiceOpen, 0, nil, true},
		"open after a decline": {remit.InvoiceOpen, 0, []remit.Payment{{}}, true},
		"given back":           {remit.InvoiceOpen, 0, given, true},
		"partly paid":          {remit.InvoicePartiallyPaid, 5000, money, false},
		"partly from credit":   {remit.InvoicePartiallyPaid, 5000, nil, true},
		"paid":                 {remit.InvoicePaid, 5000, money, false},
		"paid from credit":     {remit.InvoicePaid, 5000, nil, true},
		"paid, nothing due":    {remit.InvoicePaid, 0, nil, false},
		"refunded and settled": {remit.InvoicePaid, 5000, given, false},
		"contested":            {remit.InvoiceContested, 0, nil, false},
		"void":                 {remit.InvoiceVoid, 0, nil, false},
	} {
		v := Invoice{Invoice: remit.Invoice{Status: c.status, Applied: c.applied}, Payments: c.payments}
		if got := v.voidable(); got != c.want {
			t.Errorf("%s: offered is %t", name, got)
		}
	}
}

package activities_test

import (
	"testing"

	"remit"
)

// What is left of an invoice is not carried onto one that credit pays, with it, but for a
// rest that is given up: it would be given up with that, though nobody said so of it. No
// cent is lost between them, nor comes twice (C10, M8).
func TestNothingIsCarriedToBeGivenUp(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		credit           int64
		small            remit.InvoiceStatus
		owes, next, left int64
	}{
		"credit pays it to the cent":           {10_00, remit.InvoiceOpen, 40, 0, 0},
		"and some is left":                     {10_15, remit.InvoiceOpen, 40, 0, 15},
		"and pays both":                        {10_40, remit.InvoiceCarried, 0, 0, 0},
		"but for what is given up":             {9_70, remit.InvoiceOpen, 40, 0, 0},
		"but for what may be charged":          {9_50, remit.InvoiceCarried, 0, 90, 0},
		"there is none, and all is to be paid": {0, remit.InvoiceCarried, 0, 10_40, 0},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			s.remainders(remit.RemainderCarry)
			small := s.invoice(40)
			s.remainders(remit.RemainderWaive)
			if c.credit > 0 {
				s.giveCredit(c.credit)
			}
			next := s.invoice(10_00)
			status := remit.InvoicePaid
			if c.next > 0 {
				status = remit.InvoiceOpen
				if c.credit > 0 {
					status = remit.InvoicePartiallyPaid
				}
			}
			s.owes(small, c.small, c.owes)
			s.owes(next, status, c.next)
			if left := s.credit(); left != c.left {
				t.Errorf("of %d of credit %d is left", c.credit, left)
			}
		})
	}
}

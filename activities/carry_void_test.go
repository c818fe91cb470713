package activities_test

import (
	"testing"

	"remit"
)

// An invoice of which a rest was carried, and the money refunded since, is cancelled for
// what it bills itself. What the next one bills of it stays there, and is gone with that
// one (C10).
func TestVoidOfWhatIsOwedBesideTheCarried(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	s.remainders(remit.RemainderCarry)
	ref := s.invoice(100_20)
	s.perform(ref, s.pay(ref, 100_20, s.card))
	_, payments := s.read(ref)
	refund := func(amount int64) {
		asked, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: amount, Choice: remit.RefundReopens})
		if refused != nil {
			t.Fatalf("a refund answered %+v", refused)
		}
		s.send(asked)
	}
	refund(20)
	s.perform(ref, s.request(ref, remit.RequestLiftHold, remit.ReasonRequest{}))
	next := s.invoice(50_00)
	s.owes(ref, remit.InvoicePaid, 0)
	s.owes(next, remit.InvoiceOpen, 50_20)
	refund(100_00)
	s.owes(ref, remit.InvoiceOpen, 100_00)
	for _, step := range []struct {
		void remit.InvoiceRef
		next remit.InvoiceStatus
		owed int64
	}{{ref, remit.InvoiceOpen, 50_20}, {next, remit.InvoiceVoid, 0}} {
		if refused := s.voids(step.void); refused != nil {
			t.Fatalf("the void answered %+v", refused)
		}
		s.owes(ref, remit.InvoiceVoid, 0)
		s.owes(next, step.next, step.owed)
	}
}

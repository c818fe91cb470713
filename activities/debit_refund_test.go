package activities_test

import (
	"strings"
	"testing"
	"time"

	"remit"
)

// askedNow is asked, dated by the shop's clock.
func (s *shop) askedNow(ref remit.InvoiceRef, in remit.RefundRequest) (remit.RefundRef, *remit.Refusal) {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.asksNow(s.refund(ref, in)))
	must(s.t, err)
	if done.Result.Refused != nil {
		return remit.RefundRef{}, done.Result.Refused
	}
	return remit.RefundRef{Tenant: s.tenant, Invoice: ref.Invoice, Refund: *done.Result.Refund}, nil
}

// settledDebit is an invoice of 50.00 that an account has paid.
func (s *shop) settledDebit(number string) (remit.InvoiceRef, remit.Payment) {
	s.t.Helper()
	s.mayRefund()
	ref := s.invoice(5000)
	if refused := s.debited(ref, 5000, s.bank(number)); refused != nil {
		s.t.Fatal(refused)
	}
	s.pass(ref, 7)
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoicePaid {
		s.t.Fatalf("the invoice is %s", invoice.Status)
	}
	return ref, payments[0]
}

// A debit is refunded once it has settled, and for half a year; before and after
// whoever asks is told so, and nothing is promised (M14).
func TestDebitIsRefundedInItsTime(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.mayRefund()
	s.keepsItsMoney()
	ref := s.invoice(5000)
	s.debited(ref, 5000, s.bank(bankPays))
	_, payments := s.read(ref)
	in := remit.RefundRequest{Payment: payments[0].ID, Amount: 2000, Reason: "less", Choice: remit.RefundSettles}
	_, refused := s.askedNow(ref, in)
	if by := s.lastTry(ref).ResultBy().Words(); refused == nil || refused.Message != "Settling; refund from "+by+"." {
		t.Fatalf("before it settled: %+v", refused)
	}
	s.pass(ref, 8)
	asked, refused := s.askedNow(ref, in)
	if refused != nil {
		t.Fatal(refused)
	}
	if r := s.send(asked); r.State != remit.RefundPending && r.State != remit.RefundSucceeded {
		t.Errorf("the refund is %s: %s", r.State, r.Failure)
	}
	s.pass(ref, 200)
	if _, refused := s.askedNow(ref, in); refused == nil || !strings.Contains(refused.Message, "180 days") {
		t.Errorf("half a year on: %+v", refused)
	}
	if cents, n := s.sentBack(payments[0]); cents != 2000 || n != 1 {
		t.Errorf("%d went back in %d", cents, n)
	}
	s.balances()
}

// What the balance at Stripe does not cover fails, as the refund of a debit does:
// it is recorded so and undone, and the invoice is paid as before.
func TestDebitsRefundThatTheBalanceDoesNotCover(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.settledDebit(bankPays)
	s.passed += 10 * 24 * time.Hour // all of it is paid out
	s.later(t, s.passed)
	asked, refused := s.askedNow(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Reason: "all", Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	for range 3 {
		s.passed += 24 * time.Hour
		s.later(t, s.passed)
		s.send(asked)
	}
	r := s.refundOf(asked)
	invoice, _ := s.read(ref)
	if r.State != remit.RefundFailed || !strings.Contains(r.Failure, "balance at Stripe is too small") || invoice.Status != remit.InvoicePaid || invoice.Hold != nil {
		t.Fatalf("the refund is %s (%s), the invoice %s, hold %+v", r.State, r.Failure, invoice.Status, invoice.Hold)
	}
	s.everyCent()
}

// A refund and the bank's return of the same debit never give the payer's money
// twice on the ledger: what the return takes is only what had not gone back, and a
// refund that comes after it is refused.
func TestRefundRacesAReturn(t *testing.T) {
	for _, first := range []string{"refund", "return", "reserved"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			s.keepsItsMoney()
			ref, payment := s.settledDebit(bankPays)
			in := remit.RefundRequest{Payment: payment.ID, Amount: 2000, Reason: "less", Choice: remit.RefundReopens}
			var asked remit.RefundRef
			var refused *remit.Refusal
			if first != "return" {
				if asked, refused = s.askedNow(ref, in); refused != nil {
					t.Fatal(refused)
				}
			}
			if first == "refund" {
				s.send(asked)
			}
			s.act("/charges/"+payment.Charge+"/return", map[string]any{"reason": "debit_not_authorized"})
			s.event(ref, "charge.dispute.created")
			s.advance(ref)
			switch first {
			case "return":
				if _, refused := s.askedNow(ref, in); refused == nil || refused.Code != remit.CodeNotRefundable {
					t.Errorf("a refund after the return: %+v", refused)
				}
			case "reserved":
				if r := s.send(asked); r.State != remit.RefundFailed {
					t.Errorf("the refund is %s", r.State)
				}
			}
			s.advance(ref)
			invoice, payments := s.read(ref)
			if invoice.Outstanding != 5000 || invoice.Applied != 0 {
				t.Errorf("%d is owed of 5000, %d applied", invoice.Outstanding, invoice.Applied)
			}
			if back := payments[0].AmountRefunded; back > payments[0].AmountCaptured {
				t.Errorf("%d of %d was refunded", back, payments[0].AmountCaptured)
			}
			if refused := s.debited(ref, 5000, s.card); refused != nil {
				t.Fatal(refused)
			}
			if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid {
				t.Errorf("paid anew it is %s", invoice.Status)
			}
			// What went back twice is the business's loss, and owed by nobody.
			lost := int64(0)
			if first == "refund" {
				lost = 2000
			}
			if sums := s.balances(); sums["stripe"] != 5000-lost || sums["receivable"] != 0 || sums["excess"] != 0 || sums["revenue"] != lost-5000 {
				t.Errorf("the ledger is %v", sums)
			}
		})
	}
}

// keepsItsMoney has nothing of the balance at Stripe paid out.
func (s *shop) keepsItsMoney() {
	s.t.Helper()
	s.standinAct("/payout_schedule", map[string]any{"interval": "manual"}, nil)
}

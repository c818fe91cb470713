package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
)

// creditedCharge is a payment that came twice and was kept as credit, and its charge.
func (s *shop) creditedCharge(amount int64) (remit.InvoiceRef, string) {
	s.t.Helper()
	ref, item := s.tooMuch(amount)
	if answer := s.decide(ref, item, remit.ExcessCredit); answer.Refused != nil {
		s.t.Fatalf("answered %+v", answer.Refused)
	}
	_, payments := s.read(ref)
	for _, p := range payments {
		if p.ID == *item.PaymentID {
			return ref, p.Charge
		}
	}
	s.t.Fatal("the payment is gone")
	return ref, ""
}

// Money that was kept as credit and that a bank takes back is its customer's
// credit no more, as far as he has not used it: he has it once. Where the bank
// gives it back, it is his credit again (M9).
func TestCreditThatABankTakesIsNotKept(t *testing.T) {
	for name, used := range map[string]int64{"unspent": 0, "spent in part": 2000, "spent": 5000} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			ref, charge := s.creditedCharge(5000)
			if used > 0 {
				s.soundly(s.invoice(used)) // is paid from it when it is sent
			}
			dispute := s.act("/charges/"+charge+"/dispute", map[string]any{})
			for range 2 {
				s.hear(ref, "charge.dispute.funds_withdrawn", dispute)
				s.advance(ref)
			}
			if credit := s.credit(); credit != 0 {
				t.Errorf("a credit of %d is left of money that the bank took", credit)
			}
			if said := s.says(ref, "dispute_withdrawn"); used < 5000 && !strings.Contains(said, "credit") {
				t.Errorf("the timeline says %q", said)
			}
			s.soundly(ref)
			s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
			for range 2 {
				s.hear(ref, "charge.dispute.closed", dispute)
				s.advance(ref)
			}
			if credit := s.credit(); credit != 5000-used {
				t.Errorf("the credit is %d after the bank gave back what it took of %d", credit, 5000-used)
			}
			s.everyCent()
			s.soundly(ref)
		})
	}
}

// Nor is it where it was refunded at Stripe; and a refund that fails there gives
// it back.
func TestCreditThatIsRefundedAtStripeIsNotKept(t *testing.T) {
	s := openShop(t)
	s.card = s.save("pm_card_refundFail")
	ref, charge := s.creditedCharge(5000)
	s.soundly(s.invoice(1000))
	s.act("/charges/"+charge+"/refund", map[string]any{"amount": 3000})
	for range 2 {
		s.hear(ref, "charge.refunded", charge)
		s.advance(ref)
	}
	if credit := s.credit(); credit != 1000 {
		t.Errorf("the credit is %d of 4000 after 3000 went back", credit)
	}
	s.soundly(ref)
	s.later(t, 2*time.Hour)
	s.hear(ref, "refund.failed", "re_"+uuid.NewString())
	s.advance(ref)
	if credit := s.credit(); credit != 4000 {
		t.Errorf("the credit is %d after the refund failed", credit)
	}
	s.everyCent()
	s.soundly(ref)
}

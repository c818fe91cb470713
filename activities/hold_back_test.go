package activities_test

import (
	"testing"
	"time"

	"remit"
)

// held is an invoice of 9000, on hold by a person, on which 4000 were paid with a card.
func (s *shop) heldInPart(card string) (remit.InvoiceRef, remit.Payment) {
	s.t.Helper()
	s.mayRefund()
	ref := s.invoice(9000)
	_, err := s.payments.Perform(s.t.Context(), ref, s.pay(ref, 4000, s.save(card)))
	must(s.t, err)
	done, err := s.payments.Perform(s.t.Context(), ref, s.request(ref, remit.RequestHold, remit.ReasonRequest{Reason: "lawyer says wait"}))
	must(s.t, err)
	if done.Result.Refused != nil {
		s.t.Fatal(done.Result.Refused)
	}
	_, payments := s.read(ref)
	return ref, payments[0]
}

func (s *shop) isHeldBy(ref remit.InvoiceRef, kind remit.HoldKind, reason string) {
	s.t.Helper()
	if invoice, _ := s.read(ref); invoice.Hold == nil || invoice.Hold.Kind != kind || reason != "" && invoice.Hold.Reason != reason {
		s.t.Errorf("the hold is %+v, want one of kind %q: %s", invoice.Hold, kind, reason)
	}
	s.soundly(ref)
}

// The hold that a person set outlives two refunds that failed, in the order in
// which they were made.
func TestPersonsHoldSurvivesTwoFailedRefunds(t *testing.T) {
	s := openShop(t)
	ref, payment := s.heldInPart("pm_card_refundFail")
	for range 2 {
		asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 1500, Choice: remit.RefundReopens})
		if refused != nil {
			t.Fatal(refused)
		}
		s.isHeldBy(ref, remit.HoldRefund, "")
		s.send(asked)
	}
	s.later(t, 2*time.Hour)
	s.event(ref, "refund.failed")
	s.advance(ref)
	s.isHeldBy(ref, remit.HoldPerson, "lawyer says wait")
}

// The hold that a person set outlives a dispute that is won (M14).
func TestPersonsHoldSurvivesADisputeThatIsWon(t *testing.T) {
	s := openShop(t)
	ref, payment := s.heldInPart("pm_card_visa")
	dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{})
	s.hear(ref, "charge.dispute.funds_withdrawn", dispute)
	s.advance(ref)
	s.isHeldBy(ref, remit.HoldDispute, "")
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	s.isHeldBy(ref, remit.HoldPerson, "lawyer says wait")
}

// liftedAndDecided is an invoice whose hold a person lifted while a bank was deciding about
// its payment, which it has done.
func (s *shop) liftedAndDecided(outcome string) remit.InvoiceRef {
	s.t.Helper()
	ref, payment := s.heldInPart("pm_card_visa")
	dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{})
	s.hear(ref, "charge.dispute.funds_withdrawn", dispute)
	s.advance(ref)
	s.perform(ref, s.request(ref, remit.RequestLiftHold, struct{}{}))
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": outcome})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	return ref
}

// A hold that a person lifted while a bank was deciding is there again once it has decided
// for the payer: nobody who won his dispute is charged again by itself.
func TestWhoWonHisDisputeIsNotChargedByItself(t *testing.T) {
	s := openShop(t)
	ref := s.liftedAndDecided("lost")
	s.isHeldBy(ref, remit.HoldPerson, "a bank decided a dispute of it for the payer")
	s.soundly(ref)
}

// A hold that a person lifted after a bank had taken the money does not come back
// with the money.
func TestLiftedHoldDoesNotComeBack(t *testing.T) {
	s := openShop(t)
	ref := s.liftedAndDecided("won")
	if invoice, _ := s.read(ref); invoice.Hold != nil {
		t.Errorf("the hold is %+v", invoice.Hold)
	}
	s.soundly(ref)
}

package activities_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/postgres"
)

// Of what a person said was not charged Stripe is asked on, though the invoice is
// cancelled meanwhile: what was charged all the same is excess (M3, M9).
func TestM9ChargedAfterAllOnAVoidInvoice(t *testing.T) {
	s := openShop(t)
	ref, payment := s.unclear(9000)
	if _, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID}); refused != nil {
		t.Fatalf("refused: %+v", refused)
	}
	done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"}))
	must(t, err)
	if done.Result.Refused != nil {
		t.Fatalf("not cancelled: %+v", done.Result.Refused)
	}
	s.watched.answer = nil
	s.after(4*time.Hour + remit.DoubtedPoll + time.Minute)
	s.advance(ref)
	if excess := s.excessOf(ref); len(excess) != 1 || excess[0] != 9000 || s.balances()["stripe"] != 9000 {
		t.Errorf("excess %v, the ledger %v", excess, s.balances())
	}
	s.soundly(ref)
}

// A payment at an account that cannot be asked any more holds up nothing that is
// told of the invoice's other payments: what a bank or a refund made in the
// dashboard takes of them is recorded (M6, M7, M14).
func TestM6PaymentAtALostAccountHoldsUpNoOther(t *testing.T) {
	for name, charged := range map[string]bool{"charged by a person's word": true, "not charged by a person's word": false} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			ref, payment := s.unclearPart(18000, 9000)
			in := remit.SettleRequest{Payment: payment.ID, Charged: charged}
			if _, refused := s.word(ref, in); refused != nil {
				t.Fatalf("refused: %+v", refused)
			}
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.Exec(t.Context(), "update payments set account = 'acct_lost' where tenant = $1 and id = $2", s.tenant, payment.ID)
				return err
			}))
			s.watched.answer = nil
			s.after(0)
			_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9000, s.card))
			must(t, err)
			_, payments := s.read(ref)
			if payments[1].State != remit.AttemptSucceeded {
				t.Fatalf("the second payment is %s", payments[1].State)
			}
			_, err = s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(payments[1].PaymentIntent), Amount: stripe.Int64(1000)})
			must(t, err)
			s.hear(ref, "charge.refunded", payments[1].Charge)
			s.advance(ref)
			if _, payments = s.read(ref); payments[1].AmountRefunded != 1000 {
				t.Errorf("refunded %d", payments[1].AmountRefunded)
			}
			s.hear(ref, "charge.dispute.created", s.act("/charges/"+payments[1].Charge+"/dispute", map[string]any{}))
			s.advance(ref)
			if _, payments = s.read(ref); !payments[1].Disputed {
				t.Error("its dispute was not recorded")
			}
			s.soundly(ref)
		})
	}
}

// A payment that Stripe knows nothing of, as a person named it, hides no dispute
// of the invoice's other payments (M6, M7).
func TestM6UnknownIntentHidesNoDispute(t *testing.T) {
	s := openShop(t)
	ref, payment := s.unclearPart(18000, 9000)
	if _, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID, Charged: true}); refused != nil {
		t.Fatalf("refused: %+v", refused)
	}
	s.watched.answer = nil
	s.after(0)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9000, s.card))
	must(t, err)
	_, payments := s.read(ref)
	asked := 0
	s.watched.answer = func(_, path string) (int, string) {
		if path != "/v1/disputes" {
			return 0, ""
		}
		if asked++; asked > 1 { // the first is asked about first
			return 0, ""
		}
		return http.StatusNotFound, `{"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "payment_intent", "message": "No such payment_intent"}}`
	}
	s.hear(ref, "charge.dispute.created", s.act("/charges/"+payments[1].Charge+"/dispute", map[string]any{}))
	s.advance(ref)
	if _, payments = s.read(ref); !payments[1].Disputed || asked != 2 {
		t.Errorf("asked %d times, disputed: %t", asked, payments[1].Disputed)
	}
	s.soundly(ref)
}

// unclearPart is an invoice of which somebody is asked to look in Stripe for a
// payment of a part.
func (s *shop) unclearPart(total, part int64) (remit.InvoiceRef, remit.Payment) {
	s.t.Helper()
	s.mayRefund()
	ref := s.invoice(total)
	s.watched.after = func(_, path string) error {
		if strings.HasSuffix(path, "/confirm") {
			return errors.New("the line went dead")
		}
		return nil
	}
	_, err := s.payments.Perform(s.t.Context(), ref, s.pay(ref, part, s.card))
	must(s.t, err)
	s.watched.after = nil
	s.denies()
	for _, by := range []time.Duration{2 * time.Hour, 4 * time.Hour} {
		s.after(by)
		s.advance(ref)
	}
	_, payments := s.read(ref)
	return ref, payments[0]
}

package activities_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
)

// cancelled asks that a payment be cancelled and gives its refusal, if any.
func (s *shop) cancelled(ref remit.InvoiceRef, payment uuid.UUID) *remit.Refusal {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.cancel(ref, payment))
	must(s.t, err)
	return done.Result.Refused
}

func (s *shop) cancel(ref remit.InvoiceRef, payment uuid.UUID) remit.Request {
	return s.asksNow(s.request(ref, remit.RequestCancel, remit.CancelRequest{
		Payment: payment, Permit: remit.Permit{Account: s.payer, Path: s.branch.Path, Scopes: []remit.Scope{remit.StripePay}},
	}))
}

// onItsWay is an invoice whose debit the stand-in has just been given, on a
// business day's morning, so that it goes out in the evening.
func (s *shop) onItsWay(account string) (remit.InvoiceRef, remit.Payment) {
	s.t.Helper()
	now := time.Now()
	for remit.DebitResultBy(now) != remit.DebitResultBy(now.Add(3*time.Hour)) || remit.DebitResultBy(now) == remit.DebitResultBy(now.Add(-24*time.Hour)) {
		now = now.Add(time.Hour)
	}
	s.passed = time.Until(now)
	if s.passed > 0 {
		s.later(s.t, s.passed)
	}
	ref := s.invoice(5000)
	if refused := s.debited(ref, 5000, s.bank(account)); refused != nil {
		s.t.Fatal(refused)
	}
	_, payments := s.read(ref)
	return ref, payments[0]
}

// A debit that its bank does not have yet is called back by whoever may pay: the
// invoice is open, its work waits again, and another payment may start.
func TestDebitIsCalledBackBeforeTheBankHasIt(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.onItsWay(bankPays)
	if refused := s.cancelled(ref, payment.ID); refused != nil {
		t.Fatal(refused)
	}
	invoice, _ := s.read(ref)
	if a := s.lastTry(ref); invoice.Status != remit.InvoiceOpen || invoice.InFlight != nil || a.State != remit.AttemptCanceled {
		t.Fatalf("the invoice is %s, the try %s", invoice.Status, a.State)
	}
	if told := s.told(ref, "canceled"); len(told) != 1 || told[0].Actor.Name != "Ana" || !strings.Contains(told[0].What, "before the bank had it") {
		t.Errorf("the timeline says %+v", told)
	}
	if refused := s.cancelled(ref, payment.ID); refused != nil {
		t.Errorf("asked once more: %+v", refused)
	}
	if refused := s.debited(ref, 5000, s.card); refused != nil {
		t.Errorf("a card after that: %+v", refused)
	}
	s.settledOnce(ref, 5000)
}

// One that the bank has cannot be called back, and what Stripe says of it by then
// is what it is.
func TestDebitThatTheBankHasIsNotCalledBack(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.onItsWay(bankPays)
	s.passed += 36 * time.Hour
	s.later(t, s.passed)
	refused := s.cancelled(ref, payment.ID)
	if refused == nil || refused.Message != "The bank has it already; it cannot be cancelled any more." {
		t.Fatalf("refused: %+v", refused)
	}
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoiceProcessing {
		t.Errorf("the invoice is %s", invoice.Status)
	}
	s.passed += 14 * 24 * time.Hour
	s.later(t, s.passed) // it settles, and nobody has looked
	if refused := s.cancelled(ref, payment.ID); refused == nil || refused.Kind != remit.KindConflict {
		t.Errorf("after it settled: %+v", refused)
	}
	s.settledOnce(ref, 5000)
	if refused := s.cancelled(ref, payment.ID); refused == nil || refused.Message != "This payment went through. It can be refunded." {
		t.Errorf("after that was recorded: %+v", refused)
	}
}

// A cancel whose answer is lost, or whose process dies, ends as Stripe has it.
func TestCancelSurvivesDeathAndSilence(t *testing.T) {
	for _, boundary := range []string{"intent canceled", "recorded"} {
		t.Run(boundary, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, payment := s.onItsWay(bankPays)
			request := s.cancel(ref, payment.ID)
			if !s.performAndDie(ref, request, boundary) {
				t.Fatalf("boundary %q was never reached", boundary)
			}
			done, err := s.payments.Perform(t.Context(), ref, request)
			must(t, err)
			if done.Result.Refused != nil || s.lastTry(ref).State != remit.AttemptCanceled {
				t.Errorf("refused %+v, the try is %s", done.Result.Refused, s.lastTry(ref).State)
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref, payment := s.onItsWay(bankPays)
		request := s.cancel(ref, payment.ID)
		s.watched.after = func(_, path string) error {
			if strings.HasSuffix(path, "/cancel") {
				return errors.New("the line went dead")
			}
			return nil
		}
		if _, err := s.payments.Perform(t.Context(), ref, request); err == nil {
			t.Fatal("an unknown outcome was taken for an answer")
		}
		if a := s.lastTry(ref); a.State != remit.AttemptProcessing {
			t.Errorf("the try is %s", a.State)
		}
		s.watched.after = nil
		done, err := s.payments.Perform(t.Context(), ref, request)
		must(t, err)
		if done.Result.Refused != nil || s.lastTry(ref).State != remit.AttemptCanceled {
			t.Errorf("refused %+v, the try is %s", done.Result.Refused, s.lastTry(ref).State)
		}
	})
}

// Only what is on its way to a bank is cancelled: not a card's payment, nor one
// whose outcome is not known.
func TestOnlyADebitIsCalledBack(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.lost(5000)
	if refused := s.cancelled(ref, payment.ID); refused == nil || refused.Code != remit.CodeInFlight {
		t.Errorf("an unknown outcome: %+v", refused)
	}
	other, _ := s.settled(5000)
	_, payments := s.read(other)
	paid := payments[0]
	if refused := s.cancelled(other, paid.ID); refused == nil || refused.Kind != remit.KindConflict {
		t.Errorf("a card's payment: %+v", refused)
	}
	if refused := s.cancelled(ref, paid.ID); refused == nil || refused.Kind != remit.KindNotFound {
		t.Errorf("another invoice's payment: %+v", refused)
	}
}

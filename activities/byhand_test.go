package activities_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// after moves business time on from now, and leaves the stand-in where it is.
func (s *shop) after(by time.Duration) {
	s.payments.Now = func() time.Time { return time.Now().Add(by) }
}

// lost is an invoice whose card was charged though the answer never came.
func (s *shop) lost(amount int64) (remit.InvoiceRef, remit.Payment) {
	s.t.Helper()
	s.mayRefund()
	ref := s.invoice(amount)
	s.watched.after = func(_, path string) error {
		if strings.HasSuffix(path, "/confirm") {
			return errors.New("the line went dead")
		}
		return nil
	}
	_, err := s.payments.Perform(s.t.Context(), ref, s.pay(ref, amount, s.card))
	must(s.t, err)
	s.watched.after = nil
	_, payments := s.read(ref)
	return ref, payments[0]
}

// denies has Stripe say that it knows none of the intents and sessions.
func (s *shop) denies() {
	s.watched.answer = func(_, path string) (int, string) {
		if strings.HasPrefix(path, "/v1/payment_intents/") || strings.HasPrefix(path, "/v1/checkout/sessions/") {
			return http.StatusNotFound, `{"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such object"}}`
		}
		return 0, ""
	}
}

func (s *shop) unknown() (list []remit.UnknownPayment) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		list, err = tx.ListUnknown(s.t.Context(), postgres.UnknownQuery{Limit: 10})
		return err
	}))
	return list
}

func (s *shop) word(ref remit.InvoiceRef, in remit.SettleRequest) (remit.Request, *remit.Refusal) {
	s.t.Helper()
	in.Permit = remit.Permit{Account: s.payer, Path: s.branch.Path, Scopes: []remit.Scope{remit.StripeRefund}}
	in.Reason = "seen in the dashboard"
	request := s.request(ref, remit.RequestSettle, in)
	done, err := s.payments.Perform(s.t.Context(), ref, request)
	must(s.t, err)
	return request, done.Result.Refused
}

func (s *shop) excessOf(ref remit.InvoiceRef) (amounts []int64) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		items, err := tx.ListExcess(s.t.Context(), postgres.ExcessQuery{Invoice: &ref.Invoice, Limit: 10})
		for _, item := range items {
			amounts = append(amounts, item.Amount)
		}
		return err
	}))
	return amounts
}

// A charge whose answer was lost is settled as what it was, however long the
// answer takes to be had: after a second, an hour or three days (M3, M4).
func TestM3LostAnswerIsSettledHoweverLate(t *testing.T) {
	for _, late := range []time.Duration{time.Second, time.Hour, 72 * time.Hour} {
		t.Run(late.String(), func(t *testing.T) {
			s := openShop(t)
			ref, _ := s.lost(9000)
			s.watched.stop = func(string, string) error { return errors.New("the line went dead") }
			s.advance(ref)
			s.watched.stop = nil
			s.later(t, late)
			s.advance(ref)
			s.soundly(ref)
			invoice, _ := s.read(ref)
			if cents, charges := s.captured(ref); invoice.Status != remit.InvoicePaid || cents != 9000 || charges != 1 {
				t.Errorf("the invoice is %s, %d captured in %d", invoice.Status, cents, charges)
			}
		})
	}
}

// Who may refund is asked to look in Stripe an hour after it denied to know the
// payment, three days after it fell silent, and no more once it has answered.
func TestM3SomebodyIsAskedToLookInStripe(t *testing.T) {
	for name, far := range map[string]struct {
		unheard func(*shop)
		after   time.Duration
	}{
		"denied": {(*shop).denies, remit.LookAfterRefusal},
		"silent": {func(s *shop) {
			s.watched.stop = func(string, string) error { return errors.New("the line went dead") }
		}, remit.LookAfterSilence},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			ref, payment := s.lost(9000)
			far.unheard(s)
			s.after(far.after - time.Minute)
			s.advance(ref)
			if list := s.unknown(); len(list) > 0 {
				t.Fatalf("asked too early: %+v", list)
			}
			if _, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID}); refused == nil {
				t.Fatal("a person settled what Stripe is still asked about")
			}
			s.after(far.after + time.Minute)
			s.advance(ref)
			s.advance(ref)
			list := s.unknown()
			if len(list) != 1 || list[0].PaymentID != payment.ID || list[0].PaymentIntent != payment.PaymentIntent || list[0].Amount != 9000 || list[0].Account != s.account {
				t.Fatalf("asked %+v", list)
			}
			entries := s.kinds(ref)
			if n := len(slices.DeleteFunc(entries, func(kind string) bool { return kind != "look" })); n != 1 {
				t.Errorf("the timeline tells so %d times", n)
			}
			s.watched.answer, s.watched.stop = nil, nil
			s.advance(ref)
			invoice, _ := s.read(ref)
			if list := s.unknown(); len(list) > 0 || invoice.Status != remit.InvoicePaid {
				t.Errorf("the invoice is %s, asked %+v", invoice.Status, list)
			}
			s.soundly(ref)
		})
	}
}

func (s *shop) kinds(ref remit.InvoiceRef) (kinds []string) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		entries, err := tx.Timeline(s.t.Context(), ref.Invoice)
		for _, e := range entries {
			kinds = append(kinds, e.Kind)
		}
		return err
	}))
	return kinds
}

// asked is an invoice of which somebody is asked to look in Stripe.
func (s *shop) unclear(amount int64) (remit.InvoiceRef, remit.Payment) {
	s.t.Helper()
	ref, payment := s.lost(amount)
	s.denies()
	s.after(2 * time.Hour)
	s.advance(ref) // notices, or only now falls due
	s.after(4 * time.Hour)
	s.advance(ref)
	if len(s.unknown()) != 1 {
		s.t.Fatalf("nobody is asked: %+v", s.unknown())
	}
	return ref, payment
}

// What a person saw charged is booked once: not when it is sent again, nor when
// Stripe tells of it after all (M3, M8).
func TestM3ChargedByAPersonsWord(t *testing.T) {
	s := openShop(t)
	ref, payment := s.unclear(9000)
	request, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID, Charged: true, Charge: "ch_seen"})
	if refused != nil {
		t.Fatalf("refused: %+v", refused)
	}
	again, err := s.payments.Perform(t.Context(), ref, request)
	must(t, err)
	if again.Result.Refused != nil || *again.Result.Payment != payment.ID {
		t.Errorf("sent again it answers %+v", again.Result)
	}
	if _, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID}); refused == nil || refused.Kind != remit.KindConflict {
		t.Errorf("another word answers %+v", refused)
	}
	s.watched.answer = nil
	s.hear(ref, "payment_intent.succeeded", payment.PaymentIntent)
	s.after(48 * time.Hour)
	s.advance(ref)
	invoice, payments := s.read(ref)
	sums := s.balances()
	if invoice.Status != remit.InvoicePaid || payments[0].AmountCaptured != 9000 || payments[0].Charge != "ch_seen" || sums["stripe"] != 9000 || len(s.excessOf(ref)) > 0 {
		t.Errorf("the invoice is %s, the payment %+v, the ledger %v", invoice.Status, payments[0], sums)
	}
	s.soundly(ref)
}

// What a person saw not charged frees the invoice to be paid another way; what
// turns out to be charged all the same is excess by then, whether an event tells
// of it or nothing does (M3, M6, M9).
func TestM3NotChargedByAPersonsWord(t *testing.T) {
	for name, told := range map[string]bool{"an event tells": true, "nothing tells": false} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			ref, payment := s.unclear(9000)
			if _, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID}); refused != nil {
				t.Fatalf("refused: %+v", refused)
			}
			invoice, payments := s.read(ref)
			if invoice.Status != remit.InvoiceOpen || invoice.InFlight != nil || payments[0].State != remit.AttemptFailed {
				t.Fatalf("the invoice is %s, in flight %+v, the payment %s", invoice.Status, invoice.InFlight, payments[0].State)
			}
			s.soundly(ref)
			s.watched.answer = nil
			s.after(0)
			done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9000, s.card))
			must(t, err)
			if done.Result.Refused != nil {
				t.Fatalf("paying another way was refused: %+v", done.Result.Refused)
			}
			if told {
				s.hear(ref, "payment_intent.succeeded", payment.PaymentIntent)
			} else {
				s.after(4*time.Hour + remit.DoubtedPoll + time.Minute)
			}
			s.advance(ref)
			s.advance(ref)
			invoice, payments = s.read(ref)
			excess := s.excessOf(ref)
			if invoice.Status != remit.InvoicePaid || payments[0].State != remit.AttemptSucceeded || len(excess) != 1 || excess[0] != 9000 || s.balances()["stripe"] != 18000 {
				t.Errorf("the invoice is %s, the payment %s, excess %v, the ledger %v", invoice.Status, payments[0].State, excess, s.balances())
			}
			s.soundly(ref)
		})
	}
}

// Where the invoice is still owed, what was charged after all pays it (M9).
func TestM3ChargedAfterAllPaysWhatIsOwed(t *testing.T) {
	s := openShop(t)
	ref, payment := s.unclear(9000)
	_, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID})
	if refused != nil {
		t.Fatal(refused)
	}
	s.watched.answer = nil
	s.hear(ref, "payment_intent.succeeded", payment.PaymentIntent)
	s.advance(ref)
	invoice, _ := s.read(ref)
	if invoice.Status != remit.InvoicePaid || len(s.excessOf(ref)) > 0 || s.balances()["stripe"] != 9000 {
		t.Errorf("the invoice is %s, excess %v", invoice.Status, s.excessOf(ref))
	}
	s.soundly(ref)
}

// Of a hosted checkout no intent may be known: whoever saw it charged names it,
// and one that was said to be unpaid is asked about by its session (M2c, M3).
func TestM3CheckoutByAPersonsWord(t *testing.T) {
	for _, charged := range []bool{true, false} {
		s := openShop(t)
		s.mayRefund()
		ref := s.invoice(9000)
		page := s.checkout(ref, 9000, false)
		s.denies()
		s.submit(page, "4242424242424242", false)
		for _, by := range []time.Duration{time.Minute, 2 * time.Hour, 4 * time.Hour} {
			s.after(by)
			s.advance(ref)
		}
		_, payments := s.read(ref)
		in := remit.SettleRequest{Payment: payments[0].ID, Charged: charged}
		_, refused := s.word(ref, in)
		if charged {
			if refused == nil || len(refused.Fields) != 1 || refused.Fields[0].Field != "payment_intent" {
				t.Fatalf("without the intent: %+v", refused)
			}
			in.PaymentIntent = "pi_" + uuid.NewString()
			_, refused = s.word(ref, in)
		}
		if refused != nil {
			t.Fatalf("refused: %+v", refused)
		}
		s.soundly(ref)
		s.watched.answer = nil
		s.after(4*time.Hour + remit.DoubtedPoll + time.Minute)
		s.advance(ref)
		invoice, payments := s.read(ref)
		if invoice.Status != remit.InvoicePaid || payments[0].AmountCaptured != 9000 || s.balances()["stripe"] != 9000 || payments[0].PaymentIntent == "" {
			t.Errorf("charged %t: the invoice is %s, the payment %+v", charged, invoice.Status, payments[0])
		}
		s.soundly(ref)
	}
}

// The right to refund is asked for again when the word is taken (T4).
func TestM3WordOfOneWhoMayNoLonger(t *testing.T) {
	s := openShop(t)
	ref, payment := s.unclear(9000)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.PutRole(t.Context(), "Refunders", []remit.Scope{remit.InvoiceRead})
	}))
	if _, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID, Charged: true}); refused == nil || refused.Kind != remit.KindForbidden {
		t.Errorf("answered %+v", refused)
	}
	if invoice, _ := s.read(ref); invoice.InFlight == nil {
		t.Error("it was settled")
	}
}

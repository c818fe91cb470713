package activities_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// cutOff ends the shop's connection without waiting for what is on its way.
func (s *shop) cutOff() {
	s.t.Helper()
	s.disconnecting()
	must(s.t, s.follower().End(s.t.Context(), s.connected(), "Ana did not wait. The account is disconnected.", remit.System))
}

func (s *shop) unknownBack() (list []remit.UnknownBack) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		list, err = tx.ListUnknownBack(s.t.Context(), postgres.UnknownBackQuery{Limit: 10})
		return err
	}))
	return list
}

// A refund whose account was disconnected before it was sent is taken back, as it never
// can be sent: what it had promised counts again (M14).
func TestRefundThatWasNeverSentIsTakenBack(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.cutOff()
	if r := s.send(asked); r.State != remit.RefundCanceled || r.EndedAt == nil || !strings.Contains(r.Failure, "disconnected") {
		t.Errorf("the refund is %+v", r)
	}
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || invoice.Hold != nil {
		t.Errorf("the invoice is %s, on hold %+v", invoice.Status, invoice.Hold)
	}
	if list := s.unknownBack(); len(list) != 0 {
		t.Errorf("somebody is asked to look: %+v", list)
	}
	s.balances()
	s.soundly(ref)
}

// sentOff is a refund that was sent, and its answer lost.
func (s *shop) sentOff() (remit.InvoiceRef, remit.Payment, remit.RefundRef) {
	s.t.Helper()
	ref, payment := s.paid(5000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		s.t.Fatal(refused)
	}
	s.watched.after = func(_, path string) error {
		if path == "/v1/refunds" {
			return errors.New("the line went dead")
		}
		return nil
	}
	if r := s.send(asked); r.State != remit.RefundSent {
		s.t.Fatalf("the refund is %s", r.State)
	}
	s.watched.after = nil
	return ref, payment, asked
}

// What became of a refund whose account nobody can ask any more is a person's to say,
// once, and nobody's as long as Stripe can be asked (M3, M14).
func TestM3RefundByAPersonsWord(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		back   bool
		state  remit.RefundState
		status remit.InvoiceStatus
		stripe int64
	}{
		"it went through": {true, remit.RefundSucceeded, remit.InvoiceOpen, 0},
		"it did not":      {false, remit.RefundFailed, remit.InvoicePaid, 5000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, payment, asked := s.sentOff()
			in := remit.SettleRequest{Payment: payment.ID, Refund: &asked.Refund, WentBack: want.back}
			if _, refused := s.word(ref, in); refused == nil || refused.Kind != remit.KindConflict {
				t.Fatalf("while Stripe can be asked a word is answered %+v", refused)
			}
			s.cutOff()
			if r := s.send(asked); r.State != remit.RefundSent {
				t.Fatalf("cut off, the refund is %s", r.State)
			}
			if list := s.unknownBack(); len(list) != 1 || list[0].ID != asked.Refund || list[0].Amount != 5000 {
				t.Fatalf("asked to look are %+v", list)
			}
			request, refused := s.word(ref, in)
			if refused != nil {
				t.Fatal(refused)
			}
			done, err := s.payments.Perform(t.Context(), ref, request)
			must(t, err)
			if done.Result.Refund == nil || *done.Result.Refund != asked.Refund {
				t.Errorf("sent again it is answered %+v", done.Result)
			}
			if _, refused := s.word(ref, in); refused == nil || refused.Kind != remit.KindConflict {
				t.Errorf("a second word is answered %+v", refused)
			}
			r := s.refundOf(asked)
			invoice, _ := s.read(ref)
			if r.State != want.state || r.EndedAt == nil || invoice.Status != want.status || s.balances()["stripe"] != want.stripe {
				t.Errorf("the refund is %s, the invoice %s, the ledger %v", r.State, invoice.Status, s.balances())
			}
			told := s.told(ref, "refund_"+string(want.state))
			if len(told) != 1 || told[0].Actor.Name != "Ana" || !strings.Contains(told[0].What, "Ana looked in Stripe") || !strings.Contains(told[0].What, "seen in the dashboard") {
				t.Errorf("the timeline says %+v", told)
			}
			if list := s.unknownBack(); len(list) != 0 {
				t.Errorf("still asked to look are %+v", list)
			}
			s.soundly(ref)
		})
	}
}

// connects connects the shop's account by keys again.
func (s *shop) connects() {
	s.t.Helper()
	sealed := s.keyed(s.secrets)
	s.connection = sealed.ID
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.InsertConnection(s.t.Context(), sealed) }))
}

// A refund that a person said did not go through, and that Stripe sent all the same, is
// booked once the account can be asked again: what is left of the payment is what Stripe
// has left of it (M3, M14).
func TestM3RefundThatWentThroughInSpiteOfAWord(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(5000, s.save("pm_card_pendingRefund"))
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	sent := s.send(asked)
	if sent.State != remit.RefundPending || sent.StripeRefund == "" {
		t.Fatalf("the refund is %s, at Stripe %q", sent.State, sent.StripeRefund)
	}
	s.cutOff()
	if _, refused := s.word(ref, remit.SettleRequest{Payment: payment.ID, Refund: &asked.Refund}); refused != nil {
		t.Fatal(refused)
	}
	if r := s.refundOf(asked); r.State != remit.RefundFailed || r.StripeRefund != "" {
		t.Errorf("said not to have gone through, it is %s, at Stripe %q", r.State, r.StripeRefund)
	}
	s.connects()
	for range 2 {
		s.hear(ref, "refund.updated", sent.StripeRefund)
		s.advance(ref)
	}
	s.later(t, 72*time.Hour)
	s.hear(ref, "refund.updated", sent.StripeRefund)
	s.advance(ref)
	var all []remit.Refund
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		all, err = tx.Refunds(t.Context(), ref.Invoice)
		return err
	}))
	if len(all) != 2 || all[0].State != remit.RefundFailed || all[1].State != remit.RefundSucceeded || all[1].StripeRefund != sent.StripeRefund {
		t.Errorf("the refunds are %+v", all)
	}
	if got := s.balances()["stripe"]; got != 0 {
		t.Errorf("%d is booked at Stripe, where nothing is left", got)
	}
	if _, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundSettles}); refused == nil {
		t.Error("it may be refunded once more")
	}
	s.soundly(ref)
}

// A refund that was sent through another connection to the account is looked for before it
// is sent again, however short ago that was: keys of one say nothing to the other (M14).
func TestM14RefundIsLookedForThroughAnotherConnection(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	_, payment, asked := s.sentOff()
	s.cutOff()
	s.connects()
	s.watched.seen = nil
	if r := s.send(asked); r.State != remit.RefundSucceeded {
		t.Errorf("the refund is %s", r.State)
	}
	if slices.Contains(s.watched.seen, "POST /v1/refunds") {
		t.Errorf("it was sent again: %q", s.watched.seen)
	}
	if cents, n := s.sentBack(payment); cents != 5000 || n != 1 {
		t.Errorf("%d went back in %d", cents, n)
	}
}

// Where Stripe refuses the key that was kept of replaced ones, people are asked to look,
// as long as it does (M3).
func TestM3KeptKeyThatIsRefused(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(5000, s.save("pm_card_pendingRefund"))
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.Disconnect(t.Context(), s.connection, remit.EndedByReplaced, true)
	}))
	for _, step := range []struct {
		answer func(method, path string) (int, string)
		asked  int
	}{
		{nil, 0},
		{func(string, string) (int, string) {
			return 401, `{"error":{"type":"invalid_request_error","code":"api_key_expired","message":"Expired API Key provided"}}`
		}, 1},
		{nil, 0},
	} {
		s.watched.answer = step.answer
		if r := s.send(asked); r.State != remit.RefundPending {
			t.Fatalf("the refund is %s", r.State)
		}
		if list := s.unknownBack(); len(list) != step.asked {
			t.Errorf("asked to look are %+v, want %d", list, step.asked)
		}
	}
}

// contestedInvoice is a paid invoice whose payment a bank disputes.
func (s *shop) contestedInvoice(inquiry bool) (remit.InvoiceRef, string) {
	s.t.Helper()
	s.mayRefund()
	ref, charge := s.settled(12000)
	dispute := s.act("/charges/"+charge+"/dispute", map[string]any{"inquiry": inquiry})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	return ref, dispute
}

// An open dispute is followed to its end before its account is disconnected: what the
// bank gives back afterwards would never be booked (M7, Z7).
func TestDisconnectFollowsAnOpenDispute(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow := s.follower()
	ref, dispute := s.contestedInvoice(false)
	s.disconnecting()
	s.looks(follow)
	if c := s.sealed(); !c.Live() {
		t.Fatalf("with a dispute open it is %s", c.Status)
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoicePaid {
		t.Fatalf("won, the invoice is %+v", got)
	}
	s.looks(s.follower())
	if c := s.sealed(); c.Live() {
		t.Errorf("afterwards it is %s", c.Status)
	}
}

// A dispute of an account that nobody can ask any more is a person's to settle, so that
// its invoice is not contested for good (M3, M7).
func TestM3DisputeByAPersonsWord(t *testing.T) {
	t.Parallel()
	for name, course := range map[string]struct {
		inquiry, back bool
		status        remit.InvoiceStatus
		dispute       string
		outstanding   int64
	}{
		"won":                    {false, false, remit.InvoicePaid, "won 12000 true true false", 0},
		"lost":                   {false, true, remit.InvoiceOpen, "lost 12000 true false false", 12000},
		"an inquiry was dropped": {true, false, remit.InvoicePaid, "warning_closed 12000 false false false", 0},
		"an inquiry was lost":    {true, true, remit.InvoiceOpen, "lost 12000 true false false", 12000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, _ := s.contestedInvoice(course.inquiry)
			s.cutOff()
			list := s.unknownBack()
			if len(list) != 1 || !list[0].Dispute || list[0].Amount != 12000 {
				t.Fatalf("asked to look are %+v", list)
			}
			if _, refused := s.word(ref, remit.SettleRequest{Payment: list[0].PaymentID, Dispute: &list[0].ID, WentBack: course.back}); refused != nil {
				t.Fatal(refused)
			}
			got := s.standing(ref)
			if got.Status != course.status || got.Outstanding != course.outstanding || got.Disputes[0] != course.dispute {
				t.Errorf("settled, it is %+v", got)
			}
			if told := s.told(ref, "dispute"); !strings.Contains(told[len(told)-1].What, "Ana looked in Stripe") {
				t.Errorf("the timeline says %+v", told)
			}
			if list := s.unknownBack(); len(list) != 0 {
				t.Errorf("still asked to look are %+v", list)
			}
		})
	}
}

// A dispute that a person said was won, and that Stripe calls lost once it can be asked
// again, is lost: what was given back is owed again, held, told and somebody's work, once,
// however it is heard of, and the ledger and the account agree (M3, M6, M7).
func TestM3DisputeThatWasLostInSpiteOfAWord(t *testing.T) {
	t.Parallel()
	for name, course := range map[string]struct {
		inquiry bool
		hear    func(s *shop, ref remit.InvoiceRef, dispute string)
	}{
		"its event tells": {false, func(s *shop, ref remit.InvoiceRef, dispute string) {
			s.hear(ref, "charge.dispute.closed", dispute)
			s.advance(ref)
		}},
		"the reconciliation tells": {false, func(s *shop, _ remit.InvoiceRef, dispute string) {
			found, err := s.payments.Reconcile(s.t.Context(), s.tenant, time.Now().Add(-time.Hour))
			must(s.t, err)
			if len(found) > 0 && !strings.Contains(found[0], dispute+" is lost") {
				s.t.Errorf("found are %q", found)
			}
		}},
		"an inquiry was said to be dropped": {true, func(s *shop, ref remit.InvoiceRef, dispute string) {
			s.hear(ref, "charge.dispute.closed", dispute)
			s.advance(ref)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, dispute := s.contestedInvoice(course.inquiry)
			s.cutOff()
			list := s.unknownBack()
			if _, refused := s.word(ref, remit.SettleRequest{Payment: list[0].PaymentID, Dispute: &list[0].ID}); refused != nil {
				t.Fatal(refused)
			}
			if got := s.standing(ref); got.Status != remit.InvoicePaid {
				t.Fatalf("said to be won, it is %+v", got)
			}
			if course.inquiry {
				s.act("/disputes/"+dispute+"/escalate", map[string]any{})
			}
			s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
			s.connects()
			for range 2 {
				course.hear(s, ref, dispute)
			}
			got := s.standing(ref)
			if got.Status != remit.InvoiceOpen || got.Outstanding != 12000 || got.Hold != remit.HoldDispute || got.Item != remit.WorkItemOpen || !got.Disputed || got.Ledger["stripe"] != 0 {
				t.Errorf("lost after all, it is %+v", got)
			}
			if len(got.Disputes) != 1 || got.Disputes[0] != "lost 12000 true false false" {
				t.Errorf("the disputes are %q", got.Disputes)
			}
			if told := s.told(ref, "dispute"); !strings.Contains(told[len(told)-1].What, "is lost") {
				t.Errorf("the timeline says %q", told[len(told)-1].What)
			}
			s.balances()
			s.soundly(ref)
			var booked int64
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				entries, err := tx.BookedSince(t.Context(), s.account, false, time.Time{}, uuid.Nil, 100)
				for _, e := range entries {
					if e.Kind == remit.MovedDispute || e.Kind == remit.MovedDisputeReversal {
						booked++
					}
				}
				return err
			}))
			if booked != 1 {
				t.Errorf("the ledger asks the account for %d movements of the dispute, which made one", booked)
			}
		})
	}
}

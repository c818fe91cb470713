package activities_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// saidWon is a paid invoice whose payment a bank disputes, and of which a person says, while
// nobody can ask, that it was won.
func (s *shop) saidWon() (remit.InvoiceRef, string) {
	s.t.Helper()
	ref, dispute := s.contestedInvoice(false)
	s.cutOff()
	s.sayWon(ref)
	return ref, dispute
}

func (s *shop) sayWon(ref remit.InvoiceRef) {
	s.t.Helper()
	list := s.unknownBack()
	at := slices.IndexFunc(list, func(u remit.UnknownBack) bool { return u.Dispute })
	if at < 0 {
		s.t.Fatalf("asked to look are %+v", list)
	}
	if _, refused := s.word(ref, remit.SettleRequest{Payment: list[at].PaymentID, Dispute: &list[at].ID}); refused != nil {
		s.t.Fatal(refused)
	}
}

func (s *shop) sayLost(ref remit.InvoiceRef) {
	s.t.Helper()
	list := s.unknownBack()
	if _, refused := s.word(ref, remit.SettleRequest{Payment: list[0].PaymentID, Dispute: &list[0].ID, WentBack: true}); refused != nil {
		s.t.Fatal(refused)
	}
}

// connectsAgain connects the shop's account, and has what a person said of it asked about,
// as the command does.
func (s *shop) connectsAgain() {
	s.t.Helper()
	s.connects()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.DoubtDisputes(s.t.Context(), s.account, false, time.Now())
	}))
}

// Stripe is asked about a dispute that a person said was won once it can be, until it has
// decided: what it decided while it could not be asked is heard of by no event (M6, M7).
func TestM7DisputeThatWasSaidToBeWonIsAskedAbout(t *testing.T) {
	t.Parallel()
	for name, course := range map[string]struct {
		decided bool // before the account is connected again
		outcome string
	}{
		"lost while it could not be asked": {true, "lost"},
		"lost afterwards":                  {false, "lost"},
		"won afterwards":                   {false, "won"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, dispute := s.saidWon()
			if got := s.standing(ref); got.Status != remit.InvoicePaid || slices.Contains(got.Agenda, "poll") {
				t.Fatalf("cut off and said to be won, it is %+v", got)
			}
			decide := func() { s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": course.outcome}) }
			if course.decided {
				decide()
			}
			s.connectsAgain()
			s.advance(ref)
			if !course.decided {
				if got := s.standing(ref); got.Status != remit.InvoicePaid || !slices.Contains(got.Agenda, "poll") {
					t.Fatalf("not decided yet, it is %+v", got)
				}
				decide()
				s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
				s.advance(ref)
			}
			got := s.standing(ref)
			if slices.Contains(got.Agenda, "poll") {
				t.Errorf("decided, it is still asked about: %q", got.Agenda)
			}
			if course.outcome == "won" {
				var by bool
				must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
					d, err := tx.DisputeAtStripe(t.Context(), s.account, dispute)
					by = d.ByHand
					return err
				}))
				if by || got.Status != remit.InvoicePaid || len(s.told(ref, "dispute")) != 2 {
					t.Errorf("won, by a person's word alone %t, it is %+v", by, got)
				}
				return
			}
			if got.Status != remit.InvoiceOpen || got.Outstanding != 12000 || got.Hold != remit.HoldDispute || got.Item != remit.WorkItemOpen {
				t.Errorf("lost, it is %+v", got)
			}
			s.balances()
			s.soundly(ref)
		})
	}
}

// Where Stripe does not answer it is asked again.
func TestDisputeThatWasSaidToBeWonIsAskedAboutAgain(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, dispute := s.saidWon()
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.connectsAgain()
	s.watched.answer = func(_, path string) (int, string) {
		if strings.HasPrefix(path, "/v1/disputes") {
			return http.StatusBadGateway, `{}`
		}
		return 0, ""
	}
	s.advance(ref)
	s.watched.answer = nil
	if got := s.standing(ref); got.Status != remit.InvoicePaid || !slices.Contains(got.Agenda, "poll") {
		t.Fatalf("not answered, it is %+v", got)
	}
	s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoiceOpen || got.Outstanding != 12000 {
		t.Errorf("asked again, it is %+v", got)
	}
}

// While nobody can ask, nothing is planned, and once somebody can it is again.
func TestDisputeThatWasSaidToBeWonIsNotAskedAboutInVain(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, dispute := s.saidWon()
	s.connectsAgain()
	s.advance(ref)
	s.link.ID = s.connection
	s.cutOff()
	s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	s.advance(ref)
	if got := s.standing(ref); slices.Contains(got.Agenda, "poll") {
		t.Fatalf("with nobody to ask it is planned to: %q", got.Agenda)
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.connectsAgain()
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoiceOpen || got.Outstanding != 12000 {
		t.Errorf("asked at last, it is %+v", got)
	}
}

// What a refund that came to nothing had kept from a bank is owed as well after Stripe has
// overruled a person's word, and all of it is paid by what the bank gives back at last (M8).
func TestRefusedRefundOfADisputeThatWasOverruled(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(12000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	s.cutOff()
	s.sayWon(ref)
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.connectsAgain()
	s.advance(ref)
	if r := s.send(asked); r.State != remit.RefundFailed {
		t.Fatalf("the refund is %s", r.State)
	}
	if got := s.standing(ref); got.Outstanding != 12000 || got.Ledger["receivable"] != 12000 || got.Ledger["stripe"] != 0 {
		t.Fatalf("lost, it is %+v", got)
	}
	s.watched.answer = func(_, path string) (int, string) {
		if path != "/v1/disputes" {
			return 0, ""
		}
		return http.StatusOK, `{"object": "list", "has_more": false, "data": [{"id": "` + dispute + `", "object": "dispute", "amount": 12000, "currency": "usd", "charge": "` + payment.Charge + `",
			"payment_intent": "` + payment.PaymentIntent + `", "reason": "fraudulent", "status": "won", "balance_transactions": [
			{"id": "txn_1", "object": "balance_transaction", "amount": -12000, "currency": "usd"}, {"id": "txn_2", "object": "balance_transaction", "amount": 12000, "currency": "usd"}]}]}`
	}
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoicePaid || got.Outstanding != 0 || got.Ledger["receivable"] != 0 || got.Ledger["stripe"] != 12000 || got.Ledger["revenue"] != -12000 {
		t.Errorf("won after all, it is %+v", got)
	}
	s.soundly(ref)
}

// What a person said came back, and Stripe has no movement of, is a difference only until
// Stripe overrules it: then it was taken again here, and is not carried for ever.
func TestReconciliationForgetsAWordThatWasOverruled(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, dispute := s.saidWon()
	s.connects()
	now := time.Now()
	night := func(n int) remit.Reconciliation {
		at := now.Add(time.Duration(n) * 24 * time.Hour)
		return s.compared(at.Add(-25*time.Hour), at)
	}
	for _, n := range []int{1, 3} { // the second reads nothing of it, and carries it
		if got := causes(night(n)); got != "dispute_reversal not_at_stripe" {
			t.Errorf("said to be won, %d nights later: %q", n, got)
		}
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	if got := night(5); got.Unexplained != 0 || len(got.Differences) != 0 {
		t.Errorf("overruled: unexplained %d, %q", got.Unexplained, causes(got))
	}
}

// Where Stripe waits for evidence of a dispute that a person said was over, it is told once,
// until when, and it is somebody's to give it: the bank decides without it otherwise (F8).
func TestEvidenceOfADisputeThatWasSaidToBeOver(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, dispute := s.saidWon()
	s.connectsAgain()
	s.advance(ref)
	told := s.told(ref, "dispute_wanted")
	if got := s.standing(ref); got.Status != remit.InvoicePaid || !slices.Contains(got.Agenda, "respond") || len(told) != 1 {
		t.Fatalf("not decided at Stripe it is %+v, told %+v", got, told)
	}
	if due := s.toAnswer(); len(due) != 1 || due[0].StripeDispute != dispute || !strings.Contains(told[0].What, due[0].RespondBy.UTC().Format("2 Jan 2006")) {
		t.Fatalf("to be answered are %+v; told was %q", due, told[0].What)
	}
	due := *s.toAnswer()[0].RespondBy
	if payers := told[0].ForPayers(); strings.Contains(payers.What, "Stripe") || payers.Data["dispute_reason"] != nil {
		t.Errorf("payers read %+v", payers)
	}
	s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	s.advance(ref)
	if told := s.told(ref, "dispute_wanted"); len(told) != 1 {
		t.Errorf("looked at again, it was told %d times", len(told))
	}
	s.payments.Now = func() time.Time { return due.Add(time.Minute) }
	s.advance(ref)
	if got := s.standing(ref); len(s.told(ref, "dispute_unanswered")) != 1 || len(s.toAnswer()) != 0 || slices.Contains(got.Agenda, "respond") {
		t.Errorf("its time over, it is %+v; to be answered are %+v", got, s.toAnswer())
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.payments.Now = func() time.Time { return due.Add(50 * time.Hour) }
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoiceOpen || got.Outstanding != 12000 || slices.Contains(got.Agenda, "respond") || len(s.toAnswer()) != 0 {
		t.Errorf("lost, it is %+v", got)
	}
	s.balances()
	s.soundly(ref)
}

func (s *shop) toAnswer() (due []remit.Dispute) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		var units []uuid.UUID
		err := tx.QueryRow(s.t.Context(), "select array_agg(id) from organisations where tenant = $1", tx.Tenant).Scan(&units)
		if err != nil {
			return err
		}
		due, err = tx.DisputesToAnswer(s.t.Context(), units, "", 10)
		return err
	}))
	return due
}

// An inquiry that a person said was dropped is asked about as well: what became a dispute
// takes the money here too. And what a person said was lost comes back when it was won.
func TestEveryWordAboutADisputeIsAskedAbout(t *testing.T) {
	t.Parallel()
	t.Run("an inquiry that became a dispute", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref, dispute := s.contestedInvoice(true)
		s.cutOff()
		s.sayWon(ref)
		s.act("/disputes/"+dispute+"/escalate", nil)
		s.connectsAgain()
		s.advance(ref)
		if got := s.standing(ref); got.Status != remit.InvoiceContested || got.Outstanding != 12000 || got.Ledger["stripe"] != 0 || !slices.Contains(got.Agenda, "respond") {
			t.Errorf("it is %+v", got)
		}
		s.soundly(ref)
	})
	t.Run("an inquiry lost by a word and closed at Stripe", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref, dispute := s.contestedInvoice(true)
		s.cutOff()
		s.sayLost(ref)
		if got := s.standing(ref); got.Outstanding != 12000 || got.Hold != remit.HoldDispute {
			t.Fatalf("said to be lost, it is %+v", got)
		}
		s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
		s.connectsAgain()
		s.advance(ref)
		if got := s.standing(ref); got.Status != remit.InvoicePaid || got.Outstanding != 0 || got.Hold != "" || got.Ledger["stripe"] != 12000 || slices.Contains(got.Agenda, "poll") {
			t.Errorf("closed, it is %+v", got)
		}
		now := time.Now()
		if got := s.compared(now.Add(-25*time.Hour), now.Add(time.Hour)); got.Unexplained != 0 || len(got.Differences) != 0 {
			t.Errorf("compared with Stripe: unexplained %d, %q", got.Unexplained, causes(got))
		}
		s.balances()
		s.soundly(ref)
	})
	t.Run("lost by a word and won at Stripe", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref, dispute := s.contestedInvoice(false)
		s.cutOff()
		s.sayLost(ref)
		s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
		s.connectsAgain()
		s.advance(ref)
		if got := s.standing(ref); got.Status != remit.InvoicePaid || got.Outstanding != 0 || slices.Contains(got.Agenda, "poll") {
			t.Errorf("it is %+v", got)
		}
		s.balances()
		s.soundly(ref)
	})
}

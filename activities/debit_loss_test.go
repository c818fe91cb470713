package activities_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// answered has the bank answer an invoice's debit now.
func (s *shop) answered(ref remit.InvoiceRef) {
	s.t.Helper()
	s.act("/charges/"+s.debitOf(&story{ref: ref})+"/settle", map[string]any{})
}

// A debit that came back before anybody heard of it is not called back any more:
// it is what its bank said, so that it counts among those of its account, and one
// whose permission was withdrawn locks that.
func TestReturnedDebitIsNotCalledBack(t *testing.T) {
	for number, locks := range map[string]bool{bankEmpty: false, bankObjects: true} {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			account := s.bank(number)
			ref := s.invoice(5000)
			if refused := s.debited(ref, 5000, account); refused != nil {
				t.Fatal(refused)
			}
			s.answered(ref)
			_, payments := s.read(ref)
			refused := s.cancelled(ref, payments[0].ID)
			if refused == nil || refused.Message != "Nothing of this payment is on its way." {
				t.Errorf("refused: %+v", refused)
			}
			if a := s.lastTry(ref); a.State != remit.AttemptFailed || a.Decline == nil {
				t.Fatalf("the try is %s: %+v", a.State, a.Decline)
			}
			if locks {
				s.isLocked(account)
			}
		})
	}
}

// Stripe cancels no intent of a hosted page (docs.stripe.com/api/payment_intents/cancel):
// a debit from there that came back ends all the same, since nobody can pay on a
// page that was sent off, and the invoice is paid otherwise.
func TestCheckoutsDebitEndsThoughStripeDoesNotCancelIt(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	ref := s.invoice(5000)
	s.signIn(s.checkout(ref, 5000, false), "insufficient_funds", false)
	s.advance(ref)
	s.watched.answer = cancelsNothing
	s.pass(ref, 10)
	invoice, payments := s.read(ref)
	if a := s.lastTry(ref); invoice.Status != remit.InvoiceOpen || a.State != remit.AttemptFailed || a.Decline == nil || !payments[0].IntentClosed {
		t.Fatalf("the invoice is %s, the try %s: %+v", invoice.Status, a.State, a.Decline)
	}
	if refused := s.debited(ref, 5000, s.card); refused != nil {
		t.Fatal(refused)
	}
	s.settledOnce(ref, 5000)
}

// Nor does a payer who calls one back hear that a bank has what no bank has yet.
func TestCheckoutsDepositsCannotBeCalledBack(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	ref := s.invoice(5000)
	s.typeBank(s.checkout(ref, 5000, false), bankPays)
	s.advance(ref)
	s.watched.answer = cancelsNothing
	_, payments := s.read(ref)
	refused := s.cancelled(ref, payments[0].ID)
	if refused == nil || refused.Message != "Stripe does not cancel it. It ends by itself if the deposits are not entered." {
		t.Errorf("refused: %+v", refused)
	}
	if a := s.lastTry(ref); !a.AwaitsDeposits() {
		t.Errorf("the try is %s", a.State)
	}
}

func cancelsNothing(method, path string) (int, string) {
	if method == "POST" && strings.HasSuffix(path, "/cancel") {
		return 400, `{"error": {"type": "invalid_request_error", "message": "no"}}`
	}
	return 0, ""
}

// A debit whose confirm was lost on its way is not sent again once its account's
// holder has withdrawn his permission: it is canceled.
func TestLostDebitIsNotSentAfterThePermissionEnded(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankObjects)
	first, second := s.invoice(5000), s.invoice(4000)
	if refused := s.debited(first, 5000, account); refused != nil {
		t.Fatal(refused)
	}
	s.watched.stop = func(_, path string) error {
		if strings.HasSuffix(path, "/confirm") {
			return errors.New("the line went dead")
		}
		return nil
	}
	if refused := s.debited(second, 4000, account); refused != nil {
		t.Fatal(refused)
	}
	if a := s.lastTry(second); a.State != remit.AttemptConfirming {
		t.Fatalf("the second try is %s", a.State)
	}
	s.watched.stop = nil
	s.answered(first)
	s.advance(first)
	s.isLocked(account)
	confirms := s.watched.count("POST", "/confirm")
	s.advance(second)
	if n := s.watched.count("POST", "/confirm") - confirms; n != 0 {
		t.Errorf("%d more confirms were sent", n)
	}
	_, payments := s.read(second)
	if a := s.lastTry(second); a.State != remit.AttemptCanceled || s.intentStatus(payments[0].PaymentIntent) != "canceled" {
		t.Errorf("the second try is %s, its intent %s", a.State, s.intentStatus(payments[0].PaymentIntent))
	}
}

// A return is lost from the beginning: its money is gone even where Stripe does not
// list the movement yet, and no later event tells of it.
func TestLostDisputeTakesItsMoney(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.settledDebit(bankPays)
	s.act("/charges/"+payment.Charge+"/return", map[string]any{"reason": "insufficient_funds"})
	s.watched.answer = func(method, path string) (int, string) {
		if method != "GET" || path != "/v1/disputes" {
			return 0, ""
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/disputes?payment_intent="+payment.PaymentIntent, nil)
		r.Header.Set("Authorization", "Bearer "+s.key)
		answer := httptest.NewRecorder()
		s.acts.ServeHTTP(answer, r)
		var list map[string]any
		must(t, json.Unmarshal(answer.Body.Bytes(), &list))
		for _, d := range list["data"].([]any) {
			d.(map[string]any)["balance_transactions"] = []any{}
		}
		body, err := json.Marshal(list)
		must(t, err)
		return answer.Code, string(body)
	}
	s.event(ref, "charge.dispute.created")
	s.advance(ref)
	s.watched.answer = nil
	s.pass(ref, 3)
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoiceOpen || invoice.Outstanding != 5000 || !payments[0].Returned {
		t.Errorf("the invoice is %s, %d outstanding, returned %v", invoice.Status, invoice.Outstanding, payments[0].Returned)
	}
	s.everyCent()
}

// An account that a hosted page saved is locked by what becomes of the debit from
// there, whichever of the two was heard of first, and its permission is known.
func TestSavedAccountIsTheOneThatWasDebited(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	ref := s.invoice(5000)
	s.signIn(s.checkout(ref, 5000, true), "debit_not_authorized", true)
	var who string
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		who, err = tx.StripeCustomer(t.Context(), s.customer.ID, s.account, false)
		return err
	}))
	views, err := s.link.Stripe.PaymentMethods(t.Context(), who, "us_bank_account")
	must(t, err)
	if len(views) != 1 {
		t.Fatalf("saved were %+v", views)
	}
	must(t, activities.StoreMethod(t.Context(), s.db, s.tenant, s.link, s.customer.ID, views[0], s.now())) // as payment_method.attached does
	s.advance(ref)
	var id uuid.UUID
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		m, err := tx.MethodByStripeID(t.Context(), s.account, views[0].ID)
		id = m.ID
		return err
	}))
	if b := s.bankAccount(id); b.Mandate == "" {
		t.Error("its permission is not known")
	}
	s.pass(ref, 10)
	s.isLocked(id)
}

// Whoever objects to a debit objects to every permission that is known by then, for
// one account however often it was saved.
func TestObjectionEndsEveryPermissionOfAnAccount(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankObjects)
	ref := s.invoice(5000)
	if refused := s.debited(ref, 5000, account); refused != nil {
		t.Fatal(refused)
	}
	s.later(t, time.Hour)
	again := s.bank(bankObjects)
	s.answered(ref)
	s.advance(ref)
	s.isLocked(account)
	s.isLocked(again)
	if b := s.bankAccount(s.bank(bankObjects)); b.State != remit.BankAccountUsable {
		t.Errorf("authorised anew, it is %s", b.State)
	}
}

// What comes back after another Stripe account was connected locks its account too,
// for when the first is connected again.
func TestReturnLocksAtTheEarlierStripeAccount(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankObjects)
	ref := s.invoice(5000)
	if refused := s.debited(ref, 5000, account); refused != nil {
		t.Fatal(refused)
	}
	connected := func(how string) {
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "update connections set disconnected_at = "+how+", ended_by = case when "+how+" is null then '' else 'replaced' end where tenant = $1", s.tenant)
			return err
		}))
	}
	connected("now()")
	s.answered(ref)
	s.advance(ref)
	if a := s.lastTry(ref); a.State != remit.AttemptFailed {
		t.Fatalf("the try is %s", a.State)
	}
	connected("null")
	s.isLocked(account)
}

// Removing an account while what became of its debit locks it makes neither fail.
func TestRemovingAnAccountWaitsForItsLock(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankPays)
	removed := make(chan error, 1)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		b, err := tx.LockBankAccount(t.Context(), account)
		must(t, err)
		go func() {
			removed <- s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.RemoveMethod(t.Context(), account, s.now()) })
		}()
		s.untilSomebodyWaits()
		b.State, b.Reason = remit.BankAccountLocked, "The account is closed."
		return tx.SaveBankAccount(t.Context(), b)
	}))
	must(t, <-removed)
	if b := s.bankAccount(account); b.State != remit.BankAccountDetached {
		t.Errorf("the account is %s", b.State)
	}
}

// An intent of a hosted page that is canceled when it is looked at ends its try: one
// whose debit had come back as its bank's answer, although the process that canceled
// it died before it could record that, and any other as canceled.
func TestCanceledIntentOfASentOffPageEnds(t *testing.T) {
	for how, want := range map[string]remit.AttemptState{"died": remit.AttemptFailed, "at Stripe": remit.AttemptCanceled} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			s.debits()
			ref := s.invoice(5000)
			s.signIn(s.checkout(ref, 5000, false), "insufficient_funds", false)
			s.advance(ref)
			_, payments := s.read(ref)
			if how == "died" {
				s.answered(ref)
				if !s.dies("intent canceled", func() { s.advance(ref) }) {
					t.Fatal("it was not canceled")
				}
			} else {
				_, err := s.stripe.PaymentIntents.Cancel(payments[0].PaymentIntent, nil)
				must(t, err)
			}
			s.advance(ref)
			if a := s.lastTry(ref); a.State != want || want == remit.AttemptFailed && a.Decline.Rule != "represent" {
				t.Fatalf("the try is %s: %+v", a.State, a.Decline)
			}
			if refused := s.debited(ref, 5000, s.card); refused != nil {
				t.Fatal(refused)
			}
			s.settledOnce(ref, 5000)
		})
	}
}

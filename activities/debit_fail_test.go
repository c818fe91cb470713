package activities_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// A debit that comes back before it settles leaves the invoice open, with the
// bank's reason in words, of which the customer is told; an account that can never pay is locked, one that only
// lacked money is not.
func TestDebitThatFails(t *testing.T) {
	for number, want := range map[string]struct {
		payer  string
		locked bool
		ended  bool
	}{
		bankEmpty:   {"Your bank did not pay. Not enough money in the account. The same account may be tried three times at most.", false, false},
		bankClosed:  {"Your bank did not pay. The account is closed. Use another account.", true, false},
		bankObjects: {"Your bank did not pay. The debit was not authorised. Authorise it anew; automatic charge is off.", true, true},
	} {
		t.Run(want.payer, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			account := s.bank(number)
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.SetDefaultMethod(t.Context(), s.customer.ID, account)
				must(t, err)
				_, err = tx.Exec(t.Context(), "update customers set auto_charge = true where tenant = $1", s.tenant)
				return err
			}))
			ref := s.invoice(5000)
			if refused := s.debited(ref, 5000, account); refused != nil {
				t.Fatal(refused)
			}
			s.pass(ref, 14)
			invoice, _ := s.read(ref)
			a := s.lastTry(ref)
			if invoice.Status != remit.InvoiceOpen || a.State != remit.AttemptFailed || a.Decline.Message != want.payer {
				t.Fatalf("the invoice is %s, the try %s: %+v", invoice.Status, a.State, a.Decline)
			}
			mails, customers := s.mails(ref), "failed"
			if want.locked {
				customers = "locked"
			}
			if len(mails[customers]) != 1 || len(mails["failed"])+len(mails["locked"]) != 1 || !strings.Contains(mails[customers][0].Body, "Please pay another way") {
				t.Errorf("the customer reads %+v", mails)
			}
			b := s.bankAccount(account)
			if want.locked {
				s.isLocked(account)
				if told := s.told(ref, "bank_account"); len(told) != 1 || !strings.Contains(told[0].What, "Automatic charge of Globex with it is off.") {
					t.Errorf("the timeline says %+v", told)
				}
			} else if b.State != remit.BankAccountUsable {
				t.Errorf("the account is %s", b.State)
			}
			if b.MandateEnded != want.ended {
				t.Errorf("its permission has ended: %v", b.MandateEnded)
			}
			for _, e := range s.told(ref, "declined") {
				if words := e.ForPayers().What; strings.Contains(words, "R0") || strings.Contains(words, "_") || !strings.Contains(words, want.payer) {
					t.Errorf("a payer reads %q", words)
				}
			}
		})
	}
}

// One account is debited for an invoice three times at most, however often it was
// saved, and the last word is asked before a debit that was reserved goes out.
func TestOneAccountIsDebitedThreeTimesAtMost(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(5000)
	for n, account := range []uuid.UUID{s.bank(bankEmpty), s.bank(bankEmpty), s.bank(bankEmpty)} {
		if refused := s.debited(ref, 5000, account); refused != nil {
			t.Fatalf("debit %d: %+v", n+1, refused)
		}
		s.pass(ref, 10)
	}
	refused := s.debited(ref, 5000, s.bank(bankEmpty))
	if refused == nil || refused.Kind != remit.KindDeclined || refused.Message != "Nothing was charged. Too many tries with this account. Use another." {
		t.Fatalf("a fourth debit: %+v", refused)
	}
	if a := s.lastTry(ref); a.Number != 3 {
		t.Errorf("%d tries were made", a.Number)
	}
	if refused := s.debited(ref, 5000, s.card); refused != nil {
		t.Errorf("a card after that: %+v", refused)
	}
	s.settledOnce(ref, 5000)
}

// What the banks' rules forbid by the time a reserved debit would go out ends it
// as a decline: nothing is sent.
func TestLastLookAsksTheBanksRules(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankEmpty)
	ref := s.invoice(5000)
	if refused := s.debited(ref, 5000, account); refused != nil {
		t.Fatal(refused)
	}
	s.pass(ref, 10)
	request := s.asksNow(s.pay(ref, 5000, account))
	if !s.performAndDie(ref, request, "reserved") {
		t.Fatal("it was not reserved")
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { // as a debit that came back otherwise
		_, err := tx.Exec(t.Context(), `update attempts set decline = jsonb_set(decline, '{rule}', '"other_account"') where invoice_id = $1 and number = 1`, ref.Invoice)
		return err
	}))
	s.advance(ref)
	if a := s.lastTry(ref); a.Number != 2 || a.State != remit.AttemptFailed || a.Decline.Class != "cap" || a.ChargeBefore != nil {
		t.Fatalf("the second try is %s: %+v", a.State, a.Decline)
	}
	if b := s.bankAccount(account); b.State != remit.BankAccountUsable {
		t.Errorf("the account is %s", b.State)
	}
}

package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// mails are the mails about an invoice, by their stage without its object.
func (s *shop) mails(ref remit.InvoiceRef) map[string][]remit.Mail {
	s.t.Helper()
	found := map[string][]remit.Mail{}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		list, err := tx.ListMails(s.t.Context(), uuid.Nil, 100)
		for _, m := range list {
			if m.Invoice != nil && m.Invoice.ID == ref.Invoice {
				stage, _, _ := strings.Cut(string(m.Invoice.Stage), "/")
				found[stage] = append(found[stage], m.Mail)
			}
		}
		return err
	}))
	return found
}

// A bank that takes a debit back after it succeeded reopens the invoice, on hold;
// the account's permission and automatic charges of it end; both sides are told
// once, however often it is heard of (M7, M13).
func TestFailure28LateReturn(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankTakesBack)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetDefaultMethod(t.Context(), s.customer.ID, account)
		must(t, err)
		_, err = tx.Exec(t.Context(), "update customers set auto_charge = true where tenant = $1", s.tenant)
		return err
	}))
	ref := s.invoice(120000)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), `update invoices set settings = settings || '{"contact": "billing@acme.test"}' where id = $1`, ref.Invoice)
		return err
	}))
	if refused := s.debited(ref, 120000, account); refused != nil {
		t.Fatal(refused)
	}
	s.pass(ref, 7)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid {
		t.Fatalf("the invoice is %s", invoice.Status)
	}
	s.pass(ref, 14) // the bank has taken it back, and nobody has heard of it
	for range 3 {
		s.event(ref, "charge.dispute.created")
		s.event(ref, "charge.dispute.closed")
		s.advance(ref)
	}
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoiceOpen || invoice.Outstanding != 120000 || invoice.Hold == nil || invoice.Hold.Kind != remit.HoldReturn || !payments[0].Returned {
		t.Fatalf("the invoice is %s, %d outstanding, hold %+v", invoice.Status, invoice.Outstanding, invoice.Hold)
	}
	if state := remit.PublicStateOf(remit.PublicFacts{Invoice: withOnline(invoice), Collecting: true}); state != remit.PublicReturned {
		t.Errorf("its page says %s", state)
	}
	s.isLocked(account)
	if b := s.bankAccount(account); !b.MandateEnded || !strings.Contains(b.Reason, "authorise debits anew") {
		t.Errorf("its record: ended %v, %q", b.MandateEnded, b.Reason)
	}
	if told := s.told(ref, "bank_account"); len(told) != 1 || !strings.Contains(told[0].What, "Automatic charge of Globex with it is off.") {
		t.Errorf("the timeline says %+v", told)
	}
	mails := s.mails(ref)
	paid := remit.DateOf(payments[0].Attempts[0].CreatedAt.In(mustZone(t, "America/New_York"))).Words()
	if list := mails["returned"]; len(list) != 1 || list[0].To != "pay@globex.test" ||
		!strings.Contains(list[0].Subject, "The bank returned the payment of "+paid) || !strings.Contains(list[0].Body, "$1,200.00 USD is due again.") {
		t.Errorf("the customer is written %+v", list)
	}
	if list := mails["returned_seller"]; len(list) != 1 || list[0].To != "billing@acme.test" || !strings.Contains(list[0].Body, "Not enough money in the account") {
		t.Errorf("the business is written %+v", list)
	}
	if refused := s.debited(ref, 120000, account); refused == nil {
		t.Error("the account was debited again")
	}
	if refused := s.debited(ref, 120000, s.bank(bankPays)); refused != nil {
		t.Errorf("another account after that: %+v", refused)
	}
	s.everyCent()
}

// Where nobody in the business can be written to, nor the customer, the timeline says so
// of both, and a work item asks somebody.
func TestReturnWithoutAddresses(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankTakesBack)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update customers set email = '' where tenant = $1", s.tenant)
		return err
	}))
	ref := s.invoice(5000)
	if refused := s.debited(ref, 5000, account); refused != nil {
		t.Fatal(refused)
	}
	s.pass(ref, 7)
	s.pass(ref, 14)
	s.event(ref, "charge.dispute.created")
	s.advance(ref)
	if mails := s.mails(ref); len(mails["returned"])+len(mails["returned_seller"]) != 0 {
		t.Errorf("written were %+v", mails)
	}
	if told := s.told(ref, "mail_missing"); len(told) < 2 || !strings.Contains(told[len(told)-2].What, "has no e-mail address") ||
		!strings.Contains(told[len(told)-1].What, "nobody who may edit invoices at "+s.branch.Path) {
		t.Errorf("the timeline says %+v", told)
	}
	if at := s.standing(ref); at.Item != remit.WorkItemOpen || at.Outstanding != 5000 {
		t.Errorf("%+v", at)
	}
}

// The same account added anew after a return may be debited again where it only
// lacked money: three times in all.
func TestReturnCountsAmongTheDebits(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(5000)
	for n := range 3 {
		if refused := s.debited(ref, 5000, s.bank(bankTakesBack)); refused != nil {
			t.Fatalf("debit %d: %+v", n+1, refused)
		}
		s.pass(ref, 8)
		s.pass(ref, 10)
		s.event(ref, "charge.dispute.created")
		s.advance(ref)
		if invoice, _ := s.read(ref); invoice.Outstanding != 5000 {
			t.Fatalf("debit %d: %d outstanding", n+1, invoice.Outstanding)
		}
	}
	if refused := s.debited(ref, 5000, s.bank(bankTakesBack)); refused == nil || refused.Kind != remit.KindDeclined {
		t.Errorf("a fourth debit: %+v", refused)
	}
	s.everyCent()
}

func withOnline(i remit.Invoice) remit.Invoice {
	i.Settings.OnlinePayments = true
	return i
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	must(t, err)
	return zone
}

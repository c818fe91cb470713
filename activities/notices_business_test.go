package activities_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// staff adds somebody who holds a role at a unit, and gives his address.
func (s *shop) staff(name, role string, unit uuid.UUID) (id uuid.UUID, address string) {
	s.t.Helper()
	id = uuid.New()
	ctx, now := s.t.Context(), time.Now()
	address = name + "-" + id.String() + "@remit.test"
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		must(s.t, tx.PutRole(ctx, "Bookkeepers", []remit.Scope{remit.InvoiceEdit, remit.StripeRead}))
		must(s.t, tx.PutRole(ctx, "Clerks", []remit.Scope{remit.InvoiceEdit}))
		must(s.t, postgres.InsertAccountOnce(ctx, tx, postgres.Account{ID: id, Email: address, Name: name}, now))
		must(s.t, tx.InsertMember(ctx, postgres.Member{Account: id}, now))
		must(s.t, tx.AcceptMember(ctx, id, now))
		return tx.InsertGrant(ctx, remit.RoleGrant{ID: uuid.New(), User: id, Role: role, UnitID: unit}, now)
	}))
	return id, address
}

func (s *shop) sql(query string, args ...any) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(s.t.Context(), query, args...)
		return err
	}))
}

// declinedByItself is an invoice whose charge by itself was declined.
func (s *shop) declinedByItself() remit.InvoiceRef {
	s.t.Helper()
	ref := s.automatic(5000, 0, nil)
	s.advance(ref)
	s.advance(ref)
	return ref
}

func receivers(mails []remit.Mail) (to []string) {
	for _, m := range mails {
		to = append(to, m.To)
	}
	slices.Sort(to)
	return to
}

// N1, R1: with nothing set, a failed charge is told to the customer and to the people
// nearest to the invoice who may edit it and read what banks say, once each, and to nobody
// else.
func TestFailedChargeIsToldToThoseWhoMayAct(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	_, bea := s.staff("Bea", "Bookkeepers", s.branch.ID)
	_, bob := s.staff("Bob", "Bookkeepers", s.branch.ID)
	_, owner := s.staff("Olga", policies.RoleOwner, s.tenant)
	s.staff("Cat", "Clerks", s.branch.ID)
	left, _ := s.staff("Lea", "Bookkeepers", s.branch.ID)
	s.sql("update members set disabled_at = now() where tenant = $1 and account_id = $2", s.tenant, left)
	customers, _ := s.staff("Gus", "Bookkeepers", s.branch.ID)
	s.sql("update members set customer_id = $3 where tenant = $1 and account_id = $2", s.tenant, customers, s.customer.ID)
	s.charges(s.save("pm_card_chargeCustomerFail"))
	ref := s.declinedByItself()
	mails, want := s.mails(ref), []string{bea, bob}
	slices.Sort(want)
	if got := receivers(mails["failed"]); !slices.Equal(got, []string{"pay@globex.test"}) {
		t.Errorf("the customer's mail went to %v", got)
	}
	if got := receivers(mails["failed_seller"]); !slices.Equal(got, want) {
		t.Errorf("the business's went to %v, want %v", got, want)
	}
	told := s.told(ref, "mail")
	if last := told[len(told)-1].What; !strings.HasPrefix(last, "A mail to the business that the payment failed is in the outbox for Bea, Bob") {
		t.Errorf("the timeline says %q", last)
	}
	again := mails["failed_seller"]
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), ref.Invoice)
		must(t, err)
		for _, m := range again { // as a writer would that knows nothing of what is there
			m.ID = uuid.New()
			l.Outbox = append(l.Outbox, m)
		}
		return tx.SaveInvoice(t.Context(), l, s.now())
	}))
	if got := receivers(s.mails(ref)["failed_seller"]); !slices.Equal(got, want) {
		t.Errorf("written again they went to %v", got)
	}
	s.sql("delete from grants where tenant = $1 and role = 'Bookkeepers'", s.tenant)
	if got := receivers(s.mails(s.declinedByItself())["failed_seller"]); !slices.Equal(got, []string{owner}) {
		t.Errorf("without people of the branch they went to %v", got)
	}
}

// An address that is set takes their place: the contact, or else the first that gets
// copies.
func TestAnAddressTakesThePeoplesPlace(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.staff("Pat", "Bookkeepers", s.branch.ID)
	s.charges(s.save("pm_card_chargeCustomerFail"))
	settings := remit.DefaultNoticeSettings()
	settings.BCC = []string{"copies@acme.test"}
	s.wants(settings)
	if got := receivers(s.mails(s.declinedByItself())["failed_seller"]); !slices.Equal(got, []string{"copies@acme.test"}) {
		t.Errorf("with copies it went to %v", got)
	}
	ref := s.automatic(5000, 0, nil)
	s.sql(`update invoices set settings = settings || '{"contact": "books@acme.test"}' where tenant = $1 and id = $2`, s.tenant, ref.Invoice)
	s.advance(ref)
	if got := receivers(s.mails(ref)["failed_seller"]); !slices.Equal(got, []string{"books@acme.test"}) {
		t.Errorf("with a contact it went to %v", got)
	}
}

// M13: so many people are written to at most, and each of them once however often the
// step is run.
func TestPeopleOfTheBusinessAreToldOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	for range remit.MaxTold + 2 {
		s.staff("Pat", "Bookkeepers", s.branch.ID)
	}
	promised := s.invoiceDue(5000, "2030-04-01")
	zone := mustZone(t, "America/New_York")
	until := remit.DateOf(s.now().In(zone))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), promised.Invoice)
		must(t, err)
		l.Promise = &remit.Promise{Until: until, By: "Ana"}
		_, err = tx.Exec(t.Context(), `insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what) values ($1, gen_random_uuid(), $2, $3, $4, 'notice', $3, 'x')`,
			s.tenant, s.branch.ID, promised.Invoice, s.now())
		must(t, err)
		return tx.SaveInvoice(t.Context(), l, s.now())
	}))
	opening := remit.DefaultChargeWindow().OpensOn(until.AddDays(1), zone).Add(time.Minute)
	s.payments.Now = func() time.Time { return opening }
	for range 3 {
		s.run(promised)
	}
	got := receivers(s.mails(promised)["promise_broken"])
	if len(got) != remit.MaxTold || len(slices.Compact(got)) != remit.MaxTold {
		t.Errorf("%d people are told of the promise: %v", len(got), got)
	}
}

// Where nobody is there to be told, the timeline says so.
func TestNobodyToTellIsSaid(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.charges(s.save("pm_card_chargeCustomerFail"))
	ref := s.declinedByItself()
	told := s.told(ref, "mail_missing")
	if len(told) != 1 || !strings.HasSuffix(told[0].What, "no e-mail address to tell the business, and nobody who may edit invoices at "+s.branch.Path+" may read what Stripe says of them.") {
		t.Errorf("the timeline says %+v", told)
	}
	if mails := s.mails(ref); len(mails["failed"]) != 1 || len(mails["failed_seller"]) != 0 {
		t.Errorf("written are %+v", mails)
	}
}

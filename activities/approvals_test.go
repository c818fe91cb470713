package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/policies"
	"remit/postgres"
)

// fourEyes is a shop whose invoices need a second person above $50.00, and Lee,
// who may approve at the branch.
type fourEyes struct {
	*shop
	lee, grant uuid.UUID
}

func openFourEyes(t *testing.T) *fourEyes {
	t.Helper()
	s := &fourEyes{shop: openShop(t), lee: uuid.New(), grant: uuid.New()}
	ctx, now, above := t.Context(), time.Now(), int64(5000)
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		must(t, postgres.InsertAccountOnce(ctx, tx, postgres.Account{ID: s.lee, Email: s.lee.String() + "@remit.test", Name: "Lee"}, now))
		must(t, tx.InsertMember(ctx, postgres.Member{Account: s.lee}, now))
		must(t, tx.AcceptMember(ctx, s.lee, now))
		must(t, tx.PutRole(ctx, "Approvers", []remit.Scope{remit.StripeApprove}))
		must(t, tx.InsertGrant(ctx, remit.RoleGrant{ID: s.grant, User: s.lee, Role: "Approvers", UnitID: s.branch.ID}, now))
		settings := remit.DefaultApprovals()
		settings.Above, settings.Currency = &above, "USD"
		_, err := tx.SetSetting(ctx, s.branch.ID, activities.ApprovalsSetting, settings, s.lee)
		return err
	}))
	return s
}

// asks makes a request of Ana's to pay an amount with the saved card.
func (s *fourEyes) asks(ref remit.InvoiceRef, amount int64) *uuid.UUID {
	s.t.Helper()
	id := uuid.New()
	policy, err := s.payments.Authority.Policy(s.t.Context(), s.tenant)
	must(s.t, err)
	path, err := remit.ParsePath(s.branch.Path)
	must(s.t, err)
	must(s.t, s.locked(ref, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		entry, err := activities.AskApproval(s.t.Context(), tx, l, remit.Approval{
			ID: id, InvoiceID: l.ID, OrganisationID: l.OrganisationID, Organisation: l.Organisation, ToPay: remit.ToPay{Amount: amount, Method: &s.card},
			Currency: "USD", MethodWords: "Visa 4242", Total: l.Total, AskedBy: remit.Person{ID: s.payer, Name: "Ana"},
		}, activities.ApproversFrom(policy, path, s.payer), remit.Actor{Kind: "user", ID: s.payer.String(), Name: "Ana"}, "http://remit.test", time.Now())
		if err != nil {
			return err
		}
		return tx.SaveInvoice(s.t.Context(), l, time.Now(), entry)
	}))
	return &id
}

// approves has Lee approve it.
func (s *fourEyes) approves(ref remit.InvoiceRef, id *uuid.UUID) *uuid.UUID {
	s.t.Helper()
	must(s.t, s.locked(ref, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		a, err := tx.Approval(s.t.Context(), id)
		if err != nil {
			return err
		}
		now := l.Clock.Now(time.Now())
		until := a.Until(now, nil)
		a.State, a.AnsweredBy, a.AnsweredAt, a.ExpiresAt = remit.ApprovalApproved, &remit.Person{ID: s.lee, Name: "Lee"}, &now, &until
		if err := tx.SaveApproval(s.t.Context(), *a, nil); err != nil {
			return err
		}
		if err := tx.Plan(s.t.Context(), l, remit.AgendaApproval, a.ID, until, "lapses"); err != nil {
			return err
		}
		return tx.SaveInvoice(s.t.Context(), l, time.Now(), activities.AnsweredEntry(*a, remit.System, time.UTC))
	}))
	return id
}

func (s *fourEyes) paysWith(ref remit.InvoiceRef, amount int64, approval *uuid.UUID) remit.Request {
	return s.ask(ref, remit.RequestPay, remit.PayRequest{Amount: amount, PaymentMethod: &s.card, Approval: approval})
}

func (s *fourEyes) state(id *uuid.UUID) remit.Approval {
	s.t.Helper()
	var a *remit.Approval
	must(s.t, s.db.InTenant(context.WithoutCancel(s.t.Context()), s.tenant, func(tx *postgres.Tx) (err error) {
		a, err = tx.Approval(context.WithoutCancel(s.t.Context()), id)
		return err
	}))
	return *a
}

func refusedFor(t *testing.T, done activities.Performed, err error, code string) {
	t.Helper()
	must(t, err)
	if done.Result.Refused == nil || done.Result.Refused.Code != code {
		t.Fatalf("%+v, want it refused with %s", done.Result, code)
	}
}

// Z9: above the limit nothing is charged without an approval, nor with one that
// nobody gave; with one it is charged once, and a second payment needs another.
func TestApprovedPaymentIsMadeOnce(t *testing.T) {
	s := openFourEyes(t)
	ref := s.invoice(20_000)
	done, err := s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000, nil))
	refusedFor(t, done, err, remit.CodeApprovalRequired)
	id := s.asks(ref, 9000)
	done, err = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000, id))
	refusedFor(t, done, err, remit.CodeApprovalRequired)
	s.approves(ref, id)
	for _, other := range []int64{9001, 8999} {
		done, err = s.payments.Perform(t.Context(), ref, s.paysWith(ref, other, id))
		refusedFor(t, done, err, remit.CodeApprovalRequired)
	}
	done, err = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000, id))
	must(t, err)
	if done.Result.Attempt == nil || s.state(id).State != remit.ApprovalUsed {
		t.Fatalf("%+v, and the approval is %s", done.Result, s.state(id).State)
	}
	done, err = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000, id))
	refusedFor(t, done, err, remit.CodeApprovalRequired)
	done, err = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 5000, nil)) // not above it
	must(t, err)
	if done.Result.Attempt == nil {
		t.Fatalf("%+v", done.Result)
	}
	if cents, charges := s.captured(ref); cents != 14_000 || charges != 2 {
		t.Errorf("%d by %d charges", cents, charges)
	}
	s.soundly(ref)
}

// Z9: no sum is brought below the limit by parts. What was paid with an approval or by
// the customer does not count, and what somebody's own act has charged by itself does.
func TestPartsCountTogether(t *testing.T) {
	s := openFourEyes(t)
	ref := s.invoice(30_000)
	approved := s.paysWith(ref, 9000, s.approves(ref, s.asks(ref, 9000)))
	himself := uuid.New()
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		must(t, postgres.InsertAccountOnce(t.Context(), tx, postgres.Account{ID: himself, Email: himself.String() + "@globex.test", Name: "Gus"}, s.now()))
		must(t, tx.InsertMember(t.Context(), postgres.Member{Account: himself, CustomerID: &s.customer.ID}, s.now()))
		return tx.AcceptMember(t.Context(), himself, s.now())
	}))
	own := s.request(ref, remit.RequestPay, remit.PayRequest{Amount: 4000, PaymentMethod: &s.card, Permit: remit.Permit{Account: himself, Customer: true}})
	for _, r := range []remit.Request{approved, own, s.paysWith(ref, 3000, nil), s.paysWith(ref, 2000, nil)} {
		done, err := s.payments.Perform(t.Context(), ref, r)
		must(t, err)
		if done.Result.Attempt == nil {
			t.Fatalf("%+v", done.Result.Refused)
		}
	}
	done, err := s.payments.Perform(t.Context(), ref, s.paysWith(ref, 1000, nil))
	refusedFor(t, done, err, remit.CodeApprovalRequired)
	id := s.approves(ref, s.asks(ref, 1000))
	done, err = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 1000, id))
	must(t, err)
	if done.Result.Attempt == nil {
		t.Fatalf("approved, it is %+v", done.Result)
	}
	s.hasCaptured(ref, 19_000)

	raised := s.automatic(4000, 1, nil)
	s.does(raised, remit.RequestAutoCharge, remit.AutoChargeRequest{On: false})
	s.does(raised, remit.RequestAutoCharge, remit.AutoChargeRequest{On: true})
	s.wait(raised, 2*aDay)
	s.hasCaptured(raised, 4000)
	s.does(raised, remit.RequestAmend, amendTo(s.t, 8000, s.in(-1).String()))
	s.wait(raised, 2*aDay)
	s.hasCaptured(raised, 4000)
	if i, _ := s.read(raised); i.Collection.State != remit.CollectionAsks {
		t.Errorf("collection has come to %+v: %v", i.Collection, s.kinds(raised))
	}
}

// Z9: what one person's act has charged by itself counts with what he pays, whatever was
// switched since; what a date had charged does not.
func TestWhatSomebodyHadChargedCounts(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		act  func(*fourEyes) remit.InvoiceRef
		paid int64
		asks bool
	}{
		"asked for, twice": {func(s *fourEyes) remit.InvoiceRef {
			ref := s.automatic(9000, 30, &remit.Deposit{Amount: 4000, DueDate: s.in(20)})
			s.does(ref, remit.RequestCharge, struct{}{})
			s.wait(ref, time.Hour)
			return ref
		}, 4000, true},
		"switched on, and off again": {func(s *fourEyes) remit.InvoiceRef {
			ref := s.automatic(9000, 30, &remit.Deposit{Amount: 4000, DueDate: s.in(1)})
			s.does(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: false})
			s.does(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: true})
			s.wait(ref, 2*aDay)
			s.does(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: false})
			return ref
		}, 4000, true},
		"by its date, and moved later": {func(s *fourEyes) remit.InvoiceRef {
			ref := s.automatic(9000, 30, &remit.Deposit{Amount: 4000, DueDate: s.in(1)})
			s.wait(ref, 2*aDay)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(10).String()))
			return ref
		}, 4000, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openFourEyes(t)
			ref := c.act(s)
			s.hasCaptured(ref, c.paid)
			done, err := s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000-c.paid, nil))
			must(t, err)
			if asked := done.Result.Refused != nil && done.Result.Refused.Code == remit.CodeApprovalRequired; asked != c.asks || !asked && done.Result.Attempt == nil {
				t.Errorf("to pay the rest is %+v, %+v: %v", done.Result, done.Result.Refused, s.kinds(ref))
			}
		})
	}
}

// Z9: a checkout that nobody pays counts for nothing, and takes no approval's place.
func TestAnOpenCheckoutCountsForNothing(t *testing.T) {
	s := openFourEyes(t)
	ref := s.invoice(4000)
	done, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 4000}))
	must(t, err)
	if done.Result.Attempt == nil {
		t.Fatalf("the checkout is refused: %+v", done.Result.Refused)
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		alone, err := tx.PaidAlone(t.Context(), ref.Invoice, uuid.Nil)
		if alone != 0 {
			t.Errorf("%d counts as paid", alone)
		}
		return err
	}))
	id := s.approves(ref, s.asks(ref, 4000)) // as if it had been asked for
	done, err = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 4000, id))
	must(t, err)
	if done.Result.Attempt == nil || s.state(id).State != remit.ApprovalUsed {
		t.Errorf("with an approval that is not needed it is %+v, %+v, and that is %s", done.Result, done.Result.Refused, s.state(id).State)
	}
	s.hasCaptured(ref, 4000)
}

// Z9: what was approved lapses with the amendment of the invoice, in the same
// transaction, and says why; nothing is charged with it any more.
func TestApprovalLapsesWithAnAmendment(t *testing.T) {
	s := openFourEyes(t)
	ref := s.invoice(20_000)
	id := s.approves(ref, s.asks(ref, 9000))
	_, err := s.payments.Perform(t.Context(), ref, s.amends(ref, 19_000))
	must(t, err)
	if a := s.state(id); a.State != remit.ApprovalLapsed || a.Reason != "The invoice's amount was changed from $200.00 to $190.00." {
		t.Errorf("it is %s: %s", a.State, a.Reason)
	}
	done, err := s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000, id))
	refusedFor(t, done, err, remit.CodeApprovalRequired)
	if cents, _ := s.captured(ref); cents != 0 {
		t.Errorf("%d was charged", cents)
	}
	s.soundly(ref)
}

func (s *fourEyes) amends(ref remit.InvoiceRef, total int64) remit.Request {
	due, err := remit.ParseDate("2030-04-01")
	must(s.t, err)
	return s.request(ref, remit.RequestAmend, remit.AmendRequest{
		Reason: "less work", DueDate: due, Total: total, Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: "1", Amount: total}}, Fingerprint: make([]byte, 32),
	})
}

// Z9: an approval whose giver lost his right before it was used permits nothing,
// and lapses with that reason, whether he lost it before the attempt or between
// its beginning and its money (T4).
func TestApprovalLapsesWithTheApproversRight(t *testing.T) {
	for name, when := range map[string]string{"before the attempt": "", "between claim and confirm": "intent stored"} {
		t.Run(name, func(t *testing.T) {
			s := openFourEyes(t)
			ref := s.invoice(20_000)
			id := s.approves(ref, s.asks(ref, 9000))
			revoke := func() {
				must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
					return tx.DeleteGrant(t.Context(), s.grant)
				}))
			}
			want := remit.ApprovalUsed
			if when == "" {
				want = remit.ApprovalLapsed
				revoke()
			} else {
				s.payments.Crash = func(boundary string) {
					if boundary == when {
						revoke()
					}
				}
			}
			done, err := s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000, id))
			must(t, err)
			if cents, charges := s.captured(ref); cents != 0 || charges != 0 || s.watched.count("POST", "/confirm") > 0 {
				t.Errorf("%d was charged: %+v", cents, done.Result)
			}
			if a := s.state(id); a.State != want {
				t.Errorf("it is %s, want %s", a.State, want)
			}
			s.soundly(ref)
		})
	}
}

// Z9: however an amendment, a loss of right, somebody else's payment and the
// approved payment fall together, no sum is charged that was not approved for the
// invoice as it stood.
func TestNoRaceLetsAnUnapprovedSumThrough(t *testing.T) {
	s := openFourEyes(t)
	for round := range 12 {
		ref := s.invoice(20_000)
		id := s.approves(ref, s.asks(ref, 15_000))
		var amended activities.Performed
		var wait sync.WaitGroup
		for _, act := range []func(){
			func() { _, _ = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 15_000, id)) },
			func() { _, _ = s.payments.Perform(t.Context(), ref, s.paysWith(ref, 15_000, id)) },
			func() { amended, _ = s.payments.Perform(t.Context(), ref, s.amends(ref, 16_000)) },
			func() {
				if round%3 == 0 {
					_, _ = s.payments.Perform(t.Context(), ref, s.pay(ref, 4900, s.card))
				}
			},
		} {
			wait.Go(act)
		}
		wait.Wait()
		a := s.state(id)
		invoice, payments := s.read(ref)
		for _, p := range payments {
			if p.AmountCaptured > 5000 && (a.State != remit.ApprovalUsed || p.AmountCaptured != 15_000) {
				t.Fatalf("%d was charged, and the approval is %s", p.AmountCaptured, a.State)
			}
		}
		if a.State == remit.ApprovalLapsed && invoice.Applied > 5000 {
			t.Fatalf("%d was paid with an approval that lapsed", invoice.Applied)
		}
		if a.State == remit.ApprovalApproved && invoice.Total != a.Total {
			t.Fatalf("an approval over %d stands on an invoice over %d", a.Total, invoice.Total)
		}
		_ = amended
		s.soundly(ref)
	}
}

// Z9: a request that nobody answers goes up to those who may approve at the
// parent, and an approval that nobody uses lapses, each on the organisation's
// clock; the timeline tells both, and rebuilds what became of them.
func TestUnansweredGoesUpAndUnusedLapses(t *testing.T) {
	s := openFourEyes(t)
	kim := uuid.New()
	ctx, now := t.Context(), time.Now()
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		must(t, postgres.InsertAccountOnce(ctx, tx, postgres.Account{ID: kim, Email: kim.String() + "@remit.test", Name: "Kim"}, now))
		must(t, tx.InsertMember(ctx, postgres.Member{Account: kim}, now))
		must(t, tx.AcceptMember(ctx, kim, now))
		return tx.InsertGrant(ctx, remit.RoleGrant{ID: uuid.New(), User: kim, Role: policies.RoleOwner, UnitID: s.tenant}, now)
	}))
	ref := s.invoice(20_000)
	id := s.asks(ref, 9000)
	if level := s.state(id).Level; level != s.branch.Path {
		t.Fatalf("asked at %s", level)
	}
	s.payments.Now = func() time.Time { return now.Add(25 * time.Hour) }
	_, err := s.payments.Advance(ctx, ref)
	must(t, err)
	if a := s.state(id); a.State != remit.ApprovalAsked || a.Level == s.branch.Path {
		t.Fatalf("it is %s at %s", a.State, a.Level)
	}
	var told int
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		return tx.QueryRow(ctx, "select count(distinct recipient) from mails where tenant = $1 and approval_id = $2", tx.Tenant, *id).Scan(&told)
	}))
	if told != 2 {
		t.Errorf("%d were written to, want Lee and then Kim", told)
	}
	s.approves(ref, id)
	s.payments.Now = func() time.Time { return now.Add(25*time.Hour + remit.ApprovalLife) }
	_, err = s.payments.Advance(ctx, ref)
	must(t, err)
	if a := s.state(id); a.State != remit.ApprovalLapsed || a.Reason != "It was not used in time." {
		t.Errorf("it is %s: %s", a.State, a.Reason)
	}
	s.soundly(ref)
}

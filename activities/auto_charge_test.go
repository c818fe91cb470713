package activities_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/money"
	"remit/postgres"
	"remit/retry"
)

// automatic makes a sent invoice that is charged by itself on its due date, so many
// days from now on the organisation's clock, or, where a part of it is a deposit, on
// that one's date first.
func (s *shop) automatic(amount int64, due int, deposit *remit.Deposit) remit.InvoiceRef {
	s.t.Helper()
	ctx, now := s.t.Context(), s.clock().Now(s.now())
	ref, today := remit.InvoiceRef{Tenant: s.tenant}, remit.DateOf(now.In(mustZone(s.t, "America/New_York")))
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		draft, err := activities.Draft(ctx, tx, remit.InvoiceInput{
			Organisation: s.branch.Path, CustomerID: s.customer.ID, Number: "AUTO-" + uuid.NewString()[:8], IssueDate: today, DueDate: today.AddDays(due), Deposit: deposit,
			Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: money.Of(amount, "USD").Decimal(), Amount: amount}},
		}, s.customer, now)
		must(s.t, err)
		draft.Settings.AutoCharge.On = true
		draft.Settings.AutoCharge.Window = remit.ChargeWindow{From: 0, To: 24 * 60}
		_, ref.Invoice, err = activities.InsertDraft(ctx, tx, draft, remit.System, now)
		must(s.t, err)
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		must(s.t, err)
		return activities.Send(ctx, tx, l, s.now(), remit.System)
	}))
	return ref
}

// in is the date so many days from now where the shop is.
func (s *shop) in(days int) remit.Date {
	return remit.DateOf(s.clock().Now(s.now()).In(mustZone(s.t, "America/New_York"))).AddDays(days)
}

func (s *shop) clock() (c remit.Clock) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		c, err = tx.Clock(s.t.Context())
		return err
	}))
	return c
}

// wait moves the organisation's clock and Stripe's, and has what is due carried out.
func (s *shop) wait(ref remit.InvoiceRef, by time.Duration) {
	s.t.Helper()
	s.passed += by
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(s.t.Context(), "update organisations set clock_offset = $2 where id = $1", s.tenant, s.passed)
		return err
	}))
	must(s.t, s.link.Stripe.MoveStandinClock(s.t.Context(), time.Now().Add(s.passed)))
	s.advance(ref)
}

const aDay = 24 * time.Hour

// nextCharge is the invoice's next charge by itself, or nil.
func (s *shop) nextCharge(ref remit.InvoiceRef) (row *postgres.ChargeRow) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		row, err = tx.Charge(s.t.Context(), ref.Invoice)
		return err
	}))
	return row
}

// byTransfer records money that came by hand.
func (s *shop) byTransfer(ref remit.InvoiceRef, amount int64) {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: amount, Method: "bank_transfer", Reference: "T1"}))
	must(s.t, err)
	if done.Result.Refused != nil {
		s.t.Fatalf("a transfer: %+v", done.Result.Refused)
	}
}

// charges pays with a method by itself from now on.
func (s *shop) charges(method uuid.UUID) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetDefaultMethod(s.t.Context(), s.customer.ID, method)
		return err
	}))
}

func (s *shop) hasCaptured(ref remit.InvoiceRef, cents int64) {
	s.t.Helper()
	if got, charges := s.captured(ref); got != cents {
		s.t.Errorf("%d cents were captured by %d charges, want %d: %v", got, charges, cents, s.kinds(ref))
	}
}

// Once a deposit is paid, by whatever money and after whatever failed, nothing of
// the rest is charged before its own date, and then all of it, once.
func TestRestIsChargedOnItsOwnDate(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	deposit := func() *remit.Deposit { return &remit.Deposit{Amount: 3000, DueDate: s.in(5)} }
	byHand, failed := s.automatic(10000, 30, deposit()), s.automatic(10000, 30, deposit())
	s.byTransfer(byHand, 3000)
	if row := s.nextCharge(byHand); row == nil || remit.DateOf(row.At.In(mustZone(t, "America/New_York"))) != s.in(30) || row.Plan.Deposit {
		t.Errorf("after the deposit was paid by hand it is planned %+v", row)
	}
	s.charges(broke)
	s.wait(failed, 6*aDay)
	if invoice, _ := s.read(failed); invoice.Collection.State != remit.CollectionRetries {
		t.Fatalf("the deposit's charge has come to %+v: %v", invoice.Collection, s.kinds(failed))
	}
	s.byTransfer(failed, 3000)
	s.charges(s.card)
	byCredit := s.automatic(10000, 24, deposit())
	s.giveCredit(3000)
	s.wait(byCredit, 6*aDay)
	s.advance(byHand)
	s.advance(failed)
	for what, ref := range map[string]remit.InvoiceRef{"by hand": byHand, "by hand after it failed": failed, "by credit": byCredit} {
		invoice, _ := s.read(ref)
		if invoice.Applied != 3000 || invoice.Collection.State != remit.CollectionNone {
			t.Errorf("%s: %d is paid, and collection is %+v: %v", what, invoice.Applied, invoice.Collection, s.kinds(ref))
		}
		s.hasCaptured(ref, 0)
	}
	s.wait(byHand, 20*aDay)
	s.advance(failed)
	s.advance(byCredit)
	for _, ref := range []remit.InvoiceRef{byHand, failed, byCredit} {
		s.hasCaptured(ref, 7000)
	}
}

// A retry that comes due while somebody pays by a debit is not lost when that debit
// comes to nothing days later.
func TestRetryGoesOnAfterADebitThatFailed(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	broke, account := s.save("pm_card_chargeCustomerFail"), s.bank(bankEmpty)
	ref := s.automatic(10000, 1, nil)
	s.charges(broke)
	s.wait(ref, 2*aDay)
	if row := s.nextCharge(ref); row == nil || row.Plan.Try != 2 {
		t.Fatalf("after a decline it is planned %+v: %v", row, s.kinds(ref))
	}
	s.wait(ref, s.nextCharge(ref).At.Sub(s.clock().Now(s.now()))-time.Hour)
	if refused := s.debited(ref, 10000, account); refused != nil {
		t.Fatal(refused)
	}
	s.wait(ref, 2*time.Hour)
	if row := s.nextCharge(ref); row != nil || s.lastTry(ref).State != remit.AttemptProcessing {
		t.Fatalf("during the debit it is planned %+v: %v", row, s.kinds(ref))
	}
	for range 3 {
		s.wait(ref, 4*aDay)
	}
	if a := s.lastTry(ref); a.State.Live() {
		t.Fatalf("the debit is %s", a.State)
	}
	invoice, _ := s.read(ref)
	if row := s.nextCharge(ref); row == nil && !invoice.Collection.Attention() {
		t.Errorf("nothing is planned, nobody is asked, and it is %+v: %v", invoice.Collection, s.kinds(ref))
	}
}

// A debit by itself that its payer called back is not begun again by itself: a
// person is asked.
func TestChargeByItselfThatWasCalledBackIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	now := time.Now()
	for remit.DebitResultBy(now) != remit.DebitResultBy(now.Add(3*time.Hour)) || remit.DebitResultBy(now) == remit.DebitResultBy(now.Add(-24*time.Hour)) {
		now = now.Add(time.Hour)
	}
	s.charges(s.bank(bankPays))
	ref := s.automatic(10000, 0, nil)
	s.wait(ref, time.Until(now))
	s.wait(ref, time.Second)
	a := s.lastTry(ref)
	if a.State != remit.AttemptProcessing {
		t.Fatalf("the debit is %q: %v", a.State, s.kinds(ref))
	}
	if refused := s.cancelled(ref, a.PaymentID); refused != nil {
		t.Fatal(refused)
	}
	invoice, _ := s.read(ref)
	if row := s.nextCharge(ref); row != nil || invoice.Collection.State != remit.CollectionAsks {
		t.Errorf("it is planned %+v, and collection is %+v", row, invoice.Collection)
	}
}

// runs begins a run of what is due today and carries its pages out, at most so many.
func (s *shop) runs(pages int) (ran int) {
	s.t.Helper()
	today := s.in(0)
	return s.runsBy(remit.System, pages, &today)
}

// runsBy has somebody's run go on for so many pages, of what is due by a date or, without
// one, by now.
func (s *shop) runsBy(actor remit.Actor, pages int, asOf *remit.Date) (ran int) {
	s.t.Helper()
	due := &activities.DueDates{Payments: s.payments, Advance: func(ctx context.Context, tenant uuid.UUID, i remit.Invoice) error {
		_, err := s.payments.Advance(ctx, remit.InvoiceRef{Tenant: tenant, Invoice: i.ID})
		return err
	}}
	id, now := uuid.New(), s.clock().Now(s.now())
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return activities.InsertDueDateRun(s.t.Context(), tx, remit.DueDateRun{ID: id, OrganisationID: s.tenant, By: now, Actor: actor, CreatedAt: now}, asOf)
	}))
	for ; ran < pages; ran++ {
		more, err := due.ChargeDuePage(s.t.Context(), remit.DueDateRunRef{Tenant: s.tenant, Run: &id})
		must(s.t, err)
		if !more {
			break
		}
	}
	return ran
}

// A run of today that a person asked for tries each charge once: what it put off, and
// the tries that follow a failure of its own, wait for their time, and it ends.
func TestRunTriesEachChargeOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	open, later := s.automatic(5000, 0, nil), s.automatic(6000, 0, nil)
	s.checkout(open, 5000, false)
	soon := s.clock().Now(s.now()).Add(time.Minute)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), later.Invoice)
		must(t, err)
		return tx.PlanCharge(t.Context(), l, soon, remit.ChargePlan{Planned: soon, Try: 2, Of: 3}, "The second try")
	}))
	if ran := s.runs(10); ran > 2 {
		t.Errorf("the run took %d pages and had not ended", ran)
	}
	if row := s.nextCharge(open); row == nil || !row.Plan.Waited || !row.At.After(s.now()) {
		t.Errorf("the checkout was not waited for: %+v, %v", row, s.kinds(open))
	}
	if row := s.nextCharge(later); row == nil || row.At.Before(soon.Truncate(time.Millisecond)) {
		t.Errorf("the second try was hurried: %+v, %v", row, s.kinds(later))
	}
}

// What cannot be charged however often it is begun is asked about, not begun anew
// every hour for good.
func TestWhatIsRefusedAgainAndAgainIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.automatic(10000, 30, &remit.Deposit{Amount: 20, DueDate: s.in(0)})
	s.advance(ref)
	invoice, _ := s.read(ref)
	if row := s.nextCharge(ref); row != nil || invoice.Collection.State != remit.CollectionAsks {
		t.Errorf("a deposit below Stripe's minimum: planned %+v, collection %+v", row, invoice.Collection)
	}
	stubborn := s.automatic(10000, 0, nil)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update agenda set details = details || '{\"asked\": true, \"round\": 22}' where invoice_id = $1 and kind = 'charge'", stubborn.Invoice)
		return err
	}))
	s.watched.answer = func(method, path string) (int, string) {
		if method == "POST" && path == "/v1/payment_intents" {
			return 400, `{"error": {"type": "invalid_request_error", "code": "parameter_unknown", "message": "no"}}`
		}
		return 0, ""
	}
	for range 4 {
		s.wait(stubborn, time.Hour)
		if s.nextCharge(stubborn) == nil {
			break
		}
	}
	invoice, _ = s.read(stubborn)
	if row := s.nextCharge(stubborn); row != nil || invoice.Collection.State != remit.CollectionAsks {
		t.Errorf("after days of refusals: planned %+v, collection %+v", row, invoice.Collection)
	}
}

// A customer's credit is used on the day also where he has nothing that could be
// charged and a run has seen that.
func TestCreditIsUsedWithoutAMethod(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.automatic(5000, 0, nil)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update payment_methods set status = 'detached'")
		return err
	}))
	s.giveCredit(5000)
	s.runs(3)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid {
		t.Errorf("it is %s, %+v, and %d of credit is left", invoice.Status, invoice.Collection, s.credit())
	}
}

// A charge that was begun before its customer said no leaves nothing on the agenda.
func TestNoWhileAChargeBeginsLeavesNothingPlanned(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.automatic(5000, 0, nil)
	s.payments.Crash = func(at string) {
		if at != "charge begun" {
			return
		}
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "update customers set auto_charge = false where tenant = $1", s.tenant)
			must(t, err)
			l, err := tx.LockInvoice(t.Context(), ref.Invoice)
			must(t, err)
			must(t, activities.KeepCharge(t.Context(), tx, l, s.now()))
			return tx.SaveInvoice(t.Context(), l, s.now())
		}))
	}
	s.advance(ref)
	if row := s.nextCharge(ref); row != nil {
		t.Errorf("still planned: %s at %s, %v", row.What, row.At, s.kinds(ref))
	}
	s.hasCaptured(ref, 0)
}

// The line that tells staff of a decline says whether another try follows, and of one that is
// the last, or that somebody made by hand, why there is none.
func TestADeclinesLineSaysWhetherATryFollows(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	soft := s.save("pm_card_chargeCustomerFail")
	lines := func(ref remit.InvoiceRef, want ...string) {
		t.Helper()
		told := s.told(ref, "declined")
		if len(told) != len(want) {
			t.Fatalf("%d declines are told, want %d", len(told), len(want))
		}
		for n, e := range told {
			if !strings.Contains(e.What, want[n]) {
				t.Errorf("a decline reads %q, want %q", e.What, want[n])
			}
		}
	}
	s.charges(soft)
	retried := s.automatic(5000, 0, nil)
	s.advance(retried)
	lines(retried, "v1). Another try follows.")
	byHand := s.invoice(6000)
	_, err := s.payments.Perform(t.Context(), byHand, s.pay(byHand, 6000, soft))
	must(t, err)
	lines(byHand, "v1). No further try: only charges by themselves are tried again.")
	planned := s.automatic(6500, 5, nil)
	_, err = s.payments.Perform(t.Context(), planned, s.pay(planned, 6500, soft))
	must(t, err)
	lines(planned, "v1). It is still charged by itself as planned.")
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetSetting(t.Context(), s.branch.ID, activities.RetriesSetting, retry.Policy{MaxTries: 1, Within: 1, Final: retry.LeaveOpen}, s.payer)
		return err
	}))
	last := s.automatic(7000, 0, nil)
	s.advance(last)
	lines(last, "v1). No further try: its ladder has ended.")
}

// Where an organisation gives up what its last try did not bring, the rest of an
// invoice is not given up with its deposit: it is not due yet. Its tries are told of.
func TestRestIsNotGivenUpWithItsDeposit(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.charges(s.save("pm_card_chargeCustomerFail"))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetSetting(t.Context(), s.branch.ID, activities.RetriesSetting, retry.Policy{MaxTries: 1, Within: 1, Final: retry.Uncollectible}, s.payer)
		return err
	}))
	part, whole := s.automatic(10000, 30, &remit.Deposit{Amount: 3000, DueDate: s.in(0)}), s.automatic(5000, 0, nil)
	s.advance(part)
	s.advance(whole)
	if invoice, _ := s.read(part); invoice.Status != remit.InvoiceOpen || invoice.Outstanding != 10000 || invoice.Collection.State != remit.CollectionEnded {
		t.Errorf("the deposit's is %s, %d outstanding, %+v", invoice.Status, invoice.Outstanding, invoice.Collection)
	} else {
		items := []remit.WorkItem{{InvoiceID: invoice.ID, State: remit.WorkItemOpen, Invoice: invoice}}
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.CountTries(t.Context(), items) }))
		if items[0].Tries != 1 {
			t.Errorf("%d tries are told of, want 1", items[0].Tries)
		}
	}
	if invoice, _ := s.read(whole); invoice.Status != remit.InvoiceUncollectible {
		t.Errorf("the other is %s, %+v", invoice.Status, invoice.Collection)
	}
}

package activities_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
	"remit/retry"
)

// cameTo has charging an invoice by itself come to a state, with nothing planned.
func (s *shop) cameTo(ref remit.InvoiceRef, state remit.CollectionState) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(s.t.Context(), ref.Invoice)
		must(s.t, err)
		must(s.t, tx.Done(s.t.Context(), remit.AgendaCharge, l.ID, l.Clock.Now(s.now())))
		l.Collection = remit.Collection{State: state, Why: "for a reason", Since: l.Clock.Now(s.now())}
		return tx.SaveInvoice(s.t.Context(), l, s.now())
	}))
}

// Collecting a deposit that has come to a person, or waits for another method, comes
// to nothing once the deposit is paid by hand: the rest is charged on its own date.
func TestRestIsPlannedOnceTheDepositIsPaidByHand(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	lost := s.automatic(10000, 30, &remit.Deposit{Amount: 3000, DueDate: s.in(0)})
	s.cameTo(lost, remit.CollectionMethod)
	tiny := s.automatic(10000, 30, &remit.Deposit{Amount: 20, DueDate: s.in(0)})
	s.advance(tiny)
	for ref, state := range map[remit.InvoiceRef]remit.CollectionState{lost: remit.CollectionMethod, tiny: remit.CollectionAsks} {
		if invoice, _ := s.read(ref); invoice.Collection.State != state || s.nextCharge(ref) != nil {
			t.Fatalf("collecting the deposit has come to %+v, want %s: %v", invoice.Collection, state, s.kinds(ref))
		}
	}
	s.byTransfer(lost, 3000)
	s.byTransfer(tiny, 20)
	for _, ref := range []remit.InvoiceRef{lost, tiny} {
		invoice, _ := s.read(ref)
		if row := s.nextCharge(ref); row == nil || row.Plan.Deposit || remit.DateOf(row.At.In(mustZone(t, "America/New_York"))) != s.in(30) || invoice.Collection.Attention() {
			t.Errorf("after the deposit was paid by hand it is planned %+v, %+v", row, invoice.Collection)
		}
	}
}

// A debit that somebody stopped in Stripe's dashboard is not begun again by itself an
// hour later, whoever had begun it: a person is asked, once.
func TestDebitStoppedAtStripeIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	now := time.Now()
	for remit.DebitResultBy(now) != remit.DebitResultBy(now.Add(6*time.Hour)) || remit.DebitResultBy(now) == remit.DebitResultBy(now.Add(-24*time.Hour)) {
		now = now.Add(time.Hour)
	}
	account := s.bank(bankPays)
	s.charges(account)
	itself, payers := s.automatic(10000, 0, nil), s.automatic(5000, 0, nil)
	s.wait(itself, time.Until(now))
	s.wait(itself, time.Second)
	if refused := s.debited(payers, 5000, account); refused != nil {
		t.Fatal(refused)
	}
	for _, ref := range []remit.InvoiceRef{itself, payers} {
		_, payments := s.read(ref)
		if a := s.lastTry(ref); a.State != remit.AttemptProcessing {
			t.Fatalf("the debit is %q: %v", a.State, s.kinds(ref))
		}
		_, err := s.stripe.PaymentIntents.Cancel(payments[0].PaymentIntent, nil)
		must(t, err)
	}
	s.wait(itself, 4*time.Hour)
	s.advance(payers)
	s.wait(itself, 2*time.Hour)
	s.advance(payers)
	for what, ref := range map[string]remit.InvoiceRef{"by itself": itself, "its payer's": payers} {
		invoice, payments := s.read(ref)
		if row := s.nextCharge(ref); row != nil || invoice.Collection.State != remit.CollectionAsks || len(payments) != 1 {
			t.Errorf("%s: planned %+v, collection %+v, %d payments, %v", what, row, invoice.Collection, len(payments), s.kinds(ref))
		}
	}
}

// Turned off and on again, an invoice whose tries have ended, or that waits for a
// method it now has, is charged at the next time that is permitted; where there can
// be no charge, it says why.
func TestTurnedOnAgainPlansTheNextPermittedCharge(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	turned := func(ref remit.InvoiceRef) (what string) {
		for _, on := range []bool{false, true} {
			done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: on}))
			must(t, err)
			if done.Result.Refused != nil {
				t.Fatalf("%+v", done.Result.Refused)
			}
		}
		told := s.told(ref, "auto_charge")
		return told[len(told)-1].What
	}
	ended, waits := s.automatic(5000, 0, nil), s.automatic(6000, 0, nil)
	s.cameTo(ended, remit.CollectionEnded)
	s.cameTo(waits, remit.CollectionMethod)
	for _, ref := range []remit.InvoiceRef{ended, waits} {
		what := turned(ref)
		if row, invoice := s.nextCharge(ref), first(s.read(ref)); row == nil || row.At.After(s.now().Add(aDay)) || invoice.Collection.State != remit.CollectionNone {
			t.Errorf("turned on again it is planned %+v, %+v: %q", row, invoice.Collection, what)
		}
	}
	s.advance(ended)
	s.hasCaptured(ended, 5000)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update payment_methods set status = 'detached'")
		return err
	}))
	s.cameTo(waits, remit.CollectionEnded)
	what := turned(waits)
	if row, invoice := s.nextCharge(waits), first(s.read(waits)); row != nil || invoice.Collection.State != remit.CollectionMethod || !strings.Contains(what, "has to be a payment method") {
		t.Errorf("without a method it is planned %+v, %+v: %q", row, invoice.Collection, what)
	}
}

func first(i remit.Invoice, _ []remit.Payment) remit.Invoice { return i }

// What is listed as curable by a new method is charged with it: what waits for
// something else is not listed, or it would be for ever.
func TestWhatIsCurableIsCharged(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ctx := t.Context()
	broken, off, held := s.automatic(5000, 9, nil), s.automatic(6000, 9, nil), s.automatic(7000, 9, nil)
	for _, ref := range []remit.InvoiceRef{broken, off, held} {
		s.cameTo(ref, remit.CollectionEnded)
	}
	curable := func() (ids []uuid.UUID) {
		must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) (err error) {
			ids, err = tx.Curable(ctx, 10)
			return err
		}))
		return ids
	}
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, "update invoices set settings = settings || '{\"auto_charge\": false}' where id = $1", off.Invoice)
		must(t, err)
		_, err = tx.Exec(ctx, "update invoices set hold_reason = 'asked', hold_since = now(), hold_kind = 'person' where id = $1", held.Invoice)
		return err
	}))
	listed := curable()
	if !slices.Equal(listed, []uuid.UUID{broken.Invoice}) {
		t.Errorf("curable are %v, want %v alone", listed, broken.Invoice)
	}
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		for _, id := range listed {
			l, err := tx.LockInvoice(ctx, id)
			must(t, err)
			if charged, err := activities.ChargeWithNewMethod(ctx, tx, l, s.now()); err != nil || !charged {
				t.Errorf("%s is listed and not charged (%v)", id, err)
			}
		}
		return nil
	}))
	s.cameTo(broken, remit.CollectionEnded)
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, "update payment_methods set account = 'acct_other' where tenant = $1", s.tenant)
		return err
	}))
	if listed := curable(); len(listed) != 0 {
		t.Errorf("with a method at another account %v are curable", listed)
	}
}

// A method that comes after the day on which its charge would have been announced is
// announced at once, before it is charged.
func TestMethodThatComesLateIsAnnouncedAtOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ctx := t.Context()
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, "update payment_methods set status = 'detached'")
		must(t, err)
		_, err = tx.Exec(ctx, "update customers set default_payment_method = null")
		return err
	}))
	ref := s.automatic(5000, 2, nil) // within the three days of notice
	if row := s.planned(ref); row != nil {
		t.Fatalf("planned is %+v", row)
	}
	s.save("pm_card_mastercard")
	if row := s.planned(ref); row == nil || row.At.After(s.now()) {
		t.Fatalf("planned is %+v", row)
	}
	s.run(ref)
	if mails := s.mails(ref)["announced"]; len(mails) != 1 || !strings.Contains(mails[0].Body, "4444") {
		t.Errorf("announced is %+v", mails)
	}
}

// Where the last try fails and the organisation gives up what is owed, the business
// is told so, and nobody is asked to pay what was just given up.
func TestBusinessIsToldThatItGaveUp(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.charges(s.save("pm_card_chargeCustomerFail"))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetSetting(t.Context(), s.branch.ID, activities.RetriesSetting, retry.Policy{MaxTries: 1, Within: 1, Final: retry.Uncollectible}, s.payer)
		return err
	}))
	ref := s.automatic(5000, 0, nil)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), `update invoices set settings = settings || '{"contact": "books@acme.test"}' where id = $1`, ref.Invoice)
		return err
	}))
	s.advance(ref)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoiceUncollectible {
		t.Fatalf("it is %s: %v", invoice.Status, s.kinds(ref))
	}
	mails := s.mails(ref)
	if told := mails["failed_seller"]; len(told) != 1 || told[0].To != "books@acme.test" || !strings.Contains(told[0].Body, "What was owed is given up") {
		t.Errorf("the business is told %+v", told)
	}
	if len(mails["failed"]) != 0 || len(mails["ended"]) != 0 {
		t.Errorf("the payer is told %+v", mails)
	}
}

// A forecast of today counts on the tries that come later the same day, and what is
// to come when a run begins is no difference to it.
func TestForecastOfTodayCountsOnItsRetries(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ctx := t.Context()
	ref := s.automatic(6000, 0, nil)
	now := s.clock().Now(s.now())
	later := now.Add(time.Second)
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		must(t, err)
		return tx.PlanCharge(ctx, l, later, remit.ChargePlan{Planned: later, Try: 2, Of: 3}, "The second try")
	}))
	due, today := &activities.DueDates{Payments: s.payments}, remit.DateOf(later.In(mustZone(t, "America/New_York")))
	dry, run := uuid.New(), uuid.New()
	begin := func(id uuid.UUID, dryRun bool) remit.DueDateRunRef {
		must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
			return activities.InsertDueDateRun(ctx, tx, remit.DueDateRun{ID: id, OrganisationID: s.tenant, By: now, DryRun: dryRun, Actor: remit.System, CreatedAt: now}, &today)
		}))
		ref := remit.DueDateRunRef{Tenant: s.tenant, Run: &id}
		for more := true; more; {
			var err error
			more, err = due.ChargeDuePage(ctx, ref)
			must(t, err)
		}
		must(t, due.EndDueDateRun(ctx, ref))
		return ref
	}
	begin(dry, true)
	begin(run, false)
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		entries, err := tx.DueDateEntries(ctx, dry, nil, 10)
		must(t, err)
		if len(entries) != 1 || entries[0].Forecast != remit.OutcomeCharged {
			t.Errorf("the forecast of today is %+v", entries)
		}
		ran, err := tx.DueDateRun(ctx, run)
		must(t, err)
		different, err := tx.DueDateDifferences(ctx, ran, 10)
		if ran.ComparedWith == nil || ran.Counts.Found != 0 || len(different) != 0 {
			t.Errorf("a run before its time found %d and differs by %+v", ran.Counts.Found, different)
		}
		return err
	}))
}

// A soft word that a bank says later, of a payment by hand, takes no hard one back: the card
// is not charged by itself for another invoice. Money that came of it does.
func TestASoftWordTakesNoHardOneBack(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	lost, other := s.automatic(1000, 1, nil), s.automatic(2000, 4, nil)
	decline := func(code string) {
		s.standinAct("/faults", map[string]any{"rules": []map[string]any{{"effect": "decline", "decline_code": code}}}, nil)
	}
	decline("lost_card")
	s.wait(lost, 2*aDay)
	decline("processing_error")
	byHand := s.invoice(3000)
	_, err := s.payments.Perform(t.Context(), byHand, s.pay(byHand, 3000, s.card))
	must(t, err)
	s.standinAct("/faults", map[string]any{"rules": []map[string]any{}}, nil)
	s.wait(other, 3*aDay)
	s.hasCaptured(other, 0)
	if invoice, _ := s.read(other); invoice.Collection.State != remit.CollectionMethod {
		t.Errorf("collecting has come to %+v: %v", invoice.Collection, s.kinds(other))
	}
	s.perform(byHand, s.pay(byHand, 3000, s.card))
	s.hasCaptured(byHand, 3000)
	third := s.automatic(4000, 1, nil)
	s.wait(third, 2*aDay)
	s.hasCaptured(third, 4000)
}

// The rest has a ladder of its own: that its deposit failed weeks before ends nothing.
func TestRestHasALadderOfItsOwn(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.automatic(10000, 30, &remit.Deposit{Amount: 3000, DueDate: s.in(5)})
	s.charges(broke)
	s.wait(ref, 6*aDay)
	s.byTransfer(ref, 3000)
	s.wait(ref, 25*aDay)
	row := s.nextCharge(ref)
	if invoice, _ := s.read(ref); invoice.Collection.State != remit.CollectionRetries || row == nil || row.Plan.Try != 2 {
		t.Fatalf("after the rest's first failure it has come to %+v, planned is %+v: %v", invoice.Collection, row, s.kinds(ref))
	}
	s.charges(s.card)
	s.wait(ref, 3*aDay)
	s.hasCaptured(ref, 7000)
}

// While somebody may be paying, a charge that is put aside takes none of the customer's
// credit.
func TestCreditIsNotSpentWhileADebitIsOnItsWay(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	account := s.bank(bankPays)
	ref := s.automatic(5000, 2, nil)
	s.wait(ref, aDay)
	if refused := s.debited(ref, 5000, account); refused != nil {
		t.Fatalf("the debit is refused: %+v", refused)
	}
	s.giveCredit(2000)
	s.wait(ref, aDay+12*time.Hour)
	if left := s.credit(); left != 2000 {
		t.Errorf("of 2000 of credit %d is left: %v", left, s.kinds(ref))
	}
	s.wait(ref, 10*aDay)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || s.credit() != 2000 {
		t.Errorf("it is %s, and %d of credit is left: %v", invoice.Status, s.credit(), s.kinds(ref))
	}
}

// A card that its bank refuses for good with one invoice is not charged by itself for
// another whose charge was decided already: that one asks for another method.
func TestCardRefusedForGoodMeanwhileIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first, second := s.automatic(1000, 1, nil), s.automatic(2000, 1, nil)
	s.standinAct("/faults", map[string]any{"rules": []map[string]any{{"effect": "decline", "decline_code": "stolen_card"}}}, nil)
	s.payments.Crash = func(boundary string) {
		if boundary == "intent stored" { // decided, and not tried yet
			s.payments.Crash = nil
			s.advance(second)
		}
	}
	s.wait(first, 2*aDay)
	if s.payments.Crash != nil {
		t.Fatal("the second invoice was never charged in the middle of the first")
	}
	if sent := s.watched.count("POST", "/confirm"); sent != 1 {
		t.Errorf("%d charges were sent: %v, %v", sent, s.kinds(first), s.kinds(second))
	}
	s.wait(first, 2*aDay)
	for _, ref := range []remit.InvoiceRef{first, second} {
		s.hasCaptured(ref, 0)
		if invoice, _ := s.read(ref); invoice.Collection.State != remit.CollectionMethod || s.nextCharge(ref) != nil {
			t.Errorf("collecting has come to %+v: %v", invoice.Collection, s.kinds(ref))
		}
	}
	if sent := s.watched.count("POST", "/confirm"); sent != 1 {
		t.Errorf("%d charges were sent in the end", sent)
	}
}

// Money that a person's payment brought takes a card's hard word back also on the invoice
// that heard it: charged by itself again, it has the tries that other cards have. While it
// is the last word nothing is tried by itself (M10).
func TestMoneyTakesAHardWordBackOnItsInvoice(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.automatic(5000, 1, nil)
	decline := func(code string) {
		s.standinAct("/faults", map[string]any{"rules": []map[string]any{{"effect": "decline", "decline_code": code}}}, nil)
	}
	ask := func() {
		must(t, s.locked(ref, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
			now := l.Clock.Now(s.now())
			l.Collection = remit.Collection{}
			must(t, tx.PlanCharge(t.Context(), l, now, remit.ChargePlan{Planned: now, Asked: true, Soon: true, Due: l.DueVersion}, "As somebody asked"))
			return tx.SaveInvoice(t.Context(), l, s.now())
		}))
		s.advance(ref)
	}
	decline("lost_card")
	s.wait(ref, 2*aDay)
	tried := s.watched.count("POST", "/confirm")
	ask()
	if invoice, _ := s.read(ref); invoice.Collection.State != remit.CollectionMethod || s.watched.count("POST", "/confirm") != tried {
		t.Errorf("while it is the last word, collecting has come to %+v: %v", invoice.Collection, s.kinds(ref))
	}
	s.standinAct("/faults", map[string]any{"rules": []map[string]any{}}, nil)
	s.wait(ref, time.Hour)
	byHand := s.invoice(3000)
	s.perform(byHand, s.pay(byHand, 3000, s.card))
	s.wait(ref, time.Hour)
	decline("insufficient_funds")
	ask()
	row, invoice := s.nextCharge(ref), first(s.read(ref))
	if invoice.Collection.State != remit.CollectionRetries || row == nil || row.Plan.Try != 3 {
		t.Fatalf("after the card has paid, collecting has come to %+v, and planned is %+v: %v", invoice.Collection, row, s.kinds(ref))
	}
	s.standinAct("/faults", map[string]any{"rules": []map[string]any{}}, nil)
	s.wait(ref, row.At.Sub(s.clock().Now(s.now()))+time.Minute)
	s.hasCaptured(ref, 5000)
}

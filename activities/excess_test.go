package activities_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
	"remit/activities"
	"remit/ledger"
	"remit/postgres"
)

// tooMuch makes an invoice that was paid by card and then by a second capture
// past Remit, whose money is excess.
func (s *shop) tooMuch(amount int64) (remit.InvoiceRef, remit.Excess) {
	s.t.Helper()
	ref := s.invoice(amount)
	request := s.pay(ref, amount, s.card)
	if !s.performAndDie(ref, request, "confirm answered") {
		s.t.Fatal("never confirmed")
	}
	// Meanwhile somebody brings the whole sum by other means.
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(s.t.Context(), ref.Invoice)
		if err != nil {
			return err
		}
		now := time.Now()
		payment := remit.Payment{
			ID: uuid.New(), InvoiceID: l.ID, CustomerID: l.CustomerID, Source: "bank_transfer", Currency: "USD", IntentClosed: true,
			Amount: amount, AmountCaptured: amount, State: remit.AttemptSucceeded, CreatedAt: now, SettledAt: &now,
		}
		if err := tx.InsertPayment(s.t.Context(), payment); err != nil {
			return err
		}
		_, err = tx.Book(s.t.Context(), l, ledger.Transfer(ledger.Received{Invoice: l.ID, Payment: payment.ID, Currency: "USD", Amount: amount, Outstanding: l.Outstanding}))
		if err != nil {
			return err
		}
		return tx.SaveInvoice(s.t.Context(), l, now, remit.TimelineEntry{Kind: "transfer", What: "by transfer", Data: map[string]any{"amount": amount, "payment": payment.ID.String()}})
	}))
	for range 2 { // recorded again, it is one item
		_, err := s.payments.Perform(s.t.Context(), ref, request)
		must(s.t, err)
	}
	items := s.excess(false)
	if len(items) == 0 || *items[len(items)-1].InvoiceID != ref.Invoice {
		s.t.Fatalf("the desk shows %+v", items)
	}
	return ref, items[len(items)-1]
}

func (s *shop) excess(resolved bool) (items []remit.Excess) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		items, err = tx.ListExcess(s.t.Context(), postgres.ExcessQuery{Resolved: resolved, Limit: 100})
		return err
	}))
	return items
}

func (s *shop) credit() (credit int64) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		credits, err := tx.Credits(s.t.Context(), s.customer.ID)
		for _, each := range credits {
			credit += each.Amount
		}
		return err
	}))
	return credit
}

// giveCredit books a credit note of the customer's.
func (s *shop) giveCredit(amount int64) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.BookFor(s.t.Context(), s.customer.ID, remit.Clock{}, ledger.CreditNote(uuid.New(), "USD", amount))
		return err
	}))
}

func (s *shop) decide(ref remit.InvoiceRef, item remit.Excess, action remit.ExcessAction) remit.RequestResult {
	s.t.Helper()
	request := s.request(ref, remit.RequestResolveExcess, remit.ExcessRequest{Excess: item.ID, Action: action})
	done, err := s.payments.Perform(s.t.Context(), ref, request)
	must(s.t, err)
	again, err := s.payments.Perform(s.t.Context(), ref, request)
	must(s.t, err)
	if (again.Result.Refused == nil) != (done.Result.Refused == nil) {
		s.t.Errorf("answered %+v, then %+v", done.Result, again.Result)
	}
	return done.Result
}

// says finds what an invoice's timeline tells of a kind.
func (s *shop) says(ref remit.InvoiceRef, kind string) string {
	s.t.Helper()
	var text []string
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		entries, err := tx.Timeline(s.t.Context(), ref.Invoice)
		for _, entry := range entries {
			if entry.Kind == kind {
				text = append(text, entry.What)
			}
		}
		return err
	}))
	return strings.Join(text, "\n")
}

// Money that came in though the invoice was paid is one item of the desk, with
// its reason, what happens to it by itself and when; the first decision holds,
// however often and by however many it is made (Z4, M9).
func TestZ4WhatCannotBeAppliedIsDecidedOnce(t *testing.T) {
	s := openShop(t)
	ref, item := s.tooMuch(5000)
	if item.Amount != 5000 || item.Reason != remit.ExcessPaidTwice || item.DefaultAction != remit.ExcessRefund || item.Due == nil || item.PaymentID == nil {
		t.Fatalf("the item is %+v", item)
	}
	if said := s.says(ref, "excess"); !strings.Contains(said, "$50.00 came in though the invoice was paid. It is refunded on") {
		t.Errorf("the timeline says %q", said)
	}
	if again := s.excess(false); len(again) != 1 {
		t.Fatalf("%d items", len(again))
	}
	var answers sync.WaitGroup
	var refused, resolved int
	var lock sync.Mutex
	for _, action := range []remit.ExcessAction{remit.ExcessCredit, remit.ExcessApply, remit.ExcessCredit} {
		request := s.request(ref, remit.RequestResolveExcess, remit.ExcessRequest{Excess: item.ID, Action: action})
		answers.Go(func() {
			done, err := s.payments.Perform(t.Context(), ref, request)
			lock.Lock()
			defer lock.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case done.Result.Refused == nil:
				resolved++
			default:
				refused++
			}
		})
	}
	answers.Wait()
	if resolved != 1 || refused != 2 || s.credit() != 5000 {
		t.Errorf("%d decisions held, %d did not; the credit is %d", resolved, refused, s.credit())
	}
	s.soundly(ref)
}

// A customer's credit is used when an invoice is sent, and before a charge, of
// which the payer is told what is owed instead; what is paid by it alone is paid
// without a charge (AC8).
func TestAC8CreditIsUsedFirst(t *testing.T) {
	s := openShop(t)
	before, covered := s.invoice(10000), s.invoice(2000)
	s.giveCredit(3000)
	asked := s.ask(before, remit.RequestPay, remit.PayRequest{Amount: 10000, Owed: 10000, PaymentMethod: &s.card})
	for range 2 {
		done, err := s.payments.Perform(t.Context(), before, asked)
		must(t, err)
		if r := done.Result.Refused; r == nil || !strings.Contains(r.Message, "$70.00 is owed now. Check and pay again.") {
			t.Fatalf("answered %+v", done.Result)
		}
	}
	done, err := s.payments.Perform(t.Context(), before, s.pay(before, 7000, s.card))
	must(t, err)
	if cents, charges := s.captured(before); done.Result.Refused != nil || cents != 7000 || charges != 1 {
		t.Errorf("captured %d in %d: %+v", cents, charges, done.Result)
	}
	s.giveCredit(2500)
	done, err = s.payments.Perform(t.Context(), covered, s.pay(covered, 2000, s.card))
	must(t, err)
	if r := done.Result.Refused; r == nil || r.Code != remit.CodeNotPayable {
		t.Errorf("answered %+v", done.Result)
	}
	sent := s.invoice(800)
	for ref, left := range map[remit.InvoiceRef]int64{before: 0, covered: 0, sent: 300} {
		invoice, _ := s.read(ref)
		if invoice.Outstanding != left {
			t.Errorf("%d is left, want %d", invoice.Outstanding, left)
		}
		s.soundly(ref)
	}
	if _, charges := s.captured(covered); charges != 0 || s.credit() != 0 {
		t.Errorf("%d charges, a credit of %d", charges, s.credit())
	}
	if said := s.says(sent, "credit_used"); !strings.Contains(said, "$5.00 was paid from Globex's credit; $0.00 of it is left. $3.00 is still owed.") {
		t.Errorf("the timeline says %q", said)
	}
}

// Two invoices of one customer that reach for the same credit at once use it
// once between them (M8).
func TestTwoInvoicesUseOneCreditOnce(t *testing.T) {
	s := openShop(t)
	refs := []remit.InvoiceRef{s.invoice(5000), s.invoice(5000), s.invoice(5000)}
	for range 4 {
		s.giveCredit(1500)
		var uses sync.WaitGroup
		for _, ref := range refs {
			request := s.request(ref, remit.RequestUseCredit, remit.CreditRequest{Amount: 1000})
			uses.Go(func() {
				if _, err := s.payments.Perform(t.Context(), ref, request); err != nil {
					t.Error(err)
				}
			})
		}
		uses.Wait()
	}
	var applied int64
	for _, ref := range refs {
		invoice, _ := s.read(ref)
		applied += invoice.Applied
		s.soundly(ref)
	}
	if applied+s.credit() != 6000 {
		t.Errorf("%d was applied of 6000, %d is left", applied, s.credit())
	}
}

// To apply excess pays the customer's oldest open invoice through that invoice's
// own workflow, whoever dies on the way, and once; the rest stays credit (M1).
func TestExcessIsAppliedToTheOldest(t *testing.T) {
	s := openShop(t)
	ref, item := s.tooMuch(5000)
	later, oldest := s.invoiceDue(9000, "2030-06-01"), s.invoiceDue(3000, "2030-02-01")
	if answer := s.decide(ref, item, remit.ExcessApply); answer.Refused != nil {
		t.Fatalf("answered %+v", answer.Refused)
	}
	if s.credit() != 5000 {
		t.Errorf("the credit is %d before the other workflow looks", s.credit())
	}
	for range 2 {
		_, err := s.payments.Advance(t.Context(), oldest)
		must(t, err)
		_, err = s.payments.Perform(t.Context(), oldest, remit.Request{ID: activities.CreditRequestOf(item.ID), Kind: remit.RequestUseCredit})
		must(t, err)
	}
	if paid, _ := s.read(oldest); paid.Status != remit.InvoicePaid || s.credit() != 2000 {
		t.Errorf("the oldest is %s, the credit %d", paid.Status, s.credit())
	}
	if untouched, _ := s.read(later); untouched.Applied != 0 {
		t.Errorf("%d was applied to the later one", untouched.Applied)
	}
	if items := s.excess(true); len(items) != 1 || items[0].State != remit.ExcessApplied {
		t.Errorf("resolved: %+v", items)
	}
	s.soundly(oldest)
}

// Any sequence of captures that fit nowhere, credit notes, decisions and uses
// leaves every entry balanced, no credit below nothing, and every cent that came
// in applied, excess or credit (M8, M9).
func TestEveryCentIsSomewhere(t *testing.T) {
	s := openShop(t)
	rapid.Check(t, func(t *rapid.T) {
		var refs []remit.InvoiceRef
		for range rapid.IntRange(1, 3).Draw(t, "invoices") {
			refs = append(refs, s.invoice(rapid.Int64Range(100, 9000).Draw(t, "total")))
		}
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			ref := rapid.SampledFrom(refs).Draw(t, "invoice")
			var request remit.Request
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				s.giveCredit(rapid.Int64Range(1, 5000).Draw(t, "credit note"))
				continue
			case 1:
				s.unmatched(rapid.Int64Range(1, 5000).Draw(t, "transfer"), ref, rapid.Bool().Draw(t, "apply"))
				if _, err := s.payments.Advance(s.t.Context(), ref); err != nil {
					t.Fatal(err)
				}
				continue
			case 2:
				request = s.request(ref, remit.RequestUseCredit, remit.CreditRequest{Amount: rapid.Int64Range(1, 9000).Draw(t, "use")})
			case 3:
				request = s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: rapid.Int64Range(1, 5000).Draw(t, "amount"), Method: "bank_transfer", Reference: "x"})
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				if _, err := s.payments.Perform(s.t.Context(), ref, request); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.everyCent()
	})
}

// unmatched books a transfer that fits no invoice and decides on it at once.
func (s *shop) unmatched(amount int64, _ remit.InvoiceRef, apply bool) {
	s.t.Helper()
	ctx, id, action := s.t.Context(), uuid.New(), remit.ExcessCredit
	if apply {
		action = remit.ExcessApply
	}
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		item := remit.Excess{
			ID: id, OrganisationID: s.branch.ID, Currency: "USD", Amount: amount, Reason: remit.ExcessUnmatched, State: remit.ExcessOpen,
			DefaultAction: remit.ExcessNone, CreatedAt: time.Now(),
		}
		if _, err := tx.InsertExcess(ctx, item); err != nil {
			return err
		}
		if _, err := tx.BookFor(ctx, uuid.Nil, remit.Clock{}, ledger.Unmatched(id, "USD", amount)); err != nil {
			return err
		}
		_, err := activities.CreditExcess(ctx, tx, &item, action, s.customer.ID, remit.Clock{}, time.Now(), remit.System)
		return err
	}))
}

// everyCent holds the tenant's ledger against itself.
func (s *shop) everyCent() {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		sums := map[ledger.Account]int64{}
		rows, err := tx.Query(s.t.Context(), "select account, sum(amount)::bigint from ledger_lines where tenant = $1 group by account", tx.Tenant)
		if err != nil {
			return err
		}
		var whole int64
		for rows.Next() {
			var account ledger.Account
			var sum int64
			if err := rows.Scan(&account, &sum); err != nil {
				return err
			}
			sums[account], whole = sum, whole+sum
		}
		if err := rows.Err(); err != nil {
			return err
		}
		var open, stored, applied int64
		err = tx.QueryRow(s.t.Context(), `select (select coalesce(sum(amount), 0)::bigint from excess where tenant = $1 and resolved_at is null),
			(select coalesce(sum(credit), 0)::bigint from customer_credits where tenant = $1), (select coalesce(sum(applied), 0)::bigint from invoice_balances where tenant = $1)`, tx.Tenant).
			Scan(&open, &stored, &applied)
		if err != nil {
			return err
		}
		var notes int64
		err = tx.QueryRow(s.t.Context(), `select coalesce(sum(l.amount), 0)::bigint from ledger_lines l join ledger_entries e on e.tenant = l.tenant and e.id = l.entry_id
			where l.tenant = $1 and e.kind = 'credit_note' and l.account = 'revenue'`, tx.Tenant).Scan(&notes)
		came := sums[ledger.Stripe] + sums[ledger.Bank] + notes
		if whole != 0 || stored < 0 || -sums[ledger.CustomerCredit] != stored || -sums[ledger.Excess] != open || came != applied+open+stored {
			s.t.Errorf("%d came in; %d is applied, %d excess, %d credit: %v", came, applied, open, stored, sums)
		}
		return err
	}))
}

// Money that could not be applied goes back when a person says so, whole and
// once (Z4, M14).
func TestExcessIsRefundedByAPerson(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	ref, item := s.tooMuch(5000)
	back := remit.RefundRequest{Payment: *item.PaymentID, Amount: item.Amount, Choice: remit.RefundExcess, Excess: &item.ID}
	part := back
	part.Amount--
	if _, refused := s.asked(ref, part); refused == nil {
		t.Error("a part of it went back")
	}
	promised, refused := s.asked(ref, back)
	if refused != nil {
		t.Fatalf("refused: %+v", refused)
	}
	if _, again := s.asked(ref, back); again == nil || again.Kind != remit.KindConflict {
		t.Errorf("asked again: %+v", again)
	}
	if answer := s.decide(ref, item, remit.ExcessCredit); answer.Refused == nil {
		t.Error("it became credit on its way back")
	}
	s.send(promised)
	if items := s.excess(true); len(items) != 1 || items[0].State != remit.ExcessRefunded || s.credit() != 0 {
		t.Errorf("resolved: %+v", items)
	}
	s.everyCent()
}

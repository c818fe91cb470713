package activities_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
	"remit/activities"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// remainders has what is below the minimum be dealt with by a rule, on invoices that the
// shop makes from now on.
func (s *shop) remainders(rule remit.RemainderRule) {
	s.t.Helper()
	settings := remit.DefaultInvoiceSettings()
	settings.Remainders = rule
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetSetting(s.t.Context(), s.branch.ID, activities.PaymentsSetting, settings, s.payer)
		return err
	}))
}

// drafts makes an invoice that is not sent yet, changed by change if that is given.
func (s *shop) drafts(tx *postgres.Tx, amount int64, change func(*postgres.NewInvoice)) *postgres.LockedInvoice {
	s.t.Helper()
	ctx := s.t.Context()
	due, err := remit.ParseDate("2030-04-01")
	must(s.t, err)
	draft, err := activities.Draft(ctx, tx, remit.InvoiceInput{
		Organisation: s.branch.Path, CustomerID: s.customer.ID, Number: "INV-" + uuid.NewString()[:8], IssueDate: due.AddDays(-30), DueDate: due,
		Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: money.Of(amount, "USD").Decimal(), Amount: amount}},
	}, s.customer, time.Now())
	must(s.t, err)
	draft.Settings.PartialPayments = true
	if change != nil {
		change(&draft)
	}
	_, id, err := activities.InsertDraft(ctx, tx, draft, remit.System, time.Now())
	must(s.t, err)
	l, err := tx.LockInvoice(ctx, id)
	must(s.t, err)
	return l
}

func (s *shop) sentAs(amount int64, change func(*postgres.NewInvoice)) remit.InvoiceRef {
	s.t.Helper()
	ref := remit.InvoiceRef{Tenant: s.tenant}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l := s.drafts(tx, amount, change)
		ref.Invoice = l.ID
		return activities.Send(s.t.Context(), tx, l, time.Now(), remit.System)
	}))
	return ref
}

// owes holds an invoice to its status and what it owes, and to its books.
func (s *shop) owes(ref remit.InvoiceRef, status remit.InvoiceStatus, outstanding int64) {
	s.t.Helper()
	if i, _ := s.read(ref); i.Status != status || i.Outstanding != outstanding {
		s.t.Errorf("invoice %s is %s and owes %d, want %s and %d", i.Number, i.Status, i.Outstanding, status, outstanding)
	}
	s.soundly(ref)
	if between := s.balances()["carried"]; between != 0 {
		s.t.Errorf("%d is carried between invoices", between)
	}
}

func (s *shop) voids(ref remit.InvoiceRef) *remit.Refusal {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"}))
	must(s.t, err)
	return done.Result.Refused
}

// C10: what is left of invoices and too small to be charged is billed with the next one:
// they owe nothing any more and ask nobody, it owes both, says why, and is paid by one
// charge of all of it.
func TestRestIsCarriedOntoTheNextInvoice(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	part := s.invoice(120_00)
	s.byTransfer(part, 119_60)
	small := s.invoice(30)
	s.owes(part, remit.InvoicePaid, 0)
	s.owes(small, remit.InvoiceOpen, 70)
	next := s.invoice(100_00)
	s.owes(next, remit.InvoiceOpen, 100_00)

	tiny := s.invoice(9)
	last := s.invoice(50_00)
	s.owes(tiny, remit.InvoiceCarried, 0)
	s.owes(last, remit.InvoiceOpen, 50_09)
	from, _ := s.read(tiny)
	to, _ := s.read(last)
	if want := []remit.Adjustment{{Kind: remit.AdjustmentCarried, Description: "Carried from " + from.Number, Amount: 9}}; to.Total != 50_09 || !slices.Equal(to.Adjustments, want) {
		t.Errorf("the next one bills %d, with %+v", to.Total, to.Adjustments)
	}
	if len(from.CarriedTo) != 1 || from.CarriedTo[0].ToNumber != to.Number || from.CarriedTo[0].Amount != 9 || to.AsItCame().Total != 50_00 {
		t.Errorf("carried to %+v", from.CarriedTo)
	}
	if told := s.told(tiny, "carried_out"); len(told) != 1 || !strings.Contains(told[0].What, to.Number) {
		t.Errorf("the first one tells %+v", told)
	}
	if told := s.told(last, "carried_in"); len(told) != 1 || !strings.Contains(told[0].What, from.Number) {
		t.Errorf("the next one tells %+v", told)
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		agenda, err := tx.InvoiceAgenda(t.Context(), tiny.Invoice)
		if len(agenda) > 0 {
			t.Errorf("the first one's agenda has %+v", agenda)
		}
		item, err2 := tx.WorkItem(t.Context(), *from.WorkItemID)
		if item.State != remit.WorkItemCancelled {
			t.Errorf("its work item is %s", item.State)
		}
		must(t, err2)
		return err
	}))
	s.perform(last, s.pay(last, 50_09, s.card))
	s.owes(last, remit.InvoicePaid, 0)
	s.hasCaptured(last, 50_09)
	s.owes(tiny, remit.InvoiceCarried, 0)
}

// What may be charged, is of somebody or something else, or is not Remit's to decide
// about, stays where it is (C10).
func TestWhatIsNotCarried(t *testing.T) {
	for name, of := range map[string]struct {
		rule remit.RemainderRule
		make func(s *shop) remit.InvoiceRef
		owes int64
	}{
		"as the settings have it": {remit.RemainderAsk, func(s *shop) remit.InvoiceRef { return s.invoice(49) }, 49},
		"the minimum itself":      {remit.RemainderCarry, func(s *shop) remit.InvoiceRef { return s.invoice(50) }, 50},
		"another currency": {remit.RemainderCarry, func(s *shop) remit.InvoiceRef {
			return s.sentAs(49, func(n *postgres.NewInvoice) { n.Currency = "EUR" })
		}, 49},
		"another organisation": {remit.RemainderCarry, func(s *shop) remit.InvoiceRef {
			return s.sentAs(49, func(n *postgres.NewInvoice) { n.OrganisationID = s.tenant })
		}, 49},
		"another seller": {remit.RemainderCarry, func(s *shop) remit.InvoiceRef {
			return s.sentAs(49, func(n *postgres.NewInvoice) { n.Seller.Name = "Initech" })
		}, 49},
		"another customer": {remit.RemainderCarry, func(s *shop) remit.InvoiceRef {
			other := s.customer
			other.ID, other.Name = uuid.New(), "Hooli"
			must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.InsertCustomer(s.t.Context(), other) }))
			return s.sentAs(49, func(n *postgres.NewInvoice) { n.CustomerID = other.ID })
		}, 49},
		"on hold": {remit.RemainderCarry, func(s *shop) remit.InvoiceRef {
			ref := s.invoice(49)
			s.perform(ref, s.request(ref, remit.RequestHold, remit.ReasonRequest{Reason: "asks about it"}))
			return ref
		}, 49},
		"not sent": {remit.RemainderCarry, func(s *shop) remit.InvoiceRef {
			ref := remit.InvoiceRef{Tenant: s.tenant}
			must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
				ref.Invoice = s.drafts(tx, 49, nil).ID
				return nil
			}))
			return ref
		}, 49},
		"a page open to pay more": {remit.RemainderCarry, func(s *shop) remit.InvoiceRef {
			ref := s.invoice(80)
			s.checkout(ref, 80, false)
			must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
				l, err := tx.LockInvoice(s.t.Context(), ref.Invoice)
				must(s.t, err)
				entry, _ := ledger.WriteOff(l.ID, l.Currency, "a part", 40)
				if _, err := tx.Book(s.t.Context(), l, entry); err != nil {
					return err
				}
				return tx.SaveInvoice(s.t.Context(), l, time.Now())
			}))
			return ref
		}, 40},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.remainders(of.rule)
			ref := of.make(s)
			next := s.invoice(100_00)
			if i, _ := s.read(ref); i.Outstanding != of.owes {
				t.Errorf("it owes %d", i.Outstanding)
			}
			s.owes(next, remit.InvoiceOpen, 100_00)
		})
	}
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	ref := s.invoice(49)
	s.owes(s.invoice(0), remit.InvoicePaid, 0) // an invoice of nothing asks nobody for anything
	s.owes(ref, remit.InvoiceOpen, 49)
}

// What was carried onto a cancelled invoice is owed where it was before, once, however
// often the void is asked for, and is carried onto the next one. An invoice that is billed
// with another one is not cancelled, nor amended, before that one (C10).
func TestVoidBringsBackWhatWasCarried(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	ref := s.invoice(30)
	next := s.invoice(100_00)
	if refused := s.voids(ref); refused == nil || !strings.Contains(refused.Message, "Cancel that one first") {
		t.Errorf("the void of what was carried answered %+v", refused)
	}
	amend, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestAmend, amendTo(t, 99, "2030-05-01")))
	must(t, err)
	if amend.Result.Refused == nil {
		t.Error("what was carried was amended")
	}
	s.owes(ref, remit.InvoiceCarried, 0)

	request := s.request(next, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"})
	for range 2 {
		done, err := s.payments.Perform(t.Context(), next, request)
		must(t, err)
		if done.Result.Refused != nil {
			t.Fatalf("the void answered %+v", done.Result.Refused)
		}
	}
	if s.voids(next) == nil {
		t.Error("it was cancelled twice")
	}
	s.owes(next, remit.InvoiceVoid, 0)
	s.owes(ref, remit.InvoiceOpen, 30)
	if i, _ := s.read(ref); len(i.CarriedTo) > 0 {
		t.Errorf("it says that it is carried to %+v", i.CarriedTo)
	}
	if told := s.told(ref, "work_item"); len(told) != 2 {
		t.Errorf("who is to pay it was asked %d times", len(told))
	}
	last := s.invoice(80_00)
	s.owes(ref, remit.InvoiceCarried, 0)
	s.owes(last, remit.InvoiceOpen, 80_30)
}

// What was carried from invoice to invoice comes back the way it went, one after the other.
func TestCarriedOnAndOn(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	first, second, third := s.invoice(10), s.invoice(20), s.invoice(100_00)
	s.owes(first, remit.InvoiceCarried, 0)
	s.owes(second, remit.InvoiceCarried, 0)
	s.owes(third, remit.InvoiceOpen, 100_30)
	for _, step := range []struct {
		void   remit.InvoiceRef
		first  remit.InvoiceStatus
		owed   int64
		second remit.InvoiceStatus
		owes   int64
	}{{third, remit.InvoiceCarried, 0, remit.InvoiceOpen, 30}, {second, remit.InvoiceOpen, 10, remit.InvoiceVoid, 0}} {
		if refused := s.voids(step.void); refused != nil {
			t.Fatalf("a void answered %+v", refused)
		}
		s.owes(first, step.first, step.owed)
		s.owes(second, step.second, step.owes)
	}
	s.owes(third, remit.InvoiceVoid, 0)
}

// What was given up on the invoice that billed it is gone; as much as that one still owes
// comes back when it is cancelled.
func TestCarriedAndGivenUp(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	s.remainders(remit.RemainderCarry)
	ref := s.invoice(30)
	next := s.invoice(100_00)
	s.perform(next, s.pay(next, 100_30, s.card))
	_, payments := s.read(next)
	for _, back := range []struct {
		amount int64
		then   remit.RefundChoice
	}{{100_20, remit.RefundWritesOff}, {10, remit.RefundReopens}} {
		asked, refused := s.asked(next, remit.RefundRequest{Payment: payments[0].ID, Amount: back.amount, Choice: back.then})
		if refused != nil {
			t.Fatalf("a refund answered %+v", refused)
		}
		s.send(asked)
	}
	s.owes(next, remit.InvoiceOpen, 10)
	if refused := s.voids(next); refused != nil {
		t.Fatalf("the void answered %+v", refused)
	}
	s.owes(next, remit.InvoiceVoid, 0)
	s.owes(ref, remit.InvoiceOpen, 10)
}

// An amendment changes what an invoice bills of its own; what was carried onto it stays,
// and nobody sends such a line himself.
func TestAmendKeepsWhatWasCarried(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	s.invoice(30)
	next := s.invoice(100_00)
	for range 2 {
		s.perform(next, s.request(next, remit.RequestAmend, amendTo(t, 70_00, "2030-05-01")))
		s.owes(next, remit.InvoiceOpen, 70_30)
	}
	if i, _ := s.read(next); i.Total != 70_30 || len(i.Adjustments) != 1 || i.Adjustments[0].Amount != 30 {
		t.Errorf("it bills %d, with %+v", i.Total, i.Adjustments)
	}
	in := remit.InvoiceInput{Adjustments: []remit.Adjustment{{Kind: remit.AdjustmentCarried, Amount: 30}}}
	if _, _, err := in.Check("USD"); !remit.IsCode(err, remit.CodeInvalid) {
		t.Errorf("an invoice that comes with such a line: %v", err)
	}
}

// Money that comes for an invoice after it was carried is kept as excess; the next one
// owes what it did (M9).
func TestPaidAfterItWasCarried(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	ref := s.declined(120_00)
	s.byTransfer(ref, 119_60)
	next := s.invoice(100_00)
	s.owes(ref, remit.InvoicePaid, 0)
	s.owes(next, remit.InvoiceOpen, 100_40)
	if len(s.chargeByHand(ref)) != 1 {
		t.Fatal("the declined intent was not charged at Stripe")
	}
	s.event(ref, "payment_intent.succeeded")
	s.advance(ref)
	if excess := s.excessOf(ref); len(excess) != 1 || excess[0] != 120_00 {
		t.Errorf("%v is excess", excess)
	}
	s.owes(ref, remit.InvoicePaid, 0)
	s.owes(next, remit.InvoiceOpen, 100_40)
}

// Two invoices that are sent at once bill what is left of a third once, and neither waits
// for the other (M1).
func TestSentAtOnceCarryOnce(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	ref := s.invoice(30)
	var first, second remit.InvoiceRef
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l := s.drafts(tx, 100_00, nil)
		first = remit.InvoiceRef{Tenant: s.tenant, Invoice: l.ID}
		must(t, activities.Send(t.Context(), tx, l, time.Now(), remit.System))
		second = s.invoice(50_00) // sent and committed meanwhile
		return nil
	}))
	s.owes(first, remit.InvoiceOpen, 100_30)
	s.owes(second, remit.InvoiceOpen, 50_00)
	s.owes(ref, remit.InvoiceCarried, 0)

	small := s.invoice(20)
	var group sync.WaitGroup
	refs := make([]remit.InvoiceRef, 6)
	for n := range refs {
		group.Go(func() { refs[n] = s.invoice(10_00) })
	}
	group.Wait()
	var owed int64
	for _, each := range refs {
		i, _ := s.read(each)
		owed += i.Outstanding
		s.soundly(each)
	}
	if owed != 6*10_00+20 {
		t.Errorf("they owe %d", owed)
	}
	s.owes(small, remit.InvoiceCarried, 0)
}

// A void that meets somebody at work on an invoice to which an amount is to come back
// changes nothing, does not wait, and is carried out when it is repeated (M1).
func TestVoidDoesNotWaitForAnotherInvoice(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	ref := s.invoice(30)
	next := s.invoice(100_00)
	request := s.request(next, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"})
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(t.Context(), ref.Invoice); err != nil {
			return err
		}
		if _, err := s.payments.Perform(t.Context(), next, request); err == nil {
			t.Error("the void was carried out")
		}
		return nil
	}))
	s.owes(next, remit.InvoiceOpen, 100_30)
	s.perform(next, request)
	s.owes(next, remit.InvoiceVoid, 0)
	s.owes(ref, remit.InvoiceOpen, 30)
}

// Of a send that is broken off nothing stays: neither is carried and not billed.
func TestSendBrokenOffCarriesNothing(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	ref := s.invoice(30)
	broken := errors.New("the line went dead")
	err := s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		must(t, activities.Send(t.Context(), tx, s.drafts(tx, 100_00, nil), time.Now(), remit.System))
		return broken
	})
	if err == nil {
		t.Fatal("it was not broken off")
	}
	s.owes(ref, remit.InvoiceOpen, 30)
	next := s.invoice(100_00)
	s.owes(next, remit.InvoiceOpen, 100_30)
	s.owes(ref, remit.InvoiceCarried, 0)
}

// Whatever is sent, paid, held, amended and cancelled of a customer's invoices and in
// whatever order: what they owe together is what was billed less what was paid and
// cancelled, so that no cent is carried away or comes twice; each one's books and timeline
// say the same; and between invoices there is nothing (C10, M8, Q2).
func TestAnyOrderOfCarrying(t *testing.T) {
	s := openShop(t)
	s.remainders(remit.RemainderCarry)
	rapid.Check(t, func(t *rapid.T) {
		s.customer.ID = uuid.New()
		must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.InsertCustomer(s.t.Context(), s.customer) }))
		var refs []remit.InvoiceRef
		var owed int64
		for range rapid.IntRange(3, 10).Draw(t, "steps") {
			if len(refs) == 0 || rapid.Bool().Draw(t, "send") {
				amount := rapid.SampledFrom([]int64{7, 20, 49, 60, 5000}).Draw(t, "amount")
				refs, owed = append(refs, s.invoice(amount)), owed+amount
			} else {
				ref := rapid.SampledFrom(refs).Draw(t, "invoice")
				owed += s.happens(t, ref, rapid.SampledFrom([]string{"void", "void", "pay", "pay all", "hold", "lift", "amend"}).Draw(t, "step"))
			}
			var sum int64
			for _, ref := range refs {
				i, _ := s.read(ref)
				sum += i.Outstanding
				s.soundly(ref)
			}
			if sum != owed || s.balances()["carried"] != 0 || s.t.Failed() {
				t.Fatalf("they owe %d together, want %d; %d is carried between them", sum, owed, s.balances()["carried"])
			}
		}
	})
}

// happens does something to an invoice and gives what that changes of what is owed in all.
func (s *shop) happens(t *rapid.T, ref remit.InvoiceRef, step string) int64 {
	i, _ := s.read(ref)
	var carried int64 // onto it, and back to where it was with a void
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		list, err := tx.CarriedOnto(s.t.Context(), ref.Invoice)
		for _, c := range list {
			carried += c.Amount
		}
		return err
	}))
	does := func(kind remit.RequestKind, payload any) bool {
		done, err := s.payments.Perform(s.t.Context(), ref, s.request(ref, kind, payload))
		must(s.t, err)
		return done.Result.Refused == nil
	}
	switch amount := i.Outstanding; step {
	case "void":
		if does(remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"}) {
			return carried - amount
		}
	case "pay", "pay all":
		if step == "pay" {
			amount = rapid.Int64Range(1, max(amount, 1)).Draw(t, "paid")
		}
		if does(remit.RequestRecordPayment, remit.RecordRequest{Amount: amount, Method: "bank_transfer", Reference: "R"}) {
			return -amount
		}
	case "hold":
		does(remit.RequestHold, remit.ReasonRequest{Reason: "asks about it"})
	case "lift":
		does(remit.RequestLiftHold, struct{}{})
	case "amend":
		total := rapid.Int64Range(1, 100).Draw(t, "new total")
		if does(remit.RequestAmend, amendTo(s.t, total, "2030-05-01")) {
			return total - i.AsItCame().Total
		}
	}
	return 0
}

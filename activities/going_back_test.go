package activities_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/ledger"
	"remit/postgres"
)

// Ways in which a cent was once lost or doubled on its way back, or would have been.

// partlyTooMuch makes an invoice of which a transfer paid a part while its card
// payment was on its way: so much of that is excess.
func (s *shop) partlyTooMuch(amount, excess int64, card uuid.UUID) (remit.InvoiceRef, remit.Payment, remit.Excess) {
	s.t.Helper()
	s.mayRefund()
	ref := s.invoice(amount)
	request := s.pay(ref, amount, card)
	if !s.performAndDie(ref, request, "confirm answered") {
		s.t.Fatal("never confirmed")
	}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(s.t.Context(), ref.Invoice)
		if err != nil {
			return err
		}
		now := time.Now()
		transfer := remit.Payment{
			ID: uuid.New(), InvoiceID: l.ID, CustomerID: l.CustomerID, Source: "bank_transfer", Currency: "USD", IntentClosed: true,
			Amount: excess, AmountCaptured: excess, State: remit.AttemptSucceeded, CreatedAt: now, SettledAt: &now,
		}
		if err := tx.InsertPayment(s.t.Context(), transfer); err != nil {
			return err
		}
		if _, err = tx.Book(s.t.Context(), l, ledger.Transfer(ledger.Received{Invoice: l.ID, Payment: transfer.ID, Currency: "USD", Amount: excess, Outstanding: l.Outstanding})); err != nil {
			return err
		}
		return tx.SaveInvoice(s.t.Context(), l, now, remit.TimelineEntry{Kind: "transfer", Data: map[string]any{"amount": excess, "payment": transfer.ID.String()}})
	}))
	_, err := s.payments.Perform(s.t.Context(), ref, request)
	must(s.t, err)
	_, payments := s.read(ref)
	items := s.excess(false)
	if len(items) != 1 || items[0].Amount != excess || payments[0].Source != "stripe" {
		s.t.Fatalf("the desk shows %+v", items)
	}
	return ref, payments[0], items[0]
}

// open is what the desk has to decide on, in all.
func (s *shop) open() (sum int64) {
	for _, item := range s.excess(false) {
		sum += item.Amount
	}
	return sum
}

// A bank that takes a part of what could not be applied leaves the rest to be
// decided on, not the whole; and what it gives back is to be decided on again.
func TestDisputeTakesAPartOfAnItem(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment, item := s.partlyTooMuch(14000, 2000, s.card)
	dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{"amount": 13000})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	if got := s.balances(); s.open() != 1000 || got["excess"] != -1000 {
		t.Fatalf("to be decided on: %d; the ledger says %v", s.open(), got)
	}
	if answer := s.decide(ref, item, remit.ExcessCredit); answer.Refused != nil {
		t.Fatalf("answered %+v", answer.Refused)
	}
	if s.credit() != 1000 {
		t.Errorf("the customer has %d to his credit", s.credit())
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	if got := s.balances(); s.open() != 1000 || s.credit() != 1000 || got["excess"] != -1000 || got["receivable"] != 0 || got["stripe"] != 14000 {
		t.Errorf("to be decided on: %d, credit %d; the ledger says %v", s.open(), s.credit(), got)
	}
	s.soundly(ref)
}

// A refund made in the dashboard takes a part of an item, and one that comes back
// is to be decided on again: no excess is nobody's work (M9).
func TestDashboardRefundOfExcessComesBack(t *testing.T) {
	for _, amount := range []int64{2000, 500, 3000} {
		t.Run(strconv.FormatInt(amount, 10), func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, payment, _ := s.partlyTooMuch(14000, 2000, s.save("pm_card_refundFail"))
			_, err := s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent), Amount: stripe.Int64(amount)})
			must(t, err)
			s.event(ref, "charge.refunded")
			s.advance(ref)
			left := max(2000-amount, 0)
			if got := s.balances(); s.open() != left || got["excess"] != -left || got["stripe"] != 14000-amount {
				t.Fatalf("to be decided on: %d; the ledger says %v", s.open(), got)
			}
			s.later(t, 24*time.Hour)
			s.event(ref, "refund.failed")
			s.advance(ref)
			if got := s.balances(); s.open() != 2000 || got["excess"] != -2000 || got["stripe"] != 14000 || got["revenue"] != -14000 {
				t.Errorf("to be decided on: %d; the ledger says %v", s.open(), got)
			}
			s.soundly(ref)
		})
	}
}

// A refund that was promised and then refused because a bank had taken the money
// pays nothing: what the bank took is owed, and is paid once it comes back.
func TestRefusedRefundOfWhatABankTook(t *testing.T) {
	for choice, want := range map[remit.RefundChoice]int64{remit.RefundReopens: 12000, remit.RefundSettles: 12000, remit.RefundWritesOff: 12000} {
		t.Run(string(choice), func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, payment := s.paid(12000, s.card)
			asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 12000, Choice: choice})
			if refused != nil {
				t.Fatal(refused)
			}
			dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{})
			s.hear(ref, "charge.dispute.created", dispute)
			s.advance(ref)
			if r := s.send(asked); r.State != remit.RefundFailed {
				t.Fatalf("the refund is %s", r.State)
			}
			invoice, _ := s.read(ref)
			if got := s.balances(); invoice.Outstanding != want || got["stripe"] != 0 || got["receivable"] != want || got["revenue"] != -12000 {
				t.Errorf("%d is owed, on hold %+v; the ledger says %v", invoice.Outstanding, invoice.Hold, got)
			}
			if invoice.Hold == nil || invoice.Hold.Kind != remit.HoldDispute {
				t.Errorf("it is on hold: %+v", invoice.Hold)
			}
			s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
			s.hear(ref, "charge.dispute.closed", dispute)
			s.advance(ref)
			invoice, _ = s.read(ref)
			if got := s.balances(); invoice.Status != remit.InvoicePaid || got["stripe"] != 12000 || got["receivable"] != 0 || got["revenue"] != -12000 {
				t.Errorf("won, it is %s; the ledger says %v", invoice.Status, got)
			}
			s.soundly(ref)
		})
	}
}

// Nor does one of excess give its customer what the bank has taken.
func TestRefusedRefundOfExcessABankTook(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment, item := s.partlyTooMuch(14000, 2000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 2000, Choice: remit.RefundExcess, Excess: &item.ID})
	if refused != nil {
		t.Fatal(refused)
	}
	dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	if r := s.send(asked); r.State != remit.RefundFailed {
		t.Fatalf("the refund is %s", r.State)
	}
	if got := s.balances(); s.open() != 0 || got["excess"] != 0 || got["stripe"] != 0 || got["receivable"] != 12000 {
		t.Errorf("to be decided on: %d; the ledger says %v", s.open(), got)
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	if got := s.balances(); s.open() != 2000 || got["excess"] != -2000 || got["stripe"] != 14000 || got["receivable"] != 0 {
		t.Errorf("won, to be decided on: %d; the ledger says %v", s.open(), got)
	}
	s.soundly(ref)
}

// Money in another currency than the invoice's goes back in that currency: a
// refund of it whose answer was lost would not be recognised otherwise.
func TestForeignExcessGoesBackInItsCurrency(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.mayRefund()
	ref := s.invoice(4200)
	if !s.performAndDie(ref, s.pay(ref, 4200, s.card), "confirm answered") {
		t.Fatal("never confirmed")
	}
	_, payments := s.read(ref)
	intent := payments[0].PaymentIntent
	s.watched.answer = func(method, path string) (int, string) {
		if method != http.MethodGet || !hasSuffix(path, intent) {
			return 0, ""
		}
		return http.StatusOK, `{"id": "` + intent + `", "object": "payment_intent", "status": "succeeded", "amount": 4000, "amount_received": 4000, "currency": "eur"}`
	}
	s.advance(ref)
	s.watched.answer = nil
	items := s.excess(false)
	if len(items) != 1 || items[0].Currency != "EUR" || items[0].Amount != 4000 {
		t.Fatalf("the desk shows %+v", items)
	}
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: 4000, Choice: remit.RefundExcess, Excess: &items[0].ID})
	if refused != nil {
		t.Fatal(refused)
	}
	if r := s.refundOf(asked); r.Currency != "EUR" {
		t.Errorf("the refund is in %s", r.Currency)
	}
	var wrong int
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.QueryRow(t.Context(), `select count(*) from (select 1 from ledger_lines where tenant = $1 and account = 'excess' group by currency having sum(amount) <> 0) w`, s.tenant).Scan(&wrong)
	}))
	if wrong != 0 {
		t.Errorf("the excess is out of balance in %d currencies", wrong)
	}
}

// A dispute in another currency takes at most what has not gone back.
func TestDisputeInAnotherCurrencyTakesWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(12000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	s.watched.answer = func(_, path string) (int, string) {
		if path != "/v1/disputes" {
			return 0, ""
		}
		return http.StatusOK, `{"object": "list", "has_more": false, "data": [{"id": "dp_1", "object": "dispute", "amount": 6400, "currency": "eur", "charge": "` + payment.Charge + `",
			"payment_intent": "` + payment.PaymentIntent + `", "reason": "fraudulent", "status": "needs_response", "balance_transactions": [{"id": "txn_1", "object": "balance_transaction", "amount": -7000, "currency": "usd"}]}]}`
	}
	s.hear(ref, "charge.updated", payment.Charge)
	s.advance(ref)
	if got := s.balances(); got["stripe"] != 0 || got["receivable"] != 7000 {
		t.Errorf("the ledger says %v", got)
	}
}

// An invoice that was given up stays so, however a dispute about it ends.
func TestGivenUpInvoiceOutlivesADispute(t *testing.T) {
	for _, outcome := range []string{"won", "lost"} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref, payment := s.paid(12000, s.card)
			if _, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 12000, Choice: remit.RefundWritesOff}); refused != nil {
				t.Fatal(refused)
			}
			dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{}) // before the refund is sent
			s.hear(ref, "charge.dispute.created", dispute)
			s.advance(ref)
			s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": outcome})
			s.hear(ref, "charge.dispute.closed", dispute)
			s.advance(ref)
			if invoice, _ := s.read(ref); invoice.Status != remit.InvoiceUncollectible {
				t.Errorf("the invoice is %s", invoice.Status)
			}
			s.soundly(ref)
		})
	}
}

// An invoice that was paid from its customer's credit alone can be cancelled: the
// credit comes back.
func TestVoidGivesCreditBack(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.giveCredit(5000)
	ref := s.invoice(4200)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || s.credit() != 800 {
		t.Fatalf("the invoice is %s, the credit %d", invoice.Status, s.credit())
	}
	request := s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "sent by mistake"})
	for range 2 {
		done, err := s.payments.Perform(t.Context(), ref, request)
		must(t, err)
		if done.Result.Refused != nil {
			t.Fatalf("answered %+v", done.Result.Refused)
		}
	}
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoiceVoid || s.credit() != 5000 {
		t.Errorf("the invoice is %s, the credit %d", invoice.Status, s.credit())
	}
	if got := s.balances(); got["receivable"] != 0 || got["customer_credit"] != -5000 {
		t.Errorf("the ledger says %v", got)
	}
	s.soundly(ref)
}

// A page that was opened for what a bank had taken is closed when the bank gives
// it back: its payer would pay twice.
func TestMoneyBackClosesTheOpenPage(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	dispute := s.act("/charges/"+charge+"/dispute", map[string]any{})
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	page := s.checkout(ref, 12000, false)
	s.watched.answer = func(_, path string) (int, string) { // the bank thinks again
		if path != "/v1/disputes" {
			return 0, ""
		}
		_, payments := s.read(ref)
		return http.StatusOK, `{"object": "list", "has_more": false, "data": [{"id": "` + dispute + `", "object": "dispute", "amount": 12000, "currency": "usd", "charge": "` + charge + `",
			"payment_intent": "` + payments[0].PaymentIntent + `", "reason": "fraudulent", "status": "won", "balance_transactions": [
			{"id": "txn_1", "object": "balance_transaction", "amount": -12000, "currency": "usd"}, {"id": "txn_2", "object": "balance_transaction", "amount": 12000, "currency": "usd"}]}]}`
	}
	s.hear(ref, "charge.dispute.funds_reinstated", dispute)
	s.advance(ref)
	s.watched.answer = nil
	s.submit(page, "4242424242424242", false)
	s.advance(ref)
	if cents, charges := s.captured(ref); cents != 12000 || charges != 1 {
		t.Errorf("captured %d in %d", cents, charges)
	}
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || invoice.InFlight != nil {
		t.Errorf("the invoice is %s, in flight %+v", invoice.Status, invoice.InFlight)
	}
	s.soundly(ref)
}

// An invoice that a refund has put on hold stays so through a dispute that is won:
// nobody has lifted the hold (M14).
func TestRefundsHoldOutlivesADispute(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(12000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	dispute := s.act("/charges/"+payment.Charge+"/dispute", map[string]any{"amount": 7000})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	if invoice, _ := s.read(ref); invoice.Outstanding != 5000 || invoice.Hold == nil || invoice.Hold.Kind != remit.HoldRefund {
		t.Errorf("%d is owed, on hold %+v", invoice.Outstanding, invoice.Hold)
	}
}

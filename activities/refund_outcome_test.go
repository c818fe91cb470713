package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/postgres"
)

// An invoice of which a part was written off is not amended, and says so.
func TestAmendAfterAWriteOff(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(10000, s.card)
	if _, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 4000, Choice: remit.RefundWritesOff}); refused != nil {
		t.Fatal(refused)
	}
	fingerprint := make([]byte, 32)
	invoice, _ := s.read(ref)
	done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestAmend, remit.AmendRequest{
		Total: 7000, DueDate: invoice.DueDate, Reason: "less", Fingerprint: fingerprint, Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: "70.00", Amount: 7000}},
	}))
	t.Logf("answered %+v", done.Result.Refused)
	if err != nil {
		t.Errorf("the step fails for good: %v", err)
	}
}

// Money that comes back to a void invoice is excess.
func TestFailedRefundOfAVoidInvoiceIsExcess(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.save("pm_card_refundFail"))
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundWritesOff})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "wrong"}))
	must(t, err)
	t.Logf("void answered %+v", done.Result.Refused)
	s.later(t, 2*time.Hour)
	s.event(ref, "refund.failed")
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, _ := s.read(ref)
	if sums := s.balances(); invoice.Status == remit.InvoiceVoid && sums["excess"] != -5000 {
		t.Errorf("the invoice is %s with %d applied; ledger %v", invoice.Status, invoice.Applied, sums)
	}
}

// The hold that a person set outlives a refund that failed.
func TestPersonsHoldSurvivesAFailedRefund(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	ref := s.invoice(5000)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 2000, s.save("pm_card_refundFail")))
	must(t, err)
	_, payments := s.read(ref)
	_, err = s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestHold, remit.ReasonRequest{Reason: "lawyer says wait"}))
	must(t, err)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: 2000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	s.later(t, 2*time.Hour)
	s.event(ref, "refund.failed")
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, _ := s.read(ref)
	if invoice.Hold == nil || invoice.Hold.Kind != remit.HoldPerson {
		t.Errorf("the hold is %+v", invoice.Hold)
	}
}

// A failed write-off of a part is somebody's work again.
func TestFailedWriteOffOfAPartIsWorkAgain(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	ref := s.invoice(10000)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 6000, s.save("pm_card_refundFail")))
	must(t, err)
	_, payments := s.read(ref)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: 2000, Choice: remit.RefundWritesOff})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	invoice, _ := s.read(ref)
	if invoice.Status == remit.InvoiceUncollectible && invoice.Outstanding != 0 {
		t.Errorf("closed as %s, %d still outstanding on the ledger: %v", invoice.Status, invoice.Outstanding, s.balances())
	}
	s.later(t, 2*time.Hour)
	s.event(ref, "refund.failed")
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, _ = s.read(ref)
	var items, overdue int
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if err := tx.QueryRow(t.Context(), "select count(*) from work_items where invoice_id = $1 and state in ('open', 'claimed', 'paying')", ref.Invoice).Scan(&items); err != nil {
			return err
		}
		return tx.QueryRow(t.Context(), "select count(*) from agenda where invoice_id = $1 and kind = 'overdue' and done_at is null", ref.Invoice).Scan(&overdue)
	}))
	if invoice.Outstanding > 0 && (items == 0 || overdue == 0) {
		t.Errorf("%s, owes %d, %d work items, %d rows for its due date", invoice.Status, invoice.Outstanding, items, overdue)
	}
}

// A part given up and a part due again leave the invoice partly paid.
func TestReopenAfterAPartialWriteOff(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	ref := s.invoice(10000)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 6000, s.card))
	must(t, err)
	_, payments := s.read(ref)
	for n, choice := range []remit.RefundChoice{remit.RefundWritesOff, remit.RefundReopens} {
		asked, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: 2000, Choice: choice})
		if refused != nil {
			t.Fatal(n, refused)
		}
		s.send(asked)
	}
	invoice, _ := s.read(ref)
	if invoice.Status != remit.InvoicePartiallyPaid {
		t.Errorf("reopened, and it is %s, %d outstanding, hold %+v", invoice.Status, invoice.Outstanding, invoice.Hold)
	}
}

// A refund in the dashboard beside a reserved one stops nothing.
func TestDashboardRefundWhileOneIsReserved(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 4000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	_, err := s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent), Amount: stripe.Int64(2000)})
	must(t, err)
	s.event(ref, "charge.refunded")
	if _, err = s.payments.Advance(t.Context(), ref); err != nil {
		t.Errorf("the invoice cannot be brought up to date: %v", err)
	}
	r := s.send(asked)
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	cents, n := s.sentBack(payment)
	_, payments := s.read(ref)
	t.Logf("own refund %s; %d went back in %d, recorded %d; ledger %v", r.State, cents, n, payments[0].AmountRefunded, s.balances())
}

// What is written on a refund says which one it may be, never how much.
func TestMetadataDoesNotSayHowMuch(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 4000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	params := &stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent), Amount: stripe.Int64(1)}
	params.AddMetadata("remit_refund", asked.Refund.String())
	_, err := s.stripe.Refunds.New(params)
	must(t, err)
	s.event(ref, "charge.refunded")
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	r := s.send(asked)
	cents, n := s.sentBack(payment)
	_, payments := s.read(ref)
	if cents != payments[0].AmountRefunded {
		t.Errorf("own refund %s; %d went back in %d, recorded %d; ledger %v", r.State, cents, n, payments[0].AmountRefunded, s.balances())
	}
}

// The mail about a refund says what is still due.
func TestRefundMailSaysWhatIsOwed(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	ref := s.invoice(10000)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 6000, s.card))
	must(t, err)
	_, payments := s.read(ref)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: 1000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	var text string
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.QueryRow(t.Context(), "select text from mails where tenant = $1 and stage like 'refunded/%'", s.tenant).Scan(&text)
	}))
	invoice, _ := s.read(ref)
	if invoice.Outstanding > 0 && strings.Contains(text, "nothing to pay") {
		t.Errorf("%d is owed (%s), the mail says %q", invoice.Outstanding, invoice.Status, text)
	}
}

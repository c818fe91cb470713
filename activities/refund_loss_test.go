package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/postgres"
)

func (s *shop) refundsOf(ref remit.InvoiceRef) (all []remit.Refund) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		all, err = tx.Refunds(s.t.Context(), ref.Invoice)
		return err
	}))
	return all
}

func (s *shop) event(ref remit.InvoiceRef, kind string) {
	s.stored(postgres.StoredEvent{
		ID: "evt_" + uuid.NewString(), Account: s.account, Tenant: s.tenant, Type: kind, ObjectID: "x", State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
	})
}

// A refund that is reserved is never answered with a refusal, whatever forbids one
// by the time its step is repeated.
func TestReservedRefundIsNeverRefused(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(10000, s.card)
	in := remit.RefundRequest{Payment: payment.ID, Amount: 3000, Choice: remit.RefundSettles}
	first := s.refund(ref, in)
	if !s.performAndDie(ref, first, "refund reserved") {
		t.Fatal("never got there")
	}
	s.watched.answer = func(method, path string) (int, string) {
		if path == "/v1/refunds" {
			return 401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}`
		}
		return 0, ""
	}
	done, err := s.payments.Perform(t.Context(), ref, first)
	must(t, err)
	s.watched.answer = nil
	if done.Result.Refused != nil {
		t.Errorf("answered with a refusal although it is reserved: %+v; refunds to be handed on: %v", done.Result.Refused, done.State.Refunds)
	}
	for _, r := range s.refundsOf(ref) {
		s.send(remit.RefundRef{Tenant: ref.Tenant, Invoice: ref.Invoice, Refund: r.ID})
	}
	if cents, n := s.sentBack(payment); cents != 3000 || n != 1 {
		t.Errorf("%d went back in %d refunds", cents, n)
	}
}

// Nor by a right that was revoked meanwhile.
func TestReservedRefundIsNeverRefusedByARevokedRight(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(10000, s.card)
	in := remit.RefundRequest{Payment: payment.ID, Amount: 3000, Choice: remit.RefundSettles}
	first := s.refund(ref, in)
	if !s.performAndDie(ref, first, "refund reserved") {
		t.Fatal("never got there")
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.PutRole(t.Context(), "Refunders", nil)
	}))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update tenants set authz_version = authz_version + 1 where id = $1", s.tenant)
		return err
	}))
	done, err := s.payments.Perform(t.Context(), ref, first)
	must(t, err)
	if done.Result.Refused != nil {
		t.Errorf("answered %+v, handed on %v", done.Result.Refused, done.State.Refunds)
	}
}

// A refund whose answer was lost is not failed by what turns its repeat away.
func TestLostRefundIsNotFailedByALaterRefusal(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(10000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 4000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.watched.after = func(method, path string) error {
		if method == "POST" && path == "/v1/refunds" {
			return errors.New("lost")
		}
		return nil
	}
	s.send(asked)
	s.watched.after = nil
	s.watched.answer = func(method, path string) (int, string) {
		if method == "POST" && path == "/v1/refunds" {
			return 403, `{"error":{"type":"invalid_request_error","message":"The provided key does not have the required permissions for this endpoint"}}`
		}
		return 0, ""
	}
	r := s.send(asked)
	s.watched.answer = nil
	if r.State.Failed() {
		t.Errorf("recorded as %s (%q) though Stripe has it", r.State, r.Failure)
	}
	cents, n := s.sentBack(payment)
	sums := s.balances()
	_, payments := s.read(ref)
	if cents != 4000 || n != 1 {
		t.Errorf("%d went back in %d", cents, n)
	}
	if payments[0].AmountRefunded != cents || sums["refunds"] != 0 {
		t.Errorf("recorded %d, sent back %d, ledger %v", payments[0].AmountRefunded, cents, sums)
	}
}

// A step that was paused for longer than its key lives sends nothing that has ended.
func TestPausedTwinSendsAnEndedRefundAgain(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(10000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 4000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	done := make(chan error, 1)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(t.Context(), ref.Invoice); err != nil {
			return err
		}
		go func() { _, err := s.payments.SendRefund(t.Context(), asked); done <- err }()
		s.untilSomebodyWaits()
		// another worker has sent it meanwhile, and it succeeded
		params := &stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent), Amount: stripe.Int64(4000)}
		params.SetIdempotencyKey(asked.Refund.String() + "/create")
		params.AddMetadata("remit_refund", asked.Refund.String())
		params.AddMetadata("remit_invoice", ref.Invoice.String())
		made, err := s.stripe.Refunds.New(params)
		if err != nil {
			return err
		}
		now := time.Now()
		r, err := tx.Refund(t.Context(), asked.Refund)
		if err != nil {
			return err
		}
		r.State, r.SentAt, r.StripeRefund, r.EndedAt = remit.RefundSucceeded, &now, made.ID, &now
		s.later(t, 72*time.Hour)
		return tx.SaveRefund(t.Context(), r)
	}))
	must(t, <-done)
	if n := s.watched.count("POST", "/v1/refunds"); n != 0 {
		t.Errorf("an ended refund was sent %d times more", n)
	}
	if cents, n := s.sentBack(payment); cents != 4000 || n != 1 {
		t.Errorf("%d went back in %d", cents, n)
	}
}

// An event that began earlier and was committed later is looked at all the same.
func TestEventCommittedLateIsNotEndedUnseen(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	ref := s.invoice(5000) // partly paid, with a declined try that leaves its intent open
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 2000, s.save("pm_card_refundFail")))
	must(t, err)
	_, payments := s.read(ref)
	paid := payments[0]
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: paid.ID, Amount: 2000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 3000, s.save("pm_card_chargeCustomerFail")))
	must(t, err)
	s.later(t, 24*time.Hour) // the refund has failed at Stripe
	began, commit, committed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { // refund.failed: its transaction begins first
		committed <- s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			if _, err := tx.Exec(t.Context(), "select now()"); err != nil {
				return err
			}
			close(began)
			<-commit
			_, err := tx.StoreEvent(t.Context(), postgres.StoredEvent{
				ID: "evt_" + uuid.NewString(), Account: s.account, Tenant: s.tenant, Type: "refund.failed", ObjectID: "re_x", State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
			})
			return err
		})
	}()
	<-began
	s.event(ref, "payment_intent.payment_failed") // comes second, is committed first, wakes the workflow
	asked1 := false
	s.watched.stop = func(method, path string) error {
		if method == "GET" && !asked1 {
			asked1 = true
			close(commit)
			must(t, <-committed)
		}
		return nil
	}
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	if !asked1 {
		t.Fatal("Stripe was not asked")
	}
	s.watched.stop = nil
	_, err = s.payments.Advance(t.Context(), ref) // the wake of refund.failed
	must(t, err)
	if r := s.refundOf(asked); r.State != remit.RefundFailed {
		var waiting int
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			mark, err := tx.WaitingEvents(t.Context(), ref.Invoice)
			waiting = mark.Count
			return err
		}))
		t.Errorf("the refund is %s, %d events wait", r.State, waiting)
	}
}

// A refund is not overlooked because its capture is not recorded yet.
func TestRefundEventWaitsForItsPayment(t *testing.T) {
	s := openShop(t)
	s.mayRefund()
	ref := s.invoice(5000)
	s.watched.after = func(method, path string) error {
		if method == "POST" && hasSuffix(path, "/confirm") {
			return errors.New("lost")
		}
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 5000, s.card))
	must(t, err)
	s.watched.after = nil
	_, payments := s.read(ref)
	if payments[0].State != remit.AttemptConfirming {
		t.Fatalf("the payment is %s", payments[0].State)
	}
	_, err = s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(payments[0].PaymentIntent)})
	must(t, err)
	s.event(ref, "charge.refunded")
	s.watched.stop = func(method, path string) error {
		if method == "GET" {
			return errors.New("no answer")
		}
		return nil
	}
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	s.watched.stop = nil
	for range 3 {
		_, err = s.payments.Advance(t.Context(), ref)
		must(t, err)
	}
	_, payments = s.read(ref)
	if sums := s.balances(); payments[0].State != remit.AttemptSucceeded || payments[0].AmountRefunded != 5000 || sums["stripe"] != 0 {
		t.Errorf("payment %s, %d refunded on record; 5000 at Stripe; ledger %v", payments[0].State, payments[0].AmountRefunded, sums)
	}
}

// A pending refund made in the dashboard is looked after like any other.
func TestPendingRefundOfTheDashboardIsLookedAfter(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.save("pm_card_pendingRefund"))
	_, err := s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent), Amount: stripe.Int64(2000)})
	must(t, err)
	s.event(ref, "charge.refunded")
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	all := s.refundsOf(ref)
	if len(all) != 1 || all[0].State != remit.RefundPending {
		t.Fatalf("stored %+v", all)
	}
	s.later(t, 72*time.Hour) // settled at Stripe long ago; its events were lost
	state, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	r := s.refundsOf(ref)[0]
	if r.State != remit.RefundSucceeded && len(state.Refunds) == 0 {
		t.Errorf("it is %s, no workflow is started for it (state %+v)", r.State, state)
	}
}

// Who was told that nothing was charged is not charged by a twin that was paused.
func TestTwinsRefusalHoldsForThePausedOne(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(4200)
	restrict := func(enabled bool) {
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "update connections set charges_enabled = $1", enabled)
			return err
		}))
	}
	request := s.pay(ref, 4200, s.card)
	var told *remit.Refusal
	s.at("intent stored", func() {
		restrict(false)
		s.watched.stop = func(method, path string) error {
			if hasSuffix(path, "/cancel") {
				return errors.New("the line went dead")
			}
			return nil
		}
		done, err := s.payments.Perform(t.Context(), ref, request)
		must(t, err)
		told = done.Result.Refused
		s.watched.stop = nil
		restrict(true)
	})
	_, err := s.payments.Perform(t.Context(), ref, request)
	must(t, err)
	if told == nil {
		t.Fatal("the twin was not refused")
	}
	if cents, n := s.captured(ref); cents != 0 {
		t.Errorf("the payer was told %q (%s); captured %d in %d", told.Message, told.Code, cents, n)
	}
}

// A refund that fails closes the checkout that was opened for its balance.
func TestFailedRefundClosesTheOpenCheckout(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.save("pm_card_refundFail"))
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	page := s.checkout(ref, 5000, false)
	s.later(t, 2*time.Hour)
	s.event(ref, "refund.failed")
	_, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	invoice, _ := s.read(ref)
	if invoice.Status != remit.InvoicePaid {
		t.Fatalf("the invoice is %s", invoice.Status)
	}
	s.submit(page, "4242424242424242", false)
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	if cents, n := s.captured(ref); cents != 5000 {
		t.Errorf("captured %d in %d for an invoice of 5000 that was paid; ledger %v", cents, n, s.balances())
	}
}

// A refund that is recorded as failed and that Stripe has after all is booked as
// one made there: its money is gone, and nothing is promised to nobody (M3, M14).
func TestRefundThatWasMadeAfterAllIsBooked(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(10000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 4000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	s.watched.answer = func(method, path string) (int, string) {
		if method == "POST" && path == "/v1/refunds" {
			return 400, `{"error":{"type":"invalid_request_error","code":"balance_insufficient","message":"no"}}`
		}
		return 0, ""
	}
	if r := s.send(asked); r.State != remit.RefundFailed {
		t.Fatalf("the refund is %+v", r)
	}
	s.watched.answer = nil
	params := &stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent), Amount: stripe.Int64(4000)}
	params.AddMetadata("remit_refund", asked.Refund.String())
	_, err := s.stripe.Refunds.New(params)
	must(t, err)
	for range 2 {
		s.event(ref, "refund.created")
		s.advance(ref)
	}
	_, payments := s.read(ref)
	if sums := s.balances(); payments[0].AmountRefunded != 4000 || sums["refunds"] != 0 || sums["stripe"] != 6000 {
		t.Errorf("recorded %d of 4000 that went back, ledger %v", payments[0].AmountRefunded, sums)
	}
	s.soundly(ref)
}

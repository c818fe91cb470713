package activities_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/money"
	"remit/postgres"
)

// What users of comparable systems lost, tried here: docs/failures.md lists each
// with the test that bears its number.

// sessions counts the hosted pages that were made, and those that can be paid.
func (s *shop) sessions() (made, open int) {
	s.t.Helper()
	list := s.stripe.CheckoutSessions.List(nil)
	for list.Next() {
		made++
		if list.CheckoutSession().Status == stripe.CheckoutSessionStatusOpen {
			open++
		}
	}
	must(s.t, list.Err())
	return made, open
}

// Of two people who ask for a page one after the other only the second has one
// that can be paid.
func TestFailure03SecondPageTakesTheFirstsPlace(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(8000)
	first := s.checkout(ref, 8000, false)
	second := s.checkout(ref, 8000, false)
	if _, open := s.sessions(); open != 1 || first == second {
		t.Fatalf("%d pages can be paid", open)
	}
	s.submit(first, "4242424242424242", false)
	if cents, _ := s.captured(ref); cents != 0 {
		t.Fatalf("the first page took %d", cents)
	}
	s.submit(second, "4242424242424242", false)
	s.advance(ref)
	s.settledOnce(ref, 8000)
}

// Three days after a confirm whose answer was lost its key is forgotten at
// Stripe: the confirm is not sent again, and the invoice is paid at most once.
func TestFailure09AnOldKeyIsNeverUsedAgain(t *testing.T) {
	for _, arrived := range []bool{true, false} {
		t.Run(map[bool]string{true: "after its effect", false: "before it left"}[arrived], func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref := s.invoice(4200)
			dead := func(_, path string) error {
				if hasSuffix(path, "/confirm") {
					return errors.New("the line went dead")
				}
				return nil
			}
			if arrived {
				s.watched.after = dead
			} else {
				s.watched.stop = dead
			}
			_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
			must(t, err)
			s.watched.stop, s.watched.after = nil, nil
			sent := s.watched.count("POST", "/confirm")
			s.later(t, 72*time.Hour)
			s.advance(ref)
			if again := s.watched.count("POST", "/confirm"); again != sent {
				t.Errorf("the confirm was sent %d times more", again-sent)
			}
			invoice, payments := s.read(ref)
			if invoice.InFlight != nil {
				t.Fatalf("in flight: %+v", invoice.InFlight)
			}
			if arrived {
				s.settledOnce(ref, 4200)
				return
			}
			pi, err := s.stripe.PaymentIntents.Get(payments[0].PaymentIntent, nil)
			must(t, err)
			if pi.Status != stripe.PaymentIntentStatusCanceled {
				t.Errorf("the intent is %s", pi.Status)
			}
			s.payments.Now = time.Now
			_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
			must(t, err)
			s.settledOnce(ref, 4200)
		})
	}
}

// However often one attempt's confirm is repeated its key stays the same; only
// the next attempt, after a recorded decline, has another.
func TestFailure10KeyChangesWithTheAttemptAlone(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(4200)
	var keys []string
	s.watched.key = func(path, key string) {
		if hasSuffix(path, "/confirm") {
			keys = append(keys, key)
		}
	}
	s.watched.answer = func(_, path string) (int, string) {
		if hasSuffix(path, "/confirm") {
			return http.StatusInternalServerError, `{"error": {"type": "api_error"}}`
		}
		return 0, ""
	}
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, broke))
	must(t, err)
	s.advance(ref)
	s.advance(ref)
	s.watched.answer = nil
	s.advance(ref)
	if len(keys) != 4 || keys[0] == "" {
		t.Fatalf("the confirms had the keys %q", keys)
	}
	for _, key := range keys[1:] {
		if key != keys[0] {
			t.Errorf("a repeat had the key %q, the first %q", key, keys[0])
		}
	}
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
	must(t, err)
	if last := keys[len(keys)-1]; len(keys) != 5 || last == keys[0] {
		t.Errorf("after the decline the keys are %q", keys)
	}
	s.settledOnce(ref, 4200)
}

// Whatever changes an invoice does so under its lock: no change is made from a
// figure that another one has overtaken, and none is lost.
func TestFailure14ChangesWaitForEachOther(t *testing.T) {
	t.Run("two refunds", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref, payment := s.paid(10000, s.card)
		s.at("refunds looked at", func() {
			if _, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 8000, Choice: remit.RefundSettles}); refused != nil {
				t.Errorf("the first got %+v", refused)
			}
		})
		_, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 3000, Choice: remit.RefundSettles})
		if refused == nil || refused.Message != "At most $20.00." {
			t.Errorf("the second got %+v", refused)
		}
		if _, payments := s.read(ref); payments[0].AmountRefunded != 8000 {
			t.Errorf("%d is promised back", payments[0].AmountRefunded)
		}
	})
	t.Run("becoming overdue while it is paid", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref := s.invoice(4200)
		s.at("confirm answered", func() {
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.Exec(t.Context(), "update agenda set at = now() - interval '1 minute' where invoice_id = $1 and kind = 'overdue'", ref.Invoice)
				return err
			}))
			s.advance(ref)
		})
		_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
		must(t, err)
		if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || invoice.Overdue {
			t.Errorf("the invoice is %s, overdue %v", invoice.Status, invoice.Overdue)
		}
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			entries, err := tx.Timeline(t.Context(), ref.Invoice)
			for _, entry := range entries {
				if entry.Kind == "overdue" {
					t.Errorf("the timeline says %q", entry.What)
				}
			}
			return err
		}))
		s.settledOnce(ref, 4200)
	})
	t.Run("a due date and a hold", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref := s.invoice(9000)
		due, err := remit.ParseDate("2030-05-01")
		must(t, err)
		line := remit.Line{Description: "Work", Quantity: "1", UnitPrice: money.Of(9000, "USD").Decimal(), Amount: 9000}
		amend := s.request(ref, remit.RequestAmend, remit.AmendRequest{Reason: "agreed", DueDate: due, Lines: []remit.Line{line}, Total: 9000, Fingerprint: make([]byte, 32)})
		waited := make(chan error, 1)
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			l, err := tx.LockInvoice(t.Context(), ref.Invoice)
			if err != nil {
				return err
			}
			go func() {
				_, err := s.payments.Perform(t.Context(), ref, amend)
				waited <- err
			}()
			s.untilSomebodyWaits()
			l.Hold = &remit.Hold{Reason: "asked for", Kind: remit.HoldPerson, Since: time.Now()}
			return tx.SaveInvoice(t.Context(), l, time.Now(), remit.TimelineEntry{Kind: "hold", Data: map[string]any{"reason": l.Hold.Reason}})
		}))
		must(t, <-waited)
		if invoice, _ := s.read(ref); invoice.DueDate != due || invoice.Hold == nil {
			t.Errorf("due on %s, on hold %+v", invoice.DueDate, invoice.Hold)
		}
		s.soundly(ref)
	})
	t.Run("one transfer recorded twice", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref := s.invoice(9000)
		transfer := s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: 4000, Method: "bank_transfer", Reference: "wire 7"})
		for range 2 {
			_, err := s.payments.Perform(t.Context(), ref, transfer)
			must(t, err)
		}
		if invoice, payments := s.read(ref); invoice.Applied != 4000 || len(payments) != 1 {
			t.Errorf("%d was applied by %d payments", invoice.Applied, len(payments))
		}
	})
	t.Run("a page over a balance that is gone", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref := s.invoice(9000)
		page := s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 9000})
		_, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: 4000, Method: "bank_transfer", Reference: "wire 7"}))
		must(t, err)
		done, err := s.payments.Perform(t.Context(), ref, page)
		must(t, err)
		if made, _ := s.sessions(); done.Result.Refused == nil || made != 0 {
			t.Errorf("got %+v and %d pages", done.Result, made)
		}
	})
}

// Asking again makes no heap of pages: one request makes one, and however many
// ask one can be paid.
func TestFailure15AskingAgainMakesNoHeapOfPages(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(8000)
	request := s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 8000})
	for range 5 {
		_, err := s.payments.Perform(t.Context(), ref, request)
		must(t, err)
	}
	if made, open := s.sessions(); made != 1 || open != 1 {
		t.Errorf("one request made %d pages, of which %d can be paid", made, open)
	}
	for range 3 {
		s.checkout(ref, 8000, false)
	}
	if _, open := s.sessions(); open != 1 {
		t.Errorf("%d pages can be paid", open)
	}
}

// An event that came before its payment was known here is looked at once it is:
// what it says is recorded though nobody sends it again.
func TestFailure17EventBeforeItsPaymentIsKnown(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(8000)
	s.submit(s.checkout(ref, 8000, false), "4242424242424242", false)
	var intent string
	for list := s.stripe.PaymentIntents.List(nil); list.Next(); {
		if pi := list.PaymentIntent(); pi.Metadata["remit_invoice"] == ref.Invoice.String() {
			intent = pi.ID
		}
	}
	_, err := s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(intent), Amount: stripe.Int64(2000)})
	must(t, err)
	s.stored(postgres.StoredEvent{ // as it is stored where no payment has the intent yet
		ID: "evt_early", Account: s.account, Tenant: s.tenant, Type: "charge.refunded", ObjectID: "ch_x", Intent: intent, State: postgres.EventForeign,
	})
	s.advance(ref)
	if _, payments := s.read(ref); payments[0].PaymentIntent != intent || payments[0].AmountCaptured != 8000 || payments[0].AmountRefunded != 2000 {
		t.Errorf("the payment is %+v", payments[0])
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		mark, err := tx.WaitingEvents(t.Context(), ref.Invoice)
		if mark.Count != 0 {
			t.Errorf("%d events wait", mark.Count)
		}
		return err
	}))
	if sums := s.balances(); sums["stripe"] != 6000 {
		t.Errorf("the ledger says %v", sums)
	}
}

// An old "failed" that comes again after the success changes nothing, and a
// success after a failure counts.
func TestFailure21OldFailureAfterTheSuccess(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(4200)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, broke))
	must(t, err)
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
	must(t, err)
	before := s.standing(ref)
	_, payments := s.read(ref)
	for range 2 {
		s.hear(ref, "payment_intent.payment_failed", payments[0].PaymentIntent)
		s.hear(ref, "charge.failed", payments[0].Charge)
		s.advance(ref)
	}
	s.settledOnce(ref, 4200)
	if after := s.standing(ref); after.Status != before.Status || len(after.Agenda) != len(before.Agenda) || after.Item != before.Item {
		t.Errorf("before %+v, after %+v", before, after)
	}

	late := s.invoice(4300)
	_, err = s.payments.Perform(t.Context(), late, s.pay(late, 4300, broke))
	must(t, err)
	_, payments = s.read(late)
	var card string
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		method, err := tx.PaymentMethod(t.Context(), s.card)
		card = method.StripeID
		return err
	}))
	_, err = s.stripe.PaymentIntents.Confirm(payments[0].PaymentIntent, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String(card), OffSession: stripe.Bool(true)})
	must(t, err)
	s.hear(late, "payment_intent.succeeded", payments[0].PaymentIntent)
	s.advance(late)
	s.settledOnce(late, 4300)
}

// An endpoint that leads elsewhere is noticed: hours after charges that Stripe did
// not report the connection says so, and an event that comes in ends it.
func TestFailure22UnheardChargesAreAnAlarm(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	heard := func() remit.Connection {
		connection := remit.Connection{Account: s.account, HasWebhookSecret: true}
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.Hear(t.Context(), &connection) }))
		return connection
	}
	if c := heard(); c.LastEventAt != nil || c.Silent(time.Now().Add(100*time.Hour)) {
		t.Errorf("without a charge: %+v", c)
	}
	ref, charge := s.settled(4200)
	c := heard()
	if now := time.Now(); c.Silent(now) || !c.Silent(now.Add(remit.EventLag)) {
		t.Errorf("after a charge: %+v", c)
	}
	if c.HasWebhookSecret = false; c.Silent(time.Now().Add(remit.EventLag)) {
		t.Error("an account that is only asked is missed")
	}
	s.hear(ref, "charge.succeeded", charge)
	if c := heard(); c.LastEventAt == nil || c.Silent(time.Now().Add(100*time.Hour)) {
		t.Errorf("after an event: %+v", c)
	}
	s.settled(4300)
	if c := heard(); !c.Silent(time.Now().Add(remit.EventLag)) {
		t.Errorf("after the next charge: %+v", c)
	}
}

// A look that was answered "processing" before the money was final, and is
// recorded after it, does not make a settled payment pending again.
func TestFailure23StaleLookAfterTheSuccess(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(4200)
	if !s.performAndDie(ref, s.pay(ref, 4200, s.card), "confirm answered") {
		t.Fatal("the boundary was never reached")
	}
	_, payments := s.read(ref)
	intent := payments[0].PaymentIntent
	overtaken := false
	s.watched.answer = func(method, path string) (int, string) {
		if method != http.MethodGet || !hasSuffix(path, intent) || overtaken {
			return 0, ""
		}
		overtaken = true
		s.advance(ref) // another worker looks, and records the success
		return http.StatusOK, `{"id": "` + intent + `", "object": "payment_intent", "status": "processing", "amount": 4200, "currency": "usd"}`
	}
	s.advance(ref)
	if !overtaken {
		t.Fatal("nobody looked")
	}
	for _, kind := range []string{"payment_intent.processing", "payment_intent.created", "charge.pending"} {
		s.hear(ref, kind, intent)
		s.advance(ref)
	}
	if invoice, payments := s.read(ref); invoice.Status != remit.InvoicePaid || payments[0].State != remit.AttemptSucceeded {
		t.Errorf("the invoice is %s, its payment %s", invoice.Status, payments[0].State)
	}
	s.settledOnce(ref, 4200)
}

// A refund whose answer was lost is neither failed nor forgotten, one that Stripe
// has is pending, and its end is asked for though no event tells it.
func TestFailure52RefundIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(5000, s.save("pm_card_pendingRefund"))
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	if r := s.refundOf(asked); r.State != remit.RefundRequested {
		t.Errorf("before any call it is %s", r.State)
	}
	s.watched.after = func(method, path string) error {
		if method == "POST" && path == "/v1/refunds" {
			return errors.New("the answer was lost")
		}
		return nil
	}
	if r := s.send(asked); r.State != remit.RefundSent || r.StripeRefund != "" {
		t.Errorf("without an answer it is %s", r.State)
	}
	s.watched.after = nil
	if r := s.send(asked); r.State != remit.RefundPending || r.StripeRefund == "" {
		t.Errorf("with Stripe it is %s, id %q", r.State, r.StripeRefund)
	}
	s.later(t, 72*time.Hour)
	if r := s.send(asked); r.State != remit.RefundSucceeded {
		t.Errorf("at its end it is %s", r.State)
	}
	if cents, n := s.sentBack(payment); cents != 5000 || n != 1 {
		t.Errorf("%d went back in %d", cents, n)
	}
	s.balances()
}

// A charge that a bank disputes, of which nothing was heard yet, is not refunded
// beside it: the refund ends with the reason in words, and the money counts as
// before.
func TestFailure49DisputedChargeIsNotRefunded(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	s.act("/charges/"+payment.Charge+"/dispute", map[string]any{})
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	r := s.send(asked)
	if r.State != remit.RefundFailed || !strings.Contains(r.Failure, "disputed") {
		t.Errorf("the refund is %s: %s", r.State, r.Failure)
	}
	if cents, _ := s.sentBack(payment); cents != 0 {
		t.Errorf("%d went back", cents)
	}
	sent := s.watched.count("POST", "/v1/refunds")
	s.send(asked)
	if again := s.watched.count("POST", "/v1/refunds"); again != sent {
		t.Errorf("it was sent %d times more", again-sent)
	}
	if sums := s.balances(); sums["stripe"] != 5000 || sums["refunds"] != 0 {
		t.Errorf("the ledger says %v", sums)
	}
}

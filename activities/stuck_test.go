package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// An invoice that was sent over nothing can be amended to bill something: its
// balance is opened by what first bills.
func TestInvoiceOfNothingIsAmended(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(0)
	due, err := remit.ParseDate("2030-04-01")
	must(t, err)
	line := remit.Line{Description: "Work", Quantity: "1", UnitPrice: money.Of(3000, "USD").Decimal(), Amount: 3000}
	done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestAmend, remit.AmendRequest{
		Reason: "forgotten", DueDate: due, Lines: []remit.Line{line}, Total: 3000, Fingerprint: make([]byte, 32),
	}))
	must(t, err)
	invoice, _ := s.read(ref)
	if done.Result.Refused != nil || invoice.Status != remit.InvoiceOpen || invoice.Outstanding != 3000 {
		t.Fatalf("got %+v; the invoice is %s with %d outstanding", done.Result, invoice.Status, invoice.Outstanding)
	}
	s.soundly(ref)
}

// An event whose object cannot be looked at keeps waiting and holds nothing
// else up: what the agenda says still happens (M6, M11).
func TestEventThatCannotBeLookedAtHoldsNothingUp(t *testing.T) {
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(4200)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, broke))
	must(t, err)
	_, payments := s.read(ref)
	s.stored(postgres.StoredEvent{
		ID: "evt_1", Account: s.account, Tenant: s.tenant, Type: "payment_intent.succeeded", ObjectID: payments[0].PaymentIntent, State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
	})
	s.watched.stop = func(string, string) error { return errors.New("the line went dead") }
	s.payments.Now = func() time.Time { return time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) }
	_, _ = s.payments.Advance(t.Context(), ref)
	invoice, _ := s.read(ref)
	if !invoice.Overdue {
		t.Fatal("the invoice did not become overdue")
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		mark, err := tx.WaitingEvents(t.Context(), ref.Invoice)
		if mark.Count != 1 {
			t.Fatalf("%d events wait", mark.Count)
		}
		return err
	}))
}

// Whoever created a customer at Stripe and lost the answer may correct the
// customer before trying again: the key follows what is sent.
func TestLostCustomerCreateThenCorrection(t *testing.T) {
	s := openShop(t)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		s.customer.ID = uuid.New()
		s.customer.Name = "Initech"
		return tx.InsertCustomer(t.Context(), s.customer)
	}))
	ref := s.invoice(4200)
	s.watched.after = func(_, path string) error {
		if path == "/v1/customers" {
			return errors.New("the line went dead")
		}
		return nil
	}
	if _, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 4200})); err == nil {
		t.Fatal("the customer was made all the same")
	}
	s.watched.after = nil
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update customers set email = 'bills@initech.test' where id = $1", s.customer.ID)
		return err
	}))
	done, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 4200}))
	must(t, err)
	if done.Result.Refused != nil {
		t.Fatalf("refused: %+v", done.Result.Refused)
	}
}

// An attempt for which nothing was ever sent ends although the account's keys
// are gone: nothing can have been charged, and nobody else could end it.
func TestUnsentAttemptWithoutKeysEnds(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(4200)
	if !s.performAndDie(ref, s.pay(ref, 4200, s.card), "reserved") {
		t.Fatal("the boundary was never reached")
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.Disconnect(t.Context(), s.link.ID, remit.EndedByPerson, false) }))
	s.payments.Now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	_, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	if invoice, _ := s.read(ref); invoice.InFlight != nil {
		t.Fatalf("in flight: %+v", invoice.InFlight)
	}
}

// What became due while the bank had the money is made up for when the bank
// says no: the invoice is overdue then (M7, M11).
func TestOverdueIsMadeUpForAfterTheBanksNo(t *testing.T) {
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	ref := s.invoice(4200)
	request := s.pay(ref, 4200, broke)
	if !s.performAndDie(ref, request, "last look passed") {
		t.Fatal("the boundary was never reached")
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), ref.Invoice)
		if err != nil {
			return err
		}
		l.Live.State = remit.AttemptProcessing
		if err := tx.SaveAttempt(t.Context(), l, l.Live); err != nil {
			return err
		}
		return tx.SaveInvoice(t.Context(), l, time.Now())
	}))
	after := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	s.payments.Now = func() time.Time { return after }
	_, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoiceProcessing || invoice.Overdue {
		t.Fatalf("the invoice is %s, overdue %v", invoice.Status, invoice.Overdue)
	}
	_, payments := s.read(ref)
	intent, err := s.link.Stripe.Intent(t.Context(), payments[0].PaymentIntent)
	must(t, err)
	cards, err := s.link.Stripe.PaymentMethods(t.Context(), intent.Customer, gateway.TypeCard)
	must(t, err)
	if _, err := s.link.Stripe.ConfirmIntent(t.Context(), payments[0].Attempts[0].ID.String()+"/confirm", intent.ID, gateway.Confirm{Method: cards[0].ID, Type: gateway.TypeCard}); err == nil {
		t.Fatal("the bank said yes")
	}
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoiceOpen || !invoice.Overdue {
		t.Fatalf("the invoice is %s, overdue %v", invoice.Status, invoice.Overdue)
	}
}

// A page that could not be closed while its payer was at his bank is closed
// once he has failed there: the earlier refusal is not answered again (M2c).
func TestCheckoutIsClosedAfterTheBanksNo(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(8000)
	s.checkout(ref, 8000, false)
	refused := true
	s.watched.answer = func(_, path string) (status int, body string) {
		if refused && hasSuffix(path, "/expire") {
			return 400, `{"error":{"type":"invalid_request_error","message":"Only Checkout Sessions with a status in [\"open\"] can be expired."}}`
		}
		return 0, ""
	}
	key := ""
	s.watched.key = func(path, sent string) {
		if hasSuffix(path, "/expire") {
			if sent == key {
				t.Errorf("a refused expire is repeated with its key %q, which Stripe answers from memory", sent)
			}
			key = sent
		}
	}
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, s.card))
	must(t, err)
	if done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeInFlight {
		t.Fatalf("got %+v", done.Result)
	}
	refused = false
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, s.card))
	must(t, err)
	s.settledOnce(ref, 8000)
}

// Events of an account that could not be asked for days are not forgotten: they
// are looked at again, only less often (M6).
func TestOldEventsAreStillSwept(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(4200)
	s.hear(ref, "charge.updated", "ch_x")
	found := map[time.Duration]int{}
	ctx, from := t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // before all that is on the agenda
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		for _, age := range []time.Duration{time.Hour, 30 * 24 * time.Hour} {
			if _, err := tx.Exec(ctx, "update stripe_events set received_at = now() - $1::interval where tenant = $2", age, s.tenant); err != nil {
				return err
			}
			for minute := range 60 {
				ids, err := tx.Neglected(ctx, from.Add(time.Duration(minute)*time.Minute), time.Minute, 10)
				if err != nil {
					return err
				}
				found[age] += len(ids)
			}
		}
		return nil
	}))
	if found[time.Hour] != 60 || found[30*24*time.Hour] != 1 {
		t.Errorf("in an hour they were found %v times", found)
	}
}

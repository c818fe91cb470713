package activities_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/activities"
	"remit/ledger"
	"remit/postgres"
)

// passOn has fees passed on with invoices that the shop makes from now on.
func (s *shop) passOn(mode remit.SurchargeMode) {
	s.t.Helper()
	settings := remit.DefaultInvoiceSettings()
	settings.Surcharge = remit.SurchargeSettings{Mode: mode, Percent: 2_900, Fixed: 30}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.SetSetting(s.t.Context(), s.branch.ID, activities.PaymentsSetting, settings, s.payer)
		return err
	}))
}

// ledgerOf are an invoice's sums in the ledger.
func (s *shop) ledgerOf(ref remit.InvoiceRef) map[ledger.Account]int64 {
	s.t.Helper()
	sums := map[ledger.Account]int64{}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		rows, err := tx.Query(s.t.Context(), `select l.account, sum(l.amount)::bigint from ledger_lines l join ledger_entries e on e.tenant = l.tenant and e.id = l.entry_id
			where l.tenant = $1 and e.invoice_id = $2 group by 1`, s.tenant, ref.Invoice)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var account ledger.Account
			var sum int64
			if err := rows.Scan(&account, &sum); err != nil {
				return err
			}
			if sum != 0 {
				sums[account] = sum
			}
		}
		return rows.Err()
	}))
	return sums
}

// D4, M8: a credit card is charged amount and fee; the amount pays the invoice, and the
// fee is booked on an account of its own.
func TestSurchargeIsBookedApart(t *testing.T) {
	for _, of := range []struct {
		mode remit.SurchargeMode
		fee  int64
	}{{remit.SurchargeAddOn, 3_20}, {remit.SurchargeGrossUp, 3_30}} {
		s := openShop(t)
		s.passOn(of.mode)
		ref := s.invoice(100_00)
		fee := of.fee
		_, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestPay, remit.PayRequest{Amount: 100_00, PaymentMethod: &s.card, Surcharge: &fee}))
		must(t, err)
		invoice, payments := s.read(ref)
		if invoice.Status != remit.InvoicePaid || invoice.Applied != 100_00 || payments[0].Amount != 100_00 || payments[0].Surcharge != of.fee || payments[0].AmountCaptured != 100_00+of.fee {
			t.Fatalf("%s: the invoice is %s, the payment %+v", of.mode, invoice.Status, payments[0])
		}
		want := map[ledger.Account]int64{ledger.Revenue: -100_00, ledger.Stripe: 100_00 + of.fee, ledger.Surcharge: -of.fee}
		if got := s.ledgerOf(ref); !maps.Equal(got, want) {
			t.Errorf("%s: the ledger has %v, want %v", of.mode, got, want)
		}
		if cents, charges := s.captured(ref); cents != 100_00+of.fee || charges != 1 {
			t.Errorf("%s: Stripe captured %d in %d charges", of.mode, cents, charges)
		}
	}
}

// D4: debit and prepaid cards are charged the amount alone.
func TestNoSurchargeOnDebitAndPrepaid(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeGrossUp)
	for _, token := range []string{"pm_card_visa_debit", "pm_card_mastercard_prepaid"} {
		ref := s.invoice(100_00)
		_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 100_00, s.save(token)))
		must(t, err)
		if cents, _ := s.captured(ref); cents != 100_00 {
			t.Errorf("%s was charged %d", token, cents)
		}
		if fee := s.ledgerOf(ref)[ledger.Surcharge]; fee != 0 {
			t.Errorf("%s: a fee of %d was booked", token, fee)
		}
	}
}

// M2: a declined attempt leaves its fee nowhere; the next one, with another method, has
// its own, and the intent is set to the new sum before it is confirmed.
func TestFailure44EachAttemptHasItsOwnSurcharge(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeAddOn)
	broke, debit := s.save("pm_card_chargeCustomerFail"), s.save("pm_card_visa_debit")
	ref := s.invoice(70_00)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 70_00, broke))
	must(t, err)
	_, payments := s.read(ref)
	if first := payments[0].Attempts[0]; first.State != remit.AttemptFailed || first.Surcharge != 2_33 {
		t.Fatalf("the first attempt: %+v", first)
	}
	if fee, taken := s.ledgerOf(ref)[ledger.Surcharge], s.ledgerOf(ref)[ledger.Stripe]; fee != 0 || taken != 0 {
		t.Fatalf("the declined attempt booked %d, %d", fee, taken)
	}
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 70_00, debit))
	must(t, err)
	invoice, payments := s.read(ref)
	if len(payments) != 1 || invoice.Status != remit.InvoicePaid || payments[0].Surcharge != 0 || payments[0].AmountCaptured != 70_00 {
		t.Fatalf("the invoice is %s, payments %+v", invoice.Status, payments)
	}
	intent, err := s.stripe.PaymentIntents.Get(payments[0].PaymentIntent, nil)
	must(t, err)
	if intent.Amount != 70_00 {
		t.Errorf("the intent is over %d", intent.Amount)
	}
}

// A payer who was shown another fee is charged nothing, and told the right one.
func TestAnotherSurchargeThanAgreedIsNotCharged(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeAddOn)
	ref := s.invoice(100_00)
	none := int64(0)
	done, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestPay, remit.PayRequest{Amount: 100_00, PaymentMethod: &s.card, Surcharge: &none}))
	must(t, err)
	if refused := done.Result.Refused; refused == nil || refused.Code != remit.CodeSurcharge {
		t.Fatalf("answered %+v", done.Result)
	}
	if _, payments := s.read(ref); len(payments) != 0 {
		t.Fatalf("payments: %+v", payments)
	}
	if cents, _ := s.captured(ref); cents != 0 {
		t.Fatalf("%d was captured", cents)
	}
}

// What kind of card it is is asked of Stripe where it was never read, before anything is
// reserved; a charge by itself takes no fee then, as its forecast did not.
func TestUnreadFundingIsRead(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeAddOn)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "update payment_methods set funding = '' where tenant = $1", s.tenant)
		return err
	}))
	ref := s.invoice(100_00)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 100_00, s.card))
	must(t, err)
	if cents, _ := s.captured(ref); cents != 103_20 {
		t.Fatalf("%d was captured", cents)
	}
}

// D4: a card that is stored as a credit card and is none any more, because its bank put
// another in its place, is charged the amount alone: a person who was shown the fee is
// told so before, and a charge by itself is that much lower.
func TestACardThatIsNoCreditCardAnyMorePaysNoFee(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeAddOn)
	debit := s.save("pm_card_visa_debit")
	storedAsCredit := func() {
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "update payment_methods set funding = 'credit' where tenant = $1", s.tenant)
			return err
		}))
	}
	ref, fee := s.invoice(100_00), int64(3_20)
	storedAsCredit()
	done, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestPay, remit.PayRequest{Amount: 100_00, PaymentMethod: &debit, Surcharge: &fee}))
	must(t, err)
	if refused := done.Result.Refused; refused == nil || refused.Code != remit.CodeSurcharge {
		t.Fatalf("with the fee it is answered %+v", done.Result)
	}
	storedAsCredit()
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 100_00, debit))
	must(t, err)
	s.hasCaptured(ref, 100_00)

	s.charges(debit)
	itself := s.automatic(100_00, 1, nil)
	storedAsCredit()
	s.wait(itself, 2*aDay)
	s.hasCaptured(itself, 100_00)
}

// D4: where fees are passed on, no hosted page takes a card for money: which card it is
// would show only when it is charged.
func TestNoHostedPageTakesACardWhereFeesArePassedOn(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeAddOn)
	ref := s.invoice(100_00)
	done, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 100_00}))
	must(t, err)
	if done.Result.Refused == nil || s.watched.count("POST", "/v1/checkout/sessions") != 0 {
		t.Fatalf("answered %+v", done.Result)
	}
}

// A card that was typed for one payment and is not to be kept is gone after it, here
// and at Stripe, and pays nothing else.
func TestCardForOncePaysOnce(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeAddOn)
	ref, other := s.invoice(100_00), s.invoice(100_00)
	var stripeCustomer string
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		stripeCustomer, err = tx.StripeCustomer(t.Context(), s.customer.ID, s.account, false)
		return err
	}))
	pm, err := s.stripe.PaymentMethods.Attach("pm_card_mastercard", &stripe.PaymentMethodAttachParams{Customer: stripe.String(stripeCustomer)})
	must(t, err)
	view, err := s.link.Stripe.PaymentMethod(t.Context(), pm.ID)
	must(t, err)
	once, err := activities.StoreOnce(t.Context(), s.db, s.tenant, s.link, s.customer.ID, ref.Invoice, view, time.Now())
	must(t, err)

	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		methods, err := tx.PaymentMethods(t.Context(), s.customer.ID)
		if err != nil {
			return err
		}
		if len(methods) != 1 || methods[0].ID != s.card {
			t.Errorf("the customer can choose from %+v", methods)
		}
		return nil
	}))
	done, err := s.payments.Perform(t.Context(), other, s.pay(other, 100_00, once))
	must(t, err)
	if done.Result.Refused == nil {
		t.Fatal("it paid another invoice")
	}
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 100_00, once))
	must(t, err)
	if cents, _ := s.captured(ref); cents != 103_20 {
		t.Errorf("%d was captured", cents)
	}
	view, err = s.link.Stripe.PaymentMethod(t.Context(), pm.ID)
	if err == nil && view.Customer != "" {
		t.Errorf("it is still attached to %s", view.Customer)
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		stored, err := tx.PaymentMethod(t.Context(), once)
		if err == nil && stored.Status != remit.MethodDetached {
			t.Errorf("it is still %s", stored.Status)
		}
		return err
	}))
}

// Where the fee's invoice was paid another way meanwhile, all of it is excess, the fee
// too: it goes back as a whole (M9).
func TestSurchargeOfMoneyThatPaysNothingIsExcess(t *testing.T) {
	s := openShop(t)
	s.passOn(remit.SurchargeAddOn)
	ref := s.invoice(100_00)
	request := s.pay(ref, 100_00, s.card)
	s.watched.after = func(method, path string) error {
		if path[len(path)-len("/confirm"):] != "/confirm" {
			return nil
		}
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			l, err := tx.LockInvoice(t.Context(), ref.Invoice)
			if err != nil {
				return err
			}
			_, err = tx.Book(t.Context(), l, ledger.Transfer(ledger.Received{Invoice: ref.Invoice, Payment: s.transfer(tx, ref), Currency: "USD", Amount: 100_00, Outstanding: 100_00}))
			return err
		}))
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, request)
	must(t, err)
	got := s.ledgerOf(ref)
	if got[ledger.Excess] != -103_20 || got[ledger.Surcharge] != 0 {
		t.Errorf("the ledger has %v", got)
	}
}

// transfer is a payment that came outside Stripe.
func (s *shop) transfer(tx *postgres.Tx, ref remit.InvoiceRef) uuid.UUID {
	s.t.Helper()
	id, now := uuid.New(), time.Now()
	must(s.t, tx.InsertPayment(s.t.Context(), remit.Payment{
		ID: id, InvoiceID: ref.Invoice, CustomerID: s.customer.ID, Source: "bank_transfer", Currency: "USD", Amount: 100_00, AmountCaptured: 100_00,
		IntentClosed: true, State: remit.AttemptSucceeded, CreatedAt: now, SettledAt: &now,
	}))
	return id
}

// C13: with Stripe's receipts the intent names whom to send one, and no mail of ours is
// written; with ours, and with none, it names nobody.
func TestReceiptsBy(t *testing.T) {
	for by, ours := range map[remit.ReceiptsBy]int{remit.ReceiptsByRemit: 1, remit.ReceiptsByStripe: 0, remit.ReceiptsByNobody: 0} {
		s := openShop(t)
		settings := remit.DefaultInvoiceSettings()
		settings.Receipts = by
		var mails int
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.SetSetting(t.Context(), s.branch.ID, activities.PaymentsSetting, settings, s.payer)
			return err
		}))
		ref := s.invoice(100_00)
		_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 100_00, s.card))
		must(t, err)
		_, payments := s.read(ref)
		intent, err := s.stripe.PaymentIntents.Get(payments[0].PaymentIntent, nil)
		must(t, err)
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			return tx.QueryRow(t.Context(), "select count(*) from mails where tenant = $1 and invoice_id = $2 and stage like 'paid/%'", s.tenant, ref.Invoice).Scan(&mails)
		}))
		if mails != ours || (intent.ReceiptEmail == s.customer.Email) != (by == remit.ReceiptsByStripe) {
			t.Errorf("%s: %d receipts of ours, Stripe's to %q", by, mails, intent.ReceiptEmail)
		}
	}
}

// C10: what is too little for Stripe is left open with its reason, or given up, as the
// settings that were copied onto the invoice say.
func TestFailure47WhatIsBelowTheMinimum(t *testing.T) {
	for rule, want := range map[remit.RemainderRule]remit.InvoiceStatus{
		remit.RemainderAsk: remit.InvoiceOpen, remit.RemainderWaive: remit.InvoiceUncollectible, remit.RemainderCarry: remit.InvoiceOpen,
	} {
		s := openShop(t)
		settings := remit.DefaultInvoiceSettings()
		settings.Remainders = rule
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.SetSetting(t.Context(), s.branch.ID, activities.PaymentsSetting, settings, s.payer)
			return err
		}))
		ref := s.invoice(30)
		if invoice, _ := s.read(ref); invoice.Status != want {
			t.Errorf("%s: the invoice is %s with %d outstanding", rule, invoice.Status, invoice.Outstanding)
		}
	}
}

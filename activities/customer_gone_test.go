package activities_test

import (
	"testing"
	"time"

	"remit"
	"remit/postgres"
)

// gone deletes the shop's customer, whose link has ended at Stripe.
func (a *aligned) gone() {
	a.t.Helper()
	a.in(func(tx *postgres.Tx) error {
		is, err := tx.HeldCustomer(a.t.Context(), a.customer.ID)
		if err != nil {
			return err
		}
		if _, err := tx.EndLink(a.t.Context(), is.ID, a.account, false, "", time.Now()); err != nil {
			return err
		}
		return tx.DeleteCustomer(a.t.Context(), is, time.Now())
	})
}

// An invoice of a deleted customer that is owed again, as after a bank took a debit back,
// is not paid online: nothing is made at Stripe for that.
func TestNothingIsCollectedOfADeletedCustomer(t *testing.T) {
	t.Parallel()
	a := openAligned(t)
	ref := a.invoice(8000)
	a.gone()
	a.watched.seen = nil
	done, err := a.payments.Perform(t.Context(), ref, a.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 8000}))
	must(t, err)
	if done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeNotPayable {
		t.Errorf("it is answered with %+v", done.Result.Refused)
	}
	if len(a.watched.seen) != 0 {
		t.Errorf("Stripe is asked for %v", a.watched.seen)
	}
}

// A customer who was made at Stripe and cannot be linked, since he was deleted here
// meanwhile, is deleted there again.
func TestWhoWasMadeInVainIsDeletedAgain(t *testing.T) {
	t.Parallel()
	a := openAligned(t)
	a.in(func(tx *postgres.Tx) error {
		_, err := tx.EndLink(t.Context(), a.customer.ID, a.account, false, "", time.Now())
		return err
	})
	a.watched.seen = nil
	a.watched.after = func(method, _ string) error {
		if method == "POST" {
			a.gone()
		}
		return nil
	}
	_, err := a.payments.Connector.MakeStripeCustomer(t.Context(), a.tenant, a.link, a.customer)
	if !remit.IsCode(err, remit.CodeNotPayable) {
		t.Errorf("making him answers %v", err)
	}
	if made, deleted := a.watched.count("POST", "/customers"), len(a.watched.seen)-1; made != 1 || deleted != 1 {
		t.Errorf("Stripe was asked for %v", a.watched.seen)
	}
}

// What is deleted at Stripe waits until a page that is open on it is settled.
func TestACustomerUnderAnOpenPageIsDeletedAfterIt(t *testing.T) {
	t.Parallel()
	a := openAligned(t)
	a.checkout(a.invoice(8000), 8000, false)
	a.in(func(tx *postgres.Tx) error {
		return tx.EndAtStripe(t.Context(), a.customer.ID, a.account, false, remit.StripeDelete)
	})
	must(t, a.sync())
	if n := a.watched.count("DELETE", "/customers/"+a.stripeCustomer); n != 0 {
		t.Errorf("he is deleted %d times", n)
	}
	a.in(func(tx *postgres.Tx) error {
		s, err := tx.CustomerSync(t.Context(), a.customer.ID, a.account, false)
		if s == nil || s.Ending != remit.StripeDelete || !s.Waits {
			t.Errorf("afterwards it stands at %+v", s)
		}
		return err
	})
}

package activities_test

import (
	"testing"
	"time"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// A card that was removed while a list of it was on its way from Stripe stays
// removed, and is nobody's default: Stripe never takes it back either.
func TestARemovedCardStaysRemoved(t *testing.T) {
	s := openShop(t)
	var method remit.PaymentMethod
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		method, err = tx.PaymentMethod(t.Context(), s.card)
		return err
	}))
	listed, err := s.link.Stripe.PaymentMethod(t.Context(), method.StripeID)
	must(t, err)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.DetachMethod(t.Context(), s.card) }))
	must(t, activities.StoreMethod(t.Context(), s.db, s.tenant, s.link, s.customer.ID, listed, time.Now()))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		method, err := tx.PaymentMethod(t.Context(), s.card)
		if err != nil {
			return err
		}
		customer, err := tx.Customer(t.Context(), s.customer.ID)
		if method.Status != remit.MethodDetached || customer.DefaultPaymentMethod != nil {
			t.Errorf("it is %s, the default %v", method.Status, customer.DefaultPaymentMethod)
		}
		return err
	}))
}

// What a person edits of a customer does not bring back a default method that was
// removed while he typed.
func TestSavingACustomerLeavesHisDefaultAlone(t *testing.T) {
	s := openShop(t)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		before, err := tx.Customer(t.Context(), s.customer.ID)
		if err != nil {
			return err
		}
		if before.DefaultPaymentMethod == nil || *before.DefaultPaymentMethod != s.card {
			t.Fatalf("the default is %v", before.DefaultPaymentMethod)
		}
		if err := tx.DetachMethod(t.Context(), s.card); err != nil {
			return err
		}
		before.Name = "Globex Europe"
		if err := tx.SaveCustomer(t.Context(), before); err != nil {
			return err
		}
		after, err := tx.Customer(t.Context(), s.customer.ID)
		if after.DefaultPaymentMethod != nil || after.Name != "Globex Europe" {
			t.Errorf("the default is %v, the name %s", after.DefaultPaymentMethod, after.Name)
		}
		return err
	}))
}

// A card that was taken away at Stripe while its event was lost is not charged, and
// is noticed to be gone by that (PM15).
func TestAChargeNoticesThatItsCardIsGone(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.invoice(5000)
	s.act("/payment_methods/"+s.stripeCard()+"/detach", map[string]any{})
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 5000, s.card))
	must(t, err)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		method, err := tx.PaymentMethod(t.Context(), s.card)
		if method.Status != remit.MethodDetached || method.Default {
			t.Errorf("it is %s, the default: %v", method.Status, method.Default)
		}
		return err
	}))
	if a := s.lastTry(ref); a.State != remit.AttemptFailed || a.Decline == nil {
		t.Errorf("the try is %s: %+v", a.State, a.Decline)
	}
}

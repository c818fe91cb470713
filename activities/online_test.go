package activities_test

import (
	"testing"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// An invoice that is made while no account is connected can be paid online once one is
// again: what disconnecting switched off is not copied onto it as somebody's wish.
func TestInvoicesOfTheTimeBetweenAreCollected(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.OnlineOff(t.Context(), s.tenant) }))
	between := s.invoice(4200)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.OnlineBack(t.Context(), true) }))
	done, err := s.payments.Perform(t.Context(), between, s.pay(between, 4200, s.card))
	must(t, err)
	if invoice, _ := s.read(between); invoice.Status != remit.InvoicePaid {
		t.Errorf("it is %s: %+v", invoice.Status, done.Result.Refused)
	}
}

// What a person switched off is off on the invoices that are made then, connected or
// not.
func TestWhatAPersonSwitchedOffIsCopied(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	settings := remit.DefaultInvoiceSettings()
	settings.OnlinePayments = false
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if _, err := tx.SetSetting(t.Context(), s.branch.ID, activities.PaymentsSetting, settings, s.payer); err != nil {
			return err
		}
		return tx.OnlineOff(t.Context(), s.tenant)
	}))
	if invoice, _ := s.read(s.invoice(4200)); invoice.Settings.OnlinePayments {
		t.Error("online payments are on")
	}
}

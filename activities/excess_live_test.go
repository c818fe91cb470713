package activities_test

import (
	"testing"
	"time"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// While a payment of an invoice is under way, excess that came for it does not
// pay it: more would come in than is owed. A person is told, and what happens by
// itself waits for the payment's end (M1, M3).
func TestExcessDoesNotPayUnderALivePayment(t *testing.T) {
	for name, byItself := range map[string]bool{"by a person": false, "by itself": true} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			if byItself {
				must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
					_, err := tx.SetSetting(t.Context(), s.branch.ID, activities.ExcessSetting, remit.ExcessSettings{Action: remit.ExcessApply}, s.payer)
					return err
				}))
			}
			ref, item := s.tooMuch(5000)
			invoice, _ := s.read(ref)
			done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestAmend, remit.AmendRequest{
				Total: 8000, DueDate: invoice.DueDate, Reason: "more", Fingerprint: make([]byte, 32), Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: "80.00", Amount: 8000}},
			}))
			must(t, err)
			if done.Result.Refused != nil {
				t.Fatal(done.Result.Refused)
			}
			done, err = s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 3000}))
			must(t, err)
			if done.Result.Refused != nil {
				t.Fatalf("no checkout: %+v", done.Result.Refused)
			}
			if byItself {
				s.later(t, time.Minute)
				s.advance(ref)
			} else if answer := s.decide(ref, item, remit.ExcessApply); answer.Refused == nil || answer.Refused.Code != remit.CodeInFlight {
				t.Errorf("answered %+v", answer)
			}
			if invoice, _ := s.read(ref); invoice.InFlight == nil || invoice.Applied != 5000 {
				t.Errorf("%d was applied under a checkout of all that is owed: %+v", invoice.Applied, invoice.InFlight)
			}
			if !byItself {
				return
			}
			s.later(t, 30*time.Hour) // the checkout has expired
			s.advance(ref)
			s.advance(ref)
			if invoice, _ := s.read(ref); invoice.Applied != 8000 || s.credit() != 2000 {
				t.Errorf("%d is applied, and a credit of %d is left", invoice.Applied, s.credit())
			}
			s.soundly(ref)
		})
	}
}

package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// An event about what a step is recording ends with that step, and one that says
// something else is looked at next (M6).
func TestStepLooksAtEventsThatCameMeanwhile(t *testing.T) {
	for kind, left := range map[string]bool{"payment_intent.succeeded": false, "charge.refunded": true} {
		t.Run(kind, func(t *testing.T) {
			s := openShop(t)
			ref := s.invoice(4200)
			s.payments.Crash = func(boundary string) {
				if boundary == "confirm answered" {
					_, payments := s.read(ref)
					s.stored(postgres.StoredEvent{
						ID: "evt_" + uuid.NewString(), Account: s.account, Tenant: s.tenant, Type: kind, ObjectID: payments[0].PaymentIntent,
						State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
					})
				}
			}
			done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 4200, s.card))
			must(t, err)
			if done.State.Status != remit.InvoicePaid || done.State.Rest == left || (done.State.WakeIn != nil) != left {
				t.Errorf("the state after it: %+v", done.State)
			}
			if left && *done.State.WakeIn > time.Second {
				t.Errorf("it is looked at in %s only", *done.State.WakeIn)
			}
		})
	}
}

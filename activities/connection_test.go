package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// Keys that were removed are not brought back by whoever was just asking Stripe
// about the account (M12).
func TestDescribingAConnectionBringsNoKeysBack(t *testing.T) {
	s := openShop(t)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.Disconnect(t.Context(), s.link.ID, remit.EndedByPerson, false) }))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.DescribeConnection(t.Context(), s.link.SealedConnection) }))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		after, err := tx.Connection(t.Context(), s.link.ID)
		if err == nil && (len(after.SecretKey) > 0 || after.Usable()) {
			t.Fatalf("the connection is %s again, with a key of %d bytes", after.Status, len(after.SecretKey))
		}
		return err
	}))
}

// Whoever ends a connection waits for an attempt that is just being started
// through it, and sees that its keys are still needed (M3).
func TestEndingAConnectionWaitsForAStartingAttempt(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(4200)
	request := s.pay(ref, 4200, s.card)
	ended := make(chan error, 1)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(starting *postgres.Tx) error {
		l, err := starting.LockInvoice(t.Context(), ref.Invoice)
		if err != nil {
			return err
		}
		if _, err := starting.UseConnection(t.Context()); err != nil {
			return err
		}
		go func() {
			ended <- s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				live, err := tx.EndingConnection(t.Context())
				if err != nil {
					return err
				}
				needed, err := tx.ToFollow(t.Context(), live.ID)
				if !needed {
					t.Error("the keys would be dropped under an attempt")
				}
				return err
			})
		}()
		s.untilSomebodyWaits()
		payment := remit.Payment{
			ID: uuid.New(), InvoiceID: l.ID, CustomerID: l.CustomerID, Source: "stripe", Account: s.account, Currency: "USD", State: remit.AttemptCreated, CreatedAt: time.Now(),
		}
		if err := starting.InsertPayment(t.Context(), payment); err != nil {
			return err
		}
		return starting.InsertAttempt(t.Context(), l, &remit.Attempt{
			ID: uuid.New(), InvoiceID: l.ID, PaymentID: payment.ID, RequestID: request.ID, Kind: remit.AttemptCharge, State: remit.AttemptCreated, Amount: 4200, CreatedAt: time.Now(),
		})
	}))
	must(t, <-ended)
}

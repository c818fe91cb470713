package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/postgres"
)

// Whoever waited for an invoice's row sees what the one before him booked: the
// balance is read after the row was won, not before, and the status that is
// saved follows from it (M1, M8).
func TestWhoWaitedForTheRowSeesWhatWasBooked(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(9000)
	waited := make(chan error, 1)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(first *postgres.Tx) error {
		l, err := first.LockInvoice(t.Context(), ref.Invoice)
		if err != nil {
			return err
		}
		go func() {
			waited <- s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				l, err := tx.LockInvoice(t.Context(), ref.Invoice)
				if err != nil {
					return err
				}
				if l.Outstanding != 5000 || l.Applied != 4000 || l.Billed != 9000 {
					t.Errorf("who waited saw %d of %d outstanding", l.Outstanding, l.Billed)
				}
				return tx.SaveInvoice(t.Context(), l, time.Now())
			})
		}()
		s.untilSomebodyWaits()
		payment := remit.Payment{
			ID: uuid.New(), InvoiceID: l.ID, CustomerID: l.CustomerID, Source: "bank_transfer", Currency: "USD", IntentClosed: true,
			Amount: 4000, AmountCaptured: 4000, State: remit.AttemptSucceeded, CreatedAt: time.Now(),
		}
		if err := first.InsertPayment(t.Context(), payment); err != nil {
			return err
		}
		entry := ledger.Transfer(ledger.Received{Invoice: l.ID, Payment: payment.ID, Currency: "USD", Amount: 4000, Outstanding: l.Outstanding})
		if _, err := first.Book(t.Context(), l, entry); err != nil {
			return err
		}
		return first.SaveInvoice(t.Context(), l, time.Now(), remit.TimelineEntry{Kind: "transfer", Data: map[string]any{"amount": 4000, "payment": payment.ID.String()}})
	}))
	must(t, <-waited)
	s.soundly(ref)
}

// untilSomebodyWaits returns when a transaction of this database waits for a row.
func (s *shop) untilSomebodyWaits() {
	s.t.Helper()
	for waiting := false; !waiting; {
		must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
			return tx.QueryRow(s.t.Context(), `select exists (select 1 from pg_locks l join pg_stat_activity a using (pid)
				where not l.granted and a.datname = current_database())`).Scan(&waiting)
		}))
	}
}

// soundly holds what is stored of an invoice against what it follows from.
func (s *shop) soundly(ref remit.InvoiceRef) {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	must(s.t, s.db.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		wrong, err := tx.VerifyInvoice(ctx, ref.Invoice)
		if len(wrong) > 0 {
			s.t.Errorf("the books: %v", wrong)
		}
		return err
	}))
}

// A change whose sender was told that nothing was changed, just before its turn
// came, changes nothing.
func TestWithdrawnChangeIsNotCarriedOut(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(9000)
	transfer := s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: 4000, Method: "bank_transfer", Reference: "wire 7"})
	waited := make(chan error, 1)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(t.Context(), ref.Invoice); err != nil {
			return err
		}
		go func() {
			_, err := s.payments.Perform(t.Context(), ref, transfer)
			waited <- err
		}()
		s.untilSomebodyWaits()
		return tx.EndRequest(t.Context(), transfer.ID, remit.RequestResult{Refused: &remit.Refusal{Kind: remit.KindUnavailable, Code: remit.CodeUnavailable}})
	}))
	must(t, <-waited)
	if invoice, _ := s.read(ref); invoice.Applied != 0 {
		t.Fatalf("%d was recorded", invoice.Applied)
	}
}

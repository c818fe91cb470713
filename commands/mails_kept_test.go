package commands

import (
	"testing"

	"remit"
	"remit/postgres"
)

// A mail that is given up for lost is locked after its invoice, as whoever sends it
// again does it: the two wait for each other in one order.
func TestLostMailsAreLockedAfterTheirInvoices(t *testing.T) {
	h, owner := openHouse(t)
	h.exec("update mails set state = 'sent'")
	invoice := h.billed(owner, "LOST", "a@acme.example", 1000)
	h.send(owner, invoice)
	h.exec("update mails set state = 'sending', tries = 1, sending_since = now() - interval '1 hour' where invoice_id = $1", invoice)
	mail := h.delivery(owner, invoice).ID
	given := make(chan error, 1)
	h.in(owner, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(t.Context(), invoice); err != nil {
			return err
		}
		go func() { given <- h.DeliverMails(t.Context(), postmanFunc(nil)) }()
		for waits := false; !waits; { // until it stands before the invoice
			err := tx.QueryRow(t.Context(), "select exists (select 1 from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database())").Scan(&waits)
			if err != nil {
				return err
			}
		}
		_, err := tx.LockMail(t.Context(), mail)
		return err
	})
	if err := <-given; err != nil {
		t.Fatal(err)
	}
	if m := h.delivery(owner, invoice); m.Delivery.State != remit.MailUnknown {
		t.Errorf("it is %+v", m.Delivery)
	}
}

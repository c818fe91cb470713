package commands

import (
	"strings"
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

// What a bank said to the merchant alone may be in the subject of a mail to the
// business: staff who may not read it see what the mail is about, in the list, on the
// timeline and when they send it again.
func TestSubjectsTellNoDeclineCodes(t *testing.T) {
	h, owner := openHouse(t)
	invoice := h.billed(owner, "INV-1", "a@acme.example", 1000)
	h.send(owner, invoice)
	h.custom(owner, "Clerks", remit.InvoiceEdit, remit.InvoiceRead)
	clerk := h.join(owner, "cleo@example.com", "Clerks at /dev")
	h.exec("update mails set state = 'failed', stage = 'failed_seller/1', subject = 'Failed: lost_card' where invoice_id = $1", invoice)
	for who, caller := range map[string]Caller{"clerk": clerk, "owner": owner} {
		list, err := h.MailTroubles(t.Context(), caller, "", Page{})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%s: %+v %v", who, list.Items, err)
		}
		if told := strings.Contains(list.Items[0].Subject, "lost_card"); told != (who == "owner") {
			t.Errorf("%s reads %q", who, list.Items[0].Subject)
		}
	}
	again, err := h.ResendMail(t.Context(), clerk, h.delivery(owner, invoice).ID)
	if err != nil || strings.Contains(again.Subject, "lost_card") {
		t.Errorf("sent again is %q %v", again.Subject, err)
	}
	entries, err := h.Timeline(t.Context(), clerk, invoice)
	for _, e := range entries {
		if strings.Contains(e.What, "lost_card") {
			t.Errorf("the timeline tells %q", e.What)
		}
	}
	if err != nil || strings.Contains(again.DeliveryWords(), "lost_card") {
		t.Errorf("of its delivery it tells %q %v", again.DeliveryWords(), err)
	}
}

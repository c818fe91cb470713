package commands

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/smtp"
)

// Postman hands mails to a mail server; *[smtp.Sender] does.
type Postman interface {
	Send(ctx context.Context, m smtp.Message) smtp.Outcome
}

// DeliverMails hands over what is due in every tenant's outbox. It returns once
// nothing is, or ctx ends. Several processes may do so at once: each mail is one's
// alone from the moment on that it is marked as being sent (M13).
func (c *Commands) DeliverMails(ctx context.Context, postman Postman) error {
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for more := true; more && ctx.Err() == nil; { // those too that had none before: somebody may have been written to
		more = false
		for _, tenant := range tenants { // one tenant's trouble is no other's
			left, err := c.deliverOf(ctx, tenant, postman)
			failed = append(failed, err)
			more = more || left
		}
	}
	return errors.Join(failed...)
}

// mailsATurn is how many mails of one tenant go out before it is the others' turn:
// reminders by the thousand do not hold up another's receipts.
const mailsATurn = 20

// deliverOf hands over a tenant's next mails, and reports whether there may be more.
func (c *Commands) deliverOf(ctx context.Context, tenant uuid.UUID, postman Postman) (more bool, err error) {
	err = c.loseMails(ctx, tenant)
	for n := 0; err == nil && ctx.Err() == nil; n++ {
		if n == mailsATurn {
			return true, nil
		}
		var claimed *postgres.MailRow
		err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			claimed, err = tx.ClaimMail(ctx, c.mailHost())
			return err
		})
		if err != nil || claimed == nil {
			return false, err
		}
		err = c.deliver(ctx, tenant, *claimed, postman)
	}
	return false, err
}

// mostLost is how many mails one look gives up for lost.
const mostLost = 100

// loseMails gives up the mails whose sending has not ended, each in a transaction of
// its own that locks its invoice first, as everywhere.
func (c *Commands) loseMails(ctx context.Context, tenant uuid.UUID) error {
	var lost []postgres.LostMail
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		lost, err = tx.LostMails(ctx, remit.MailTakes, mostLost)
		return err
	})
	for _, mail := range lost {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			if mail.Invoice != nil {
				if _, err := tx.LockInvoice(ctx, *mail.Invoice); err != nil {
					return err
				}
			}
			row, err := tx.LoseMail(ctx, mail.ID, remit.MailTakes)
			if err != nil || row == nil {
				return err
			}
			return c.tellDelivery(ctx, tx, row.Mail)
		})
		if err != nil {
			return err
		}
	}
	return err
}

// deliver sends a mail that is marked as being sent, and records what came of it. The
// record is written even where ctx ends meanwhile: the mail may be gone.
func (c *Commands) deliver(ctx context.Context, tenant uuid.UUID, row postgres.MailRow, postman Postman) error {
	outcome := smtp.Outcome{Result: smtp.Later}
	message, kept, err := c.letter(ctx, tenant, row)
	switch {
	case err != nil:
		outcome.Why = "It could not be written."
		c.Logger.WarnContext(ctx, "a mail could not be written", "mail", row.ID, "error", err)
	case kept.waits != "":
		return c.DB.InTenant(context.WithoutCancel(ctx), tenant, func(tx *postgres.Tx) error {
			return tx.PostponeMail(context.WithoutCancel(ctx), row.ID, row.Delivery.Tries, c.Now().Add(remit.MailWaits), kept.waits)
		})
	case kept.held == "":
		outcome = postman.Send(ctx, message)
	}
	row.Delivery = c.delivered(row.Delivery, outcome)
	if kept.held != "" {
		row.Delivery.State, row.Delivery.LastError = remit.MailHeld, kept.held
	}
	whole := context.WithoutCancel(ctx)
	return c.DB.InTenant(whole, tenant, func(tx *postgres.Tx) error {
		if row.Invoice != nil { // the invoice first, as everywhere
			if _, err := tx.LockInvoice(whole, row.Invoice.ID); err != nil {
				return err
			}
		}
		if ours, err := tx.EndMail(whole, row.ID, row.Delivery); err != nil || !ours {
			return err
		}
		return c.tellDelivery(whole, tx, row.Mail)
	})
}

// delivered is how far a mail has come by an outcome.
func (c *Commands) delivered(d remit.MailDelivery, outcome smtp.Outcome) remit.MailDelivery {
	now := c.Now()
	d.LastError = outcome.Why
	switch outcome.Result {
	case smtp.Sent:
		d.State, d.DeliveredAt = remit.MailTaken, &now
	case smtp.Bounced:
		d.State = remit.MailBounced
	case smtp.Failed:
		d.State = remit.MailFailed
	case smtp.Unknown:
		d.State = remit.MailUnknown
	case smtp.Later:
		d.State = remit.MailFailed
		if wait, again := remit.MailRetry(d.Tries); again {
			d.State, d.NextAt = remit.MailQueued, now.Add(wait)
		}
	}
	return d
}

// back is why a mail does not go out, not any more or not yet.
type back struct{ held, waits string }

// letter is a mail as it goes out, with its link, its attachment and its HTML; or
// why it does not.
func (c *Commands) letter(ctx context.Context, tenant uuid.UUID, row postgres.MailRow) (m smtp.Message, kept back, err error) {
	var invoices map[uuid.UUID]remit.Invoice
	var invoice remit.Invoice
	var customer remit.Customer
	if row.Invoice != nil {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			if invoices, err = tx.InvoicesByID(ctx, []uuid.UUID{row.Invoice.ID}); err != nil {
				return err
			}
			told := []remit.Invoice{invoices[row.Invoice.ID]}
			err = tx.TellNextCharges(ctx, told)
			if invoice = told[0]; err != nil {
				return err
			}
			customer, err = tx.Customer(ctx, invoice.CustomerID)
			return err
		})
		if err != nil {
			return m, kept, err
		}
	}
	if kept.waits = row.Waits(invoice); kept.waits == "" {
		kept.held = row.MayGo(invoice, !customer.Reminders, c.Now())
	}
	if kept != (back{}) {
		return m, kept, nil
	}
	mail, err := c.opened(tenant, row, invoices)
	if err != nil {
		return m, kept, err
	}
	m = smtp.Message{ID: row.Delivery.MessageID, To: mail.To, BCC: mail.BCC, Subject: mail.Subject, Unsubscribe: mail.Unsubscribe}
	if m.Text, m.HTML, err = written(mail); err != nil || row.Invoice == nil {
		return m, kept, err
	}
	if row.Invoice.Stage.ToSeller() {
		return m, kept, nil
	}
	m.FromName = invoice.SellerName()
	if contact, err := remit.ParseEmail(invoice.Settings.Contact); err == nil {
		m.ReplyTo = contact
	}
	if !mail.BringsInvoice() {
		return m, kept, nil
	}
	pdf, err := c.drawn(ctx, tenant, invoice)
	m.Attached = []smtp.Attachment{{Name: pdf.Name, Type: "application/pdf", Content: pdf.Content}}
	return m, kept, err
}

// tellDelivery tells the invoice's timeline what became of a mail. That it is tried
// again is told once.
func (c *Commands) tellDelivery(ctx context.Context, tx *postgres.Tx, m remit.Mail) error {
	if m.Invoice == nil || m.Delivery.State == remit.MailQueued && m.Delivery.Tries != 1 {
		return nil
	}
	l, err := tx.LockInvoice(ctx, m.Invoice.ID)
	if err != nil {
		return err
	}
	return tx.SaveInvoice(ctx, l, c.Now(), remit.TimelineEntry{
		Kind: "mail_delivery", Actor: remit.System, What: m.DeliveryWords(), Why: remit.Why{Rule: "nothing is sent twice", Version: "1"},
		Data: map[string]any{"mail": m.ID.String(), "stage": string(m.Invoice.Stage), "state": string(m.Delivery.State), "tries": m.Delivery.Tries},
	})
}

// mailHost ends the Message-IDs of this installation.
func (c *Commands) mailHost() string {
	if at, err := url.Parse(c.PublicURL); err == nil && at.Hostname() != "" {
		return at.Hostname()
	}
	return "remit.invalid"
}

// KeepDelivering delivers mails until ctx ends, looking every so often.
func (c *Commands) KeepDelivering(ctx context.Context, postman Postman, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := c.DeliverMails(ctx, postman); err != nil && ctx.Err() == nil {
			c.Logger.WarnContext(ctx, "mails wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// ResendMail has a mail about an invoice sent again that did not arrive, or of which
// nobody knows whether it did. It needs invoice=edit at the invoice's path. A mail
// that is on its way, or has gone out, is a conflict.
func (c *Commands) ResendMail(ctx context.Context, caller Caller, id uuid.UUID) (remit.Mail, error) {
	for _, member := range caller.Tenants {
		if member.Customer != nil {
			continue
		}
		var row postgres.MailRow
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			row, err = tx.Mail(ctx, id)
			return err
		})
		if remit.IsCode(err, remit.CodeNotFound) || err == nil && row.Invoice == nil {
			continue
		}
		if err != nil {
			return remit.Mail{}, err
		}
		found, invoice, err := c.mayChange(ctx, caller, row.Invoice.ID, remit.InvoiceEdit)
		if err != nil {
			return remit.Mail{}, err
		}
		return c.resend(ctx, caller, found, invoice, id)
	}
	return remit.Mail{}, remit.NotFound()
}

func (c *Commands) resend(ctx context.Context, caller Caller, found seen, invoice remit.Invoice, id uuid.UUID) (remit.Mail, error) {
	var row postgres.MailRow
	err := c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, invoice.ID)
		if err != nil {
			return err
		}
		if row, err = tx.LockMail(ctx, id); err != nil {
			return err
		}
		if !row.Delivery.State.Trouble() {
			return remit.Conflict(remit.CodeConflict, "This mail is on its way, or has gone out.")
		}
		if row.Emptied {
			return remit.Conflict(remit.CodeConflict, "Its text is not kept any more. Send the invoice itself, or write anew.")
		}
		before := row.Delivery.State
		row.Delivery = remit.MailDelivery{State: remit.MailQueued, Tries: resentTries, NextAt: c.Now(), MessageID: row.Delivery.MessageID}
		if err := tx.SaveMailDelivery(ctx, id, row.Delivery); err != nil {
			return err
		}
		entry := remit.TimelineEntry{
			Kind: "mail_delivery", Actor: caller.Actor(), What: fmt.Sprintf("%s had the mail %q to %s sent again.", caller.Actor().Name, row.Name(), row.To),
			Why:  remit.Why{Rule: "only a person sends a mail again that may have gone out", Version: "1"},
			Data: map[string]any{"mail": id.String(), "stage": string(row.Invoice.Stage), "state": string(remit.MailQueued), "was": string(before)},
		}
		if err := tx.SaveInvoice(ctx, l, c.Now(), entry); err != nil {
			return err
		}
		return c.audit(ctx, tx, caller.entry("mail.resend", "mail "+id.String(), l.Organisation))
	})
	if !c.readsCodes(ctx, caller, found) {
		row.Subject = row.Name()
	}
	return row.Mail, err
}

// resentTries has a mail that a person sends again go through the whole ladder, and
// not be held back as old: he knows how old it is.
const resentTries = 1

// MailTroubles lists the mails about invoices that did not arrive, newest first: of
// the organisations at a path and below it where the caller holds invoice=edit. Who
// may not read what banks say to the merchant reads what a mail is about, not its
// subject.
func (c *Commands) MailTroubles(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.Mail], error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.InvoiceEdit)
	if err != nil {
		return List[remit.Mail]{}, err
	}
	_, before, err := page.after()
	if err != nil {
		return List[remit.Mail]{}, err
	}
	units, err := c.units(ctx, caller, member.Tenant, remit.InvoiceEdit)
	if err != nil {
		return List[remit.Mail]{}, err
	}
	var rows []postgres.MailRow
	var invoices map[uuid.UUID]remit.Invoice
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if rows, err = tx.ListTroubles(ctx, units, path, before, page.limit()+1); err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(rows))
		for n, row := range rows {
			ids[n] = row.Invoice.ID
		}
		invoices, err = tx.InvoicesByID(ctx, ids)
		return err
	})
	mails := make([]remit.Mail, len(rows))
	for n, row := range rows {
		mails[n] = row.Mail
		if row.Invoice.Stage.ToSeller() && !c.readsCodes(ctx, caller, seen{member: member, path: invoices[row.Invoice.ID].Organisation}) {
			mails[n].Subject = row.Name()
		}
	}
	return cut(mails, page.limit(), func(m remit.Mail) (string, uuid.UUID) { return "", m.ID }), err
}

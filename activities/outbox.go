package activities

import (
	"time"

	"remit"
	"remit/postgres"
)

// postInvoice puts the mail that brings an invoice to its customer into the
// outbox, or says why there is none.
func postInvoice(l *postgres.LockedInvoice, real time.Time) (remit.TimelineEntry, error) {
	mail, err := remit.SentMail(l.Invoice)
	return post(l, real, mail, err, letter{
		stage: remit.MailSent, rule: "a sent invoice is mailed once for a due date", what: "A mail with the invoice as PDF",
	})
}

// postRefund puts the mail that tells the customer of a refund into the outbox,
// once for each refund (M13), or says why there is none.
func postRefund(l *postgres.LockedInvoice, r remit.Refund, real time.Time) (remit.TimelineEntry, error) {
	mail, err := remit.RefundMail(l.Invoice, r)
	return post(l, real, mail, err, letter{
		stage: remit.RefundedStage(r.ID), rule: "the customer is told of a refund once", what: "A mail about the refund",
	})
}

// letter is what the timeline says of a mail.
type letter struct {
	stage remit.MailStage
	rule  string
	what  string // it is, as a sentence's subject
}

// post puts a mail into the invoice's outbox, which is stored with the invoice, and
// tells the timeline so, or why it could not be written.
func post(l *postgres.LockedInvoice, real time.Time, mail remit.Mail, err error, n letter) (remit.TimelineEntry, error) {
	entry := remit.TimelineEntry{
		Kind: "mail", Actor: remit.System, Why: remit.Why{Rule: n.rule, Version: "1"},
		Data: map[string]any{"stage": string(n.stage), "due_version": l.DueVersion},
	}
	if err != nil {
		entry.Kind, entry.What = "mail_missing", "No mail was written: "+remit.AsError(err).Message
		return entry, nil
	}
	if mail.ID, err = newID(); err != nil {
		return entry, err
	}
	mail.CreatedAt = l.Clock.Now(real)
	l.Outbox = append(l.Outbox, mail)
	entry.What = n.what + " is in the outbox for " + mail.To + "."
	entry.Data["mail"] = mail.ID.String()
	return entry, nil
}

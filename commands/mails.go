package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

// Mails lists what would have been sent from a path's tenant, newest first. It
// is the demo's mailbox: it shows links that sign people in, exists only beside
// the embedded stand-in, and needs admin=organisations at the top.
func (c *Commands) Mails(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.Mail], error) {
	member, err := c.mailbox(ctx, caller, organisation)
	if err != nil {
		return List[remit.Mail]{}, err
	}
	_, before, err := page.after()
	if err != nil {
		return List[remit.Mail]{}, err
	}
	var rows []postgres.MailRow
	var invoices map[uuid.UUID]remit.Invoice
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if rows, err = tx.ListMails(ctx, before, page.limit()+1); err != nil {
			return err
		}
		var ids []uuid.UUID
		for _, row := range rows {
			if row.Invoice != nil {
				ids = append(ids, row.Invoice.ID)
			}
		}
		invoices, err = tx.InvoicesByID(ctx, ids)
		return err
	})
	if err != nil {
		return List[remit.Mail]{}, err
	}
	mails := make([]remit.Mail, len(rows))
	for i, row := range rows {
		if mails[i], err = c.opened(member.Tenant, row, invoices); err != nil {
			return List[remit.Mail]{}, err
		}
	}
	return cut(mails, page.limit(), func(m remit.Mail) (string, uuid.UUID) { return "", m.ID }), nil
}

// MailPDF is what is attached to a mail in the demo's mailbox. Who may open the
// mailbox may open it.
func (c *Commands) MailPDF(ctx context.Context, caller Caller, organisation string, id uuid.UUID) (PDF, error) {
	member, err := c.mailbox(ctx, caller, organisation)
	if err != nil {
		return PDF{}, err
	}
	var invoice remit.Invoice
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		row, err := tx.Mail(ctx, id)
		if err != nil {
			return err
		}
		if row.Invoice == nil {
			return remit.NotFound()
		}
		invoice, err = tx.Invoice(ctx, row.Invoice.ID)
		return err
	})
	if err != nil {
		return PDF{}, err
	}
	return c.drawn(ctx, member.Tenant, invoice)
}

// mailbox is the tenant whose mails the caller may see.
func (c *Commands) mailbox(ctx context.Context, caller Caller, organisation string) (Membership, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return Membership{}, err
	}
	if !c.Sandbox {
		return Membership{}, remit.NotFound()
	}
	return member, c.authorise(ctx, caller, member.Tenant, member.Path, remit.AdminOrganisations)
}

// opened is a mail as its receiver reads it: unsealed, or with the link to its
// invoice as it is now.
func (c *Commands) opened(tenant uuid.UUID, row postgres.MailRow, invoices map[uuid.UUID]remit.Invoice) (remit.Mail, error) {
	mail := row.Mail
	if mail.Invoice != nil {
		if mail.Invoice.Stage.ToSeller() {
			mail.Invoice.Link = c.PublicURL + "/invoices/" + mail.Invoice.ID.String()
			return mail, nil
		}
		invoice := invoices[mail.Invoice.ID]
		link, err := c.shownLink(invoice)
		if err != nil {
			return mail, err
		}
		mail.Invoice.Link = link
		if mail.Invoice.Stage.Occasion() == remit.OccasionReminder {
			mail.Unsubscribe, err = c.unsubscribeLink(tenant, invoice.CustomerID)
		}
		return mail, err
	}
	if mail.BankAccount != nil {
		mail.BankAccount.Link = c.PublicURL + "/bank-accounts/" + mail.BankAccount.ID.String()
		return mail, nil
	}
	if mail.Emptied || row.Sealed == nil { // let go of, or about a connection, and no secret
		return mail, nil
	}
	body, err := c.Secrets.Open(secrets.Mails, mailPlace(tenant, row.ID), row.Sealed)
	if err != nil {
		return remit.Mail{}, fmt.Errorf("open a mail: %w", err)
	}
	mail.Body = string(body)
	return mail, nil
}

// mail puts a message into the tenant's outbox. Its body is sealed: it may hold
// a link that signs somebody in.
func (c *Commands) mail(ctx context.Context, tx *postgres.Tx, to, subject, body string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	sealed, err := c.Secrets.Seal(secrets.Mails, mailPlace(tx.Tenant, id), []byte(body))
	if err != nil {
		return fmt.Errorf("seal a mail: %w", err)
	}
	return tx.InsertMail(ctx, postgres.MailRow{Mail: remit.Mail{ID: id, To: to, Subject: subject, CreatedAt: c.Now()}, Sealed: sealed})
}

func mailPlace(tenant, id uuid.UUID) secrets.AD {
	return secrets.AD{Tenant: tenant, Table: "mails", Column: "body", Row: id.String()}
}

package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/invoicepdf"
	"remit/postgres"
)

// PDF is an invoice as a file.
type PDF struct {
	Name    string // of the file: the invoice's number, in whatever characters it has
	Content []byte
}

// PayLink gives the address at which an invoice is seen and paid without signing
// in, and whether it has one.
type PayLink func(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) (url string, ok bool, err error)

// InvoicePDF draws an invoice for whoever may see it, a customer's user his sent
// ones.
func (c *Commands) InvoicePDF(ctx context.Context, caller Caller, id uuid.UUID) (PDF, error) {
	found, invoice, err := c.seeInvoice(ctx, caller, id)
	if err != nil {
		return PDF{}, err
	}
	if found.member.Customer != nil && invoice.SentAt == nil {
		return PDF{}, remit.NotFound()
	}
	return c.drawn(ctx, found.member.Tenant, invoice)
}

// WorkItemPDF draws the invoice that an item asks to pay, for whoever may see
// the item.
func (c *Commands) WorkItemPDF(ctx context.Context, caller Caller, id uuid.UUID) (PDF, error) {
	member, item, err := c.seeItem(ctx, caller, id)
	if err != nil {
		return PDF{}, err
	}
	return c.drawn(ctx, member.Tenant, item.Invoice)
}

// drawn draws an invoice as it is now.
func (c *Commands) drawn(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) (PDF, error) {
	var zone *time.Location
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		organisation, err := tx.OrganisationByPath(ctx, invoice.Organisation)
		if err != nil {
			return err
		}
		zone, err = time.LoadLocation(organisation.TimeZone)
		return err
	})
	if err != nil {
		return PDF{}, fmt.Errorf("the zone of %s: %w", invoice.Organisation, err)
	}
	document := invoicepdf.Document{Invoice: invoice, Seller: invoice.SellerName(), Zone: zone}
	if invoice.Settings.OnlinePayments {
		if document.PayLink, err = c.payLink(ctx, tenant, invoice); err != nil {
			return PDF{}, err
		}
	}
	content, err := invoicepdf.Draw(document)
	return PDF{Name: invoice.Number + ".pdf", Content: content}, err
}

// payLink is the link that an invoice's mail and PDF show, or "". A draft and an
// invoice of nothing have none (C9), nor have those of a seller who hides links
// (C12).
func (c *Commands) payLink(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) (string, error) {
	if c.PayLink == nil || invoice.SentAt == nil || invoice.Total == 0 || !invoice.Settings.PaymentLinks {
		return "", nil
	}
	url, ok, err := c.PayLink(ctx, tenant, invoice)
	if err != nil || !ok {
		return "", err
	}
	return url, nil
}

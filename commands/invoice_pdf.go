package commands

import (
	"context"
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
		var err error
		zone, err = tx.ZoneOf(ctx, invoice.OrganisationID)
		return err
	})
	if err != nil {
		return PDF{}, err
	}
	document := invoicepdf.Document{Invoice: invoice, Seller: invoice.SellerName(), Zone: zone}
	if invoice.Settings.OnlinePayments {
		if document.PayLink, err = c.shownLink(invoice); err != nil {
			return PDF{}, err
		}
	}
	end, err := c.Heavy.begin(tenant)
	if err != nil {
		return PDF{}, err
	}
	defer end()
	content, err := invoicepdf.Draw(document)
	return PDF{Name: invoice.Number + ".pdf", Content: content}, err
}

// shownLink is the link that an invoice's mail and PDF show, or "". A draft and
// an invoice of nothing have none (C9), nor have those of a seller who hides
// links (C12).
func (c *Commands) shownLink(invoice remit.Invoice) (string, error) {
	if invoice.SentAt == nil {
		return "", nil
	}
	return c.PayLink(invoice)
}

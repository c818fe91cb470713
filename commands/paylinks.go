package commands

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

// linkHead is the length of a link's readable part: tenant, invoice, version.
const linkHead = 16 + 16 + 4

// PayLink is the address of an invoice's public page, or "" where it has none or
// its seller hides links.
// Nothing of it is stored: it authenticates the invoice and the version of its
// link, so that only a reset, or retiring the key, ends it.
func (c *Commands) PayLink(i remit.Invoice) (string, error) {
	if !i.ShowsLink() || c.PublicURL == "" {
		return "", nil
	}
	token, err := c.linkToken(i)
	if err != nil {
		return "", err
	}
	return c.PublicURL + "/pay/" + token, nil
}

func (c *Commands) linkToken(i remit.Invoice) (string, error) {
	head := make([]byte, 0, linkHead)
	head = append(head, i.Tenant[:]...)
	head = append(head, i.ID[:]...)
	head = binary.BigEndian.AppendUint32(head, uint32(i.LinkVersion)) //nolint:gosec // above 0 by a constraint
	tag, err := c.Secrets.Tag(secrets.PayLinks, linkPlace(i.Tenant, i.ID), []byte(strconv.Itoa(i.LinkVersion)))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(head, tag...)), nil
}

// linkedInvoice is the sent invoice a link's token is for. A token that is
// malformed, forged, reset, or of a draft is not found, all alike.
func (c *Commands) linkedInvoice(ctx context.Context, token string) (remit.Invoice, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= linkHead {
		return remit.Invoice{}, remit.NotFound()
	}
	tenant, id := uuid.UUID(raw[:16]), uuid.UUID(raw[16:32])
	version := int(binary.BigEndian.Uint32(raw[32:linkHead]))
	if c.Secrets.VerifyTag(secrets.PayLinks, linkPlace(tenant, id), []byte(strconv.Itoa(version)), raw[linkHead:]) != nil {
		return remit.Invoice{}, remit.NotFound()
	}
	var invoice remit.Invoice
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		invoice, err = tx.Invoice(ctx, id)
		return err
	})
	if err != nil {
		return remit.Invoice{}, err
	}
	if invoice.LinkVersion != version || invoice.SentAt == nil || !invoice.Linkable() {
		return remit.Invoice{}, remit.NotFound()
	}
	return invoice, nil
}

func linkPlace(tenant, invoice uuid.UUID) secrets.AD {
	return secrets.AD{Tenant: tenant, Table: "invoices", Column: "link_version", Row: invoice.String()}
}

// ResetLink makes an invoice's public link anew. Who has the old one finds
// nothing there any more; a checkout he has open at Stripe stays until it
// expires or somebody else pays.
func (c *Commands) ResetLink(ctx context.Context, caller Caller, id uuid.UUID) (remit.Invoice, error) {
	return c.bring(ctx, caller, id, "invoice.link", func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		if !l.Linkable() {
			return remit.Conflict(remit.CodeConflict, "An invoice of nothing has no link.")
		}
		if !l.ShowsLink() {
			return remit.Conflict(remit.CodeConflict, "This invoice was made with payment links hidden; it shows none.")
		}
		if err := tx.ResetLink(ctx, l); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, c.Now(), remit.TimelineEntry{
			Kind: "link_reset", Actor: caller.Actor(), What: "The public link was made anew. The old one leads nowhere.",
			Why: remit.Why{Rule: "a link is good until it is reset", Version: "1"}, Data: map[string]any{"version": l.LinkVersion},
		})
	})
}

package commands

import (
	"context"
	"encoding/base64"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

// unsubscribeHead is the length of a token's readable part: tenant and customer.
const unsubscribeHead = 16 + 16

// unsubscribeLink is where a customer says that he wants no more reminders. It is
// good for ever, as a mail is, and does nothing else.
func (c *Commands) unsubscribeLink(tenant, customer uuid.UUID) (string, error) {
	head := append(append(make([]byte, 0, unsubscribeHead), tenant[:]...), customer[:]...)
	tag, err := c.Secrets.Tag(secrets.PayLinks, remindersPlace(tenant, customer), nil)
	if err != nil {
		return "", err
	}
	return c.PublicURL + "/unsubscribe/" + base64.RawURLEncoding.EncodeToString(append(head, tag...)), nil
}

// Unsubscribing is what the page behind such a link shows: whom reminders come from,
// and whether they do still.
type Unsubscribing struct {
	Seller    string
	Reminders bool
}

// Unsubscribing is the page behind a link. A token that is malformed or forged is not
// found, all alike.
func (c *Commands) Unsubscribing(ctx context.Context, token string) (Unsubscribing, error) {
	tenant, customer, err := c.unsubscriber(token)
	if err != nil {
		return Unsubscribing{}, err
	}
	var page Unsubscribing
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		who, err := tx.Customer(ctx, customer)
		page = Unsubscribing{Seller: remit.Invoice{Organisation: who.Organisation}.SellerName(), Reminders: who.Reminders}
		return err
	})
	return page, err
}

// Unsubscribe stops the reminders to a link's customer: not receipts, nor word of
// payments that failed. Done twice it is done.
func (c *Commands) Unsubscribe(ctx context.Context, token, address string) error {
	tenant, customer, err := c.unsubscriber(token)
	if err != nil {
		return err
	}
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		who, err := tx.Customer(ctx, customer)
		if err != nil {
			return err
		}
		return c.setReminders(ctx, tx, Caller{Link: true, Address: address}, who, false)
	})
}

func (c *Commands) setReminders(ctx context.Context, tx *postgres.Tx, caller Caller, who remit.Customer, wanted bool) error {
	changed, err := tx.SetReminders(ctx, who.ID, wanted)
	if err != nil || !changed {
		return err
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	if err := tx.RecheckNotices(ctx, &who.ID, "", clock.Now(c.Now())); err != nil {
		return err
	}
	entry := caller.entry("customer.reminders", "customer "+who.ID.String(), who.Organisation)
	return c.audit(ctx, tx, changing(entry, map[string]bool{"reminders": !wanted}, map[string]bool{"reminders": wanted}))
}

func (c *Commands) unsubscriber(token string) (tenant, customer uuid.UUID, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= unsubscribeHead {
		return tenant, customer, remit.NotFound()
	}
	tenant, customer = uuid.UUID(raw[:16]), uuid.UUID(raw[16:unsubscribeHead])
	if c.Secrets.VerifyTag(secrets.PayLinks, remindersPlace(tenant, customer), nil, raw[unsubscribeHead:]) != nil {
		return tenant, customer, remit.NotFound()
	}
	return tenant, customer, nil
}

func remindersPlace(tenant, customer uuid.UUID) secrets.AD {
	return secrets.AD{Tenant: tenant, Table: "customers", Column: "reminders", Row: customer.String()}
}

package commands

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// ChargeInvoice has an invoice charged by itself now, whatever put that off: late, a
// failed try, an end of trying. It needs invoice=charge. What comes of it is read
// from the invoice: its workflow carries it out.
func (c *Commands) ChargeInvoice(ctx context.Context, caller Caller, id uuid.UUID) (remit.Invoice, error) {
	found, invoice, err := c.mayChange(ctx, caller, id, remit.InvoiceCharge)
	if err != nil {
		return remit.Invoice{}, err
	}
	if invoice.CustomerAuto != nil && !*invoice.CustomerAuto {
		return remit.Invoice{}, remit.Conflict(remit.CodeConflict, "%s said no to automatic charges.", invoice.CustomerName)
	}
	return c.through(ctx, caller, found, invoice, remit.RequestCharge, struct{}{})
}

// SwitchCharge says of one invoice whether it is charged by itself. It needs
// invoice=edit.
func (c *Commands) SwitchCharge(ctx context.Context, caller Caller, id uuid.UUID, body Body[bool]) (remit.Invoice, error) {
	found, invoice, err := c.mayChange(ctx, caller, id, remit.InvoiceEdit)
	if err != nil {
		return remit.Invoice{}, err
	}
	on, err := body()
	if err != nil {
		return remit.Invoice{}, err
	}
	return c.through(ctx, caller, found, invoice, remit.RequestAutoCharge, remit.AutoChargeRequest{On: on})
}

// Automatic reports whether invoices of a customer are charged by themselves where
// they say nothing of their own: by his word, else by his organisation's settings.
func (c *Commands) Automatic(ctx context.Context, caller Caller, customer uuid.UUID) (bool, error) {
	found, who, err := c.seeCustomer(ctx, caller, customer, remit.StripePay)
	if err != nil {
		return false, err
	}
	settings := remit.DefaultInvoiceSettings()
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		_, _, _, err := tx.Setting(ctx, who.Organisation, activities.PaymentsSetting, &settings)
		return err
	})
	return remit.AutoChargeFor(nil, who.AutoCharge, settings.AutoCharge.On), err
}

// SwitchAutomatic is the word of a customer's own user, or of who may edit him, on
// his being charged by himself. A no holds at once, for what is out as well.
func (c *Commands) SwitchAutomatic(ctx context.Context, caller Caller, id uuid.UUID, body Body[bool]) error {
	found, who, err := c.seeCustomer(ctx, caller, id)
	if err != nil {
		return err
	}
	if found.member.Customer == nil {
		if err := c.authorise(ctx, caller, found.member.Tenant, who.Organisation, remit.CustomerEdit); err != nil {
			return err
		}
	}
	on, err := body()
	if err != nil {
		return err
	}
	var before remit.Customer
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		if before, err = tx.HeldCustomer(ctx, id); err != nil {
			return err
		}
		who = before
		who.AutoCharge = &on
		if err := c.setWord(ctx, tx, id, who.AutoCharge, giver(caller, found)); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("customer.automatic", "customer "+id.String(), who.Organisation), before, who))
	})
	if err != nil {
		return err
	}
	return c.followCustomer(ctx, found.member.Tenant, id)
}

// giver is who of the organisation says a customer's word: nil where he does himself.
func giver(caller Caller, found seen) *remit.Actor {
	if found.member.Customer != nil {
		return nil
	}
	actor := caller.Actor()
	return &actor
}

// setWord writes a customer's word, and who gave it.
func (c *Commands) setWord(ctx context.Context, tx *postgres.Tx, id uuid.UUID, word *bool, by *remit.Actor) error {
	if err := c.sayWord(ctx, tx, id, word, by); err != nil {
		return err
	}
	return tx.SetAutoCharge(ctx, id, word)
}

// sayWord notes with a customer's word who gave it.
func (c *Commands) sayWord(ctx context.Context, tx *postgres.Tx, id uuid.UUID, word *bool, by *remit.Actor) error {
	clock, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	return tx.SayWord(ctx, id, word, by, clock.Now(c.Now()))
}

// followCustomer has a customer's open invoices follow his word on charges by
// themselves. The word is asked besides, whenever one is due: an invoice that cannot
// follow now is charged no more for that. Who took a no of his back is written with his word.
func (c *Commands) followCustomer(ctx context.Context, tenant, customer uuid.UUID) error {
	var open []uuid.UUID
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		open, err = tx.OpenInvoicesOf(ctx, customer)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range open {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			l, err := tx.LockInvoice(ctx, id)
			if err != nil {
				return err
			}
			if err := activities.KeepCharge(ctx, tx, l, c.Now()); err != nil {
				return err
			}
			if err := activities.PlanNotice(ctx, tx, l, c.Now()); err != nil {
				return err
			}
			return tx.SaveInvoice(ctx, l, c.Now())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// neededFor refuses to remove the method that a charge is planned with: it would be
// found missing on the day.
func (c *Commands) neededFor(ctx context.Context, tenant uuid.UUID, method remit.PaymentMethod) error {
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		methods, err := tx.PaymentMethods(ctx, method.CustomerID)
		if err != nil {
			return err
		}
		planned, err := tx.PlannedFor(ctx, method.CustomerID)
		if err != nil {
			return err
		}
		next := slices.IndexFunc(planned, func(i remit.Invoice) bool {
			charged, _ := remit.ChargedMethod(i.Settings.Methods, methods)
			return charged != nil && charged.ID == method.ID
		})
		if next < 0 {
			return nil
		}
		return remit.Conflict(remit.CodeConflict, "Due to pay %s on %s. Choose another first.", planned[next].Number, planned[next].NextCharge.On.Words())
	})
}

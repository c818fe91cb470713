package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// seen is an object the caller may know of, and where it lies.
type seen struct {
	member Membership
	path   string
}

// find looks for an object in each of the caller's tenants. read returns the
// object's organisation path and whose customer it is about.
func (c *Commands) find(ctx context.Context, caller Caller, read func(tx *postgres.Tx) (path string, customer uuid.UUID, err error), scopes ...remit.Scope) (seen, error) {
	for _, member := range caller.Tenants {
		var path string
		var customer uuid.UUID
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			path, customer, err = read(tx)
			return err
		})
		if remit.IsCode(err, remit.CodeNotFound) {
			continue
		}
		if err != nil {
			return seen{}, err
		}
		if member.Customer != nil {
			if *member.Customer != customer || len(caller.Scopes) > 0 {
				return seen{}, remit.NotFound()
			}
			return seen{member, path}, nil
		}
		for _, scope := range scopes {
			decision, err := c.can(ctx, caller, member.Tenant, path, scope)
			if err != nil {
				return seen{}, err
			}
			if decision.Allowed {
				return seen{member, path}, nil
			}
		}
		return seen{}, remit.NotFound()
	}
	return seen{}, remit.NotFound()
}

// seeInvoice finds an invoice the caller may see: by invoice=read, by what he
// is about to do to it, or as its customer.
func (c *Commands) seeInvoice(ctx context.Context, caller Caller, id uuid.UUID, also ...remit.Scope) (seen, remit.Invoice, error) {
	var invoice remit.Invoice
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		invoice, err = tx.Invoice(ctx, id)
		return invoice.Organisation, invoice.CustomerID, err
	}, append([]remit.Scope{remit.InvoiceRead}, also...)...)
	return found, invoice, err
}

// mayChange finds an invoice and asks for the permission to change it. A
// customer's user sees his invoices and changes none.
func (c *Commands) mayChange(ctx context.Context, caller Caller, id uuid.UUID, scope remit.Scope) (seen, remit.Invoice, error) {
	found, invoice, err := c.seeInvoice(ctx, caller, id, scope)
	if err != nil {
		return seen{}, remit.Invoice{}, err
	}
	return found, invoice, c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, scope)
}

// seeCustomer finds a customer the caller may see; one who was deleted is not there.
func (c *Commands) seeCustomer(ctx context.Context, caller Caller, id uuid.UUID, also ...remit.Scope) (seen, remit.Customer, error) {
	var customer remit.Customer
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		customer, err = tx.Customer(ctx, id)
		if err == nil && customer.DeletedAt != nil {
			err = remit.NotFound()
		}
		return customer.Organisation, customer.ID, err
	}, append([]remit.Scope{remit.CustomerRead, remit.CustomerEdit}, also...)...)
	return found, customer, err
}

// anyOf asks for one of several permissions; the first is named where none is held.
func (c *Commands) anyOf(ctx context.Context, caller Caller, tenant uuid.UUID, path string, scopes ...remit.Scope) error {
	for _, scope := range scopes {
		decision, err := c.can(ctx, caller, tenant, path, scope)
		if err != nil || decision.Allowed {
			return err
		}
	}
	return c.authorise(ctx, caller, tenant, path, scopes[0])
}

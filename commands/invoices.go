package commands

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// Invoices lists the invoices the caller may see, earliest due first. A
// customer's user sees that customer's sent ones.
func (c *Commands) Invoices(ctx context.Context, caller Caller, filter InvoiceFilter, page Page) (List[remit.Invoice], error) {
	due, id, err := page.afterDate()
	if err != nil {
		return List[remit.Invoice]{}, err
	}
	queries, err := c.invoiceQueries(ctx, caller, filter)
	if err != nil {
		return List[remit.Invoice]{}, err
	}
	var pages [][]remit.Invoice
	for tenant, query := range queries {
		query.AfterDue, query.AfterID, query.Limit = due, id, page.limit()+1
		var invoices []remit.Invoice
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			if invoices, err = tx.ListInvoices(ctx, query); err != nil {
				return err
			}
			return tx.TellNextCharges(ctx, invoices)
		})
		if err != nil {
			return List[remit.Invoice]{}, err
		}
		member, _ := caller.membership(tenant)
		for n, i := range invoices {
			invoices[n] = c.inWordsFor(ctx, caller, member, i)
		}
		pages = append(pages, invoices)
	}
	return cut(merge(pages, invoiceKey), page.limit(), invoiceKey), nil
}

// InvoiceCounts counts by status what the filter's other fields select.
func (c *Commands) InvoiceCounts(ctx context.Context, caller Caller, filter InvoiceFilter) (map[remit.InvoiceStatus]int, error) {
	queries, err := c.invoiceQueries(ctx, caller, filter)
	if err != nil {
		return nil, err
	}
	sum := map[remit.InvoiceStatus]int{}
	for tenant, query := range queries {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			counts, err := tx.CountInvoices(ctx, query)
			for status, n := range counts {
				sum[status] += n
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// Invoice is one invoice with its lines.
func (c *Commands) Invoice(ctx context.Context, caller Caller, id uuid.UUID) (remit.Invoice, error) {
	found, invoice, err := c.seeInvoice(ctx, caller, id)
	if err == nil && found.member.Customer != nil && invoice.SentAt == nil {
		return remit.Invoice{}, remit.NotFound()
	}
	if err != nil {
		return remit.Invoice{}, err
	}
	return c.told(ctx, caller, found.member, invoice)
}

// told is an invoice as a caller is told of it who may see it: with the charge that
// is on its agenda, and without what is not for him.
func (c *Commands) told(ctx context.Context, caller Caller, member Membership, invoice remit.Invoice) (remit.Invoice, error) {
	one := []remit.Invoice{invoice}
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error { return tx.TellNextCharges(ctx, one) })
	return c.inWordsFor(ctx, caller, member, one[0]), err
}

// inWordsFor leaves out what staff keep from a customer's user, and why collecting
// came to nothing where the caller reads no decline codes.
func (c *Commands) inWordsFor(ctx context.Context, caller Caller, member Membership, i remit.Invoice) remit.Invoice {
	switch {
	case member.Customer != nil:
		return i.ForPayers()
	case i.Collection.Why != "" && !c.readsCodes(ctx, caller, seen{member: member, path: i.Organisation}):
		return i.WithoutReason()
	}
	return i
}

// Timeline is what happened to an invoice and why, oldest first.
func (c *Commands) Timeline(ctx context.Context, caller Caller, id uuid.UUID) ([]remit.TimelineEntry, error) {
	found, err := c.asStaff(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	var entries []remit.TimelineEntry
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		entries, err = tx.Timeline(ctx, id)
		return err
	})
	if err != nil || c.readsCodes(ctx, caller, found) {
		return entries, err
	}
	for n, e := range entries {
		entries[n] = e.ForPayers()
	}
	return entries, nil
}

// readsCodes reports whether the caller may read what banks say to the merchant:
// decline codes and the rules they lead to, which payers do not.
func (c *Commands) readsCodes(ctx context.Context, caller Caller, found seen) bool {
	decision, err := c.can(ctx, caller, found.member.Tenant, found.path, remit.StripeRead)
	return err == nil && decision.Allowed
}

// InvoiceNext is what will happen to an invoice by itself, and when.
func (c *Commands) InvoiceNext(ctx context.Context, caller Caller, id uuid.UUID) (remit.Next, error) {
	found, _, err := c.seeInvoice(ctx, caller, id)
	if err != nil {
		return remit.Next{}, err
	}
	var next remit.Next
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		next, err = tx.InvoiceNext(ctx, id)
		return err
	})
	return next, err
}

// Payments are an invoice's payments with every try.
func (c *Commands) Payments(ctx context.Context, caller Caller, id uuid.UUID) ([]remit.Payment, error) {
	found, _, err := c.seeInvoice(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	var payments []remit.Payment
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		payments, err = tx.Payments(ctx, id)
		return err
	})
	if err != nil || c.readsCodes(ctx, caller, found) {
		return payments, err
	}
	for n, p := range payments {
		payments[n] = p.ForPayers()
	}
	return payments, nil
}

// LateFees are those an invoice was charged, by stage.
func (c *Commands) LateFees(ctx context.Context, caller Caller, id uuid.UUID) (fees []remit.LateFee, err error) {
	found, _, err := c.seeInvoice(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		fees, err = tx.LateFees(ctx, id)
		return err
	})
	return fees, err
}

// InvoiceRefunds are an invoice's, oldest first.
func (c *Commands) InvoiceRefunds(ctx context.Context, caller Caller, id uuid.UUID) (refunds []remit.Refund, err error) {
	found, _, err := c.seeInvoice(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		refunds, err = tx.Refunds(ctx, id)
		return err
	})
	return refunds, err
}

// Payment is one payment with every try of it.
func (c *Commands) Payment(ctx context.Context, caller Caller, id uuid.UUID) (remit.Payment, error) {
	found, payment, _, err := c.seePayment(ctx, caller, id)
	if err != nil {
		return remit.Payment{}, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		all, err := tx.Payments(ctx, payment.InvoiceID)
		if n := slices.IndexFunc(all, func(p remit.Payment) bool { return p.ID == id }); n >= 0 {
			payment = all[n]
		}
		return err
	})
	if err != nil || c.readsCodes(ctx, caller, found) {
		return payment, err
	}
	return payment.ForPayers(), nil
}

// SendInvoice finalises a draft, which makes its work item and its workflow.
func (c *Commands) SendInvoice(ctx context.Context, caller Caller, id uuid.UUID) (remit.Invoice, error) {
	return c.bring(ctx, caller, id, "invoice.send", func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		if l.SentAt != nil {
			return remit.Conflict(remit.CodeConflict, "This invoice was sent already.")
		}
		if l.VoidedAt != nil {
			return remit.Conflict(remit.CodeConflict, "This invoice is cancelled.")
		}
		return activities.Send(ctx, tx, l, c.Now(), caller.Actor())
	})
}

// ProcessInvoice makes the invoice's work item, again if need be; a draft is
// sent by it. Where a live item exists nothing is made (W7).
func (c *Commands) ProcessInvoice(ctx context.Context, caller Caller, id uuid.UUID) (remit.Invoice, error) {
	return c.bring(ctx, caller, id, "invoice.process", func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		if l.SentAt == nil && l.VoidedAt == nil {
			return activities.Send(ctx, tx, l, c.Now(), caller.Actor())
		}
		return activities.Process(ctx, tx, l, c.Now(), caller.Actor())
	})
}

// bring changes an invoice in one transaction and then starts its workflow.
func (c *Commands) bring(ctx context.Context, caller Caller, id uuid.UUID, action string, change func(tx *postgres.Tx, l *postgres.LockedInvoice) error) (remit.Invoice, error) {
	found, _, err := c.mayChange(ctx, caller, id, remit.InvoiceEdit)
	if err != nil {
		return remit.Invoice{}, err
	}
	var invoice remit.Invoice
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, id)
		if err != nil {
			return err
		}
		if err := change(tx, l); err != nil {
			return err
		}
		if err := c.audit(ctx, tx, caller.entry(action, "invoice "+id.String(), l.Organisation)); err != nil {
			return err
		}
		invoice, err = tx.Invoice(ctx, id)
		return err
	})
	if err != nil {
		return remit.Invoice{}, err
	}
	if !invoice.Status.AtRest() {
		c.beginOrLeave(ctx, found.member.Tenant, invoice)
	}
	return c.told(ctx, caller, found.member, invoice)
}

// beginOrLeave starts a workflow after the commit it depends on. Where Temporal
// does not answer, the invoice stands all the same: its agenda's sweep, or the
// next message to it, starts the workflow.
func (c *Commands) beginOrLeave(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) {
	if err := c.Begin(ctx, tenant, invoice); err != nil {
		c.Logger.WarnContext(ctx, "a workflow was not started", "workflow", remit.InvoiceWorkflowID(invoice.ID), "error", err)
	}
}

// asStaff finds an invoice for what a customer's user is not shown.
func (c *Commands) asStaff(ctx context.Context, caller Caller, id uuid.UUID) (seen, error) {
	found, invoice, err := c.seeInvoice(ctx, caller, id)
	if err == nil && found.member.Customer != nil {
		return seen{}, remit.Forbidden(remit.InvoiceRead.String(), invoice.Organisation)
	}
	return found, err
}

func (c *Commands) invoiceQueries(ctx context.Context, caller Caller, filter InvoiceFilter) (map[uuid.UUID]postgres.InvoiceQuery, error) {
	tenants, path, err := tenantsFor(caller, filter.Organisation)
	if err != nil {
		return nil, err
	}
	queries := map[uuid.UUID]postgres.InvoiceQuery{}
	for _, member := range tenants {
		query := postgres.InvoiceQuery{
			Path: path, Status: filter.Status, Overdue: filter.Overdue, Held: filter.Held, Attention: filter.Attention, Collection: filter.Collection, Customer: filter.Customer, Number: filter.Number,
		}
		if member.Customer != nil {
			if filter.Customer != nil && *filter.Customer != *member.Customer {
				continue
			}
			query.Customer, query.AnyUnit, query.SentOnly = member.Customer, true, true
		} else if query.Units, err = c.units(ctx, caller, member.Tenant, remit.InvoiceRead); err != nil {
			return nil, err
		}
		if query.AnyUnit || len(query.Units) > 0 {
			queries[member.Tenant] = query
		}
	}
	if len(queries) == 0 && len(tenants) > 0 && tenants[0].Customer == nil {
		return nil, c.authorise(ctx, caller, tenants[0].Tenant, orTop(path, tenants[0]), remit.InvoiceRead)
	}
	return queries, nil
}

func orTop(path string, member Membership) string {
	if path == "" {
		return member.Path
	}
	return path
}

func invoiceKey(i remit.Invoice) (string, uuid.UUID) { return i.DueDate.String(), i.ID }

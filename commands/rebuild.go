package commands

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"remit"
	"remit/postgres"
)

// RebuildReport says what a rebuild found.
type RebuildReport struct {
	Looked  int // invoices that should have a workflow, and imports that have not ended
	Started int // of them, how many had none
}

// Rebuild starts every workflow that PostgreSQL says there should be and that
// Temporal does not run: PostgreSQL is the record, Temporal the process.
func (c *Commands) Rebuild(ctx context.Context) (RebuildReport, error) {
	var report RebuildReport
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return report, err
	}
	for _, tenant := range tenants {
		if err := c.rebuildTenant(ctx, tenant, &report); err != nil {
			return report, err
		}
	}
	return report, nil
}

func (c *Commands) rebuildTenant(ctx context.Context, tenant uuid.UUID, report *RebuildReport) error {
	after := uuid.Nil
	for {
		var invoices map[uuid.UUID]remit.Invoice
		var ids []uuid.UUID
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			if ids, err = tx.UnrestfulInvoices(ctx, after, 500); err != nil {
				return err
			}
			invoices, err = tx.InvoicesByID(ctx, ids)
			return err
		})
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		for _, id := range ids {
			report.Looked++
			started, err := c.startMissing(ctx, tenant, invoices[id])
			if err != nil {
				return err
			}
			if started {
				report.Started++
			}
		}
	}
	if err := c.rebuildRefunds(ctx, tenant, report); err != nil {
		return err
	}
	if err := c.rebuildBankAccounts(ctx, tenant, report); err != nil {
		return err
	}
	if err := c.rebuildConnections(ctx, tenant, report); err != nil {
		return err
	}
	var imports []uuid.UUID
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		imports, err = tx.RunningImports(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range imports {
		report.Looked++
		if err := c.beginImport(ctx, tenant, id); err != nil {
			return err
		}
	}
	return errors.Join(c.sweepReconciliations(ctx, tenant, 0), c.sweepDueDates(ctx, tenant, 0), c.sweepBilling(ctx, tenant))
}

func (c *Commands) rebuildRefunds(ctx context.Context, tenant uuid.UUID, report *RebuildReport) error {
	for after := uuid.Nil; ; {
		var refunds []remit.Refund
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			refunds, err = tx.OpenRefunds(ctx, after, 500)
			return err
		})
		if err != nil || len(refunds) == 0 {
			return err
		}
		for _, r := range refunds {
			after = r.ID
			report.Looked++
			started, err := c.startMissingRefund(ctx, remit.RefundRef{Tenant: tenant, Invoice: r.InvoiceID, Refund: r.ID})
			if err != nil {
				return err
			}
			if started {
				report.Started++
			}
		}
	}
}

func (c *Commands) rebuildBankAccounts(ctx context.Context, tenant uuid.UUID, report *RebuildReport) error {
	for after := uuid.Nil; ; {
		var accounts []remit.BankAccount
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			accounts, err = tx.OpenBankAccounts(ctx, after, 500)
			return err
		})
		if err != nil || len(accounts) == 0 {
			return err
		}
		for _, b := range accounts {
			after = b.ID
			report.Looked++
			started, err := c.startMissingBankAccount(ctx, remit.BankAccountRef{Tenant: tenant, BankAccount: b.ID})
			if err != nil {
				return err
			}
			if started {
				report.Started++
			}
		}
	}
}

func (c *Commands) rebuildConnections(ctx context.Context, tenant uuid.UUID, report *RebuildReport) error {
	var open []postgres.SealedConnection
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		open, err = tx.OpenConnections(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, connection := range open {
		report.Looked++
		started, err := c.startMissingConnection(ctx, remit.ConnectionRef{Tenant: tenant, Connection: connection.ID})
		if err != nil {
			return err
		}
		if started {
			report.Started++
		}
	}
	return nil
}

// Bounds of what one sweep wakes in a tenant, so that a burst of due rows does not starve
// payers; the next sweep goes on. They are for each kind of row, so that lost looks at
// Stripe, refunds and approvals do not wait until a midnight's rows are through.
//
// Of the kinds that go by a date a sweep only signals workflows, and a hundred thousand of
// one midnight take 14 minutes of sweeps, 5 s apart, at 600 each. What was woken and is not
// done is what the next sweep takes again: no more than that ever stands before a payer in
// the queue, some seconds' work, however far the workers are behind.
const (
	sweepPage = 200
	datedPage = 600
	// wokenAtOnce keeps a page of signals, which wait for Temporal and nothing else, from
	// holding up the other tenants.
	wokenAtOnce = 8
)

// Sweep wakes the workflows of rows of the agenda that are overdue by more than
// lag, and of events that nobody looked at: whatever was lost on the way to a
// workflow (a signal, a timer set before a clock was moved, a whole history)
// costs a delay and nothing else. It drops keys that were kept for money in
// flight once that has come to its end.
func (c *Commands) Sweep(ctx context.Context, lag time.Duration) error {
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, tenant := range tenants { // one tenant's trouble is no other's
		failed = append(failed, c.sweepTenant(ctx, tenant, lag))
	}
	return errors.Join(failed...)
}

// neglected is what of a tenant nobody has come to in time.
type neglected struct {
	ids, dated, imports            []uuid.UUID // of invoices but for the last
	invoices                       map[uuid.UUID]remit.Invoice
	refunds, accounts, connections []postgres.AgendaRow
}

func (c *Commands) findNeglected(ctx context.Context, tenant uuid.UUID, lag time.Duration) (n neglected, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if n.ids, err = tx.Neglected(ctx, clock.Now(c.Now()).Add(-lag), lag, sweepPage); err != nil {
			return err
		}
		if n.dated, err = tx.NeglectedByDate(ctx, clock.Now(c.Now()).Add(-lag), datedPage); err != nil {
			return err
		}
		if n.refunds, err = tx.NeglectedRefunds(ctx, clock.Now(c.Now()).Add(-lag), sweepPage); err != nil {
			return err
		}
		if n.accounts, err = tx.NeglectedBankAccounts(ctx, clock.Now(c.Now()).Add(-lag), sweepPage); err != nil {
			return err
		}
		if n.connections, err = tx.NeglectedConnections(ctx, clock.Now(c.Now()).Add(-lag)); err != nil {
			return err
		}
		if n.imports, err = tx.RunningImports(ctx); err != nil {
			return err
		}
		if err := tx.DropKeys(ctx); err != nil {
			return err
		}
		n.invoices, err = tx.InvoicesByID(ctx, slices.Concat(n.ids, n.dated))
		return err
	})
	return n, err
}

func (c *Commands) sweepTenant(ctx context.Context, tenant uuid.UUID, lag time.Duration) error {
	n, err := c.findNeglected(ctx, tenant, lag)
	if err != nil {
		return err
	}
	if err := c.wakeAll(ctx, tenant, n.invoices, n.ids); err != nil {
		return err
	}
	for _, row := range n.refunds {
		if err := c.wakeRefund(ctx, remit.RefundRef{Tenant: tenant, Invoice: row.InvoiceID, Refund: row.ObjectID}, "the agenda's sweep"); err != nil {
			return err
		}
	}
	for _, row := range n.accounts {
		if err := c.wakeBankAccount(ctx, remit.BankAccountRef{Tenant: tenant, BankAccount: row.ObjectID}, "the agenda's sweep"); err != nil {
			return err
		}
	}
	for _, row := range n.connections {
		if err := c.wakeConnection(ctx, remit.ConnectionRef{Tenant: tenant, Connection: row.ObjectID}, "the agenda's sweep"); err != nil {
			return err
		}
	}
	if err := c.wakeAll(ctx, tenant, n.invoices, n.dated); err != nil {
		return err
	}
	for _, id := range n.imports {
		if err := c.beginImport(ctx, tenant, id); err != nil {
			return err
		}
	}
	return errors.Join(c.sweepReconciliations(ctx, tenant, lag), c.sweepDueDates(ctx, tenant, lag), c.sweepBilling(ctx, tenant), c.sweepDashboard(ctx, tenant))
}

func (c *Commands) wakeAll(ctx context.Context, tenant uuid.UUID, invoices map[uuid.UUID]remit.Invoice, ids []uuid.UUID) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(wokenAtOnce)
	for _, id := range ids {
		group.Go(func() error { return c.wake(within, tenant, invoices[id], "the agenda's sweep") })
	}
	return group.Wait()
}

// SweepStripe brings in line with Stripe what was left: cards to be taken away there,
// customers who were changed, and events whose look did not come to its end. It waits for Stripe, call by call, and is no part of [Commands.Sweep],
// which would wait with it: after a change of many customers no agenda would be looked at.
func (c *Commands) SweepStripe(ctx context.Context) error {
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, tenant := range tenants { // one tenant's trouble is no other's
		failed = append(failed, c.sweepCards(ctx, tenant), c.sweepCustomers(ctx, tenant), c.sweepEvents(ctx, tenant))
	}
	return errors.Join(failed...)
}

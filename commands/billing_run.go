package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/postgres"
)

func (c *Commands) billingStart(tenant uuid.UUID) client.StartWorkflowOptions {
	options := c.startOf(remit.BillingWorkflowID(tenant))
	options.TaskQueue = c.batchQueue()
	return options
}

// bill has an organisation's due schedules carried out and waits for the end. A run
// that is under way is waited for: it may have looked before something became due, so
// that whoever has to know looks again.
func (c *Commands) bill(ctx context.Context, tenant uuid.UUID) error {
	started, err := c.Temporal.ExecuteWorkflow(ctx, c.billingStart(tenant), remit.BillingWorkflow, remit.BillingRef{Tenant: tenant})
	if err != nil {
		return fmt.Errorf("start billing: %w", err)
	}
	if err := started.Get(ctx, nil); err != nil {
		return fmt.Errorf("wait for billing: %w", err)
	}
	return nil
}

// billNow has what is due billed, and waits a moment for it, so that who has made a
// schedule sees its first invoice. What takes longer goes on by itself.
func (c *Commands) billNow(ctx context.Context, tenant uuid.UUID) {
	waiting, cancel := context.WithTimeout(ctx, billedSoon)
	defer cancel()
	if err := c.bill(waiting, tenant); err != nil {
		c.Logger.InfoContext(ctx, "billing goes on", "tenant", tenant, "error", err)
	}
}

// billedSoon is how long who changes a schedule waits for what is due of it.
const billedSoon = 3 * time.Second

// billRow has a row of the agenda carried out that a test clock came to.
func (c *Commands) billRow(ctx context.Context, tenant uuid.UUID, row postgres.AgendaRow) error {
	for range 3 {
		if err := c.bill(ctx, tenant); err != nil {
			return err
		}
		var pending bool
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			pending, err = tx.IsPending(ctx, row)
			return err
		})
		if err != nil || !pending {
			return err
		}
	}
	return nil
}

// sweepBilling starts the billing of what is due by now.
func (c *Commands) sweepBilling(ctx context.Context, tenant uuid.UUID) error {
	var due []postgres.AgendaRow
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		due, err = tx.DueBilling(ctx, clock.Now(c.Now()), 1)
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	_, err = c.startAnew(ctx, c.billingStart(tenant), remit.BillingWorkflow, remit.BillingRef{Tenant: tenant})
	return err
}

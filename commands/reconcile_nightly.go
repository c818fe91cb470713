package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// planNightly puts a reconciliation on the agenda of a tenant that was connected
// before there were any.
func planNightly(ctx context.Context, tx *postgres.Tx, now time.Time) error {
	unplanned, err := tx.UnplannedReconciliation(ctx)
	if err != nil || unplanned == nil {
		return err
	}
	return activities.PlanReconciliation(ctx, tx, *unplanned, now)
}

// reconcileNight starts the run of a night on the agenda: the same one however
// often it is called. Of an organisation that is not connected any more the row
// is done.
func (c *Commands) reconcileNight(ctx context.Context, tenant uuid.UUID, row postgres.AgendaRow) error {
	var run remit.ReconciliationRun
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		begun, _, err := beginRun(ctx, tx, remit.ReconciliationRun{ID: remit.NightlyReconciliation(row.ObjectID, row.At), Nightly: true, Actor: remit.System}, c.Now())
		if remit.IsCode(err, remit.CodeNotConnected) {
			return tx.Done(ctx, row.Kind, row.ObjectID, row.At)
		}
		run = begun
		return err
	})
	if err != nil || run.State != remit.RunRunning {
		return err
	}
	return c.startMissingRun(ctx, tenant, run.ID)
}

func (c *Commands) startMissingRun(ctx context.Context, tenant, run uuid.UUID) error {
	_, err := c.startAnew(ctx, c.runStart(run), remit.ReconciliationWorkflow, remit.ReconciliationRef{Tenant: tenant, Run: run})
	return err
}

// sweepReconciliations starts the nights that are due and the runs whose workflow
// was lost.
func (c *Commands) sweepReconciliations(ctx context.Context, tenant uuid.UUID, lag time.Duration) error {
	var due []postgres.AgendaRow
	var running []remit.ReconciliationRun
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(c.Now())
		if err := planNightly(ctx, tx, now); err != nil {
			return err
		}
		if due, err = tx.DueReconciliations(ctx, now.Add(-lag)); err != nil {
			return err
		}
		running, err = tx.RunningReconciliations(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range due {
		if err := c.reconcileNight(ctx, tenant, row); err != nil {
			return err
		}
	}
	for _, run := range running {
		if err := c.startMissingRun(ctx, tenant, run.ID); err != nil {
			return err
		}
	}
	return nil
}

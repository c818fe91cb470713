package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// scheduleCatchup is how late a schedule's hour may still be taken. What was due in
// an hour that was missed is taken by the next one: all of it, once.
const scheduleCatchup = 10 * time.Minute

// ensureSchedule sees that a tenant has its schedule of due-date runs: at every full
// hour of its zone, since charges are due when their window opens in their own. A
// test clock starts its runs itself.
func (c *Commands) ensureSchedule(ctx context.Context, tenant uuid.UUID, zone string) error {
	spec := client.ScheduleSpec{
		TimeZoneName: zone,
		Calendars:    []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: 0, End: 23}}, Minute: []client.ScheduleRange{{Start: 0, End: 45, Step: 15}}}},
	}
	action := &client.ScheduleWorkflowAction{
		ID: "due-date-schedule/" + tenant.String(), Workflow: remit.DueDateRunWorkflow, TaskQueue: c.batchQueue(), Args: []any{remit.DueDateRunRef{Tenant: tenant}},
	}
	schedules := c.Temporal.ScheduleClient()
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: remit.DueDateSchedule(tenant), Spec: spec, Action: action, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: scheduleCatchup,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return schedules.GetHandle(ctx, remit.DueDateSchedule(tenant)).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Spec, schedule.Action = &spec, action
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}

// sweepDueDates keeps a tenant's due dates going: its schedule is there, runs whose
// workflow was lost go on, what is due on a test clock is run, and what a new payment
// method may cure is charged.
func (c *Commands) sweepDueDates(ctx context.Context, tenant uuid.UUID, lag time.Duration) error {
	var zone string
	var test, due bool
	var running []remit.DueDateRun
	var cured []uuid.UUID
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		test = clock.Test
		now := clock.Now(c.Now())
		if !test {
			now = now.Add(-neglectedRun)
		}
		if due, err = tx.AnyDueByRun(ctx, now.Add(-lag)); err != nil {
			return err
		}
		place, err := tx.ZoneOf(ctx, tenant)
		if err != nil {
			return err
		}
		zone = place.String()
		if running, err = tx.RunningDueDateRuns(ctx); err != nil {
			return err
		}
		cured, err = tx.Curable(ctx, sweepPage)
		return err
	})
	if err != nil {
		return err
	}
	for _, run := range running {
		if _, err := c.startAnew(ctx, c.dueDateStart(run.ID), remit.DueDateRunWorkflow, remit.DueDateRunRef{Tenant: tenant, Run: &run.ID}); err != nil {
			return err
		}
	}
	if !test {
		if err := c.schedule(ctx, tenant, zone); err != nil {
			return err
		}
	}
	if due && len(running) == 0 {
		if err := c.runDueNow(ctx, tenant); err != nil {
			return err
		}
	}
	for _, id := range cured {
		if err := c.chargeWithNewMethod(ctx, tenant, id); err != nil {
			return err
		}
	}
	return nil
}

// schedule makes sure of a tenant's schedule, once for each zone it has had.
func (c *Commands) schedule(ctx context.Context, tenant uuid.UUID, zone string) error {
	if c.Schedules != nil {
		if known, _ := c.Schedules.Load(tenant); known == zone {
			return nil
		}
	}
	if err := c.ensureSchedule(ctx, tenant, zone); err != nil {
		return fmt.Errorf("schedule due-date runs: %w", err)
	}
	if c.Schedules != nil {
		c.Schedules.Store(tenant, zone)
	}
	return nil
}

// neglectedRun is how long what is due may wait for a schedule before the sweep
// begins a run itself.
const neglectedRun = 20 * time.Minute

// runDueNow begins a run of what is due by now, and does not wait for it.
func (c *Commands) runDueNow(ctx context.Context, tenant uuid.UUID) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	if err := c.insertRunOfDue(ctx, tenant, id); err != nil {
		return err
	}
	_, err = c.startAnew(ctx, c.dueDateStart(id), remit.DueDateRunWorkflow, remit.DueDateRunRef{Tenant: tenant, Run: &id})
	return err
}

func (c *Commands) insertRunOfDue(ctx context.Context, tenant, id uuid.UUID) error {
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(c.Now())
		return activities.InsertDueDateRun(ctx, tx, remit.DueDateRun{ID: id, OrganisationID: tenant, By: now, Actor: remit.System, CreatedAt: now}, nil)
	})
}

// chargeWithNewMethod has an invoice in trouble charged with a method that its
// customer added since.
func (c *Commands) chargeWithNewMethod(ctx context.Context, tenant, invoice uuid.UUID) error {
	var l *postgres.LockedInvoice
	var charged bool
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if l, err = tx.LockInvoice(ctx, invoice); err != nil {
			return err
		}
		charged, err = activities.ChargeWithNewMethod(ctx, tx, l, c.Now())
		return err
	})
	if err != nil || !charged {
		return err
	}
	return c.wake(ctx, tenant, l.Invoice, "a new payment method")
}

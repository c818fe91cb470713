package commands

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// DueDateInput says what is run. AsOf is today on the organisation's clock where it
// is left out.
type DueDateInput struct {
	Organisation string
	AsOf         remit.Date
	DryRun       bool
	Briefly      bool // do not wait for its end but a moment: there is a page that tells
}

// DueDateReport is a run with a page of its entries and what came otherwise than it
// was forecast.
type DueDateReport struct {
	Run         remit.DueDateRun
	Entries     List[remit.DueDateEntry]
	Differences []remit.DueDateEntry // at most [DifferencesShown]
	Unmade      UnmadeCharges        // of a dry run that is done, beside its first page
}

// DifferencesShown is how many differences of a run are given at once.
const DifferencesShown = 100

// farthestForecast is how far ahead a dry run may look.
const farthestForecast = 366

// DueDateRuns lists the runs at organisations where the caller may charge, newest
// first.
func (c *Commands) DueDateRuns(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.DueDateRun], error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.InvoiceCharge)
	if err != nil {
		return List[remit.DueDateRun]{}, err
	}
	after, id, err := page.afterNewest()
	if err != nil {
		return List[remit.DueDateRun]{}, err
	}
	var before *remit.DueDateRun
	if after != nil {
		before = &remit.DueDateRun{ID: id, CreatedAt: *after}
	}
	units, err := c.units(ctx, caller, member.Tenant, remit.InvoiceCharge)
	if err != nil {
		return List[remit.DueDateRun]{}, err
	}
	var runs []remit.DueDateRun
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		runs, err = tx.DueDateRuns(ctx, units, path, before, page.limit()+1)
		return err
	})
	return cut(runs, page.limit(), func(r remit.DueDateRun) (string, uuid.UUID) {
		return fmt.Sprintf("%019d", math.MaxInt64-r.CreatedAt.UnixMicro()), r.ID
	}), err
}

// DueDateRun is a run, a page of its charges in order, and its differences.
func (c *Commands) DueDateRun(ctx context.Context, caller Caller, id uuid.UUID, page Page) (DueDateReport, error) {
	var report DueDateReport
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		report.Run, err = tx.DueDateRun(ctx, id)
		return report.Run.Organisation, uuid.Nil, err // no customer's user sees it
	}, remit.InvoiceCharge)
	if err != nil {
		return report, err
	}
	key, row, err := page.after()
	if err != nil {
		return report, err
	}
	var after *remit.DueDateEntry
	if row != uuid.Nil {
		at, err := time.Parse(time.RFC3339Nano, key)
		if err != nil {
			return report, malformed("after", "This cursor is not one of ours.")
		}
		after = &remit.DueDateEntry{At: at, Row: row}
	}
	units, err := c.units(ctx, caller, found.member.Tenant, remit.InvoiceEdit) // whoever reads schedules
	if err != nil {
		return report, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		entries, err := tx.DueDateEntries(ctx, id, after, page.limit()+1)
		if err != nil {
			return err
		}
		report.Entries = cut(entries, page.limit(), func(e remit.DueDateEntry) (string, uuid.UUID) { return e.At.Format(time.RFC3339Nano), e.Row })
		if !report.Run.DryRun && report.Run.State != remit.RunRunning {
			report.Differences, err = tx.DueDateDifferences(ctx, report.Run, DifferencesShown)
		}
		if err == nil && report.Run.DryRun && report.Run.State == remit.RunDone && after == nil {
			report.Unmade, err = c.unmade(ctx, tx, report.Run, units)
		}
		return err
	})
	if err == nil && !c.readsCodes(ctx, caller, found) {
		for _, list := range [][]remit.DueDateEntry{report.Entries.Items, report.Differences} {
			for n, e := range list {
				list[n] = e.WithoutCodes()
			}
		}
	}
	return report, err
}

// StartDueDateRun charges what is due up to a date, or says what would be, and waits
// for the end as long as a payer would for his. It needs invoice=charge.
func (c *Commands) StartDueDateRun(ctx context.Context, caller Caller, organisation string, body Body[DueDateInput]) (remit.DueDateRun, error) {
	if organisation != "" {
		if _, _, err := c.atPath(ctx, caller, organisation, remit.InvoiceCharge); err != nil {
			return remit.DueDateRun{}, err
		}
	} else if err := c.somewhere(ctx, caller, remit.InvoiceCharge); err != nil {
		return remit.DueDateRun{}, err
	}
	in, err := body()
	if err != nil {
		return remit.DueDateRun{}, err
	}
	if in.Organisation == "" {
		in.Organisation = organisation
	}
	member, path, err := c.atPath(ctx, caller, in.Organisation, remit.InvoiceCharge)
	if err != nil {
		return remit.DueDateRun{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.DueDateRun{}, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil {
		id = uuid.NewSHA1(caller.Asked, []byte("due-date-run"))
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if _, err := tx.DueDateRun(ctx, id); err == nil {
			return nil // asked again
		}
		if err := c.beginDueDateRun(ctx, tx, caller, path, id, in); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("due_date_run.start", "due-date run "+id.String(), path), nil, map[string]any{"as_of": in.AsOf, "dry_run": in.DryRun}))
	})
	if err != nil {
		return remit.DueDateRun{}, err
	}
	answer := c.Answer
	if answer == 0 {
		answer = DefaultAnswer
	}
	if in.Briefly {
		answer = min(answer, time.Second)
	}
	waiting, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	if err := c.carryOutRun(waiting, member.Tenant, id); err != nil { // the row tells what was done, and the sweep starts what was not
		c.Logger.WarnContext(ctx, "a due-date run has not ended yet", "run", id, "error", err)
	}
	var run remit.DueDateRun
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		run, err = tx.DueDateRun(ctx, id)
		return err
	})
	return run, err
}

func (c *Commands) beginDueDateRun(ctx context.Context, tx *postgres.Tx, caller Caller, path string, id uuid.UUID, in DueDateInput) error {
	unit, err := tx.UnitAt(ctx, path)
	if err != nil {
		return err
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return err
	}
	zone, err := tx.ZoneOf(ctx, unit)
	if err != nil {
		return err
	}
	now := clock.Now(c.Now())
	today := remit.DateOf(now.In(zone))
	switch {
	case in.AsOf.IsZero():
		in.AsOf = today
	case in.DryRun && in.AsOf.Before(today.AddDays(-1)): // yesterday may be today where the caller is
		return remit.Invalid("as_of", "It is %s already at %s. What was due before and is still open is in today's forecast: give today's date or a later one.", today.Words(), path)
	case !in.DryRun && today.Before(in.AsOf):
		return remit.Invalid("as_of", "Today is %s there: a run charges what is due by now. A dry run may look ahead.", today)
	case today.AddDays(farthestForecast).Before(in.AsOf):
		return remit.Invalid("as_of", "A dry run looks a year ahead at most.")
	}
	if !in.DryRun {
		running, err := tx.RunningDueDateRuns(ctx)
		if err != nil {
			return err
		}
		for _, other := range running {
			if !other.DryRun && other.OrganisationID == unit {
				return remit.Conflict(remit.CodeConflict, "A run for %s is under way.", other.AsOf.Words())
			}
		}
	}
	return activities.InsertDueDateRun(ctx, tx, remit.DueDateRun{ID: id, OrganisationID: unit, By: now, DryRun: in.DryRun, Actor: caller.Actor(), CreatedAt: now}, &in.AsOf)
}

// carryOutRun starts a run's workflow, if it is not running, and waits for its end.
func (c *Commands) carryOutRun(ctx context.Context, tenant, run uuid.UUID) error {
	started, err := c.Temporal.ExecuteWorkflow(ctx, c.dueDateStart(run), remit.DueDateRunWorkflow, remit.DueDateRunRef{Tenant: tenant, Run: &run})
	if err != nil {
		return fmt.Errorf("start a due-date run: %w", err)
	}
	if err := started.Get(ctx, nil); err != nil {
		return fmt.Errorf("wait for a due-date run: %w", err)
	}
	return nil
}

func (c *Commands) dueDateStart(run uuid.UUID) client.StartWorkflowOptions {
	options := c.startOf(remit.DueDateRunWorkflowID(run))
	options.TaskQueue = c.batchQueue()
	return options
}

func (c *Commands) batchQueue() string {
	if c.BatchQueue == "" {
		return remit.BatchQueue
	}
	return c.BatchQueue
}

// Advance has an invoice's workflow bring it up to date, starting it if it is not
// running, and waits for that.
func (c *Commands) Advance(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) error {
	waiting, cancel := context.WithTimeout(ctx, advanceTime)
	defer cancel()
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	var state remit.InvoiceState
	return c.insist(waiting, func() error { return c.update(waiting, tenant, invoice, remit.UpdateAdvance, id.String(), &state) })
}

// advanceTime is how long a run waits for one charge. One that takes longer is
// carried on with by its workflow, and read by the run as it stands.
const advanceTime = time.Minute

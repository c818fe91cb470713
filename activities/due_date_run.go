package activities

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"remit"
	"remit/postgres"
)

// A page of a run is what one step carries out: few enough that progress shows and
// that runs of several organisations take turns, and that one that died is soon
// where it was.
const (
	duePage    = 100
	noticePage = 100
)

// DueAtOnce is how many charges of a run go on at once. Measured on two cores, where
// 4 left a part of them idle and 16 charged hardly faster than 8, and had payers wait
// for 0.5 s in the middle, who waited for 0.3 s beside 8 and for 0.2 s beside 4.
const DueAtOnce = 8

// DueDates carries out due-date runs.
type DueDates struct {
	Payments *Payments
	// Advance has an invoice's workflow bring it up to date, and waits for that.
	Advance func(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) error
}

// BeginDueDateRun begins the run that a schedule asks for, or finds the one that was
// begun. It gives no id where nothing is due, of which nothing is recorded.
func (d *DueDates) BeginDueDateRun(ctx context.Context, ref remit.DueDateRunRef) (run *uuid.UUID, err error) {
	if ref.Run != nil {
		return ref.Run, nil
	}
	id := remit.ScheduledDueDateRun(ref.Tenant, activity.GetInfo(ctx).WorkflowExecution.ID)
	err = d.Payments.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(d.Payments.Now())
		due, err := tx.AnyDueByRun(ctx, now)
		if err != nil || !due {
			return err
		}
		run = &id
		return InsertDueDateRun(ctx, tx, remit.DueDateRun{ID: id, OrganisationID: ref.Tenant, By: now, Actor: remit.System, CreatedAt: now}, nil)
	})
	return run, asTemporal(ctx, d.Payments.Logger, err)
}

// InsertDueDateRun begins a run of what is due by a time, or by a date where one is
// given. Its organisation's zone tells which date a time is in.
func InsertDueDateRun(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun, asOf *remit.Date) error {
	zone, err := tx.ZoneOf(ctx, run.OrganisationID)
	if err != nil {
		return err
	}
	run.AsOf = remit.DateOf(run.By.In(zone))
	if asOf != nil {
		// What is due by a date in the zone of each; by the last instant of it anywhere.
		run.AsOf, run.By = *asOf, asOf.AddDays(2).StartIn(time.UTC)
	}
	return tx.InsertDueDateRun(ctx, run)
}

// ChargeDuePage carries out the next charges of a run and reports whether there may
// be more. A page that was begun is ended first.
func (d *DueDates) ChargeDuePage(ctx context.Context, ref remit.DueDateRunRef) (more bool, err error) {
	defer heartbeat(ctx)()
	var run remit.DueDateRun
	var page []remit.DueDateEntry
	err = d.Payments.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		if run, err = tx.DueDateRun(ctx, *ref.Run); err != nil || run.State != remit.RunRunning {
			return err
		}
		if page, err = tx.PendingEntries(ctx, run.ID); err != nil || len(page) > 0 {
			return err
		}
		page, err = d.forecastPage(ctx, tx, run)
		return err
	})
	if err != nil || len(page) == 0 {
		return false, asTemporal(ctx, d.Payments.Logger, err)
	}
	d.Payments.boundary("page begun")
	var trouble map[uuid.UUID]string
	if !run.DryRun {
		trouble = d.chargeAll(ctx, run, ref.Tenant, page)
	}
	err = d.Payments.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if err := d.outcomes(ctx, tx, run, page, trouble); err != nil {
			return err
		}
		if !run.DryRun {
			if err := d.putOffFailed(ctx, tx, page, clock.Now(d.Payments.Now())); err != nil {
				return err
			}
		}
		return tx.EndDueDateEntries(ctx, run.ID, page)
	})
	d.Payments.boundary("page ended")
	return true, asTemporal(ctx, d.Payments.Logger, err)
}

// forecastPage says of the next charges what is to be expected of each, and moves
// the run behind them.
func (d *DueDates) forecastPage(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun) ([]remit.DueDateEntry, error) {
	rows, err := tx.NextCharges(ctx, run, duePage)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return nil, err
	}
	now := clock.Now(d.Payments.Now())
	through, err := d.Payments.chargeThrough(ctx, tx)
	if err != nil {
		return nil, err
	}
	var entries []remit.DueDateEntry
	failed, err := tx.Alone(ctx, func(tx *postgres.Tx) (err error) {
		entries, err = d.forecastAll(ctx, tx, run, rows, through, now)
		return err
	})
	if err == nil && failed != nil {
		entries, err = d.forecastEach(ctx, tx, run, rows, through, now)
	}
	if err != nil {
		return nil, err
	}
	asked := []uuid.UUID{}
	for n, row := range rows {
		if run.ByHand() && entries[n].Forecast != remit.OutcomeFailed {
			asked = append(asked, row.ID)
		}
	}
	if !run.DryRun && len(asked) > 0 { // whoever asked for it has it charged today
		if err := bringForward(ctx, tx, rows, asked, now); err != nil {
			return nil, err
		}
	}
	return entries, tx.AddDueDateEntries(ctx, run.ID, entries)
}

// bringForward makes charges due now. Whoever changes a time zone moves charges as well, in
// an order of his own: the zones of all of them are held before the first is touched.
func bringForward(ctx context.Context, tx *postgres.Tx, rows []postgres.ChargeRow, asked []uuid.UUID, now time.Time) error {
	places := make([]uuid.UUID, len(rows))
	for n, row := range rows {
		places[n] = row.OrganisationID
	}
	slices.SortFunc(places, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, place := range slices.Compact(places) {
		if err := tx.HoldZone(ctx, place); err != nil {
			return err
		}
	}
	return tx.BringForward(ctx, asked, now)
}

// forecastAll says what is to be expected of charges.
func (d *DueDates) forecastAll(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun, rows []postgres.ChargeRow, through chargeRoute, now time.Time) ([]remit.DueDateEntry, error) {
	ids := make([]uuid.UUID, len(rows))
	for n, row := range rows {
		if row.Unreadable != nil {
			return nil, fmt.Errorf("read what a charge was planned with: %w", row.Unreadable)
		}
		ids[n] = row.InvoiceID
	}
	invoices, err := tx.InvoicesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	entries, zones := make([]remit.DueDateEntry, len(rows)), map[uuid.UUID]*time.Location{}
	for n, row := range rows {
		zone := zones[row.OrganisationID]
		if zone == nil {
			if zone, err = tx.ZoneOf(ctx, row.OrganisationID); err != nil {
				return nil, err
			}
			zones[row.OrganisationID] = zone
		}
		if entries[n], err = forecast(ctx, tx, run, row, invoices[row.InvoiceID], zone, through, now); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// forecast says what is to be expected of one charge, from the facts and by the rule
// that will decide about it.
func forecast(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun, row postgres.ChargeRow, i remit.Invoice, zone *time.Location, through chargeRoute, now time.Time) (remit.DueDateEntry, error) {
	at := now
	if row.At.After(at) {
		at = row.At // decided at its own time, so that lateness is what it will be
	}
	row.Plan.ByRun = row.Plan.ByRun || run.ByHand()
	facts, err := chargeFacts(ctx, tx, i, row.Plan, zone, through, at)
	if err != nil {
		return remit.DueDateEntry{}, err
	}
	decision := remit.DecideCharge(facts, at)
	e := remit.DueDateEntry{Row: row.ID, InvoiceID: row.InvoiceID, At: row.At, Currency: i.Currency, ForecastAmount: decision.Amount, Amount: decision.Amount, ForecastFee: decision.Surcharge, Surcharge: decision.Surcharge}
	e.Forecast, e.ForecastReason = remit.ForecastOf(decision, facts, at)
	if facts.Method != nil {
		e.Method = methodWords(facts.Method.Summary())
	}
	return e, nil
}

// chargeAll has the invoices of a page charged, a few at once. What cannot be
// carried out now stays on the agenda: the next run takes it up. It gives why some
// were not, by their rows.
func (d *DueDates) chargeAll(ctx context.Context, run remit.DueDateRun, tenant uuid.UUID, page []remit.DueDateEntry) map[uuid.UUID]string {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(DueAtOnce)
	var mu sync.Mutex
	trouble := map[uuid.UUID]string{}
	for _, entry := range page {
		if entry.Forecast == remit.OutcomeFailed {
			continue
		}
		group.Go(func() error {
			ref := remit.InvoiceRef{Tenant: tenant, Invoice: entry.InvoiceID}
			aside, err := false, error(nil)
			if entry.Forecast == remit.OutcomeSkipped { // else it is decided anew by who charges it
				aside, err = d.Payments.setAside(within, ref)
			}
			if err != nil && within.Err() == nil {
				d.alarm(within, run.ID, entry.InvoiceID, err)
				mu.Lock()
				defer mu.Unlock()
				trouble[entry.Row] = failureOf(err)
				return nil
			}
			if !aside {
				err = d.Advance(within, tenant, remit.Invoice{ID: entry.InvoiceID, OrganisationID: tenant, Status: remit.InvoiceOpen, DueDate: remit.DateOf(entry.At)})
			}
			if err != nil {
				d.Payments.Logger.WarnContext(within, "a charge of a due-date run was not carried out", "invoice", entry.InvoiceID, "error", err)
			}
			return nil
		})
	}
	_ = group.Wait() // each one's outcome is read from its row
	return trouble
}

// setAside takes a charge off the agenda that is not to be, without waking the
// invoice's workflow: no money moves. It reports false for one that is.
func (p *Payments) setAside(ctx context.Context, ref remit.InvoiceRef) (aside bool, err error) {
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		now := l.Clock.Now(p.Now())
		row, err := tx.Charge(ctx, l.ID)
		if err != nil || row == nil || row.At.After(now) {
			aside = true // is through
			return err
		}
		if known, err := knownCharge(ctx, tx, l, row); err != nil || known != nil {
			return err
		}
		through, err := p.chargeThrough(ctx, tx)
		if err != nil {
			return err
		}
		facts, err := chargeFacts(ctx, tx, l.Invoice, row.Plan, l.Zone, through, now)
		if err != nil {
			return err
		}
		decision := remit.DecideCharge(facts, now)
		if decision.Verdict == remit.ChargeNow {
			return nil
		}
		if decision.Collects(l.Invoice) { // as far as it goes: for want of a method, say
			if credit, err := tx.LockCredit(ctx, l.CustomerID, l.Currency); err != nil || credit > 0 {
				return err // it is used first, by who charges
			}
		}
		aside = true
		told, err := p.putAside(ctx, tx, l, row, decision, now)
		if err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), told...)
	})
	return aside, err
}

// NoticeDuePage writes the next notices that are due and reports whether there may
// be more.
func (d *DueDates) NoticeDuePage(ctx context.Context, ref remit.DueDateRunRef) (more bool, err error) {
	defer heartbeat(ctx)()
	var rows []postgres.AgendaRow
	err = d.Payments.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		run, err := tx.DueDateRun(ctx, *ref.Run)
		if err != nil || run.DryRun || run.State != remit.RunRunning {
			return err
		}
		rows, err = tx.DueNotices(ctx, run, noticePage)
		return err
	})
	if err != nil || len(rows) == 0 {
		return false, asTemporal(ctx, d.Payments.Logger, err)
	}
	failed, why, err := d.writeNotices(ctx, ref, rows)
	if err != nil {
		return false, asTemporal(ctx, d.Payments.Logger, err)
	}
	err = d.Payments.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		return tx.CountNotices(ctx, *ref.Run, len(rows)-len(failed), failed, why, clock.Now(d.Payments.Now()).Add(putOff))
	})
	return len(rows) == noticePage, asTemporal(ctx, d.Payments.Logger, err)
}

// EndDueDateRun records the end of a run: where [remit.DueDateRunRef.Failure] says
// why it could not go on, as failed.
func (d *DueDates) EndDueDateRun(ctx context.Context, ref remit.DueDateRunRef) error {
	err := d.Payments.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		if ref.Failure != "" {
			d.Payments.Logger.ErrorContext(ctx, "a due-date run could not go on", "run", *ref.Run, "error", ref.Failure)
			failed, err := tx.Alone(ctx, func(tx *postgres.Tx) error { return d.settlePending(ctx, tx, *ref.Run) })
			if err != nil {
				return err
			}
			if failed != nil {
				d.alarm(ctx, *ref.Run, *ref.Run, failed)
			}
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		return tx.EndDueDateRun(ctx, *ref.Run, clock.Now(d.Payments.Now()), ref.Failure)
	})
	return asTemporal(ctx, d.Payments.Logger, err)
}

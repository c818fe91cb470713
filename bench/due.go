package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/activities"
	"remit/commands"
	"remit/program"
)

// due measures charges by themselves, in turns: the bare workflow, a due-date run
// that charges what was made due before, and the same charges from a table and a
// loop.
func (b *bench) due(ctx context.Context) (err error) {
	floors := b.floorWorker()
	if err := floors.Start(); err != nil {
		return fmt.Errorf("start the bare worker: %w", err)
	}
	defer floors.Stop()
	plain, err := b.openPlain(ctx)
	if err != nil {
		return err
	}
	defer plain.close()
	bare := &series{name: "floor C: bare workflow, signal with start, one empty activity"}
	run := &series{name: "auto-charge: due-date run, ledger, timeline, webhooks, workflow's end", floor: bare}
	loop := &series{name: fmt.Sprintf("plain table and a loop, %d at once: reserve, create, confirm, record; no webhooks", activities.DueAtOnce), floor: bare}
	round := func(n int, bare, run, loop *series) error {
		if err := b.take(ctx, bare, n, b.floorCharge); err != nil {
			return err
		}
		if err := b.makeDue(ctx, n); err != nil {
			return err
		}
		if err := b.takeAll(ctx, run, b.chargeDue(n)); err != nil {
			return err
		}
		if err := plain.makeDue(ctx, n); err != nil {
			return err
		}
		return b.takeAll(ctx, loop, func(ctx context.Context) ([]done, error) {
			return b.repeat(ctx, n, activities.DueAtOnce, plain.chargeNext)
		})
	}
	b.say("Warming up charges by themselves")
	if err := round(2*b.InFlight, &series{}, &series{}, &series{}); err != nil {
		return err
	}
	stop, err := b.profile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	rounds := 0
	for began := time.Now(); rounds < b.Rounds && (rounds == 0 || time.Since(began) < b.Within); rounds++ {
		b.say(fmt.Sprintf("Charges by themselves, round %d of %d", rounds+1, b.Rounds))
		if err := round(b.Each, bare, run, loop); err != nil {
			return err
		}
	}
	return b.report(ctx, rounds, []*series{bare, run, loop})
}

// startOperator opens Remit's commands for what is started beside the API.
func (b *bench) startOperator(ctx context.Context) error {
	if b.operator != nil {
		return nil
	}
	settings := b.settings
	settings.Listen, settings.Work, settings.Answer = "", false, time.Hour // a run is waited for
	var err error
	if b.operator, err = program.Start(ctx, settings); err != nil {
		return err
	}
	b.operator.Commands.RequireSecondFactor = false
	return b.pauseSchedule(ctx)
}

// pauseSchedule has nobody but us start due-date runs.
func (b *bench) pauseSchedule(ctx context.Context) error {
	tenants, err := column[uuid.UUID](ctx, b, "select id from tenants where path = $1", organisation)
	if err != nil {
		return err
	}
	schedule := b.client.ScheduleClient().GetHandle(ctx, remit.DueDateSchedule(tenants[0]))
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for range 300 { // the sweep makes it
		if err = schedule.Pause(ctx, client.SchedulePauseOptions{}); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return fmt.Errorf("pause the schedule of due-date runs: %w", err)
}

// makeDue makes invoices whose charge is due now, by the API; only the time of the
// charge is moved, which would be weeks ahead.
func (b *bench) makeDue(ctx context.Context, n int) error {
	if err := b.addPayers(ctx, payers); err != nil {
		return err
	}
	err := b.autoCharging(ctx, func() error {
		_, err := b.repeat(ctx, n, b.InFlight, func(ctx context.Context) (string, error) {
			_, err := b.makeInvoice(ctx)
			return "", err
		})
		return err
	})
	if err != nil {
		return err
	}
	return b.sql(ctx, dueNow+" where kind = 'charge' and done_at is null")
}

// dueNow has charges made now whose dates are to come, as a person may.
const dueNow = `update agenda set at = now(), details = coalesce(details, '{}') || '{"asked": true}'`

// chargeDue carries out a due-date run that has to charge n invoices. How long one
// took is from the reservation of its attempt to its recorded end.
func (b *bench) chargeDue(n int) func(context.Context) ([]done, error) {
	return func(ctx context.Context) ([]done, error) {
		caller, err := b.operator.Commands.ActAs(ctx, b.ben)
		if err != nil {
			return nil, err
		}
		run, err := b.operator.Commands.StartDueDateRun(ctx, caller, organisation, func() (commands.DueDateInput, error) { return commands.DueDateInput{}, nil })
		if err != nil {
			return nil, err
		}
		if run.State != remit.RunDone || run.Counts.Charged != n {
			return nil, fmt.Errorf("a due-date run of %d charges came to %s: %+v", n, run.State, run.Counts)
		}
		return b.charged(ctx, run.ID)
	}
}

func (b *bench) charged(ctx context.Context, run uuid.UUID) ([]done, error) {
	const entries = " from due_date_run_entries e join attempts a on a.tenant = e.tenant and a.id = e.attempt_id where e.run_id = $1 order by a.id"
	invoices, err := column[uuid.UUID](ctx, b, "select e.invoice_id"+entries, run)
	if err != nil {
		return nil, err
	}
	took, err := column[time.Duration](ctx, b, "select a.ended_at - a.created_at"+entries, run)
	if err != nil {
		return nil, err
	}
	all := make([]done, len(invoices))
	for n := range all {
		all[n] = done{took[n], remit.InvoiceWorkflowID(invoices[n])}
	}
	return all, nil
}

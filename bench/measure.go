package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// series is one measurement over all its rounds.
type series struct {
	name         string
	floor        *series
	took         time.Duration
	each         []time.Duration
	cpu          cpu
	transactions int64    // of Remit's database
	workflows    []string // their ids
}

// measure takes the floors and the figures in turns.
func (b *bench) measure(ctx context.Context) (err error) {
	floors := b.floorWorker()
	if err := floors.Start(); err != nil {
		return fmt.Errorf("start the bare worker: %w", err)
	}
	defer floors.Stop()
	payment := &series{name: "floor A: bare workflow, update with start, one empty activity"}
	pay := &series{name: "payment by HTTP: token, permission, request key, ledger, audit, webhook", floor: payment}
	invoice := &series{name: "floor B: bare journey: 3 empty activities, update, timer, signal"}
	whole := &series{name: "journey by HTTP: invoice created, sent (work item), paid", floor: invoice}
	all := []*series{payment, pay, invoice, whole}
	if err := b.addPayers(ctx, payers); err != nil {
		return err
	}
	b.say("Warming up")
	if err := b.round(ctx, b.InFlight*2, &series{}, &series{}, &series{}, &series{}); err != nil {
		return err
	}
	stop, err := b.profile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	began, rounds := time.Now(), 0
	for rounds < b.Rounds && (rounds == 0 || time.Since(began) < b.Within) {
		rounds++
		b.say(fmt.Sprintf("Round %d of %d", rounds, b.Rounds))
		if err := b.round(ctx, b.Each, all...); err != nil {
			return err
		}
	}
	return b.report(ctx, rounds, all)
}

func (b *bench) round(ctx context.Context, n int, all ...*series) error {
	pay, err := b.prepare(ctx, n)
	if err != nil {
		return err
	}
	for i, step := range []func(context.Context) (string, error){b.floorPayment, pay, b.floorJourney, b.journey} {
		if err := b.take(ctx, all[i], n, step); err != nil {
			return err
		}
	}
	return nil
}

// take adds n repetitions of a step to a series.
func (b *bench) take(ctx context.Context, into *series, n int, step func(context.Context) (string, error)) error {
	return b.takeAll(ctx, into, func(ctx context.Context) ([]done, error) { return b.repeat(ctx, n, b.InFlight, step) })
}

// takeAll adds what something did to a series. The processor time counts until
// what was set off has come to rest; the rate does not.
func (b *bench) takeAll(ctx context.Context, into *series, do func(context.Context) ([]done, error)) error {
	if err := b.rest(ctx); err != nil {
		return err
	}
	used, err := b.used(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	done, err := do(ctx)
	into.took += time.Since(began)
	if err != nil {
		return err
	}
	for _, one := range done {
		into.each = append(into.each, one.took)
		if one.workflow != "" {
			into.workflows = append(into.workflows, one.workflow)
		}
	}
	if err := b.rest(ctx); err != nil {
		return err
	}
	now, err := b.used(ctx)
	into.cpu = into.cpu.plus(now.cpu.minus(used.cpu))
	into.transactions += now.transactions - used.transactions
	return err
}

// done is one repetition.
type done struct {
	took     time.Duration
	workflow string // "" where there is none
}

// repeat repeats a step n times with some of them under way at once.
func (b *bench) repeat(ctx context.Context, n, atOnce int, step func(context.Context) (string, error)) ([]done, error) {
	all := make([]done, n)
	var taken atomic.Int64
	var wait sync.WaitGroup
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for range atOnce {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(taken.Add(1)) - 1
				if i >= n {
					return
				}
				began := time.Now()
				workflow, err := step(ctx)
				if err != nil {
					cancel(err)
				}
				all[i] = done{time.Since(began), workflow}
			}
		})
	}
	wait.Wait()
	return all, context.Cause(ctx)
}

// rest waits until our processes have next to nothing left to do, for ten
// seconds at most: Temporal never stops altogether.
func (b *bench) rest(ctx context.Context) error { return b.calm(ctx, 10*time.Second) }

// calmAtMost is how long it is waited for thousands of workflows that were started.
const calmAtMost = 20 * time.Minute

// calm waits until our processes have next to nothing left to do.
func (b *bench) calm(ctx context.Context, most time.Duration) error {
	const look, quiet = 250 * time.Millisecond, 0.15
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	before := b.cpu()
	for began := time.Now(); time.Since(began) < most; {
		at := time.Now()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		now := b.cpu()
		if now.minus(before).sum().Seconds() < quiet*time.Since(at).Seconds() {
			return nil
		}
		before = now
	}
	return nil
}

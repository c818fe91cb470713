// Package bench measures Remit beside the least that the same Temporal server
// could do: a bare workflow with one update and one empty activity, and the
// bare journey of an invoice. Floor and figure come from one run, in turns, so
// that the machine's speed of the day cancels out.
//
// It owns the measurement and nothing of what is measured: Remit runs as a
// process of its own, as in production, on a PostgreSQL, a Temporal and a
// stand-in for Stripe that are made for the run. A figure is for comparison and
// never a test.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Options say how long and how wide.
type Options struct {
	Rounds   int           // of each measurement, in turns; 0 is 3
	Each     int           // workflows, payments and journeys a round; 0 is 240
	InFlight int           // 0 is 32
	Within   time.Duration // no further round is begun after that; 0 is 5 minutes
	Program  string        // remit's own file, for Remit's process and the stand-in's
	// Profile names a file for the CPU profile of Remit, which then runs in this
	// process; "" for none.
	Profile string
	// Inside runs Remit in this process without a profile.
	Inside bool
	// Only names the one measurement that is taken; "" takes those parts
	// that are through in minutes.
	Only string
	// Beside is how many charges the run has beside which payments are measured; 0 is 300.
	Beside int
	// Scale is how many invoices are open in the larger of the two runs that are
	// compared, and how many schedules are due at once; 0 is 100,000.
	Scale int
	// Others is how many of those that are not due have their workflow; 0 is a
	// fiftieth.
	Others int
	// Waiting is how many waiting workflows are started to tell what one costs; 0 is
	// 5,000.
	Waiting int
	// Mapped is how many customers are brought together with as many of Stripe's; 0 is
	// 10,000.
	Mapped int
}

// part is one measurement.
type part struct {
	name  string
	long  bool // is taken only where it is asked for
	start func(*bench, context.Context) error
}

var parts = []part{
	{name: "payments", start: (*bench).measure},
	{name: "due", start: (*bench).due},
	{name: "latency", start: (*bench).latency},
	{name: "scaling", start: (*bench).scaling, long: true},
	{name: "schedules", start: (*bench).schedules, long: true},
	{name: "waiting", start: (*bench).waiting, long: true},
	{name: "mapping", start: (*bench).mapping, long: true},
}

// Run brings everything up in a temporary folder, measures, and prints.
func Run(ctx context.Context, out io.Writer, options Options) error {
	return inFolder(ctx, out, options, func(b *bench, ctx context.Context) error {
		if err := b.furnish(ctx); err != nil {
			return err
		}
		if err := b.startOperator(ctx); err != nil {
			return err
		}
		for _, p := range parts {
			if b.Only != p.name && (b.Only != "" || p.long) {
				continue
			}
			if err := p.start(b, ctx); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		return nil
	})
}

// inFolder brings up everything but Remit in a temporary folder and takes all of
// it away again afterwards.
func inFolder(ctx context.Context, out io.Writer, options Options, do func(*bench, context.Context) error) (err error) {
	setDefault(&options.Rounds, 3)
	setDefault(&options.Each, 240)
	setDefault(&options.InFlight, 32)
	setDefault(&options.Beside, 300)
	setDefault(&options.Scale, 100_000)
	setDefault(&options.Others, options.Scale/50)
	setDefault(&options.Waiting, 5_000)
	setDefault(&options.Mapped, 10_000)
	setDefault(&options.Within, 5*time.Minute)
	path, err := os.MkdirTemp("", "remit-bench")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	b := &bench{Options: options, out: out}
	defer func() {
		err = errors.Join(err, b.stop(context.WithoutCancel(ctx)), os.RemoveAll(path))
	}()
	if err := b.start(ctx, path); err != nil {
		return err
	}
	if err := do(b, ctx); err != nil {
		return fmt.Errorf("%w\nRemit's last warnings:\n%s", err, b.warnings(10))
	}
	return nil
}

func setDefault[T int | time.Duration](value *T, fallback T) {
	if *value <= 0 {
		*value = fallback
	}
}

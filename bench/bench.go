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
}

// Run brings everything up in a temporary folder, measures, and prints.
func Run(ctx context.Context, out io.Writer, options Options) (err error) {
	setDefault(&options.Rounds, 3)
	setDefault(&options.Each, 240)
	setDefault(&options.InFlight, 32)
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
	if err := b.furnish(ctx); err != nil {
		return err
	}
	return b.measure(ctx)
}

func setDefault[T int | time.Duration](value *T, fallback T) {
	if *value <= 0 {
		*value = fallback
	}
}

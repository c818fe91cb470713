// Package worker hosts the workflows and activities: task queue, limits,
// telemetry, and an orderly end.
//
// It owns how they are run. It does not own what they do.
package worker

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
	"remit/workflows"
)

// Options for [New]. The zero value suits one process on two cores.
type Options struct {
	Times     workflows.Times
	TaskQueue string // "" is [remit.TaskQueue]
	// Pollers of each kind; 0 is 5, the best measured on two cores.
	Pollers int
	// StopTimeout is how long running steps have to end; 0 is 25 s.
	StopTimeout time.Duration
}

// Worker is a running host.
type Worker struct{ sdk sdk.Worker }

// New registers everything under its fixed name. Renaming a registered
// workflow or activity is a migration, not a refactoring.
func New(c client.Client, payments *activities.Payments, options Options) *Worker {
	if options.Times == (workflows.Times{}) {
		options.Times = workflows.DefaultTimes
	}
	if options.TaskQueue == "" {
		options.TaskQueue = remit.TaskQueue
	}
	if options.Pollers == 0 {
		options.Pollers = 5
	}
	if options.StopTimeout == 0 {
		options.StopTimeout = 25 * time.Second
	}
	w := sdk.New(c, options.TaskQueue, sdk.Options{
		MaxConcurrentWorkflowTaskPollers: options.Pollers,
		MaxConcurrentActivityTaskPollers: options.Pollers,
		WorkerStopTimeout:                options.StopTimeout,
		DisableRegistrationAliasing:      true,
	})
	Register(w, payments, options.Times)
	return &Worker{sdk: w}
}

// Register registers the workflows and activities; replay tests use it too.
func Register(r sdk.Registry, payments *activities.Payments, times workflows.Times) {
	r.RegisterWorkflowWithOptions(workflows.Invoices{Times: times}.InvoicePayment, workflow.RegisterOptions{Name: remit.InvoicePaymentWorkflow})
	for name, step := range map[string]any{
		"Load": payments.Load, "Perform": payments.Perform, "Advance": payments.Advance, "Refresh": payments.Refresh,
	} {
		r.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
}

// Run works until ctx ends, then lets running steps finish.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.sdk.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	w.sdk.Stop()
	return nil
}

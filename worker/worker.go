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
func New(c client.Client, steps Steps, options Options) *Worker {
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
	Register(w, steps, options.Times)
	return &Worker{sdk: w}
}

// Steps are the activities.
type Steps struct {
	Payments *activities.Payments
	Imports  *activities.Imports
}

// Register registers the workflows and activities; replay tests use it too.
func Register(r sdk.Registry, steps Steps, times workflows.Times) {
	invoices := workflows.Invoices{Times: times}
	r.RegisterWorkflowWithOptions(invoices.InvoicePayment, workflow.RegisterOptions{Name: remit.InvoicePaymentWorkflow})
	r.RegisterWorkflowWithOptions(invoices.ImportInvoices, workflow.RegisterOptions{Name: remit.ImportInvoicesWorkflow})
	for name, step := range map[string]any{
		"Load": steps.Payments.Load, "Perform": steps.Payments.Perform, "Advance": steps.Payments.Advance, "Refresh": steps.Payments.Refresh,
		"AfterPayment": steps.Payments.AfterPayment,
		"ImportFile":   steps.Imports.ImportFile, "BeginImported": steps.Imports.BeginImported,
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

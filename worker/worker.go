// Package worker hosts the workflows and activities: task queue, limits,
// telemetry, and an orderly end.
//
// It owns how they are run. It does not own what they do.
package worker

import (
	"context"
	"sync"
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
	// BatchQueue is the queue of due-date runs; "" is [remit.BatchQueue].
	BatchQueue string
	// Pollers of each kind; 0 is 5, the best measured on two cores.
	Pollers int
	// StopTimeout is how long running steps have to end; 0 is 25 s.
	StopTimeout time.Duration
}

// Worker is a running host: of what people wait for, and, on a queue of its own, of
// what goes through many invoices.
type Worker struct{ sdk, batch sdk.Worker }

// runsAtOnce is how many pages of due-date runs one process carries out at once, of
// as many organisations.
const runsAtOnce = 4

// New registers everything under its fixed name. Renaming a registered
// workflow or activity is a migration, not a refactoring.
func New(c client.Client, steps Steps, options Options) *Worker {
	if options.Times == (workflows.Times{}) {
		options.Times = workflows.DefaultTimes
	}
	if options.TaskQueue == "" {
		options.TaskQueue = remit.TaskQueue
	}
	if options.BatchQueue == "" {
		options.BatchQueue = remit.BatchQueue
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
	batch := sdk.New(c, options.BatchQueue, sdk.Options{
		MaxConcurrentWorkflowTaskPollers: 2, MaxConcurrentActivityTaskPollers: 2, MaxConcurrentActivityExecutionSize: runsAtOnce,
		WorkerStopTimeout: options.StopTimeout, DisableRegistrationAliasing: true,
	})
	Register(batch, steps, options.Times)
	return &Worker{sdk: w, batch: batch}
}

// Steps are the activities.
type Steps struct {
	Payments        *activities.Payments
	Imports         *activities.Imports
	Reconciliations *activities.Reconciliations
	BankAccounts    *activities.BankAccounts
	DueDates        *activities.DueDates
	Billing         *activities.Billing
	Connections     *activities.Connections
	Dashboards      *activities.Dashboards
}

// Register registers the workflows and activities; replay tests use it too.
func Register(r sdk.Registry, steps Steps, times workflows.Times) {
	invoices := workflows.Invoices{Times: times}
	r.RegisterWorkflowWithOptions(invoices.InvoicePayment, workflow.RegisterOptions{Name: remit.InvoicePaymentWorkflow})
	r.RegisterWorkflowWithOptions(invoices.Refund, workflow.RegisterOptions{Name: remit.RefundWorkflow})
	r.RegisterWorkflowWithOptions(invoices.ImportInvoices, workflow.RegisterOptions{Name: remit.ImportInvoicesWorkflow})
	r.RegisterWorkflowWithOptions(invoices.BankAccountVerification, workflow.RegisterOptions{Name: remit.BankAccountWorkflow})
	r.RegisterWorkflowWithOptions(invoices.Onboarding, workflow.RegisterOptions{Name: remit.OnboardingWorkflow})
	r.RegisterWorkflowWithOptions(invoices.DueDateRun, workflow.RegisterOptions{Name: remit.DueDateRunWorkflow})
	r.RegisterWorkflowWithOptions(invoices.Billing, workflow.RegisterOptions{Name: remit.BillingWorkflow})
	r.RegisterWorkflowWithOptions(invoices.DashboardRefresh, workflow.RegisterOptions{Name: remit.DashboardWorkflow})
	r.RegisterWorkflowWithOptions(invoices.Reconciliation, workflow.RegisterOptions{Name: remit.ReconciliationWorkflow})
	for name, step := range map[string]any{
		"Load": steps.Payments.Load, "Perform": steps.Payments.Perform, "Advance": steps.Payments.Advance, "Refresh": steps.Payments.Refresh,
		"AfterPayment": steps.Payments.AfterPayment, "SendRefund": steps.Payments.SendRefund,
		"ImportFile": steps.Imports.ImportFile, "BeginImported": steps.Imports.BeginImported,
		"LookAtBankAccount": steps.BankAccounts.LookAtBankAccount, "VerifyDeposits": steps.BankAccounts.VerifyDeposits,
		"LookAtConnection":  steps.Connections.LookAtConnection,
		"CompareWithStripe": steps.Reconciliations.CompareWithStripe,
		"RefreshDashboard":  steps.Dashboards.RefreshDashboard,
		"BeginDueDateRun":   steps.DueDates.BeginDueDateRun, "ChargeDuePage": steps.DueDates.ChargeDuePage,
		"BillDuePage":   steps.Billing.BillDuePage,
		"NoticeDuePage": steps.DueDates.NoticeDuePage, "EndDueDateRun": steps.DueDates.EndDueDateRun,
	} {
		r.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
}

// Run works until ctx ends, then lets running steps finish.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.sdk.Start(); err != nil {
		return err
	}
	if err := w.batch.Start(); err != nil {
		w.sdk.Stop()
		return err
	}
	<-ctx.Done()
	var stopping sync.WaitGroup // a step of a run waits for steps of invoices
	stopping.Go(w.batch.Stop)
	stopping.Go(w.sdk.Stop)
	stopping.Wait()
	return nil
}

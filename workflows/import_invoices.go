package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

var imports *activities.Imports

// ImportInvoices brings one file of invoices in, then starts their workflows.
// Each step resumes where it was stopped, so an import outlives any process that
// works on it.
func (i Invoices) ImportInvoices(ctx workflow.Context, ref remit.ImportRef) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: i.Times.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	})
	if err := workflow.ExecuteActivity(ctx, imports.ImportFile, ref).Get(ctx, nil); err != nil {
		return err
	}
	return workflow.ExecuteActivity(ctx, imports.BeginImported, ref).Get(ctx, nil)
}

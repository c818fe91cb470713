package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

var billing *activities.Billing

// billPages is how many pages one run of the workflow takes before it goes on as a
// new one.
const billPages = 500

// Billing carries out what an organisation's billing schedules have due, a page at a
// time, and ends. Nothing of it is kept here: what is due is on the agenda, and a page
// that was stopped is taken up by whoever comes next. Organisations that are all due
// at once take turns page by page.
func (i Invoices) Billing(ctx workflow.Context, ref remit.BillingRef) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: workflow.GetInfo(ctx).TaskQueueName, StartToCloseTimeout: 30 * time.Minute, HeartbeatTimeout: i.Times.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	for range billPages {
		var more bool
		if err := workflow.ExecuteActivity(ctx, billing.BillDuePage, ref).Get(ctx, &more); err != nil || !more {
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, i.Billing, ref)
}

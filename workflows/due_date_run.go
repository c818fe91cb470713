package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

var dueDates *activities.DueDates

// duePages is how many pages one run of the workflow takes before it goes on as a
// new one, so that a million invoices make no long history.
const duePages = 500

// DueDateRun carries out what is due of charges by themselves and of notices, a page
// at a time. Where it is in the run is in the database: a page that was stopped is
// taken up by whoever comes next.
func (i Invoices) DueDateRun(ctx workflow.Context, ref remit.DueDateRunRef) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: workflow.GetInfo(ctx).TaskQueueName, StartToCloseTimeout: 30 * time.Minute, HeartbeatTimeout: i.Times.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	if err := workflow.ExecuteActivity(ctx, dueDates.BeginDueDateRun, ref).Get(ctx, &ref.Run); err != nil || ref.Run == nil {
		return err
	}
	for _, step := range []any{dueDates.ChargeDuePage, dueDates.NoticeDuePage} {
		for page := 0; ; page++ {
			if page == duePages {
				return workflow.NewContinueAsNewError(ctx, i.DueDateRun, ref)
			}
			var more bool
			if err := workflow.ExecuteActivity(ctx, step, ref).Get(ctx, &more); err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	return workflow.ExecuteActivity(ctx, dueDates.EndDueDateRun, ref).Get(ctx, nil)
}

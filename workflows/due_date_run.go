package workflows

import (
	"errors"
	"fmt"
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

// dueTries is how often a step of a run is tried, for half an hour, before the run
// ends as failed: what is due is the next one's.
const dueTries = 35

// DueDateRun carries out what is due of charges by themselves and of notices, a page
// at a time. Where it is in the run is in the database: a page that was stopped is
// taken up by whoever comes next. A row that cannot be carried out is the page's to
// note; a run that as a whole cannot go on ends, so that it stands in nobody's way.
func (i Invoices) DueDateRun(ctx workflow.Context, ref remit.DueDateRunRef) error {
	patient := workflow.ActivityOptions{
		TaskQueue: workflow.GetInfo(ctx).TaskQueueName, StartToCloseTimeout: 30 * time.Minute, HeartbeatTimeout: i.Times.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	}
	bounded := patient
	policy := *patient.RetryPolicy
	policy.MaximumAttempts, bounded.RetryPolicy = dueTries, &policy
	ending := workflow.WithActivityOptions(ctx, patient)
	ctx = workflow.WithActivityOptions(ctx, bounded)
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
				if temporal.IsCanceledError(err) {
					return err
				}
				ref.Failure = stopped(err)
				return workflow.ExecuteActivity(ending, dueDates.EndDueDateRun, ref).Get(ctx, nil)
			}
			if !more {
				break
			}
		}
	}
	return workflow.ExecuteActivity(ending, dueDates.EndDueDateRun, ref).Get(ctx, nil)
}

// stopped says why a run could not go on, to people.
func stopped(err error) string {
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok && timeout != nil {
		return "a page of it took too long, however often it was tried"
	}
	return fmt.Sprintf("a page of it failed %d times; the log says why", dueTries)
}

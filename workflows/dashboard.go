package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

var dashboards *activities.Dashboards

// dashboardSteps bounds one refresh's history. What is left the next one reads.
const dashboardSteps = 40

// DashboardRefresh reads again what Stripe says of an account, for people to look
// at. Where it is comes from the database: one that died goes on there.
func (i Invoices) DashboardRefresh(ctx workflow.Context, ref remit.DashboardRef) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: i.Times.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	for range dashboardSteps {
		var more bool
		if err := workflow.ExecuteActivity(ctx, dashboards.RefreshDashboard, ref).Get(ctx, &more); err != nil || !more {
			return err
		}
	}
	return nil
}

package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

var reconciliations *activities.Reconciliations

// Reconciliation compares an organisation's ledger with its account at Stripe
// and records what differs. It books nothing: what is missing is fetched by the
// invoice's own workflow, after a night or once somebody asks for it (M1, M6). The comparison is
// one step that leaves nothing behind until it has ended, so that one that died
// half-way is made again.
func (i Invoices) Reconciliation(ctx workflow.Context, ref remit.ReconciliationRef) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 6 * time.Hour, HeartbeatTimeout: i.Times.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	})
	return workflow.ExecuteActivity(ctx, reconciliations.CompareWithStripe, ref).Get(ctx, nil)
}

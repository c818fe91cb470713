package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// floorQueue is the task queue of the bare workflows.
const floorQueue = "bench-floor"

func nothing(context.Context) error { return nil }

// payable is the floor of a payment: started with an update whose handler runs
// one empty activity, then done.
func payable(ctx workflow.Context) error {
	paid := false
	err := workflow.SetUpdateHandler(ctx, "pay", func(ctx workflow.Context) error {
		defer func() { paid = true }()
		return workflow.ExecuteActivity(bare(ctx), nothing).Get(ctx, nil)
	})
	if err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return paid })
}

// journey is the floor of an invoice: an activity for its work item, an update
// that pays by one activity, a timer of thirty days beside it, Stripe's signal,
// and an activity that finishes.
func journey(ctx workflow.Context) error {
	paid := false
	err := workflow.SetUpdateHandler(ctx, "pay", func(ctx workflow.Context) error {
		defer func() { paid = true }()
		return workflow.ExecuteActivity(bare(ctx), nothing).Get(ctx, nil)
	})
	if err != nil {
		return err
	}
	if err := workflow.ExecuteActivity(bare(ctx), nothing).Get(ctx, nil); err != nil {
		return err
	}
	if _, err := workflow.AwaitWithTimeout(ctx, 30*24*time.Hour, func() bool { return paid }); err != nil {
		return err
	}
	workflow.GetSignalChannel(ctx, "stripe").Receive(ctx, nil)
	return workflow.ExecuteActivity(bare(ctx), nothing).Get(ctx, nil)
}

func bare(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
}

func (b *bench) floorWorker() worker.Worker {
	w := worker.New(b.client, floorQueue, worker.Options{MaxConcurrentWorkflowTaskPollers: 5, MaxConcurrentActivityTaskPollers: 5})
	w.RegisterWorkflow(payable)
	w.RegisterWorkflow(journey)
	w.RegisterWorkflow(chargeable)
	w.RegisterActivity(nothing)
	return w
}

// pay runs the floor of a payment once.
func (b *bench) floorPayment(ctx context.Context) (string, error) {
	id := "bench-pay/" + uuid.NewString()
	start := b.client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: id, TaskQueue: floorQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, payable)
	handle, err := b.client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions:          client.UpdateWorkflowOptions{UpdateName: "pay", WorkflowID: id, WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	if err != nil {
		return id, fmt.Errorf("update a bare workflow: %w", err)
	}
	if err := handle.Get(ctx, nil); err != nil {
		return id, fmt.Errorf("update a bare workflow: %w", err)
	}
	return id, nil
}

// floorJourney runs the floor of an invoice's journey once, to its end.
func (b *bench) floorJourney(ctx context.Context) (string, error) {
	id := "bench-journey/" + uuid.NewString()
	run, err := b.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: floorQueue}, journey)
	if err != nil {
		return id, fmt.Errorf("start a bare journey: %w", err)
	}
	handle, err := b.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: id, UpdateName: "pay", WaitForStage: client.WorkflowUpdateStageCompleted})
	if err != nil {
		return id, fmt.Errorf("pay a bare journey: %w", err)
	}
	if err := handle.Get(ctx, nil); err != nil {
		return id, fmt.Errorf("pay a bare journey: %w", err)
	}
	if err := b.client.SignalWorkflow(ctx, id, "", "stripe", nil); err != nil {
		return id, fmt.Errorf("signal a bare journey: %w", err)
	}
	return id, run.Get(ctx, nil)
}

// chargeable is the floor of a charge that nobody waits for: woken by a signal, it
// runs one empty activity, and is done.
func chargeable(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "due").Receive(ctx, nil)
	return workflow.ExecuteActivity(bare(ctx), nothing).Get(ctx, nil)
}

// floorCharge runs the floor of a charge once, to its end.
func (b *bench) floorCharge(ctx context.Context) (string, error) {
	id := "bench-due/" + uuid.NewString()
	run, err := b.client.SignalWithStartWorkflow(ctx, id, "due", nil, client.StartWorkflowOptions{TaskQueue: floorQueue}, chargeable)
	if err != nil {
		return id, fmt.Errorf("signal a bare workflow: %w", err)
	}
	return id, run.Get(ctx, nil)
}

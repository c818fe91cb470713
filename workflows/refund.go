package workflows

import (
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

// Refund brings one refund to its end, once the invoice's workflow has reserved
// it (M14). It outlives that one's runs: a refund may take weeks, and holds no
// payment up meanwhile.
func (i Invoices) Refund(ctx workflow.Context, ref remit.RefundRef) error {
	wakes := workflow.GetSignalChannel(ctx, remit.SignalWake)
	steps := &invoicePayment{times: i.Times}
	for {
		for wakes.ReceiveAsync(nil) {
			continue // they only say "look"
		}
		var next activities.RefundNext
		if err := workflow.ExecuteActivity(steps.step(ctx), payments.SendRefund, ref).Get(ctx, &next); err != nil {
			workflow.GetLogger(ctx).Error("the refund could not be brought on", "error", err)
			again := stepFailed
			next.WakeIn = &again
		}
		switch {
		case wakes.Len() > 0:
			continue
		case next.WakeIn == nil:
			return nil
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return workflow.NewContinueAsNewError(ctx, i.Refund, ref)
		}
		if err := pause(ctx, wakes, *next.WakeIn); err != nil {
			return err
		}
	}
}

// pause waits for a time or a signal, whichever comes first.
func pause(ctx workflow.Context, wakes workflow.ReceiveChannel, d time.Duration) error {
	timing, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimer(timing, d)
	return workflow.Await(ctx, func() bool { return wakes.Len() > 0 || timer.IsReady() })
}

// handRefunds gives reserved refunds to their own workflows, which go on whatever
// becomes of this one.
func (p *invoicePayment) handRefunds(ctx workflow.Context) {
	waiting := p.state.Refunds
	p.state.Refunds = nil
	for _, id := range waiting {
		own := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: remit.RefundWorkflowID(id), ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
		})
		ref := remit.RefundRef{Tenant: p.ref.Tenant, Invoice: p.ref.Invoice, Refund: id}
		err := workflow.ExecuteChildWorkflow(own, remit.RefundWorkflow, ref).GetChildWorkflowExecution().Get(ctx, nil)
		if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			workflow.GetLogger(ctx).Error("a refund was not handed on", "error", err)
			p.take(p.unknown()) // it is looked for again
		}
	}
}

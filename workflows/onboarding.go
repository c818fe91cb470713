package workflows

import (
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

var connections *activities.Connections

// Onboarding follows one connected account for as long as it is connected: from the
// form its owner fills in, through what Stripe wants to know later, to its end. It
// looks when Stripe reports something, when it is asked to, and by itself.
func (i Invoices) Onboarding(ctx workflow.Context, ref remit.ConnectionRef) error {
	wakes := workflow.GetSignalChannel(ctx, remit.SignalWake)
	steps, turn := &invoicePayment{times: i.Times}, workflow.NewMutex(ctx)
	var next activities.ConnectionNext
	looked := false // somebody asked for a look, since the last one
	look := func(ctx workflow.Context) error {
		if err := turn.Lock(ctx); err != nil {
			return err
		}
		defer turn.Unlock()
		for wakes.ReceiveAsync(nil) {
			continue // they only say "look"
		}
		var said activities.ConnectionNext // afresh: what an answer leaves out is not what the last one said
		err := workflow.ExecuteActivity(steps.step(ctx), connections.LookAtConnection, ref).Get(ctx, &said)
		if err == nil {
			next = said
		}
		return err
	}
	err := workflow.SetUpdateHandler(ctx, remit.UpdateLook, func(ctx workflow.Context) error {
		defer func() { looked = true }()
		return look(ctx)
	})
	if err != nil {
		return err
	}
	for due := true; ; {
		if due {
			if err := look(ctx); err != nil {
				workflow.GetLogger(ctx).Error("the account could not be looked at", "error", err)
				again := stepFailed
				next.WakeIn = &again
			}
		}
		if next.WakeIn == nil || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
				return err
			}
			switch {
			case wakes.Len() > 0:
				due = true // something came in while the handlers ended
				continue
			case next.WakeIn == nil:
				return nil
			}
			return workflow.NewContinueAsNewError(ctx, i.Onboarding, ref)
		}
		looked = false
		timing, cancel := workflow.WithCancel(ctx)
		timer := workflow.NewTimer(timing, *next.WakeIn)
		err := workflow.Await(ctx, func() bool { return wakes.Len() > 0 || looked || timer.IsReady() })
		due = !looked || wakes.Len() > 0 // a look that was asked for is one, and only moves the timer
		cancel()
		if err != nil {
			return err
		}
	}
}

package workflows

import (
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

var bankAccounts *activities.BankAccounts

// BankAccountVerification brings one bank account to being a payment method: it
// follows its deposits, tells the customer of them, takes what he enters, and ends
// with the account's verification, or that there will be none. Woken later, it
// looks whether the account may still be debited.
func (i Invoices) BankAccountVerification(ctx workflow.Context, ref remit.BankAccountRef) error {
	wakes := workflow.GetSignalChannel(ctx, remit.SignalWake)
	steps, turn := &invoicePayment{times: i.Times}, workflow.NewMutex(ctx)
	entered := false // something was, since the last look
	err := workflow.SetUpdateHandler(ctx, remit.UpdateVerify, func(ctx workflow.Context, entry remit.DepositEntry) (remit.DepositsEntered, error) {
		var result remit.DepositsEntered
		if err := turn.Lock(ctx); err != nil {
			return result, err
		}
		defer turn.Unlock()
		err := workflow.ExecuteActivity(steps.step(ctx), bankAccounts.VerifyDeposits, ref, entry).Get(ctx, &result)
		entered = true
		return result, err
	})
	if err != nil {
		return err
	}
	for {
		if err := turn.Lock(ctx); err != nil {
			return err
		}
		for wakes.ReceiveAsync(nil) {
			continue // they only say "look"
		}
		entered = false
		var next activities.BankAccountNext
		if err := workflow.ExecuteActivity(steps.step(ctx), bankAccounts.LookAtBankAccount, ref).Get(ctx, &next); err != nil {
			workflow.GetLogger(ctx).Error("the bank account could not be looked at", "error", err)
			again := stepFailed
			next.WakeIn = &again
		}
		turn.Unlock()
		woken := func() bool { return wakes.Len() > 0 || entered }
		if next.WakeIn == nil || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
				return err
			}
			switch {
			case woken():
				continue // something came in while the handlers ended
			case next.WakeIn == nil:
				return nil
			}
			return workflow.NewContinueAsNewError(ctx, i.BankAccountVerification, ref)
		}
		timing, cancel := workflow.WithCancel(ctx)
		timer := workflow.NewTimer(timing, *next.WakeIn)
		err := workflow.Await(ctx, func() bool { return woken() || timer.IsReady() })
		cancel()
		if err != nil {
			return err
		}
	}
}

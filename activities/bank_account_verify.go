package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// VerifyDeposits enters what somebody read on an account's statement. Carried out
// again it is the same try: its key is the entry's.
func (a *BankAccounts) VerifyDeposits(ctx context.Context, ref remit.BankAccountRef, entry remit.DepositEntry) (remit.DepositsEntered, error) {
	defer heartbeat(ctx)()
	err := a.verify(ctx, ref, entry)
	if refused := refusal(err); refused != nil {
		return remit.DepositsEntered{Refused: refused}, nil
	}
	return remit.DepositsEntered{}, asTemporal(ctx, a.Logger, err)
}

func (a *BankAccounts) verify(ctx context.Context, ref remit.BankAccountRef, entry remit.DepositEntry) error {
	b, link, err := a.open(ctx, ref)
	if err != nil {
		return err
	}
	if link == nil {
		return remit.Conflict(remit.CodeNotConnected, "The Stripe account it was added at is not connected any more.")
	}
	if b.State == remit.BankAccountUsable {
		return nil // by this entry, carried out before, or by another
	}
	if !b.State.Waits() {
		return remit.Conflict(remit.CodeConflict, "%s", b.Reason)
	}
	if entry, err = entry.Check(b.Deposit); err != nil {
		return err
	}
	view, err := link.Stripe.VerifySetup(ctx, entry.ID.String()+"/verify", b.SetupIntent, entry)
	a.boundary("deposits entered")
	if err == nil {
		return a.record(ctx, ref, &view)
	}
	failure, ok := errors.AsType[*gateway.Failure](err)
	if !ok || !failure.Refused() {
		return err
	}
	switch failure.Code {
	case "payment_method_microdeposit_verification_amounts_mismatch", "payment_method_microdeposit_verification_descriptor_code_mismatch",
		"payment_method_microdeposit_verification_amounts_invalid":
		return a.mismatched(ctx, ref, failure)
	}
	if view, err = link.Stripe.Setup(ctx, b.SetupIntent); err != nil {
		return err
	}
	if err := a.record(ctx, ref, &view); err != nil {
		return err
	}
	return a.after(ctx, ref)
}

// mismatched notes how many tries Stripe has left and says so.
func (a *BankAccounts) mismatched(ctx context.Context, ref remit.BankAccountRef, failure *gateway.Failure) error {
	var b remit.BankAccount
	err := a.locked(ctx, ref, func(_ *postgres.Tx, stored *remit.BankAccount, _ time.Time) error {
		if failure.TriesLeft != nil {
			stored.TriesLeft = failure.TriesLeft
		}
		b = *stored
		return nil
	})
	if err != nil {
		return err
	}
	field, words := "amounts", "Those amounts do not match."
	if b.Deposit == remit.DepositCode {
		field, words = "descriptor_code", "That code does not match."
	}
	if b.TriesLeft != nil {
		words += fmt.Sprintf(" %s left.", triesOf(*b.TriesLeft))
	}
	return remit.Invalid(field, "%s", words)
}

func triesOf(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

// after answers an entry by what the account has come to.
func (a *BankAccounts) after(ctx context.Context, ref remit.BankAccountRef) error {
	var b remit.BankAccount
	err := a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		b, err = tx.BankAccount(ctx, ref.BankAccount)
		return err
	})
	switch {
	case err != nil:
		return err
	case b.State == remit.BankAccountUsable:
		return nil
	case b.Reason != "":
		return remit.Conflict(remit.CodeConflict, "%s", b.Reason)
	}
	return remit.Conflict(remit.CodeConflict, "Stripe did not take this. Check and send it again.")
}

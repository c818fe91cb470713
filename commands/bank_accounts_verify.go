package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/postgres"
)

// VerifyBankAccount enters what somebody read on the account's statement: two
// amounts or a code, whichever Stripe asked for. A wrong entry is an error of kind
// invalid that says how many tries are left; an account that cannot be verified
// any more a conflict. Where Stripe's answer does not come in time the account
// comes back as it stands.
func (c *Commands) VerifyBankAccount(ctx context.Context, caller Caller, id uuid.UUID, body Body[remit.DepositEntry]) (remit.BankAccount, error) {
	tenant, b, err := c.seeBankAccount(ctx, caller, id)
	if err != nil {
		return remit.BankAccount{}, err
	}
	entry, err := body()
	if err != nil {
		return remit.BankAccount{}, err
	}
	switch {
	case b.State == remit.BankAccountUsable:
		return b, remit.Conflict(remit.CodeConflict, "This account is verified already.")
	case !b.State.Waits():
		return b, remit.Conflict(remit.CodeConflict, "%s", b.Reason)
	case b.Deposit == "":
		return b, remit.Conflict(remit.CodeConflict, "Stripe has not said yet what it sends. Try again in a minute.")
	}
	if entry, err = entry.Check(b.Deposit); err != nil {
		return b, err
	}
	if entry.ID, err = uuid.NewV7(); err != nil {
		return b, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil {
		entry.ID = uuid.NewSHA1(caller.Asked, []byte("deposits of "+id.String()))
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		asked := caller.entry("bank_account.verify", "bank account "+id.String(), b.Organisation)
		asked.Outcome = remit.AuditAsked
		return c.audit(ctx, tx, asked)
	})
	if err != nil {
		return b, err
	}
	result, err := c.enter(ctx, remit.BankAccountRef{Tenant: tenant, BankAccount: id}, entry)
	if err != nil {
		return b, err
	}
	if result.Refused != nil {
		err = result.Refused.AsError()
	}
	readErr := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		b, err = tx.BankAccount(ctx, id)
		return err
	})
	return b, errors.Join(readErr, err)
}

// enter hands an entry to the account's workflow, starting it if it is not running,
// and waits for what comes of it.
func (c *Commands) enter(ctx context.Context, ref remit.BankAccountRef, entry remit.DepositEntry) (remit.DepositsEntered, error) {
	answer := c.Answer
	if answer == 0 {
		answer = DefaultAnswer
	}
	waiting, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	var result remit.DepositsEntered
	err := c.insist(waiting, func() error {
		handle, err := c.Temporal.UpdateWithStartWorkflow(waiting, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: c.Temporal.NewWithStartWorkflowOperation(c.bankAccountStart(ref), remit.BankAccountWorkflow, ref),
			UpdateOptions: client.UpdateWorkflowOptions{
				UpdateName: remit.UpdateVerify, UpdateID: entry.ID.String(), WorkflowID: remit.BankAccountWorkflowID(ref.BankAccount), Args: []any{entry},
				WaitForStage: client.WorkflowUpdateStageCompleted,
			},
		})
		if err != nil {
			return err
		}
		return handle.Get(waiting, &result)
	})
	if err != nil {
		c.Logger.WarnContext(ctx, "a bank account's workflow did not answer", "bank_account", ref.BankAccount, "error", err)
		return result, remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Stripe does not answer. We are checking; look at the account again in a minute.")
	}
	return result, nil
}

// wakeBankAccount tells a bank account's workflow to look, starting it if it is not
// running.
func (c *Commands) wakeBankAccount(ctx context.Context, ref remit.BankAccountRef, why string) error {
	return c.awaken(ctx, c.bankAccountStart(ref), remit.BankAccountWorkflow, ref, why)
}

func (c *Commands) bankAccountStart(ref remit.BankAccountRef) client.StartWorkflowOptions {
	return c.startOf(remit.BankAccountWorkflowID(ref.BankAccount))
}

// startMissingBankAccount starts a bank account's workflow and reports whether none
// was running.
func (c *Commands) startMissingBankAccount(ctx context.Context, ref remit.BankAccountRef) (bool, error) {
	return c.startAnew(ctx, c.bankAccountStart(ref), remit.BankAccountWorkflow, ref)
}

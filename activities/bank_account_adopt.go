package activities

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// acceptedAtStripe is the version of an authorisation whose text Stripe's own page
// showed, and whose proof Stripe keeps.
const acceptedAtStripe = "stripe"

// Adopt takes over a bank account that was named on Stripe's hosted page, verified
// there at once or waiting for deposits. Taken over again, or by two at once, it is
// the same one.
func (a *BankAccounts) Adopt(ctx context.Context, tenant uuid.UUID, link *Link, from postgres.SetupSession, setup gateway.SetupView) (remit.BankAccountRef, error) {
	ref := remit.BankAccountRef{Tenant: tenant}
	err := a.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.HoldIntent(ctx, link.Account, setup.ID); err != nil {
			return err
		}
		known, err := tx.BankAccountOfSetup(ctx, link.Account, setup.ID)
		if err != nil {
			return err
		}
		if known != nil {
			ref.BankAccount = known.ID
			return nil
		}
		// An event of the method may have come first or come now, and the account is that method.
		method, err := tx.MethodByStripeID(ctx, link.Account, setup.Method.ID)
		switch {
		case err != nil:
			return err
		case method != nil:
			ref.BankAccount = method.ID
		default:
			waits := methodOf(from.ID, from.CustomerID, link.Account, link.Livemode, setup.Method, remit.MethodAwaitingDeposit)
			if ref.BankAccount, _, err = tx.UpsertMethod(ctx, waits, a.Now()); err != nil {
				return err
			}
		}
		customer, err := tx.Customer(ctx, from.CustomerID)
		if err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		// Stripe's ten days do not begin when its page is looked at.
		now := clock.Now(a.Now())
		if setup.Created.Before(now) {
			now = setup.Created
		}
		return tx.InsertBankAccount(ctx, remit.BankAccount{
			ID: ref.BankAccount, CustomerID: customer.ID, OrganisationID: customer.OrganisationID, Account: link.Account, Livemode: link.Livemode,
			SetupIntent: setup.ID, State: remit.BankAccountRequested, Actor: from.Actor, CreatedAt: now,
			Acceptance: remit.MandateAcceptance{How: "online", At: now, Address: "at Stripe", Agent: "at Stripe", Version: acceptedAtStripe},
		})
	})
	if err != nil {
		return ref, err
	}
	return ref, a.record(ctx, ref, &setup)
}

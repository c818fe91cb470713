package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// CancelPayment calls back a bank debit that its bank does not have yet. It needs
// stripe=pay at the invoice's path, or to be its customer. Errors: the bank has it
// already, it is not on its way, what becomes of it is not known (409).
func (c *Commands) CancelPayment(ctx context.Context, caller Caller, id uuid.UUID) (remit.Payment, error) {
	found, payment, invoice, err := c.seePayment(ctx, caller, id, remit.StripePay)
	if err != nil {
		return remit.Payment{}, err
	}
	permit := remit.Permit{Account: caller.Account, Path: invoice.Organisation, Scopes: []remit.Scope{remit.StripePay}}
	if found.member.Customer != nil {
		permit = remit.Permit{Account: caller.Account, Customer: true}
	} else if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, remit.StripePay); err != nil {
		return remit.Payment{}, err
	}
	_, err = c.submit(ctx, caller, found, invoice, remit.RequestCancel, func(tx *postgres.Tx) (any, error) {
		last, err := tx.LastAttempt(ctx, payment.ID)
		if remit.IsCode(err, remit.CodeNotFound) { // money that came outside Stripe
			err = remit.Attempt{State: payment.State}.MayCancel()
		}
		if err == nil {
			err = last.MayCancel()
		}
		return remit.CancelRequest{Payment: payment.ID, Permit: caller.permitted(permit)}, err
	})
	if err != nil {
		return remit.Payment{}, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		after, err := tx.Payments(ctx, invoice.ID)
		for _, p := range after {
			if p.ID == id {
				payment = p
			}
		}
		return err
	})
	if found.member.Customer != nil {
		payment = payment.ForPayers()
	}
	return payment, err
}

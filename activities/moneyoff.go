package activities

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/seals"
)

// MoneyOn refuses to move money of a tenant whose database lacks what was sealed
// of it: what it says is owed may have been paid since. What is missing is the
// error's cause.
func MoneyOn(ctx context.Context, sealed *seals.File, tx *postgres.Tx) error {
	err := sealed.Check(ctx, tx)
	missing := seals.AsMissing(err)
	if missing == nil {
		return err
	}
	off := remit.Conflict(remit.CodeMoneyOff, "Nothing was charged: payments are switched off until an administrator has compared this database with Stripe.")
	off.Cause = missing
	return off
}

// moneyOff asks the same before a step that could move money, in a transaction
// of its own.
func (p *Payments) moneyOff(ctx context.Context, tenant uuid.UUID) (bool, error) {
	if p.Seals == nil {
		return false, nil
	}
	err := p.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return MoneyOn(ctx, p.Seals, tx) })
	if remit.IsCode(err, remit.CodeMoneyOff) {
		return true, nil
	}
	return false, err
}

// waitForMoney leaves an attempt as it is while money is off: it is neither
// sent, nor ended with words about what was charged that nobody has looked up.
func (p *Payments) waitForMoney(ctx context.Context, w *work, err error) error {
	if err != nil {
		return err
	}
	return p.wait(ctx, w, w.attempt.State, nil)
}

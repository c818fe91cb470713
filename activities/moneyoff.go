package activities

import (
	"context"

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

// moneyOff asks the same for an attempt, which then waits.
func moneyOff(ctx context.Context, sealed *seals.File, tx *postgres.Tx) (bool, error) {
	err := MoneyOn(ctx, sealed, tx)
	if remit.IsCode(err, remit.CodeMoneyOff) {
		return true, nil
	}
	return false, err
}

// waitForMoney leaves an attempt as it is while money is off: it is neither
// sent, nor ended with words about what was charged that nobody has looked up.
func (p *Payments) waitForMoney(ctx context.Context, w *work) error {
	return p.wait(ctx, w, w.attempt.State, nil)
}

package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/money"
	"remit/postgres"
)

// switchCharge says of one invoice whether it is charged by itself.
func (p *Payments) switchCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor, on bool) error {
	if l.Status.AtRest() && l.Status != remit.InvoiceDraft {
		return remit.Conflict(remit.CodeConflict, "Nothing is to be charged on this invoice.")
	}
	if l.Settings.AutoCharge.On == on {
		return nil
	}
	l.Settings.AutoCharge.On, l.ChargedBy = on, nil
	now := l.Clock.Now(p.Now())
	what, rule := "It is charged by itself from now on.", "an invoice may have a word of its own"
	if on {
		l.ChargedBy = &actor
		first, err := askedFirst(ctx, tx, l)
		if err != nil {
			return err
		}
		what += first
		waits, why, err := startAnew(ctx, tx, l)
		if err != nil {
			return err
		}
		if waits != "" {
			what, rule = what+" "+waits, rule+": "+why
		}
	}
	if err := errors.Join(replanCharge(ctx, tx, l, now, now), PlanNotice(ctx, tx, l, p.Now())); err != nil {
		return err
	}
	if !on {
		what = "It is not charged by itself any more."
	}
	return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
		Kind: "auto_charge", Actor: actor, What: what, Why: remit.Why{Rule: rule, Version: "1"}, Data: map[string]any{"on": on},
	})
}

// startAnew has charging an invoice by itself begin anew that has come to an end, or
// waits, as a person wants it: the next charge is the next that may be. Where there
// can be none it stays as it is, and says what it waits for, to payers, and why, to
// staff.
func startAnew(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (waits, why string, err error) {
	if l.CustomerAuto != nil && !*l.CustomerAuto {
		return "First its customer has to allow it, who said no to automatic charges.", "a customer may say no", nil
	}
	if !l.Collection.Attention() || l.Collection.State == remit.CollectionAsks {
		return "", "", nil
	}
	method, unsuited, err := chargedMethod(ctx, tx, l.Invoice)
	if err != nil {
		return "", "", err
	}
	if method == nil && unsuited != nil {
		l.Collection.State, l.Collection.Why = remit.CollectionMethod, "The invoice takes "+l.Settings.Methods.Words()
		return "First there has to be another payment method: it takes " + l.Settings.Methods.Words() + ".", "only what the invoice takes is charged", nil
	}
	if method == nil {
		l.Collection.State, l.Collection.Why = remit.CollectionMethod, "The customer has no method that can be charged"
		return "First there has to be a payment method that can be charged.", "a charge needs a saved method", nil
	}
	refused, err := tx.HardRefusal(ctx, *method)
	if err != nil {
		return "", "", err
	}
	if refused != nil {
		return "First there has to be another payment method: its bank has refused this one for good.", refused.Code + " is a hard decline", nil
	}
	if l.Collection.State == remit.CollectionPayer {
		if tried, err := tx.WasTried(ctx, l.ID, *method); err != nil || tried {
			return "First the payer has to confirm it with the bank, or there has to be another payment method.", l.Collection.Why, err
		}
	}
	l.Collection = remit.Collection{}
	return "", "", nil
}

// chargeAsked has an invoice charged now, as a person wants it, whatever put it
// off. A hold is lifted first.
func (p *Payments) chargeAsked(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor) error {
	if err := remit.CollectableNow(l.Invoice); err != nil {
		return err
	}
	if l.Live != nil {
		return inFlight()
	}
	if l.Hold != nil {
		return remit.Conflict(remit.CodeConflict, "It is on hold: %s. Lift the hold first.", l.Hold.Reason)
	}
	if !l.Settings.AutoCharge.On {
		return remit.Conflict(remit.CodeConflict, "Automatic charge is off for this invoice.")
	}
	if l.CustomerAuto != nil && !*l.CustomerAuto {
		return remit.Conflict(remit.CodeConflict, "%s wants no automatic charges.", l.CustomerName)
	}
	method, unsuited, err := chargedMethod(ctx, tx, l.Invoice)
	if err != nil {
		return err
	}
	if method == nil && unsuited != nil {
		return remit.Conflict(remit.CodeConflict, "%s has no payment method that can be charged for this invoice, which takes %s.", l.CustomerName, l.Settings.Methods.Words())
	}
	if method == nil {
		return remit.Conflict(remit.CodeConflict, "%s has no payment method that can be charged.", l.CustomerName)
	}
	amount := remit.ScheduledCharge{Deposit: l.DepositLeft() > 0}.Amount(l.Invoice)
	fee, err := remit.Surcharge(l.Settings.Surcharge, method.Summary(), money.Of(amount, money.Currency(l.Currency)))
	if err != nil {
		return err
	}
	alone, err := tx.PaidAlone(ctx, l.ID, uuid.Nil)
	if err != nil {
		return err
	}
	if l.Settings.Approvals.Asks(remit.ToPay{Amount: amount, Surcharge: fee}, alone, l.Currency) {
		return remit.NeedsApproval("This needs a second person, whom only a payment asks: pay it with the saved method instead. Nothing was charged.")
	}
	now := l.Clock.Now(p.Now())
	l.Collection = remit.Collection{}
	if err := planCharge(ctx, tx, l, now, remit.ChargePlan{Planned: now, Asked: true, Soon: true, Deposit: l.DepositLeft() > 0, By: &actor}); err != nil {
		return err
	}
	if err := PlanNotice(ctx, tx, l, p.Now()); err != nil {
		return err
	}
	return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
		Kind: "charge_asked", Actor: actor, What: "Asked to be charged now.", Why: remit.Why{Rule: "a person may decide", Version: "1"},
	})
}

// ChargeWithNewMethod has an invoice charged once, at once, whose collection came to
// an end or waits, and whose customer has a method now that was not tried on it
// (R7). It reports whether it did.
func ChargeWithNewMethod(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time) (bool, error) {
	switch l.Collection.State {
	case remit.CollectionMethod, remit.CollectionPayer, remit.CollectionRetries, remit.CollectionEnded:
	case remit.CollectionNone, remit.CollectionAsks:
		return false, nil
	}
	if l.Live != nil || l.Hold != nil || !l.Status.Payable() || !l.Settings.AutoCharge.On || l.CustomerAuto != nil && !*l.CustomerAuto {
		return false, nil
	}
	method, _, err := chargedMethod(ctx, tx, l.Invoice)
	if err != nil || method == nil {
		return false, err
	}
	if tried, err := tx.WasTried(ctx, l.ID, *method); err != nil || tried {
		return false, err
	}
	if refused, err := tx.HardRefusal(ctx, *method); err != nil || refused != nil {
		return false, err
	}
	now := l.Clock.Now(real)
	l.Collection = remit.Collection{}
	if err := planCharge(ctx, tx, l, now, remit.ChargePlan{Planned: now, Asked: true, Soon: true, Deposit: l.DepositLeft() > 0}); err != nil {
		return false, err
	}
	return true, tx.SaveInvoice(ctx, l, real, remit.TimelineEntry{
		Kind: "charge_asked", Actor: remit.System, What: "There is a new payment method: " + methodWords(method.Summary()) + ". It is tried once, at once.",
		Why: remit.Why{Rule: "a new method means one immediate try", Version: "1"},
	})
}

package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/money"
	"remit/postgres"
)

// afterAttempt is how long after somebody's own try came to nothing a charge by
// itself waits that was due before it.
const afterAttempt = time.Hour

// KeepCharge sees that the invoice's next charge by itself is on the agenda, or is
// not where there is to be none. A charge that is there stays when it is; what it
// charges follows the invoice.
func KeepCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time) error {
	now := l.Clock.Now(real)
	first, wanted := remit.ChargeOf(l.Invoice, l.Zone)
	if wanted && waitedForDeposit(l, first) {
		l.Collection = remit.Collection{}
	}
	switch {
	case !wanted && !l.Settings.AutoCharge.On && l.Collection.State == remit.CollectionNone:
		return nil // it never had one
	case !wanted:
		l.Collection = remit.Collection{}
		return tx.Done(ctx, remit.AgendaCharge, l.ID, now)
	case l.Live != nil || l.Collection.Attention() || !l.DerivedStatus().Payable():
		return nil // what is planned waits for what becomes of that
	}
	row, err := tx.Charge(ctx, l.ID)
	if err != nil {
		return err
	}
	switch {
	case row != nil && row.Plan.Deposit && l.Deposit != nil && l.DepositLeft() == 0:
		l.Collection = remit.Collection{} // it is paid, by whatever money: the rest has a date of its own
	case row != nil:
		return planCharge(ctx, tx, l, row.At, row.Plan)
	case l.Collection.State == remit.CollectionRetries:
		return keepTrying(ctx, tx, l, now)
	}
	at := first.At
	if !at.After(now) {
		if l.Hold != nil {
			return nil // whoever lifts it has it planned
		}
		at = now
		if l.SentAt.Before(now) {
			at = now.Add(afterAttempt)
		}
		at = l.Settings.AutoCharge.Window.Next(at, l.Zone)
	}
	soon := !at.After(now) // sent on its day, or on sending
	return planCharge(ctx, tx, l, at, remit.ChargePlan{Planned: first.At, Deposit: first.Deposit, Soon: soon})
}

// waitedForDeposit reports that what collecting has come to was about a deposit that
// is paid by now: it came to that before the rest's own date.
func waitedForDeposit(l *postgres.LockedInvoice, rest remit.ScheduledCharge) bool {
	return l.Collection.Attention() && l.Deposit != nil && l.DepositLeft() == 0 && l.Outstanding > 0 && l.Collection.Since.Before(rest.At)
}

// keepTrying plans the ladder's next try anew that somebody's own payment, which then
// came to nothing, had taken off the agenda.
func keepTrying(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, now time.Time) error {
	if l.Hold != nil {
		return nil // whoever lifts it has it planned
	}
	tries, err := tx.ChargeTries(ctx, l.ID, uuid.Nil)
	if err != nil {
		return err
	}
	at := l.Settings.AutoCharge.Window.Next(now.Add(afterAttempt), l.Zone)
	plan := remit.ChargePlan{Planned: at, Try: 2, Deposit: l.DepositLeft() > 0}
	if len(tries) > 0 {
		plans, err := tx.PlansOfTries(ctx, l.ID)
		if err != nil {
			return err
		}
		last := plans[tries[len(tries)-1].ID]
		plan.Try, plan.By = max(last.Try, 1)+1, last.By
	}
	return planCharge(ctx, tx, l, at, plan)
}

// replanCharge has an invoice's charge follow what it goes by: its due date, its
// settings, a hold that was lifted. From is the earliest it may be.
func replanCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, from, now time.Time) error {
	if l.Collection.State == remit.CollectionAsks || l.Collection.State == remit.CollectionRetries {
		l.Collection = remit.Collection{}
	}
	first, planned := remit.ChargeOf(l.Invoice, l.Zone)
	if !planned || l.Collection.State != remit.CollectionNone {
		return tx.Done(ctx, remit.AgendaCharge, l.ID, now)
	}
	at := first.At
	if at.Before(from) {
		at = l.Settings.AutoCharge.Window.Next(from, l.Zone)
		first.At = at
	}
	return planCharge(ctx, tx, l, at, remit.ChargePlan{Planned: first.At, Deposit: first.Deposit})
}

// freedBy notes whose act lets an invoice be charged by itself whose own date has come:
// it is charged now because of that act, and not because of the date.
func freedBy(l *postgres.LockedInvoice, actor remit.Actor, now time.Time) {
	if first, planned := remit.ChargeOf(l.Invoice, l.Zone); planned && !first.At.After(now) {
		l.ChargedBy = &actor
	}
}

// movedBy notes whose amendment has an invoice charged sooner than it would have been, for
// more at once, or at all, where its time had come and something else kept it from being
// charged: a hold, its customer's no, or that it was late. Those are not asked about here,
// so that no amendment made meanwhile outlasts them.
func movedBy(l *postgres.LockedInvoice, actor remit.Actor, before remit.Invoice, now time.Time) {
	i := l.Invoice
	i.Outstanding = l.Billed - l.Applied
	i.CustomerAuto, before.CustomerAuto = nil, nil
	next, planned := remit.ChargeOf(i, l.Zone)
	was, any := remit.ChargeOf(before, l.Zone)
	if !planned {
		return
	}
	moved := i.DueDate != before.DueDate || !i.Deposit.Same(before.Deposit) // what [replanCharge] follows
	had := !was.At.After(now)
	sooner := !any || next.At.Before(was.At) && !had || moved && had
	if sooner || !next.At.After(now) && next.Amount(i) > was.Amount(before) {
		l.ChargedBy = &actor
	}
}

// askedFirst is what a person who has an invoice charged by itself is told where its sum
// needs an approval: "" where it does not.
func askedFirst(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (string, error) {
	if l.ChargedBy == nil || l.Settings.Approvals.Above == nil {
		return "", nil
	}
	alone, err := tx.PaidAlone(ctx, l.ID, uuid.Nil)
	amount := (remit.ScheduledCharge{Deposit: l.DepositLeft() > 0}).Amount(l.Invoice)
	if err != nil || !l.Settings.Approvals.Asks(remit.ToPay{Amount: amount}, alone, l.Currency) {
		return "", err
	}
	return " Its sum needs an approval: on its day somebody is asked to pay it, and another to approve.", nil
}

// planCharge puts a charge on the agenda, in words that name method and sum as far
// as they are known by now.
func planCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, at time.Time, plan remit.ChargePlan) error {
	method, _, err := chargedMethod(ctx, tx, l.Invoice)
	if err != nil {
		return err
	}
	with := "the saved method"
	if method != nil {
		with = methodWords(method.Summary())
	}
	if l.ChargedBy == nil {
		l.ChargedBy = l.FreedBy(l.Zone)
	}
	plan.Due = l.DueVersion
	if plan.By == nil {
		plan.By = l.ChargedBy
	}
	amount := (remit.ScheduledCharge{Deposit: plan.Deposit}).Amount(l.Invoice)
	fee, err := chargedFee(l.Invoice, method, amount)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("Charges %s%s to %s", money.Of(amount, money.Currency(l.Currency)), feeWords(fee, l.Currency), with)
	switch {
	case plan.Try > 1 && plan.Of > 0:
		what += fmt.Sprintf(", try %d of %d", plan.Try, plan.Of)
	case plan.Try > 1:
		what += fmt.Sprintf(", try %d", plan.Try)
	}
	return tx.PlanCharge(ctx, l, at, plan, what)
}

// chargedMethod is what an invoice is charged with by itself, as [remit.ChargedMethod]
// has it: nil where its customer has nothing that it takes.
func chargedMethod(ctx context.Context, tx *postgres.Tx, i remit.Invoice) (charged, unsuited *remit.PaymentMethod, err error) {
	methods, err := tx.PaymentMethods(ctx, i.CustomerID)
	if err != nil {
		return nil, nil, err
	}
	charged, unsuited = remit.ChargedMethod(i.Settings.Methods, methods)
	return charged, unsuited, nil
}

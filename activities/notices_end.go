package activities

import (
	"context"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// endAndTell books the end of an attempt, and then writes the mails about it.
func (p *Payments) endAndTell(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, before remit.AttemptState, a *remit.Attempt, payment *remit.Payment, r result) ([]remit.TimelineEntry, error) {
	entries, err := p.ending(ctx, tx, l, before, a, payment, &r)
	if err != nil {
		return nil, err
	}
	told, err := p.tellEnd(ctx, tx, l, before, *a, *payment, r)
	return append(entries, told...), err
}

// tellEnd writes who is told of an attempt's end. before is the state it was in.
// Of a payment both sides learn from the receipt and the timeline. Of a decline only
// he is told who did not see it: nobody watched a charge by itself, or a debit that a
// bank refused days later (N1).
func (p *Payments) tellEnd(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, before remit.AttemptState, a remit.Attempt, payment remit.Payment, r result) ([]remit.TimelineEntry, error) {
	debited := a.Method != nil && a.Method.Type == gateway.TypeBankAccount
	method := methodWords(a.Method)
	today := remit.DateOf(l.Clock.Now(p.Now()).In(l.Zone))
	switch {
	case r.state == remit.AttemptSucceeded && !l.Settings.Receipts.Ours():
		return nil, nil // Stripe sends one, or nobody does
	case r.state == remit.AttemptSucceeded && payment.Currency == l.Currency && payment.AmountCaptured > 0:
		return p.postNotice(ctx, tx, l, remit.Notice{Stage: remit.PaidStage(payment.ID), Amount: payment.AmountCaptured, Surcharge: a.Surcharge, Day: today, Method: method})
	case r.state != remit.AttemptFailed || !a.ByItself() && (!debited || before != remit.AttemptProcessing):
		return nil, nil
	}
	told := remit.Notice{Stage: remit.AttemptStage(remit.OccasionFailed, a.Number), Amount: a.Amount + a.Surcharge, Surcharge: a.Surcharge, Day: today, Method: method, Reason: r.refused.PayerMessage()}
	business := told
	business.Stage, business.Reason = remit.AttemptStage(remit.OccasionFailedSeller, a.Number), r.refused.StaffMessage(r.follows)
	var err error
	if told.Next, business.Next, err = afterDecline(ctx, tx, l, r.view.StripeInvoice != ""); err != nil {
		return nil, err
	}
	switch {
	case l.WroteOff && l.Billed <= l.Applied: // nobody is asked for what was just given up
		business.Next = "It was the last try. What was owed is given up, as the retries' settings have it."
		return p.postNotice(ctx, tx, l, business)
	case l.Collection.State == remit.CollectionEnded:
		told.Stage, business.Stage = remit.AttemptStage(remit.OccasionEnded, a.Number), remit.AttemptStage(remit.OccasionEndedSeller, a.Number)
	case debited && forbids(r.refused):
		told.Stage, told.Reason = remit.AttemptStage(remit.OccasionLocked, a.Number), lockedFor(*r.refused, true)
	}
	entries, err := p.postNotice(ctx, tx, l, told)
	if err != nil {
		return nil, err
	}
	more, err := p.postNotice(ctx, tx, l, business)
	return append(entries, more...), err
}

// afterDecline says to payer and business what happens next. Where Stripe itself
// tries again, whoever paid another way meanwhile might pay twice.
func afterDecline(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, stripeRetries bool) (payer, business string, err error) {
	if stripeRetries {
		return "It is tried again by itself in the next days. Please ask before you pay another way, so that you do not pay twice.",
			"Stripe tries it again by itself, as the account's own settings say; Remit does not.", nil
	}
	switch l.Collection.State {
	case remit.CollectionRetries:
		row, err := tx.AgendaOf(ctx, remit.AgendaCharge, l.ID)
		if err != nil || row == nil {
			return "It is tried again.", "It is tried again.", err
		}
		again := "It is tried again on " + remit.DateOf(row.At.In(l.Zone)).Words() + "."
		return again + " You can also pay another way before that day.", again, nil
	case remit.CollectionMethod:
		return "Please add another card or account, or pay another way.", "It is charged again once there is another method.", nil
	case remit.CollectionPayer:
		return "Your bank wants you to confirm it yourself. Please pay by the link.", "The bank wants the payer himself.", nil
	case remit.CollectionNone, remit.CollectionAsks, remit.CollectionEnded:
	}
	return "Please pay another way.", "It is not tried again by itself.", nil
}

// TellAsks writes to the business that a person is to say whether the invoice is
// charged. It is called when that state begins.
func (p *Payments) TellAsks(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) ([]remit.TimelineEntry, error) {
	on := remit.DateOf(l.Collection.Since.In(l.Zone))
	return p.postNotice(ctx, tx, l, remit.Notice{Stage: remit.MailStage(string(remit.OccasionAsks) + "/" + on.String()), Day: on, Reason: l.Collection.Why})
}

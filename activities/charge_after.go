package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"remit"
	"remit/decline"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
	"remit/retry"
)

// byItself reports that an attempt charged the invoice by itself: only such tries
// are the ladder's.
func byItself(a remit.Attempt) bool {
	return a.ByItself() && a.Kind == remit.AttemptCharge
}

// afterFailure decides what follows a charge by itself that was declined, and puts
// the next try on the agenda or says why there is none; follows is that in a sentence, for
// the line that tells of the decline. Other attempts are none of the ladder's business.
func (p *Payments) afterFailure(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Attempt, refused decline.Decline, view remit.IntentView) (entries []remit.TimelineEntry, follows string, err error) {
	switch {
	case l.VoidedAt != nil:
		return nil, refused.NoFurtherTry("the invoice is cancelled"), nil
	case !byItself(a):
		return nil, afterHand(l, refused), nil
	}
	policy, _, err := RetriesAt(ctx, tx, l.Organisation)
	if err != nil {
		return nil, "", err
	}
	now := l.Clock.Now(p.Now())
	history, err := tx.ChargeTries(ctx, l.ID, a.ID)
	if err != nil {
		return nil, "", err
	}
	plans, err := tx.PlansOfTries(ctx, l.ID)
	if err != nil {
		return nil, "", err
	}
	tries := make([]retry.Try, 0, len(history)+1)
	var before remit.ChargePlan
	for _, past := range history {
		tries = append(tries, retry.Try{At: *past.EndedAt, Method: methodKey(past), Decline: declineOf(*past.Decline), First: !plans[past.ID].SameDate(before)})
		before = plans[past.ID]
	}
	tries = append(tries, retry.Try{At: now, Method: methodKey(a), Decline: refused, First: !plans[a.ID].SameDate(before)})
	facts := retry.Facts{
		Zone: l.Zone, StripeRetries: view.StripeInvoice != "",
		Open: func(at time.Time) time.Time { return l.Settings.AutoCharge.Window.Next(at, l.Zone) },
	}
	if facts.Worked, err = tx.ChargesThatWorked(ctx, methodKey(a), now); err != nil {
		return nil, "", err
	}
	if facts.FreeAt, err = p.freeAt(ctx, tx, a, now); err != nil {
		return nil, "", err
	}
	next := retry.Next(policy, tries, facts, now)
	if !next.Again {
		entries, err = p.noMoreTries(ctx, tx, l, a, policy, next)
		follows = refused.NoFurtherTry(strings.TrimPrefix(next.Reason, "not retried: "))
		if next.Wait == retry.WaitNothing {
			follows = decline.StripeTries
		}
		return entries, follows, err
	}
	l.Collection = remit.Collection{State: remit.CollectionRetries, Why: refused.Reason, Since: now}
	plan := remit.ChargePlan{Planned: next.At, Try: next.Number, Of: next.Of, By: plans[a.ID].By}
	if left := l.DepositLeft(); left > 0 && a.Amount <= left {
		plan.Deposit = true
	}
	if err := planCharge(ctx, tx, l, next.At, plan); err != nil {
		return nil, "", err
	}
	return []remit.TimelineEntry{collectionEntry(l,
		fmt.Sprintf("It is tried again by itself on %s: try %d of %d.", next.At.In(l.Zone).Format("2 Jan 2006, 15:04 MST"), next.Number, next.Of), next)}, decline.TryFollows, nil
}

// afterHand says what follows a decline of what somebody paid by hand: no try of the
// ladder's. A charge by itself that is planned stays so.
func afterHand(l *postgres.LockedInvoice, refused decline.Decline) string {
	i := l.Invoice
	i.Outstanding = l.Billed - l.Applied
	if _, wanted := remit.ChargeOf(i, l.Zone); wanted && l.Hold == nil && !l.Collection.Attention() {
		return refused.StillPlanned()
	}
	return refused.NoFurtherTry("only charges by themselves are tried again")
}

// freeAt is when the network lets another try with an attempt's method through.
func (p *Payments) freeAt(ctx context.Context, tx *postgres.Tx, a remit.Attempt, now time.Time) (time.Time, error) {
	connection, err := tx.LiveConnection(ctx)
	if err != nil || connection == nil || a.PaymentMethodID == nil {
		return time.Time{}, err
	}
	method, err := tx.PaymentMethod(ctx, *a.PaymentMethodID)
	if err != nil {
		return time.Time{}, err
	}
	return CardFreeAt(ctx, tx, connection.Connection, method, now)
}

// noMoreTries is the end of trying by itself with a method, said loudly.
func (p *Payments) noMoreTries(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Attempt, policy retry.Policy, next retry.Decision) ([]remit.TimelineEntry, error) {
	now := l.Clock.Now(p.Now())
	l.Collection = remit.Collection{Why: next.Reason, Since: now}
	switch next.Wait {
	case retry.WaitNewMethod:
		l.Collection.State = remit.CollectionMethod
		return []remit.TimelineEntry{collectionEntry(l, "It is not tried again by itself before there is another payment method.", next)}, nil
	case retry.WaitPayer:
		l.Collection.State = remit.CollectionPayer
		return []remit.TimelineEntry{collectionEntry(l, "It is not tried again by itself: the bank wants the payer to confirm.", next)}, nil
	case retry.WaitNothing:
		l.Collection = remit.Collection{State: remit.CollectionAsks, Why: next.Reason, Since: now}
		return []remit.TimelineEntry{collectionEntry(l, "It is not tried again by Remit: Stripe tries it by itself.", next)}, nil
	case retry.WaitEnded:
	}
	l.Collection.State = remit.CollectionEnded
	entries := []remit.TimelineEntry{collectionEntry(l, "The last try failed. It is not charged by itself any more.", next)}
	switch policy.Final {
	case retry.Uncollectible:
		if left := l.DepositLeft(); left > 0 && a.Amount <= left {
			item, err := openItem(ctx, tx, l, p.Now(), remit.System) // the rest is not due yet, and nobody's to give up
			return append(entries, item...), err
		}
		given, err := giveUpOwed(ctx, tx, l, a)
		return append(entries, given...), err
	case retry.WorkItem:
		item, err := openItem(ctx, tx, l, p.Now(), remit.System)
		return append(entries, item...), err
	case retry.LeaveOpen:
	}
	return entries, nil
}

// giveUpOwed writes off what an invoice owes, as the organisation's ladder ends.
func giveUpOwed(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Attempt) ([]remit.TimelineEntry, error) {
	owed := l.Billed - l.Applied
	entry, some := ledger.WriteOff(l.ID, l.Currency, "ladder/"+a.ID.String(), owed)
	if !some {
		return nil, nil
	}
	if _, err := tx.Book(ctx, l, entry); err != nil {
		return nil, err
	}
	l.WroteOff = true
	return []remit.TimelineEntry{{
		Kind: "written_off", Actor: remit.System, What: fmt.Sprintf("%s was given up, as the organisation has it when the last try fails.", money.Of(owed, money.Currency(l.Currency))),
		Why: remit.Why{Rule: "the ladder's final action", Version: "1"}, Data: map[string]any{"amount": owed},
	}}, nil
}

// afterCancel plans a charge by itself anew that was never sent. One that somebody
// called back, here or in Stripe's dashboard, or that never gets to be sent, is a
// person's to decide about: whoever stopped it wants no other an hour later. was is
// the state it was in.
func (p *Payments) afterCancel(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, was remit.AttemptState, a remit.Attempt, r result) ([]remit.TimelineEntry, error) {
	stopped := was == remit.AttemptProcessing && r.actor == nil // it was sent, and Stripe says that somebody stopped it
	if !byItself(a) && !stopped || l.VoidedAt != nil || l.Billed <= l.Applied {
		return nil, nil
	}
	now := l.Clock.Now(p.Now())
	switch {
	case !byItself(a):
		if would, err := wouldFollow(ctx, tx, l, now); err != nil || !would {
			return nil, err
		}
		if err := tx.Done(ctx, remit.AgendaCharge, l.ID, now); err != nil {
			return nil, err
		}
	case !stopped && r.actor == nil:
		plans, err := tx.PlansOfTries(ctx, l.ID)
		if err != nil {
			return nil, err
		}
		if planned := plans[a.ID]; planned.Round < mostRounds {
			planned.Round, planned.ByRun = planned.Round+1, false
			return nil, planCharge(ctx, tx, l, l.Settings.AutoCharge.Window.Next(now.Add(putOff), l.Zone), planned)
		}
	}
	l.Collection = remit.Collection{State: remit.CollectionAsks, Why: r.why, Since: now}
	told, err := p.TellAsks(ctx, tx, l)
	return append([]remit.TimelineEntry{collectionEntry(l, "It is not charged by itself before a person says so.", retry.Decision{Reason: "what was not charged is asked about", Version: "1"})}, told...), err
}

// wouldFollow reports whether an invoice would be charged by itself next, once somebody's
// own payment came to nothing: its date has come.
func wouldFollow(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, now time.Time) (bool, error) {
	i := l.Invoice
	i.Outstanding = l.Billed - l.Applied
	first, wanted := remit.ChargeOf(i, l.Zone)
	row, err := tx.Charge(ctx, l.ID)
	if row != nil {
		return wanted && !row.At.After(now), err
	}
	return wanted && !first.At.After(now), err
}

// collectionEntry tells what an invoice has come to. Codes and rules are for
// staff; payers read the sentence.
func collectionEntry(l *postgres.LockedInvoice, what string, next retry.Decision) remit.TimelineEntry {
	return remit.TimelineEntry{
		Kind: "collection", Actor: remit.System, What: what, Why: remit.Why{Rule: next.Reason, Version: next.Version},
		Data: map[string]any{"collection": string(l.Collection.State), "try": next.Number, "of": next.Of},
	}
}

func methodKey(a remit.Attempt) string {
	switch {
	case a.Method != nil && a.Method.Fingerprint != "":
		return a.Method.Fingerprint
	case a.Method != nil:
		return a.Method.ID
	}
	return ""
}

func declineOf(d remit.DeclineRecord) decline.Decline {
	return decline.Decline{Class: decline.Class(d.Class), Code: d.Code, Hard: d.Hard, Rule: decline.Rule(d.Rule), Version: d.Version}
}

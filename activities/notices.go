package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// PlanNotice puts the invoice's next notice on the agenda, or takes off it the one
// that is not to come. It is called whenever something changes that decides about it,
// before the invoice is saved.
func PlanNotice(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time) error {
	facts, err := tx.NoticeFacts(ctx, l)
	if err != nil {
		return err
	}
	now := l.Clock.Now(real)
	next, ok := remit.NextNotice(facts.NoticeFacts, now)
	return putNotice(ctx, tx, l, facts, next, ok, now)
}

func putNotice(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, facts postgres.PlannedNotices, next remit.PlannedNotice, ok bool, now time.Time) error {
	switch {
	case ok && (facts.RowAt == nil || !facts.RowAt.Equal(next.At)):
		return tx.Plan(ctx, l, remit.AgendaNotice, l.ID, next.At, next.Words())
	case !ok && facts.RowAt != nil:
		return tx.Done(ctx, remit.AgendaNotice, l.ID, now)
	}
	return nil
}

// WriteNotice writes what a row of the agenda of kind [remit.AgendaNotice] has due
// into the outbox, each stage once (M13), and plans the next or takes the row off.
// Whether it is still to be written is decided anew, under the invoice's lock: the
// row only says when to look. Done again it changes nothing.
func (p *Payments) WriteNotice(ctx context.Context, tenant uuid.UUID, row postgres.AgendaRow) error {
	return p.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, row.ObjectID)
		if err != nil {
			return err
		}
		facts, err := tx.NoticeFacts(ctx, l)
		if err != nil {
			return err
		}
		now := l.Clock.Now(p.Now())
		var entries []remit.TimelineEntry
		next, ok := remit.NextNotice(facts.NoticeFacts, now)
		for ok && !next.At.After(now) {
			written, err := p.writeNotice(ctx, tx, l, &facts, next)
			if err != nil {
				return err
			}
			entries = append(entries, written...)
			next, ok = remit.NextNotice(facts.NoticeFacts, now)
		}
		if err := putNotice(ctx, tx, l, facts, next, ok, now); err != nil || len(entries) == 0 {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), entries...)
	})
}

// writeNotice writes one, and notes in the facts that it did.
func (p *Payments) writeNotice(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, facts *postgres.PlannedNotices, next remit.PlannedNotice) ([]remit.TimelineEntry, error) {
	now := l.Clock.Now(p.Now())
	today, n := remit.DateOf(now.In(l.Zone)), remit.Notice{Stage: next.Stage}
	var entries []remit.TimelineEntry
	switch next.Stage.Occasion() { //nolint:exhaustive // the others are written where they happen
	case remit.OccasionReminder:
		free, err := tx.ClaimReminder(ctx, l.CustomerID, today)
		facts.RemindedOn = today
		if err != nil || !free {
			return nil, err // he was reminded of another invoice today
		}
	case remit.OccasionAnnounced, remit.OccasionExpires:
		n.Day, n.Method = remit.DateOf(facts.ChargeAt.In(l.Zone)), methodWords(facts.Method.Summary())
		n.Amount = remit.ScheduledCharge{Deposit: true}.Amount(facts.Invoice)
		fee, err := chargedFee(facts.Invoice, facts.Method, n.Amount)
		if err != nil {
			return nil, err
		}
		n.Surcharge = fee
		n.Amount += n.Surcharge
		if next.Stage.Occasion() == remit.OccasionAnnounced && facts.Method.ExpiredBy(n.Day) {
			n.Reason = "That card will have expired by then: add another one, or the charge will fail."
		}
	case remit.OccasionPromise:
		broken := *l.Promise
		broken.BrokenAt = &now
		l.Promise, facts.Invoice.Promise = &broken, &broken
		n.Day, n.Reason = broken.Until, broken.Note
		entries = append(entries, remit.TimelineEntry{
			Kind: "promise_broken", Actor: remit.System, What: l.CustomerName + " promised to pay by " + broken.Until.Words() + " and has not.",
			Why:  remit.Why{Rule: "a promise holds reminders off until its day has passed", Version: "1"},
			Data: map[string]any{"date": broken.Until.String()},
		})
		if l.Hold == nil && facts.ChargeAt == nil && facts.Settings.Reminders {
			n.Next = "Reminders go on."
		}
	}
	facts.Written = append(facts.Written, next.Stage)
	written, err := p.postNotice(ctx, tx, l, n)
	return append(entries, written...), err
}

// postNotice puts a notice into the outbox in the organisation's words; nothing
// where it does not want to have it written.
func (p *Payments) postNotice(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, n remit.Notice) ([]remit.TimelineEntry, error) {
	occasion := n.Stage.Occasion()
	settings, texts, err := tx.NoticeTexts(ctx, l.Organisation, occasion)
	if err != nil || !settings.On(occasion) {
		return nil, err
	}
	i := l.Invoice
	i.Outstanding = l.Billed - l.Applied
	mail, err := remit.NoticeMail(i, n, texts[occasion], settings, remit.DateOf(l.Clock.Now(p.Now()).In(l.Zone)))
	about := letter{stage: n.Stage, rule: "a notice is written once for a due date", what: noticeWords(occasion)}
	var entry remit.TimelineEntry
	if err == nil && occasion.ToSeller() {
		entry, err = postToBusiness(ctx, tx, l, p.Now(), mail, settings, about)
	} else {
		entry, err = post(l, p.Now(), mail, err, about)
	}
	if err != nil {
		return nil, err
	}
	return []remit.TimelineEntry{entry}, nil
}

// noticeWords say what was written, as a sentence's subject.
func noticeWords(o remit.Occasion) string {
	switch o {
	case remit.OccasionFailed:
		return "A mail that the payment failed"
	case remit.OccasionFailedSeller:
		return "A mail to the business that the payment failed"
	case remit.OccasionPaid:
		return "A receipt"
	case remit.OccasionAnnounced:
		return "A mail that announces the charge"
	case remit.OccasionExpires:
		return "A mail that the card expires before the charge"
	case remit.OccasionReminder:
		return "A reminder"
	case remit.OccasionEnded:
		return "A mail that asks for another way to pay"
	case remit.OccasionEndedSeller:
		return "A mail to the business that the last try failed"
	case remit.OccasionAsks:
		return "A mail to the business that asks whether to charge"
	case remit.OccasionLocked:
		return "A mail that the bank account cannot be debited any more"
	case remit.OccasionPromise:
		return "A mail to the business about the promise"
	}
	return "A mail"
}

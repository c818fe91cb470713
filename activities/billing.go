package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"remit"
	"remit/postgres"
)

// Billing carries out what billing schedules have due: it makes the invoice of each
// period, ahead as a draft or on its day, and sends it. It moves no money: what is
// charged by itself goes on the agenda with the sending, like any invoice's.
//
// It starts no workflows. An invoice that was sent waits for its payer, and its
// workflow is started by whoever has something for it: he, a due-date run, the sweep of
// its agenda. On the first of a month a hundred thousand that only wait would cost an
// hour of a small machine, stand before payers in the queue, and wake all at once.
type Billing struct {
	payments *Payments
	turns    chan struct{}
}

// NewBilling is the billing of one process.
func NewBilling(payments *Payments) *Billing {
	return &Billing{payments: payments, turns: make(chan struct{}, billsAtOnce)}
}

// billPage is how many schedules one step looks at: few enough that organisations
// take turns where all of them bill on the first of a month.
const billPage = 100

// billsAtOnce is how many schedules a process carries out at once, each in transactions
// of its own, however many organisations bill: payers need connections to the database
// too. Organisations take turns, schedule by schedule.
const billsAtOnce = 4

// billSteps is how many periods of one schedule a page carries out: one that is years
// late lets others go between.
const billSteps = 25

// billPutOff is when a schedule that could not bill is looked at again.
const billPutOff = time.Hour

// BillDuePage carries out the schedules of an organisation that are due, the earliest
// first, and reports whether there may be more. Stopped anywhere and called again it
// goes on: a period is recorded with its invoice.
func (b *Billing) BillDuePage(ctx context.Context, ref remit.BillingRef) (more bool, err error) {
	defer heartbeat(ctx)()
	var rows []postgres.AgendaRow
	err = b.payments.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		rows, err = tx.DueBilling(ctx, clock.Now(b.payments.Now()), billPage)
		return err
	})
	if err != nil || len(rows) == 0 {
		return false, asTemporal(ctx, b.payments.Logger, err)
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(billsAtOnce)
	for _, row := range rows {
		group.Go(func() error {
			select {
			case b.turns <- struct{}{}:
			case <-within.Done():
				return within.Err()
			}
			defer func() { <-b.turns }()
			return b.bill(within, ref.Tenant, row.ObjectID)
		})
	}
	if err := group.Wait(); err != nil {
		return false, asTemporal(ctx, b.payments.Logger, err)
	}
	b.payments.boundary("bills made")
	return true, nil
}

// bill carries out what one schedule has due, a period a transaction. One that cannot
// be billed is said on its page, and holds up no other.
func (b *Billing) bill(ctx context.Context, tenant, schedule uuid.UUID) error {
	for range billSteps {
		var again bool
		err := b.payments.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			again, err = b.step(ctx, tx, schedule)
			return err
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b.payments.boundary("period through")
		if err != nil {
			b.payments.Logger.ErrorContext(ctx, "a billing schedule cannot bill", "schedule", schedule, "error", err)
			return b.putOff(ctx, tenant, schedule, failureOf(err))
		}
		if !again {
			break
		}
	}
	return nil
}

// step does the next thing a schedule has due, under its row's lock, and plans what
// comes after; again reports that something is due still.
func (b *Billing) step(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (again bool, err error) {
	s, err := tx.LockBillingSchedule(ctx, id)
	if err != nil {
		return false, err
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return false, err
	}
	now := clock.Now(b.payments.Now())
	draft, err := tx.NextDraft(ctx, id)
	if err != nil {
		return false, err
	}
	next, ok := s.NextStep()
	switch {
	case draft != nil && due(s, *draft, now) && (!ok || next.At.After(now) || !draft.SendAt.After(next.At)):
		err = b.decideDraft(ctx, tx, s, *draft, now)
	case ok && !next.At.After(now):
		err = b.through(ctx, tx, &s, next, now)
	}
	if err != nil {
		return false, err
	}
	if s.Trouble != "" {
		s.Trouble = ""
		if err := tx.SaveBillingSchedule(ctx, s); err != nil {
			return false, err
		}
	}
	return Replan(ctx, tx, s, now)
}

// due reports whether it is time to decide about a draft. In a pause that is not so:
// whether it is sent is decided when the pause ends. A schedule that was ended decides
// at once.
func due(s remit.BillingSchedule, draft postgres.BillingPeriod, now time.Time) bool {
	return !decidedAt(s, draft).After(now) && (s.State != remit.BillingPaused || s.Fate(remit.BilledPeriod{At: *draft.SendAt}) == remit.PeriodBilled)
}

func decidedAt(s remit.BillingSchedule, draft postgres.BillingPeriod) time.Time {
	if s.EndedAt != nil && draft.SendAt.After(*s.EndedAt) {
		return *s.EndedAt
	}
	return *draft.SendAt
}

// Replan puts a schedule's next step on the agenda, ends it where nothing is left, and
// reports whether that step is due already.
func Replan(ctx context.Context, tx *postgres.Tx, s remit.BillingSchedule, now time.Time) (again bool, err error) {
	draft, err := tx.NextDraft(ctx, s.ID)
	if err != nil {
		return false, err
	}
	var at time.Time
	var what string
	if next, ok := s.NextStep(); ok {
		at, what = next.At, "Bills "+next.Period.Words()
	}
	if draft != nil && (s.State != remit.BillingPaused || due(s, *draft, now)) {
		if decided := decidedAt(s, *draft); at.IsZero() || decided.Before(at) {
			at, what = decided, "Sends "+draft.Number
		}
	}
	if at.IsZero() {
		if s.State == remit.BillingActive && s.Done() {
			s.State, s.EndedAt = remit.BillingEnded, &now
			if err := tx.SaveBillingSchedule(ctx, s); err != nil {
				return false, err
			}
			if err := tx.TellBilling(ctx, s.ID, postgres.BillingEntry{At: now, Kind: "ended", What: "It has billed its last period.", Actor: remit.System}); err != nil {
				return false, err
			}
		}
		return false, tx.Done(ctx, remit.AgendaBill, s.ID, now)
	}
	return !at.After(now), tx.PlanBilling(ctx, s, at, what)
}

// through brings the next period to its fate: skipped, or billed by an invoice that
// is sent at once where its day has come.
func (b *Billing) through(ctx context.Context, tx *postgres.Tx, s *remit.BillingSchedule, step remit.BillingStep, now time.Time) error {
	p := step.Period
	record := postgres.BillingPeriod{From: p.From, Until: p.Until, Version: p.Version, State: step.Fate, MadeAt: now}
	told := postgres.BillingEntry{At: now, Kind: "skipped", Actor: remit.System, What: p.Words() + " is not billed: the schedule was paused when it began."}
	if step.Fate == remit.PeriodBilled {
		made, err := b.draft(ctx, tx, *s, p, now)
		if err != nil {
			return err
		}
		b.payments.boundary("bill drafted")
		record.InvoiceID = &made.ID
		if p.At.After(now) {
			record.SendAt = &p.At
			told.Kind, told.What = "drafted", fmt.Sprintf("%s over %s is made as a draft; it is sent on %s.", made.Number, made.Total, p.From.Words())
		} else {
			if err := b.send(ctx, tx, made.ID); err != nil {
				return err
			}
			told.Kind, told.What = "billed", fmt.Sprintf("%s over %s is made and sent.", made.Number, made.Total)
		}
	}
	s.Through, s.Trouble = p.From, ""
	if err := tx.AddBillingPeriod(ctx, s.ID, record); err != nil {
		return err
	}
	if err := tx.SaveBillingSchedule(ctx, *s); err != nil {
		return err
	}
	return tx.TellBilling(ctx, s.ID, told)
}

// draft makes a period's invoice.
func (b *Billing) draft(ctx context.Context, tx *postgres.Tx, s remit.BillingSchedule, p remit.BilledPeriod, now time.Time) (remit.ScheduledInvoice, error) {
	made, err := s.Invoice(p, s.Today(now))
	if err != nil {
		return made, err
	}
	customer, err := tx.Customer(ctx, s.CustomerID)
	if err != nil {
		return made, err
	}
	current, err := SettingsFor(ctx, tx, s.Organisation)
	if err != nil {
		return made, err
	}
	// Terms of payment are those that were copied. Who has to approve is not a term: it is
	// what holds when the invoice is made.
	settings := s.Settings
	settings.Approvals = current.Approvals
	in := remit.InvoiceInput{
		Organisation: s.Organisation, CustomerID: s.CustomerID, Number: made.Number, Currency: s.Currency, IssueDate: made.IssueDate, DueDate: made.DueDate,
		Lines: made.Lines, Adjustments: made.Adjustments, AutoCharge: p.Terms.AutoCharge, PaymentLinks: p.Terms.PaymentLink, Settings: &settings,
	}
	draft, err := Draft(ctx, tx, in, customer, b.payments.Now())
	if err != nil {
		return made, err
	}
	if draft.OwnCharge {
		draft.ChargedBy = p.Terms.By
	}
	draft.ID, draft.Source = made.ID, "billing schedule "+s.Number
	draft.Made = fmt.Sprintf("Billing schedule %s made %s for %s.", s.Number, made.Number, p.Words())
	inserted, _, err := InsertDraft(ctx, tx, draft, remit.System, b.payments.Now())
	if err == nil && !inserted {
		err = remit.Conflict(remit.CodeAlreadyExists, "An invoice %s of this customer exists that is not of this schedule.", made.Number)
	}
	return made, err
}

func (b *Billing) send(ctx context.Context, tx *postgres.Tx, invoice uuid.UUID) error {
	l, err := tx.LockInvoice(ctx, invoice)
	if err != nil {
		return err
	}
	return Send(ctx, tx, l, b.payments.Now(), remit.System)
}

// decideDraft sends a draft whose day has come, or cancels it where its period began
// in a pause or after the end. What somebody has sent or cancelled is left alone.
func (b *Billing) decideDraft(ctx context.Context, tx *postgres.Tx, s remit.BillingSchedule, draft postgres.BillingPeriod, now time.Time) error {
	l, err := tx.LockInvoice(ctx, *draft.InvoiceID)
	if err != nil {
		return err
	}
	fate := s.Fate(remit.BilledPeriod{At: *draft.SendAt})
	told := postgres.BillingEntry{At: now, Kind: "skipped", Actor: remit.System}
	switch {
	case l.SentAt != nil || l.VoidedAt != nil:
		return tx.DecideDraft(ctx, s.ID, draft.From, remit.PeriodBilled)
	case fate == remit.PeriodBilled:
		if err := Send(ctx, tx, l, b.payments.Now(), remit.System); err != nil {
			return err
		}
		told.Kind, told.What = "billed", l.Number+" is sent."
	case fate == remit.PeriodSkipped:
		told.What = l.Number + " is cancelled: the schedule was paused when its period began."
	case fate == remit.PeriodVoid:
		told.What = l.Number + " is cancelled: the schedule was ended before its period began."
	}
	if fate != remit.PeriodBilled {
		if err := b.payments.void(ctx, tx, l, remit.System, "its billing schedule does not bill this period"); err != nil {
			return err
		}
		fate = remit.PeriodSkipped
	}
	if err := tx.DecideDraft(ctx, s.ID, draft.From, fate); err != nil {
		return err
	}
	return tx.TellBilling(ctx, s.ID, told)
}

// putOff has a schedule that could not bill taken up later, and says why on its page.
func (b *Billing) putOff(ctx context.Context, tenant, schedule uuid.UUID, why string) error {
	return b.payments.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		s, err := tx.LockBillingSchedule(ctx, schedule)
		if err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(b.payments.Now())
		if s.Trouble != why {
			s.Trouble = why
			if err := tx.SaveBillingSchedule(ctx, s); err != nil {
				return err
			}
			if err := tx.TellBilling(ctx, schedule, postgres.BillingEntry{At: now, Kind: "trouble", What: "It could not bill: " + why + ". It is tried again every hour.", Actor: remit.System}); err != nil {
				return err
			}
		}
		return tx.PutBillingOff(ctx, schedule, now.Add(billPutOff))
	})
}

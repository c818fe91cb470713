package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// ClockInput says how far an organisation's test clock is to be moved: to a
// time, or by days.
type ClockInput struct {
	Organisation string
	To           time.Time
	Days         int
	Tell         bool // what came of it, too
}

// ClockResult is how far it came. Done is false where there is more to do than
// one answer waits for: the same request again goes on.
type ClockResult struct {
	Organisation string
	Now          time.Time
	Done         bool
	Fired        []FiredRow
	Spent        map[string]time.Duration // real time, by what it was spent on
	Story        ClockStory               // where it was asked for
}

// FiredRow is a row of the agenda that fell due on the way: what was planned, not what came
// of it.
type FiredRow struct {
	At        time.Time
	Kind      remit.AgendaKind
	What      string
	InvoiceID uuid.UUID
	Object    uuid.UUID // what it is about: a bank account, say
}

// MaxAdvance is how far a test clock may be moved at once.
const MaxAdvance = 10 * 366 * 24 * time.Hour

// AdvanceClock moves an organisation's test clock forward, row by row through
// its agenda in order of time: each row's work has recorded its end before the
// clock moves on to the next (M15). The stand-in's account goes with it.
func (c *Commands) AdvanceClock(ctx context.Context, caller Caller, body Body[ClockInput]) (ClockResult, error) {
	if err := c.somewhere(ctx, caller, remit.AdminOrganisations); err != nil {
		return ClockResult{}, err
	}
	in, err := body()
	if err != nil {
		return ClockResult{}, err
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.AdminOrganisations)
	if err != nil {
		return ClockResult{}, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, member.Path, remit.AdminOrganisations); err != nil {
		return ClockResult{}, err
	}
	clock, err := c.clockOf(ctx, member.Tenant)
	if err != nil {
		return ClockResult{}, err
	}
	if !c.Sandbox || !clock.Test {
		return ClockResult{}, remit.Conflict(remit.CodeConflict, "This organisation has no test clock. One is given when an organisation is made, beside the stand-in only.")
	}
	now := clock.Now(c.Now())
	to := in.To
	if to.IsZero() {
		to = now.AddDate(0, 0, in.Days)
	}
	if !to.After(now) {
		// The clock runs on: a request that goes on with one before may be overtaken by
		// it, and is there as soon as what was due by then is through.
		left, err := c.nextRows(ctx, member.Tenant, to)
		if err != nil {
			return ClockResult{}, err
		}
		if len(left) == 0 && now.Sub(to) > overtaken {
			return ClockResult{}, remit.Invalid("to", "The clock shows %s; it only goes forward.", now.UTC().Format(time.RFC3339))
		}
	}
	if to.Sub(now) > MaxAdvance {
		return ClockResult{}, remit.Invalid("to", "Ten years at most at once.")
	}
	began := c.Now()
	result, err := c.advance(ctx, caller, member, to)
	if err == nil && in.Tell {
		// The clock has moved, whatever becomes of telling it.
		if told := c.tellStory(context.WithoutCancel(ctx), caller, member, began, now, &result); told != nil {
			c.Logger.ErrorContext(ctx, "what happened on the clock's way is not told", "tenant", member.Tenant, "error", told)
		}
	}
	return result, err
}

// advance goes on when whoever asked has left, and then to the end, since nobody
// is there to send the request again.
func (c *Commands) advance(asked context.Context, caller Caller, member Membership, to time.Time) (ClockResult, error) {
	ctx := context.WithoutCancel(asked)
	result := ClockResult{Organisation: member.Path, Spent: map[string]time.Duration{}}
	answer := c.Answer
	if answer == 0 {
		answer = DefaultAnswer
	}
	until := c.Now().Add(answer)
	for {
		rows, err := c.nextRows(ctx, member.Tenant, to)
		if err != nil {
			return result, err
		}
		if len(rows) == 0 {
			break
		}
		if c.Now().After(until) && asked.Err() == nil {
			result.Now, err = c.TimeOf(ctx, member.Tenant)
			return result, err
		}
		began := c.Now()
		if err := c.showTime(ctx, member.Tenant, rows[0].At); err != nil {
			return result, err
		}
		shown := c.Now()
		result.Spent["move the clocks"] += shown.Sub(began)
		if err := c.fireRows(ctx, member.Tenant, rows); err != nil {
			return result, err
		}
		result.Spent[string(rows[0].Kind)] += c.Now().Sub(shown)
		for _, row := range rows {
			result.Fired = append(result.Fired, FiredRow{At: row.At, Kind: row.Kind, What: row.What, InvoiceID: row.InvoiceID, Object: row.ObjectID})
		}
	}
	if err := c.showTime(ctx, member.Tenant, to); err != nil {
		return result, err
	}
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		return c.audit(ctx, tx, changing(caller.entry("clock.advance", "", member.Path), nil, map[string]any{"to": to}))
	})
	if err != nil {
		return result, err
	}
	result.Done = true
	result.Now, err = c.TimeOf(ctx, member.Tenant)
	return result, err
}

// fireRows fires the rows of one instant, of which none comes before another, a few
// at once.
func (c *Commands) fireRows(ctx context.Context, tenant uuid.UUID, rows []postgres.AgendaRow) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(firedAtOnce)
	for _, row := range rows {
		group.Go(func() error { return c.fireRow(within, tenant, row) })
	}
	return group.Wait()
}

// fireRow wakes a row's invoice and waits until its work has recorded its end:
// the row is off the agenda, or planned anew for later.
func (c *Commands) fireRow(ctx context.Context, tenant uuid.UUID, row postgres.AgendaRow) error {
	invoice := remit.Invoice{ID: row.InvoiceID, OrganisationID: row.OrganisationID, Status: remit.InvoiceOpen, DueDate: remit.DateOf(row.At)}
	why := "the clock came to " + row.At.UTC().Format(time.RFC3339)
	wake := func() error { return c.wake(ctx, tenant, invoice, why) }
	switch row.Kind {
	case remit.AgendaReconcile:
		wake = func() error { return c.reconcileNight(ctx, tenant, row) }
	case remit.AgendaRefund:
		wake = func() error {
			return c.wakeRefund(ctx, remit.RefundRef{Tenant: tenant, Invoice: row.InvoiceID, Refund: row.ObjectID}, why)
		}
	case remit.AgendaBill:
		wake = func() error { return c.billRow(ctx, tenant, row) }
	case remit.AgendaBankAccount:
		wake = func() error {
			return c.wakeBankAccount(ctx, remit.BankAccountRef{Tenant: tenant, BankAccount: row.ObjectID}, why)
		}
	case remit.AgendaConnection:
		wake = func() error {
			return c.wakeConnection(ctx, remit.ConnectionRef{Tenant: tenant, Connection: row.ObjectID}, why)
		}
	case remit.AgendaPoll, remit.AgendaOverdue, remit.AgendaSend, remit.AgendaScript, remit.AgendaRespond, remit.AgendaExcess, remit.AgendaCharge, remit.AgendaNotice, remit.AgendaOrder, remit.AgendaApproval, remit.AgendaLateFee:
	}
	if row.Kind.ByRun() && !row.Soon {
		wake = func() error { return c.runAt(ctx, tenant, row) }
	}
	if err := wake(); err != nil {
		return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The workflows do not answer. The clock stands at %s.", row.At.UTC().Format(time.RFC3339))
	}
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	waiting, cancel := context.WithTimeout(ctx, rowEnds)
	defer cancel()
	for {
		var pending bool
		err := c.DB.InTenant(waiting, tenant, func(tx *postgres.Tx) (err error) {
			pending, err = tx.IsPending(waiting, row)
			return err
		})
		if err == nil && !pending {
			return nil
		}
		select {
		case <-waiting.Done():
			return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "%q of %s does not end. The clock stands there.", row.What, row.At.UTC().Format(time.RFC3339))
		case <-ticker.C:
		}
	}
}

// runAt carries out, in one due-date run, all that is due at a row's time.
func (c *Commands) runAt(ctx context.Context, tenant uuid.UUID, row postgres.AgendaRow) error {
	id := uuid.NewSHA1(tenant, fmt.Appendf(nil, "clock/%d/%s", row.At.UnixMicro(), row.ID))
	if err := c.insertRunOfDue(ctx, tenant, id); err != nil {
		return err
	}
	return c.carryOutRun(ctx, tenant, id)
}

// showTime sets the organisation's clock, and its account's at the stand-in, to
// a time; a clock that is past it already is left alone.
func (c *Commands) showTime(ctx context.Context, tenant uuid.UUID, at time.Time) error {
	now, err := c.TimeOf(ctx, tenant)
	if err != nil || !at.After(now) {
		return err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if live != nil {
		link, err := c.connector().Open(live)
		if activities.NoKeys(err) {
			link, err = nil, nil // its account is not made yet
		}
		if err != nil {
			return err
		}
		if link == nil {
			return c.moveClock(ctx, tenant, at)
		}
		if err := link.Stripe.MoveStandinClock(ctx, at); err != nil {
			return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The stand-in's clock did not move.")
		}
	}
	return c.moveClock(ctx, tenant, at)
}

func (c *Commands) moveClock(ctx context.Context, tenant uuid.UUID, at time.Time) error {
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		_, err := tx.MoveClock(ctx, at.Sub(c.Now()))
		return err
	})
}

// rowEnds is how long a row's work may take to record its end, less than people wait for
// an answer.
const rowEnds = 30 * time.Second

// overtaken is how far past its wish a clock may be for a repeated request to be
// answered as one that is there.
const overtaken = time.Minute

// firedAtOnce is how many rows of one instant are fired at once.
const firedAtOnce = 4

// nextRows are the earliest row that is due and, of the kinds of which many fall due
// at a midnight, those of the same instant.
func (c *Commands) nextRows(ctx context.Context, tenant uuid.UUID, by time.Time) ([]postgres.AgendaRow, error) {
	var rows []postgres.AgendaRow
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		rows, err = tx.DueAgenda(ctx, by, 10*firedAtOnce)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	first, same := rows[0], 1
	if first.Kind == remit.AgendaSend || first.Kind == remit.AgendaOverdue || first.Kind == remit.AgendaBill {
		for same < len(rows) && rows[same].Kind == first.Kind && rows[same].At.Equal(first.At) {
			same++
		}
	}
	return rows[:same], nil
}

func (c *Commands) clockOf(ctx context.Context, tenant uuid.UUID) (remit.Clock, error) {
	var clock remit.Clock
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		clock, err = tx.Clock(ctx)
		return err
	})
	return clock, err
}

// TimeOf is an organisation's time, on its own clock.
func (c *Commands) TimeOf(ctx context.Context, tenant uuid.UUID) (time.Time, error) {
	clock, err := c.clockOf(ctx, tenant)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the clock: %w", err)
	}
	return clock.Now(c.Now()), nil
}

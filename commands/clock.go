package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// ClockInput says how far an organisation's test clock is to be moved: to a
// time, or by days.
type ClockInput struct {
	Organisation string
	To           time.Time
	Days         int
}

// ClockResult is how far it came. Done is false where there is more to do than
// one answer waits for: the same request again goes on.
type ClockResult struct {
	Organisation string
	Now          time.Time
	Done         bool
	Fired        []FiredRow
}

// FiredRow is something that happened on the way.
type FiredRow struct {
	At        time.Time
	What      string
	InvoiceID uuid.UUID
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
		return ClockResult{}, remit.Invalid("to", "The clock shows %s; it only goes forward.", now.UTC().Format(time.RFC3339))
	}
	if to.Sub(now) > MaxAdvance {
		return ClockResult{}, remit.Invalid("to", "Ten years at most at once.")
	}
	return c.advance(ctx, caller, member, to)
}

func (c *Commands) advance(ctx context.Context, caller Caller, member Membership, to time.Time) (ClockResult, error) {
	result := ClockResult{Organisation: member.Path}
	answer := c.Answer
	if answer == 0 {
		answer = DefaultAnswer
	}
	until := c.Now().Add(answer)
	for {
		row, err := c.nextRow(ctx, member.Tenant, to)
		if err != nil {
			return result, err
		}
		if row == nil {
			break
		}
		if c.Now().After(until) {
			result.Now, err = c.timeOf(ctx, member.Tenant)
			return result, err
		}
		if err := c.showTime(ctx, member.Tenant, row.At); err != nil {
			return result, err
		}
		fired, err := c.fireRow(ctx, member.Tenant, *row)
		if err != nil {
			return result, err
		}
		if fired {
			result.Fired = append(result.Fired, FiredRow{At: row.At, What: row.What, InvoiceID: row.InvoiceID})
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
	result.Now, err = c.timeOf(ctx, member.Tenant)
	return result, err
}

// fireRow wakes a row's invoice and waits until its work has recorded its end:
// the row is off the agenda, or planned anew for later.
func (c *Commands) fireRow(ctx context.Context, tenant uuid.UUID, row postgres.AgendaRow) (bool, error) {
	invoice := remit.Invoice{ID: row.InvoiceID, OrganisationID: row.OrganisationID, Status: remit.InvoiceOpen, DueDate: remit.DateOf(row.At)}
	if err := c.wake(ctx, tenant, invoice, "the clock came to "+row.At.UTC().Format(time.RFC3339)); err != nil {
		return false, remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The workflows do not answer. The clock stands at %s.", row.At.UTC().Format(time.RFC3339))
	}
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		var pending bool
		err := c.DB.InTenant(waiting, tenant, func(tx *postgres.Tx) (err error) {
			pending, err = tx.IsPending(waiting, row)
			return err
		})
		if err == nil && !pending {
			return true, nil
		}
		select {
		case <-waiting.Done():
			return false, remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "%q of %s does not end. The clock stands there.", row.What, row.At.UTC().Format(time.RFC3339))
		case <-ticker.C:
		}
	}
}

// showTime sets the organisation's clock, and its account's at the stand-in, to
// a time; a clock that is past it already is left alone.
func (c *Commands) showTime(ctx context.Context, tenant uuid.UUID, at time.Time) error {
	now, err := c.timeOf(ctx, tenant)
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
		if err != nil {
			return err
		}
		if err := link.Stripe.MoveStandinClock(ctx, at); err != nil {
			return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The stand-in's clock did not move.")
		}
	}
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		_, err := tx.MoveClock(ctx, at.Sub(c.Now()))
		return err
	})
}

func (c *Commands) nextRow(ctx context.Context, tenant uuid.UUID, by time.Time) (*postgres.AgendaRow, error) {
	var rows []postgres.AgendaRow
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		rows, err = tx.DueAgenda(ctx, by, 1)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func (c *Commands) clockOf(ctx context.Context, tenant uuid.UUID) (remit.Clock, error) {
	var clock remit.Clock
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		clock, err = tx.Clock(ctx)
		return err
	})
	return clock, err
}

func (c *Commands) timeOf(ctx context.Context, tenant uuid.UUID) (time.Time, error) {
	clock, err := c.clockOf(ctx, tenant)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the clock: %w", err)
	}
	return clock.Now(c.Now()), nil
}

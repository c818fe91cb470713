package commands

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/money"
	"remit/postgres"
)

// BillingInput is a billing schedule as it arrives. What its organisation, customer,
// number and currency are is settled when it is made.
type BillingInput struct {
	Organisation string // path; "" takes the customer's
	CustomerID   uuid.UUID
	Number       string
	Currency     string // "" takes the organisation's
	Terms        *remit.BillingTerms
	Paused       *bool
	TakeSettings bool // of a change: take up the settings that are in force now
}

// BillingFilter narrows a list of schedules.
type BillingFilter struct {
	Organisation string // at this path and below
	State        remit.BillingState
	Customer     *uuid.UUID
}

// BillingView is a schedule with what came of it and what will.
type BillingView struct {
	Schedule remit.BillingSchedule
	Upcoming []remit.ScheduledInvoice // of the next twelve months
	Periods  []postgres.BillingPeriod // the last that are through, the newest first
	History  []postgres.BillingEntry  // the newest first
	Change   remit.Date               // from when a change given now would hold; zero: nothing is left to be changed
}

// billingShown is how many periods and entries of a schedule are shown.
const billingShown = 100

// BillingSchedules lists the schedules the caller may edit, the newest first.
func (c *Commands) BillingSchedules(ctx context.Context, caller Caller, filter BillingFilter, page Page) (List[remit.BillingSchedule], error) {
	var none List[remit.BillingSchedule]
	tenants, err := c.tenantsToList(ctx, caller, filter.Organisation, remit.InvoiceEdit)
	if err != nil {
		return none, err
	}
	after, id, err := page.afterNewest()
	if err != nil {
		return none, err
	}
	query := postgres.BillingQuery{Path: filter.Organisation, State: filter.State, Customer: filter.Customer, Limit: page.limit() + 1}
	if after != nil {
		query.Before = &remit.BillingSchedule{ID: id, CreatedAt: *after}
	}
	var pages [][]remit.BillingSchedule
	for _, member := range tenants {
		if query.Units, err = c.units(ctx, caller, member.Tenant, remit.InvoiceEdit); err != nil {
			return none, err
		}
		var list []remit.BillingSchedule
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			list, err = tx.BillingSchedules(ctx, query)
			return err
		})
		if err != nil {
			return none, err
		}
		pages = append(pages, list)
	}
	return cut(merge(pages, billingKey), page.limit(), billingKey), nil
}

func billingKey(s remit.BillingSchedule) (string, uuid.UUID) {
	return fmt.Sprintf("%019d", math.MaxInt64-s.CreatedAt.UnixMicro()), s.ID
}

// BillingSchedule is one schedule.
func (c *Commands) BillingSchedule(ctx context.Context, caller Caller, id uuid.UUID) (BillingView, error) {
	found, _, err := c.seeBilling(ctx, caller, id)
	if err != nil {
		return BillingView{}, err
	}
	return c.viewBilling(ctx, found.member.Tenant, id)
}

// seeBilling finds a schedule the caller may edit. A customer's user sees none.
func (c *Commands) seeBilling(ctx context.Context, caller Caller, id uuid.UUID) (seen, remit.BillingSchedule, error) {
	var s remit.BillingSchedule
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		s, err = tx.BillingSchedule(ctx, id)
		return s.Organisation, uuid.Nil, err
	}, remit.InvoiceEdit)
	return found, s, err
}

func (c *Commands) viewBilling(ctx context.Context, tenant, id uuid.UUID) (v BillingView, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if v.Schedule, err = tx.BillingSchedule(ctx, id); err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(c.Now())
		if v.Periods, err = tx.BillingPeriods(ctx, id, billingShown); err != nil {
			return err
		}
		if v.History, err = tx.BillingHistory(ctx, id, billingShown); err != nil {
			return err
		}
		if v.Schedule.State != remit.BillingEnded {
			v.Change, _ = v.Schedule.ChangeFrom(now)
		}
		v.Upcoming, err = v.Schedule.Upcoming(now, v.Schedule.Today(now).AddDays(365))
		return err
	})
	return v, err
}

// CreateBillingSchedule adds a schedule, with the settings that are in force. What of
// its periods has begun already is billed at once.
func (c *Commands) CreateBillingSchedule(ctx context.Context, caller Caller, body Body[BillingInput]) (BillingView, error) {
	if err := c.somewhere(ctx, caller, remit.InvoiceEdit); err != nil {
		return BillingView{}, err
	}
	in, err := body()
	if err != nil {
		return BillingView{}, err
	}
	found, customer, err := c.seeCustomer(ctx, caller, in.CustomerID, remit.InvoiceEdit)
	if err != nil || found.member.Customer != nil {
		return BillingView{}, remit.Invalid("customer_id", "There is no such customer, or you may not see it.")
	}
	if in.Organisation == "" {
		in.Organisation = customer.Organisation
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.InvoiceEdit)
	if err != nil {
		return BillingView{}, err
	}
	if member.Tenant != found.member.Tenant {
		return BillingView{}, remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
	}
	if in.Number, err = remit.CheckBillingNumber(in.Number); err != nil {
		return BillingView{}, err
	}
	if in.Terms == nil {
		return BillingView{}, remit.Invalid("lines", "Bill one thing at least.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return BillingView{}, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil {
		id = uuid.NewSHA1(caller.Asked, []byte("billing-schedule"))
	}
	var due bool
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if _, err := tx.BillingSchedule(ctx, id); err == nil {
			return nil // asked again
		}
		due, err = c.insertBilling(ctx, tx, caller, id, in)
		return err
	})
	if err != nil {
		return BillingView{}, err
	}
	if due {
		c.billNow(ctx, member.Tenant)
	}
	return c.viewBilling(ctx, member.Tenant, id)
}

func (c *Commands) insertBilling(ctx context.Context, tx *postgres.Tx, caller Caller, id uuid.UUID, in BillingInput) (due bool, err error) {
	organisation, err := tx.OrganisationByPath(ctx, in.Organisation)
	if err != nil {
		return false, remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
	}
	if in.Currency == "" {
		in.Currency = organisation.Currency
	}
	currency, err := money.ParseCurrency(in.Currency)
	if err != nil {
		return false, remit.Invalid("currency", "%s", err)
	}
	terms := *in.Terms
	terms.Cadence = terms.Anchored()
	by := caller.Actor()
	terms.From, terms.By = terms.Start, &by
	if err := terms.Check(currency); err != nil {
		return false, err
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return false, err
	}
	now := clock.Now(c.Now())
	s := remit.BillingSchedule{
		ID: id, OrganisationID: organisation.ID, Organisation: organisation.Path, CustomerID: in.CustomerID, Number: in.Number, Currency: string(currency),
		State: remit.BillingActive, Versions: []remit.BillingTerms{terms}, CreatedAt: now,
	}
	if err := tx.HoldZone(ctx, organisation.ID); err != nil {
		return false, err
	}
	if s.Zone, err = tx.ZoneOf(ctx, organisation.ID); err != nil {
		return false, err
	}
	if err := s.CheckStart(terms, now); err != nil {
		return false, err
	}
	if s.Settings, err = activities.SettingsFor(ctx, tx, organisation.Path); err != nil {
		return false, err
	}
	if in.Paused != nil && *in.Paused {
		s.MakePaused(now)
	}
	if err := tx.InsertBillingSchedule(ctx, s); err != nil {
		return false, err
	}
	told := postgres.BillingEntry{At: now, Kind: "made", Actor: caller.Actor(), What: fmt.Sprintf("It bills %s, from %s on.", terms.Bills(money.Currency(s.Currency)), terms.Start.Words())}
	if err := tx.TellBilling(ctx, id, told); err != nil {
		return false, err
	}
	if err := c.audit(ctx, tx, changing(caller.entry("billing_schedule.create", "billing schedule "+id.String(), s.Organisation), nil, auditedBilling(s))); err != nil {
		return false, err
	}
	return activities.Replan(ctx, tx, s, now)
}

func auditedBilling(s remit.BillingSchedule) map[string]any {
	return map[string]any{"number": s.Number, "customer_id": s.CustomerID, "currency": s.Currency, "state": s.State, "terms": s.Terms(), "settings_version": s.Settings.Version}
}

// ChangeBillingSchedule gives a schedule other terms, from its next period on (D7),
// pauses or resumes it. What is made stays.
func (c *Commands) ChangeBillingSchedule(ctx context.Context, caller Caller, id uuid.UUID, body Body[BillingInput]) (BillingView, error) {
	found, before, err := c.seeBilling(ctx, caller, id)
	if err != nil {
		return BillingView{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, before.Organisation, remit.InvoiceEdit); err != nil {
		return BillingView{}, err
	}
	in, err := body()
	if err != nil {
		return BillingView{}, err
	}
	if err := stays(before, in); err != nil {
		return BillingView{}, err
	}
	due, err := c.alterBilling(ctx, caller, found.member.Tenant, id, "billing_schedule.update", func(tx *postgres.Tx, s *remit.BillingSchedule, now time.Time) ([]string, error) {
		return c.changeBilling(ctx, tx, caller, s, in, now)
	})
	if err != nil {
		return BillingView{}, err
	}
	if due {
		c.billNow(ctx, found.member.Tenant)
	}
	return c.viewBilling(ctx, found.member.Tenant, id)
}

// stays refuses to change what a schedule keeps.
func stays(s remit.BillingSchedule, in BillingInput) error {
	switch {
	case in.CustomerID != uuid.Nil && in.CustomerID != s.CustomerID:
		return remit.Invalid("customer_id", "A schedule stays with its customer. End it and make another.")
	case in.Organisation != "" && in.Organisation != s.Organisation:
		return remit.Invalid("organisation", "A schedule stays at its organisation. End it and make another.")
	case in.Number != "" && in.Number != s.Number:
		return remit.Invalid("number", "A schedule keeps its number, %s.", s.Number)
	case in.Currency != "" && in.Currency != s.Currency:
		return remit.Invalid("currency", "A schedule stays in its currency, %s.", s.Currency)
	}
	return nil
}

func (c *Commands) changeBilling(ctx context.Context, tx *postgres.Tx, caller Caller, s *remit.BillingSchedule, in BillingInput, now time.Time) (told []string, err error) {
	if s.State == remit.BillingEnded {
		return nil, remit.Conflict(remit.CodeConflict, "This schedule has ended. Make another.")
	}
	if in.Terms != nil {
		terms := *in.Terms
		if terms.Start.IsZero() {
			terms.Start = s.Versions[0].Start
		}
		by := caller.Actor()
		terms.Cadence, terms.By = terms.Anchored(), &by
		if err := terms.Check(money.Currency(s.Currency)); err != nil {
			return nil, err
		}
		if !s.Says(terms) {
			if err := s.Change(terms, now); err != nil {
				return nil, err
			}
			told = append(told, fmt.Sprintf("Changed from %s on: it bills %s.", s.Terms().From.Words(), s.Terms().Bills(money.Currency(s.Currency))))
		}
	}
	if in.TakeSettings {
		if s.Settings, err = activities.SettingsFor(ctx, tx, s.Organisation); err != nil {
			return nil, err
		}
		told = append(told, "The settings of today hold for the invoices to come.")
	}
	switch paused := s.State == remit.BillingPaused; {
	case in.Paused == nil || *in.Paused == paused:
	case paused:
		s.PauseUntil(now)
		told = append(told, "Resumed. What began in the pause is not billed.")
	default:
		s.Pause(now)
		told = append(told, "Paused: what begins before it is resumed is not billed.")
	}
	return told, nil
}

// EndBillingSchedule ends a schedule: what begins later is not billed, and drafts of
// it are cancelled. It is never deleted.
func (c *Commands) EndBillingSchedule(ctx context.Context, caller Caller, id uuid.UUID) error {
	found, before, err := c.seeBilling(ctx, caller, id)
	if err != nil {
		return err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, before.Organisation, remit.InvoiceEdit); err != nil {
		return err
	}
	due, err := c.alterBilling(ctx, caller, found.member.Tenant, id, "billing_schedule.end", func(_ *postgres.Tx, s *remit.BillingSchedule, now time.Time) ([]string, error) {
		if s.State == remit.BillingEnded {
			return nil, nil
		}
		if s.State == remit.BillingPaused {
			s.PauseUntil(now)
		}
		s.State, s.EndedAt = remit.BillingEnded, &now
		return []string{"Ended: what begins from now on is not billed."}, nil
	})
	if err == nil && due {
		c.billNow(ctx, found.member.Tenant)
	}
	return err
}

// alterBilling changes a schedule under its row's lock, tells its history, and plans
// what comes next; due reports that it is to be carried out now.
func (c *Commands) alterBilling(ctx context.Context, caller Caller, tenant, id uuid.UUID, action string, alter func(tx *postgres.Tx, s *remit.BillingSchedule, now time.Time) (told []string, err error)) (due bool, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		s, err := tx.LockBillingSchedule(ctx, id)
		if err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now, before := clock.Now(c.Now()), auditedBilling(s)
		told, err := alter(tx, &s, now)
		if err != nil || len(told) == 0 {
			return err
		}
		if err := tx.SaveBillingSchedule(ctx, s); err != nil {
			return err
		}
		for _, what := range told {
			if err := tx.TellBilling(ctx, id, postgres.BillingEntry{At: now, Kind: "changed", What: what, Actor: caller.Actor()}); err != nil {
				return err
			}
		}
		if due, err = activities.Replan(ctx, tx, s, now); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry(action, "billing schedule "+id.String(), s.Organisation), before, auditedBilling(s)))
	})
	return due, err
}

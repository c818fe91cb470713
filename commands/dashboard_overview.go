package commands

import (
	"context"
	"time"

	"remit"
	"remit/postgres"
)

// DashboardDays is how many days the dashboard's chart shows.
const DashboardDays = 30

// Overview is what the dashboard opens with, all of it as it was stored last.
type Overview struct {
	Connection remit.Connection
	State      remit.DashboardState
	Account    *remit.AccountDescription // nil before it was read
	Balances   []remit.BalanceFigure
	Banks      []remit.PayoutBank
	Payouts    []remit.Payout // the newest
	Odd        []remit.Payout // of the last weeks, that failed or are not explained
	Moved      []remit.StripeTransaction
	Days       []remit.DayFigure // from From to Today
	From       remit.Date
	Today      remit.Date
	Zone       *time.Location
	Address    string // of the account's own dashboard; "" where Stripe makes a link for each visit
}

// How much of each list the dashboard opens with.
const (
	overviewRows = 8
	overviewOdd  = 10
)

// Dashboard is the overview of the connected account (U29).
func (c *Commands) Dashboard(ctx context.Context, caller Caller, organisation string) (Overview, error) {
	member, live, err := c.atDashboard(ctx, caller, organisation)
	if err != nil {
		return Overview{}, err
	}
	var o Overview
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		o, err = c.overview(ctx, tx, live)
		return err
	})
	return o, err
}

func (c *Commands) overview(ctx context.Context, tx *postgres.Tx, live *postgres.SealedConnection) (o Overview, err error) {
	of := figuresOf(live)
	if err := tx.Hear(ctx, &live.Connection); err != nil {
		return o, err
	}
	live.EventsMissing = live.Silent(c.Now())
	o.Connection = live.Connection
	if live.Mode != "express" {
		o.Address = c.dashboardAddress(live)
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return o, err
	}
	if o.Zone, err = topZone(ctx, tx); err != nil {
		return o, err
	}
	o.Today = remit.DateOf(clock.Now(c.Now()).In(o.Zone))
	o.From = o.Today.AddDays(1 - DashboardDays)
	since := o.From.StartIn(o.Zone)
	for _, read := range []func() error{
		func() error { o.State, err = tx.Dashboard(ctx, of); return err },
		func() error { o.Account, err = tx.DashboardDescription(ctx, of); return err },
		func() error { o.Balances, err = tx.DashboardBalances(ctx, of); return err },
		func() error { o.Banks, err = tx.DashboardBanks(ctx, of, "", overviewRows); return err },
		func() error {
			o.Payouts, err = tx.DashboardPayouts(ctx, postgres.DashboardQuery{DashboardOf: of, Limit: overviewRows})
			return err
		},
		func() error {
			o.Odd, err = tx.DashboardPayouts(ctx, postgres.DashboardQuery{DashboardOf: of, Odd: true, From: &since, Limit: overviewOdd})
			return err
		},
		func() error {
			o.Moved, err = tx.DashboardTransactions(ctx, postgres.DashboardQuery{DashboardOf: of, Limit: overviewRows})
			return err
		},
		func() error { o.Days, err = tx.DayFigures(ctx, of, since, o.Zone.String()); return err },
	} {
		if err := read(); err != nil {
			return o, err
		}
	}
	return o, nil
}

// exportPage is how many rows of an export are in memory at once.
const exportPage = 1000

// ExportTransactions hands over what moved the balance, newest first, a page at a
// time, however much it is. write is called at least once.
func (c *Commands) ExportTransactions(ctx context.Context, caller Caller, filter FigureFilter, write func([]remit.StripeTransaction) error) error {
	member, live, err := c.atDashboard(ctx, caller, filter.Organisation)
	if err != nil {
		return err
	}
	end, err := c.Heavy.begin(member.Tenant)
	if err != nil {
		return err
	}
	defer end()
	var q postgres.DashboardQuery
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		q, err = filter.query(ctx, tx, figuresOf(live), Page{})
		return err
	})
	for q.Limit = exportPage; err == nil; {
		var page []remit.StripeTransaction
		err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			page, err = tx.DashboardTransactions(ctx, q)
			return err
		})
		if err == nil {
			err = write(page)
		}
		if len(page) < exportPage {
			break
		}
		last := page[len(page)-1]
		q.Before, q.BeforeID = &last.Created, last.ID
	}
	return err
}

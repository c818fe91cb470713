package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// Stored are figures of an account as they were read last: no page waits for
// Stripe.
type Stored[T any] struct {
	State remit.DashboardState
	Is    T
}

// atDashboard asks for both permissions of the dashboard at the top-level path,
// and finds the account whose figures are meant.
func (c *Commands) atDashboard(ctx context.Context, caller Caller, organisation string) (Membership, *postgres.SealedConnection, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return member, nil, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, member.Path, remit.StripeRead); err != nil {
		return member, nil, err
	}
	var live *postgres.SealedConnection
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err == nil && live == nil {
		err = remit.Conflict(remit.CodeNotConnected, "No Stripe account is connected. Connect one on Settings > Integrations > Stripe.")
	}
	return member, live, err
}

func figuresOf(live *postgres.SealedConnection) postgres.DashboardOf {
	return postgres.DashboardOf{Account: live.Account, Livemode: live.Livemode}
}

// stored reads figures with their age, in one transaction.
func stored[T any](ctx context.Context, c *Commands, caller Caller, organisation string, read func(tx *postgres.Tx, of postgres.DashboardOf) (T, error)) (Stored[T], error) {
	member, live, err := c.atDashboard(ctx, caller, organisation)
	if err != nil {
		return Stored[T]{}, err
	}
	var found Stored[T]
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if found.State, err = tx.Dashboard(ctx, figuresOf(live)); err != nil {
			return err
		}
		found.Is, err = read(tx, figuresOf(live))
		return err
	})
	return found, err
}

// DescribedAccount is a connected account as Stripe described it last.
type DescribedAccount struct {
	ID string
	remit.AccountDescription
}

// StoredAccount is the connected account as it was described last. Where no
// refresh has read it yet it is what was seen when it was connected.
func (c *Commands) StoredAccount(ctx context.Context, caller Caller, organisation string) (Stored[DescribedAccount], error) {
	member, live, err := c.atDashboard(ctx, caller, organisation)
	if err != nil {
		return Stored[DescribedAccount]{}, err
	}
	var found Stored[DescribedAccount]
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if found.State, err = tx.Dashboard(ctx, figuresOf(live)); err != nil {
			return err
		}
		is, err := tx.DashboardDescription(ctx, figuresOf(live))
		if err != nil {
			return err
		}
		if is == nil {
			is = &remit.AccountDescription{Facts: remit.AccountFacts{DetailsSubmitted: live.Status != remit.ConnectionOnboarding}}
			if found.State.FreshAt = live.CheckedAt; live.CheckedAt == nil {
				found.State.FreshAt = &live.CreatedAt
			}
		}
		if live.CheckedAt != nil && found.State.FreshAt != nil && !live.CheckedAt.Before(*found.State.FreshAt) {
			is.BusinessName, is.Country, is.DefaultCurrency = live.BusinessName, live.Country, live.DefaultCurrency
			is.Facts.ChargesEnabled, is.Facts.PayoutsEnabled = live.ChargesEnabled, live.PayoutsEnabled
		}
		found.Is = DescribedAccount{ID: live.Account, AccountDescription: *is}
		return nil
	})
	return found, err
}

// StoredBalance is what the account had in each currency.
func (c *Commands) StoredBalance(ctx context.Context, caller Caller, organisation string) (Stored[[]remit.BalanceFigure], error) {
	return stored(ctx, c, caller, organisation, func(tx *postgres.Tx, of postgres.DashboardOf) ([]remit.BalanceFigure, error) {
		return tx.DashboardBalances(ctx, of)
	})
}

// StoredBanks lists where payouts go. Numbers are not known here.
func (c *Commands) StoredBanks(ctx context.Context, caller Caller, organisation string, page Page) (Stored[List[remit.PayoutBank]], error) {
	_, after, err := page.afterStripe()
	if err != nil {
		return Stored[List[remit.PayoutBank]]{}, err
	}
	return stored(ctx, c, caller, organisation, func(tx *postgres.Tx, of postgres.DashboardOf) (List[remit.PayoutBank], error) {
		banks, err := tx.DashboardBanks(ctx, of, after, page.limit()+1)
		return cutStripe(banks, page.limit(), func(b remit.PayoutBank) (time.Time, string) { return time.Time{}, b.ID }), err
	})
}

// FigureFilter narrows a list of what is at Stripe.
type FigureFilter struct {
	Organisation string
	Currency     string
	From, Until  remit.Date // days of the organisation's time zone, both included; zero is no bound
	Kind         remit.MovementKind
	Payout       string
	Status       remit.PayoutStatus
}

func (f FigureFilter) query(ctx context.Context, tx *postgres.Tx, of postgres.DashboardOf, page Page) (q postgres.DashboardQuery, err error) {
	q = postgres.DashboardQuery{DashboardOf: of, Limit: page.limit() + 1, Currency: strings.ToUpper(f.Currency), Kind: f.Kind, Payout: f.Payout, Status: f.Status}
	if q.Before, q.BeforeID, err = page.afterStripe(); err != nil || f.From.IsZero() && f.Until.IsZero() {
		return q, err
	}
	zone, err := topZone(ctx, tx)
	if err != nil {
		return q, err
	}
	if !f.From.IsZero() {
		from := f.From.StartIn(zone)
		q.From = &from
	}
	if !f.Until.IsZero() {
		until := f.Until.AddDays(1).StartIn(zone)
		q.Until = &until
	}
	return q, nil
}

// topZone is the time zone of the connection's organisation.
func topZone(ctx context.Context, tx *postgres.Tx) (*time.Location, error) {
	live, err := tx.LiveConnection(ctx)
	if err != nil || live == nil {
		return time.UTC, err
	}
	own, err := tx.OrganisationByID(ctx, live.OrganisationID)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(own.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("the organisation's time zone: %w", err)
	}
	return zone, nil
}

// StoredPayouts lists payouts, newest first.
func (c *Commands) StoredPayouts(ctx context.Context, caller Caller, filter FigureFilter, page Page) (Stored[List[remit.Payout]], error) {
	return stored(ctx, c, caller, filter.Organisation, func(tx *postgres.Tx, of postgres.DashboardOf) (List[remit.Payout], error) {
		q, err := filter.query(ctx, tx, of, page)
		if err != nil {
			return List[remit.Payout]{}, err
		}
		payouts, err := tx.DashboardPayouts(ctx, q)
		return cutStripe(payouts, page.limit(), func(p remit.Payout) (time.Time, string) { return p.Created, p.ID }), err
	})
}

// PayoutLines is a payout taken apart: what its lines come to by kind, and a page
// of them.
type PayoutLines struct {
	remit.Payout
	Sums  []remit.PayoutSum
	Lines List[remit.StripeTransaction]
}

// StoredPayout is one payout with what it carries (PO7).
func (c *Commands) StoredPayout(ctx context.Context, caller Caller, organisation, id string, page Page) (Stored[PayoutLines], error) {
	return stored(ctx, c, caller, organisation, func(tx *postgres.Tx, of postgres.DashboardOf) (PayoutLines, error) {
		payouts, err := tx.DashboardPayouts(ctx, postgres.DashboardQuery{DashboardOf: of, ID: id, Limit: 1})
		if err == nil && len(payouts) == 0 {
			err = remit.NotFound()
		}
		if err != nil {
			return PayoutLines{}, err
		}
		found := PayoutLines{Payout: payouts[0]}
		if found.Sums, err = tx.PayoutSums(ctx, of, found.Payout); err != nil {
			return found, err
		}
		q, err := FigureFilter{Payout: id}.query(ctx, tx, of, page)
		if err != nil {
			return found, err
		}
		q.Without = found.OwnTransaction
		lines, err := tx.DashboardTransactions(ctx, q)
		found.Lines = cutStripe(lines, page.limit(), transactionKey)
		return found, err
	})
}

func transactionKey(t remit.StripeTransaction) (time.Time, string) { return t.Created, t.ID }

// StoredTransactions lists what moved the balance, newest first.
func (c *Commands) StoredTransactions(ctx context.Context, caller Caller, filter FigureFilter, page Page) (Stored[List[remit.StripeTransaction]], error) {
	return stored(ctx, c, caller, filter.Organisation, func(tx *postgres.Tx, of postgres.DashboardOf) (List[remit.StripeTransaction], error) {
		q, err := filter.query(ctx, tx, of, page)
		if err != nil {
			return List[remit.StripeTransaction]{}, err
		}
		list, err := tx.DashboardTransactions(ctx, q)
		return cutStripe(list, page.limit(), transactionKey), err
	})
}

// StoredCustomers lists the account's customers, newest first, whoever made them.
func (c *Commands) StoredCustomers(ctx context.Context, caller Caller, organisation string, page Page) (Stored[List[remit.StripeCustomer]], error) {
	return stored(ctx, c, caller, organisation, func(tx *postgres.Tx, of postgres.DashboardOf) (List[remit.StripeCustomer], error) {
		q, err := FigureFilter{}.query(ctx, tx, of, page)
		if err != nil {
			return List[remit.StripeCustomer]{}, err
		}
		list, err := tx.DashboardCustomers(ctx, q)
		return cutStripe(list, page.limit(), func(k remit.StripeCustomer) (time.Time, string) { return k.Created, k.ID }), err
	})
}

// PayoutsOfInvoice are the payouts that an invoice's payments are in, for whoever
// may open the dashboard; nothing for others.
func (c *Commands) PayoutsOfInvoice(ctx context.Context, caller Caller, organisation string, invoice uuid.UUID) (list []remit.InvoicePayout, err error) {
	member, _, err := c.atDashboard(ctx, caller, organisation)
	if remit.IsCode(err, remit.CodeForbidden) || remit.IsCode(err, remit.CodeNotFound) || remit.IsCode(err, remit.CodeNotConnected) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		list, err = tx.PayoutsOfInvoice(ctx, invoice)
		return err
	})
	return list, err
}

// DashboardLink is where the account's own dashboard is: of an Express account a
// link that Stripe makes for this one visit (PO4), else its address.
func (c *Commands) DashboardLink(ctx context.Context, caller Caller, organisation string) (string, error) {
	_, live, err := c.atDashboard(ctx, caller, organisation)
	if err != nil {
		return "", err
	}
	if live.Mode != "express" {
		return c.dashboardAddress(live), nil
	}
	link, err := c.connector().Open(live)
	if err != nil {
		return "", unavailable(err)
	}
	key := caller.Asked
	if key == uuid.Nil {
		key = uuid.New()
	}
	url, err := link.Stripe.LoginLink(ctx, "login/"+key.String())
	if err != nil {
		return "", unavailable(err)
	}
	return url, nil
}

func (c *Commands) dashboardAddress(live *postgres.SealedConnection) string {
	if c.Stripe.Standin() {
		return strings.TrimSuffix(c.Stripe.URL(), "/") + "/_hosted/dashboard/" + live.Account
	}
	return gateway.DashboardURL(live.Account, live.Livemode)
}

// RefreshDashboard has Stripe asked for newer figures and returns at once: the
// figures are shown with their age until they are there.
func (c *Commands) RefreshDashboard(ctx context.Context, caller Caller, organisation string) (remit.DashboardState, error) {
	member, live, err := c.atDashboard(ctx, caller, organisation)
	if err != nil {
		return remit.DashboardState{}, err
	}
	var state remit.DashboardState
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if err := tx.AskDashboard(ctx, figuresOf(live), c.Now()); err != nil {
			return err
		}
		state, err = tx.Dashboard(ctx, figuresOf(live))
		return err
	})
	if err != nil {
		return state, err
	}
	return state, c.startDashboard(ctx, remit.DashboardRef{Tenant: member.Tenant, Connection: live.ID})
}

func (c *Commands) startDashboard(ctx context.Context, ref remit.DashboardRef) error {
	_, err := c.startAnew(ctx, c.startOf(remit.DashboardWorkflowID(ref.Connection)), remit.DashboardWorkflow, ref)
	return err
}

// hintDashboard notes that an account's figures may have changed, as Stripe
// reports, and has them read again. Where they are not kept fresh nothing is asked.
func (c *Commands) hintDashboard(ctx context.Context, sealed *postgres.SealedConnection) error {
	err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) error { return tx.AskDashboard(ctx, figuresOf(sealed), c.Now()) })
	if err != nil || c.DashboardEvery <= 0 {
		return err
	}
	return c.startDashboard(ctx, remit.DashboardRef{Tenant: sealed.Tenant, Connection: sealed.ID})
}

// sweepDashboard has the figures of a tenant's connected account read again where
// it is time, or where a refresh was lost half-way.
func (c *Commands) sweepDashboard(ctx context.Context, tenant uuid.UUID) error {
	if c.DashboardEvery <= 0 {
		return nil
	}
	var start *remit.DashboardRef
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveConnection(ctx)
		if err != nil || live == nil || len(live.SecretKey) == 0 && live.Mode == "api_keys" {
			return err
		}
		state, err := tx.Dashboard(ctx, figuresOf(live))
		if err == nil && state.Wanted(c.Now(), c.DashboardEvery) {
			start = &remit.DashboardRef{Tenant: tenant, Connection: live.ID}
		}
		return err
	})
	if err != nil || start == nil {
		return err
	}
	return c.startDashboard(ctx, *start)
}

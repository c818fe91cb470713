package activities

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// Dashboards keeps what Stripe says of accounts for people to look at. It decides
// nothing about money and books nothing.
type Dashboards struct {
	DB        *postgres.DB
	Connector *Connector
	Logger    *slog.Logger
	Now       func() time.Time // real time
	// Pages bounds what one step reads; 0 is 500.
	Pages int
	// Crash, if set, is called at each named boundary between two steps.
	Crash func(boundary string)
}

// dashboardPages is 50,000 objects, some minutes of reading.
const dashboardPages = 500

// refreshTries is how often a page that Stripe does not give is asked for again.
const refreshTries = 4

// RefreshDashboard reads an account again, from where the last refresh stopped,
// and reports whether there is more to read: a long account takes several steps.
// Each page is stored with the place to go on from, so that a step may be repeated.
func (d *Dashboards) RefreshDashboard(ctx context.Context, ref remit.DashboardRef) (more bool, err error) {
	defer heartbeat(ctx)()
	var sealed *postgres.SealedConnection
	err = d.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		sealed, err = tx.Connection(ctx, ref.Connection)
		return err
	})
	if err == nil && (sealed == nil || sealed.Status == remit.ConnectionDisconnected) {
		return false, nil
	}
	if err != nil {
		return false, d.again(ctx, ref, err)
	}
	r := &refreshing{Dashboards: d, ref: ref, of: postgres.DashboardOf{Account: sealed.Account, Livemode: sealed.Livemode}}
	if r.link, err = d.Connector.Open(sealed); err == nil {
		more, err = r.run(gateway.Batch(ctx))
	}
	switch {
	case err == nil:
		return more, nil
	case isUnreachable(err) || !activity.IsActivity(ctx) || activity.GetInfo(ctx).Attempt >= refreshTries:
		d.Logger.WarnContext(ctx, "figures were not read; those before stay", "connection", ref.Connection, "error", err)
		return false, d.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
			return tx.FailDashboard(ctx, r.of, failureWords(err), d.Now())
		})
	}
	return false, d.again(ctx, ref, err)
}

// again has the step repeated. Histories keep no details; the log does.
func (d *Dashboards) again(ctx context.Context, ref remit.DashboardRef, err error) error {
	d.Logger.WarnContext(ctx, "reading figures is repeated", "connection", ref.Connection, "error", err)
	return temporal.NewApplicationError(failureWords(err), typeInternal)
}

// refreshing is one refresh under way.
type refreshing struct {
	*Dashboards
	ref   remit.DashboardRef
	of    postgres.DashboardOf
	link  *Link
	state remit.DashboardState
}

func (r *refreshing) run(ctx context.Context) (more bool, err error) {
	if err := r.store(ctx, func(tx *postgres.Tx) error {
		r.state, err = tx.BeginDashboard(ctx, r.of, r.Now())
		return err
	}); err != nil {
		return false, err
	}
	pages := r.Pages
	if pages == 0 {
		pages = dashboardPages
	}
	for range pages {
		if err := r.page(ctx); err != nil {
			return false, err
		}
		if r.Crash != nil {
			r.Crash("figures stored")
		}
		if r.state.Pass.Step == "" {
			return r.hinted(ctx)
		}
	}
	return true, nil
}

// hinted reports whether something may have changed since the refresh began.
func (r *refreshing) hinted(ctx context.Context) (again bool, err error) {
	err = r.store(ctx, func(tx *postgres.Tx) error {
		now, err := tx.Dashboard(ctx, r.of)
		again = now.Hinted()
		return err
	})
	return again, err
}

// page reads and stores one page of the step that the pass has come to. A place
// to go on from that is gone at Stripe, as of a customer who was deleted, has the
// step begin anew.
func (r *refreshing) page(ctx context.Context) error {
	err := r.read(ctx)
	if err == nil || r.state.Pass.After == "" || gateway.MeaningOf(err) != gateway.Stop {
		return err
	}
	r.state.Pass.After = ""
	return r.read(ctx)
}

func (r *refreshing) read(ctx context.Context) error {
	switch r.state.Pass.Step {
	case remit.DashboardAccount:
		return r.account(ctx)
	case remit.DashboardPayouts:
		return r.payouts(ctx)
	case remit.DashboardTransactions:
		return r.transactions(ctx)
	case remit.DashboardLines:
		return r.lines(ctx)
	case remit.DashboardCustomers:
		return r.customers(ctx)
	}
	return r.store(ctx, func(tx *postgres.Tx) error { return r.pass(ctx, tx, true, "") }) // of another release
}

// pass moves the pass on in the transaction that stores a page: to the next page,
// or to the next step where that was the last. After the last step the figures are
// those of the pass.
func (r *refreshing) pass(ctx context.Context, tx *postgres.Tx, done bool, last string) error {
	next := r.state
	next.Pass.After = last
	if done {
		next.Pass.Step, next.Pass.After, next.Pass.Since, next.Pass.Payout = next.Pass.Step.Next(), "", nil, ""
	}
	var err error
	if next.Pass.Step == "" {
		err = tx.EndDashboard(ctx, next, r.Now())
	} else {
		err = tx.SaveDashboardPass(ctx, next)
	}
	if err == nil {
		r.state = next
	}
	return err
}

func (r *refreshing) store(ctx context.Context, do func(tx *postgres.Tx) error) error {
	return r.DB.InTenant(ctx, r.ref.Tenant, do)
}

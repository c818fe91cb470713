package activities

import (
	"context"
	"fmt"
	"time"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

func (r *refreshing) account(ctx context.Context) error {
	account, err := r.link.Stripe.Account(ctx)
	if err != nil {
		return err
	}
	balance, err := r.link.Stripe.Balance(ctx)
	if err != nil {
		return err
	}
	figures := make([]remit.BalanceFigure, len(balance))
	for n, b := range balance {
		available, err := money.FromStripe(b.Available, b.Currency)
		if err != nil {
			return fmt.Errorf("read a balance: %w", err)
		}
		pending, err := money.FromStripe(b.Pending, b.Currency)
		if err != nil {
			return fmt.Errorf("read a balance: %w", err)
		}
		figures[n] = remit.BalanceFigure{Currency: string(available.Currency), Available: available.Minor, Pending: pending.Minor}
	}
	is := remit.AccountDescription{
		BusinessName: account.Facts.BusinessName, Country: account.Facts.Country, DefaultCurrency: account.Facts.DefaultCurrency, Facts: account.Facts, Schedule: account.Schedule,
	}
	return r.store(ctx, func(tx *postgres.Tx) error {
		if err := tx.PutDashboardAccount(ctx, r.of, is, figures, account.Banks); err != nil {
			return err
		}
		return r.pass(ctx, tx, true, "")
	})
}

// since is from when on the step reads: decided with its first page, so that what
// the pages before have stored does not shorten it.
func (r *refreshing) since(decide func() (*time.Time, error)) (gateway.PageOf, error) {
	at := gateway.PageOf{After: r.state.Pass.After}
	if at.After == "" {
		since, err := decide()
		if err != nil {
			return at, err
		}
		r.state.Pass.Since = since
	}
	if r.state.Pass.Since != nil {
		at.Since = *r.state.Pass.Since
	}
	return at, nil
}

func (r *refreshing) payouts(ctx context.Context) error {
	at, err := r.since(func() (since *time.Time, err error) {
		err = r.store(ctx, func(tx *postgres.Tx) error {
			newest, oldestOpen, err := tx.DashboardPayoutTimes(ctx, r.of)
			since = remit.PayoutsSince(newest, oldestOpen)
			return err
		})
		return since, err
	})
	if err != nil {
		return err
	}
	views, more, err := r.link.Stripe.PayoutPage(ctx, at)
	if err != nil {
		return err
	}
	list := make([]remit.Payout, len(views))
	for n, view := range views {
		if list[n], err = payoutFrom(view); err != nil {
			return err
		}
	}
	return r.store(ctx, func(tx *postgres.Tx) error {
		if err := tx.PutDashboardPayouts(ctx, r.of, list); err != nil {
			return err
		}
		return r.pass(ctx, tx, !more || len(list) == 0, lastID(list, func(p remit.Payout) string { return p.ID }))
	})
}

func (r *refreshing) transactions(ctx context.Context) error {
	at, err := r.since(func() (*time.Time, error) { return r.state.TransactionsSince(), nil })
	if err != nil {
		return err
	}
	list, more, err := r.movements(ctx, at, "")
	if err != nil {
		return err
	}
	if at.After == "" && len(list) > 0 {
		r.state.Pass.Newest = &list[0].Created
	}
	return r.store(ctx, func(tx *postgres.Tx) error {
		if err := tx.PutDashboardTransactions(ctx, r.of, list); err != nil {
			return err
		}
		return r.pass(ctx, tx, !more || len(list) == 0, lastID(list, transactionID))
	})
}

// lines reads a page of what the oldest payout carries that was not read yet. The
// step is over once there is no such payout.
func (r *refreshing) lines(ctx context.Context) error {
	if r.state.Pass.After == "" {
		err := r.store(ctx, func(tx *postgres.Tx) (err error) {
			if r.state.Pass.Payout, err = tx.UnreadPayout(ctx, r.of); err == nil && r.state.Pass.Payout == "" {
				err = r.pass(ctx, tx, true, "")
			}
			return err
		})
		if err != nil || r.state.Pass.Payout == "" {
			return err
		}
	}
	payout := r.state.Pass.Payout
	list, more, err := r.movements(ctx, gateway.PageOf{After: r.state.Pass.After}, payout)
	if r.state.Pass.After == "" && gateway.MeaningOf(err) == gateway.Stop {
		list, more, err = nil, false, nil // it stays unexplained, and holds nothing else up
	}
	if err != nil {
		return err
	}
	return r.store(ctx, func(tx *postgres.Tx) error {
		if err := tx.PutDashboardTransactions(ctx, r.of, list); err != nil {
			return err
		}
		if more && len(list) > 0 {
			return r.pass(ctx, tx, false, lastID(list, transactionID))
		}
		if err := tx.EndPayoutLines(ctx, r.of, payout); err != nil {
			return err
		}
		return r.pass(ctx, tx, false, "")
	})
}

func (r *refreshing) movements(ctx context.Context, at gateway.PageOf, payout string) (list []remit.StripeTransaction, more bool, err error) {
	views, more, err := r.link.Stripe.BalanceTransactionPage(ctx, at, payout)
	if err != nil {
		return nil, false, err
	}
	list = make([]remit.StripeTransaction, len(views))
	for n, view := range views {
		if list[n], err = transactionFrom(view); err != nil {
			return nil, false, err
		}
		list[n].Payout = payout
	}
	return list, more, nil
}

func (r *refreshing) customers(ctx context.Context) error {
	at, err := r.since(func() (since *time.Time, err error) {
		if r.state.Pass.Wide {
			return nil, nil
		}
		err = r.store(ctx, func(tx *postgres.Tx) error {
			since, err = tx.NewestDashboardCustomer(ctx, r.of)
			return err
		})
		return since, err
	})
	if err != nil {
		return err
	}
	views, more, err := r.link.Stripe.CustomerPage(ctx, at)
	if err != nil {
		return err
	}
	list := make([]remit.StripeCustomer, len(views))
	for n, c := range views {
		list[n] = remit.StripeCustomer{ID: c.ID, Name: c.Name, Email: c.Email, KnownAs: remit.MappingKeys(c.Metadata), Created: c.Created}
	}
	return r.store(ctx, func(tx *postgres.Tx) error {
		if err := tx.PutDashboardCustomers(ctx, r.of, list, r.Now()); err != nil {
			return err
		}
		return r.pass(ctx, tx, !more || len(list) == 0, lastID(list, func(c remit.StripeCustomer) string { return c.ID }))
	})
}

func lastID[T any](list []T, id func(T) string) string {
	if len(list) == 0 {
		return ""
	}
	return id(list[len(list)-1])
}

func transactionID(t remit.StripeTransaction) string { return t.ID }

func payoutFrom(view gateway.PayoutView) (remit.Payout, error) {
	amount, err := money.FromStripe(view.Amount, view.Currency)
	if err != nil {
		return remit.Payout{}, fmt.Errorf("read a payout: %w", err)
	}
	return remit.Payout{
		ID: view.ID, Currency: string(amount.Currency), Amount: amount.Minor, Status: remit.PayoutStatus(view.Status), Automatic: view.Automatic,
		Listed: view.Automatic && view.Reconciled, Method: view.Method, BankID: view.Destination, OwnTransaction: view.BalanceTransaction,
		FailureCode: view.FailureCode, FailureMessage: view.FailureMessage, Arrives: remit.DateOf(view.Arrives), Created: view.Created,
	}, nil
}

// transactionFrom reads a balance transaction. Amounts become minor units of ours.
func transactionFrom(view gateway.BalanceTransactionView) (remit.StripeTransaction, error) {
	t := remit.StripeTransaction{
		ID: view.ID, Kind: movementKind(view), Type: view.Type, Available: view.Available, Created: view.Created,
		Description: view.Description, Source: view.Source, Intent: view.PaymentIntent,
	}
	for _, each := range []struct {
		from int64
		into *int64
	}{{view.Amount, &t.Amount}, {view.Fee, &t.Fee}, {view.ApplicationFee, &t.ApplicationFee}, {view.Net, &t.Net}} {
		amount, err := money.FromStripe(each.from, view.Currency)
		if err != nil {
			return t, fmt.Errorf("read a balance transaction: %w", err)
		}
		*each.into, t.Currency = amount.Minor, string(amount.Currency)
	}
	return t, nil
}

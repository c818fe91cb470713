package commands

import (
	"context"
	"time"

	"remit"
	"remit/postgres"
)

// Limits of a public link's checkouts: enough for somebody who hesitates, too
// few for trying cards.
const (
	linkCheckouts       = 10
	linkCheckoutsPeriod = time.Hour
)

// freshFor is how long a checkout must still be open to be shown again.
const freshFor = 10 * time.Minute

// PublicCheckout leads whoever has an invoice's public link to Stripe's page:
// the one that is open already, where it asks for the same amount, else a new
// one. Amount is in minor units; 0 is all that is owed. Errors are those of
// [Commands.PayInvoice], and [DelayedError] after ten new pages in an hour.
func (c *Commands) PublicCheckout(ctx context.Context, caller Caller, token string, amount int64) (CheckoutPage, error) {
	invoice, err := c.linkedInvoice(ctx, token)
	if err != nil {
		return CheckoutPage{}, err
	}
	if amount == 0 {
		amount = invoice.Outstanding
	}
	caller.Link = true
	in := PayInput{Amount: amount, Checkout: true, Keyed: true}
	permit := remit.Permit{Link: invoice.LinkVersion}
	member := Membership{Tenant: invoice.Tenant, Path: invoice.Organisation}
	for range 50 { // 10 s, in which a page is made or was not
		open, err := c.openCheckout(ctx, invoice, amount)
		if err != nil || open != nil {
			return deref(open), err
		}
		if err := c.linkMayAsk(ctx, invoice); err != nil {
			return CheckoutPage{}, err
		}
		outcome, err := c.pay(ctx, caller, member, invoice, permit, Given(in))
		switch {
		case err == nil && outcome.Checkout != nil:
			return *outcome.Checkout, nil
		case remit.IsCode(err, remit.CodeInFlight) && c.beingOpened(ctx, invoice):
			// The same link in a second tab: its page is being made right now.
		case err != nil:
			return CheckoutPage{}, err
		default:
			return CheckoutPage{}, remit.Conflict(remit.CodeInFlight, "We are checking whether it went through. Do not pay again.")
		}
		select {
		case <-ctx.Done():
			return CheckoutPage{}, errNotOpened()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return CheckoutPage{}, errNotOpened()
}

func errNotOpened() error {
	return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Nothing was charged: the payment page did not open. Try again soon.")
}

// openCheckout is the page that is open for the same amount, or nil.
func (c *Commands) openCheckout(ctx context.Context, invoice remit.Invoice, amount int64) (*CheckoutPage, error) {
	var page *CheckoutPage
	err := c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveAttempt(ctx, invoice.ID)
		if err != nil || live == nil || live.Kind != remit.AttemptCheckout || live.State != remit.AttemptRequiresAction ||
			live.Actor.Kind != linkActor || live.Amount != amount {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil || live.ExpiresAt == nil || live.ExpiresAt.Sub(clock.Now(c.Now())) < freshFor {
			return err
		}
		page = &CheckoutPage{URL: live.SessionURL, ExpiresAt: *live.ExpiresAt}
		return nil
	})
	return page, err
}

// beingOpened reports that a checkout is on its way to Stripe.
func (c *Commands) beingOpened(ctx context.Context, invoice remit.Invoice) bool {
	var opening bool
	err := c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveAttempt(ctx, invoice.ID)
		opening = live != nil && live.Kind == remit.AttemptCheckout && (live.State == remit.AttemptCreated || live.State == remit.AttemptRequiresAction)
		return err
	})
	return err == nil && opening
}

// linkMayAsk keeps a link from being used to try cards.
func (c *Commands) linkMayAsk(ctx context.Context, invoice remit.Invoice) error {
	var asked int
	err := c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) (err error) {
		asked, err = tx.LinkCheckouts(ctx, invoice.ID, c.Now().Add(-linkCheckoutsPeriod))
		return err
	})
	if err == nil && asked >= linkCheckouts {
		err = errDelayed(linkCheckoutsPeriod / linkCheckouts)
	}
	return err
}

func deref(page *CheckoutPage) CheckoutPage {
	if page == nil {
		return CheckoutPage{}
	}
	return *page
}

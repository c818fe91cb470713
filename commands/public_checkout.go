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

// PublicPayInput is how whoever has an invoice's public link wants to pay.
type PublicPayInput struct {
	Amount   int64 // minor units; 0 is all that is owed
	BankOnly bool  // a page that takes no card, as it is offered where fees are passed on
	Keep     bool  // what is paid with, for what is charged by itself; it is not where [PublicPage.Keeps] says no
}

// PublicCheckout leads whoever has an invoice's public link to Stripe's page:
// the one that is open already, where it asks for the same, else a new one. Errors are
// those of [Commands.PayInvoice], and [DelayedError] after ten new pages in an hour.
func (c *Commands) PublicCheckout(ctx context.Context, caller Caller, token string, in PublicPayInput) (CheckoutPage, error) {
	invoice, err := c.linkedInvoice(ctx, token)
	if err != nil {
		return CheckoutPage{}, err
	}
	return c.checkoutByLink(ctx, caller, invoice, in)
}

func (c *Commands) checkoutByLink(ctx context.Context, caller Caller, invoice remit.Invoice, in PublicPayInput) (CheckoutPage, error) {
	if in.Amount == 0 {
		in.Amount = invoice.Outstanding
	}
	if in.Keep {
		err := c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) (err error) {
			in.Keep, err = asksToKeep(ctx, tx, invoice)
			return err
		})
		if err != nil {
			return CheckoutPage{}, err
		}
	}
	for n := range publicRounds {
		live, err := c.linkAttempt(ctx, invoice, n == 0)
		if err != nil {
			return CheckoutPage{}, err
		}
		page := live.pageFor(invoice, in)
		// A page that is being made right now, as by the same link in a second tab,
		// is waited for: asking anew would count against the link. One that does not
		// come is asked for all the same, in case nobody makes it any more.
		if page == nil && (!live.opening || n%askAnew == askAnew-1) {
			page, err = c.askByLink(ctx, caller, invoice, in)
		}
		if err != nil || page != nil {
			return deref(page), err
		}
		select {
		case <-ctx.Done():
			return CheckoutPage{}, errNotOpened()
		case <-time.After(publicPause):
		}
	}
	return CheckoutPage{}, errNotOpened()
}

// How long whoever pressed Pay on a public page waits for it to lead anywhere:
// 10 s, in which a page is made or was not.
const (
	publicRounds = 50
	publicPause  = 200 * time.Millisecond
	askAnew      = 15 // rounds after which a page that is still being made is asked for anew
)

// askByLink asks for a new page. It gives none where one is being made for
// somebody else who has the link.
func (c *Commands) askByLink(ctx context.Context, caller Caller, invoice remit.Invoice, asked PublicPayInput) (*CheckoutPage, error) {
	if err := c.linkMayAsk(ctx, invoice); err != nil {
		return nil, err
	}
	caller.Link = true
	in := PayInput{Amount: asked.Amount, Checkout: true, BankOnly: asked.BankOnly, Save: asked.Keep, Keyed: true}
	member := Membership{Tenant: invoice.Tenant, Path: invoice.Organisation}
	outcome, err := c.pay(ctx, caller, member, invoice, remit.Permit{Link: invoice.LinkVersion}, Given(in))
	switch {
	case err == nil && outcome.Checkout != nil:
		return outcome.Checkout, nil
	case remit.IsCode(err, remit.CodeInFlight) && c.beingOpened(ctx, invoice):
		return nil, nil
	case err != nil:
		return nil, err
	case outcome.Attempt.StripeSession == "":
		return nil, errNotOpened() // nobody can pay in a page that nobody has been led to
	}
	return nil, remit.Conflict(remit.CodeInFlight, "We are checking whether it went through. Do not pay again.")
}

func errNotOpened() error {
	return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Nothing was charged: the payment page did not open. Try again soon.")
}

// linkAttempt is what a public link may lead to of an invoice's live attempt.
type linkAttempt struct {
	opening bool           // a page is on its way from Stripe
	page    *CheckoutPage  // the one that is open and was asked for by a link
	is      PublicPayInput // what it was asked for as
	sent    bool           // it was sent off, and deposits are awaited: nothing of it changes any more
}

// pageFor is the page that is open for what is asked, or nil.
func (a linkAttempt) pageFor(invoice remit.Invoice, in PublicPayInput) *CheckoutPage {
	if a.is.Amount != in.Amount || invoice.Settings.PassesFees() && a.is.BankOnly != in.BankOnly || a.is.Keep != in.Keep && !a.sent {
		return nil
	}
	return a.page
}

// asksToKeep reports whether who pays an invoice by its link is asked to keep what he
// pays with: where it is charged by itself, and its customer has nothing yet that it
// could be charged to.
func asksToKeep(ctx context.Context, tx *postgres.Tx, invoice remit.Invoice) (bool, error) {
	if !invoice.AsksToKeep() {
		return false, nil
	}
	methods, err := tx.PaymentMethods(ctx, invoice.CustomerID)
	charged, _ := remit.ChargedMethod(invoice.Settings.Methods, methods)
	return charged == nil, err
}

// linkAttempt reads what is open. A page that somebody may have paid in or closed
// at Stripe meanwhile is looked at first, so that nobody is led to one that is over
// for as long as no event and no poll has told so.
func (c *Commands) linkAttempt(ctx context.Context, invoice remit.Invoice, look bool) (linkAttempt, error) {
	found, err := c.readLinkAttempt(ctx, invoice)
	if err != nil || found.page == nil || !look {
		return found, err
	}
	c.lookNow(ctx, invoice.Tenant, invoice)
	return c.readLinkAttempt(ctx, invoice)
}

func (c *Commands) readLinkAttempt(ctx context.Context, invoice remit.Invoice) (found linkAttempt, err error) {
	err = c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveAttempt(ctx, invoice.ID)
		if err != nil || live == nil || live.Kind != remit.AttemptCheckout {
			return err
		}
		found.opening = live.State == remit.AttemptCreated
		if live.State != remit.AttemptRequiresAction || live.Actor.Kind != linkActor {
			return nil
		}
		clock, err := tx.Clock(ctx)
		if err != nil || live.ExpiresAt == nil || !live.AwaitsDeposits() && live.ExpiresAt.Sub(clock.Now(c.Now())) < freshFor {
			return err
		}
		found.page, found.sent = pageOf(*live), live.AwaitsDeposits()
		found.is = PublicPayInput{Amount: live.Amount, BankOnly: live.TakesNoCard(), Keep: live.Keeps()}
		return nil
	})
	return found, err
}

// beingOpened reports that a checkout is on its way to Stripe.
func (c *Commands) beingOpened(ctx context.Context, invoice remit.Invoice) bool {
	var opening bool
	err := c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveAttempt(ctx, invoice.ID)
		opening = live != nil && remit.OpenCheckout(live.Kind, live.State)
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

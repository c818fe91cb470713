package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// Where fees are passed on, a new card is typed on a hosted page that charges
// nothing: only then is it known whether it may be surcharged, and the payer sees
// amount, fee and total on our page before he pays (D4).

// collects reports whether a hosted page is to collect a card first. One whose bank
// wants the payer to confirm is charged on the hosted page itself, without the fee.
func (c *Commands) collects(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, in PayInput) (bool, error) {
	if !in.Checkout || in.BankOnly || !invoice.Settings.PassesFees() {
		return false, nil
	}
	var payments []remit.Payment
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		payments, err = tx.Payments(ctx, invoice.ID)
		return err
	})
	return !remit.WantsPayer(payments), err
}

// collectCard opens the page that collects a card for a payment: the one that is open
// already for the same, as in a second tab.
func (c *Commands) collectCard(ctx context.Context, caller Caller, member Membership, invoice remit.Invoice, permit remit.Permit, in PayInput) (CheckoutPage, error) {
	wanted := postgres.CollectedFor{Invoice: invoice.ID, Amount: in.Amount, Owed: invoice.Outstanding, Save: in.Save, Permit: caller.permitted(permit)}
	var open *postgres.SetupSession
	var who remit.Customer
	var asks *remit.ToPay
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		payload := c.payRequest(in)
		payload.Permit = wanted.Permit
		if err := c.payableNow(ctx, tx, caller, invoice, in, payload); err != nil {
			return err
		}
		if asks, err = c.approved(ctx, tx, invoice, in, &payload); err != nil {
			return err
		}
		if who, err = tx.Customer(ctx, invoice.CustomerID); err != nil {
			return err
		}
		if err := who.Collectable(); err != nil {
			return err
		}
		open, err = tx.CollectingSession(ctx, invoice.ID)
		return err
	})
	if remit.IsCode(err, remit.CodeApprovalRequired) {
		return CheckoutPage{}, c.askApproval(ctx, caller, member, invoice, wanted.Permit, *asks)
	}
	if err != nil {
		return CheckoutPage{}, err
	}
	if open != nil && open.Actor == caller.Actor() && open.For.Amount == wanted.Amount && open.For.Save == wanted.Save &&
		open.For.Permit.Link == permit.Link && open.ExpiresAt.Sub(c.Now()) > freshFor {
		return CheckoutPage{URL: open.URL, ExpiresAt: open.ExpiresAt}, nil
	}
	link, err := c.connector().Live(ctx, member.Tenant)
	if err != nil {
		return CheckoutPage{}, err
	}
	stripeCustomer := ""
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		stripeCustomer, err = tx.StripeCustomer(ctx, who.ID, link.Account, link.Livemode)
		return err
	})
	if err == nil && stripeCustomer == "" {
		stripeCustomer, err = c.connector().MakeStripeCustomer(ctx, member.Tenant, link, who)
	}
	if err != nil {
		return CheckoutPage{}, unavailable(err)
	}
	cancel := c.PublicURL + "/pay/return"
	row := postgres.SetupSession{CustomerID: who.ID, Account: link.Account, Livemode: link.Livemode, Actor: caller.Actor(), For: &wanted}
	if local(in.ReturnPath) {
		row.ReturnPath, cancel = in.ReturnPath, c.PublicURL+in.ReturnPath
	}
	return c.openSetup(ctx, member.Tenant, link, &row, gateway.SessionParams{
		Currency: money.Currency(invoice.Currency).Stripe(), StripeCustomer: stripeCustomer, CancelURL: cancel,
	}, caller.entry("invoice.collect_card", "invoice "+invoice.ID.String(), invoice.Organisation))
}

// storeOnce stores a card that is not to be kept, or not before it was paid with.
func (c *Commands) storeOnce(ctx context.Context, tenant uuid.UUID, link *activities.Link, row *postgres.SetupSession, view gateway.SessionView) error {
	method, err := link.Stripe.PaymentMethod(ctx, view.PaymentMethod)
	if err != nil || method.Customer == "" || method.Type != gateway.TypeCard {
		return err
	}
	stored, err := activities.StoreOnce(ctx, c.DB, tenant, link, row.CustomerID, row.For.Invoice, method, c.Now())
	row.Method = &stored
	return err
}

// CollectedCard is what somebody who came back from a page that collected his card is
// asked: to pay an amount and a fee with it.
type CollectedCard struct {
	Session   string // the page's id at Stripe, by which he pays
	Number    string
	Seller    string
	Currency  string
	Amount    int64
	Surcharge int64
	Owed      int64
	Method    string // in words
	Saved     bool
	OncePaid  bool // it is kept only then
}

// collected says what is asked of who comes back, or nil where there is nothing to
// ask: the card was used, or is gone.
func (c *Commands) collected(ctx context.Context, tx *postgres.Tx, setup postgres.SetupSession) (*CollectedCard, *remit.Attempt, remit.Invoice, error) {
	invoice, err := tx.Invoice(ctx, setup.For.Invoice)
	if err != nil || setup.Method == nil {
		return nil, nil, invoice, err
	}
	used, err := tx.LastAttemptWith(ctx, invoice.ID, *setup.Method, setup.CreatedAt)
	if err != nil || used != nil {
		return nil, used, invoice, err
	}
	method, err := tx.PaymentMethod(ctx, *setup.Method)
	if err != nil || method.Status != remit.MethodUsable {
		return nil, nil, invoice, err
	}
	fee, err := remit.Surcharge(invoice.Settings.Surcharge, method.Summary(), money.Of(setup.For.Amount, money.Currency(invoice.Currency)))
	if err != nil {
		return nil, nil, invoice, err
	}
	return &CollectedCard{
		Session: setup.StripeSession, Number: invoice.Number, Seller: invoice.SellerName(), Currency: invoice.Currency, Amount: setup.For.Amount,
		Surcharge: fee, Owed: setup.For.Owed, Method: method.Summary().Words(), Saved: setup.For.Save, OncePaid: setup.For.KeptOncePaid(),
	}, nil, invoice, nil
}

// PayCollected pays with a card that a hosted page collected, once its payer has seen
// the fee. Whoever came back from that page may: its id is known to him alone. What
// permitted the page to be opened is asked for again (T4).
func (c *Commands) PayCollected(ctx context.Context, caller Caller, session string, surcharge int64) (PayOutcome, error) {
	tenant, err := c.DB.TenantOfSession(ctx, session)
	if err != nil {
		return PayOutcome{}, err
	}
	var setup *postgres.SetupSession
	var card *CollectedCard
	var used *remit.Attempt
	var invoice remit.Invoice
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if setup, err = tx.SetupSessionOf(ctx, session); err != nil {
			return err
		}
		if setup == nil || setup.For == nil || setup.State != "complete" {
			return remit.NotFound()
		}
		card, used, invoice, err = c.collected(ctx, tx, *setup)
		return err
	})
	switch {
	case err != nil:
		return PayOutcome{}, err
	case used != nil:
		return c.outcome(ctx, tenant, used.ID)
	case card == nil:
		return PayOutcome{}, remit.Conflict(remit.CodeConflict, "This card is not kept any more. Nothing was charged. Start again.")
	}
	in := PayInput{Amount: card.Amount, PaymentMethod: setup.Method, Surcharge: &surcharge, Save: card.OncePaid, Keyed: true}
	permit := setup.For.Permit // it is he who opened the page that pays, whoever is signed in here
	caller.Asked, caller.Link = uuid.NewSHA1(setup.ID, []byte("pay")), permit.Link > 0
	caller.Account, caller.Name, caller.Token = permit.Account, setup.Actor.Name, permit.Token
	member := Membership{Tenant: tenant, Path: invoice.Organisation}
	if permit.Customer {
		member.Customer = &invoice.CustomerID
	}
	return c.send(ctx, caller, member, invoice, remit.RequestPay, in, func(payload *remit.PayRequest) {
		payload.Owed, payload.Permit, payload.Typed = setup.For.Owed, permit, true
	})
}

// cardsLeft is how long a card that was typed for one payment is kept without it.
const cardsLeft = 2 * time.Hour

// sweepCards takes away the cards that were typed for a payment that never came, or
// whose end did not take them away.
func (c *Commands) sweepCards(ctx context.Context, tenant uuid.UUID) error {
	var left []postgres.SetupSession
	var cards []remit.PaymentMethod
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if left, err = tx.LeftSetupSessions(ctx, c.Now().Add(-25*time.Hour)); err != nil {
			return err
		}
		cards, err = tx.CardsLeft(ctx, c.Now().Add(-cardsLeft), sweepPage)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, row := range left {
		if err := c.collectSetup(ctx, tenant, row); err != nil && !activities.NoKeys(err) {
			failed = append(failed, err)
		}
	}
	for _, card := range cards {
		link, err := c.connector().At(ctx, tenant, card.Account, card.Livemode)
		if err == nil {
			err = activities.PutAway(ctx, c.DB, tenant, link, card)
		}
		if err != nil && !activities.NoKeys(err) {
			failed = append(failed, fmt.Errorf("take a card away: %w", err))
		}
	}
	return errors.Join(failed...)
}

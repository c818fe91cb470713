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

// AddMethodInput says where to come back to from the hosted page.
type AddMethodInput struct {
	ReturnPath string // local path; "" for the public way back
}

// AddPaymentMethod opens Stripe's hosted page on which a card is added for a
// customer, without paying, or a bank account where debits are offered: by signing
// in at the bank, or by deposits. The page is open for 24 hours.
func (c *Commands) AddPaymentMethod(ctx context.Context, caller Caller, customer uuid.UUID, body Body[AddMethodInput]) (CheckoutPage, error) {
	tenant, who, err := c.mayChangeMethods(ctx, caller, customer)
	if err != nil {
		return CheckoutPage{}, err
	}
	in, err := body()
	if err != nil {
		return CheckoutPage{}, err
	}
	link, err := c.connector().Live(ctx, tenant)
	if err != nil {
		return CheckoutPage{}, err
	}
	stripeCustomer := who.StripeCustomer
	if stripeCustomer == "" {
		if stripeCustomer, err = c.connector().MakeStripeCustomer(ctx, tenant, link, who); err != nil {
			return CheckoutPage{}, unavailable(err)
		}
	}
	offer, err := c.offerDebits(ctx, tenant, link, who.Currency)
	if err != nil {
		return CheckoutPage{}, err
	}
	row := postgres.SetupSession{CustomerID: customer, Account: link.Account, Livemode: link.Livemode, Actor: caller.Actor()}
	if local(in.ReturnPath) {
		row.ReturnPath = in.ReturnPath
	}
	cancel := c.PublicURL + "/pay/return"
	if row.ReturnPath != "" {
		cancel = c.PublicURL + row.ReturnPath
	}
	return c.openSetup(ctx, tenant, link, &row, gateway.SessionParams{
		BankDebits: offer.Offered, Currency: money.Currency(who.Currency).Stripe(), StripeCustomer: stripeCustomer, CancelURL: cancel,
	}, caller.entry("payment_method.add", "customer "+customer.String(), who.Organisation))
}

// openSetup opens a hosted page on which a method is added, the row first.
func (c *Commands) openSetup(ctx context.Context, tenant uuid.UUID, link *activities.Link, row *postgres.SetupSession, params gateway.SessionParams, entry *remit.AuditEntry) (CheckoutPage, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return CheckoutPage{}, fmt.Errorf("make an id: %w", err)
	}
	row.ID, row.State, row.ExpiresAt = id, "created", c.Now().Add(24*time.Hour)
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.InsertSetupSession(ctx, *row); err != nil {
			return err
		}
		return c.audit(ctx, tx, entry)
	})
	if err != nil {
		return CheckoutPage{}, err
	}
	params.Mode, params.ClientReferenceID, params.SuccessURL = "setup", id.String(), c.PublicURL+"/pay/return?session_id={CHECKOUT_SESSION_ID}"
	params.Metadata = map[string]string{"remit_tenant": tenant.String(), "remit_customer": row.CustomerID.String()}
	view, err := link.Stripe.CreateSession(ctx, fmt.Sprintf("setup/%s/session", id), params)
	if err != nil {
		return CheckoutPage{}, unavailable(err)
	}
	row.StripeSession, row.URL, row.State, row.ExpiresAt = view.ID, view.URL, "open", view.ExpiresAt
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.RememberSession(ctx, view.ID); err != nil {
			return err
		}
		return tx.SaveSetupSession(ctx, *row)
	})
	return CheckoutPage{URL: view.URL, ExpiresAt: view.ExpiresAt}, err
}

// collectSetups looks at the customer's open hosted pages and stores the
// methods they brought.
func (c *Commands) collectSetups(ctx context.Context, tenant, customer uuid.UUID) error {
	var open []postgres.SetupSession
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		open, err = tx.OpenSetupSessions(ctx, customer)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, row := range open { // one that cannot be looked at, as at an account that is gone, holds up no other
		failed = append(failed, c.collectSetup(ctx, tenant, row))
	}
	return errors.Join(failed...)
}

func (c *Commands) collectSetup(ctx context.Context, tenant uuid.UUID, row postgres.SetupSession) error {
	link, err := c.connector().At(ctx, tenant, row.Account, row.Livemode)
	if err != nil {
		return err
	}
	view, err := link.Stripe.Session(ctx, row.StripeSession)
	if err != nil {
		return err
	}
	switch {
	case view.Status == "complete" && view.PaymentMethod != "":
		if row.For != nil && (!row.For.Save || row.For.KeptOncePaid()) {
			err = c.storeOnce(ctx, tenant, link, &row, view)
		} else {
			err = c.storeCollected(ctx, tenant, link, &row, view)
		}
		if err != nil {
			return err
		}
		row.State = "complete"
	case view.Status == "expired":
		row.State = "expired"
	default:
		return nil
	}
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return tx.SaveSetupSession(ctx, row) })
}

// storeCollected stores what a hosted page collected, as Stripe describes it now.
// One that nobody has any more was removed before its page was looked at.
func (c *Commands) storeCollected(ctx context.Context, tenant uuid.UUID, link *activities.Link, row *postgres.SetupSession, view gateway.SessionView) error {
	method, err := link.Stripe.PaymentMethod(ctx, view.PaymentMethod)
	if err != nil {
		return err
	}
	if method.Type != gateway.TypeBankAccount {
		if method.Customer == "" {
			return nil
		}
		if err := activities.StoreMethod(ctx, c.DB, tenant, link, row.CustomerID, method, c.Now()); err != nil {
			return err
		}
		return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			stored, err := tx.MethodByStripeID(ctx, link.Account, method.ID)
			if stored != nil {
				row.Method = &stored.ID
			}
			return err
		})
	}
	setup, err := link.Stripe.Setup(ctx, view.SetupIntent)
	if err != nil || setup.Facts.Status == "succeeded" && setup.Method.Customer == "" {
		return err
	}
	ref, err := c.bankAccounts().Adopt(ctx, tenant, link, *row, setup)
	if err != nil {
		return err
	}
	return c.wakeBankAccount(ctx, ref, "it was added on Stripe's page")
}

func (c *Commands) connector() *activities.Connector {
	return &activities.Connector{DB: c.DB, Gateway: c.Stripe, Secrets: c.Secrets}
}

// unavailable is what a caller reads when Stripe did not do what was asked and
// no money was part of it.
func unavailable(err error) error {
	var failure *gateway.Failure
	if !errors.As(err, &failure) {
		return err
	}
	if failure.Meaning == gateway.Stop || failure.Meaning == gateway.State || failure.Meaning == gateway.Outcome {
		return remit.Conflict(remit.CodeConflict, "Stripe refused this (%s).", failure.Named())
	}
	if failure.Meaning == gateway.Unreachable {
		return remit.Conflict(remit.CodeNotConnected, "Stripe does not accept this organisation's keys. Enter them anew on Settings > Integrations > Stripe.")
	}
	return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Stripe does not answer. Nothing was changed. Try again soon.")
}

func isGone(err error) bool {
	var failure *gateway.Failure
	return errors.As(err, &failure) && (failure.Status == 404 || failure.Code == "resource_missing")
}

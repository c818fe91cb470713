package commands

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
	"remit/secrets"
)

// ErrBadSignature is the answer to a webhook that was not signed by its
// connection's secret, or not now.
var ErrBadSignature = remit.Errorf(remit.KindMalformed, "bad_signature", "The signature is not valid.")

// ReceiveEvent takes a webhook of a connection: its signature is checked, the
// event is stored once, and, unless what it says is recorded already, the
// invoice's workflow is told to look (M6). A foreign event is stored, marked
// and taken all the same: refusing it would make Stripe stop sending.
func (c *Commands) ReceiveEvent(ctx context.Context, connection *uuid.UUID, payload []byte, signature string) error {
	if connection == nil {
		return ErrBadSignature // the platform has no endpoint of its own yet, so no secret to sign with
	}
	tenant, err := c.DB.TenantOfConnection(ctx, *connection)
	if remit.IsCode(err, remit.CodeNotFound) {
		return ErrBadSignature
	}
	if err != nil {
		return err
	}
	var sealed *postgres.SealedConnection
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		sealed, err = tx.Connection(ctx, *connection)
		return err
	})
	if err != nil {
		return err
	}
	if sealed == nil || len(sealed.WebhookSecret) == 0 {
		return ErrBadSignature
	}
	secret, err := c.Secrets.OpenSecret(secrets.StripeKeys, activities.KeyPlace(sealed, "webhook_secret"), sealed.WebhookSecret)
	if err != nil {
		return remit.Internal(err)
	}
	event, err := gateway.VerifyEvent(payload, signature, secret.Reveal(), c.Now())
	if errors.Is(err, gateway.ErrSignature) {
		return ErrBadSignature
	}
	if err != nil {
		return remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "This is not an event.")
	}
	return c.takeEvent(ctx, sealed, event)
}

func (c *Commands) takeEvent(ctx context.Context, sealed *postgres.SealedConnection, event gateway.Event) error {
	stored := postgres.StoredEvent{
		ID: event.ID, Account: sealed.Account, Tenant: sealed.Tenant, Type: event.Type, ObjectID: event.ObjectID, Livemode: event.Livemode, State: postgres.EventForeign,
	}
	var invoice remit.Invoice
	switch {
	case event.Livemode != sealed.Livemode:
		stored.State = postgres.EventWrongMode
	case event.Account != "" && event.Account != sealed.Account:
		stored.State = postgres.EventForeign
	default:
		found, state, err := c.concerns(ctx, sealed, event)
		if err != nil {
			return err
		}
		if stored.State = state; found != nil {
			invoice, stored.InvoiceID = *found, &found.ID
		}
	}
	_, state, err := c.DB.StoreEvent(ctx, stored)
	if err != nil || state != postgres.EventWaiting {
		return err
	}
	if stored.InvoiceID == nil {
		return c.takeMethodEvent(ctx, sealed, event)
	}
	return c.wake(ctx, sealed.Tenant, invoice, event.Type+" "+event.ID)
}

// concerns finds the invoice an event is about, by ids that were stored here;
// what its metadata says is not looked at (T13). An invoice is returned only
// where there is something to look at.
func (c *Commands) concerns(ctx context.Context, sealed *postgres.SealedConnection, event gateway.Event) (*remit.Invoice, postgres.EventState, error) {
	var invoice *remit.Invoice
	state := postgres.EventForeign
	err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) error {
		switch {
		case strings.HasPrefix(event.Type, "checkout.session."):
			attempt, err := tx.AttemptOfSession(ctx, event.ObjectID)
			if err == nil {
				state = settledOr(attempt.State)
				invoice, err = read(ctx, tx, attempt.InvoiceID)
				return err
			}
			if !remit.IsCode(err, remit.CodeNotFound) {
				return err
			}
			setup, err := tx.SetupSessionOf(ctx, event.ObjectID)
			if err != nil || setup == nil {
				return err
			}
			state = postgres.EventWaiting
			if setup.State != "open" {
				state = postgres.EventDone
			}
			return nil
		case event.Intent != "":
			payment, err := tx.PaymentByIntent(ctx, sealed.Account, event.Intent)
			if err != nil || payment == nil {
				return err
			}
			state = postgres.EventWaiting
			if payment.State == remit.AttemptSucceeded && event.Type != "charge.refunded" {
				state = postgres.EventDone
			}
			invoice, err = read(ctx, tx, payment.InvoiceID)
			return err
		case strings.HasPrefix(event.Type, "payment_method."), event.Type == "account.updated":
			state = postgres.EventWaiting
		}
		return nil
	})
	return invoice, state, err
}

// takeMethodEvent looks at a saved method, a hosted page or the account an
// event is about.
func (c *Commands) takeMethodEvent(ctx context.Context, sealed *postgres.SealedConnection, event gateway.Event) error {
	err := c.lookAt(ctx, sealed, event)
	if err != nil {
		return err // not acknowledged: Stripe sends it again
	}
	return c.DB.EndEvent(ctx, sealed.Tenant, sealed.Account, event.ID, postgres.EventDone)
}

func (c *Commands) lookAt(ctx context.Context, sealed *postgres.SealedConnection, event gateway.Event) error {
	link, err := c.connector().Open(sealed)
	if err != nil {
		return err
	}
	switch {
	case event.Type == "account.updated":
		account, err := link.Stripe.Account(ctx)
		if err != nil {
			return err
		}
		return c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) error {
			describe(sealed, account)
			return tx.DescribeConnection(ctx, *sealed)
		})
	case strings.HasPrefix(event.Type, "checkout.session."):
		var setup *postgres.SetupSession
		err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) (err error) {
			setup, err = tx.SetupSessionOf(ctx, event.ObjectID)
			return err
		})
		if err != nil || setup == nil {
			return err
		}
		return c.collectSetup(ctx, sealed.Tenant, *setup)
	default:
		return c.lookAtMethod(ctx, sealed, link, event.ObjectID)
	}
}

// lookAtMethod brings a saved method in line with Stripe: attached to one of
// our customers it is stored, attached to nobody it is marked as removed.
func (c *Commands) lookAtMethod(ctx context.Context, sealed *postgres.SealedConnection, link *activities.Link, stripeID string) error {
	card, err := link.Stripe.PaymentMethod(ctx, stripeID)
	if isGone(err) {
		card, err = gateway.CardView{ID: stripeID}, nil
	}
	if err != nil {
		return err
	}
	var customer uuid.UUID
	err = c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) error {
		if card.Customer != "" {
			customer, err = tx.CustomerOfStripe(ctx, sealed.Account, card.Customer)
			return err
		}
		known, err := tx.MethodByStripeID(ctx, sealed.Account, stripeID)
		if err != nil || known == nil || known.Status == remit.MethodDetached {
			return err
		}
		return tx.DetachMethod(ctx, known.ID)
	})
	if err != nil || customer == uuid.Nil {
		return err
	}
	return activities.StoreCard(ctx, c.DB, sealed.Tenant, link, customer, card, c.Now())
}

func read(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (*remit.Invoice, error) {
	invoice, err := tx.Invoice(ctx, id)
	return &invoice, err
}

func settledOr(state remit.AttemptState) postgres.EventState {
	if state.Live() {
		return postgres.EventWaiting
	}
	return postgres.EventDone
}

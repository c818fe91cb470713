package commands

import (
	"context"
	"errors"
	"strings"
	"time"

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
		return c.receivePlatformEvent(ctx, payload, signature)
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

// receivePlatformEvent takes an event of an account that is connected to the platform:
// it names the account, and every organisation that is or was connected to it is told.
// An account that an owner linked is told of only to those he lets in now: it is by
// their permission that Stripe reports it. One of an account that nobody here is
// connected to is foreign, and taken.
func (c *Commands) receivePlatformEvent(ctx context.Context, payload []byte, signature string) error {
	event, err := gateway.VerifyEvent(payload, signature, c.ConnectSecret.Reveal(), c.Now())
	if errors.Is(err, gateway.ErrSignature) {
		return ErrBadSignature
	}
	if err != nil {
		return remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "This is not an event.")
	}
	if event.Account == "" {
		return nil // of the platform's own account
	}
	// A connection hears of both modes' events and is asked which it is of.
	found, err := c.DB.ConnectionsOf(ctx, event.Account)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		c.Logger.InfoContext(ctx, "an event of an account that nobody is connected to", "account", event.Account, "event", event.ID)
	}
	for _, to := range found {
		var sealed *postgres.SealedConnection
		err := c.DB.InTenant(ctx, to.Tenant, func(tx *postgres.Tx) (err error) {
			sealed, err = tx.Connection(ctx, to.Connection)
			return err
		})
		if err != nil {
			return err
		}
		if sealed == nil || !sealed.Mode.Platform() || sealed.Mode == remit.ModeStandard && !sealed.Live() {
			continue
		}
		if err := c.takeEvent(ctx, sealed, event); err != nil {
			return err
		}
	}
	return nil
}

func (c *Commands) takeEvent(ctx context.Context, sealed *postgres.SealedConnection, event gateway.Event) error {
	stored := postgres.StoredEvent{
		ID: event.ID, Account: sealed.Account, Tenant: sealed.Tenant, Type: event.Type, ObjectID: event.ObjectID, Intent: event.Intent, Livemode: event.Livemode, State: postgres.EventForeign,
	}
	var invoice *remit.Invoice
	var state postgres.EventState
	var busy bool
	err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) (err error) {
		switch {
		case event.Livemode != sealed.Livemode:
			stored.State = postgres.EventWrongMode
		case event.Account != "" && event.Account != sealed.Account:
			stored.State = postgres.EventForeign
		default:
			if invoice, stored.State, err = concernsSurely(ctx, tx, sealed, event); err != nil {
				return err
			}
			if invoice != nil {
				stored.InvoiceID = &invoice.ID
			}
			if invoice != nil && stored.State == postgres.EventWaiting {
				if busy, err = c.attended(ctx, tx, invoice.ID); err != nil {
					return err
				}
				if _, stored.State, err = concerns(ctx, tx, sealed, event); err != nil {
					return err // under the lock it may have been recorded meanwhile
				}
			}
		}
		state, err = tx.StoreEvent(ctx, stored)
		return err
	})
	if err != nil || state != postgres.EventWaiting {
		return err
	}
	if busy {
		return nil
	}
	if stored.InvoiceID == nil {
		return c.takeMethodEvent(ctx, sealed, event)
	}
	return c.wake(ctx, sealed.Tenant, *invoice, event.Type+" "+event.ID)
}

// concernsSurely is [concerns], which waits for whoever stores the event's intent
// at this moment before it calls it nobody's.
func concernsSurely(ctx context.Context, tx *postgres.Tx, sealed *postgres.SealedConnection, event gateway.Event) (*remit.Invoice, postgres.EventState, error) {
	invoice, state, err := concerns(ctx, tx, sealed, event)
	if err != nil || state != postgres.EventForeign || event.Intent == "" {
		return invoice, state, err
	}
	if err := tx.HoldIntent(ctx, sealed.Account, event.Intent); err != nil {
		return nil, state, err
	}
	return concerns(ctx, tx, sealed, event)
}

// concerns finds the invoice an event is about, by ids that were stored here;
// what its metadata says is not looked at (T13). An invoice is returned only
// where there is something to look at.
func concerns(ctx context.Context, tx *postgres.Tx, sealed *postgres.SealedConnection, event gateway.Event) (*remit.Invoice, postgres.EventState, error) {
	switch {
	case strings.HasPrefix(event.Type, "checkout.session."):
		return concernsSession(ctx, tx, event.ObjectID)
	case event.Intent != "":
		payment, err := tx.PaymentByIntent(ctx, sealed.Account, event.Intent)
		if err != nil || payment == nil {
			return nil, postgres.EventForeign, err
		}
		state := postgres.EventWaiting
		switch {
		case strings.HasPrefix(event.Type, "charge.dispute."):
			if state, err = concernsDispute(ctx, tx, sealed, event.ObjectID); err != nil {
				return nil, postgres.EventForeign, err
			}
		case payment.State == remit.AttemptSucceeded && strings.HasPrefix(event.Type, "payment_intent."):
			state = postgres.EventDone
		}
		invoice, err := read(ctx, tx, payment.InvoiceID)
		return invoice, state, err
	case strings.HasPrefix(event.Type, "payment_method."), aboutAccount(event), onDashboard(event):
		return nil, postgres.EventWaiting, nil
	case aboutCustomer(event):
		state, err := concernsCustomer(ctx, tx, sealed, event)
		return nil, state, err
	case strings.HasPrefix(event.Type, "setup_intent."), event.Type == "mandate.updated":
		b, err := bankAccountOf(ctx, tx, sealed, event)
		if err != nil || b == nil {
			return nil, postgres.EventForeign, err
		}
		return nil, postgres.EventWaiting, nil
	}
	return nil, postgres.EventForeign, nil
}

// concernsDispute reports whether a dispute is still to be looked at: one that is
// won has come as far as any can, if it was Stripe that said so.
func concernsDispute(ctx context.Context, tx *postgres.Tx, sealed *postgres.SealedConnection, stripeDispute string) (postgres.EventState, error) {
	d, err := tx.DisputeAtStripe(ctx, sealed.Account, stripeDispute)
	if err == nil && d != nil && d.State == remit.DisputeWon && !d.ByHand {
		return postgres.EventDone, nil
	}
	return postgres.EventWaiting, err
}

// concernsSession finds what a hosted page was for: a payment, or saving a card.
func concernsSession(ctx context.Context, tx *postgres.Tx, session string) (*remit.Invoice, postgres.EventState, error) {
	attempt, err := tx.AttemptOfSession(ctx, session)
	if err == nil {
		payment, err := tx.Payment(ctx, attempt.PaymentID)
		if err != nil {
			return nil, postgres.EventForeign, err
		}
		state := settledOr(attempt.State)
		if payment.ByHand && payment.State == remit.AttemptFailed {
			state = postgres.EventWaiting // only a person has said that it was not charged
		}
		invoice, err := read(ctx, tx, attempt.InvoiceID)
		return invoice, state, err
	}
	if !remit.IsCode(err, remit.CodeNotFound) {
		return nil, postgres.EventForeign, err
	}
	setup, err := tx.SetupSessionOf(ctx, session)
	switch {
	case err != nil || setup == nil:
		return nil, postgres.EventForeign, err
	case setup.State == "open":
		return nil, postgres.EventWaiting, nil
	}
	return nil, postgres.EventDone, nil
}

// attendedFor is how long a step is trusted to come to its end. Past that an
// event wakes the workflow, whoever is at work.
const attendedFor = 2 * time.Minute

// attended reports that a step is at work on the invoice's charge. It looks at
// the events that wait when it ends, under the lock that is taken here, so that
// none is overlooked and the workflow need not be woken for what its own step is
// about to record.
func (c *Commands) attended(ctx context.Context, tx *postgres.Tx, invoice uuid.UUID) (bool, error) {
	l, err := tx.LockInvoice(ctx, invoice)
	if err != nil || l.Live == nil || l.Live.Kind != remit.AttemptCharge || l.Clock.Now(c.Now()).Sub(l.Live.Since) > attendedFor {
		return false, err
	}
	request, err := tx.Request(ctx, invoice, l.Live.RequestID)
	return err == nil && request.Result == nil, err
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

// onDashboard reports an event about what is only looked at, not decided by.
func onDashboard(event gateway.Event) bool {
	return strings.HasPrefix(event.Type, "payout.") || event.Type == "balance.available"
}

func (c *Commands) lookAt(ctx context.Context, sealed *postgres.SealedConnection, event gateway.Event) error {
	if aboutAccount(event) {
		return c.wakeConnection(ctx, remit.ConnectionRef{Tenant: sealed.Tenant, Connection: sealed.ID}, event.Type+" "+event.ID)
	}
	if onDashboard(event) {
		return c.hintDashboard(ctx, sealed)
	}
	link, err := c.connector().Open(sealed)
	if err != nil {
		return err
	}
	switch {
	case aboutCustomer(event):
		return c.lookAtCustomer(ctx, sealed, link, event)
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
	case strings.HasPrefix(event.Type, "setup_intent."), event.Type == "mandate.updated":
		var b *remit.BankAccount
		err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) (err error) {
			b, err = bankAccountOf(ctx, tx, sealed, event)
			return err
		})
		if err != nil || b == nil {
			return err
		}
		return c.wakeBankAccount(ctx, remit.BankAccountRef{Tenant: sealed.Tenant, BankAccount: b.ID}, event.Type+" "+event.ID)
	default:
		return c.lookAtMethod(ctx, sealed, link, event)
	}
}

// aboutAccount reports that an event may say how a connected account is.
func aboutAccount(event gateway.Event) bool {
	switch event.Type {
	case "account.updated", "capability.updated", "account.application.deauthorized":
		return true
	}
	return false
}

// bankAccountOf finds the bank account whose SetupIntent or mandate an event is
// about, or nil.
func bankAccountOf(ctx context.Context, tx *postgres.Tx, sealed *postgres.SealedConnection, event gateway.Event) (*remit.BankAccount, error) {
	if event.Type == "mandate.updated" {
		return tx.BankAccountOfMandate(ctx, sealed.Account, event.ObjectID)
	}
	return tx.BankAccountOfSetup(ctx, sealed.Account, event.ObjectID)
}

// lookAtMethod brings a saved method in line with Stripe: attached to one of
// our customers it is stored, attached to nobody it is marked as removed. A bank
// account's own workflow does so.
func (c *Commands) lookAtMethod(ctx context.Context, sealed *postgres.SealedConnection, link *activities.Link, event gateway.Event) error {
	var known *remit.PaymentMethod
	var account *remit.BankAccount
	err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) (err error) {
		if known, err = tx.MethodByStripeID(ctx, sealed.Account, event.ObjectID); err != nil || known == nil || known.Type != gateway.TypeBankAccount {
			return err
		}
		b, err := tx.BankAccount(ctx, known.ID)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil
		}
		account = &b
		return err
	})
	if err != nil {
		return err
	}
	if account != nil {
		return c.wakeBankAccount(ctx, remit.BankAccountRef{Tenant: sealed.Tenant, BankAccount: account.ID}, event.Type+" "+event.ID)
	}
	view, err := link.Stripe.PaymentMethod(ctx, event.ObjectID)
	if isGone(err) {
		view, err = gateway.MethodView{ID: event.ObjectID}, nil
	}
	if err != nil {
		return err
	}
	if known == nil && view.Type == gateway.TypeBankAccount {
		if named, err := c.namedBefore(ctx, sealed, link, view); err != nil || named {
			return err
		}
	}
	var customer uuid.UUID
	err = c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) error {
		if view.Customer != "" {
			customer, err = tx.CustomerOfStripe(ctx, sealed.Account, view.Customer)
			return err
		}
		if known == nil || known.Status == remit.MethodDetached {
			return nil
		}
		return tx.DetachMethod(ctx, known.ID)
	})
	if err != nil || customer == uuid.Nil {
		return err
	}
	if known == nil {
		once, err := activities.CollectsOnce(ctx, c.DB, sealed.Tenant, customer)
		if err != nil || once {
			return err // whether it is kept, its page tells
		}
	}
	return activities.StoreMethod(ctx, c.DB, sealed.Tenant, link, customer, view, c.Now())
}

// namedBefore finds the bank account that a method is whose naming Stripe's answer
// did not tell of, and brings that one in line: it is no other account.
func (c *Commands) namedBefore(ctx context.Context, sealed *postgres.SealedConnection, link *activities.Link, view gateway.MethodView) (bool, error) {
	var accounts []remit.BankAccount
	err := c.DB.InTenant(ctx, sealed.Tenant, func(tx *postgres.Tx) error {
		customer, err := tx.CustomerOfStripe(ctx, sealed.Account, view.Customer)
		if err != nil || customer == uuid.Nil {
			return err
		}
		accounts, err = tx.BankAccounts(ctx, customer)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, b := range accounts {
		if b.Last4 != "" || b.SetupIntent == "" || b.Account != sealed.Account {
			continue
		}
		setup, err := link.Stripe.Setup(ctx, b.SetupIntent)
		if err != nil {
			return false, err
		}
		if setup.Method.ID == view.ID {
			return true, c.bankAccounts().RecordSetup(ctx, remit.BankAccountRef{Tenant: sealed.Tenant, BankAccount: b.ID}, setup)
		}
	}
	return false, nil
}

func read(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (*remit.Invoice, error) {
	invoice, err := tx.InvoiceHead(ctx, id)
	return &invoice, err
}

func settledOr(state remit.AttemptState) postgres.EventState {
	if state.Live() {
		return postgres.EventWaiting
	}
	return postgres.EventDone
}

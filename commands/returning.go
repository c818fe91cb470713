package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// ReturnView is what somebody who came back from a hosted page is told. It
// holds nothing that the page he came from did not show him.
type ReturnView struct {
	Setup      bool // a method was to be saved, nothing to be paid
	State      remit.AttemptState
	Saved      bool           // the method was saved
	Ask        *CollectedCard // what is to be paid with the card that was collected, now that its fee is known
	Used       bool           // the card that was collected was paid with, and State tells what came of it
	Surcharge  int64
	Paid       int64
	Left       int64
	Currency   string
	Number     string
	Deposits   string // where the deposits to a bank account are entered, upon which the payment goes on; "" where none are awaited
	Decline    string // in the payer's words
	ReturnPath string // where a signed-in person goes on; "" for none
	InvoiceID  uuid.UUID
	WorkItemID *uuid.UUID
	Tenant     uuid.UUID
	Order      bool // it was a purchase in a store
}

// CheckoutReturn looks at a hosted page somebody came back from. The address he
// came back to proves nothing: Stripe is asked (T14). It waits a few seconds
// for a charge that is just being confirmed.
func (c *Commands) CheckoutReturn(ctx context.Context, session string) (ReturnView, error) {
	tenant, err := c.DB.TenantOfSession(ctx, session)
	if err != nil {
		return ReturnView{}, err
	}
	var attempt remit.Attempt
	var invoice remit.Invoice
	var setup *postgres.SetupSession
	look := func() error {
		return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			if setup, err = tx.SetupSessionOf(ctx, session); err != nil || setup != nil {
				return err
			}
			if attempt, err = tx.AttemptOfSession(ctx, session); err != nil {
				return err
			}
			invoice, err = tx.Invoice(ctx, attempt.InvoiceID)
			return err
		})
	}
	if err := look(); err != nil {
		return ReturnView{}, err
	}
	if setup != nil {
		return c.setupReturn(ctx, tenant, *setup)
	}
	if attempt.State.Live() {
		c.lookNow(ctx, tenant, invoice)
		if err := look(); err != nil {
			return ReturnView{}, err
		}
	}
	return returnOf(tenant, attempt, invoice), nil
}

func returnOf(tenant uuid.UUID, attempt remit.Attempt, invoice remit.Invoice) ReturnView {
	view := ReturnView{
		State: attempt.State, Paid: attempt.Amount, Surcharge: attempt.Surcharge, Left: invoice.Outstanding, Currency: invoice.Currency, Number: invoice.Number,
		InvoiceID: invoice.ID, WorkItemID: invoice.WorkItemID, Tenant: tenant, Order: invoice.Order(),
	}
	if attempt.AwaitsDeposits() {
		view.Deposits = attempt.NextAction
	}
	if attempt.Decline != nil {
		view.Decline = attempt.Decline.Message
	}
	return view
}

// lookNow has an invoice's live attempt looked at, and waits a few seconds for
// what comes of it. Where nothing does, what is recorded stands.
func (c *Commands) lookNow(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) {
	waiting, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	var state remit.InvoiceState
	if err := c.update(waiting, tenant, invoice, remit.UpdateRefresh, uuid.NewString(), &state); err != nil {
		c.Logger.WarnContext(ctx, "the live attempt could not be looked at", "invoice", invoice.ID, "error", err)
	}
}

func (c *Commands) setupReturn(ctx context.Context, tenant uuid.UUID, setup postgres.SetupSession) (ReturnView, error) {
	if setup.State == "open" {
		if err := c.collectSetup(ctx, tenant, setup); err != nil {
			return ReturnView{}, unavailable(err)
		}
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			again, err := tx.SetupSessionOf(ctx, setup.StripeSession)
			if again != nil {
				setup = *again
			}
			return err
		})
		if err != nil {
			return ReturnView{}, err
		}
	}
	view := ReturnView{Setup: true, Saved: setup.State == "complete", ReturnPath: setup.ReturnPath, Tenant: tenant}
	if setup.For == nil || setup.State != "complete" {
		return view, nil
	}
	var used *remit.Attempt
	var invoice remit.Invoice
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		view.Ask, used, invoice, err = c.collected(ctx, tx, setup)
		return err
	})
	if err == nil && used != nil {
		view = returnOf(tenant, *used, invoice)
		view.Used = true
	}
	view.InvoiceID, view.WorkItemID, view.Number = invoice.ID, invoice.WorkItemID, invoice.Number
	return view, err
}

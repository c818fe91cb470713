package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// PublicPage is what the public page of an invoice shows. It holds nothing that
// whoever has the link should not know: no other invoice, no name of a payer,
// no reason a bank gave.
type PublicPage struct {
	State    remit.PublicState
	Invoice  remit.Invoice
	Zone     *time.Location
	At       *time.Time // when what the state says happened
	Receipts []remit.Payment
}

// PublicInvoice is the page behind an invoice's public link.
func (c *Commands) PublicInvoice(ctx context.Context, token string) (PublicPage, error) {
	invoice, err := c.linkedInvoice(ctx, token)
	if err != nil {
		return PublicPage{}, err
	}
	return c.publicPage(ctx, invoice)
}

// CustomersInvoice is the same for the customer's own user, who is signed in.
func (c *Commands) CustomersInvoice(ctx context.Context, caller Caller, id uuid.UUID) (PublicPage, error) {
	invoice, err := c.Invoice(ctx, caller, id)
	if err != nil {
		return PublicPage{}, err
	}
	return c.publicPage(ctx, invoice)
}

func (c *Commands) publicPage(ctx context.Context, invoice remit.Invoice) (PublicPage, error) {
	page := PublicPage{Invoice: invoice}
	err := c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) error {
		facts := remit.PublicFacts{Invoice: invoice}
		connection, err := tx.LiveConnection(ctx)
		if err != nil {
			return err
		}
		facts.Collecting = activities.Usable(connection) == nil
		payments, err := tx.Payments(ctx, invoice.ID)
		if err != nil {
			return err
		}
		var last *remit.Attempt
		for p := range payments {
			facts.Refunded += payments[p].AmountRefunded
			if payments[p].State == remit.AttemptSucceeded {
				page.Receipts = append(page.Receipts, payments[p].ForPayers())
			}
			for n := range payments[p].Attempts {
				if a := &payments[p].Attempts[n]; last == nil || a.CreatedAt.After(last.CreatedAt) {
					last = a
				}
			}
		}
		if last != nil && last.State == remit.AttemptFailed {
			facts.FailedAt = &last.CreatedAt
		}
		page.State = remit.PublicStateOf(facts)
		page.At = since(page.State, invoice, facts, last)
		page.Zone, err = tx.ZoneOf(ctx, invoice.OrganisationID)
		return err
	})
	return page, err
}

// since is when what a state says happened, where it names a day.
func since(state remit.PublicState, i remit.Invoice, facts remit.PublicFacts, last *remit.Attempt) *time.Time {
	switch state { //nolint:exhaustive // the others name no day
	case remit.PublicVoid:
		return i.VoidedAt
	case remit.PublicPaid:
		return i.PaidAt
	case remit.PublicFailed:
		return facts.FailedAt
	case remit.PublicProcessing, remit.PublicConfirming:
		if last != nil {
			return &last.CreatedAt
		}
	}
	return nil
}

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
	// BankDebits says that a bank account can be debited for it.
	BankDebits bool
	// Keeps says that its payer is asked to keep what he pays with.
	Keeps bool
	// DepositsAt is where the deposits are entered that a payment waits for; "" where
	// none does.
	DepositsAt string
	Now        time.Time    // on the organisation's clock
	Order      *remit.Order // what was ordered, where it is a purchase in a store
	Late       remit.Date   // the day by which a bank's answer was due, once it is over
}

// returnedAt is when the payment was made that a bank returned last.
func returnedAt(payments []remit.Payment) (at *time.Time) {
	for _, p := range payments {
		if p.Returned && (at == nil || p.CreatedAt.After(*at)) {
			at = &p.CreatedAt
		}
	}
	return at
}

// PublicInvoice is the page behind an invoice's public link.
func (c *Commands) PublicInvoice(ctx context.Context, token string) (PublicPage, error) {
	invoice, err := c.linkedInvoice(ctx, token)
	if err != nil {
		return PublicPage{}, err
	}
	return c.publicPage(ctx, invoice)
}

// PublicPDF is the same invoice as a file. Of one that is void or replaced there
// is none, as its page shows no sums.
func (c *Commands) PublicPDF(ctx context.Context, token string) (PDF, error) {
	page, err := c.PublicInvoice(ctx, token)
	if err != nil {
		return PDF{}, err
	}
	if !page.State.Shows() {
		return PDF{}, remit.NotFound()
	}
	return c.drawn(ctx, page.Invoice.Tenant, page.Invoice)
}

// CustomersInvoice is the same for the customer's own user, who is signed in.
func (c *Commands) CustomersInvoice(ctx context.Context, caller Caller, id uuid.UUID) (PublicPage, error) {
	invoice, err := c.Invoice(ctx, caller, id)
	if err != nil {
		return PublicPage{}, err
	}
	return c.publicPage(ctx, invoice)
}

// receive notes what came in, with a receipt for each payment that stayed.
func (p *PublicPage) receive(facts *remit.PublicFacts, payments []remit.Payment) {
	for _, payment := range payments {
		facts.Captured += payment.AmountCaptured
		facts.Refunded += payment.AmountRefunded
		if payment.State == remit.AttemptSucceeded && !payment.Returned { // what came back is no receipt
			p.Receipts = append(p.Receipts, payment.ForPayers())
		}
	}
}

// orderOf reads the order of a store that an invoice is; nil for any other.
func orderOf(ctx context.Context, tx *postgres.Tx, invoice remit.Invoice) (*remit.Order, error) {
	if !invoice.Order() {
		return nil, nil
	}
	order, err := tx.Order(ctx, invoice.ID)
	return &order, err
}

func (c *Commands) publicPage(ctx context.Context, invoice remit.Invoice) (PublicPage, error) {
	page := PublicPage{Invoice: invoice}
	err := c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) error {
		facts := remit.PublicFacts{Invoice: invoice}
		connection, err := tx.LiveConnection(ctx)
		if err != nil {
			return err
		}
		facts.Collecting, page.BankDebits = offered(connection, invoice)
		payments, err := tx.Payments(ctx, invoice.ID)
		if err != nil {
			return err
		}
		page.receive(&facts, payments)
		_, last := remit.LastAttempt(payments)
		if last != nil && last.AwaitsDeposits() {
			facts.Deposits, page.DepositsAt = true, last.NextAction
		}
		if last != nil && last.State == remit.AttemptFailed {
			facts.FailedAt = &last.CreatedAt
		}
		one := []remit.Invoice{invoice}
		if err := tx.TellNextCharges(ctx, one); err != nil {
			return err
		}
		page.Invoice = one[0].ForPayers()
		if next := one[0].NextCharge; next != nil && next.Method != "" {
			facts.ChargeSet = true
		}
		page.State = remit.PublicStateOf(facts)
		if page.At = since(page.State, invoice, facts, last); page.State == remit.PublicReturned {
			page.At = returnedAt(payments)
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		page.Now = clock.Now(c.Now())
		if page.State == remit.PublicProcessing && last != nil && last.ResultLate(page.Now) {
			page.Late = last.ResultBy()
		}
		if page.Keeps, err = asksToKeep(ctx, tx, invoice); err != nil {
			return err
		}
		if page.Order, err = orderOf(ctx, tx, invoice); err != nil {
			return err
		}
		page.Zone, err = tx.ZoneOf(ctx, invoice.OrganisationID)
		return err
	})
	return page, err
}

// offered reports whether an invoice can be paid through a connection at all, and
// whether from a bank account.
func offered(connection *postgres.SealedConnection, i remit.Invoice) (online, bankDebits bool) {
	if activities.Usable(connection) != nil {
		return false, false
	}
	offer, err := remit.OfferHosted(i.Settings.Methods, remit.OfferDebits(i.Currency, connection.Country, connection.BankDebits), false)
	return err == nil, offer.BankAccounts
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
	case remit.PublicProcessing, remit.PublicConfirming, remit.PublicDeposits:
		if last != nil {
			return &last.CreatedAt
		}
	}
	return nil
}

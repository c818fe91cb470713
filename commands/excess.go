package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// ExcessFilter narrows the excess desk.
type ExcessFilter struct {
	Organisation string     // at this path and below
	Resolved     bool       // what is decided, else what is not
	Invoice      *uuid.UUID // that it came for
}

// Excess lists the money that could not be applied, the oldest first.
func (c *Commands) Excess(ctx context.Context, caller Caller, filter ExcessFilter, page Page) (List[remit.Excess], error) {
	tenants, err := c.tenantsToList(ctx, caller, filter.Organisation, remit.StripeRefund)
	if err != nil {
		return List[remit.Excess]{}, err
	}
	query := postgres.ExcessQuery{Path: filter.Organisation, Resolved: filter.Resolved, Invoice: filter.Invoice, Limit: page.limit() + 1}
	if query.After, query.AfterID, err = page.afterTime(); err != nil {
		return List[remit.Excess]{}, err
	}
	var pages [][]remit.Excess
	for _, member := range tenants {
		if query.Units, err = c.units(ctx, caller, member.Tenant, remit.StripeRefund); err != nil {
			return List[remit.Excess]{}, err
		}
		var items []remit.Excess
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			items, err = tx.ListExcess(ctx, query)
			return err
		})
		if err != nil {
			return List[remit.Excess]{}, err
		}
		pages = append(pages, items)
	}
	return cut(merge(pages, excessKey), page.limit(), excessKey), nil
}

// ExcessItem is one item of the excess desk.
func (c *Commands) ExcessItem(ctx context.Context, caller Caller, id uuid.UUID) (remit.Excess, error) {
	_, item, err := c.seeExcess(ctx, caller, id)
	return item, err
}

// UnmatchedInput is a bank transfer that fits no invoice.
type UnmatchedInput struct {
	Organisation string
	Amount       int64 // minor units
	Currency     string
	Reference    string
	CustomerID   *uuid.UUID // whose it is, where that is known
}

// RecordUnmatched books a bank transfer that fits no invoice: it is somebody's,
// and an item until somebody decides.
func (c *Commands) RecordUnmatched(ctx context.Context, caller Caller, body Body[UnmatchedInput]) (remit.Excess, error) {
	if err := c.somewhere(ctx, caller, remit.StripeRefund); err != nil {
		return remit.Excess{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Excess{}, err
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.StripeRefund)
	if err != nil {
		return remit.Excess{}, err
	}
	if err := in.check(); err != nil {
		return remit.Excess{}, err
	}
	if err := c.customerIn(ctx, caller, member.Tenant, in.CustomerID); err != nil {
		return remit.Excess{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.Excess{}, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil { // sent again after a process died over it, it is the same transfer
		id = uuid.NewSHA1(caller.Asked, []byte("excess"))
	}
	path := orTop(in.Organisation, member)
	var item remit.Excess
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		organisation, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		inserted, err := tx.InsertExcess(ctx, remit.Excess{
			ID: id, OrganisationID: organisation.ID, CustomerID: in.CustomerID, Currency: in.Currency, Amount: in.Amount, Reason: remit.ExcessUnmatched,
			Reference: in.Reference, State: remit.ExcessOpen, DefaultAction: remit.ExcessNone, CreatedAt: clock.Now(c.Now()),
		})
		if err != nil {
			return err
		}
		if inserted {
			if _, err := tx.BookFor(ctx, uuid.Nil, clock, ledger.Unmatched(id, in.Currency, in.Amount)); err != nil {
				return err
			}
			if err := c.audit(ctx, tx, changing(caller.entry("excess.record", "excess "+id.String(), path), nil, in)); err != nil {
				return err
			}
		}
		item, err = tx.Excess(ctx, id)
		return err
	})
	return item, err
}

func (in *UnmatchedInput) check() error {
	currency, err := money.ParseCurrency(in.Currency)
	if err != nil {
		return remit.Invalid("currency", "%s", err)
	}
	in.Currency, in.Reference = string(currency), strings.TrimSpace(in.Reference)
	switch {
	case in.Amount <= 0:
		return remit.Invalid("amount", "Enter an amount above zero.")
	case in.Amount > money.MaxStripeAmount:
		return remit.Invalid("amount", "Enter at most %s.", money.Of(money.MaxStripeAmount, currency))
	case in.Reference == "" || utf8.RuneCountInString(in.Reference) > 200:
		return remit.Invalid("reference", "Enter the transfer's reference, in at most 200 characters.")
	}
	return nil
}

// customerIn refuses a customer who is not of the tenant, or not to be seen.
func (c *Commands) customerIn(ctx context.Context, caller Caller, tenant uuid.UUID, id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	found, _, err := c.seeCustomer(ctx, caller, *id, remit.StripeRefund)
	if remit.IsCode(err, remit.CodeNotFound) || err == nil && found.member.Tenant != tenant {
		return remit.Invalid("customer_id", "There is no such customer, or you may not see it.")
	}
	return err
}

// ResolveInput is what somebody decides on an item.
type ResolveInput struct {
	Action     remit.ExcessAction
	CustomerID *uuid.UUID // whose it is, where the item does not say
}

// ResolveExcess decides what becomes of an item before its default action does.
// What came for an invoice goes through that invoice's workflow. An item that is
// decided answers a conflict.
func (c *Commands) ResolveExcess(ctx context.Context, caller Caller, id uuid.UUID, body Body[ResolveInput]) (remit.Excess, error) {
	found, item, err := c.seeExcess(ctx, caller, id)
	if err != nil {
		return remit.Excess{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, item.Organisation, remit.StripeRefund); err != nil {
		return remit.Excess{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Excess{}, err
	}
	if err := c.customerIn(ctx, caller, found.member.Tenant, in.CustomerID); err != nil {
		return remit.Excess{}, err
	}
	if item.InvoiceID == nil {
		err = c.resolveUnmatched(ctx, caller, found, item, in)
	} else {
		err = c.resolveOfInvoice(ctx, caller, found, item, in)
	}
	if err != nil {
		return remit.Excess{}, err
	}
	c.applyCredit(ctx, found.member.Tenant, id)
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		item, err = tx.Excess(ctx, id)
		return err
	})
	return item, err
}

func (c *Commands) resolveOfInvoice(ctx context.Context, caller Caller, found seen, item remit.Excess, in ResolveInput) error {
	var invoice remit.Invoice
	err := c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		invoice, err = tx.Invoice(ctx, *item.InvoiceID)
		return err
	})
	if err != nil {
		return err
	}
	if in.Action == remit.ExcessRefund {
		permit := caller.permitted(remit.Permit{Account: caller.Account, Path: item.Organisation, Scopes: []remit.Scope{remit.StripeRefund}})
		_, err = c.submit(ctx, caller, found, invoice, remit.RequestRefund, func(*postgres.Tx) (any, error) {
			if _, err := item.Decide(in.Action, in.CustomerID); err != nil {
				return nil, err
			}
			return remit.RefundRequest{
				Payment: *item.PaymentID, Amount: item.Amount, Reason: "it could not be applied", Choice: remit.RefundExcess, Excess: &item.ID, Permit: permit,
			}, nil
		})
		return err
	}
	_, err = c.submit(ctx, caller, found, invoice, remit.RequestResolveExcess, func(*postgres.Tx) (any, error) {
		// The workflow asks again; here so that a second click leaves no trace.
		_, err := item.Decide(in.Action, in.CustomerID)
		return remit.ExcessRequest{Excess: item.ID, Action: in.Action, Customer: in.CustomerID}, err
	})
	return err
}

// resolveUnmatched decides on money that belongs to no invoice, and so to no
// workflow, in one transaction.
func (c *Commands) resolveUnmatched(ctx context.Context, caller Caller, found seen, item remit.Excess, in ResolveInput) error {
	return c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		locked, err := tx.LockExcess(ctx, item.ID)
		if err != nil {
			return err
		}
		customer, err := locked.Decide(in.Action, in.CustomerID)
		if err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if _, err := activities.CreditExcess(ctx, tx, &locked, in.Action, customer, clock, c.Now(), caller.Actor()); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("excess.resolve", "excess "+item.ID.String(), item.Organisation), item.State, locked.State))
	})
}

// applyCredit hands over the request to pay another invoice from what an item
// became, if there is one. Whatever comes of it here, that invoice's agenda has
// it too.
func (c *Commands) applyCredit(ctx context.Context, tenant, item uuid.UUID) {
	id := activities.CreditRequestOf(item)
	var invoice remit.Invoice
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		target, err := tx.InvoiceOfRequest(ctx, id)
		if err != nil || target == uuid.Nil {
			return err
		}
		invoice, err = tx.Invoice(ctx, target)
		return err
	})
	if err == nil && invoice.ID != uuid.Nil {
		_, err = c.hand(ctx, tenant, invoice, remit.Request{ID: id, Kind: remit.RequestUseCredit})
	}
	if err != nil && !errors.Is(err, errUnanswered) { // which was logged
		c.Logger.WarnContext(ctx, "a customer's credit is used later", "excess", item, "error", err)
	}
}

func (c *Commands) seeExcess(ctx context.Context, caller Caller, id uuid.UUID) (seen, remit.Excess, error) {
	var item remit.Excess
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		item, err = tx.Excess(ctx, id)
		return item.Organisation, uuid.Nil, err // no customer's user sees it
	}, remit.StripeRefund)
	return found, item, err
}

func excessKey(e remit.Excess) (string, uuid.UUID) { return timeKey(e.CreatedAt), e.ID }

// CustomerCredit is what a customer has to his credit, and how it came about.
type CustomerCredit struct {
	Credits []remit.Credit      // by currency; none is left out
	History []remit.CreditEntry // the latest, newest first
}

// shownCredit is how many movements of a credit are shown.
const shownCredit = 100

// CustomerCredit shows a customer's credit to whoever may see the customer.
func (c *Commands) CustomerCredit(ctx context.Context, caller Caller, id uuid.UUID) (CustomerCredit, error) {
	found, customer, err := c.seeCustomer(ctx, caller, id)
	if err != nil {
		return CustomerCredit{}, err
	}
	var credit CustomerCredit
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		if credit.Credits, err = tx.Credits(ctx, customer.ID); err != nil {
			return err
		}
		credit.History, err = tx.CreditHistory(ctx, customer.ID, shownCredit)
		return err
	})
	return credit, err
}

// ExcessSettings say what becomes of excess at a path, and where that is set.
type ExcessSettings struct {
	remit.ExcessSettings
	SetAt   string // the path whose setting holds; "" for the default
	Version int64
}

// ExcessSettings is what becomes of excess that nobody decides on.
func (c *Commands) ExcessSettings(ctx context.Context, caller Caller, organisation string) (ExcessSettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return ExcessSettings{}, err
	}
	return c.excessSettingsAt(ctx, member, path)
}

// SetExcessSettings changes it for money that comes in from now on.
func (c *Commands) SetExcessSettings(ctx context.Context, caller Caller, organisation string, body Body[remit.ExcessSettings]) (ExcessSettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeAll)
	if err != nil {
		return ExcessSettings{}, err
	}
	in, err := body()
	if err != nil {
		return ExcessSettings{}, err
	}
	if err := in.Check(); err != nil {
		return ExcessSettings{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		unit, err := tx.UnitAt(ctx, path)
		if err != nil {
			return err
		}
		before, _, _, err := activities.ExcessSettingsAt(ctx, tx, path)
		if err != nil {
			return err
		}
		if _, err := tx.SetSetting(ctx, unit, activities.ExcessSetting, in, caller.Account); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("settings.excess", "", path), before, in))
	})
	if err != nil {
		return ExcessSettings{}, err
	}
	return c.excessSettingsAt(ctx, member, path)
}

func (c *Commands) excessSettingsAt(ctx context.Context, member Membership, path string) (ExcessSettings, error) {
	var out ExcessSettings
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		out.ExcessSettings, out.SetAt, out.Version, err = activities.ExcessSettingsAt(ctx, tx, path)
		return err
	})
	return out, err
}

// timeKey is an instant as a cursor's sort key, to the microsecond that is
// stored.
func timeKey(t time.Time) string { return t.UTC().Format(timeKeyLayout) }

const timeKeyLayout = "2006-01-02T15:04:05.000000Z"

func (p Page) afterTime() (*time.Time, uuid.UUID, error) {
	key, id, err := p.after()
	if err != nil || id == uuid.Nil {
		return nil, uuid.Nil, err
	}
	at, err := time.Parse(timeKeyLayout, key)
	if err != nil {
		return nil, uuid.Nil, malformed("after", "This cursor is not one of ours.")
	}
	return &at, id, nil
}

package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
	"remit/secrets"
)

// AddBankAccountInput is a customer's bank account as it is typed.
type AddBankAccountInput struct {
	remit.BankAccountInput
	// Number is the account number. It goes to Stripe from here and is kept nowhere.
	Number     secrets.Secret
	ForInvoice *uuid.UUID // the invoice it is added to pay
	Agent      string     // the browser the authorisation was agreed to in
}

// maxWaiting is how many of a customer's accounts may wait to be verified at once:
// each costs Stripe deposits, and somebody their patience.
const maxWaiting = 5

// AddBankAccount names a customer's bank account to Stripe, which sends deposits to
// it. The row is there before Stripe hears of it, so that a process that dies
// half-way leaves something to look at; the account number is in the one call and
// nowhere else (M12). The account comes back as it stands: still requested where
// Stripe's answer was lost, which its workflow then finds out.
func (c *Commands) AddBankAccount(ctx context.Context, caller Caller, customer uuid.UUID, body Body[AddBankAccountInput]) (remit.BankAccount, error) {
	tenant, who, err := c.mayChangeMethods(ctx, caller, customer)
	if err != nil {
		return remit.BankAccount{}, err
	}
	in, err := body()
	if err != nil {
		return remit.BankAccount{}, err
	}
	checked, number, err := in.Check(in.Number.Reveal())
	if err != nil {
		return remit.BankAccount{}, err
	}
	link, err := c.connector().Live(ctx, tenant)
	if err != nil {
		return remit.BankAccount{}, err
	}
	currency, err := c.owedIn(ctx, tenant, who, in.ForInvoice)
	if err != nil {
		return remit.BankAccount{}, err
	}
	if offer, err := c.offerDebits(ctx, tenant, link, currency); err != nil || !offer.Offered {
		if err == nil {
			err = remit.Conflict(remit.CodeConflict, "%s", offer.Why)
		}
		return remit.BankAccount{}, err
	}
	stripeCustomer := who.StripeCustomer
	if stripeCustomer == "" {
		if stripeCustomer, err = c.connector().MakeStripeCustomer(ctx, tenant, link, who); err != nil {
			return remit.BankAccount{}, unavailable(err)
		}
	}
	b, err := c.reserveBankAccount(ctx, caller, tenant, who, link, in)
	switch {
	case err != nil:
		return remit.BankAccount{}, err
	case b.State != remit.BankAccountRequested && b.Last4 == "":
		return remit.BankAccount{}, remit.Invalid("account_number", "%s", b.Reason) // Stripe did not take it when it was first sent
	case b.State != remit.BankAccountRequested:
		return b, nil
	}
	ref := remit.BankAccountRef{Tenant: tenant, BankAccount: b.ID}
	if err := c.wakeBankAccount(ctx, ref, "it is added"); err != nil {
		return remit.BankAccount{}, unavailable(err)
	}
	if b.SetupIntent == "" {
		if err := c.makeSetup(ctx, ref, &b, link, stripeCustomer); err != nil {
			return remit.BankAccount{}, err
		}
	}
	return c.nameBankAccount(ctx, ref, b, link, gateway.BankDetails{
		AccountNumber: number, Routing: checked.Routing, HolderName: checked.HolderName, HolderType: checked.HolderType, Email: who.Email, Acceptance: b.Acceptance,
	})
}

// reserveBankAccount makes the row, or finds the one that the same request made
// before its process died.
func (c *Commands) reserveBankAccount(ctx context.Context, caller Caller, tenant uuid.UUID, who remit.Customer, link *activities.Link, in AddBankAccountInput) (b remit.BankAccount, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return b, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil {
		id = uuid.NewSHA1(caller.Asked, []byte("bank account of "+who.ID.String()))
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		known, err := tx.BankAccount(ctx, id)
		if err == nil {
			b = known
			return nil
		}
		if !remit.IsCode(err, remit.CodeNotFound) {
			return err
		}
		accounts, err := tx.BankAccounts(ctx, who.ID)
		if err != nil {
			return err
		}
		waiting := 0
		for _, other := range accounts {
			if other.State.Waits() {
				waiting++
			}
		}
		if waiting >= maxWaiting {
			return remit.Conflict(remit.CodeConflict, "%d bank accounts wait to be verified already. Verify or remove one first.", waiting)
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		b = remit.BankAccount{
			ID: id, CustomerID: who.ID, OrganisationID: who.OrganisationID, Account: link.Account, Livemode: link.Livemode, State: remit.BankAccountRequested,
			Acceptance: remit.MandateAcceptance{How: acceptance(caller, tenant), At: clock.Now(c.Now()), Address: orUnknown(caller.Address), Agent: orUnknown(in.Agent), Version: remit.MandateVersion},
			ForInvoice: in.ForInvoice, Actor: caller.Actor(), CreatedAt: clock.Now(c.Now()), CustomerName: who.Name, Organisation: who.Organisation,
		}
		if err := tx.InsertBankAccount(ctx, b); err != nil {
			return err
		}
		return c.audit(ctx, tx, caller.entry("bank_account.add", "bank account "+id.String(), who.Organisation))
	})
	return b, err
}

// acceptance is how an authorisation was agreed to: here and now by the customer's
// own user, or, where somebody else adds the account for him, to that one.
func acceptance(caller Caller, tenant uuid.UUID) string {
	if member, found := caller.membership(tenant); found && member.Customer != nil {
		return "online"
	}
	return "offline"
}

// orUnknown is what a browser says of itself, as text: it may send any bytes.
func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return strings.ToValidUTF8(s[:min(len(s), 500)], "")
}

// makeSetup makes the SetupIntent that the account is to be named to, and stores
// its id, so that whatever becomes of the next call can be looked at.
func (c *Commands) makeSetup(ctx context.Context, ref remit.BankAccountRef, b *remit.BankAccount, link *activities.Link, stripeCustomer string) error {
	view, err := link.Stripe.CreateSetup(ctx, b.ID.String()+"/setup", gateway.NewSetup{
		StripeCustomer: stripeCustomer,
		Metadata:       map[string]string{"remit_tenant": ref.Tenant.String(), "remit_customer": b.CustomerID.String(), "remit_bank_account": b.ID.String()},
	})
	if err != nil {
		return unavailable(err)
	}
	return c.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		stored, err := tx.LockBankAccount(ctx, b.ID)
		if err != nil {
			return err
		}
		if stored.State != remit.BankAccountRequested {
			return remit.Conflict(remit.CodeConflict, "%s", stored.Reason)
		}
		stored.SetupIntent = view.ID
		*b = stored
		return tx.SaveBankAccount(ctx, stored)
	})
}

// nameBankAccount makes the one call that carries the account number, and records
// what came of it.
func (c *Commands) nameBankAccount(ctx context.Context, ref remit.BankAccountRef, b remit.BankAccount, link *activities.Link, details gateway.BankDetails) (remit.BankAccount, error) {
	accounts := c.bankAccounts()
	view, err := link.Stripe.ConfirmSetup(ctx, b.ID.String()+"/confirm", b.SetupIntent, details)
	ctx = context.WithoutCancel(ctx) // Stripe has heard of it: what it said is kept, whoever has gone
	failure, failed := errors.AsType[*gateway.Failure](err)
	switch {
	case err == nil:
		err = accounts.RecordSetup(ctx, ref, view)
	case failed && failure.Refused() && failure.Meaning != gateway.State && !failure.KeyReused():
		refused := refusedAccount(failure)
		if err := accounts.Refuse(ctx, ref, refused.Message); err != nil {
			return remit.BankAccount{}, err
		}
		return remit.BankAccount{}, refused
	case failed:
		err = nil // or it was heard before: its workflow finds out what became of it
	}
	if err != nil {
		return remit.BankAccount{}, err
	}
	if err := c.wakeBankAccount(ctx, ref, "it is named to Stripe"); err != nil {
		c.Logger.WarnContext(ctx, "a bank account's workflow is woken later", "bank_account", b.ID, "error", err)
	}
	err = c.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		b, err = tx.BankAccount(ctx, b.ID)
		return err
	})
	return b, err
}

// refusedAccount is what whoever typed an account reads that Stripe did not take.
func refusedAccount(f *gateway.Failure) *remit.Error {
	switch f.Code {
	case "routing_number_invalid", "bank_account_bad_routing_numbers":
		return remit.Invalid("routing_number", "That is not a US routing number.")
	case "account_number_invalid":
		return remit.Invalid("account_number", "That is not an account number at this bank.")
	}
	return remit.Invalid("account_number", "This account cannot be used. Add another.")
}

func (c *Commands) bankAccounts() *activities.BankAccounts {
	return &activities.BankAccounts{DB: c.DB, Connector: c.connector(), Logger: c.Logger, Now: c.Now}
}

// owedIn is the currency that a bank account is added to pay in: that of the
// invoice it is added for, else the customer's own.
func (c *Commands) owedIn(ctx context.Context, tenant uuid.UUID, who remit.Customer, invoice *uuid.UUID) (currency string, err error) {
	if invoice == nil {
		return who.Currency, nil
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		found, err := tx.Invoice(ctx, *invoice)
		if remit.IsCode(err, remit.CodeNotFound) || err == nil && found.CustomerID != who.ID {
			return remit.Invalid("invoice", "This customer has no such invoice.")
		}
		currency = found.Currency
		return err
	})
	return currency, err
}

// DebitOffer says whether bank accounts can be added for a customer now, to pay an
// invoice if one is named, and if not which condition fails (D5).
func (c *Commands) DebitOffer(ctx context.Context, caller Caller, customer uuid.UUID, invoice *uuid.UUID) (remit.DebitOffer, error) {
	tenant, who, err := c.mayChangeMethods(ctx, caller, customer)
	if err != nil {
		return remit.DebitOffer{}, err
	}
	currency, err := c.owedIn(ctx, tenant, who, invoice)
	if err != nil {
		return remit.DebitOffer{}, err
	}
	link, err := c.connector().Live(ctx, tenant)
	if err != nil {
		if e := remit.AsError(err); e.Kind == remit.KindConflict {
			return remit.DebitOffer{Why: e.Message}, nil
		}
		return remit.DebitOffer{}, err
	}
	return c.offerDebits(ctx, tenant, link, currency)
}

// offerDebits is [remit.OfferDebits] for a connection. What Stripe says of the
// account is asked anew where the stored answer, a minute old or older, is no.
func (c *Commands) offerDebits(ctx context.Context, tenant uuid.UUID, link *activities.Link, currency string) (remit.DebitOffer, error) {
	offer := remit.OfferDebits(currency, link.Country, link.BankDebits)
	if offer.Offered || currency != "USD" || link.CheckedAt != nil && c.Now().Sub(*link.CheckedAt) < time.Minute {
		return offer, nil
	}
	asked := c.Now()
	account, err := link.Stripe.Account(ctx)
	if err != nil {
		return offer, nil //nolint:nilerr // the stored answer stands until Stripe gives another
	}
	link.SealedConnection.Describe(account.Facts)
	_, err = c.connections().Record(ctx, remit.ConnectionRef{Tenant: tenant, Connection: link.ID}, &account.Facts, false, asked, remit.SourceLook)
	return remit.OfferDebits(currency, link.Country, link.BankDebits), err
}

// BankAccount is one bank account of a customer whose methods the caller may change.
func (c *Commands) BankAccount(ctx context.Context, caller Caller, id uuid.UUID) (remit.BankAccount, error) {
	_, b, err := c.seeBankAccount(ctx, caller, id)
	return b, err
}

// BankAccounts are a customer's bank accounts, those that wait included, oldest first.
func (c *Commands) BankAccounts(ctx context.Context, caller Caller, customer uuid.UUID) ([]remit.BankAccount, error) {
	tenant, _, err := c.mayChangeMethods(ctx, caller, customer)
	if err != nil {
		return nil, err
	}
	var accounts []remit.BankAccount
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		accounts, err = tx.BankAccounts(ctx, customer)
		return err
	})
	return accounts, err
}

// WaitingBankAccounts lists the bank accounts that are still to be verified of the
// customers the caller may see, those that wait longest first. Stripe's page for the
// deposits asks nobody who he is: whoever may not enter them is not led there.
func (c *Commands) WaitingBankAccounts(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.BankAccount], error) {
	tenants, err := c.tenantsToList(ctx, caller, organisation, remit.CustomerRead)
	if err != nil {
		return List[remit.BankAccount]{}, err
	}
	after, afterID, err := page.afterTime()
	if err != nil {
		return List[remit.BankAccount]{}, err
	}
	if after == nil {
		after = &time.Time{}
	}
	var pages [][]remit.BankAccount
	for _, member := range tenants {
		units, err := c.units(ctx, caller, member.Tenant, remit.CustomerRead)
		if err != nil {
			return List[remit.BankAccount]{}, err
		}
		var list []remit.BankAccount
		err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			list, err = tx.WaitingBankAccounts(ctx, units, organisation, *after, afterID, page.limit()+1)
			return err
		})
		if err != nil {
			return List[remit.BankAccount]{}, err
		}
		if err := c.hideDepositPages(ctx, caller, member.Tenant, list); err != nil {
			return List[remit.BankAccount]{}, err
		}
		pages = append(pages, list)
	}
	return cut(merge(pages, bankAccountKey), page.limit(), bankAccountKey), nil
}

func (c *Commands) hideDepositPages(ctx context.Context, caller Caller, tenant uuid.UUID, list []remit.BankAccount) error {
	pays, err := c.units(ctx, caller, tenant, remit.StripePay)
	if err != nil {
		return err
	}
	edits, err := c.units(ctx, caller, tenant, remit.CustomerEdit)
	if err != nil {
		return err
	}
	for n := range list {
		if at := list[n].OrganisationID; !slices.Contains(pays, at) && !slices.Contains(edits, at) {
			list[n].HostedURL = ""
		}
	}
	return nil
}

func bankAccountKey(b remit.BankAccount) (string, uuid.UUID) {
	return b.CreatedAt.UTC().Format(timeKeyLayout), b.ID
}

// seeBankAccount finds a bank account of a customer whose methods the caller may
// change.
func (c *Commands) seeBankAccount(ctx context.Context, caller Caller, id uuid.UUID) (uuid.UUID, remit.BankAccount, error) {
	var b remit.BankAccount
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		b, err = tx.BankAccount(ctx, id)
		return b.Organisation, b.CustomerID, err
	}, remit.CustomerRead, remit.CustomerEdit, remit.StripePay)
	if err != nil {
		return uuid.Nil, remit.BankAccount{}, err
	}
	if found.member.Customer == nil {
		err = c.anyOf(ctx, caller, found.member.Tenant, b.Organisation, remit.StripePay, remit.CustomerEdit)
	}
	return found.member.Tenant, b, err
}

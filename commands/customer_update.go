package commands

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// UpdateCustomer changes a customer. He stays at his organisation. What is asked of
// Stripe is asked before; what is written is made of the row as it is under his lock, so
// that nothing that was said meanwhile is undone.
func (c *Commands) UpdateCustomer(ctx context.Context, caller Caller, id uuid.UUID, body Body[CustomerInput]) (remit.Customer, error) {
	found, read, err := c.seeCustomer(ctx, caller, id)
	if err != nil {
		return remit.Customer{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, read.Organisation, remit.CustomerEdit); err != nil {
		return remit.Customer{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Customer{}, err
	}
	if in.Organisation != "" && in.Organisation != read.Organisation {
		return remit.Customer{}, remit.Invalid("organisation", "A customer stays at his organisation.")
	}
	if _, err := in.changed(read); err != nil {
		return remit.Customer{}, err
	}
	linking, err := c.linkingOf(ctx, caller, found.member.Tenant, read, in.Stripe)
	if err != nil {
		return remit.Customer{}, err
	}
	var before, customer remit.Customer
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		if before, err = tx.HeldCustomer(ctx, id); err != nil {
			return err
		}
		if customer, err = in.changed(before); err != nil {
			return err
		}
		if err := tx.SaveCustomer(ctx, customer); err != nil {
			return err
		}
		if !sameWord(before.AutoCharge, customer.AutoCharge) {
			if err := c.setWord(ctx, tx, id, customer.AutoCharge, giver(caller, found)); err != nil {
				return err
			}
		}
		if customer.Reminders != before.Reminders {
			if err := c.setReminders(ctx, tx, caller, customer, customer.Reminders); err != nil {
				return err
			}
		}
		if err := c.audit(ctx, tx, changing(caller.entry("customer.update", "customer "+id.String(), customer.Organisation), before, customer)); err != nil {
			return err
		}
		return linking.carryOut(ctx, tx)
	})
	if err != nil {
		return remit.Customer{}, linking.named(ctx, err)
	}
	if linking != nil {
		return linking.customer(ctx)
	}
	if !sameWord(before.AutoCharge, customer.AutoCharge) || before.Reminders != customer.Reminders {
		err = c.followCustomer(ctx, found.member.Tenant, id)
	}
	return customer, err
}

// changed is a customer with what an input says of him.
func (in CustomerInput) changed(is remit.Customer) (remit.Customer, error) {
	if in.Shown != nil {
		in = in.Shown.onto(in, is)
	}
	if in.Change != nil {
		in = in.Change.onto(in, is)
	}
	if in.KeepWord {
		in.AutoCharge = is.AutoCharge
	}
	if in.Currency == "" {
		in.Currency = is.Currency
	}
	if in.Reminders != nil {
		is.Reminders = *in.Reminders
	}
	is.ExternalID = in.ExternalID
	err := fill(&is, in)
	return is, err
}

// onto is what a form says as an input: what was left as it was shown is no change, and
// what the form does not show stays.
func (was CustomerShown) onto(in CustomerInput, is remit.Customer) CustomerInput {
	unless(&in.Name, was.Name, is.Name)
	unless(&in.Email, was.Email, is.Email)
	unless(&in.Currency, was.Currency, is.Currency)
	unless(&in.ExternalID, was.ExternalID, is.ExternalID)
	if in.Reminders != nil && *in.Reminders == was.Reminders {
		in.Reminders = nil
	}
	if in.Details != nil {
		details := detailsOnto(*in.Details, was.Details, is.Details)
		in.Details = &details
	}
	in.AutoCharge = is.AutoCharge
	return in
}

func unless(typed *string, shown, stands string) {
	if *typed == shown {
		*typed = stands
	}
}

// detailsOnto are details as they were typed, but for what is as it was shown: that is
// as it stands. An address is one thing, and so is each list.
func detailsOnto(typed, shown, stands remit.CustomerDetails) remit.CustomerDetails {
	unless(&typed.LegalName, shown.LegalName, stands.LegalName)
	unless(&typed.Label, shown.Label, stands.Label)
	unless(&typed.ContactName, shown.ContactName, stands.ContactName)
	unless(&typed.TaxStatus, shown.TaxStatus, stands.TaxStatus)
	unless(&typed.Telephone, shown.Telephone, stands.Telephone)
	unless(&typed.URL, shown.URL, stands.URL)
	if t, s := typed.Address, shown.Address; t == s || t != nil && s != nil && *t == *s {
		typed.Address = stands.Address
	}
	if slices.Equal(typed.BillingEmails, shown.BillingEmails) {
		typed.BillingEmails = stands.BillingEmails
	}
	if slices.Equal(typed.Aliases, shown.Aliases) {
		typed.Aliases = stands.Aliases
	}
	if slices.Equal(typed.ExternalIDs, shown.ExternalIDs) {
		typed.ExternalIDs = stands.ExternalIDs
	}
	return typed
}

// onto is a change in another system's form as an input: what it does not say of a
// customer stays. He is called by his legal name, else by his label.
func (ch CustomerChange) onto(in CustomerInput, is remit.Customer) CustomerInput {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	named := in.Name != ""
	set(&in.Name, unlessGiven(in.Name, is.Name))
	set(&in.Email, unlessGiven(in.Email, is.Email))
	set(&in.ExternalID, unlessGiven(in.ExternalID, is.ExternalID))
	details := is.Details
	if in.Details != nil {
		details = *in.Details
	}
	set(&in.Email, ch.Email)
	set(&details.LegalName, ch.LegalName)
	set(&details.Label, ch.Label)
	set(&details.ContactName, ch.ContactName)
	set(&details.TaxStatus, ch.TaxStatus)
	set(&details.Telephone, ch.Telephone)
	set(&details.URL, ch.URL)
	switch {
	case named:
	case ch.LegalName != nil && *ch.LegalName != "":
		in.Name = *ch.LegalName
	case ch.LegalName == nil && ch.Label != nil && *ch.Label != "":
		in.Name = *ch.Label
	}
	if ch.Address != nil {
		details.Address = ch.Address
	}
	if ch.BillingEmails != nil {
		details.BillingEmails = ch.BillingEmails
	}
	if ch.Aliases != nil {
		details.Aliases = ch.Aliases
	}
	if ch.ExternalIDs != nil {
		details.ExternalIDs = ch.ExternalIDs
	}
	in.Details = &details
	return in
}

func unlessGiven(given, stands string) *string {
	if given != "" {
		return nil
	}
	return &stands
}

// sameWord compares what a customer has said, or not said.
func sameWord(a, b *bool) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

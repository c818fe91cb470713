package commands

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// Customers lists the customers the caller may see, by name.
func (c *Commands) Customers(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.Customer], error) {
	tenants, path, err := tenantsFor(caller, organisation)
	if err != nil {
		return List[remit.Customer]{}, err
	}
	name, id, err := page.after()
	if err != nil {
		return List[remit.Customer]{}, err
	}
	var pages [][]remit.Customer
	for _, member := range tenants {
		query := postgres.CustomerQuery{Path: path, AfterName: name, AfterID: id, Limit: page.limit() + 1, Only: member.Customer}
		if member.Customer != nil {
			query.AnyUnit = true
		} else if query.Units, err = c.units(ctx, caller, member.Tenant, remit.CustomerRead); err != nil {
			return List[remit.Customer]{}, err
		}
		if !query.AnyUnit && len(query.Units) == 0 {
			continue
		}
		var customers []remit.Customer
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			customers, err = tx.ListCustomers(ctx, query)
			return err
		})
		if err != nil {
			return List[remit.Customer]{}, err
		}
		pages = append(pages, customers)
	}
	if len(pages) == 0 && len(tenants) > 0 {
		return List[remit.Customer]{}, c.authorise(ctx, caller, tenants[0].Tenant, orTop(path, tenants[0]), remit.CustomerRead)
	}
	return cut(merge(pages, customerKey), page.limit(), customerKey), nil
}

// CustomersOwe adds up by currency what customers owe on invoices that the caller
// may read (CU10). Who owes nothing is not in it.
func (c *Commands) CustomersOwe(ctx context.Context, caller Caller, organisation string, customers []remit.Customer) (map[uuid.UUID][]remit.Owed, error) {
	queries, err := c.invoiceQueries(ctx, caller, InvoiceFilter{Organisation: organisation})
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(customers))
	for n, customer := range customers {
		ids[n] = customer.ID
	}
	owed := map[uuid.UUID][]remit.Owed{}
	for tenant, query := range queries {
		query.OneOf = ids
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			sums, err := tx.OwedBy(ctx, query)
			maps.Copy(owed, sums)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return owed, nil
}

// CustomersPayBy tells of customers whose methods the caller may see, as on a
// customer's page, what each pays with where nobody chooses: nil for nothing. Who is
// not in it is one whose methods are not his to see.
func (c *Commands) CustomersPayBy(ctx context.Context, caller Caller, organisation string, customers []remit.Customer) (map[uuid.UUID]*remit.PaymentMethod, error) {
	tenants, _, err := tenantsFor(caller, organisation)
	if err != nil {
		return nil, err
	}
	pays := map[uuid.UUID]*remit.PaymentMethod{}
	for _, member := range tenants {
		var ids []uuid.UUID
		for _, scope := range []remit.Scope{remit.StripePay, remit.CustomerEdit} {
			units, err := c.units(ctx, caller, member.Tenant, scope)
			if err != nil {
				return nil, err
			}
			for _, customer := range customers {
				if _, seen := pays[customer.ID]; !seen && slices.Contains(units, customer.OrganisationID) {
					ids, pays[customer.ID] = append(ids, customer.ID), nil
				}
			}
		}
		if len(ids) == 0 {
			continue
		}
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
			clock, err := tx.Clock(ctx)
			if err != nil {
				return err
			}
			methods, err := tx.DefaultMethods(ctx, ids, clock.Now(c.Now()))
			for id, method := range methods {
				pays[id] = &method
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return pays, nil
}

// Customer is one customer.
func (c *Commands) Customer(ctx context.Context, caller Caller, id uuid.UUID) (remit.Customer, error) {
	_, customer, err := c.seeCustomer(ctx, caller, id)
	return customer, err
}

// CreateCustomer adds a customer at an organisation.
func (c *Commands) CreateCustomer(ctx context.Context, caller Caller, body Body[CustomerInput]) (remit.Customer, error) {
	if err := c.somewhere(ctx, caller, remit.CustomerEdit); err != nil {
		return remit.Customer{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Customer{}, err
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.CustomerEdit)
	if err != nil {
		return remit.Customer{}, err
	}
	if in.Organisation == "" {
		in.Organisation = member.Path
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.Customer{}, fmt.Errorf("make an id: %w", err)
	}
	var customer remit.Customer
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		organisation, err := tx.OrganisationByPath(ctx, in.Organisation)
		if err != nil {
			return remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
		}
		if in.Currency == "" {
			in.Currency = organisation.Currency
		}
		customer = remit.Customer{ID: id, OrganisationID: organisation.ID, Organisation: organisation.Path, ExternalID: in.ExternalID, Reminders: true, CreatedAt: c.Now()}
		if err := fill(&customer, in); err != nil {
			return err
		}
		by := caller.Actor()
		customer.WordBy = remit.WordGiven(remit.Customer{}, customer.AutoCharge, &by, customer.CreatedAt)
		if err := tx.InsertCustomer(ctx, customer); err != nil {
			return err
		}
		if in.Reminders != nil && !*in.Reminders {
			if customer.Reminders, err = false, c.setReminders(ctx, tx, caller, customer, false); err != nil {
				return err
			}
		}
		return c.audit(ctx, tx, changing(caller.entry("customer.create", "customer "+id.String(), organisation.Path), nil, in))
	})
	return customer, err
}

// fill checks and takes over what an input says of a customer.
func fill(customer *remit.Customer, in CustomerInput) error {
	customer.Name, customer.Email, customer.AutoCharge = strings.TrimSpace(in.Name), strings.TrimSpace(in.Email), in.AutoCharge
	if customer.Name == "" || len(customer.Name) > 200 || strings.ContainsFunc(customer.Name, remit.Unseen) {
		return remit.Invalid("name", "Give a name of at most 200 characters that can be seen.")
	}
	if customer.Email != "" {
		if _, err := remit.ParseEmail(customer.Email); err != nil {
			return remit.Invalid("email", "Enter an address, like ana@example.com.")
		}
	}
	currency, err := money.ParseCurrency(in.Currency)
	if err != nil {
		return remit.Invalid("currency", "%s", err)
	}
	customer.Currency = string(currency)
	if in.Details != nil {
		customer.Details = *in.Details
	}
	return customer.Details.Check()
}

// at resolves the organisation a body names and asks for a permission there.
func (c *Commands) at(ctx context.Context, caller Caller, organisation string, scope remit.Scope) (Membership, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		e := remit.AsError(err)
		if e.Kind == remit.KindNotFound || e.Kind == remit.KindMalformed {
			return Membership{}, remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
		}
		return Membership{}, err
	}
	path := orTop(organisation, member)
	visible, err := c.sees(ctx, caller, member.Tenant, path)
	if err != nil {
		return Membership{}, err
	}
	if !visible {
		return Membership{}, remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
	}
	return member, c.authorise(ctx, caller, member.Tenant, path, scope)
}

// PaymentMethods lists a customer's saved methods, the default first. Hosted
// pages on which he added one are looked at before, so that coming back from
// one is enough to see it.
func (c *Commands) PaymentMethods(ctx context.Context, caller Caller, customer uuid.UUID) ([]remit.PaymentMethod, error) {
	found, who, err := c.seeCustomer(ctx, caller, customer, remit.StripePay)
	if err != nil {
		return nil, err
	}
	if found.member.Customer == nil {
		if err := c.anyOf(ctx, caller, found.member.Tenant, who.Organisation, remit.StripePay, remit.CustomerEdit); err != nil {
			return nil, err
		}
	}
	if err := c.collectSetups(ctx, found.member.Tenant, customer); err != nil {
		c.Logger.WarnContext(ctx, "setup sessions could not be looked at", "customer", customer, "error", err)
	}
	var methods []remit.PaymentMethod
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		methods, err = tx.PaymentMethods(ctx, customer)
		return err
	})
	return methods, err
}

// SetDefaultMethod makes one of a customer's usable methods the default.
func (c *Commands) SetDefaultMethod(ctx context.Context, caller Caller, customer uuid.UUID, body Body[uuid.UUID]) (remit.Customer, error) {
	tenant, who, err := c.mayChangeMethods(ctx, caller, customer)
	if err != nil {
		return remit.Customer{}, err
	}
	method, err := body()
	if err != nil {
		return remit.Customer{}, err
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		usable, err := tx.SetDefaultMethod(ctx, customer, method)
		if err != nil {
			return err
		}
		if !usable {
			return remit.Invalid("payment_method", "This customer has no such usable payment method.")
		}
		who.DefaultPaymentMethod = &method
		return c.audit(ctx, tx, caller.entry("payment_method.default", "payment method "+method.String(), who.Organisation))
	})
	return who, err
}

// RemoveMethod takes a saved method away from its customer, at Stripe too.
func (c *Commands) RemoveMethod(ctx context.Context, caller Caller, id uuid.UUID) error {
	var method remit.PaymentMethod
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		if method, err = tx.PaymentMethod(ctx, id); err != nil {
			return "", uuid.Nil, err
		}
		customer, err := tx.Customer(ctx, method.CustomerID)
		return customer.Organisation, customer.ID, err
	}, remit.CustomerRead, remit.CustomerEdit, remit.StripePay)
	if err != nil {
		return err
	}
	tenant, who, err := c.mayChangeMethods(ctx, caller, method.CustomerID)
	if err != nil {
		return err
	}
	if method.Status == remit.MethodDetached {
		return nil
	}
	if used, err := c.methodInUse(ctx, tenant, id); err != nil || used {
		if used {
			err = remit.Conflict(remit.CodeConflict, "A payment with this method is under way. Remove it when that is settled.")
		}
		return err
	}
	if err := c.neededFor(ctx, tenant, method); err != nil {
		return err
	}
	link, err := c.connector().At(ctx, tenant, method.Account, method.Livemode)
	if err == nil {
		err = c.removeAtStripe(ctx, tenant, link, method)
	}
	if err != nil && !isGone(err) && !activities.NoKeys(err) { // without keys it can be neither charged nor asked about
		return unavailable(err)
	}
	return c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if err := tx.RemoveMethod(ctx, id, clock.Now(c.Now())); err != nil {
			return err
		}
		return c.audit(ctx, tx, caller.entry("payment_method.remove", "payment method "+id.String(), who.Organisation))
	})
}

// removeAtStripe takes a method away from its customer at Stripe. One that is still
// to be verified is nobody's there: its verification ends.
func (c *Commands) removeAtStripe(ctx context.Context, tenant uuid.UUID, link *activities.Link, method remit.PaymentMethod) error {
	if method.Status == remit.MethodAwaitingDeposit || method.Status == remit.MethodAwaitingEntry {
		var b remit.BankAccount
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			b, err = tx.BankAccount(ctx, method.ID)
			return err
		})
		if err != nil {
			return err
		}
		view, err := link.Stripe.CancelSetup(ctx, fmt.Sprintf("method/%s/cancel", method.ID), b.SetupIntent)
		if gateway.MeaningOf(err) != gateway.State && (err != nil || view.Facts.Status == "canceled") {
			return err
		}
	}
	err := link.Stripe.DetachPaymentMethod(ctx, fmt.Sprintf("method/%s/detach", method.ID), method.StripeID)
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Refused() {
		if view, lookErr := link.Stripe.PaymentMethod(ctx, method.StripeID); lookErr == nil && view.Customer == "" {
			return nil // it was nobody's: never verified, or taken away there
		}
	}
	return err
}

// mayChangeMethods finds a customer whose methods the caller may change.
func (c *Commands) mayChangeMethods(ctx context.Context, caller Caller, customer uuid.UUID) (uuid.UUID, remit.Customer, error) {
	found, who, err := c.seeCustomer(ctx, caller, customer, remit.StripePay)
	if err != nil {
		return uuid.Nil, remit.Customer{}, err
	}
	if found.member.Customer == nil {
		err = c.anyOf(ctx, caller, found.member.Tenant, who.Organisation, remit.StripePay, remit.CustomerEdit)
	}
	return found.member.Tenant, who, err
}

func (c *Commands) methodInUse(ctx context.Context, tenant, method uuid.UUID) (bool, error) {
	var used bool
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		used, err = tx.MethodInUse(ctx, method)
		return err
	})
	return used, err
}

func customerKey(c remit.Customer) (string, uuid.UUID) { return c.Name, c.ID }

package commands

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"remit"
	"remit/money"
	"remit/policies"
	"remit/postgres"
)

// OrganisationInput is an organisation as it arrives. What is empty is taken
// from the organisation above; for a new top-level one from that by which the
// caller may make it.
type OrganisationInput struct {
	Path     string
	Name     string      // the path's last segment by default
	TimeZone string      // IANA name
	Currency string      // ISO 4217
	Clock    *remit.Date // the date a test clock starts at; with the stand-in, at the top level
}

// OrganisationChange is what may be changed of an organisation; nil leaves it.
type OrganisationChange struct {
	Name     *string
	TimeZone *string
	Currency *string     // while there are no invoices at it
	Clock    *remit.Date // while there are no invoices in the tenant
}

// CreateOrganisation makes an organisation. Below another it needs
// admin=organisations there. A top-level one is a tenant of its own, nothing of
// which anybody else sees: whoever manages organisations at some top-level path
// may make one, and owns it.
func (c *Commands) CreateOrganisation(ctx context.Context, caller Caller, body Body[OrganisationInput]) (remit.Organisation, error) {
	if _, err := c.tenantsToList(ctx, caller, "", remit.AdminOrganisations); err != nil {
		return remit.Organisation{}, err
	}
	input, err := body()
	if err != nil {
		return remit.Organisation{}, err
	}
	path, err := remit.ParsePath(input.Path)
	if err != nil {
		return remit.Organisation{}, err
	}
	if above, isBelow := path.Parent(); isBelow {
		return c.createBelow(ctx, caller, path, above, input)
	}
	return c.createTopLevel(ctx, caller, path, input)
}

func (c *Commands) createBelow(ctx context.Context, caller Caller, path, above remit.Path, input OrganisationInput) (remit.Organisation, error) {
	member, err := tenantOf(caller, path.String())
	if err != nil {
		return remit.Organisation{}, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, above.String(), remit.AdminOrganisations); err != nil {
		return remit.Organisation{}, err
	}
	var made remit.Organisation
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if err := tx.LockTenant(ctx); err != nil {
			return err
		}
		parent, err := tx.OrganisationByPath(ctx, above.String())
		if remit.IsCode(err, remit.CodeNotFound) {
			return remit.Invalid("path", "There is no organisation at %s to make one below.", above)
		}
		if err != nil {
			return err
		}
		if made, err = c.newOrganisation(path, input, parent); err != nil {
			return err
		}
		if err := tx.InsertOrganisation(ctx, made); err != nil {
			return err
		}
		return c.audit(ctx, tx, organisationEntry(caller, "organisation.create", nil, &made))
	})
	if err != nil {
		return remit.Organisation{}, err
	}
	c.Authority.Invalidate(member.Tenant)
	return made, nil
}

func (c *Commands) createTopLevel(ctx context.Context, caller Caller, path remit.Path, input OrganisationInput) (remit.Organisation, error) {
	by, err := c.managedTop(ctx, caller)
	if err != nil {
		return remit.Organisation{}, err
	}
	made, err := c.newOrganisation(path, input, by)
	if err != nil {
		return remit.Organisation{}, err
	}
	err = c.DB.InTenant(ctx, made.Tenant, func(tx *postgres.Tx) error {
		if err := tx.InsertTenant(ctx, made); err != nil {
			return err
		}
		now := c.Now()
		if err := tx.InsertMember(ctx, postgres.Member{Account: caller.Account, AcceptedAt: &now}, now); err != nil {
			return err
		}
		if err := insertOwner(ctx, tx, caller.Account, made, now); err != nil {
			return err
		}
		return c.audit(ctx, tx, organisationEntry(caller, "organisation.create", nil, &made))
	})
	if err != nil {
		return remit.Organisation{}, err
	}
	c.Authority.Invalidate(made.Tenant)
	return made, nil
}

// managedTop is the first of the caller's top-level organisations that he
// manages.
func (c *Commands) managedTop(ctx context.Context, caller Caller) (remit.Organisation, error) {
	for _, member := range caller.Tenants {
		decision, err := c.can(ctx, caller, member.Tenant, member.Path, remit.AdminOrganisations)
		if err != nil {
			return remit.Organisation{}, err
		}
		if !decision.Allowed {
			continue
		}
		var top remit.Organisation
		err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
			top, err = tx.OrganisationByPath(ctx, member.Path)
			return err
		})
		return top, err
	}
	if len(caller.Tenants) == 0 {
		return remit.Organisation{}, remit.NotFound()
	}
	member := caller.Tenants[0]
	return remit.Organisation{}, c.refuse(ctx, caller, member.Tenant, member.Path, remit.AdminOrganisations, policies.Decision{})
}

// insertOwner makes a member of the tenant its owner.
func insertOwner(ctx context.Context, tx *postgres.Tx, account uuid.UUID, top remit.Organisation, now time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return tx.InsertGrantOnce(ctx, remit.RoleGrant{ID: id, User: account, Role: policies.RoleOwner, UnitID: top.ID, Path: top.Path}, now)
}

// newOrganisation checks the input and makes an organisation of it; what is not
// given is as at another.
func (c *Commands) newOrganisation(path remit.Path, input OrganisationInput, like remit.Organisation) (remit.Organisation, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return remit.Organisation{}, err
	}
	made := remit.Organisation{
		ID: id, Tenant: like.Tenant, Path: path.String(), Name: path.Name(), TimeZone: like.TimeZone, Currency: like.Currency,
		ClockOffset: like.ClockOffset, ClockDate: like.ClockDate, CreatedAt: c.Now(),
	}
	if path == path.Top() {
		made.Tenant, made.ClockOffset, made.ClockDate = id, nil, nil
	}
	change := OrganisationChange{Clock: input.Clock}
	for _, given := range []struct {
		value  string
		target **string
	}{{input.Name, &change.Name}, {input.TimeZone, &change.TimeZone}, {input.Currency, &change.Currency}} {
		if given.value != "" {
			*given.target = &given.value
		}
	}
	return made, c.apply(&made, change)
}

// apply checks a change and makes it to an organisation in memory.
func (c *Commands) apply(o *remit.Organisation, change OrganisationChange) error {
	if change.Name != nil {
		name := strings.TrimSpace(*change.Name)
		if name == "" || utf8.RuneCountInString(name) > 200 || strings.ContainsFunc(name, unicode.IsControl) {
			return remit.Invalid("name", "A name has 1 to 200 characters that can be seen.")
		}
		o.Name = name
	}
	if change.TimeZone != nil {
		if !isZone(*change.TimeZone) {
			return remit.Invalid("time_zone", "There is no time zone of this name. Names are like Europe/Berlin.")
		}
		o.TimeZone = *change.TimeZone
	}
	if change.Currency != nil {
		currency, err := money.ParseCurrency(*change.Currency)
		if err != nil {
			return remit.Invalid("currency", "A currency is an ISO 4217 code such as USD.")
		}
		o.Currency = string(currency)
	}
	if change.Clock != nil {
		return c.setClock(o, *change.Clock)
	}
	return nil
}

// setClock gives a tenant a test clock that shows the first instant of a date,
// in its time zone, now.
func (c *Commands) setClock(o *remit.Organisation, date remit.Date) error {
	if !c.Sandbox {
		return remit.Invalid("clock", "A test clock exists only beside the embedded stand-in for Stripe.")
	}
	if path, err := remit.ParsePath(o.Path); err != nil || path != path.Top() {
		return remit.Invalid("clock", "A test clock belongs to the top-level organisation.")
	}
	zone, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		return err
	}
	offset := date.StartIn(zone).Sub(c.Now()).Truncate(time.Microsecond)
	o.ClockDate, o.ClockOffset = &date, &offset
	return nil
}

// isZone reports whether a name is one of the IANA database; "Local" is this
// machine's and means nothing elsewhere.
func isZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// UpdateOrganisation changes an organisation; admin=organisations.
func (c *Commands) UpdateOrganisation(ctx context.Context, caller Caller, id uuid.UUID, body Body[OrganisationChange]) (remit.Organisation, error) {
	tenant, err := c.mayManage(ctx, caller, id)
	if err != nil {
		return remit.Organisation{}, err
	}
	change, err := body()
	if err != nil {
		return remit.Organisation{}, err
	}
	var changed remit.Organisation
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if change.TimeZone != nil { // what is being planned by the zone as it was is committed before, and moved with the rest
			if err := tx.LockZone(ctx, id); err != nil {
				return err
			}
		}
		if err := tx.LockTenant(ctx); err != nil {
			return err
		}
		before, err := tx.OrganisationByID(ctx, id)
		if err != nil {
			return err
		}
		changed = before
		if change.Clock != nil && before.ClockDate != nil && *change.Clock == *before.ClockDate {
			change.Clock = nil // as it was set; it has run on since
		}
		if err := c.apply(&changed, change); err != nil {
			return err
		}
		if err := unlessInvoiced(ctx, tx, before, changed); err != nil {
			return err
		}
		if changed.TimeZone != before.TimeZone {
			if err := tx.MoveAgenda(ctx, id, before.TimeZone, changed.TimeZone); err != nil {
				return err
			}
		}
		if err := tx.UpdateOrganisation(ctx, changed); err != nil {
			return err
		}
		return c.audit(ctx, tx, organisationEntry(caller, "organisation.update", &before, &changed))
	})
	if err != nil {
		return remit.Organisation{}, err
	}
	c.Authority.Invalidate(tenant)
	return changed, nil
}

// unlessInvoiced refuses changes that would give another meaning to invoices
// that are there.
func unlessInvoiced(ctx context.Context, tx *postgres.Tx, before, after remit.Organisation) error {
	clock := before.ClockOffset != after.ClockOffset
	if before.Currency == after.Currency && !clock {
		return nil
	}
	has, err := tx.HasInvoices(ctx, before.ID, clock)
	switch {
	case err != nil || !has:
		return err
	case clock:
		return remit.Conflict(remit.CodeConflict, "There are invoices already; the clock can only be advanced.")
	}
	return remit.Conflict(remit.CodeConflict, "There are invoices in %s at %s; its currency stays.", before.Currency, before.Path)
}

// DeleteOrganisation removes an organisation that nothing belongs to;
// admin=organisations. A top-level one stays: its audit trail does.
func (c *Commands) DeleteOrganisation(ctx context.Context, caller Caller, id uuid.UUID) error {
	tenant, err := c.mayManage(ctx, caller, id)
	if err != nil {
		return err
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.LockTenant(ctx); err != nil {
			return err
		}
		o, err := tx.OrganisationByID(ctx, id)
		if err != nil {
			return err
		}
		if path, err := remit.ParsePath(o.Path); err != nil || path == path.Top() {
			return remit.Conflict(remit.CodeConflict, "A top-level organisation cannot be deleted: its records stay.")
		}
		if err := tx.DeleteOrganisation(ctx, o); err != nil {
			return err
		}
		return c.audit(ctx, tx, organisationEntry(caller, "organisation.delete", &o, nil))
	})
	if err == nil {
		c.Authority.Invalidate(tenant)
	}
	return err
}

// mayManage is the tenant of an organisation that the caller sees and manages.
func (c *Commands) mayManage(ctx context.Context, caller Caller, id uuid.UUID) (uuid.UUID, error) {
	tenant, path, err := c.seeOrganisation(ctx, caller, id)
	if err != nil {
		return uuid.Nil, err
	}
	return tenant, c.authorise(ctx, caller, tenant, path, remit.AdminOrganisations)
}

// seeOrganisation is the tenant and the path of an organisation that the caller sees.
func (c *Commands) seeOrganisation(ctx context.Context, caller Caller, id uuid.UUID) (uuid.UUID, string, error) {
	tenant, found, err := c.DB.TenantHolding(ctx, caller.tenantIDs(), postgres.TableOrganisations, id)
	if err != nil {
		return uuid.Nil, "", err
	}
	if !found {
		return uuid.Nil, "", remit.NotFound()
	}
	var o remit.Organisation
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		o, err = tx.OrganisationByID(ctx, id)
		return err
	})
	if err != nil {
		return uuid.Nil, "", err
	}
	sees, err := c.sees(ctx, caller, tenant, o.Path)
	if err != nil {
		return uuid.Nil, "", err
	}
	if !sees {
		return uuid.Nil, "", remit.NotFound()
	}
	return tenant, o.Path, nil
}

func organisationEntry(caller Caller, action string, before, after *remit.Organisation) *remit.AuditEntry {
	o := after
	if o == nil {
		o = before
	}
	text := func(o *remit.Organisation) any {
		if o == nil {
			return nil
		}
		return map[string]any{"path": o.Path, "name": o.Name, "time_zone": o.TimeZone, "currency": o.Currency, "clock": o.ClockDate}
	}
	return changing(caller.entry(action, "organisation "+o.ID.String(), o.Path), text(before), text(after))
}

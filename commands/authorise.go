package commands

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
)

// subject is the caller as the permission model knows him in one tenant.
func (c Caller) subject(tenant uuid.UUID) policies.Subject {
	subject := policies.Subject{UserID: c.Account, Tenant: tenant}
	if c.Token != nil && c.Scopes != nil {
		subject.TokenScopes = &c.Scopes
	}
	return subject
}

// membership is the caller's in a tenant, and whether he has one.
func (c Caller) membership(tenant uuid.UUID) (Membership, bool) {
	for _, m := range c.Tenants {
		if m.Tenant == tenant {
			return m, true
		}
	}
	return Membership{}, false
}

// tenantIDs are the tenants the caller belongs to.
func (c Caller) tenantIDs() []uuid.UUID {
	ids := make([]uuid.UUID, len(c.Tenants))
	for i, m := range c.Tenants {
		ids[i] = m.Tenant
	}
	return ids
}

// can asks whether the caller may do scope at an organisation's path. Who does
// not belong to the tenant may nothing, and neither may a customer's user: what
// he sees follows from the customer he is bound to, whatever he was granted.
func (c *Commands) can(ctx context.Context, caller Caller, tenant uuid.UUID, path string, scope remit.Scope) (policies.Decision, error) {
	member, found := caller.membership(tenant)
	if !found || member.Customer != nil {
		return policies.Decision{}, nil
	}
	at, err := remit.ParsePath(path)
	if err != nil {
		return policies.Decision{}, err
	}
	return c.Authority.Can(ctx, caller.subject(tenant), at, scope)
}

// authorise returns nil if the caller may do scope at path, else
// [remit.CodeForbidden] naming both. A refusal goes to the audit trail. It does
// not ask whether the caller may see what he asks about: that comes first and
// is answered with [remit.NotFound].
func (c *Commands) authorise(ctx context.Context, caller Caller, tenant uuid.UUID, path string, scope remit.Scope) error {
	decision, err := c.can(ctx, caller, tenant, path, scope)
	if err != nil {
		return err
	}
	if !decision.Allowed {
		return c.refuse(ctx, caller, tenant, path, scope, decision)
	}
	return nil
}

// refuse records a refusal and returns it. That it could not be recorded is
// logged and does not turn a no into anything else.
func (c *Commands) refuse(ctx context.Context, caller Caller, tenant uuid.UUID, path string, scope remit.Scope, decision policies.Decision) error {
	if _, member := caller.membership(tenant); member {
		entry := caller.entry("permission", "", path)
		entry.Scope, entry.Matched, entry.PolicyVersion, entry.Outcome = scope.String(), decision.MatchedLine, decision.Version, remit.AuditDenied
		if err := c.auditAlone(ctx, tenant, entry); err != nil {
			c.Logger.ErrorContext(ctx, "a refusal was not recorded", "error", err, "tenant", tenant, "scope", scope.String())
		}
	}
	return remit.Forbidden(scope.String(), path)
}

// units lists the tenant's organisations at which the caller may do scope: what
// a list is filtered by. It is never nil.
func (c *Commands) units(ctx context.Context, caller Caller, tenant uuid.UUID, scope remit.Scope) ([]uuid.UUID, error) {
	member, found := caller.membership(tenant)
	if !found || member.Customer != nil {
		return []uuid.UUID{}, nil
	}
	return c.Authority.UnitsWhere(ctx, caller.subject(tenant), scope)
}

// unitsOrRefuse is what a list of the tenant is filtered by: nil where the
// caller may do scope in the whole tenant, else the organisations where he may.
// Who may nowhere is refused.
func (c *Commands) unitsOrRefuse(ctx context.Context, caller Caller, member Membership, scope remit.Scope) ([]uuid.UUID, error) {
	decision, err := c.can(ctx, caller, member.Tenant, member.Path, scope)
	if err != nil || decision.Allowed {
		return nil, err
	}
	units, err := c.units(ctx, caller, member.Tenant, scope)
	if err == nil && len(units) == 0 {
		err = c.refuse(ctx, caller, member.Tenant, member.Path, scope, decision)
	}
	return units, err
}

// tenantsToList are the tenants that a list runs through: that of a path, or
// without one all of the caller's. Who may do scope nowhere in them is refused.
func (c *Commands) tenantsToList(ctx context.Context, caller Caller, organisation string, scope remit.Scope) ([]Membership, error) {
	tenants := caller.Tenants
	if organisation != "" || len(tenants) == 0 {
		member, err := tenantOf(caller, organisation)
		if err != nil {
			return nil, err
		}
		tenants = []Membership{member}
	}
	for _, member := range tenants {
		units, err := c.units(ctx, caller, member.Tenant, scope)
		if err != nil || len(units) > 0 {
			return tenants, err
		}
	}
	return nil, c.refuse(ctx, caller, tenants[0].Tenant, tenants[0].Path, scope, policies.Decision{})
}

// sees reports whether the caller may do anything at all at a path, and so may
// know that there is such an organisation.
func (c *Commands) sees(ctx context.Context, caller Caller, tenant uuid.UUID, path string) (bool, error) {
	member, found := caller.membership(tenant)
	if !found || member.Customer != nil {
		return false, nil
	}
	at, err := remit.ParsePath(path)
	if err != nil {
		return false, err
	}
	policy, err := c.Authority.Policy(ctx, tenant)
	if err != nil {
		return false, err
	}
	for _, scope := range everyScope(policy) {
		decision, err := policy.Can(caller.subject(tenant), at, scope)
		if err != nil || decision.Allowed {
			return decision.Allowed, err
		}
	}
	return false, nil
}

// unitsSeen lists the tenant's organisations at which the caller may do anything
// at all.
func (c *Commands) unitsSeen(ctx context.Context, caller Caller, member Membership) ([]uuid.UUID, error) {
	if member.Customer != nil {
		return []uuid.UUID{}, nil
	}
	policy, err := c.Authority.Policy(ctx, member.Tenant)
	if err != nil {
		return nil, err
	}
	seen := map[uuid.UUID]bool{}
	for _, scope := range everyScope(policy) {
		units, err := policy.UnitsWhere(caller.subject(member.Tenant), scope)
		if err != nil {
			return nil, err
		}
		for _, unit := range units {
			seen[unit] = true
		}
	}
	return slices.Collect(maps.Keys(seen)), nil
}

// everyScope lists what can be permitted in a tenant: what Remit asks for and
// what its roles carry.
func everyScope(policy *policies.Policy) []remit.Scope {
	scopes := remit.KnownScopes()
	for _, role := range policy.Roles() {
		for _, scope := range role.Scopes() {
			if !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	return scopes
}

// tenantOf is the caller's tenant that a path such as ?organisation belongs to.
// Without a path it is the only one he has; with several that is malformed,
// naming the field organisation. A path of another tenant is not found.
func tenantOf(caller Caller, organisation string) (Membership, error) {
	if organisation == "" {
		switch len(caller.Tenants) {
		case 0:
			return Membership{}, remit.NotFound()
		case 1:
			return caller.Tenants[0], nil
		}
		return Membership{}, malformed("organisation", "You belong to several organisations; say which one.")
	}
	path, err := remit.ParsePath(organisation)
	if err != nil {
		return Membership{}, malformed("organisation", remit.AsError(err).Message)
	}
	for _, m := range caller.Tenants {
		if m.Path == path.Top().String() {
			return m, nil
		}
	}
	return Membership{}, remit.NotFound()
}

// malformed is a request whose form is wrong (400), naming the field.
func malformed(field, message string) error {
	return &remit.Error{
		Kind: remit.KindMalformed, Code: remit.CodeMalformed, Message: message,
		Fields: []remit.FieldError{{Field: field, Message: message}},
	}
}

// confirmedFor is how long a person counts as having just proved who he is.
const confirmedFor = 10 * time.Minute

// confirmed returns nil if the caller proved who he is within the last ten
// minutes, by signing in or by giving his password again, and else
// [remit.CodeStepUp]. Changes of keys, roles, passwords, second factors and
// tokens ask it (ASVS 7.4.3, 7.5.1): a session left open, or its stolen cookie,
// must not be enough for what outlives it.
//
// An API token passes. Nobody is there to give a password, and what step-up
// protects against does not apply: a token is no session, it is made by
// somebody who has just been confirmed, carries only the permissions it was
// made with, and is revoked by itself. What would let a stolen token outlive
// its revocation, making tokens and changing its owner's password or second
// factor, asks for [inSession] as well.
func (c *Commands) confirmed(caller Caller) error {
	if caller.Token != nil || c.Now().Sub(caller.ConfirmedAt) <= confirmedFor {
		return nil
	}
	return remit.Errorf(remit.KindForbidden, remit.CodeStepUp, "Give your password again to do this.")
}

// strongly is [Commands.confirmed] for what an administrator does: where the
// installation requires it, a password alone is not enough. An API token passes
// as it does there; making one needed the second factor.
func (c *Commands) strongly(caller Caller) error {
	if err := c.confirmed(caller); err != nil {
		return err
	}
	return c.byFactor(caller)
}

// byFactor asks, where the installation requires it, for a second factor at sign-in.
func (c *Commands) byFactor(caller Caller) error {
	if !c.RequireSecondFactor || caller.Token != nil || caller.SecondFactor {
		return nil
	}
	return remit.Errorf(remit.KindForbidden, remit.CodeSecondFactor, "Set up a second factor on your account page to do this.")
}

// inSession refuses callers that are not a person in a session.
func inSession(caller Caller) error {
	if caller.Token != nil || caller.Session == nil {
		return remit.Errorf(remit.KindForbidden, remit.CodeForbidden, "An API token cannot do this. Sign in.")
	}
	return nil
}

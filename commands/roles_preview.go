package commands

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// Effect is what one person gains or loses at a path, and below, by a change.
type Effect struct {
	User  uuid.UUID
	Name  string
	Email string
	Path  string
	Gains []remit.Scope
	Loses []remit.Scope
}

// Preview is whom a change would touch. Of more than 100 effects the first are
// given and Total counts all.
type Preview struct {
	Effects []Effect
	Total   int
}

// PreviewPutRole shows what [Commands.PutRole] would do. It refuses what that
// would refuse, but asks for no confirmation.
func (c *Commands) PreviewPutRole(ctx context.Context, caller Caller, organisation, name string, input RoleInput) (Preview, error) {
	member, err := c.mayPreviewRoles(ctx, caller, organisation)
	if err != nil {
		return Preview{}, err
	}
	return c.preview(ctx, caller, member.Tenant, putRole(ctx, caller, member, name, input.Permissions))
}

// PreviewDeleteRole shows what [Commands.DeleteRole] would do.
func (c *Commands) PreviewDeleteRole(ctx context.Context, caller Caller, organisation, name string) (Preview, error) {
	member, err := c.mayPreviewRoles(ctx, caller, organisation)
	if err != nil {
		return Preview{}, err
	}
	return c.preview(ctx, caller, member.Tenant, deleteRole(ctx, caller, member, name))
}

// PreviewCreateGrant shows what [Commands.CreateGrant] would do.
func (c *Commands) PreviewCreateGrant(ctx context.Context, caller Caller, input GrantInput) (Preview, error) {
	at, err := remit.ParsePath(input.Path)
	if err != nil {
		return Preview{}, err
	}
	member, err := tenantOf(caller, at.String())
	if err != nil {
		return Preview{}, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, at.String(), remit.AdminRoles); err != nil {
		return Preview{}, err
	}
	var grant remit.RoleGrant
	return c.preview(ctx, caller, member.Tenant, c.createGrant(ctx, caller, input, &grant))
}

// PreviewDeleteGrant shows what [Commands.DeleteGrant] would do.
func (c *Commands) PreviewDeleteGrant(ctx context.Context, caller Caller, id uuid.UUID) (Preview, error) {
	tenant, grant, err := c.grantSeen(ctx, caller, id)
	if err != nil {
		return Preview{}, err
	}
	if err := c.authorise(ctx, caller, tenant, grant.Path, remit.AdminRoles); err != nil {
		return Preview{}, err
	}
	return c.preview(ctx, caller, tenant, deleteGrant(ctx, caller, id))
}

func (c *Commands) mayPreviewRoles(ctx context.Context, caller Caller, organisation string) (Membership, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return Membership{}, err
	}
	return member, c.authorise(ctx, caller, member.Tenant, member.Path, remit.AdminRoles)
}

// errPreviewed ends a transaction in which nothing was to be changed.
var errPreviewed = errors.New("previewed")

func (c *Commands) preview(ctx context.Context, caller Caller, tenant uuid.UUID, plan rightsPlan) (Preview, error) {
	var preview Preview
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		d, err := c.judge(ctx, tx, caller, plan)
		if err != nil {
			return err
		}
		effects, err := effectsOf(tenant, touched(d.before, d.after, d.snapshot.Grants, d.next.Grants), d.before, d.after)
		if err != nil {
			return err
		}
		preview = Preview{Effects: effects[:min(len(effects), maxLimit)], Total: len(effects)}
		if err := nameThem(ctx, tx, preview.Effects); err != nil {
			return err
		}
		return errPreviewed
	})
	if errors.Is(err, errPreviewed) {
		err = nil
	}
	return preview, err
}

// place is a person at a path, with the scopes that may change for him there.
type place struct {
	user   uuid.UUID
	path   string
	scopes []remit.Scope
}

// touched finds where a change can be felt: at the grants that come or go and
// at those of roles that change. A denial can be felt in whatever is permitted.
func touched(before, after *policies.Policy, from, to []policies.Grant) []place {
	var places []place
	add := func(g policies.Grant) {
		old, _ := held(before, g.Role)
		renewed, _ := held(after, g.Role)
		scopes := append(old.Scopes(), without(renewed.Scopes(), old.Scopes())...)
		if old.Deny && len(old.Permissions) > 0 || renewed.Deny && len(renewed.Permissions) > 0 {
			scopes = everyScope(after)
		}
		at := slices.IndexFunc(places, func(p place) bool { return p.user == g.UserID && p.path == g.Path })
		if at < 0 {
			places = append(places, place{g.UserID, g.Path, scopes})
			return
		}
		places[at].scopes = append(places[at].scopes, without(scopes, places[at].scopes)...)
	}
	has := func(grants []policies.Grant) map[uuid.UUID]bool {
		ids := map[uuid.UUID]bool{}
		for _, g := range grants {
			ids[g.ID] = true
		}
		return ids
	}
	same := func(role string) bool {
		old, was := held(before, role)
		renewed, is := held(after, role)
		return was == is && slices.Equal(old.Permissions, renewed.Permissions)
	}
	was, is := has(from), has(to)
	for _, g := range from {
		if !is[g.ID] || !same(g.Role) {
			add(g)
		}
	}
	for _, g := range to {
		if !was[g.ID] {
			add(g)
		}
	}
	return places
}

// effectsOf asks both policies at each place and keeps what differs, in the
// order of the paths.
func effectsOf(tenant uuid.UUID, places []place, before, after *policies.Policy) ([]Effect, error) {
	effects := []Effect{}
	for _, p := range places {
		path, err := remit.ParsePath(p.path)
		if err != nil {
			return nil, err
		}
		effect := Effect{User: p.user, Path: p.path}
		subject := policies.Subject{UserID: p.user, Tenant: tenant}
		for _, scope := range p.scopes {
			was, err := before.Can(subject, path, scope)
			if err != nil {
				return nil, err
			}
			is, err := after.Can(subject, path, scope)
			if err != nil {
				return nil, err
			}
			switch {
			case is.Allowed && !was.Allowed:
				effect.Gains = append(effect.Gains, scope)
			case was.Allowed && !is.Allowed:
				effect.Loses = append(effect.Loses, scope)
			}
		}
		if len(effect.Gains)+len(effect.Loses) > 0 {
			effects = append(effects, effect)
		}
	}
	slices.SortStableFunc(effects, func(a, b Effect) int { return strings.Compare(a.Path, b.Path) })
	return effects, nil
}

func nameThem(ctx context.Context, tx *postgres.Tx, effects []Effect) error {
	ids := make([]uuid.UUID, len(effects))
	for i, e := range effects {
		ids[i] = e.User
	}
	names, err := tx.Names(ctx, ids)
	if err != nil {
		return err
	}
	for i := range effects {
		effects[i].Name, effects[i].Email = names[effects[i].User][0], names[effects[i].User][1]
	}
	return nil
}

// ExplainInput asks why somebody may, or may not, do something somewhere.
type ExplainInput struct {
	User  uuid.UUID
	Path  string
	Scope remit.Scope
}

// Explain answers why a person may do something at a path, naming the grant.
// Of others it tells who has admin=users or admin=roles there.
func (c *Commands) Explain(ctx context.Context, caller Caller, input ExplainInput) (policies.Explanation, error) {
	path, err := remit.ParsePath(input.Path)
	if err != nil {
		return policies.Explanation{}, err
	}
	member, err := tenantOf(caller, path.String())
	if err != nil {
		return policies.Explanation{}, err
	}
	if input.User != caller.Account {
		users, err := c.can(ctx, caller, member.Tenant, path.String(), remit.AdminUsers)
		if err != nil {
			return policies.Explanation{}, err
		}
		if !users.Allowed {
			if err := c.authorise(ctx, caller, member.Tenant, path.String(), remit.AdminRoles); err != nil {
				return policies.Explanation{}, err
			}
		}
	}
	return c.Authority.Explain(ctx, policies.Subject{UserID: input.User, Tenant: member.Tenant}, path, input.Scope)
}

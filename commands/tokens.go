package commands

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/credentials"
	"remit/policies"
	"remit/postgres"
	"remit/secrets"
)

// TokenInput is an API token to be made for the caller.
type TokenInput struct {
	Organisation string // whose tenant the token is for; see the rule of ?organisation
	Name         string
	Scopes       []remit.Scope // nil: all that the caller holds at the time it is used
	ExpiresAt    *time.Time    // nil: when it is revoked
}

// NewToken is a token that was just made. Its secret is not shown again.
type NewToken struct {
	remit.APIToken
	Secret secrets.Secret
}

// CreateAPIToken makes a token that speaks for the caller in one tenant. It can
// do what both its scopes and, at the time, its owner may; so each scope must be
// held by him somewhere in the tenant. A token cannot make another.
func (c *Commands) CreateAPIToken(ctx context.Context, caller Caller, body Body[TokenInput]) (NewToken, error) {
	if err := inSession(caller); err != nil {
		return NewToken{}, err
	}
	input, err := body()
	if err != nil {
		return NewToken{}, err
	}
	member, err := tenantOf(caller, input.Organisation)
	if err != nil {
		return NewToken{}, err
	}
	if input.Name, err = parseName(input.Name); err != nil {
		return NewToken{}, err
	}
	if input.ExpiresAt != nil && !input.ExpiresAt.After(c.Now()) {
		return NewToken{}, remit.Invalid("expires_at", "This time is over.")
	}
	if err := c.holdsSomewhere(ctx, caller, member, input.Scopes); err != nil {
		return NewToken{}, err
	}
	if err := c.strongly(caller); err != nil {
		return NewToken{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return NewToken{}, err
	}
	made := credentials.NewToken(credentials.APIToken)
	token := remit.APIToken{
		ID: id, Account: caller.Account, Owner: caller.Name, Name: input.Name, Scopes: input.Scopes, CreatedAt: c.Now(), ExpiresAt: input.ExpiresAt,
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if err := tx.InsertAPIToken(ctx, token, made.Hash); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("token.create", "token "+id.String(), member.Path), nil, tokenText(token)))
	})
	if err != nil {
		return NewToken{}, err
	}
	return NewToken{token, made.Plain}, nil
}

// holdsSomewhere refuses scopes that the caller holds nowhere in the tenant. A
// customer's user holds none: his tokens do what he may.
func (c *Commands) holdsSomewhere(ctx context.Context, caller Caller, member Membership, scopes []remit.Scope) error {
	for _, scope := range scopes {
		if err := scope.Validate(); err != nil {
			return err
		}
		units, err := c.units(ctx, caller, member.Tenant, scope)
		if err != nil {
			return err
		}
		if len(units) == 0 {
			return c.refuse(ctx, caller, member.Tenant, member.Path, scope, policies.Decision{})
		}
	}
	return nil
}

// APITokens lists the tokens of a path's tenant, newest first, revoked ones
// included: everybody's with admin=users at the top-level organisation, else
// the caller's own.
func (c *Commands) APITokens(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.APIToken], error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return List[remit.APIToken]{}, err
	}
	query := postgres.APITokenQuery{Limit: page.limit() + 1}
	all, err := c.can(ctx, caller, member.Tenant, member.Path, remit.AdminUsers)
	if err != nil {
		return List[remit.APIToken]{}, err
	}
	if !all.Allowed {
		query.Owner = &caller.Account
	}
	if _, query.Before, err = page.after(); err != nil {
		return List[remit.APIToken]{}, err
	}
	var tokens []remit.APIToken
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		tokens, err = tx.ListAPITokens(ctx, query)
		return err
	})
	if err != nil {
		return List[remit.APIToken]{}, err
	}
	return cut(tokens, page.limit(), func(t remit.APIToken) (string, uuid.UUID) { return "", t.ID }), nil
}

// RevokeAPIToken ends a token from the next request on: one's own, or with
// admin=users at the top-level organisation anybody's. It asks for no
// confirmation: what a leaked token can do should end fast. A token counts as
// its owner's own for itself alone, so that a narrow one cannot end the others.
func (c *Commands) RevokeAPIToken(ctx context.Context, caller Caller, id uuid.UUID) error {
	tenant, found, err := c.DB.TenantHolding(ctx, caller.tenantIDs(), postgres.TableAPITokens, id)
	if err != nil {
		return err
	}
	if !found {
		return remit.NotFound()
	}
	member, _ := caller.membership(tenant)
	all, err := c.can(ctx, caller, tenant, member.Path, remit.AdminUsers)
	if err != nil {
		return err
	}
	return c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		token, err := tx.APIToken(ctx, id)
		if err != nil {
			return err
		}
		own := token.Account == caller.Account && (caller.Token == nil || *caller.Token == id)
		if !own && !all.Allowed {
			return remit.NotFound()
		}
		if err := tx.RevokeAPIToken(ctx, id, c.Now()); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("token.revoke", "token "+id.String(), member.Path), tokenText(token), nil))
	})
}

func tokenText(t remit.APIToken) any {
	scopes := slices.Clone(t.Scopes)
	return map[string]any{"name": t.Name, "account": t.Account, "scopes": scopes, "expires_at": t.ExpiresAt}
}

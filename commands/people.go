package commands

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// Me is who the caller is, with what he holds.
type Me struct {
	Account uuid.UUID
	Name    string
	Email   string
	MFA     bool
	// Ways in, of which there is at least one.
	HasPassword, Linked bool

	Tenants []Membership
	Grants  []remit.RoleGrant
}

// Me tells a caller about himself: in how many tenants he may be, at most 100
// of them are looked into for grants.
func (c *Commands) Me(ctx context.Context, caller Caller) (Me, error) {
	account, found, err := c.DB.AccountByID(ctx, caller.Account)
	if err != nil {
		return Me{}, err
	}
	if !found {
		return Me{}, remit.NotFound()
	}
	me := Me{
		Account: caller.Account, Name: account.Name, Email: account.Email, MFA: account.HasMFA(),
		HasPassword: account.PasswordHash != "", Linked: account.Linked,
		Tenants: caller.Tenants, Grants: []remit.RoleGrant{},
	}
	for _, member := range caller.Tenants[:min(len(caller.Tenants), maxLimit)] {
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
			grants, err := tx.GrantsOf(ctx, caller.Account)
			me.Grants = append(me.Grants, grants...)
			return err
		})
		if err != nil {
			return Me{}, err
		}
	}
	return me, nil
}

// Users lists the people of a path's tenant in the order of their addresses:
// everybody with admin=users at the top-level organisation, else those who hold
// a role where the caller has it.
func (c *Commands) Users(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.User], error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return List[remit.User]{}, err
	}
	query := postgres.UserQuery{Limit: page.limit() + 1}
	if query.Units, err = c.unitsOrRefuse(ctx, caller, member, remit.AdminUsers); err != nil {
		return List[remit.User]{}, err
	}
	if query.AfterEmail, _, err = page.after(); err != nil {
		return List[remit.User]{}, err
	}
	var users []remit.User
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		users, err = tx.ListUsers(ctx, query)
		return err
	})
	if err != nil {
		return List[remit.User]{}, err
	}
	return cut(users, page.limit(), func(u remit.User) (string, uuid.UUID) { return u.Email, u.ID }), nil
}

// User reads one of the people [Commands.Users] lists, with all he was granted
// in the tenant.
func (c *Commands) User(ctx context.Context, caller Caller, organisation string, id uuid.UUID) (remit.User, []remit.RoleGrant, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return remit.User{}, nil, err
	}
	if _, err := c.unitsOrRefuse(ctx, caller, member, remit.AdminUsers); err != nil {
		return remit.User{}, nil, err
	}
	return c.userSeen(ctx, caller, member, id)
}

// userSeen finds a person that the caller may see in the tenant.
func (c *Commands) userSeen(ctx context.Context, caller Caller, member Membership, id uuid.UUID) (user remit.User, grants []remit.RoleGrant, err error) {
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if user, err = tx.User(ctx, id); err != nil {
			return err
		}
		grants, err = tx.GrantsOf(ctx, id)
		return err
	})
	if err != nil || id == caller.Account {
		return user, grants, err
	}
	everybody, err := c.can(ctx, caller, member.Tenant, member.Path, remit.AdminUsers)
	if err != nil || everybody.Allowed {
		return user, grants, err
	}
	for _, g := range grants {
		decision, err := c.can(ctx, caller, member.Tenant, g.Path, remit.AdminUsers)
		if err != nil || decision.Allowed {
			return user, grants, err
		}
	}
	return remit.User{}, nil, remit.NotFound()
}

// SetUserDisabled takes a person out of the tenant, or back in. It needs
// admin=users wherever he holds a role, at the top-level organisation if he
// holds none. Whoever is taken out loses his sessions and, for good, his API
// tokens in the tenant at once; another tenant's are none of its business, but
// a session is the same in all.
func (c *Commands) SetUserDisabled(ctx context.Context, caller Caller, organisation string, id uuid.UUID, body Body[bool]) (remit.User, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return remit.User{}, err
	}
	if _, err := c.unitsOrRefuse(ctx, caller, member, remit.AdminUsers); err != nil {
		return remit.User{}, err
	}
	_, grants, err := c.userSeen(ctx, caller, member, id)
	if err != nil {
		return remit.User{}, err
	}
	for _, path := range pathsOf(grants, member.Path) {
		if err := c.authorise(ctx, caller, member.Tenant, path, remit.AdminUsers); err != nil {
			return remit.User{}, err
		}
	}
	disabled, err := body()
	if err != nil {
		return remit.User{}, err
	}
	if err := c.strongly(caller); err != nil {
		return remit.User{}, err
	}
	var user remit.User
	err = c.changeRights(ctx, caller, member.Tenant, c.setDisabled(ctx, caller, member, id, disabled, &user))
	return user, err
}

func (c *Commands) setDisabled(ctx context.Context, caller Caller, member Membership, id uuid.UUID, disabled bool, changed *remit.User) rightsPlan {
	return func(tx *postgres.Tx, s policies.Snapshot, now *policies.Policy) (rightsChange, error) {
		user, err := tx.User(ctx, id)
		if err != nil {
			return rightsChange{}, err
		}
		grants, err := tx.GrantsOf(ctx, id)
		if err != nil {
			return rightsChange{}, err
		}
		change := rightsChange{scope: remit.AdminUsers, path: pathsOf(grants, member.Path)[0], next: s}
		at := c.Now()
		when := &at
		if disabled {
			change.next.Grants = slices.DeleteFunc(slices.Clone(s.Grants), func(g policies.Grant) bool { return g.UserID == id })
		} else {
			when = nil
			change.given = func() error { return holdsTheirs(now, caller.subject(tx.Tenant), grants) }
		}
		change.write = func() error {
			if err := tx.SetMemberDisabled(ctx, id, when); err != nil {
				return err
			}
			if disabled {
				if err := tx.RevokeAPITokens(ctx, id, at); err != nil {
					return err
				}
				if err := postgres.DeleteSessions(ctx, tx, id, nil); err != nil {
					return err
				}
			}
			*changed, err = tx.User(ctx, id)
			return err
		}
		action := "user.enable"
		if disabled {
			action = "user.disable"
		}
		change.entry = changing(caller.entry(action, "user "+id.String(), change.path),
			map[string]any{"disabled": user.Status == remit.UserDisabled}, map[string]any{"disabled": disabled})
		return change, nil
	}
}

// holdsTheirs refuses to let somebody back in to who does not hold what he was
// granted: it would be giving it to him again.
func holdsTheirs(now *policies.Policy, giver policies.Subject, grants []remit.RoleGrant) error {
	for _, g := range grants {
		if _, exists := held(now, g.Role); !exists {
			continue
		}
		if err := mayGrant(now, giver, g); err != nil {
			return err
		}
	}
	return nil
}

// pathsOf are the paths of grants, or where there are none the one given.
func pathsOf(grants []remit.RoleGrant, otherwise string) []string {
	if len(grants) == 0 {
		return []string{otherwise}
	}
	paths := []string{}
	for _, g := range grants {
		if !slices.Contains(paths, g.Path) {
			paths = append(paths, g.Path)
		}
	}
	return paths
}

// parseName takes a person's name of 1 to 100 characters.
func parseName(s string) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	if s == "" || utf8.RuneCountInString(s) > 100 || strings.ContainsFunc(s, remit.Unseen) {
		return "", remit.Invalid("name", "A name has 1 to 100 characters that can be seen.")
	}
	return s, nil
}

package policies

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/google/uuid"

	"remit"
)

//go:embed model.conf
var modelText string

// line is a permission or a denial as the model's p has it.
type line struct {
	tenant string // "*": in every tenant
	role   string
	scope  remit.Scope
	deny   bool
}

// Compile makes a snapshot a policy, for an [Authority] or for a transaction
// that has to know what a change would do before it commits. It fails, naming
// the row, where a path is malformed or outside the tenant, where a role of the
// tenant's own breaks the rules of [ValidateRoles] other than the cap, and where
// a grant has no subject: leaving the row out could leave out a denial. A grant
// of a role that does not exist gives nothing.
func Compile(tenant uuid.UUID, s Snapshot) (*Policy, error) {
	top, err := remit.ParsePath(s.TenantPath)
	if err != nil || top != top.Top() {
		return nil, fmt.Errorf("compile the policy of tenant %s: its path %q is not a top organisation's", tenant, s.TenantPath)
	}
	p := &Policy{
		tenant: tenant, top: top, version: s.Version,
		links: newPathRoles(),
		roles: map[string]Role{}, lines: map[string][]line{},
		bySubject: map[string][]grant{}, byPath: map[string][]grant{},
		known: map[string]remit.Path{top.String(): top},
	}
	for _, add := range []func(Snapshot) error{p.addUnits, p.addRoles, p.addGrants} {
		if err := add(s); err != nil {
			return nil, fmt.Errorf("compile the policy of tenant %s: %w", tenant, err)
		}
	}
	if p.enforcer, err = p.enforce(); err != nil {
		return nil, fmt.Errorf("compile the policy of tenant %s: %w", tenant, err)
	}
	return p, nil
}

func (p *Policy) addUnits(s Snapshot) error {
	for _, u := range s.Units {
		path, err := p.parse(u.Path)
		if err != nil {
			return fmt.Errorf("organisation %s: %w", u.ID, err)
		}
		p.units = append(p.units, unit{u.ID, path})
	}
	slices.SortFunc(p.units, func(a, b unit) int { return strings.Compare(a.path.String(), b.path.String()) })
	return nil
}

// addRoles takes the shipped roles as this program has them and the tenant's
// own, which stand in a shipped one's place if they bear its name. A shipped
// role this program does not know comes from a newer one and is taken as it is.
func (p *Policy) addRoles(s Snapshot) error {
	for _, role := range ShippedRoles() {
		p.addRole(role)
	}
	known, seen := slices.Clone(p.roleNames), map[string]bool{}
	for _, role := range s.Roles {
		if role.Shipped && slices.Contains(known, role.Name) {
			continue
		}
		if seen[role.Name] {
			return fmt.Errorf("role %q is there twice", role.Name)
		}
		seen[role.Name] = true
		if !role.Shipped {
			if err := validateRole(role); err != nil {
				return fmt.Errorf("role %q: %w", role.Name, err)
			}
		}
		p.addRole(role)
	}
	return nil
}

func (p *Policy) addRole(role Role) {
	role.Permissions = slices.Clone(role.Permissions)
	if _, replaced := p.roles[role.Name]; !replaced {
		p.roleNames = append(p.roleNames, role.Name)
	}
	p.roles[role.Name] = role
	tenant, scopes := p.top.String(), role.Scopes()
	if role.Shipped {
		tenant = "*"
	}
	if role.Deny {
		scopes = role.Permissions
	}
	p.lines[role.Name] = nil
	for _, scope := range scopes {
		p.lines[role.Name] = append(p.lines[role.Name], line{tenant, role.Name, scope, role.Deny})
	}
}

func (p *Policy) addGrants(s Snapshot) error {
	for _, g := range s.Grants {
		path, err := p.parse(g.Path)
		if err != nil {
			return fmt.Errorf("grant %s: %w", g.ID, err)
		}
		subject, err := subjectKey(g.UserID, g.Service)
		if err != nil {
			return fmt.Errorf("grant %s: %w", g.ID, err)
		}
		held := grant{g, subject, path}
		p.bySubject[subject] = append(p.bySubject[subject], held)
		p.byPath[path.String()] = append(p.byPath[path.String()], held)
	}
	return nil
}

// parse reads a path of the tenant and remembers that it exists. The text must
// be in its normal form already, else it would not be found again in SQL.
func (p *Policy) parse(text string) (remit.Path, error) {
	path, err := remit.ParsePath(text)
	switch {
	case err != nil:
		return remit.Path{}, err
	case path.String() != text:
		return remit.Path{}, fmt.Errorf("the path %q is not in Unicode's normal form C", text)
	case path.Top() != p.top:
		return remit.Path{}, fmt.Errorf("the path %q is outside the tenant %q", text, p.top)
	}
	p.known[text] = path
	return path, nil
}

// enforce makes the casbin enforcer, which nobody changes afterwards: only
// then may it be asked from several goroutines.
func (p *Policy) enforce() (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, err
	}
	enforcer, err := casbin.NewEnforcer(m, false)
	if err != nil {
		return nil, err
	}
	enforcer.EnableLog(false) // grants are personal data
	enforcer.EnableAutoSave(false)
	enforcer.SetNamedRoleManager("g", p.links)
	enforcer.SetAdapter((*adapter)(p))
	if err := enforcer.LoadPolicy(); err != nil {
		return nil, err
	}
	allowed, err := enforcer.Enforce("canary:nobody", p.top.String(), p.top.String(), "stripe", "pay")
	if err != nil || allowed {
		return nil, errors.Join(errors.New("the enforcer does not deny a stranger"), err)
	}
	return enforcer, nil
}

// adapter hands a policy's lines to casbin. Nothing is ever saved through it.
type adapter Policy

// LoadPolicy adds the lines one by one. casbin's own loaders take two lines
// for the same if they read alike when joined by commas, and would so drop a
// denial at a path such as "/t/A,/t/B".
func (a *adapter) LoadPolicy(m model.Model) error {
	for _, name := range a.roleNames {
		for _, l := range a.lines[name] {
			effect := "allow"
			if l.deny {
				effect = "deny"
			}
			if err := m.AddPolicy("p", "p", []string{l.tenant, l.role, l.scope.Object, l.scope.Action, effect}); err != nil {
				return err
			}
		}
	}
	for subject, grants := range a.bySubject {
		for _, g := range grants {
			if err := m.AddPolicy("g", "g", []string{subject, g.Role, g.path.String()}); err != nil {
				return err
			}
		}
	}
	return nil
}

var errReadOnly = errors.New("roles and grants are not written through casbin")

// SavePolicy is refused.
func (a *adapter) SavePolicy(model.Model) error { return errReadOnly }

// AddPolicy is refused.
func (a *adapter) AddPolicy(string, string, []string) error { return errReadOnly }

// RemovePolicy is refused.
func (a *adapter) RemovePolicy(string, string, []string) error { return errReadOnly }

// RemoveFilteredPolicy is refused.
func (a *adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return errReadOnly }

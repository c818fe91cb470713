package policies

import (
	"errors"
	"fmt"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"remit"
)

// Subject is who asks. Exactly one of UserID and Service is set.
type Subject struct {
	UserID  uuid.UUID
	Service string // a part of Remit that acts for nobody in particular
	Tenant  uuid.UUID
	// TokenScopes narrows what the subject may do to what an API token was
	// made for: nil is all he holds, an empty list is nothing.
	TokenScopes *[]remit.Scope
}

// Decision is an answer and what gave it, as the audit trail keeps it. The
// Matched fields are empty where no grant reaches the path, or none was looked
// for because the tenant or the token already forbids it.
type Decision struct {
	Allowed     bool
	MatchedRole string
	MatchedPath remit.Path // where the role was granted
	MatchedLine string     // tenant, role, object, action, allow or deny
	Version     int64      // of the policy that was asked
}

// Policy is all that decides in one tenant at one version. It never changes
// and is safe for concurrent use.
type Policy struct {
	tenant  uuid.UUID
	top     remit.Path
	version int64

	enforcer *casbin.Enforcer
	links    *pathRoles

	roles     map[string]Role
	roleNames []string // shipped ones first, each group in the order it came
	lines     map[string][]line
	bySubject map[string][]grant
	byPath    map[string][]grant
	units     []unit                // in order of their paths
	known     map[string]remit.Path // of units and grants

	// Set by an Authority before the policy is shared.
	epoch     uint64
	decisions *lru.Cache[question, Decision]
}

type grant struct {
	Grant
	subject string
	path    remit.Path
}

type unit struct {
	id   uuid.UUID
	path remit.Path
}

type question struct {
	epoch         uint64
	subject, path string
	scope         remit.Scope
}

// Version is the version of the snapshot the policy was compiled from.
func (p *Policy) Version() int64 { return p.version }

// Top is the path of the policy's tenant.
func (p *Policy) Top() remit.Path { return p.top }

// Roles are the roles that can be granted in the tenant: the shipped ones,
// then its own, in the order the snapshot gave them.
func (p *Policy) Roles() []Role {
	roles := make([]Role, len(p.roleNames))
	for i, name := range p.roleNames {
		roles[i] = p.roles[name]
	}
	return roles
}

// Can answers whether subject may do scope at path. A path that no
// organisation has is answered as its nearest ancestor that exists. Another
// tenant's path or subject, and a scope the token was not made for, are denied
// without an error; a malformed subject or scope is an error, and every error
// comes with a denial.
func (p *Policy) Can(subject Subject, path remit.Path, scope remit.Scope) (Decision, error) {
	key, err := subject.key()
	if err != nil {
		return Decision{}, err
	}
	if err := scope.Validate(); err != nil {
		return Decision{}, err
	}
	if !p.owns(subject, path) || !subject.tokenCovers(scope) {
		return Decision{Version: p.version}, nil
	}
	return p.decide(key, path, scope)
}

// decide asks casbin, or remembers what it answered. The path is replaced by
// the nearest one that exists, which has the same answer because grants exist
// only there: casbin keeps every path it was ever asked about, and a caller
// must not be able to fill the memory with made-up ones.
func (p *Policy) decide(subject string, path remit.Path, scope remit.Scope) (Decision, error) {
	at := p.nearest(path)
	asked := question{p.epoch, subject, at, scope}
	if p.decisions != nil {
		if decision, ok := p.decisions.Get(asked); ok {
			return decision, nil
		}
	}
	allowed, matched, err := p.enforcer.EnforceEx(subject, p.top.String(), at, scope.Object, scope.Action)
	if err != nil {
		return Decision{}, fmt.Errorf("decide %s at %s: %w", scope, path, err)
	}
	decision := Decision{Allowed: allowed, Version: p.version}
	if len(matched) > 0 {
		decision.MatchedRole = matched[1]
		decision.MatchedLine = strings.Join(matched, ", ")
		from, _ := p.links.grantPath(subject, matched[1], at)
		decision.MatchedPath = p.known[from]
	}
	if p.decisions != nil {
		p.decisions.Add(asked, decision)
	}
	return decision, nil
}

// owns reports whether both the subject and the path belong to the tenant.
func (p *Policy) owns(subject Subject, path remit.Path) bool {
	return subject.Tenant == p.tenant && path.Top() == p.top && !path.IsZero()
}

// nearest is the nearest known path from path upwards; the top always is.
func (p *Policy) nearest(path remit.Path) string {
	for above := range upwards(path.String()) {
		if _, ok := p.known[above]; ok {
			return above
		}
	}
	return p.top.String()
}

// key is the subject as casbin knows it. The prefix keeps a person apart from
// a service, and both from a role of the same name.
func (s Subject) key() (string, error) { return subjectKey(s.UserID, s.Service) }

func subjectKey(user uuid.UUID, service string) (string, error) {
	switch {
	case user != uuid.Nil && service == "":
		return "u:" + user.String(), nil
	case user == uuid.Nil && service != "":
		return "svc:" + service, nil
	}
	return "", errors.New("a subject is either a person or a service")
}

// tokenCovers reports whether the subject's token was made for scope.
func (s Subject) tokenCovers(scope remit.Scope) bool {
	if s.TokenScopes == nil {
		return true
	}
	for _, made := range *s.TokenScopes {
		if made.Covers(scope) {
			return true
		}
	}
	return false
}

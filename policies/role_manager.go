package policies

import (
	"errors"
	"strings"

	"github.com/casbin/casbin/v2/log"
	"github.com/casbin/casbin/v2/rbac"
)

// pathRoles is casbin's role manager for roles held at paths: a role holds at
// its path and below. It looks up each ancestor of the path that is asked
// about, so a question costs one look-up a segment however many grants there
// are; casbin's own manager copies links between all matching domains.
//
// Unlike casbin's own it never says that a name holds itself: a subject that
// is called like a role is not that role. It must not be changed once the
// enforcer answers questions.
type pathRoles struct{ links map[link]struct{} }

type link struct{ subject, role, path string }

var _ rbac.RoleManager = (*pathRoles)(nil)

func newPathRoles() *pathRoles { return &pathRoles{map[link]struct{}{}} }

// HasLink reports whether subject holds role at a path or above it.
func (r *pathRoles) HasLink(subject, role string, domain ...string) (bool, error) {
	if len(domain) != 1 {
		return false, errOnePath
	}
	_, held := r.grantPath(subject, role, domain[0])
	return held, nil
}

// grantPath is the nearest path, from path upwards, at which subject was given
// role.
func (r *pathRoles) grantPath(subject, role, path string) (string, bool) {
	for above := range upwards(path) {
		if _, held := r.links[link{subject, role, above}]; held {
			return above, true
		}
	}
	return "", false
}

// upwards yields a path and its ancestors, nearest first, without allocating.
func upwards(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for path != "" && yield(path) {
			path = path[:max(strings.LastIndexByte(path, '/'), 0)]
		}
	}
}

// AddLink gives subject a role at a path.
func (r *pathRoles) AddLink(subject, role string, domain ...string) error {
	if len(domain) != 1 {
		return errOnePath
	}
	r.links[link{subject, role, domain[0]}] = struct{}{}
	return nil
}

// Clear forgets every role.
func (r *pathRoles) Clear() error {
	clear(r.links)
	return nil
}

var (
	errOnePath = errors.New("a role is held at exactly one path")
	errUnasked = errors.New("not a question for this role manager")
)

// The rest of casbin's interface is never called by a policy that does not
// change; what could answer refuses to.

// DeleteLink is refused: a policy is replaced, not changed.
func (r *pathRoles) DeleteLink(string, string, ...string) error { return errUnasked }

// DeleteDomain is refused: a policy is replaced, not changed.
func (r *pathRoles) DeleteDomain(string) error { return errUnasked }

// GetRoles is refused.
func (r *pathRoles) GetRoles(string, ...string) ([]string, error) { return nil, errUnasked }

// GetUsers is refused.
func (r *pathRoles) GetUsers(string, ...string) ([]string, error) { return nil, errUnasked }

// GetImplicitRoles is refused.
func (r *pathRoles) GetImplicitRoles(string, ...string) ([]string, error) { return nil, errUnasked }

// GetImplicitUsers is refused.
func (r *pathRoles) GetImplicitUsers(string, ...string) ([]string, error) { return nil, errUnasked }

// GetDomains is refused.
func (r *pathRoles) GetDomains(string) ([]string, error) { return nil, errUnasked }

// GetAllDomains is refused.
func (r *pathRoles) GetAllDomains() ([]string, error) { return nil, errUnasked }

// BuildRelationship does nothing, as casbin says it should.
func (r *pathRoles) BuildRelationship(string, string, ...string) error { return nil }

// PrintRoles prints nothing: grants are personal data.
func (r *pathRoles) PrintRoles() error { return nil }

// SetLogger takes no logger: grants are personal data.
func (r *pathRoles) SetLogger(log.Logger) {}

// Match is equality: nothing here is a pattern.
func (r *pathRoles) Match(s, pattern string) bool { return s == pattern }

// AddMatchingFunc takes no pattern.
func (r *pathRoles) AddMatchingFunc(string, rbac.MatchingFunc) {}

// AddDomainMatchingFunc takes no pattern.
func (r *pathRoles) AddDomainMatchingFunc(string, rbac.MatchingFunc) {}

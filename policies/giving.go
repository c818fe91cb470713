package policies

import (
	"remit"
)

// HoldsAll returns nil if giver holds every scope at path and at every path
// below: nobody gives, or puts into a role, an assignee or a token, what he
// does not hold himself wherever it would hold. Otherwise it returns
// [remit.CodeForbidden] naming the first scope that is missing and where. A
// wildcard is held only by a wildcard. Another tenant's path is
// [remit.CodeNotFound], even if there is nothing to hold. Other errors are those
// of [Policy.Can].
func (p *Policy) HoldsAll(giver Subject, path remit.Path, scopes []remit.Scope) error {
	if !p.owns(giver, path) {
		return remit.NotFound()
	}
	for _, at := range p.turningPoints(giver, path) {
		for _, scope := range scopes {
			decision, err := p.Can(giver, at, scope)
			if err != nil {
				return err
			}
			if !decision.Allowed {
				return remit.Forbidden(scope.String(), at.String())
			}
		}
	}
	return nil
}

// MayGrant returns nil if giver holds at path, and at every path below, all
// that role would give there, so that he may grant the role. Whether he may
// grant at all (admin=roles) is asked apart from this. A denial gives nothing
// and can be granted by whoever may grant. Returns [remit.CodeInvalid] naming
// the field role if there is no such role, else what [Policy.HoldsAll] returns.
func (p *Policy) MayGrant(giver Subject, role string, path remit.Path) error {
	granted, exists := p.roles[role]
	if !exists {
		return remit.Invalid("role", "There is no role of this name.")
	}
	return p.HoldsAll(giver, path, granted.Scopes())
}

// turningPoints are the paths at or below path where what the giver may do
// can differ from what he may do just above: path itself and those of his own
// grants. Answers at all other paths below follow from these.
func (p *Policy) turningPoints(giver Subject, path remit.Path) []remit.Path {
	points := []remit.Path{path}
	key, err := giver.key()
	if err != nil {
		return points
	}
	for _, g := range p.bySubject[key] {
		if g.path != path && path.Contains(g.path) {
			points = append(points, g.path)
		}
	}
	return points
}

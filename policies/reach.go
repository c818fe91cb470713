package policies

import (
	"bytes"
	"slices"

	"github.com/google/uuid"

	"remit"
)

// UnitsWhere lists the organisations at which subject may do scope, in the
// order of their paths: exactly those for which [Policy.Can] allows it. It is
// what a list is filtered by, and never nil. Errors are those of Can.
func (p *Policy) UnitsWhere(subject Subject, scope remit.Scope) ([]uuid.UUID, error) {
	units := []uuid.UUID{}
	key, err := subject.key()
	if err != nil {
		return units, err
	}
	if err := scope.Validate(); err != nil {
		return units, err
	}
	if subject.Tenant != p.tenant || !subject.tokenCovers(scope) {
		return units, nil
	}
	effects := map[string]effect{}
	for _, g := range p.bySubject[key] {
		effects[g.path.String()] = effects[g.path.String()].and(p.effect(g.Role, scope))
	}
	for _, u := range p.units {
		var at effect
		for above := range upwards(u.path.String()) {
			at = at.and(effects[above])
		}
		if at.allowed() {
			units = append(units, u.id)
		}
	}
	return units, nil
}

// Holders lists the people who may do scope at path, in the order of their
// ids: exactly those for whom [Policy.Can] allows it with all they hold. It is
// whom an assignee reaches; a tenant whose top has no holder of
// [remit.Everything] has lost its last administrator. Another tenant's path and
// a malformed scope have no holders.
func (p *Policy) Holders(path remit.Path, scope remit.Scope) []uuid.UUID {
	holders := []uuid.UUID{}
	if path.Top() != p.top || path.IsZero() || scope.Validate() != nil {
		return holders
	}
	effects := map[uuid.UUID]effect{}
	for above := range upwards(path.String()) {
		for _, g := range p.byPath[above] {
			if g.UserID != uuid.Nil {
				effects[g.UserID] = effects[g.UserID].and(p.effect(g.Role, scope))
			}
		}
	}
	for user, at := range effects {
		if at.allowed() {
			holders = append(holders, user)
		}
	}
	slices.SortFunc(holders, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return holders
}

// effect is what grants say about one scope. It is the model's policy effect
// once more, because casbin answers one question at a time; a property test
// holds the two together.
type effect struct{ allow, deny bool }

func (e effect) and(other effect) effect { return effect{e.allow || other.allow, e.deny || other.deny} }

func (e effect) allowed() bool { return e.allow && !e.deny }

// effect is what holding role says about scope.
func (p *Policy) effect(role string, scope remit.Scope) effect {
	var all effect
	for _, l := range p.lines[role] {
		if l.scope.Covers(scope) {
			all = all.and(effect{allow: !l.deny, deny: l.deny})
		}
	}
	return all
}

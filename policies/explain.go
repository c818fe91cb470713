package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"remit"
)

// Explanation answers "why can Ana pay here?" and "why can she not?".
type Explanation struct {
	Decision Decision
	Path     remit.Path
	Scope    remit.Scope
	// Reasons are the grants that permit or deny the scope at the path, the
	// denials first, then from the path upwards.
	Reasons      []Reason
	OtherTenant  bool     // the path belongs to another tenant than the subject
	TokenLacksIt bool     // the token was not made for the scope
	WouldPermit  []string // where nothing permits it: the roles that would
}

// Reason is a grant and the permission or denial in its role that decides.
type Reason struct {
	GrantID    uuid.UUID
	Role       string
	Path       remit.Path // where the role was granted
	Permission remit.Scope
	Deny       bool
}

// Explain names the grants behind the answer of [Policy.Can]. Errors are those
// of Can.
func (p *Policy) Explain(subject Subject, path remit.Path, scope remit.Scope) (Explanation, error) {
	decision, err := p.Can(subject, path, scope)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Decision: decision, Path: path, Scope: scope}
	if e.OtherTenant = !p.owns(subject, path); e.OtherTenant {
		return e, nil
	}
	e.TokenLacksIt = !subject.tokenCovers(scope)
	key, err := subject.key()
	if err != nil {
		return Explanation{}, err
	}
	denials, permits := p.reasons(key, path, scope)
	e.Reasons = slices.Concat(denials, permits)
	if len(permits) == 0 {
		for _, role := range p.roleNames {
			if p.effect(role, scope).allow {
				e.WouldPermit = append(e.WouldPermit, role)
			}
		}
	}
	return e, nil
}

// String is the explanation in one sentence or two.
func (e Explanation) String() string {
	switch {
	case e.OtherTenant:
		return fmt.Sprintf("No: %s belongs to another organisation.", e.Path)
	case len(e.Reasons) > 0 && e.Reasons[0].Deny:
		return fmt.Sprintf("No: the role %s, granted at %s, denies %s.", e.Reasons[0].Role, e.Reasons[0].Path, e.Reasons[0].Permission)
	case len(e.Reasons) == 0 && len(e.WouldPermit) == 0:
		return fmt.Sprintf("No: no role held at %s or above permits %s, and there is no role that does.", e.Path, e.Scope)
	case len(e.Reasons) == 0:
		return fmt.Sprintf("No: no role held at %s or above permits %s. Roles that do: %s.", e.Path, e.Scope, strings.Join(e.WouldPermit, ", "))
	case e.TokenLacksIt:
		return fmt.Sprintf("No: the token was made without %s.", e.Scope)
	}
	r := e.Reasons[0]
	return fmt.Sprintf("Yes: the role %s, granted at %s, permits %s.", r.Role, r.Path, r.Permission)
}

// reasons collects the subject's grants from path upwards that speak about
// scope.
func (p *Policy) reasons(subject string, path remit.Path, scope remit.Scope) (denials, permits []Reason) {
	for _, above := range path.Ancestors() {
		for _, g := range p.byPath[above.String()] {
			if g.subject != subject {
				continue
			}
			for _, l := range p.lines[g.Role] {
				if !l.scope.Covers(scope) {
					continue
				}
				reason := Reason{g.ID, g.Role, g.path, l.scope, l.deny}
				if l.deny {
					denials = append(denials, reason)
				} else {
					permits = append(permits, reason)
				}
			}
		}
	}
	return denials, permits
}

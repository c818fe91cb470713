package remit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Scope is a permission: an action on an object, written "object=action".
// Both halves are set in every scope that [ParseScope] or [RoleScope] made;
// the zero Scope is invalid and permits nothing. Scopes compare with ==.
type Scope struct {
	Object string // a name, or "*" together with Action "*"
	Action string // a name, "*", or role('R') with R's apostrophes doubled
}

// The permissions Remit itself asks for. A role may hold others, for instance
// [RoleScope] of a role of the tenant's own; nothing in Remit looks for them.
// view is seeing that a thing exists, read is opening it: neither implies the
// other.
var (
	Everything         = Scope{"*", "*"}
	StripeView         = Scope{"stripe", "view"}
	StripeRead         = Scope{"stripe", "read"}
	StripePay          = Scope{"stripe", "pay"}
	StripeRefund       = Scope{"stripe", "refund"}
	StripeApprove      = Scope{"stripe", "approve"}
	StripeAll          = Scope{"stripe", "*"}
	InvoiceRead        = Scope{"invoice", "read"}
	InvoiceEdit        = Scope{"invoice", "edit"}
	InvoiceCharge      = Scope{"invoice", "charge"}
	CustomerRead       = Scope{"customer", "read"}
	CustomerEdit       = Scope{"customer", "edit"}
	WorkflowEdit       = Scope{"workflow", "edit"}
	AdminUsers         = Scope{"admin", "users"}
	AdminRoles         = Scope{"admin", "roles"}
	AdminOrganisations = Scope{"admin", "organisations"}
	AdminWebhooks      = Scope{"admin", "webhooks"}
	AdminAudit         = Scope{"admin", "audit"}
	StoreEdit          = Scope{"store", "edit"}
)

// KnownScopes lists the permissions Remit asks for, in the order people are
// offered them. The slice is the caller's.
func KnownScopes() []Scope {
	return []Scope{
		Everything,
		StripeView, StripeRead, StripePay, StripeRefund, StripeApprove, StripeAll,
		InvoiceRead, InvoiceEdit, InvoiceCharge,
		CustomerRead, CustomerEdit,
		WorkflowEdit,
		AdminUsers, AdminRoles, AdminOrganisations, AdminWebhooks, AdminAudit,
		StoreEdit,
	}
}

// Lengths of what people write into permissions.
const (
	maxScopeNameBytes = 50
	maxRoleCharacters = 100
)

// ParseScope reads "object=action", split at the first "=":
//
//	scope = "*=*" | name "=" ( "*" | name | "role('" text "')" )
//	name  = a lower-case letter, then lower-case letters, digits, "_" or "-"; at most 50
//
// text is a role's name (see [ParseRoleName]) with each apostrophe doubled.
// Matching is exact, so nothing is trimmed and case is kept. Returns
// [CodeInvalid] naming the field "scope" for anything else.
func ParseScope(s string) (Scope, error) {
	object, action, found := strings.Cut(s, "=")
	if !found {
		return Scope{}, Invalid("scope", "%s is not a permission: it has no \"=\", write object=action.", quoted(s))
	}
	if object == "*" {
		if action != "*" {
			return Scope{}, Invalid("scope", "%s is not a permission: the object \"*\" takes only the action \"*\".", quoted(s))
		}
		return Everything, nil
	}
	if !isScopeName(object) {
		return Scope{}, Invalid("scope", "%s is not a permission: the object must be a lower-case name such as stripe.", quoted(s))
	}
	if action == "*" || isScopeName(action) {
		return Scope{object, action}, nil
	}
	text, isRole := roleText(action)
	if !isRole {
		return Scope{}, Invalid("scope", "%s is not a permission: the action must be \"*\", a lower-case name such as pay, or role('…') with each apostrophe inside doubled.", quoted(s))
	}
	role, err := ParseRoleName(text)
	if err != nil {
		return Scope{}, Invalid("scope", "%s is not a permission: %s", quoted(s), err.Error())
	}
	return Scope{object, roleAction(role)}, nil
}

// RoleScope is the right to do steps assigned to a role:
// workflow=role('Invoice Payers'). The role's name must have passed
// [ParseRoleName].
func RoleScope(role string) Scope { return Scope{"workflow", roleAction(role)} }

// String is the form that [ParseScope] reads; "" for the zero Scope.
func (s Scope) String() string {
	if s == (Scope{}) {
		return ""
	}
	return s.Object + "=" + s.Action
}

// Role is the name of the role in a workflow=role('…') scope, and whether the
// scope is one.
func (s Scope) Role() (string, bool) {
	if s.Object != "workflow" {
		return "", false
	}
	return roleText(s.Action)
}

// Covers reports whether holding s is holding other: the same object and
// action, or "*" in their place. It says nothing of denials, which only a
// policy knows.
func (s Scope) Covers(other Scope) bool {
	return (s.Object == "*" || s.Object == other.Object) && (s.Action == "*" || s.Action == other.Action)
}

// Validate returns [CodeInvalid] for a Scope that was put together by hand
// and that [ParseScope] would not have made.
func (s Scope) Validate() error {
	parsed, err := ParseScope(s.String())
	if err != nil {
		return err
	}
	if parsed != s {
		return Invalid("scope", "%s is not in its normal form %s.", quoted(s.String()), quoted(parsed.String()))
	}
	return nil
}

// MarshalText makes a scope its string in JSON.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is [ParseScope].
func (s *Scope) UnmarshalText(text []byte) error {
	parsed, err := ParseScope(string(text))
	if err == nil {
		*s = parsed
	}
	return err
}

// ParseRoleName returns a role's name in NFC. A name is 1 to 100 characters
// of UTF-8, without control or invisible formatting characters and without a
// space at either end, because names are matched exactly and people cannot see
// those. Returns [CodeInvalid] naming the field "role".
func ParseRoleName(name string) (string, error) {
	return parseLabel("role", "A role's name", name)
}

// parseLabel holds the rules that role names and assignee names share.
func parseLabel(field, subject, s string) (string, error) {
	if len(s) > maxRoleCharacters*utf8.UTFMax*3 {
		return "", Invalid(field, "%s has at most %d characters.", subject, maxRoleCharacters)
	}
	if !utf8.ValidString(s) {
		return "", Invalid(field, "%s must be valid UTF-8.", subject)
	}
	s = norm.NFC.String(s)
	switch {
	case s == "":
		return "", Invalid(field, "%s must not be empty.", subject)
	case utf8.RuneCountInString(s) > maxRoleCharacters:
		return "", Invalid(field, "%s has at most %d characters.", subject, maxRoleCharacters)
	case strings.ContainsFunc(s, isUnseen):
		return "", Invalid(field, "%s must not hold control or invisible characters.", subject)
	case strings.TrimSpace(s) != s:
		return "", Invalid(field, "%s must not begin or end with a space.", subject)
	}
	return s, nil
}

// isUnseen reports control, line-breaking and invisible formatting characters,
// with which two different names would look alike. The joiners U+200C and
// U+200D stay: Persian and Indic scripts are misspelt without them.
func isUnseen(r rune) bool {
	if r == '\u200c' || r == '\u200d' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func isScopeName(s string) bool {
	if s == "" || len(s) > maxScopeNameBytes || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func roleAction(role string) string {
	return "role('" + strings.ReplaceAll(role, "'", "''") + "')"
}

// roleText takes role('text') apart; a lone apostrophe inside is no text.
func roleText(action string) (string, bool) {
	text, opened := strings.CutPrefix(action, "role('")
	text, closed := strings.CutSuffix(text, "')")
	if !opened || !closed {
		return "", false
	}
	unescaped := strings.ReplaceAll(text, "''", "")
	if strings.Contains(unescaped, "'") {
		return "", false
	}
	return strings.ReplaceAll(text, "''", "'"), true
}

// quoted shows what somebody sent, cut to a length fit for a message.
func quoted(s string) string {
	const most = 80
	s = strings.ToValidUTF8(s, "\ufffd")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return "\"" + strings.Map(func(r rune) rune {
		if isUnseen(r) {
			return '\ufffd'
		}
		return r
	}, s) + "\""
}

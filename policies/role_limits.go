package policies

import (
	"remit"
)

// MaxCustomLines is how many permissions a tenant's own roles may carry
// together, each role's workflow=role('…') counted: deciding takes about
// 0.4 µs a line.
const MaxCustomLines = 300

// ValidateRoles checks all of a tenant's own roles before they are stored.
// Returns [remit.CodeInvalid] naming the field name or permissions: a name that
// breaks [remit.ParseRoleName] or is [Protected] or taken twice, a malformed
// permission, a denial, or more than [MaxCustomLines] altogether.
func ValidateRoles(roles []Role) error {
	lines := 0
	seen := map[string]bool{}
	for _, role := range roles {
		if err := validateRole(role); err != nil {
			return err
		}
		if seen[role.Name] {
			return remit.Invalid("name", "The role %s is there twice.", role.Name)
		}
		seen[role.Name] = true
		lines += len(role.Scopes())
	}
	if lines > MaxCustomLines {
		return remit.Invalid("permissions", "The roles of an organisation may carry %d permissions together; these carry %d.", MaxCustomLines, lines)
	}
	return nil
}

// validateRole checks one role of a tenant's own.
func validateRole(role Role) error {
	name, err := remit.ParseRoleName(role.Name)
	switch {
	case err != nil:
		return remit.Invalid("name", "%s", remit.AsError(err).Message)
	case name != role.Name:
		return remit.Invalid("name", "The role's name is not in Unicode's normal form C.")
	case Protected(name):
		return remit.Invalid("name", "The role %s comes with Remit and cannot be changed.", name)
	case role.Deny:
		return remit.Invalid("permissions", "A role permits; to deny, grant the role %s.", RoleFrozen)
	}
	for _, scope := range role.Permissions {
		if err := scope.Validate(); err != nil {
			return remit.Invalid("permissions", "%s", remit.AsError(err).Message)
		}
	}
	return nil
}

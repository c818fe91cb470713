package remit

import (
	"time"

	"github.com/google/uuid"
)

// UserStatus says how far a person belongs to a tenant.
type UserStatus string

// The states of a user. Only an active one can do anything in the tenant.
const (
	UserInvited  UserStatus = "invited"
	UserActive   UserStatus = "active"
	UserDisabled UserStatus = "disabled"
)

// User is a person as one tenant knows him: the same account may belong to
// several.
type User struct {
	ID         uuid.UUID // of the account
	Email      string
	Name       string
	Status     UserStatus
	CustomerID *uuid.UUID // set: sees that customer's things and nothing else
	MFA        bool       // signs in with a second factor
	InvitedBy  *uuid.UUID
	CreatedAt  time.Time
}

// RoleGrant is a role that a person holds at a path and below.
type RoleGrant struct {
	ID        uuid.UUID
	User      uuid.UUID
	UserName  string
	UserEmail string
	Role      string
	UnitID    uuid.UUID
	Path      string
	GrantedBy *uuid.UUID
	CreatedAt time.Time
}

// APIToken lets a program act as a person. Its secret is shown once and never
// stored.
type APIToken struct {
	ID         uuid.UUID
	Account    uuid.UUID
	Owner      string // name of the person
	Name       string
	Scopes     []Scope // nil: all that the person holds at the time
	CreatedAt  time.Time
	LastUsedAt *time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
}

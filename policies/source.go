package policies

import (
	"context"

	"github.com/google/uuid"

	"remit"
)

// Source reads a tenant's roles, grants and organisations. It is asked by
// several goroutines at once.
type Source interface {
	// LoadPolicy reads everything in one consistent snapshot, the version
	// included. An unknown tenant is an error.
	LoadPolicy(ctx context.Context, tenant uuid.UUID) (Snapshot, error)

	// Version is the tenant's version as it is committed now. It must be
	// raised by every transaction that changes what LoadPolicy returns.
	Version(ctx context.Context, tenant uuid.UUID) (int64, error)
}

// Snapshot is all that decides in one tenant, at one version.
type Snapshot struct {
	Version    int64
	TenantPath string // the top organisation's path, such as "/dev-v51"
	Roles      []Role // the tenant's own; shipped ones need not be listed
	Grants     []Grant
	Units      []Unit // every organisation of the tenant, the top one included
}

// Role is a named set of permissions.
type Role struct {
	Name        string
	Permissions []remit.Scope
	Deny        bool // Permissions are denied instead; shipped roles only
	Shipped     bool // comes with Remit, holds in every tenant
}

// Grant gives a role to a person at a path and below. Grants of people who
// are disabled are to be left out.
type Grant struct {
	ID      uuid.UUID
	UserID  uuid.UUID // of a person; nil for a service
	Service string    // name of a service that acts for nobody; empty for a person
	Role    string
	Path    string
}

// Unit is an organisation.
type Unit struct {
	ID   uuid.UUID
	Path string
}

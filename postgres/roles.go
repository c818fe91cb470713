package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/policies"
)

// OwnRoles reads the tenant's own roles, in the order of their names.
func (tx *Tx) OwnRoles(ctx context.Context) ([]policies.Role, error) {
	rows, err := tx.Query(ctx, ownRoles, tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}
	roles, err := pgx.CollectRows(rows, scanRole)
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}
	return roles, nil
}

// PutRole makes a role of the tenant's own, or gives it other permissions.
func (tx *Tx) PutRole(ctx context.Context, role string, permissions []remit.Scope) error {
	objects, actions := make([]string, len(permissions)), make([]string, len(permissions))
	for i, scope := range permissions {
		objects[i], actions[i] = scope.Object, scope.Action
	}
	batch := &pgx.Batch{}
	batch.Queue("insert into roles (tenant, name) values ($1, $2) on conflict do nothing", tx.Tenant, role)
	batch.Queue("delete from role_permissions where tenant = $1 and role = $2", tx.Tenant, role)
	batch.Queue("insert into role_permissions (tenant, role, object, action) select distinct $1::uuid, $2::text, o, a from unnest($3::text[], $4::text[]) p (o, a)",
		tx.Tenant, role, objects, actions)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store the role: %w", err)
	}
	return nil
}

// DeleteRole removes a role of the tenant's own and, where grants is set, every
// grant of it.
func (tx *Tx) DeleteRole(ctx context.Context, role string, grants bool) error {
	batch := &pgx.Batch{}
	if grants {
		batch.Queue("delete from grants where tenant = $1 and role = $2", tx.Tenant, role)
	}
	batch.Queue("delete from roles where tenant = $1 and name = $2", tx.Tenant, role)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("delete the role: %w", err)
	}
	return nil
}

// CountGrants counts the grants of each role of the tenant.
func (tx *Tx) CountGrants(ctx context.Context) (map[string]int, error) {
	rows, err := tx.Query(ctx, "select role, count(*) from grants where tenant = $1 group by role", tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("count the grants: %w", err)
	}
	counts := map[string]int{}
	var role string
	var n int
	if _, err = pgx.ForEachRow(rows, []any{&role, &n}, func() error { counts[role] = n; return nil }); err != nil {
		return nil, fmt.Errorf("count the grants: %w", err)
	}
	return counts, nil
}

// GrantQuery narrows the grants; zero fields do not narrow.
type GrantQuery struct {
	Units     []uuid.UUID // organisations at which the caller may see grants
	User      *uuid.UUID
	Role      string
	AfterPath string // keyset: grants after this path and id
	AfterID   uuid.UUID
	Limit     int
}

// ListGrants reads a page of grants in the order of their paths.
func (tx *Tx) ListGrants(ctx context.Context, q GrantQuery) ([]remit.RoleGrant, error) {
	return tx.grants(ctx, `and g.organisation_id = any($2) and ($3::uuid is null or g.account_id = $3) and ($4 = '' or g.role = $4)
		and (o.path, g.id) > ($5, $6) order by o.path, g.id limit $7`, q.Units, q.User, q.Role, q.AfterPath, q.AfterID, q.Limit)
}

// IsGranted reports whether anybody has a role at a path, granted there or above.
func (tx *Tx) IsGranted(ctx context.Context, role, path string) (bool, error) {
	var is bool
	err := tx.QueryRow(ctx, `select exists (select 1 from grants g join organisations o on o.tenant = g.tenant and o.id = g.organisation_id
		where g.tenant = $1 and g.role = $2 and (o.path = $3 or $3 ^@ (o.path || '/')))`, tx.Tenant, role, path).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for a grant: %w", err)
	}
	return is, nil
}

// GrantsOf reads all that a person was granted, in the order of the paths.
func (tx *Tx) GrantsOf(ctx context.Context, account uuid.UUID) ([]remit.RoleGrant, error) {
	return tx.grants(ctx, "and g.account_id = $2 order by o.path, g.id", account)
}

// Grant reads one grant. Returns [remit.NotFound].
func (tx *Tx) Grant(ctx context.Context, id uuid.UUID) (remit.RoleGrant, error) {
	grants, err := tx.grants(ctx, "and g.id = $2", id)
	if err != nil {
		return remit.RoleGrant{}, err
	}
	if len(grants) == 0 {
		return remit.RoleGrant{}, remit.NotFound()
	}
	return grants[0], nil
}

func (tx *Tx) grants(ctx context.Context, where string, args ...any) ([]remit.RoleGrant, error) {
	rows, err := tx.Query(ctx, `select g.id, g.account_id, a.name, a.email, g.role, g.organisation_id, o.path, g.granted_by, g.created_at
		from grants g join organisations o on o.tenant = g.tenant and o.id = g.organisation_id join accounts a on a.id = g.account_id
		where g.tenant = $1 `+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the grants: %w", err)
	}
	grants, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remit.RoleGrant])
	if err != nil {
		return nil, fmt.Errorf("read the grants: %w", err)
	}
	return grants, nil
}

// InsertGrant stores a grant. Returns [remit.CodeAlreadyExists] if the person
// already has the role at that organisation.
func (tx *Tx) InsertGrant(ctx context.Context, g remit.RoleGrant, now time.Time) error {
	_, err := tx.Exec(ctx, "insert into grants (tenant, id, account_id, role, organisation_id, granted_by, created_at) values ($1,$2,$3,$4,$5,$6,$7)",
		tx.Tenant, g.ID, g.User, g.Role, g.UnitID, g.GrantedBy, now)
	if IsUnique(err, "") {
		return remit.Conflict(remit.CodeAlreadyExists, "%s already has the role %s at %s.", g.UserName, g.Role, g.Path)
	}
	if err != nil {
		return fmt.Errorf("store the grant: %w", err)
	}
	return nil
}

// InsertGrantOnce stores a grant unless the person has the role there.
func (tx *Tx) InsertGrantOnce(ctx context.Context, g remit.RoleGrant, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into grants (tenant, id, account_id, role, organisation_id, granted_by, created_at) values ($1,$2,$3,$4,$5,$6,$7)
		on conflict (tenant, account_id, role, organisation_id) do nothing`, tx.Tenant, g.ID, g.User, g.Role, g.UnitID, g.GrantedBy, now)
	if err != nil {
		return fmt.Errorf("store the grant: %w", err)
	}
	return nil
}

// DeleteGrant removes a grant.
func (tx *Tx) DeleteGrant(ctx context.Context, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, "delete from grants where tenant = $1 and id = $2", tx.Tenant, id); err != nil {
		return fmt.Errorf("delete the grant: %w", err)
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/policies"
)

// PolicySource reads roles, grants and organisations for a
// [policies.Authority].
type PolicySource struct{ db *DB }

var _ policies.Source = PolicySource{}

// Policies gives the source of the tenants' policies.
func (db *DB) Policies() PolicySource { return PolicySource{db} }

// LoadPolicy reads everything that decides in a tenant as of one instant.
func (s PolicySource) LoadPolicy(ctx context.Context, tenant uuid.UUID) (policies.Snapshot, error) {
	var snapshot policies.Snapshot
	begin := fmt.Sprintf("begin isolation level repeatable read read only; select set_config('remit.tenant', '%s', true)", tenant)
	err := pgx.BeginTxFunc(ctx, s.db.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error {
		var err error
		snapshot, err = (&Tx{Tx: tx, Tenant: tenant}).PolicySnapshot(ctx)
		return err
	})
	return snapshot, err
}

// Version is the tenant's version as it is committed now.
func (s PolicySource) Version(ctx context.Context, tenant uuid.UUID) (int64, error) {
	var version int64
	if err := s.db.pool.QueryRow(ctx, "select authz_version from tenants where id = $1", tenant).Scan(&version); err != nil {
		return 0, fmt.Errorf("read the version of the permissions: %w", err)
	}
	return version, nil
}

// PolicySnapshot reads everything that decides in the tenant. Where the
// transaction holds the tenant's lock (see [Tx.LockTenant]) nobody else can
// change it before the commit. People who are disabled or have not accepted
// their invitation hold nothing.
func (tx *Tx) PolicySnapshot(ctx context.Context) (policies.Snapshot, error) {
	batch := &pgx.Batch{}
	var s policies.Snapshot
	batch.Queue("select authz_version, path from tenants where id = $1", tx.Tenant).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.Version, &s.TenantPath)
	})
	batch.Queue("select id, path from organisations where tenant = $1", tx.Tenant).Query(func(rows pgx.Rows) (err error) {
		s.Units, err = pgx.CollectRows(rows, pgx.RowToStructByPos[policies.Unit])
		return err
	})
	batch.Queue(ownRoles, tx.Tenant).Query(func(rows pgx.Rows) (err error) {
		s.Roles, err = pgx.CollectRows(rows, scanRole)
		return err
	})
	batch.Queue(heldGrants, tx.Tenant).Query(func(rows pgx.Rows) (err error) {
		s.Grants, err = pgx.CollectRows(rows, scanHeld)
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return policies.Snapshot{}, fmt.Errorf("read the permissions of tenant %s: %w", tx.Tenant, err)
	}
	return s, nil
}

// StaffSnapshot reads what decides about people of the organisation's own at one path:
// those who hold something there or above, without customers' users. It is for a
// transaction that may not wait for another connection.
func (tx *Tx) StaffSnapshot(ctx context.Context, path string) (policies.Snapshot, error) {
	batch := &pgx.Batch{}
	var s policies.Snapshot
	batch.Queue("select authz_version, path from tenants where id = $1", tx.Tenant).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.Version, &s.TenantPath)
	})
	batch.Queue(ownRoles, tx.Tenant).Query(func(rows pgx.Rows) (err error) {
		s.Roles, err = pgx.CollectRows(rows, scanRole)
		return err
	})
	batch.Queue(heldGrants+" and m.customer_id is null and ($2::text = o.path or $2::text ^@ (o.path || '/'))", tx.Tenant, path).Query(func(rows pgx.Rows) (err error) {
		s.Grants, err = pgx.CollectRows(rows, scanHeld)
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return policies.Snapshot{}, fmt.Errorf("read the permissions at %s: %w", path, err)
	}
	return s, nil
}

// heldGrants selects the grants that count: not those of people who are disabled or
// have not accepted their invitation.
const heldGrants = `select g.id, g.account_id, g.role, o.path
	from grants g
	join organisations o on o.tenant = g.tenant and o.id = g.organisation_id
	join members m on m.tenant = g.tenant and m.account_id = g.account_id
	join accounts a on a.id = g.account_id
	where g.tenant = $1 and m.disabled_at is null and m.accepted_at is not null and a.disabled_at is null`

func scanHeld(row pgx.CollectableRow) (g policies.Grant, err error) {
	err = row.Scan(&g.ID, &g.UserID, &g.Role, &g.Path)
	return g, err
}

// LockTenant waits for whoever else is changing roles, grants, people or
// organisations of the tenant and keeps them out until the transaction ends.
func (tx *Tx) LockTenant(ctx context.Context) error {
	var path string
	if err := tx.QueryRow(ctx, "select path from tenants where id = $1 for update", tx.Tenant).Scan(&path); err != nil {
		return fmt.Errorf("lock the tenant: %w", err)
	}
	return nil
}

// ownRoles selects the tenant's own roles with their permissions.
const ownRoles = `select r.name, coalesce(array_agg(p.object || '=' || p.action order by p.object, p.action) filter (where p.object is not null), '{}')
	from roles r left join role_permissions p on p.tenant = r.tenant and p.role = r.name
	where r.tenant = $1 group by r.name order by r.name collate "C"`

func scanRole(row pgx.CollectableRow) (policies.Role, error) {
	var role policies.Role
	var scopes []string
	if err := row.Scan(&role.Name, &scopes); err != nil {
		return policies.Role{}, err
	}
	for _, text := range scopes {
		scope, err := remit.ParseScope(text)
		if err != nil {
			return policies.Role{}, fmt.Errorf("role %q: %w", role.Name, err)
		}
		role.Permissions = append(role.Permissions, scope)
	}
	return role, nil
}

package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"remit"
)

// InsertTenant makes the tenant of the transaction and its top-level
// organisation, whose id is the tenant's. Returns [remit.CodeAlreadyExists] if
// the path is taken.
func (tx *Tx) InsertTenant(ctx context.Context, o remit.Organisation) error {
	_, err := tx.Exec(ctx, "insert into tenants (id, path, created_at) values ($1, $2, $3)", tx.Tenant, o.Path, o.CreatedAt)
	if IsUnique(err, "") {
		return pathTaken(o.Path)
	}
	if err != nil {
		return fmt.Errorf("store the tenant: %w", err)
	}
	return tx.InsertOrganisation(ctx, o)
}

// InsertOrganisation stores an organisation. Returns [remit.CodeAlreadyExists]
// if the path is taken.
func (tx *Tx) InsertOrganisation(ctx context.Context, o remit.Organisation) error {
	_, err := tx.Exec(ctx, `insert into organisations (tenant, id, path, name, time_zone, currency, clock_offset, clock_date, created_at)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`, tx.Tenant, o.ID, o.Path, o.Name, o.TimeZone, o.Currency, o.ClockOffset, o.ClockDate, o.CreatedAt)
	if IsUnique(err, "") {
		return pathTaken(o.Path)
	}
	if err != nil {
		return fmt.Errorf("store the organisation: %w", err)
	}
	return nil
}

func pathTaken(path string) error {
	return remit.Conflict(remit.CodeAlreadyExists, "There is an organisation %s already.", path)
}

// OrganisationQuery narrows the tenant's organisations.
type OrganisationQuery struct {
	Units     []uuid.UUID // those the caller may see
	Below     string      // at this path and below; "": anywhere
	AfterPath string      // keyset
	Limit     int
}

// ListOrganisations reads a page in the order of the paths.
func (tx *Tx) ListOrganisations(ctx context.Context, q OrganisationQuery) ([]remit.Organisation, error) {
	return tx.organisations(ctx, `and o.id = any($2) and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/')) and o.path > $4
		order by o.path limit $5`, q.Units, q.Below, q.AfterPath, q.Limit)
}

// OrganisationByID reads one organisation. Returns [remit.NotFound].
func (tx *Tx) OrganisationByID(ctx context.Context, id uuid.UUID) (remit.Organisation, error) {
	return firstOrganisation(tx.organisations(ctx, "and o.id = $2", id))
}

// OrganisationByPath reads one organisation. Returns [remit.NotFound].
func (tx *Tx) OrganisationByPath(ctx context.Context, path string) (remit.Organisation, error) {
	return firstOrganisation(tx.organisations(ctx, "and o.path = $2", path))
}

func firstOrganisation(found []remit.Organisation, err error) (remit.Organisation, error) {
	if err != nil {
		return remit.Organisation{}, err
	}
	if len(found) == 0 {
		return remit.Organisation{}, remit.NotFound()
	}
	return found[0], nil
}

// organisations reads organisations with the clock of their tenant, which is
// kept at the top-level one alone.
func (tx *Tx) organisations(ctx context.Context, where string, args ...any) ([]remit.Organisation, error) {
	rows, err := tx.Query(ctx, `select o.id, o.tenant, o.path, o.name, o.time_zone, o.currency, t.clock_offset, t.clock_date, o.created_at
		from organisations o join tenants n on n.id = o.tenant
		join organisations t on t.tenant = o.tenant and t.path = n.path where o.tenant = $1 `+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the organisations: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remit.Organisation])
	if err != nil {
		return nil, fmt.Errorf("read the organisations: %w", err)
	}
	return list, nil
}

// UpdateOrganisation stores name, time zone, currency and clock.
func (tx *Tx) UpdateOrganisation(ctx context.Context, o remit.Organisation) error {
	offset, date := o.ClockOffset, o.ClockDate
	if path, err := remit.ParsePath(o.Path); err != nil || path != path.Top() {
		offset, date = nil, nil // a branch has the clock of the tenant
	}
	_, err := tx.Exec(ctx, "update organisations set name = $3, time_zone = $4, currency = $5, clock_offset = $6, clock_date = $7 where tenant = $1 and id = $2",
		tx.Tenant, o.ID, o.Name, o.TimeZone, o.Currency, offset, date)
	if err != nil {
		return fmt.Errorf("change the organisation: %w", err)
	}
	return nil
}

// HasInvoices reports whether there are invoices at an organisation, or, where
// below is set, anywhere in the tenant.
func (tx *Tx) HasInvoices(ctx context.Context, id uuid.UUID, below bool) (bool, error) {
	var has bool
	err := tx.QueryRow(ctx, "select exists (select 1 from invoices where tenant = $1 and ($3 or organisation_id = $2))", tx.Tenant, id, below).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for invoices: %w", err)
	}
	return has, nil
}

// DeleteOrganisation removes an organisation that nothing belongs to: nothing
// below it, no customer, invoice, grant or setting. Returns
// [remit.CodeConflict] otherwise.
func (tx *Tx) DeleteOrganisation(ctx context.Context, o remit.Organisation) error {
	var below bool
	err := tx.QueryRow(ctx, "select exists (select 1 from organisations where tenant = $1 and path ^@ ($2 || '/'))", tx.Tenant, o.Path).Scan(&below)
	if err != nil {
		return fmt.Errorf("look below the organisation: %w", err)
	}
	if below {
		return remit.Conflict(remit.CodeConflict, "There are organisations below %s. Delete them first.", o.Path)
	}
	_, err = tx.Exec(ctx, "delete from organisations where tenant = $1 and id = $2", tx.Tenant, o.ID)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23503" {
		return remit.Conflict(remit.CodeConflict, "%s is not empty: there are %s. Only an empty organisation can be deleted.", o.Path, inWords(pg.TableName))
	}
	if err != nil {
		return fmt.Errorf("delete the organisation: %w", err)
	}
	return nil
}

// inWords names what a table holds.
func inWords(table string) string {
	switch table {
	case "customers", "invoices", "grants", "settings", "imports":
		return table
	case "connections":
		return "Stripe connections"
	case "work_items":
		return "work items"
	case "billing_schedules":
		return "billing schedules"
	case "webhook_endpoints":
		return "webhooks"
	}
	return "records"
}

package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const billingColumns = `s.id, s.organisation_id, o.path, s.customer_id, c.name, s.number, s.currency, s.state, s.versions, s.pauses, s.settings, s.through, s.ended_at, s.trouble, o.time_zone, s.created_at`

const billingTables = ` from billing_schedules s
	join organisations o on o.tenant = s.tenant and o.id = s.organisation_id
	join customers c on c.tenant = s.tenant and c.id = s.customer_id where s.tenant = $1`

func scanBilling(row pgx.CollectableRow) (s remit.BillingSchedule, err error) {
	var versions, pauses, settings []byte
	var through *remit.Date
	var zone string
	err = row.Scan(&s.ID, &s.OrganisationID, &s.Organisation, &s.CustomerID, &s.CustomerName, &s.Number, &s.Currency, &s.State, &versions, &pauses, &settings, &through, &s.EndedAt, &s.Trouble, &zone, &s.CreatedAt)
	if err != nil {
		return s, err
	}
	if through != nil {
		s.Through = *through
	}
	s.Settings = remit.DefaultInvoiceSettings()
	for _, part := range []struct {
		raw  []byte
		into any
	}{{versions, &s.Versions}, {pauses, &s.Pauses}, {settings, &s.Settings}} {
		if err := json.Unmarshal(part.raw, part.into); err != nil {
			return s, fmt.Errorf("read a billing schedule: %w", err)
		}
	}
	if s.Zone, err = time.LoadLocation(zone); err != nil {
		return s, fmt.Errorf("time zone %q: %w", zone, err)
	}
	return s, nil
}

func (tx *Tx) billing(ctx context.Context, where string, args ...any) ([]remit.BillingSchedule, error) {
	rows, err := tx.Query(ctx, "select "+billingColumns+billingTables+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read billing schedules: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanBilling)
	if err != nil {
		return nil, fmt.Errorf("read billing schedules: %w", err)
	}
	return list, nil
}

// BillingSchedule reads a schedule. It returns [remit.NotFound] where there is none.
func (tx *Tx) BillingSchedule(ctx context.Context, id uuid.UUID) (remit.BillingSchedule, error) {
	list, err := tx.billing(ctx, " and s.id = $2", id)
	if err == nil && len(list) == 0 {
		err = remit.NotFound()
	}
	if err != nil {
		return remit.BillingSchedule{}, err
	}
	return list[0], nil
}

// LockBillingSchedule holds a schedule's row until the transaction ends, and its
// organisation's time zone, and reads it.
func (tx *Tx) LockBillingSchedule(ctx context.Context, id uuid.UUID) (remit.BillingSchedule, error) {
	var organisation uuid.UUID
	err := tx.QueryRow(ctx, "select organisation_id from billing_schedules where tenant = $1 and id = $2 for update", tx.Tenant, id).Scan(&organisation)
	if isNoRows(err) {
		return remit.BillingSchedule{}, remit.NotFound()
	}
	if err != nil {
		return remit.BillingSchedule{}, fmt.Errorf("hold a billing schedule: %w", err)
	}
	if err := tx.HoldZone(ctx, organisation); err != nil {
		return remit.BillingSchedule{}, err
	}
	return tx.BillingSchedule(ctx, id)
}

// BillingQuery narrows a list of schedules.
type BillingQuery struct {
	Units    []uuid.UUID
	Path     string // it and below; "" is all
	State    remit.BillingState
	Customer *uuid.UUID
	Before   *remit.BillingSchedule // the last one shown
	Limit    int
}

// BillingSchedules reads a page of schedules, the newest first.
func (tx *Tx) BillingSchedules(ctx context.Context, q BillingQuery) ([]remit.BillingSchedule, error) {
	where := ` and s.organisation_id = any($2) and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/')) and ($4 = '' or s.state = $4) and ($5::uuid is null or s.customer_id = $5)`
	args := []any{q.Units, q.Path, string(q.State), q.Customer, q.Limit}
	if q.Before != nil {
		where += " and (s.created_at < $7 or s.created_at = $7 and s.id > $8)"
		args = append(args, q.Before.CreatedAt, q.Before.ID)
	}
	return tx.billing(ctx, where+" order by s.created_at desc, s.id limit $6", args...)
}

// InsertBillingSchedule adds a schedule.
func (tx *Tx) InsertBillingSchedule(ctx context.Context, s remit.BillingSchedule) error {
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("write a schedule's settings: %w", err)
	}
	versions, pauses, err := billingParts(s)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into billing_schedules (tenant, id, organisation_id, customer_id, number, currency, state, versions, pauses, settings, created_at)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`, tx.Tenant, s.ID, s.OrganisationID, s.CustomerID, s.Number, s.Currency, s.State, versions, pauses, settings, s.CreatedAt)
	if IsUnique(err, "billing_schedules_tenant_organisation_id_customer_id_number_key") {
		return remit.Conflict(remit.CodeAlreadyExists, "A billing schedule %s of this customer exists.", s.Number)
	}
	if err != nil {
		return fmt.Errorf("insert a billing schedule: %w", err)
	}
	return nil
}

// SaveBillingSchedule writes what may change of a schedule.
func (tx *Tx) SaveBillingSchedule(ctx context.Context, s remit.BillingSchedule) error {
	versions, pauses, err := billingParts(s)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("write a schedule's settings: %w", err)
	}
	_, err = tx.Exec(ctx, `update billing_schedules set state = $3, versions = $4, pauses = $5, settings = $6, through = $7, ended_at = $8, trouble = $9, updated_at = now() where tenant = $1 and id = $2`,
		tx.Tenant, s.ID, s.State, versions, pauses, settings, s.Through, s.EndedAt, s.Trouble)
	if err != nil {
		return fmt.Errorf("save a billing schedule: %w", err)
	}
	return nil
}

func billingParts(s remit.BillingSchedule) (versions, pauses []byte, err error) {
	if versions, err = json.Marshal(s.Versions); err != nil {
		return nil, nil, fmt.Errorf("write a schedule's versions: %w", err)
	}
	if s.Pauses == nil {
		s.Pauses = []remit.BillingPause{}
	}
	if pauses, err = json.Marshal(s.Pauses); err != nil {
		return nil, nil, fmt.Errorf("write a schedule's pauses: %w", err)
	}
	return versions, pauses, nil
}

// AutoChargeWords are customers' own words on being charged by themselves.
func (tx *Tx) AutoChargeWords(ctx context.Context, customers []uuid.UUID) (map[uuid.UUID]*bool, error) {
	rows, err := tx.Query(ctx, "select id, auto_charge from customers where tenant = $1 and id = any($2)", tx.Tenant, customers)
	if err != nil {
		return nil, fmt.Errorf("read customers' words: %w", err)
	}
	words := map[uuid.UUID]*bool{}
	var id uuid.UUID
	var word *bool
	if _, err := pgx.ForEachRow(rows, []any{&id, &word}, func() error {
		words[id] = word
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read customers' words: %w", err)
	}
	return words, nil
}

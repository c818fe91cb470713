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

// ScriptVersion is a version of a script as it was saved at an organisation.
type ScriptVersion struct {
	Version int64
	Source  string
	SavedAt time.Time // real time
	SavedBy string
}

// ScriptRun is what a version of a script came to for a payment. Script names
// the organisation it is saved at and the version.
type ScriptRun struct {
	Payment uuid.UUID
	Invoice uuid.UUID
	Script  string
	Failure string // "" where it was applied
}

// ScriptFailure is an invoice on which the script failed for a payment and has
// not been applied since.
type ScriptFailure struct {
	Invoice uuid.UUID
	Number  string
	Message string
	RanAt   time.Time // real time
}

// InsertScriptVersion keeps a version of a script for good.
func (tx *Tx) InsertScriptVersion(ctx context.Context, unit uuid.UUID, v ScriptVersion, by uuid.UUID) error {
	_, err := tx.Exec(ctx, "insert into script_versions (tenant, organisation_id, version, source, saved_by, saved_by_name) values ($1,$2,$3,$4,$5,$6)",
		tx.Tenant, unit, v.Version, v.Source, by, v.SavedBy)
	if err != nil {
		return fmt.Errorf("keep a script: %w", err)
	}
	return nil
}

// ScriptVersions reads the versions saved at an organisation, the last first.
func (tx *Tx) ScriptVersions(ctx context.Context, unit uuid.UUID, limit int) ([]ScriptVersion, error) {
	rows, err := tx.Query(ctx, `select version, source, saved_at, saved_by_name from script_versions
		where tenant = $1 and organisation_id = $2 order by version desc limit $3`, tx.Tenant, unit, limit)
	if err != nil {
		return nil, fmt.Errorf("read a script's versions: %w", err)
	}
	versions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ScriptVersion])
	if err != nil {
		return nil, fmt.Errorf("read a script's versions: %w", err)
	}
	return versions, nil
}

// ScriptApplied reports whether a version of a script was applied for a payment.
func (tx *Tx) ScriptApplied(ctx context.Context, payment uuid.UUID, script string) (bool, error) {
	var applied bool
	err := tx.QueryRow(ctx, "select exists (select 1 from script_runs where tenant = $1 and payment_id = $2 and script = $3 and outcome = 'applied')",
		tx.Tenant, payment, script).Scan(&applied)
	if err != nil {
		return false, fmt.Errorf("read a script's runs: %w", err)
	}
	return applied, nil
}

// RecordScriptRun notes what a run came to. One that was applied stays so.
func (tx *Tx) RecordScriptRun(ctx context.Context, r ScriptRun) error {
	outcome := "applied"
	if r.Failure != "" {
		outcome = "failed"
	}
	_, err := tx.Exec(ctx, `insert into script_runs as r (tenant, payment_id, script, invoice_id, outcome, message, ran_at) values ($1,$2,$3,$4,$5,$6,clock_timestamp())
		on conflict (tenant, payment_id, script) do update set outcome = excluded.outcome, message = excluded.message, ran_at = excluded.ran_at
		where r.outcome = 'failed'`, tx.Tenant, r.Payment, r.Script, r.Invoice, outcome, r.Failure)
	if err != nil {
		return fmt.Errorf("note a script's run: %w", err)
	}
	return nil
}

// FailedScripts reads the payments of an invoice for which the last run failed.
func (tx *Tx) FailedScripts(ctx context.Context, invoice uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select payment_id from (select distinct on (payment_id) payment_id, outcome, ran_at from script_runs
		where tenant = $1 and invoice_id = $2 order by payment_id, ran_at desc) last where outcome = 'failed' order by ran_at`, tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read a script's runs: %w", err)
	}
	payments, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read a script's runs: %w", err)
	}
	return payments, nil
}

// ScriptFailures reads the failures at a path and below that nothing has mended,
// the last first, and how many there are.
func (tx *Tx) ScriptFailures(ctx context.Context, path string, limit int) (failures []ScriptFailure, all int, err error) {
	rows, err := tx.Query(ctx, `select i.id, i.number, r.message, r.ran_at, count(*) over () from script_runs r
		join invoices i on i.tenant = r.tenant and i.id = r.invoice_id
		join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		where r.tenant = $1 and r.outcome = 'failed' and (o.path = $2 or o.path ^@ ($2 || '/'))
			and not exists (select 1 from script_runs l where l.tenant = r.tenant and l.payment_id = r.payment_id and l.ran_at > r.ran_at)
		order by r.ran_at desc limit $3`, tx.Tenant, path, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read what scripts failed on: %w", err)
	}
	var f ScriptFailure
	_, err = pgx.ForEachRow(rows, []any{&f.Invoice, &f.Number, &f.Message, &f.RanAt, &all}, func() error {
		failures = append(failures, f)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read what scripts failed on: %w", err)
	}
	return failures, all, nil
}

// LastPaid reads the last payment at a path and below that paid an invoice in
// full, for a trial. Returns nil where there is none.
func (tx *Tx) LastPaid(ctx context.Context, path string) (*remit.Payment, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, `select p.id from invoices i join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		join payments p on p.tenant = i.tenant and p.invoice_id = i.id and p.settled_at is not null
		where i.tenant = $1 and i.status = 'paid' and (o.path = $2 or o.path ^@ ($2 || '/'))
		order by i.paid_at desc, p.settled_at desc limit 1`, tx.Tenant, path).Scan(&id)
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find a paid invoice: %w", err)
	}
	payment, err := tx.Payment(ctx, id)
	return &payment, err
}

// SaveWords writes an invoice's tags and notes; its label goes with
// [Tx.SaveInvoice].
func (tx *Tx) SaveWords(ctx context.Context, i remit.Invoice) error {
	notes, err := json.Marshal(append([]remit.Note{}, i.Notes...))
	if err != nil {
		return fmt.Errorf("write an invoice's notes: %w", err)
	}
	_, err = tx.Exec(ctx, "update invoices set tags = $3, notes = $4 where tenant = $1 and id = $2", tx.Tenant, i.ID, append([]string{}, i.Tags...), notes)
	if err != nil {
		return fmt.Errorf("write an invoice's words: %w", err)
	}
	return nil
}

// SettingsBelow reads where below a path a setting is set, in order of the paths.
func (tx *Tx) SettingsBelow(ctx context.Context, path, name string) ([]string, error) {
	rows, err := tx.Query(ctx, `select o.path from settings s join organisations o on o.tenant = s.tenant and o.id = s.organisation_id
		where s.tenant = $1 and s.name = $2 and s.value <> 'null' and o.path ^@ ($3 || '/') order by o.path`, tx.Tenant, name, path)
	if err != nil {
		return nil, fmt.Errorf("read the settings %s: %w", name, err)
	}
	paths, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the settings %s: %w", name, err)
	}
	return paths, nil
}

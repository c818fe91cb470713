package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// The formats of what an import keeps until it has ended: a CSV file as it was
// sent, or the rows that were read from e-invoices in UBL, in JSON.
const (
	ImportCSV = "csv"
	ImportUBL = "ubl"
)

// Import is a file on its way in.
type Import struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string
	FileName       string
	Format         string
	State          string // running, done or failed; one of customers may be stopped
	NextLine       int    // lines up to and including this one are done
	RowsTotal      int
	RowsNew        int
	RowsSame       int
	RowsBad        int
	AmountNew      int64
	AmountHeld     int64
	Currency       string
	IgnoredColumns []string
	Failure        string
	Actor          remit.Actor
	CreatedAt      time.Time
	EndedAt        *time.Time
}

// WholeFile is the line of a note on how a file was read. No row is bad for it.
const WholeFile = 0

// ImportRowError is a row that did not go in, or a note on the [WholeFile].
type ImportRowError struct {
	Line   int
	Field  string
	Reason string
}

// InsertImport stores a file and the intention to read it.
func (tx *Tx) InsertImport(ctx context.Context, i Import, content []byte, fingerprint [32]byte) error {
	actor, err := json.Marshal(i.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into imports (tenant, id, organisation_id, file_name, file, fingerprint, format, state, rows_total, currency, actor)
		values ($1,$2,$3,$4,$5,$6,$7,'running',$8,$9,$10)`,
		tx.Tenant, i.ID, i.OrganisationID, i.FileName, content, fingerprint[:], i.Format, i.RowsTotal, i.Currency, actor)
	if err != nil {
		return fmt.Errorf("insert an import: %w", err)
	}
	return nil
}

// ErrImportElsewhere says that an import has gone on from where it was read.
var ErrImportElsewhere = errors.New("somebody else goes on with the import")

// SaveImport writes how far an import has come that runs and was at a line. Its
// file is dropped at the end. Returns [ErrImportElsewhere] where it is not there
// any more: what two count of the same rows would be counted twice.
func (tx *Tx) SaveImport(ctx context.Context, from int, i Import) error {
	tag, err := tx.Exec(ctx, `update imports set state = $3, next_line = $4, rows_total = $5, rows_new = $6, rows_same = $7, rows_bad = $8, amount_new = $9, amount_held = $10,
		ignored_columns = $11, failure = $12, ended_at = $13, file = case when $3 = 'running' then file end where tenant = $1 and id = $2 and state = 'running' and next_line = $14`,
		tx.Tenant, i.ID, i.State, i.NextLine, i.RowsTotal, i.RowsNew, i.RowsSame, i.RowsBad, i.AmountNew, i.AmountHeld, i.IgnoredColumns, i.Failure, i.EndedAt, from)
	if err != nil {
		return fmt.Errorf("save an import: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrImportElsewhere
	}
	return nil
}

// AddImportError notes a bad row, or how the file is read, once.
func (tx *Tx) AddImportError(ctx context.Context, id uuid.UUID, e ImportRowError) error {
	_, err := tx.Exec(ctx, "insert into import_errors (tenant, import_id, line, field, reason) values ($1,$2,$3,$4,$5) on conflict do nothing", tx.Tenant, id, e.Line, e.Field, e.Reason)
	if err != nil {
		return fmt.Errorf("note a bad row: %w", err)
	}
	return nil
}

const importColumns = `m.id, m.organisation_id, o.path, m.file_name, m.format, m.state, m.next_line, m.rows_total, m.rows_new, m.rows_same, m.rows_bad,
	m.amount_new, m.amount_held, m.currency, m.ignored_columns, m.failure, m.actor, m.created_at, m.ended_at`

func scanImport(row pgx.Row) (i Import, err error) {
	var actor []byte
	err = row.Scan(&i.ID, &i.OrganisationID, &i.Organisation, &i.FileName, &i.Format, &i.State, &i.NextLine, &i.RowsTotal, &i.RowsNew, &i.RowsSame, &i.RowsBad,
		&i.AmountNew, &i.AmountHeld, &i.Currency, &i.IgnoredColumns, &i.Failure, &actor, &i.CreatedAt, &i.EndedAt)
	if err != nil {
		return i, err
	}
	return i, json.Unmarshal(actor, &i.Actor)
}

// Import reads an import without its file.
func (tx *Tx) Import(ctx context.Context, id uuid.UUID) (Import, error) {
	i, err := scanImport(tx.QueryRow(ctx, "select "+importColumns+" from imports m join organisations o on o.tenant = m.tenant and o.id = m.organisation_id where m.tenant = $1 and m.id = $2", tx.Tenant, id))
	if isNoRows(err) {
		return Import{}, remit.NotFound()
	}
	if err != nil {
		return Import{}, fmt.Errorf("read an import: %w", err)
	}
	return i, nil
}

// ImportSum is what an import brought in one currency, in minor units.
type ImportSum struct {
	Currency string
	Amount   int64
}

// ImportedInOthers adds up by currency the invoices that an import brought in
// other currencies than its own, as they stand now.
func (tx *Tx) ImportedInOthers(ctx context.Context, id uuid.UUID, own string) ([]ImportSum, error) {
	rows, err := tx.Query(ctx, "select currency, sum(total)::bigint from invoices where tenant = $1 and import_id = $2 and currency <> $3 group by currency order by currency", tx.Tenant, id, own)
	if err != nil {
		return nil, fmt.Errorf("add up what an import brought: %w", err)
	}
	sums, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ImportSum])
	if err != nil {
		return nil, fmt.Errorf("add up what an import brought: %w", err)
	}
	return sums, nil
}

// ListImports reads the latest imports at the organisations given.
func (tx *Tx) ListImports(ctx context.Context, units []uuid.UUID, limit int) ([]Import, error) {
	rows, err := tx.Query(ctx, "select "+importColumns+` from imports m join organisations o on o.tenant = m.tenant and o.id = m.organisation_id
		where m.tenant = $1 and m.organisation_id = any($2) and m.format <> 'customers' order by m.created_at desc, m.id limit $3`, tx.Tenant, units, limit)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	imports, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Import, error) { return scanImport(row) })
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	return imports, nil
}

// ImportFile reads a running import's file.
func (tx *Tx) ImportFile(ctx context.Context, id uuid.UUID) ([]byte, error) {
	var content []byte
	if err := tx.QueryRow(ctx, "select file from imports where tenant = $1 and id = $2", tx.Tenant, id).Scan(&content); err != nil {
		return nil, fmt.Errorf("read an import's file: %w", err)
	}
	return content, nil
}

// ImportErrors reads the rows that did not go in, at most limit of them, after
// the notes on the whole file.
func (tx *Tx) ImportErrors(ctx context.Context, id uuid.UUID, limit int) ([]ImportRowError, error) {
	rows, err := tx.Query(ctx, "select line, field, reason from import_errors where tenant = $1 and import_id = $2 order by line limit $3", tx.Tenant, id, limit)
	if err != nil {
		return nil, fmt.Errorf("read bad rows: %w", err)
	}
	errors, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e ImportRowError, err error) {
		return e, row.Scan(&e.Line, &e.Field, &e.Reason)
	})
	if err != nil {
		return nil, fmt.Errorf("read bad rows: %w", err)
	}
	return errors, nil
}

// RunningImports lists a tenant's imports that have not ended.
func (tx *Tx) RunningImports(ctx context.Context) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select id from imports where tenant = $1 and state = 'running' order by created_at", tx.Tenant)
	if err != nil {
		return nil, fmt.Errorf("list running imports: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// ImportedInvoices reads a page, by id, of the invoices an import brought that
// are not at rest.
func (tx *Tx) ImportedInvoices(ctx context.Context, id, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from invoices where tenant = $1 and import_id = $2 and id > $3
		and status not in ('paid', 'void', 'uncollectible', 'carried') order by id limit $4`, tx.Tenant, id, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list imported invoices: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list imported invoices: %w", err)
	}
	return ids, nil
}

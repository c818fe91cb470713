package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"remit"
	"remit/invoicefile"
	"remit/money"
	"remit/postgres"
)

// importPage is how many rows go in with one commit: enough that commits do not
// count, few enough that progress shows and a lock is short.
const importPage = 50

// Imports brings files of invoices in.
type Imports struct {
	DB     *postgres.DB
	Logger *slog.Logger
	Now    func() time.Time
	// Begin starts an invoice's workflow if it is not running.
	Begin func(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) error
}

// ImportFile reads a file to its end, a page of rows a transaction. Stopped
// anywhere and called again it goes on after the last row that is in; a row
// that is in already is recognised either way.
func (m *Imports) ImportFile(ctx context.Context, ref remit.ImportRef) error {
	defer heartbeat(ctx)()
	var job postgres.Import
	var content []byte
	err := m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if job, err = tx.Import(ctx, ref.Import); err != nil || job.State != "running" {
			return err
		}
		content, err = tx.ImportFile(ctx, ref.Import)
		return err
	})
	if err != nil || job.State != "running" {
		return err
	}
	reader, err := rowsOf(job, content)
	if err != nil {
		return m.end(ctx, ref, job, err)
	}
	job.IgnoredColumns = reader.Ignored()
	if job.IgnoredColumns == nil {
		job.IgnoredColumns = []string{}
	}
	for {
		page, end, err := nextPage(reader, job.NextLine)
		if err != nil {
			return m.end(ctx, ref, job, err)
		}
		if len(page) > 0 {
			if err := m.importPage(ctx, ref, &job, page); err != nil {
				return err
			}
		}
		if end {
			job.RowsSame += reader.Repeated()
			return m.end(ctx, ref, job, nil)
		}
	}
}

// rows are read one by one, as [invoicefile.Reader] gives them.
type rows interface {
	Next() (invoicefile.Draft, []invoicefile.RowError, error)
	Ignored() []string
	Repeated() int
}

func rowsOf(job postgres.Import, content []byte) (rows, error) {
	if job.Format == postgres.ImportUBL {
		read := &documents{}
		if err := json.Unmarshal(content, &read.rows); err != nil {
			return nil, fmt.Errorf("read the rows of an import: %w", err)
		}
		return read, nil
	}
	return invoicefile.NewReader(bytes.NewReader(content), invoicefile.Options{Currency: money.Currency(job.Currency)})
}

// documents are e-invoices that were read when they came.
type documents struct{ rows []invoicefile.Row }

func (d *documents) Next() (invoicefile.Draft, []invoicefile.RowError, error) {
	if len(d.rows) == 0 {
		return invoicefile.Draft{}, nil, io.EOF
	}
	row := d.rows[0]
	d.rows = d.rows[1:]
	return row.Draft, row.Wrong, nil
}

func (d *documents) Ignored() []string { return nil }
func (d *documents) Repeated() int     { return 0 }

// line is a row as the file gave it: a draft, or what is wrong with it.
type line struct {
	number int
	draft  invoicefile.Draft
	wrong  []invoicefile.RowError
}

func nextPage(reader rows, done int) (page []line, end bool, err error) {
	for len(page) < importPage {
		draft, wrong, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return page, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		row := line{number: draft.Line, draft: draft, wrong: wrong}
		if len(wrong) > 0 {
			row.number = wrong[0].Line
		}
		if row.number > done {
			page = append(page, row)
		}
	}
	return page, false, nil
}

func (m *Imports) importPage(ctx context.Context, ref remit.ImportRef, job *postgres.Import, page []line) error {
	after := *job
	err := m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		for _, row := range page {
			after.RowsTotal++
			after.NextLine = row.number
			wrong, err := m.importRow(ctx, tx, &after, row)
			if err != nil {
				return err
			}
			if wrong != nil {
				after.RowsBad++
				if err := tx.AddImportError(ctx, job.ID, *wrong); err != nil {
					return err
				}
			}
		}
		return tx.SaveImport(ctx, after)
	})
	if err != nil {
		return err
	}
	*job = after
	return nil
}

// importRow brings one invoice in, sent and processed, or on its date if it is
// dated ahead. It returns what is wrong with the row, if anything is.
func (m *Imports) importRow(ctx context.Context, tx *postgres.Tx, job *postgres.Import, row line) (*postgres.ImportRowError, error) {
	if len(row.wrong) > 0 {
		return &postgres.ImportRowError{Line: row.number, Field: row.wrong[0].Field, Reason: row.wrong[0].Reason}, nil
	}
	customer, err := m.customerOf(ctx, tx, job, row.draft)
	if err != nil {
		return nil, err
	}
	seller, err := sellerOf(ctx, tx, job, row.draft)
	if err != nil {
		return nil, err
	}
	in := remit.InvoiceInput{
		Organisation: job.Organisation, CustomerID: customer.ID, Number: row.draft.Number, Seller: seller, Currency: string(row.draft.Amount.Currency),
		IssueDate: row.draft.IssueDate, DueDate: row.draft.DueDate, Lines: row.draft.Lines, Adjustments: row.draft.Adjustments, Total: &row.draft.Amount.Minor,
	}
	draft, err := Draft(ctx, tx, in, customer, m.Now())
	if refused := refusal(err); refused != nil {
		return wrongRow(row, refused), nil
	}
	if err != nil {
		return nil, err
	}
	draft.Source, draft.ImportID = "import "+job.FileName, &job.ID
	if reason := row.draft.Hold(); reason != "" {
		draft.Hold = &remit.Hold{Reason: reason, Kind: remit.HoldImport, Since: draft.CreatedAt}
	}
	inserted, id, err := InsertDraft(ctx, tx, draft, job.Actor, m.Now())
	if refused := refusal(err); refused != nil {
		return wrongRow(row, refused), nil
	}
	if err != nil || !inserted {
		job.RowsSame++
		return nil, err
	}
	job.RowsNew++
	if draft.Currency == job.Currency { // what is in others is no part of these sums
		job.AmountNew += draft.Total
		if draft.Hold != nil {
			job.AmountHeld += draft.Total
		}
	}
	l, err := tx.LockInvoice(ctx, id)
	if err != nil {
		return nil, err
	}
	if sendOn := draft.IssueDate.StartIn(l.Zone); sendOn.After(l.Clock.Now(m.Now())) {
		return nil, tx.Plan(ctx, l, remit.AgendaSend, l.ID, sendOn, "Is sent on its date")
	}
	return nil, Send(ctx, tx, l, m.Now(), job.Actor)
}

// sellerOf is who issued the invoice, where that is not the organisation itself
// or the one at the top. An e-invoice always names him; if it kept the name of
// the organisation, the same invoice from a CSV file would be another one.
func sellerOf(ctx context.Context, tx *postgres.Tx, job *postgres.Import, draft invoicefile.Draft) (remit.Seller, error) {
	if draft.Seller.Name == "" {
		return draft.Seller, nil
	}
	own, err := remit.ParsePath(job.Organisation)
	if err != nil {
		return remit.Seller{}, err
	}
	for _, path := range []string{job.Organisation, own.Top().String()} {
		organisation, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return remit.Seller{}, err
		}
		if strings.EqualFold(organisation.Name, draft.Seller.Name) {
			return remit.Seller{}, nil
		}
	}
	return draft.Seller, nil
}

// customerOf finds the row's customer at the import's organisation, or makes him.
func (m *Imports) customerOf(ctx context.Context, tx *postgres.Tx, job *postgres.Import, draft invoicefile.Draft) (remit.Customer, error) {
	external, name := draft.CustomerExternalID, draft.CustomerName
	if external == "" {
		external = name
	}
	if name == "" {
		name = external
	}
	found, err := tx.CustomerByExternalID(ctx, job.OrganisationID, external)
	if err != nil || found != nil {
		if found == nil {
			return remit.Customer{}, err
		}
		return *found, err
	}
	id, err := newID()
	if err != nil {
		return remit.Customer{}, err
	}
	customer := remit.Customer{
		ID: id, OrganisationID: job.OrganisationID, Organisation: job.Organisation, Name: name, Email: draft.CustomerEmail,
		Currency: string(draft.Amount.Currency), ExternalID: external, CreatedAt: m.Now(),
	}
	return customer, tx.InsertCustomer(ctx, customer)
}

// BeginImported starts the workflows of what an import brought. It comes after
// the rows, and few at a time, so that neither the import nor a payer waits for
// it: an invoice that is paid before has its workflow started by that.
func (m *Imports) BeginImported(ctx context.Context, ref remit.ImportRef) error {
	defer heartbeat(ctx)()
	after := uuid.Nil
	for {
		var ids []uuid.UUID
		var invoices map[uuid.UUID]remit.Invoice
		err := m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
			if ids, err = tx.ImportedInvoices(ctx, ref.Import, after, 100); err != nil {
				return err
			}
			invoices, err = tx.InvoicesByID(ctx, ids)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		group, within := errgroup.WithContext(ctx)
		group.SetLimit(2)
		for _, id := range ids {
			group.Go(func() error { return m.Begin(within, ref.Tenant, invoices[id]) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
}

func (m *Imports) end(ctx context.Context, ref remit.ImportRef, job postgres.Import, cause error) error {
	job.State = "done"
	if cause != nil {
		refused := refusal(cause)
		if refused == nil {
			return cause
		}
		job.State, job.Failure = "failed", refused.Message
	}
	now := m.Now()
	job.EndedAt = &now
	if job.IgnoredColumns == nil {
		job.IgnoredColumns = []string{}
	}
	err := m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.SaveImport(ctx, job) })
	if err != nil {
		return fmt.Errorf("end an import: %w", err)
	}
	return nil
}

func wrongRow(row line, refused *remit.Refusal) *postgres.ImportRowError {
	wrong := &postgres.ImportRowError{Line: row.number, Reason: refused.Message}
	if len(refused.Fields) > 0 {
		wrong.Field = refused.Fields[0].Field
	}
	return wrong
}

package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
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
	// Connector reaches Stripe, where customers are brought together with its own.
	Connector *Connector
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
	if job.Format == postgres.ImportCustomers {
		return m.mapCustomers(ctx, ref, job, content)
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
			// Rows that only repeat others of the file were never handed out.
			job.RowsTotal += reader.Repeated()
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
		if err := tx.HoldZone(ctx, job.OrganisationID); err != nil {
			return err
		}
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
		return tx.SaveImport(ctx, job.NextLine, after)
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
	if refused := refusal(err); refused != nil {
		return wrongRow(row, refused), nil
	}
	if err != nil {
		return nil, err
	}
	seller, err := sellerOf(ctx, tx, job, row.draft)
	if err != nil {
		return nil, err
	}
	if row.draft.Credit {
		return m.importCredit(ctx, tx, job, row, customer, seller)
	}
	in := remit.InvoiceInput{
		Organisation: job.Organisation, CustomerID: customer.ID, Number: row.draft.Number, Seller: seller, Currency: string(row.draft.Amount.Currency),
		IssueDate: row.draft.IssueDate, DueDate: row.draft.DueDate, OnTerms: row.draft.DueDate.IsZero(), Lines: row.draft.Lines, Adjustments: row.draft.Adjustments, Total: &row.draft.Amount.Minor,
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
	sum := job.AmountNew
	if draft.Currency == job.Currency { // what is in others is no part of these sums
		currency := money.Currency(draft.Currency)
		all, err := money.Of(job.AmountNew, currency).Add(money.Of(draft.Total, currency))
		if err != nil {
			return &postgres.ImportRowError{Line: row.number, Field: "amount", Reason: "With it the file sums up to more than can be counted."}, nil //nolint:nilerr // is an answer
		}
		sum = all.Minor
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
	job.AmountNew = sum
	if draft.Currency == job.Currency && draft.Hold != nil {
		job.AmountHeld += draft.Total // at most the sum
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
// Who wrote a file of rows knows our ids; a document's is its seller's own, and
// one that here is somebody else's is refused.
func (m *Imports) customerOf(ctx context.Context, tx *postgres.Tx, job *postgres.Import, draft invoicefile.Draft) (remit.Customer, error) {
	external, name := draft.CustomerExternalID, draft.CustomerName
	if external == "" {
		external = name
	}
	if name == "" {
		name = external
	}
	found, err := tx.CustomerByExternalID(ctx, job.OrganisationID, external)
	if err == nil && found == nil && draft.CustomerExternalID == "" {
		found, err = customerNamed(ctx, tx, job, draft)
	}
	if err == nil && found != nil && job.Format == postgres.ImportUBL && draft.CustomerExternalID != "" && !found.IsBuyer(name, draft.CustomerEmail, draft.CustomerVAT) {
		return remit.Customer{}, remit.Invalid("buyer", "The document is to %s, but its buyer's id %s is here that of %s. If they are the same, give the customer the document's name; if not, another id.", name, external, found.Name)
	}
	if err != nil || found != nil {
		return deref(found), err
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

// customerNamed is the customer of the import's organisation whom a row without
// an id names exactly, or nil where nobody is called so. Where the row gives an
// e-mail address, one with another address is somebody else. Of several, which
// one is meant is for a person to say.
func customerNamed(ctx context.Context, tx *postgres.Tx, job *postgres.Import, draft invoicefile.Draft) (*remit.Customer, error) {
	named, err := tx.CustomersNamed(ctx, job.OrganisationID, draft.CustomerName)
	if err != nil {
		return nil, err
	}
	named = slices.DeleteFunc(named, func(c remit.Customer) bool {
		return draft.CustomerEmail != "" && c.Email != "" && !strings.EqualFold(c.Email, draft.CustomerEmail)
	})
	switch len(named) {
	case 0:
		return nil, nil
	case 1:
		return &named[0], nil
	}
	return nil, remit.Invalid("customer", "%d customers at %s are called %s. Give the customer's id.", len(named), job.Organisation, draft.CustomerName)
}

func deref(c *remit.Customer) remit.Customer {
	if c == nil {
		return remit.Customer{}
	}
	return *c
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
	err := m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.SaveImport(ctx, job.NextLine, job) })
	if err != nil {
		return fmt.Errorf("end an import: %w", err)
	}
	return nil
}

func wrongRow(row line, refused *remit.Refusal) *postgres.ImportRowError {
	wrong := &postgres.ImportRowError{Line: row.number, Reason: refused.Message}
	if row.draft.File != "" {
		wrong.Reason = row.draft.File + ": " + wrong.Reason
	}
	if len(refused.Fields) > 0 {
		wrong.Field = refused.Fields[0].Field
	}
	return wrong
}

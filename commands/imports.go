package commands

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/invoicefile"
	"remit/money"
	"remit/postgres"
)

// shownErrors is how many bad rows an import shows; all of them are counted.
const shownErrors = 500

// StartImport takes a file of invoices for an organisation, or e-invoices, and
// brings them in in the background: what is new is sent and processed, what is
// there already is nothing, and a bad row is reported while the rest goes in.
func (c *Commands) StartImport(ctx context.Context, caller Caller, body Body[ImportInput]) (Import, error) {
	if err := c.somewhere(ctx, caller, remit.InvoiceEdit); err != nil {
		return Import{}, err
	}
	in, err := body()
	if err != nil {
		return Import{}, err
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.InvoiceEdit)
	if err != nil {
		return Import{}, err
	}
	path := orTop(in.Organisation, member)
	end, err := c.Heavy.begin(member.Tenant)
	if err != nil {
		return Import{}, err
	}
	defer end()
	id, err := uuid.NewV7()
	if err != nil {
		return Import{}, fmt.Errorf("make an id: %w", err)
	}
	format, content, err := kept(in.Files)
	if err != nil {
		return Import{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		organisation, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
		}
		// The header and the dates are read here, so that a file that cannot be
		// read is refused to the one who sent it.
		note := ""
		if format == postgres.ImportCSV {
			if note, err = invoicefile.SlashDates(bytes.NewReader(content), invoicefile.Options{Currency: money.Currency(organisation.Currency)}); err != nil {
				return err
			}
		}
		job := postgres.Import{ID: id, OrganisationID: organisation.ID, FileName: fileName(in.Files), Format: format, Currency: organisation.Currency, Actor: caller.Actor()}
		if err := tx.InsertImport(ctx, job, content, sha256.Sum256(content)); err != nil {
			return err
		}
		if note != "" {
			if err := tx.AddImportError(ctx, id, postgres.ImportRowError{Line: postgres.WholeFile, Reason: note}); err != nil {
				return err
			}
		}
		return c.audit(ctx, tx, caller.entry("import.start", "import "+id.String(), path))
	})
	if err != nil {
		return Import{}, err
	}
	if err := c.beginImport(ctx, member.Tenant, id); err != nil {
		c.Logger.WarnContext(ctx, "an import was not started; the next sweep starts it", "import", id, "error", err)
	}
	return c.readImport(ctx, member.Tenant, id)
}

// kept is what is kept of an import's files until it has ended. Of e-invoices
// that is their rows, not the documents, which may name bank accounts (M12).
func kept(files []invoicefile.File) (format string, content []byte, err error) {
	switch {
	case len(files) == 0:
		return "", nil, remit.Invalid("file", "Choose a file.")
	case slices.ContainsFunc(files, func(file invoicefile.File) bool { return invoicefile.IsDocument(file.Content) }):
		rows, err := invoicefile.Documents(files)
		if err != nil {
			return "", nil, err
		}
		content, err = json.Marshal(rows)
		return postgres.ImportUBL, content, err
	case len(files) > 1:
		return "", nil, remit.Invalid("file", "Send CSV files one at a time. Several files at once are e-invoices in XML.")
	}
	return postgres.ImportCSV, files[0].Content, nil
}

// fileName is what an import is called: "march.xml and 4 more".
func fileName(files []invoicefile.File) string {
	if len(files) == 1 {
		return files[0].Name
	}
	return fmt.Sprintf("%s and %d more", files[0].Name, len(files)-1)
}

// Import is how far an import has come.
func (c *Commands) Import(ctx context.Context, caller Caller, id uuid.UUID) (Import, error) {
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		job, err := tx.Import(ctx, id)
		if err == nil && job.Format == postgres.ImportCustomers {
			err = remit.NotFound() // has a path, and a permission, of its own
		}
		return job.Organisation, uuid.Nil, err
	}, remit.InvoiceEdit)
	if err != nil {
		return Import{}, err
	}
	return c.readImport(ctx, found.member.Tenant, id)
}

// Imports lists the latest imports, newest first.
func (c *Commands) Imports(ctx context.Context, caller Caller, page Page) (List[Import], error) {
	list := List[Import]{}
	for _, member := range caller.Tenants {
		units, err := c.units(ctx, caller, member.Tenant, remit.InvoiceEdit)
		if err != nil {
			return list, err
		}
		err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
			jobs, err := tx.ListImports(ctx, units, page.limit())
			for _, job := range jobs {
				list.Items = append(list.Items, importOf(job, nil))
			}
			return err
		})
		if err != nil {
			return list, err
		}
	}
	return list, nil
}

func (c *Commands) beginImport(ctx context.Context, tenant, id uuid.UUID) error {
	_, err := c.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: remit.ImportWorkflowID(id), TaskQueue: c.taskQueue(), WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, remit.ImportInvoicesWorkflow, remit.ImportRef{Tenant: tenant, Import: id})
	if err != nil {
		return fmt.Errorf("start the import: %w", err)
	}
	return nil
}

func (c *Commands) readImport(ctx context.Context, tenant, id uuid.UUID) (Import, error) {
	var out Import
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		job, err := tx.Import(ctx, id)
		if err != nil {
			return err
		}
		wrong, err := tx.ImportErrors(ctx, id, shownErrors)
		if err != nil {
			return err
		}
		out = importOf(job, wrong)
		out.Others, err = tx.ImportedInOthers(ctx, id, job.Currency)
		return err
	})
	return out, err
}

func importOf(job postgres.Import, wrong []postgres.ImportRowError) Import {
	out := Import{
		ID: job.ID, Organisation: job.Organisation, FileName: job.FileName, Format: job.Format, State: job.State, RowsTotal: job.RowsTotal, RowsNew: job.RowsNew,
		RowsSame: job.RowsSame, RowsBad: job.RowsBad, AmountNew: job.AmountNew, AmountHeld: job.AmountHeld, Currency: job.Currency,
		IgnoredColumns: job.IgnoredColumns, Failure: job.Failure, CreatedAt: job.CreatedAt, EndedAt: job.EndedAt,
	}
	for _, e := range wrong {
		if e.Line == postgres.WholeFile {
			out.Notes = append(out.Notes, e.Reason)
			continue
		}
		out.Errors = append(out.Errors, ImportError(e))
	}
	return out
}

package activities_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// Two that bring the same file in, as one that was thought dead goes on beside
// its successor, count each row once between them.
func TestImportIsCountedOnceByTwo(t *testing.T) {
	const rows = 60 // more than go in with one commit
	s := openShop(t)
	successor := &activities.Imports{DB: s.db, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
	must(t, successor.ImportFile(t.Context(), s.file(1))) // the customer is known
	ref := s.file(rows + 1)
	overtaken := false
	slow := &activities.Imports{DB: s.db, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time {
		if !overtaken { // it has read how far the import is
			overtaken = true
			must(t, successor.ImportFile(t.Context(), ref))
		}
		return time.Now()
	}}
	if err := slow.ImportFile(t.Context(), ref); !errors.Is(err, postgres.ErrImportElsewhere) {
		t.Errorf("whoever was overtaken ends with %v", err)
	}
	must(t, slow.ImportFile(t.Context(), ref)) // as it is tried again
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		job, err := tx.Import(t.Context(), ref.Import)
		if job.State != "done" || job.RowsTotal != rows+1 || job.RowsNew != rows || job.RowsSame != 1 || job.AmountNew != rows*1000 {
			t.Errorf("counted: %+v", job)
		}
		return err
	}))
}

// file stores a file of that many invoices to be brought in.
func (s *shop) file(rows int) remit.ImportRef {
	s.t.Helper()
	var file strings.Builder
	file.WriteString("customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount\n")
	for n := range rows {
		fmt.Fprintf(&file, "C-1,T-%d,2030-01-01,2030-02-01,10.00\n", n)
	}
	content, ref := []byte(file.String()), remit.ImportRef{Tenant: s.tenant, Import: uuid.New()}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		job := postgres.Import{ID: ref.Import, OrganisationID: s.branch.ID, FileName: "some.csv", Format: postgres.ImportCSV, Currency: "USD", Actor: remit.System}
		return tx.InsertImport(s.t.Context(), job, content, sha256.Sum256(content))
	}))
	return ref
}

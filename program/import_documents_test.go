package program_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"remit/invoicefile"
)

// document is one of the made-up e-invoices, with texts in it replaced.
func (w *world) document(name string, changes ...string) invoicefile.File {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "invoicefile", "ubl", "testdata", name))
	must(w.t, err)
	return invoicefile.File{Name: name, Content: []byte(strings.NewReplacer(changes...).Replace(string(text)))}
}

// E-invoices go in like the rows of a CSV file, several at once: a good one
// becomes a work item over what it wants paid, with its lines, taxes and seller;
// a bad one is reported by its rule; the same ones again add nothing, and the
// same number with other content is bad.
func TestImportOfDocuments(t *testing.T) {
	w := openWorld(t)
	files := []invoicefile.File{
		w.document("full.xml"),
		w.document("full.xml", "R-2026-17", "R-2026-18", ">1085.60<", ">1085.61<"),
		w.document("zero.xml"),
		w.document("reverse.xml", "<ubl:Invoice ", "<!DOCTYPE Invoice><ubl:Invoice "),
		w.document("outside.xml", "InvoiceTypeCode>380", "InvoiceTypeCode>381"),
		w.document("reverse.xml"),
	}
	done := w.uploaded(w.send(w.branchB, files...))
	if done.number("rows_new") != 2 || done.number("rows_bad") != 4 || done.text("format") != "ubl" || done.text("file_name") != "full.xml and 5 more" {
		t.Fatalf("the import says %s", done.raw)
	}
	for n, want := range []string{"Line 109, BR-CO-16: ", "terms alone: \"30 days\"", "DOCTYPE", "Credit notes are not imported"} {
		if reason := done.text("errors", n, "reason"); done.number("errors", n, "line") != int64(n+2) || !strings.Contains(reason, want) {
			t.Errorf("bad document %d: %s", n+2, reason)
		}
	}
	if n, sum, held := w.items(w.branchB); n != 2 || sum != 108560+12050 || held != 0 {
		t.Fatalf("%d items over %d, %d on hold", n, sum, held)
	}
	admin := w.signIn("admin")
	list := admin.get("/v1/invoices?limit=100").want(200)
	found := false
	for n := range list.at("data").([]any) {
		if list.text("data", n, "number") != "R-2026-17" {
			continue
		}
		found = true
		invoice := admin.get("/v1/invoices/" + list.text("data", n, "id")).want(200)
		if invoice.text("seller", "name") != "North Consulting AB" || invoice.text("customer_name") != "Acme GmbH" || invoice.text("due_date") != "2026-04-01" ||
			invoice.number("total") != 108560 || invoice.text("lines", 2, "unit_price") != "0.05" || invoice.text("adjustments", 4, "description") != "VAT 0%: Exempt, education" {
			t.Errorf("the invoice is %s", invoice.raw)
		}
	}
	if !found {
		t.Errorf("the invoice is not there: %s", list.raw)
	}
	again := w.uploaded(w.send(w.branchB, files[0], files[5]))
	if again.number("rows_new") != 0 || again.number("rows_same") != 2 {
		t.Errorf("the second time it says %s", again.raw)
	}
	other := w.uploaded(w.send(w.branchB, w.document("full.xml", "2026-04-01", "2026-04-02")))
	if other.number("rows_bad") != 1 || !strings.Contains(other.text("errors", 0, "reason"), "exists with other content") {
		t.Errorf("the same number with other content: %s", other.raw)
	}
}

// A document whose seller is the organisation itself, or the one at the top, is
// the same invoice as the CSV row of it would be: it has no seller of its own.
func TestDocumentOfTheOrganisationItself(t *testing.T) {
	w := openWorld(t)
	done := w.uploaded(w.send(w.branchB, w.document("reverse.xml", "Seller &#38; Sons", "TEST", "EUR", "USD")))
	if done.number("rows_new") != 1 || done.number("amount_new") != 12050 {
		t.Fatalf("the import says %s", done.raw)
	}
	row := w.upload(w.branchB, "row.csv", []byte("customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount\nFR12345678901,REVERSE-1,2026-04-04,2026-05-04,120.50\n"))
	if row.number("rows_new") != 0 || row.number("rows_bad") != 1 {
		t.Errorf("the row of the same number says %s", row.raw)
	}
}

// What cannot be read at all is refused to the one who sent it (T20, T21, T23),
// and so are files that do not go together.
func TestT20T21DocumentsThatCannotBeRead(t *testing.T) {
	w := openWorld(t)
	before := w.tables("sessions")
	named := func(content string) invoicefile.File {
		return invoicefile.File{Name: "a.xml", Content: []byte(content)}
	}
	for name, c := range map[string]struct {
		files []invoicefile.File
		says  string
	}{
		"document type":   {[]invoicefile.File{named("<?xml version=\"1.0\"?>\n<!DOCTYPE a><a/>")}, "Line 2: "},
		"entity":          {[]invoicefile.File{named("<a>\n&b;</a>")}, "Line 2: "},
		"UTF-7":           {[]invoicefile.File{named(`<?xml version="1.0" encoding="UTF-7"?><a/>`)}, "UTF-7"},
		"depth":           {[]invoicefile.File{named(strings.Repeat("<a>", 65))}, "deeper than 64"},
		"two roots":       {[]invoicefile.File{named("<a/>\n<a/>")}, "Line 2: "},
		"empty elements":  {[]invoicefile.File{named("<a>" + strings.Repeat("<a/>", 1<<20) + "</a>")}, "more than 200000 elements"},
		"two CSV files":   {[]invoicefile.File{named(small), named(small)}, "one at a time"},
		"something else":  {[]invoicefile.File{named("<html></html>")}, "not an Invoice of UBL 2.1"},
		"an empty import": {nil, "missing"},
	} {
		got := w.send(w.branchB, c.files...)
		if got.status != 422 && name != "an empty import" || got.status == 202 || !strings.Contains(string(got.raw), c.says) {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	w.unchanged("a document that cannot be read", before, w.tables("sessions"))
}

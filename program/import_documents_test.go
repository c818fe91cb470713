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
		w.document("outside.xml", "InvoiceTypeCode>380", "InvoiceTypeCode>325"),
		w.document("reverse.xml"),
	}
	done := w.uploaded(w.send(w.branchB, files...))
	if done.number("rows_new") != 3 || done.number("rows_bad") != 3 || done.number("rows_total") != 6 || done.text("format") != "ubl" || done.text("file_name") != "full.xml and 5 more" {
		t.Fatalf("the import says %s", done.raw)
	}
	for n, want := range map[int]string{2: "Line 109, BR-CO-16: ", 4: "DOCTYPE", 5: "nor of a credit note"} {
		at := max(n-3, 0)
		if reason := done.text("errors", at, "reason"); done.number("errors", at, "line") != int64(n) || !strings.Contains(reason, want) {
			t.Errorf("bad document %d: %s", n, reason)
		}
	}
	if n, sum, held := w.items(w.branchB); n != 3 || sum != 108560+12050+345 || held != 0 {
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
	both := w.uploaded(w.send(w.branchB, files[5], w.document("full.xml", "2026-04-01", "2026-04-02")))
	if !strings.HasPrefix(both.text("errors", 0, "reason"), "full.xml: ") {
		t.Errorf("which of several it was is not said: %s", both.raw)
	}
}

// A credit note, as a document of its own or an invoice over less than nothing,
// becomes its customer's credit, which the next invoice uses; the same one again
// adds nothing, and the same number over something else is bad (AC8).
func TestCreditNotesBecomeCredit(t *testing.T) {
	w := openWorld(t)
	note := w.document("reverse.xml", "InvoiceTypeCode>380", "InvoiceTypeCode>381", "REVERSE-1", "CN-1")
	if done := w.uploaded(w.send(w.branchB, note)); done.number("rows_new") != 1 || done.number("rows_bad") != 0 {
		t.Fatalf("the import says %s", done.raw)
	}
	if again := w.uploaded(w.send(w.branchB, note)); again.number("rows_new") != 0 || again.number("rows_same") != 1 {
		t.Errorf("the second time it says %s", again.raw)
	}
	other := w.uploaded(w.send(w.branchB, w.document("reverse.xml", "InvoiceTypeCode>380", "InvoiceTypeCode>381", "REVERSE-1", "CN-1", "2026-04-04", "2026-04-03")))
	if other.number("rows_bad") != 1 || !strings.Contains(other.text("errors", 0, "reason"), "exists with other content") {
		t.Errorf("the same number with other content: %s", other.raw)
	}
	admin := w.signIn("admin")
	customer := admin.get("/v1/customers").want(200).text("data", 0, "id")
	credit := admin.get("/v1/customers/" + customer + "/credit").want(200)
	if credit.number("credits", 0, "amount") != 12050 || credit.text("history", 0, "credit_note") != "CN-1" {
		t.Fatalf("the credit is %s", credit.raw)
	}
	if done := w.uploaded(w.send(w.branchB, w.document("reverse.xml"))); done.number("rows_new") != 1 {
		t.Fatalf("the import says %s", done.raw)
	}
	paid := admin.get("/v1/invoices?limit=100").want(200)
	if paid.text("data", 0, "number") != "REVERSE-1" || paid.text("data", 0, "status") != "paid" {
		t.Errorf("the invoice is %s", paid.raw)
	}
	if left := admin.get("/v1/customers/" + customer + "/credit").want(200); left.at("credits", 0) != nil || left.number("history", 0, "amount") != -12050 {
		t.Errorf("left is %s", left.raw)
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

// The id that a seller gave his buyer never makes an invoice somebody else's:
// where the customer of that id is not called as the document has it, and has
// not its address, the row is refused with both names, and nobody gets a mail.
func TestDocumentWithTheIDOfAnotherCustomer(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	initech := map[string]any{"organisation": w.branchB, "name": "Initech", "email": "cfo@initech.test", "currency": "EUR", "external_id": "C-1"}
	id := admin.post("/v1/customers", initech).want(201).text("id")
	done := w.uploaded(w.send(w.branchB, w.document("full.xml")))
	reason := done.text("errors", 0, "reason")
	if done.number("rows_new") != 0 || done.number("rows_bad") != 1 || done.text("errors", 0, "field") != "buyer" ||
		!strings.Contains(reason, "Acme GmbH") || !strings.Contains(reason, "Initech") {
		t.Fatalf("the import says %s", done.raw)
	}
	if found := w.sql("select i.number from invoices i where i.customer_id = $1::uuid", id); len(found) != 0 {
		t.Errorf("Initech has the invoices %v", found)
	}
	if mails := w.sql("select recipient from mails where invoice_id is not null"); len(mails) != 0 {
		t.Errorf("mails went to %v", mails)
	}
	acme := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": "ACME  gmbh", "currency": "EUR", "external_id": "C-1"}).want(201).text("id")
	if same := w.uploaded(w.send(w.branchA, w.document("full.xml"))); same.number("rows_new") != 1 {
		t.Errorf("the import to the customer of the same name says %s", same.raw)
	}
	if w.invoiceNumbered(w.branchA, "R-2026-17").text("customer_id") != acme {
		t.Error("the invoice is not the customer's who has its id and name")
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

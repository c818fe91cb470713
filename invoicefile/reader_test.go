package invoicefile_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"remit"
	"remit/invoicefile"
	"remit/money"
)

// all reads a file to its end.
func all(file io.Reader, options invoicefile.Options) ([]invoicefile.Draft, []invoicefile.RowError, *invoicefile.Reader, error) {
	r, err := invoicefile.NewReader(file, options)
	if err != nil {
		return nil, nil, nil, err
	}
	var drafts []invoicefile.Draft
	var problems []invoicefile.RowError
	for {
		draft, wrong, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return drafts, problems, r, nil
		case err != nil:
			return drafts, problems, r, err
		case len(wrong) > 0:
			problems = append(problems, wrong...)
		default:
			drafts = append(drafts, draft)
		}
	}
}

func date(t *testing.T, text string) remit.Date {
	t.Helper()
	d, err := remit.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Protects the whole way from a file as people make it (byte order mark, CRLF,
// both forms of date, typed amounts, quotes) to drafts, problems and counts.
func TestReadFile(t *testing.T) {
	file, err := os.Open("testdata/invoices.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	drafts, problems, r, err := all(file, invoicefile.Options{Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	line := func(description, price string, minor int64) []remit.Line {
		return []remit.Line{{Description: description, Quantity: "1", UnitPrice: price, Amount: minor}}
	}
	want := []invoicefile.Draft{
		{Line: 2, Number: "INV-1", CustomerExternalID: "C-1", CustomerName: "Acme", CustomerEmail: "ap@acme.example",
			IssueDate: date(t, "2026-03-01"), DueDate: date(t, "2026-03-31"), Amount: money.Of(120000, "USD"),
			Description: "Consulting, March", Lines: line("Consulting, March", "1200.00", 120000)},
		{Line: 3, Number: "INV-2", CustomerExternalID: "C-1", CustomerName: "Acme",
			IssueDate: date(t, "2026-03-01"), DueDate: date(t, "2026-04-15"), Amount: money.Of(25000, "USD"),
			Description: `He said "thanks"`, Disputed: true, Lines: line(`He said "thanks"`, "250.00", 25000)},
		{Line: 4, Number: "INV-3", CustomerExternalID: "C-2", CustomerName: "Umbrella; Sons",
			IssueDate: date(t, "2026-03-02"), DueDate: date(t, "2026-04-01"), Amount: money.Of(1200, "JPY"),
			Lines: line("Invoice INV-3", "1200", 1200)},
		{Line: 9, Number: "INV-5", CustomerExternalID: "C-3", CustomerName: "Zoë",
			IssueDate: date(t, "2026-03-05"), DueDate: date(t, "2026-03-05"), Amount: money.Of(0, "KWD"),
			Lines: line("Invoice INV-5", "0.000", 0)},
	}
	if difference := cmp.Diff(want, drafts); difference != "" {
		t.Error(difference)
	}
	wrong := []invoicefile.RowError{
		{Line: 5, Field: "due_date", Value: "31/02/2013", Reason: "31/02/2013 is not a date."},
		{Line: 8, Field: "invoice_number", Value: "INV-2", Reason: "INV-2 is on line 3 already with other content: " +
			"there $250.00, issued 2026-03-01, due 2026-04-15, disputed, for He said \"thanks\"; here $260.00, issued 2026-03-01, due 2026-04-15."},
	}
	if difference := cmp.Diff(wrong, problems); difference != "" {
		t.Error(difference)
	}
	if r.Repeated() != 1 || !cmp.Equal(r.Ignored(), []string{"DaysLate"}) {
		t.Errorf("%d repeated, %v ignored", r.Repeated(), r.Ignored())
	}
	if drafts[1].Hold() != "disputed by the customer" || drafts[0].Hold() != "" {
		t.Errorf("holds: %q, %q", drafts[0].Hold(), drafts[1].Hold())
	}
	if got := problems[0].Error(); got != "Row 5: 31/02/2013 is not a date." {
		t.Errorf("the message is %q", got)
	}
}

// Protects against dropping or guessing columns: a header is understood whole or
// refused, naming everything that is wrong with it.
func TestHeader(t *testing.T) {
	const row = "\nA,1,2026-01-01,2026-01-02,5\n"
	for _, c := range []struct{ file, currency, problem string }{
		{"number,customer,issue_date,due_date,amount" + row, "USD", ""},
		{"invoiceNumber;customerID;InvoiceDate;DueDate;InvoiceAmount\nA;1;2026-01-01;2026-01-02;5\n", "USD", ""},
		{`"Invoice Number","CUSTOMER-ID","Issue Date","due","Total"` + row, "USD", ""},
		{"number,customer,issue_date,due_date,amount" + row, "", "Missing columns: currency."},
		{"number,customer,issue_date,amount\nA,1,2026-01-01,5\n", "USD", ""},
		{"number,customer,amount", "USD", "Missing columns: issue_date."},
		{"number,issue_date,due_date,amount", "USD", "Missing columns: customer or customer_id."},
		{"number,customer,issue_date,due_date,amount,discount", "USD", `Unknown columns: "discount".`},
		{"number,customer,issue_date,due_date,netto", "USD", `Missing columns: amount. Unknown columns: "netto".`},
		{"number,customer,issue_date,due_date,amount,total", "USD", `Columns that mean the same: "amount" and "total".`},
		{"A,1,2026-01-01,2026-01-02,5\n", "USD", "There is no header."},
		{"", "USD", "The file is empty."},
		{"\n\n", "USD", "The file is empty."},
		{"numb\"er,customer", "USD", "The header cannot be read"},
		{"num\xffber,customer", "USD", "The header is not UTF-8."},
		{"\xff\xfen\x00u\x00", "USD", "The file is UTF-16."},
		{"number\x00,customer", "USD", "There is a NUL byte on line 1"},
		{strings.Repeat("x,", 300), "USD", "The row on line 1 has more than 200 columns."},
	} {
		drafts, problems, _, err := all(strings.NewReader(c.file), invoicefile.Options{Currency: money.Currency(c.currency)})
		if c.problem == "" {
			if err != nil || len(drafts) != 1 || len(problems) != 0 {
				t.Errorf("%.60q: %d drafts, %v, %v", c.file, len(drafts), problems, err)
			}
			continue
		}
		var problem *remit.Error
		if !errors.As(err, &problem) || problem.Kind != remit.KindInvalid || len(problem.Fields) != 1 || problem.Fields[0].Field != "file" ||
			!strings.HasPrefix(problem.Message, c.problem) {
			t.Errorf("%.60q: %v, want %q", c.file, err, c.problem)
		}
	}
}

// Protects the import from one bad row: it is told with line, column, value and
// reason, several reasons at once, and the row after it is read.
func TestBadRows(t *testing.T) {
	const header = "number,customer_id,customer,email,issue_date,due_date,amount,currency,description,disputed\n"
	const good = "GOOD,C,,,2026-01-01,2026-01-31,10.00,USD,,no\n"
	long := strings.Repeat("x", invoicefile.MaxField+1)
	for _, c := range []struct {
		row  string
		want []invoicefile.RowError
	}{
		{",C,,,2026-01-01,2026-01-31,10,USD,,", []invoicefile.RowError{{2, "number", "", "The number is missing."}}},
		{"A,,,,2026-01-01,2026-01-31,10,USD,,", []invoicefile.RowError{{2, "customer_id", "", "The customer is missing."}}},
		{"A,C,,,,2026-01-31,,USD,,", []invoicefile.RowError{
			{2, "issue_date", "", "The issue date is missing."}, {2, "amount", "", "The amount is missing."}}},
		{"A,C,,,13/1/2013,2013-02-30,10,USD,,", []invoicefile.RowError{
			{2, "issue_date", "13/1/2013", "13/1/2013 is not a date."}, {2, "due_date", "2013-02-30", "2013-02-30 is not a date."}}},
		{"A,C,,,1.2.2013,20130201,10,USD,,", []invoicefile.RowError{
			{2, "issue_date", "1.2.2013", "1.2.2013 is not a date like 2026-04-01 or 4/1/2026."},
			{2, "due_date", "20130201", "20130201 is not a date like 2026-04-01 or 4/1/2026."}}},
		{"A,C,,,2026-01-31,2026-01-01,10,USD,,", []invoicefile.RowError{
			{2, "due_date", "2026-01-01", "Due on 2026-01-01, before it was issued on 2026-01-31."}}},
		{`A,C,,,2026-01-01,2026-01-31,"1.200,50",USD,,`, []invoicefile.RowError{
			{2, "amount", "1.200,50", "1.200,50 is not an amount in USD. Use a point before the decimals, like 250.00."}}},
		{"A,C,,,2026-01-01,2026-01-31,1.234,USD,,", []invoicefile.RowError{
			{2, "amount", "1.234", "1.234 is not an amount in USD. Enter at most 2 decimals, like 250.00."}}},
		{"A,C,,,2026-01-01,2026-01-31,-5.00,USD,,", []invoicefile.RowError{
			{2, "amount", "-5.00", "-5.00 is negative. Credit notes are not imported."}}},
		{"A,C,,,2026-01-01,2026-01-31,5,ABC,,", []invoicefile.RowError{
			{2, "currency", "ABC", "ABC is not a currency. Enter a currency as its three-letter ISO 4217 code, like USD."}}},
		{"A,C,,,2026-01-01,2026-01-31,5,,,", []invoicefile.RowError{{2, "currency", "", "The currency is missing."}}},
		{"A,C,,nobody,2026-01-01,2026-01-31,5,USD,,maybe", []invoicefile.RowError{
			{2, "email", "nobody", "nobody is not an e-mail address."}, {2, "disputed", "maybe", "maybe is neither yes nor no."}}},
		{"A,C", []invoicefile.RowError{{2, "", "", "The row has 2 fields, the header 10."}}},
		{`A"B,C,,,2026-01-01,2026-01-31,5,USD,,`, []invoicefile.RowError{
			{2, "", "", "The quotes do not fit: a field with quotes in it is quoted, and its own quotes are doubled."}}},
		{"A,C\xe9,,,2026-01-01,2026-01-31,5,USD,,", []invoicefile.RowError{
			{2, "customer_id", "C\uFFFD", "The customer's id is not UTF-8. Save the file as CSV in UTF-8."}}},
		{"A,C\x1b[31m,,,2026-01-01,2026-01-31,5,USD,,", []invoicefile.RowError{
			{2, "customer_id", "C\x1b[31m", "The customer's id holds a control character."}}},
		{"A,C,,,2026-01-01,2026-01-31,5,USD," + long + ",", []invoicefile.RowError{
			{2, "description", strings.Repeat("x", 79) + "…", "The description is longer than 64 KiB."}}},
		{strings.Repeat("9", 201) + ",C,,,2026-01-01,2026-01-31,5,USD,,", []invoicefile.RowError{
			{2, "number", strings.Repeat("9", 79) + "…", "The number is longer than 200 characters."}}},
	} {
		drafts, problems, _, err := all(strings.NewReader(header+c.row+"\n"+good), invoicefile.Options{})
		if err != nil || len(drafts) != 1 || drafts[0].Number != "GOOD" {
			t.Errorf("%.60q: the next row is %v, %v", c.row, drafts, err)
		}
		if difference := cmp.Diff(c.want, problems); difference != "" {
			t.Errorf("%.60q: %s", c.row, difference)
		}
	}
}

// Protects line numbers where a field spans lines: people look for a row by
// where it begins.
func TestLinesAreCountedThroughQuotes(t *testing.T) {
	drafts, problems, _, err := all(strings.NewReader("number,customer,issue_date,due_date,amount,description\n"+
		"A,C,2026-01-01,2026-01-31,5,\"one\ntwo\"\n"+
		"B,C,2026-01-01,2026-01-31,x,\n"), invoicefile.Options{Currency: "USD"})
	if err != nil || len(drafts) != 1 || drafts[0].Line != 2 || drafts[0].Description != "one\ntwo" || len(problems) != 1 || problems[0].Line != 4 {
		t.Errorf("%v, %v, %v", drafts, problems, err)
	}
}

package invoicefile_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"remit/invoicefile"
)

// Protects the import from any bytes at all: reading ends, a draft is complete
// and sane, a problem has a line and a sentence, and reading again gives the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte(header + "A,C,2026-01-01,2026-01-31,5,x\n"))
	f.Add([]byte("\xef\xbb\xbfinvoiceNumber;customerID;InvoiceDate;DueDate;InvoiceAmount;Disputed\r\nA;C;1/2/2013;2/1/2013;\"1,200.00\";Yes\r\n"))
	f.Add([]byte(header + "A,\"C\n\",2026-01-01,31/02/2013,-5,\"\"\"\"\nA\"\n,,,,,\n"))
	f.Add([]byte("number,customer\n\x00\xff\xfe"))
	f.Fuzz(func(t *testing.T, file []byte) {
		options := invoicefile.Options{Currency: "USD"}
		drafts, problems, _, err := all(bytes.NewReader(file), options)
		for _, d := range drafts {
			if d.Line < 2 || d.Number == "" || d.CustomerExternalID+d.CustomerName == "" || d.IssueDate.IsZero() ||
				d.DueDate.Before(d.IssueDate) || d.Amount.Minor < 0 || d.Amount.Currency == "" || len(d.Lines) != 1 ||
				d.Lines[0].Amount != d.Amount.Minor || !utf8.ValidString(d.Number+d.CustomerExternalID+d.CustomerName+d.Description) {
				t.Errorf("%+v", d)
			}
		}
		for _, p := range problems {
			if p.Line < 2 || p.Reason == "" || !utf8.ValidString(p.Value+p.Reason) || utf8.RuneCountInString(p.Value) > 80 {
				t.Errorf("%+v", p)
			}
		}
		again, _, _, errAgain := all(bytes.NewReader(file), options)
		if len(again) != len(drafts) || (errAgain == nil) != (err == nil) {
			t.Errorf("read again: %d drafts, %v; first %d, %v", len(again), errAgain, len(drafts), err)
		}
	})
}

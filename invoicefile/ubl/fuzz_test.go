package ubl_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"remit"
	"remit/invoicefile/ubl"
)

// Protects imports from any bytes at all: reading ends, says why not in a
// sentence, or gives an invoice that Remit takes, over what is to be paid.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(head + "<cbc:ID>&#0;</cbc:ID><!-- -- --><?x?><![CDATA[]]></Invoice>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		invoice, err := ubl.Read(bytes.NewReader(text))
		if err != nil {
			if problem, ok := errors.AsType[*remit.Error](err); !ok || problem.Message == "" || !utf8.ValidString(problem.Error()) {
				t.Errorf("%v", err)
			}
			return
		}
		in := invoice.Input()
		if in.DueDate.IsZero() {
			in.DueDate = in.IssueDate
		}
		if _, total, err := in.Check(invoice.Currency); err != nil || total != invoice.Payable || total.Minor < 0 || invoice.Buyer.Name == "" {
			t.Errorf("%s of %+v, %v", total, invoice, err)
		}
	})
}

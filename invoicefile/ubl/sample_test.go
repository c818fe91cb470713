package ubl_test

import (
	"os"
	"path/filepath"
	"testing"

	"remit/invoicefile/ubl"
	"remit/money"
)

// Protects documents as others make them: Peppol's own examples are read to the
// cent, or refused for what they are. The files are no part of the repository.
func TestPeppolExamples(t *testing.T) {
	folder := os.Getenv("REMIT_SAMPLES")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	for name, want := range map[string]struct {
		payable money.Amount
		credit  bool
	}{
		"base-example.xml":                 {payable: money.Of(165625, "EUR")},
		"sales-order-example.xml":          {payable: money.Of(165625, "EUR")},
		"Allowance-example.xml":            {payable: money.Of(612500, "EUR")},
		"Vat-category-S.xml":               {payable: money.Of(855000, "EUR")},
		"vat-category-E.xml":               {payable: money.Of(120000, "GBP")},
		"vat-category-O.xml":               {payable: money.Of(320000, "SEK")},
		"vat-category-Z.xml":               {payable: money.Of(120000, "GBP")},
		"base-creditnote-correction.xml":   {payable: money.Of(165625, "EUR"), credit: true},
		"base-negative-inv-correction.xml": {payable: money.Of(165625, "EUR"), credit: true},
	} {
		file, err := os.Open(filepath.Join(folder, "peppol", name))
		if err != nil {
			t.Skipf("sample data outside the repository is absent, set REMIT_SAMPLES: %v", err)
		}
		invoice, err := ubl.Read(file)
		file.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want.credit || invoice.Credit {
			if invoice.Payable != want.payable || invoice.Credit != want.credit {
				t.Errorf("%s credits %s: %v", name, invoice.Payable, invoice.Credit)
			}
			continue
		}
		in := invoice.Input()
		if in.DueDate.IsZero() {
			in.DueDate = in.IssueDate.AddDays(30)
		}
		if _, total, err := in.Check(invoice.Currency); err != nil || total != want.payable || invoice.Payable != want.payable {
			t.Errorf("%s: %s of %s, %v", name, total, invoice.Payable, err)
		}
	}
}

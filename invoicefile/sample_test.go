package invoicefile_test

import (
	"os"
	"path/filepath"
	"testing"

	"remit/invoicefile"
	"remit/money"
)

// Protects against files as they come: two years of real receivables are read
// whole, to the cent. The file is no part of the repository.
func TestRealReceivables(t *testing.T) {
	folder := os.Getenv("REMIT_SAMPLES")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	file, err := os.Open(filepath.Join(folder, "receivables-2012-2013.csv"))
	if err != nil {
		t.Skipf("sample data outside the repository is absent, set REMIT_SAMPLES: %v", err)
	}
	defer file.Close()
	drafts, problems, r, err := all(file, invoicefile.Options{Currency: "USD"})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v", problems, err)
	}
	customers := map[string]bool{}
	total, held := money.Of(0, "USD"), money.Of(0, "USD")
	for _, draft := range drafts {
		customers[draft.CustomerExternalID] = true
		if total, err = total.Add(draft.Amount); err != nil {
			t.Fatal(err)
		}
		if draft.Hold() == "" {
			continue
		}
		if held, err = held.Add(draft.Amount); err != nil {
			t.Fatal(err)
		}
	}
	if len(drafts) != 2466 || len(customers) != 100 || total != money.Of(14770318, "USD") || held != money.Of(3674612, "USD") || r.Repeated() != 0 {
		t.Errorf("%d invoices of %d customers, %s, of it disputed %s, %d repeated", len(drafts), len(customers), total, held, r.Repeated())
	}
	if len(r.Ignored()) != 6 {
		t.Errorf("ignored columns: %v", r.Ignored())
	}
}

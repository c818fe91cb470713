package portal

import (
	"strings"
	"testing"
	"time"

	"remit"
)

// Protects whoever opens an export: no text from outside is a formula there, and
// an amount stays a number, below zero too.
func TestExportsHoldNoFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-2": "'-2", "@SUM": "'@SUM", "\tx": "'\tx", "\rx": "'\rx", "": "", "Globex": "Globex", "1=1": "1=1",
	} {
		if got := textCell(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	row := transactionCells(remit.StripeTransaction{
		ID: "txn_1", Kind: remit.MovedRefund, Currency: "USD", Amount: -250000, Net: -250000, Description: "-cmd|' /C calc'!A0", CustomerName: "=Acme",
		Created: time.Unix(0, 0), Available: time.Unix(0, 0),
	})
	if len(row) != len(transactionColumns) {
		t.Fatalf("%d cells of %d columns", len(row), len(transactionColumns))
	}
	line := strings.Join(row, "|")
	if row[5] != "-2500.00" || !strings.Contains(line, "'-cmd") || !strings.Contains(line, "'=Acme") {
		t.Errorf("the row is %s", line)
	}
}

package invoicefile_test

import (
	"testing"

	"pgregory.net/rapid"

	"remit"
	"remit/invoicefile"
	"remit/money"
)

// Protects repeated imports: the same content is the same fingerprint wherever
// it stood, and any change of what is owed, by whom or when is another.
func TestFingerprint(t *testing.T) {
	original := invoicefile.Draft{Line: 2, Number: "A", CustomerExternalID: "C", CustomerName: "Acme", CustomerEmail: "a@example.com",
		IssueDate: date(t, "2026-01-01"), DueDate: date(t, "2026-01-31"), Amount: money.Of(500, "USD"), Description: "Work",
		Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: "5.00", Amount: 500}}}
	for name, change := range map[string]func(*invoicefile.Draft){
		"line":   func(d *invoicefile.Draft) { d.Line = 9 },
		"e-mail": func(d *invoicefile.Draft) { d.CustomerEmail = "b@example.com" },
		"name":   func(d *invoicefile.Draft) { d.CustomerName = "Acme Limited" },
	} {
		same := original
		change(&same)
		if same.Fingerprint() != original.Fingerprint() {
			t.Errorf("another %s is another invoice", name)
		}
	}
	for name, change := range map[string]func(*invoicefile.Draft){
		"number":        func(d *invoicefile.Draft) { d.Number = "B" },
		"customer":      func(d *invoicefile.Draft) { d.CustomerExternalID = "D" },
		"bare name":     func(d *invoicefile.Draft) { d.CustomerExternalID = "" },
		"issue date":    func(d *invoicefile.Draft) { d.IssueDate = d.IssueDate.AddDays(1) },
		"due date":      func(d *invoicefile.Draft) { d.DueDate = d.DueDate.AddDays(1) },
		"amount":        func(d *invoicefile.Draft) { d.Amount.Minor++ },
		"currency":      func(d *invoicefile.Draft) { d.Amount.Currency = "EUR" },
		"description":   func(d *invoicefile.Draft) { d.Description = "Play" },
		"dispute":       func(d *invoicefile.Draft) { d.Disputed = true },
		"lines":         func(d *invoicefile.Draft) { d.Lines = append(d.Lines[:1:1], d.Lines[0]) },
		"moved letters": func(d *invoicefile.Draft) { d.Number, d.CustomerExternalID = "AC", "" },
	} {
		other := original
		change(&other)
		if other.Fingerprint() == original.Fingerprint() {
			t.Errorf("another %s is the same invoice", name)
		}
	}
}

// Protects T24: a spreadsheet sees no formula in exported text, and no text is
// lost; numbers do not pass through Text.
func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"=HYPERLINK(\"http://x\")": "'=HYPERLINK(\"http://x\")", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "\x00=1": "'\x00=1", "": "", "Acme": "Acme", "a=b": "a=b", "'=1": "'=1", "−5": "−5",
	} {
		if got := invoicefile.Text(text); got != want {
			t.Errorf("%q is exported as %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		switch got := invoicefile.Text(text); {
		case got != text && got != "'"+text:
			t.Fatalf("%q is exported as %q", text, got)
		case got != "" && (got[0] == '=' || got[0] == '+' || got[0] == '-' || got[0] == '@'):
			t.Fatalf("%q is exported as %q, a formula", text, got)
		}
	})
}

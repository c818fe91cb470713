package remit_test

import (
	"strings"
	"testing"

	"remit"
)

// Protects what payers read: bank details are several lines of what can be
// seen, bounded, and never promised where there are none.
func TestBankDetailsAreChecked(t *testing.T) {
	kept, err := remit.BankTransfer{Enabled: true, Details: "  Bank\r\nAccount 1\rCode 2\n"}.Check()
	if err != nil || kept.Details != "Bank\nAccount 1\nCode 2" {
		t.Errorf("%q, %v", kept.Details, err)
	}
	if _, err := (remit.BankTransfer{Details: ""}).Check(); err != nil {
		t.Errorf("nothing that is off: %v", err)
	}
	for why, wrong := range map[string]string{"empty": " \n ", "too long": strings.Repeat("ł", 501), "a bell": "Bank\a", "a tab": "a\tb"} {
		_, err := remit.BankTransfer{Enabled: true, Details: wrong}.Check()
		if e := remit.AsError(err); err == nil || e.Kind != remit.KindInvalid || len(e.Fields) != 1 || e.Fields[0].Field != "bank_transfer.details" {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// Protects the headers of mails and the titles of documents: what stands in
// them holds no line ends (T42).
func TestInvoiceNamesHoldNoLineEnds(t *testing.T) {
	day := remit.Date{Year: 2026, Month: 4, Day: 1}
	for field, in := range map[string]remit.InvoiceInput{
		"number":        {Number: "1\r\nBcc: x@example.com"},
		"seller.name":   {Number: "1", Seller: remit.Seller{Name: "A\nB"}},
		"seller.tax_id": {Number: "1", Seller: remit.Seller{TaxID: "A\rB"}},
	} {
		in.IssueDate, in.DueDate = day, day
		_, _, err := in.Check("USD")
		if e := remit.AsError(err); err == nil || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

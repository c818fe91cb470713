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

// Protects payers who ask: what they read is one address or one number, which
// leads to a mail or a call and to nothing else.
func TestContactIsOneAddressOrNumber(t *testing.T) {
	for given, link := range map[string]string{
		"": "", " pay@example.com ": "mailto:pay@example.com", "a?bcc=b@example.com": "mailto:a%3Fbcc=b@example.com",
		"+1 (415) 555-0100": "tel:+14155550100", "0920 12345": "tel:092012345",
	} {
		kept, err := remit.CheckContact(given)
		if got := (remit.InvoiceSettings{Contact: kept}).ContactLink(); err != nil || kept != strings.TrimSpace(given) || got != link {
			t.Errorf("%q is kept as %q and leads to %q, %v", given, kept, got, err)
		}
	}
	for _, wrong := range []string{
		"ask us", "javascript:1", "https://example.com", "Ana <ana@example.com>", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com",
		"1+415 555 0100", "12 34", strings.Repeat("1", 16), strings.Repeat("a", 190) + "@example.com", "555 0100\n555 0101",
	} {
		_, err := remit.CheckContact(wrong)
		if e := remit.AsError(err); err == nil || len(e.Fields) != 1 || e.Fields[0].Field != "contact" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// Protects the name that payers read: the invoice's own seller goes before the
// setting, the setting before the organisation, and it holds no line ends.
func TestSellersName(t *testing.T) {
	i := remit.Invoice{Organisation: "/dev-v51/Branch A"}
	names := []string{i.SellerName()}
	i.Settings.Seller = "Harbour Plumbing"
	names = append(names, i.SellerName())
	i.Seller.Name = "Initech"
	names = append(names, i.SellerName())
	if strings.Join(names, ", ") != "Branch A, Harbour Plumbing, Initech" {
		t.Errorf("%v", names)
	}
	if kept, err := remit.CheckSeller(" Harbour "); err != nil || kept != "Harbour" {
		t.Errorf("%q, %v", kept, err)
	}
	for _, wrong := range []string{"A\nB", strings.Repeat("ł", 101)} {
		_, err := remit.CheckSeller(wrong)
		if e := remit.AsError(err); err == nil || len(e.Fields) != 1 || e.Fields[0].Field != "seller" {
			t.Errorf("%q: %v", wrong, err)
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

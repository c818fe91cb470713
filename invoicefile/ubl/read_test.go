package ubl_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"remit"
	"remit/invoicefile/ubl"
	"remit/money"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func date(t *testing.T, text string) remit.Date {
	t.Helper()
	d, err := remit.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Protects what is read from a document: everything in it that says who owes
// whom what, when, for what and why, in the types of this project.
func TestRead(t *testing.T) {
	got, err := ubl.Read(strings.NewReader(document(t, "full.xml")))
	if err != nil {
		t.Fatal(err)
	}
	euro := func(minor int64) money.Amount { return money.Of(minor, "EUR") }
	standard, reduced, exempt := ubl.Category{Code: "S", Rate: "25"}, ubl.Category{Code: "S", Rate: "12"}, ubl.Category{Code: "E", Rate: "0"}
	want := ubl.Invoice{
		Number: "R-2026-17", IssueDate: date(t, "2026-03-02"), DueDate: date(t, "2026-04-01"), PaymentTerms: "30 days net", Currency: "EUR",
		Seller: ubl.Party{
			Name: "North Consulting AB", ID: "V-5", TaxID: "SE556412345601", CompanyID: "5564123456",
			Address: ubl.Address{Street: []string{"Kajen 1", "Hus B", "Port 3"}, City: "Luleå", PostalCode: "972 31", Region: "Norrbotten", Country: "SE"},
			Contact: ubl.Contact{Name: "Ida", Phone: "+46 920 1", Email: "ida@north.example"},
		},
		Buyer: ubl.Party{Name: "Acme GmbH", ID: "C-1", Address: ubl.Address{Country: "DE"}, Contact: ubl.Contact{Email: "invoices@acme.example"}},
		Lines: []ubl.Line{
			{Name: "Consulting", Description: "March", Quantity: "10", Unit: "HUR", UnitPrice: "100", BaseQuantity: "1", Amount: euro(100000), Category: standard},
			{Name: "Deposit returned", Quantity: "-1", Unit: "C62", UnitPrice: "1.0", BaseQuantity: "1", Amount: euro(-100), Category: standard},
			{Name: "Coffee", Quantity: "250", Unit: "KGM", UnitPrice: "5.00", BaseQuantity: "100", Amount: euro(1250), Category: reduced},
			{Name: "Cups", Quantity: "2", Unit: "C62", UnitPrice: "100", BaseQuantity: "3", Amount: euro(6733), Category: reduced, Adjustments: []ubl.AllowanceCharge{
				{Charge: true, Reason: "Engraving", Amount: euro(166)}, {Reason: "Second choice", Amount: euro(100)},
			}},
			{Name: "Course", Quantity: "1", Unit: "C62", UnitPrice: "50.00", BaseQuantity: "1", Amount: euro(5000), Category: exempt},
		},
		Adjustments: []ubl.AllowanceCharge{
			{Reason: "Discount", Amount: euro(10000), Category: standard}, {Charge: true, Reason: "Charge FC", Amount: euro(2000), Category: reduced},
		},
		Taxes: []ubl.Tax{
			{Category: standard, Scheme: "VAT", Taxable: euro(89900), Amount: euro(22475)},
			{Category: reduced, Scheme: "VAT", Taxable: euro(9983), Amount: euro(1198)},
			{Category: exempt, Scheme: "VAT", Exempt: "Exempt, education", Taxable: euro(5000), Amount: euro(0)},
		},
		Prepaid: euro(20000), Rounding: euro(4), Payable: euro(108560),
		PaymentMeans: []ubl.PaymentMeans{{Code: "30", Reference: "17-2026", Account: "SE4550000000058398257466", AccountName: "North", BIC: "ESSESESS"}},
		References: ubl.References{
			Buyer: "Dept. 12", Order: "PO-9", SalesOrder: "SO-3", Contract: "C-77",
			Preceding: []ubl.Preceding{{Number: "R-2026-4", IssueDate: date(t, "2026-01-15")}},
		},
		Notes: []string{"Thank you & come again."},
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
}

// Protects the way on into Remit: an invoice's input adds up to what the
// document wants paid, with quantity and price where they make a line's amount
// and with what made it where they do not.
func TestInput(t *testing.T) {
	read, err := ubl.Read(strings.NewReader(document(t, "full.xml")))
	if err != nil {
		t.Fatal(err)
	}
	payable := int64(108560)
	got, want := read.Input(), remit.InvoiceInput{
		Number: "R-2026-17", Seller: remit.Seller{Name: "North Consulting AB", TaxID: "SE556412345601"}, Currency: "EUR",
		IssueDate: date(t, "2026-03-02"), DueDate: date(t, "2026-04-01"), Total: &payable,
		Lines: []remit.Line{
			{Description: "Consulting: March", Quantity: "10", UnitPrice: "100", Amount: 100000},
			{Description: "Deposit returned", Quantity: "-1", UnitPrice: "1.0", Amount: -100},
			{Description: "Coffee", Quantity: "250", UnitPrice: "0.05", Amount: 1250},
			{Description: "Cups (2 × 100 per 3, Engraving 1.66, Second choice -1.00)", Quantity: "1", UnitPrice: "67.33", Amount: 6733},
			{Description: "Course", Quantity: "1", UnitPrice: "50.00", Amount: 5000},
		},
		Adjustments: []remit.Adjustment{
			{Kind: "allowance", Description: "Discount", Amount: -10000},
			{Kind: "charge", Description: "Charge FC", Amount: 2000},
			{Kind: "tax", Description: "VAT 25%", Amount: 22475},
			{Kind: "tax", Description: "VAT 12%", Amount: 1198},
			{Kind: "tax", Description: "VAT 0%: Exempt, education"},
			{Kind: "prepaid", Description: "Paid before", Amount: -20000},
			{Kind: "rounding", Description: "Rounding", Amount: 4},
		},
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
	if _, total, err := got.Check("EUR"); err != nil || total.Minor != payable {
		t.Errorf("%s, %v", total, err)
	}
}

// Protects documents of all sorts: each category of tax, currencies without and
// with three decimals, other prefixes, no due date.
func TestCategoriesAndCurrencies(t *testing.T) {
	for file, want := range map[string]struct {
		payable  money.Amount
		tax, due string
	}{
		"zero.xml":    {money.Of(345, "GBP"), "VAT 0%", ""},
		"reverse.xml": {money.Of(12050, "EUR"), "VAT 0%: Reverse charge", "2026-05-04"},
		"yen.xml":     {money.Of(1118, "JPY"), "VAT 10%", "2026-05-04"},
		"dinar.xml":   {money.Of(1055, "KWD"), "VAT 5%", "2026-05-04"},
		"outside.xml": {money.Of(20000, "CHF"), "VAT: Not subject to VAT", "2026-05-04"},
		"islands.xml": {money.Of(200, "EUR"), "VAT 0%", "2026-05-04"},
	} {
		invoice, err := ubl.Read(strings.NewReader(document(t, file)))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		in := invoice.Input()
		if invoice.Payable != want.payable || in.Adjustments[0].Description != want.tax || in.DueDate.String() != want.due {
			t.Errorf("%s: %s, %v, due %s", file, invoice.Payable, in.Adjustments, in.DueDate)
		}
		if invoice.Buyer.Name != "Buyer & Filles" || invoice.Seller.Name != "Seller & Sons" || invoice.Seller.TaxID != "DE123456789" {
			t.Errorf("%s: %+v sells to %+v", file, invoice.Seller, invoice.Buyer)
		}
		if in.DueDate.IsZero() {
			in.DueDate = in.IssueDate.AddDays(30)
		}
		if _, total, err := in.Check(invoice.Currency); err != nil || total != want.payable {
			t.Errorf("%s: %s, %v", file, total, err)
		}
	}
}

// Protects a caller that reads from a connection: its error is not the
// document's.
func TestReadErrorIsTheReaders(t *testing.T) {
	broken := errors.New("connection reset")
	if _, err := ubl.Read(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

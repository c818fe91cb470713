package invoicepdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"remit"
)

// Protects the reader of an invoice: who, what, when and every sum are on it.
func TestTheDocumentSaysWhatTheInvoiceSays(t *testing.T) {
	text := drawn(t, made())
	for _, want := range []string{
		"Harbour Plumbing", "Tax ID 12-3456789", "Questions: billing@harbour.example", "Bill to", "Acme Properties", "ap@acme.example", "INV-104", "1 Mar 2026", "1 Apr 2026", "due on 1 Apr 2026",
		"Burst pipe, 2nd floor", "1.5", "1,000.00", "$1,500.00", "Subtotal", "$1,580.00", "Discount", "−$80.00", "Tax", "$100.00",
		"Total", "$1,600.00", "Paid", "−$700.00", "Amount due", "$900.00", "USD", "Pay online", "https://pay.example.com/pay/made-up",
		"Pay by bank transfer", "Harbour Bank", "Account 1234 5678", "Give INV-104 as the reference.", "Page 1 of 1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// Protects payers from paying what is not owed: a draft, a paid, a cancelled and
// a closed invoice neither lead to a page nor name an account.
func TestNoWayToPayWhereNothingIsOwed(t *testing.T) {
	at := time.Date(2026, 3, 15, 3, 0, 0, 0, time.UTC)
	for status, words := range map[remit.InvoiceStatus]string{
		remit.InvoiceDraft: "This is a draft.", remit.InvoicePaid: "14 Mar 2026", remit.InvoiceVoid: "This invoice is cancelled.", remit.InvoiceUncollectible: "This invoice is closed.",
	} {
		d := made()
		d.Invoice.Status = status
		if status == remit.InvoicePaid {
			d.Invoice.Outstanding, d.Invoice.Applied, d.Invoice.PaidAt = 0, d.Invoice.Total, &at
		}
		if status == remit.InvoiceVoid {
			d.Invoice.VoidedAt = &at
		}
		text := drawn(t, d)
		if !strings.Contains(text, words) {
			t.Errorf("%s: no %q in:\n%s", status, words, text)
		}
		for _, never := range []string{"Pay online", "Harbour Bank"} {
			if strings.Contains(text, never) {
				t.Errorf("%s says %q", status, never)
			}
		}
	}
}

// Protects long invoices: every line is there, each page names the columns and
// its number, and nothing runs off a page's end.
func TestManyLinesMakePages(t *testing.T) {
	d := made()
	d.Invoice.Lines = nil
	for n := range 500 {
		d.Invoice.Lines = append(d.Invoice.Lines, remit.Line{Description: fmt.Sprintf("Visit number %d", n+1), Quantity: "1", UnitPrice: "3.20", Amount: 320})
	}
	content, err := draw(d, false)
	if err != nil {
		t.Fatal(err)
	}
	text := textOf(t, content)
	pages := bytes.Count(content, []byte("/Type /Page\n"))
	if pages < 15 || pages > 30 {
		t.Errorf("%d pages", pages)
	}
	for n := range pages {
		if want := fmt.Sprintf("Page %d of %d\n", n+1, pages); !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	for n := range 500 {
		if !strings.Contains(text, fmt.Sprintf("Visit number %d\n", n+1)) {
			t.Errorf("line %d is missing", n+1)
		}
	}
	if got := strings.Count(text, "Unit price"); got != pages && got != pages-1 {
		t.Errorf("the columns are named %d times on %d pages", got, pages)
	}
	for _, at := range regexp.MustCompile(`BT [0-9.]+ (-?[0-9.]+) Td`).FindAllSubmatch(content, -1) {
		var y float64
		if _, err := fmt.Sscan(string(at[1]), &y); err != nil || y < 30 {
			t.Fatalf("text stands at %s points above the page's end", at[1])
		}
	}
}

// Protects evidence: what was sent can be drawn again to the same bytes.
func TestSameDocumentSameBytes(t *testing.T) {
	first, err := Draw(made())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := Draw(made())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("the same document was drawn to other bytes")
		}
	}
	if !bytes.Contains(first, []byte("/CreationDate (D:20260301120000Z)")) && !bytes.Contains(first, []byte("/CreationDate (D:20260301120000)")) {
		t.Error("the document is not dated by the invoice")
	}
}

// Protects the link: it can be pressed, and its target is the address given.
func TestPayLinkIsALink(t *testing.T) {
	content, err := draw(made(), false)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(content, []byte("/URI (https://pay.example.com/pay/made-up)")); n != 2 {
		t.Errorf("%d links to the page, want the button and the address", n)
	}
	d := made()
	d.PayLink = ""
	if text := drawn(t, d); strings.Contains(text, "Pay online") {
		t.Error("an invoice without a link says where to pay online")
	}
}

// Protects names: Latin, Greek and Cyrillic letters are drawn as they are, and
// what the typeface lacks is said to be missing.
func TestNamesOfManyScripts(t *testing.T) {
	d := made()
	d.Invoice.CustomerName = "Zażółć gęślą jaźń, Łódź, Ελλάδα, Київ, Đà Nẵng, İstanbul"
	if text := drawn(t, d); !strings.Contains(strings.ReplaceAll(text, "\n", " "), d.Invoice.CustomerName) || strings.Contains(text, "?") {
		t.Errorf("letters are missing in:\n%s", text)
	}
	d.Invoice.CustomerName = "\u6771\u4eac Ltd\r\nInjected"
	if text := drawn(t, d); !strings.Contains(text, "?? Ltd\nInjected") || !strings.Contains(text, "stands for each letter of a script") {
		t.Errorf("what is missing is not said in:\n%s", text)
	}
}

// Protects the supply: the typeface is the one VENDOR names, byte for byte.
func TestVendoredFilesAreTheOnesNamed(t *testing.T) {
	vendor, err := os.ReadFile("font/VENDOR")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(vendor)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(fields) == 0 {
			continue
		}
		content, err := os.ReadFile("font/" + fields[0])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != fields[4] {
			t.Errorf("%s is %s, VENDOR says %s", fields[0], got, fields[4])
		}
	}
}

func made() Document {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	i := remit.Invoice{
		Number: "INV-104", CustomerName: "Acme Properties", CustomerEmail: "ap@acme.example", Organisation: "/dev-v51/Branch A", Status: remit.InvoicePartiallyPaid,
		Seller: remit.Seller{Name: "Harbour Plumbing", TaxID: "12-3456789"}, Currency: "USD", Total: 160000, Outstanding: 90000, Applied: 70000,
		IssueDate: remit.Date{Year: 2026, Month: 3, Day: 1}, DueDate: remit.Date{Year: 2026, Month: 4, Day: 1}, SentAt: &at, CreatedAt: at,
		Lines: []remit.Line{
			{Description: "Burst pipe, 2nd floor", Quantity: "1.5", UnitPrice: "1000.00", Amount: 150000},
			{Description: "Valves, seals and a new stopcock for the riser in the north stairwell, fitted and tested under pressure", Quantity: "4", UnitPrice: "20", Amount: 8000},
		},
		Adjustments: []remit.Adjustment{{Kind: "allowance", Description: "Discount", Amount: -8000}, {Kind: "tax", Amount: 10000}},
	}
	i.Settings.Contact = "billing@harbour.example"
	i.Settings.BankTransfer = remit.BankTransfer{Enabled: true, Details: "Harbour Bank\nAccount 1234 5678\nRouting 110000000"}
	return Document{Invoice: i, Seller: "Harbour Plumbing", PayLink: "https://pay.example.com/pay/made-up", Zone: newYork}
}

func drawn(t *testing.T, d Document) string {
	t.Helper()
	content, err := draw(d, false)
	if err != nil {
		t.Fatal(err)
	}
	return textOf(t, content)
}

var shownText = regexp.MustCompile(`(?s)Td \((.*?)\) Tj ET`)

// textOf reads the strings an uncompressed document shows, a line each.
func textOf(t *testing.T, content []byte) string {
	t.Helper()
	var out strings.Builder
	for _, found := range shownText.FindAllSubmatch(content, -1) {
		raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAllFunc(found[1], func(escaped []byte) []byte {
			if escaped[1] == 'r' {
				return []byte{'\r'}
			}
			return escaped[1:]
		})
		units := make([]uint16, len(raw)/2)
		for n := range units {
			units[n] = uint16(raw[2*n])<<8 | uint16(raw[2*n+1])
		}
		out.WriteString(string(utf16.Decode(units)) + "\n")
	}
	return out.String()
}

package ubl_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"remit"
	"remit/invoicefile/ubl"
)

// broken is a document with one thing changed, and what is said of that.
type broken struct {
	file, old, changed string
	field              string
	says               []string
}

// Protects the amount to pay from a document whose figures do not agree: each
// broken rule is named with its line and both figures, and nothing is adjusted.
func TestBrokenRules(t *testing.T) {
	for _, c := range []broken{
		{"full.xml", `<cbc:LineExtensionAmount currencyID="EUR">1128.83`, `<cbc:LineExtensionAmount currencyID="EUR">1128.84`, "LegalMonetaryTotal/LineExtensionAmount", []string{"Line 102, BR-CO-10: ", "€1,128.84", "€1,128.83"}},
		{"full.xml", `<cbc:AllowanceTotalAmount currencyID="EUR">100.00`, `<cbc:AllowanceTotalAmount currencyID="EUR">0.00`, "LegalMonetaryTotal/AllowanceTotalAmount", []string{"BR-CO-11: ", "€0.00", "€100.00"}},
		{"full.xml", `<cbc:AllowanceTotalAmount currencyID="EUR">100.00</cbc:AllowanceTotalAmount>`, ``, "LegalMonetaryTotal", []string{"BR-CO-11: ", "€0.00", "€100.00"}},
		{"full.xml", `<cbc:ChargeTotalAmount currencyID="EUR">20.00`, `<cbc:ChargeTotalAmount currencyID="EUR">20.01`, "LegalMonetaryTotal/ChargeTotalAmount", []string{"BR-CO-12: ", "€20.01", "€20.00"}},
		{"full.xml", `<cbc:TaxExclusiveAmount currencyID="EUR">1048.83`, `<cbc:TaxExclusiveAmount currencyID="EUR">1148.83`, "LegalMonetaryTotal/TaxExclusiveAmount", []string{"BR-CO-13: ", "€1,148.83", "€1,048.83"}},
		{"full.xml", `<cbc:TaxAmount currencyID="EUR">236.73`, `<cbc:TaxAmount currencyID="EUR">236.37`, "TaxTotal[1]/TaxAmount", []string{"BR-CO-14: ", "€236.37", "€236.73"}},
		{"full.xml", `<cbc:TaxInclusiveAmount currencyID="EUR">1285.56`, `<cbc:TaxInclusiveAmount currencyID="EUR">1285.57`, "LegalMonetaryTotal/TaxInclusiveAmount", []string{"BR-CO-15: ", "€1,285.57", "€1,285.56"}},
		{"full.xml", `<cbc:PayableAmount currencyID="EUR">1085.60`, `<cbc:PayableAmount currencyID="EUR">1285.60`, "LegalMonetaryTotal/PayableAmount", []string{"BR-CO-16: ", "€1,285.60", "€1,085.60"}},
		{"full.xml", `<cbc:PrepaidAmount currencyID="EUR">200.00`, `<cbc:PrepaidAmount currencyID="EUR">0`, "LegalMonetaryTotal/PayableAmount", []string{"BR-CO-16: ", "€1,085.60", "€1,285.60"}},
		{"full.xml", `<cbc:PayableRoundingAmount currencyID="EUR">0.04`, `<cbc:PayableRoundingAmount currencyID="EUR">-0.04`, "LegalMonetaryTotal/PayableAmount", []string{"BR-CO-16: ", "€1,085.60", "€1,085.52"}},
		{"yen.xml", "<cbc:TaxAmount currencyID=\"JPY\">102</cbc:TaxAmount>\n      <", "<cbc:TaxAmount currencyID=\"JPY\">101</cbc:TaxAmount>\n      <", "TaxTotal/TaxSubtotal/TaxAmount", []string{"BR-CO-17: ", "10 %", "¥101", "¥102"}},
		{"zero.xml", "<cbc:TaxAmount currencyID=\"GBP\">0.00</cbc:TaxAmount>\n      <", "<cbc:TaxAmount currencyID=\"GBP\">0.01</cbc:TaxAmount>\n      <", "TaxTotal/TaxSubtotal/TaxAmount", []string{"BR-Z-09: ", "£0.01", "£0.00"}},
		{"zero.xml", `  <cac:PaymentTerms><cbc:Note>30 days</cbc:Note></cac:PaymentTerms>`, ``, "Invoice", []string{"BR-CO-25: ", "£3.45"}},
		{"zero.xml", `<cac:TaxTotal>`, `<cac:WithholdingTaxTotal></cac:WithholdingTaxTotal><cac:TaxTotal>`, "", nil},
		{"zero.xml", `<cbc:TaxableAmount currencyID="GBP">3.45`, `<cbc:TaxableAmount currencyID="GBP">3.54`, "TaxTotal/TaxSubtotal/TaxableAmount", []string{"BR-Z-08: ", "£3.54", "£3.45"}},
		{"zero.xml", `<cbc:ID>Z</cbc:ID><cbc:Percent>0</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>`, `<cbc:ID>E</cbc:ID><cbc:Percent>0</cbc:Percent></cac:ClassifiedTaxCategory>`, "", []string{"BR-Z-08: ", "£3.45", "£0.00"}},
		{"reverse.xml", `<A:ClassifiedTaxCategory><b:ID>AE</b:ID><b:Percent>0<`, `<A:ClassifiedTaxCategory><b:ID>AE</b:ID><b:Percent>19<`, "InvoiceLine", []string{"BR-AE-05: ", "19 %", "0 %"}},
		{"outside.xml", `<cac:ClassifiedTaxCategory><cbc:ID>O</cbc:ID>`, `<cac:ClassifiedTaxCategory><cbc:ID>O</cbc:ID><cbc:Percent>0</cbc:Percent>`, "InvoiceLine", []string{"BR-O-05: "}},
		{"full.xml", `<cbc:ID>E</cbc:ID><cbc:Percent>0</cbc:Percent>`, `<cbc:ID>O</cbc:ID>`, "", []string{"BR-O-11: "}},
		{"yen.xml", `<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>10<`, `<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>0<`, "InvoiceLine[1]", []string{"BR-S-05: ", "0 %"}},
		{"full.xml", `<cbc:ID>S</cbc:ID><cbc:Percent>12.0<`, `<cbc:ID>S</cbc:ID><cbc:Percent>25<`, "", []string{"BR-S-08: ", "€899.00", "€919.00"}},
		{"full.xml", `<cbc:ID>S</cbc:ID><cbc:Percent>12.0<`, `<cbc:ID>E</cbc:ID><cbc:Percent>7<`, "AllowanceCharge[2]", []string{"BR-E-07: ", "7 %", "0 %"}},
		{"full.xml", `<cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>`, `<cbc:ID>Z</cbc:ID><cbc:Percent>1</cbc:Percent></cac:TaxCategory>`, "AllowanceCharge[1]", []string{"BR-Z-06: "}},
		{"full.xml", `<cbc:TaxAmount currencyID="EUR">224.75</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25.00<`, `<cbc:TaxAmount currencyID="EUR">224.75</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25.1<`, "", []string{"BR-S-08: ", "€899.00", "€0.00"}},
		{"full.xml", `<cbc:InvoicedQuantity unitCode="HUR">10`, `<cbc:InvoicedQuantity unitCode="HUR">11`, "InvoiceLine[1]/LineExtensionAmount", []string{"PEPPOL-EN16931-R120: ", "€1,000.00", "€1,100.00"}},
		{"full.xml", `<cbc:BaseQuantity unitCode="KGM">100`, `<cbc:BaseQuantity unitCode="KGM">0`, "InvoiceLine[3]", []string{"PEPPOL-EN16931-R121: "}},
		{"full.xml", `<cbc:MultiplierFactorNumeric>10<`, `<cbc:MultiplierFactorNumeric>11<`, "AllowanceCharge[1]/Amount", []string{"PEPPOL-EN16931-R040: ", "€100.00", "€110.00"}},
		{"full.xml", `<cbc:BaseAmount currencyID="EUR">120<`, `<cbc:BaseAmount currencyID="EUR">130<`, "InvoiceLine[1]/Price/PriceAmount", []string{"PEPPOL-EN16931-R046: ", "100", "110"}},
		{"full.xml", `<cbc:PriceAmount currencyID="EUR">1.0<`, `<cbc:PriceAmount currencyID="EUR">-1.0<`, "InvoiceLine[2]/Price/PriceAmount", []string{"BR-27: "}},
		{"full.xml", `<cbc:PayableAmount currencyID="EUR">`, `<cbc:PayableAmount currencyID="SEK">`, "LegalMonetaryTotal/PayableAmount", []string{"PEPPOL-EN16931-R051: ", "SEK", "EUR"}},
		{"full.xml", `<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">`, `<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">`, "TaxTotal[2]", []string{"PEPPOL-EN16931-R053: "}},
	} {
		c.check(t)
	}
}

// Protects the fields of an invoice: what is missing, given twice or no value of
// its kind is refused where it stands, by its name.
func TestBrokenFields(t *testing.T) {
	amount := func(text string, says ...string) broken {
		return broken{"full.xml", `<cbc:PayableAmount currencyID="EUR">1085.60<`, `<cbc:PayableAmount currencyID="EUR">` + text + `<`, "LegalMonetaryTotal/PayableAmount", append(says, "Line 109", "EUR")}
	}
	for _, c := range []broken{
		amount("1e9999"), amount("1085.600"), amount("NaN"), amount("92233720368547758.08", "too large"), amount(""), amount("1,085.60"), amount("."), amount("+-5"),
		{"yen.xml", `<cbc:PayableAmount currencyID="JPY">1118<`, `<cbc:PayableAmount currencyID="JPY">1.5<`, "LegalMonetaryTotal/PayableAmount", []string{"JPY has no decimals"}},
		{"full.xml", `<cbc:InvoicedQuantity unitCode="HUR">10<`, `<cbc:InvoicedQuantity unitCode="HUR">1e1<`, "InvoiceLine[1]/InvoicedQuantity", []string{"1e1"}},
		{"full.xml", `<cbc:ID>R-2026-17</cbc:ID>`, ``, "Invoice", []string{"BR-02", "ID is missing"}},
		{"full.xml", `<cbc:ID>R-2026-17</cbc:ID>`, `<cbc:ID>R</cbc:ID><cbc:ID>S</cbc:ID>`, "ID[2]", []string{"twice"}},
		{"full.xml", `<cbc:IssueDate>2026-03-02</cbc:IssueDate>`, ``, "Invoice", []string{"BR-03"}},
		{"full.xml", `<cbc:IssueDate>2026-03-02</cbc:IssueDate>`, `<cbc:IssueDate>02.03.2026</cbc:IssueDate>`, "IssueDate", []string{"PEPPOL-EN16931-F001", "02.03.2026"}},
		{"full.xml", `<cbc:DueDate>2026-04-01`, `<cbc:DueDate>2026-03-01`, "DueDate", []string{"Due on 2026-03-01, before it was issued on 2026-03-02"}},
		{"full.xml", `<cbc:InvoiceTypeCode>380`, `<cbc:InvoiceTypeCode>325`, "InvoiceTypeCode", []string{"neither of an invoice to be paid nor of a credit note"}},
		{"full.xml", `<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>`, ``, "Invoice", []string{"BR-04"}},
		{"full.xml", `<cbc:DocumentCurrencyCode>EUR`, `<cbc:DocumentCurrencyCode>XXX`, "DocumentCurrencyCode", []string{"BR-CL-04", "XXX"}},
		{"full.xml", `<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>`, ``, "Invoice", []string{"BR-05"}},
		{"full.xml", `<cbc:RegistrationName>North Consulting AB</cbc:RegistrationName>`, ``, "AccountingSupplierParty/Party", []string{"BR-06"}},
		{"full.xml", `AccountingCustomerParty>`, `OriginatorCustomerParty>`, "Invoice", []string{"BR-07"}},
		{"full.xml", `schemeID="EM">invoices@acme.example<`, `schemeID="EM">at acme<`, "AccountingCustomerParty/Party/EndpointID", []string{"is not an e-mail address"}},
		{"full.xml", `<cbc:Name>Coffee</cbc:Name>`, ``, "InvoiceLine[3]", []string{"BR-25"}},
		{"full.xml", `<cac:ClassifiedTaxCategory><cbc:ID>S<`, `<cac:ClassifiedTaxCategory><cbc:ID>X<`, "InvoiceLine[1]/Item/ClassifiedTaxCategory", []string{"BR-CL-17", "X"}},
		{"full.xml", `<cbc:ChargeIndicator>false`, `<cbc:ChargeIndicator>no`, "AllowanceCharge[1]", []string{"PEPPOL-EN16931-R043"}},
		{"full.xml", "<cbc:Name>Coffee", "<cbc:Name>Cof\u0085fee", "InvoiceLine[3]/Item/Name", []string{"control character"}},
		{"full.xml", `<cbc:Name>Coffee`, `<cbc:Name>` + strings.Repeat("Coffee", 40), "InvoiceLine[3]/Item/Name", []string{"longer than 200 characters"}},
		{"full.xml", `InvoiceLine>`, `CreditNoteLine>`, "Invoice", []string{"BR-16"}},
		{"full.xml", `<cbc:PaymentID>`, `<PaymentID>`, "file", nil},
	} {
		c.check(t)
	}
}

func (c broken) check(t *testing.T) {
	t.Helper()
	whole := document(t, c.file)
	if !strings.Contains(whole, c.old) {
		t.Errorf("%s has no %s", c.file, c.old)
		return
	}
	changed := strings.Replace(whole, c.old, c.changed, 1)
	if strings.HasSuffix(c.old, "Party>") || strings.HasSuffix(c.old, "Line>") {
		changed = strings.ReplaceAll(whole, c.old, c.changed)
	}
	_, err := ubl.Read(strings.NewReader(changed))
	if c.field == "" && c.says == nil {
		if err != nil {
			t.Errorf("%s is refused: %v", c.changed, err)
		}
		return
	}
	problem, ok := errors.AsType[*remit.Error](err)
	if !ok || problem.Kind != remit.KindInvalid {
		t.Errorf("%s: %v", c.changed, err)
		return
	}
	if field := problem.Fields[0].Field; c.field != "" && field != c.field {
		t.Errorf("%s is said of %s: %v", c.changed, field, err)
	}
	for _, says := range c.says {
		if !strings.Contains(problem.Message, says) {
			t.Errorf("%s: %q is not in %s", c.changed, says, problem.Message)
		}
	}
}

// Protects every single figure: whichever one of a document is changed by
// itself, the document is refused, so that none goes unlooked at.
func TestNoFigureChangesAlone(t *testing.T) {
	figure := regexp.MustCompile(`currencyID="(EUR|JPY|GBP|KWD|CHF)">(-?)([0-9]+)`)
	for _, file := range []string{"full.xml", "zero.xml", "reverse.xml", "yen.xml", "dinar.xml", "outside.xml", "islands.xml"} {
		whole := document(t, file)
		found := figure.FindAllStringSubmatchIndex(whole, -1)
		if len(found) < 8 {
			t.Errorf("%s has %d figures", file, len(found))
		}
		for _, at := range found {
			figure, err := strconv.Atoi(whole[at[6]:at[7]])
			if err != nil {
				t.Fatal(err)
			}
			changed := whole[:at[6]] + strconv.Itoa(figure+1) + whole[at[7]:]
			if invoice, err := ubl.Read(strings.NewReader(changed)); err == nil {
				t.Errorf("%s: %s… became %d, and %s is to be paid", file, whole[at[0]-30:at[7]], figure+1, invoice.Payable)
			}
		}
	}
}

// Protects T22 in sums too: figures that fit by themselves and not together are
// refused, and none wraps around.
func TestTooLargeTogether(t *testing.T) {
	whole := document(t, "islands.xml")
	for _, huge := range []string{"92233720368547758.07", "-92233720368547758.08"} {
		line := fmt.Sprintf(`<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount currencyID="EUR">%s</cbc:Amount>`+
			`<cac:TaxCategory><cbc:ID>L</cbc:ID><cbc:Percent>0</cbc:Percent></cac:TaxCategory></cac:AllowanceCharge>`, huge)
		changed := strings.Replace(whole, "<cac:TaxTotal>", line+line+"<cac:TaxTotal>", 1)
		if _, err := ubl.Read(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: %v", huge, err)
		}
	}
}

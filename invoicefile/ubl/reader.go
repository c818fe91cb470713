package ubl

import (
	"slices"
	"strings"

	"remit/money"
)

// reader makes an invoice of a document's elements. The first thing wrong is
// its error; what is read after that is of no consequence.
type reader struct {
	root    *element
	invoice Invoice
	err     error

	names       struct{ code, line, quantity string } // what the document calls them
	lines       []*element                            // of invoice.Lines
	adjustments []*element                            // of invoice.Adjustments
	taxes       []*element                            // of invoice.Taxes
	totals      *element
	negative    bool // an invoice that asks for less than nothing, which is a credit
}

func (r *reader) read() {
	r.kind()
	if r.err != nil {
		return
	}
	i, root := &r.invoice, r.root
	i.Number = r.required("BR-02", maxNumber, root, "cbc:ID")
	if len(i.Number) > maxNumber {
		r.fail(r.one(root, "cbc:ID"), "", "ID is longer than %d bytes.", maxNumber)
	}
	i.IssueDate, i.DueDate = r.date(root, "cbc:IssueDate"), r.date(root, "cbc:DueDate")
	if i.IssueDate.IsZero() {
		r.missing(root, "BR-03", "cbc:IssueDate")
	}
	if !i.DueDate.IsZero() && i.DueDate.Before(i.IssueDate) {
		r.fail(r.one(root, "cbc:DueDate"), "", "Due on %s, before it was issued on %s.", i.DueDate, i.IssueDate)
	}
	for _, note := range root.all("cbc:Note") {
		i.Notes = append(i.Notes, r.prose(note, maxNote))
	}
	if terms := r.one(root, "cac:PaymentTerms", "cbc:Note"); terms != nil {
		i.PaymentTerms = r.prose(terms, maxNote)
	}
	i.Seller = r.party("BR-06", "cac:AccountingSupplierParty")
	i.Buyer = r.party("BR-07", "cac:AccountingCustomerParty")
	r.paymentMeans()
	r.references()
	r.billed()
	r.taxed()
	for _, check := range []func(){r.payable, r.vat, r.total} {
		if r.err == nil {
			check()
		}
	}
}

// What a type code (UNTDID 1001) makes of a document. Codes of neither list are
// no demand for payment and no credit, such as 325, a proforma invoice.
var (
	invoiceCodes = []string{
		"71", "80", "82", "84", "102", "218", "219", "326", "331", "380", "382", "383", "384", "385", "386", "387", "388", "389",
		"390", "393", "394", "395", "456", "457", "527", "553", "575", "623", "633", "780", "817", "870", "875", "876", "877", "935",
	}
	creditCodes = []string{"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"}
)

// documentNames are what the two documents call the same things.
var documentNames = map[string]struct{ code, line, quantity string }{
	"Invoice":    {"cbc:InvoiceTypeCode", "cac:InvoiceLine", "cbc:InvoicedQuantity"},
	"CreditNote": {"cbc:CreditNoteTypeCode", "cac:CreditNoteLine", "cbc:CreditedQuantity"},
}

// kind refuses what is neither an invoice nor a credit note, and finds the
// currency. UBL has a document of its own for credit notes; a code of one is
// taken in an Invoice too.
func (r *reader) kind() {
	names := documentNames[r.root.name]
	code := r.required("BR-04", maxName, r.root, names.code)
	switch at := r.one(r.root, names.code); {
	case r.err != nil:
		return
	case slices.Contains(creditCodes, code):
		r.invoice.Credit = true
	case r.root.name == "CreditNote":
		r.fail(at, "", "CreditNoteTypeCode %s is not of a credit note.", shortened(code))
	case !slices.Contains(invoiceCodes, code):
		r.fail(at, "", "InvoiceTypeCode %s is neither of an invoice to be paid nor of a credit note.", shortened(code))
	}
	r.names = names
	code = r.required("BR-05", maxName, r.root, "cbc:DocumentCurrencyCode")
	currency, err := money.ParseCurrency(code)
	if r.err == nil && (err != nil || string(currency) != code) {
		r.fail(r.one(r.root, "cbc:DocumentCurrencyCode"), "BR-CL-04", "%q is not an ISO 4217 currency.", shortened(code))
	}
	r.invoice.Currency = currency
}

func (r *reader) party(rule, role string) Party {
	from := r.one(r.root, role, "cac:Party")
	if from == nil {
		r.missing(r.root, rule, role, "cac:Party")
		return Party{}
	}
	p := Party{
		Name:      r.required(rule, maxName, from, "cac:PartyLegalEntity", "cbc:RegistrationName"),
		CompanyID: r.text(maxName, from, "cac:PartyLegalEntity", "cbc:CompanyID"),
		Contact:   Contact{Name: r.text(maxName, from, "cac:Contact", "cbc:Name"), Phone: r.text(maxName, from, "cac:Contact", "cbc:Telephone")},
	}
	for _, identification := range from.all("cac:PartyIdentification") {
		// SEPA is the scheme of a creditor's mandate reference, no id of the party.
		if id := r.one(identification, "cbc:ID"); p.ID == "" && id != nil && id.scheme != "SEPA" {
			p.ID = r.text(maxName, identification, "cbc:ID")
		}
	}
	for _, scheme := range from.all("cac:PartyTaxScheme") {
		if id := r.text(maxName, scheme, "cbc:CompanyID"); p.TaxID == "" || r.text(maxName, scheme, "cac:TaxScheme", "cbc:ID") == "VAT" {
			p.TaxID = id
		}
	}
	p.Contact.Email = r.email(r.one(from, "cac:Contact", "cbc:ElectronicMail"))
	if endpoint := r.one(from, "cbc:EndpointID"); p.Contact.Email == "" && endpoint != nil && endpoint.scheme == "EM" {
		p.Contact.Email = r.email(endpoint)
	}
	if address := r.one(from, "cac:PostalAddress"); address != nil {
		p.Address = r.address(address)
	}
	return p
}

func (r *reader) address(from *element) Address {
	a := Address{
		City: r.text(maxName, from, "cbc:CityName"), PostalCode: r.text(maxName, from, "cbc:PostalZone"), Region: r.text(maxName, from, "cbc:CountrySubentity"),
		Country: r.text(maxName, from, "cac:Country", "cbc:IdentificationCode"),
	}
	for _, path := range [][]string{{"cbc:StreetName"}, {"cbc:AdditionalStreetName"}, {"cac:AddressLine", "cbc:Line"}} {
		if line := r.text(maxName, from, path...); line != "" {
			a.Street = append(a.Street, line)
		}
	}
	return a
}

func (r *reader) paymentMeans() {
	for _, from := range r.root.all("cac:PaymentMeans") {
		means := PaymentMeans{Code: r.text(maxName, from, "cbc:PaymentMeansCode"), Reference: r.text(maxName, from, "cbc:PaymentID")}
		if account := r.one(from, "cac:PayeeFinancialAccount"); account != nil {
			means.Account = strings.ReplaceAll(r.text(maxName, account, "cbc:ID"), " ", "")
			means.AccountName = r.text(maxName, account, "cbc:Name")
			means.BIC = r.text(maxName, account, "cac:FinancialInstitutionBranch", "cbc:ID")
		}
		r.invoice.PaymentMeans = append(r.invoice.PaymentMeans, means)
	}
}

func (r *reader) references() {
	to := &r.invoice.References
	to.Buyer = r.text(maxName, r.root, "cbc:BuyerReference")
	to.Order = r.text(maxName, r.root, "cac:OrderReference", "cbc:ID")
	to.SalesOrder = r.text(maxName, r.root, "cac:OrderReference", "cbc:SalesOrderID")
	to.Contract = r.text(maxName, r.root, "cac:ContractDocumentReference", "cbc:ID")
	for _, from := range r.root.all("cac:BillingReference") {
		if document := r.one(from, "cac:InvoiceDocumentReference"); document != nil {
			to.Preceding = append(to.Preceding, Preceding{Number: r.required("BR-55", maxName, document, "cbc:ID"), IssueDate: r.date(document, "cbc:IssueDate")})
		}
	}
}

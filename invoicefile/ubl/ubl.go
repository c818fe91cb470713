// Package ubl reads invoices and credit notes in UBL 2.1 as EN 16931 and Peppol BIS Billing 3
// use it.
//
// It owns the form of one document: its syntax, its figures, and the rules by
// which they must agree. It does not own what becomes of it: whose customer the
// buyer is, what terms hold where no due date is given, whether the currency is
// one the organisation takes.
//
// Invariants: memory is bounded by constants, whatever the bytes (see
// [MaxBytes]), and nothing is decoded before the whole text was scanned; no
// reference out of the document is followed; a figure is taken as written or
// refused, never adjusted; every sum that the amount to pay rests on is made
// again, to the minor unit and without the tolerance that some validators allow.
//
// Rules are named as EN 16931 does (BR-CO-10, BR-S-08) and Peppol
// (PEPPOL-EN16931-R120). Those of form alone, such as which address a seller
// must have, are left to validators.
package ubl

import (
	"io"

	"remit"
	"remit/money"
)

// Bounds of a document. The first is its size; the others hold it small in
// memory too, where an element of four bytes takes a hundred.
const (
	MaxBytes = 8 << 20

	maxDepth      = 64
	maxElements   = 200_000
	maxAttributes = 200_000 // of all elements
	maxText       = 1 << 20 // bytes of one text, comment or tag
)

// What an invoice can hold once it is in, as of one that is typed in.
const (
	maxLines       = 1000
	maxAdjustments = 100
)

// Invoice is an invoice or a credit note as its document says, its figures
// checked against each other. All amounts are in Currency, and Payable is not
// negative: of a credit note, it is what is credited.
type Invoice struct {
	Credit       bool // a credit note, or an invoice over less than nothing
	Number       string
	IssueDate    remit.Date
	DueDate      remit.Date // zero where only PaymentTerms say when; else never before IssueDate
	PaymentTerms string
	Currency     money.Currency
	Seller       Party
	Buyer        Party
	Lines        []Line // one at least
	Adjustments  []AllowanceCharge
	Taxes        []Tax
	Prepaid      money.Amount
	Rounding     money.Amount
	Payable      money.Amount
	PaymentMeans []PaymentMeans
	References   References
	Notes        []string
}

// Party is who sells or who buys.
type Party struct {
	Name      string // as registered
	ID        string // the first that was given for it, often the other party's own
	TaxID     string // its VAT number, or another tax registration where it has none
	CompanyID string // in its country's register
	Address   Address
	Contact   Contact
}

// Address is a postal address, of which anything may be empty.
type Address struct {
	Street     []string
	City       string
	PostalCode string
	Region     string
	Country    string // ISO 3166-1, two letters
}

// Contact is whom to ask at a party. Email is an address or empty.
type Contact struct{ Name, Phone, Email string }

// Line is one thing billed: Quantity × UnitPrice ÷ BaseQuantity, plus what its
// own allowances and charges add, makes Amount.
type Line struct {
	Name         string
	Description  string
	Quantity     string // decimal, may be negative
	Unit         string // UN/ECE Recommendation 20, such as HUR
	UnitPrice    string // decimal, in major units, not negative
	BaseQuantity string // decimal, positive: how many UnitPrice is for
	Adjustments  []AllowanceCharge
	Amount       money.Amount
	Category     Category
}

// AllowanceCharge is an allowance, whose Amount is taken off, or a charge.
type AllowanceCharge struct {
	Charge   bool
	Reason   string
	Amount   money.Amount // as written: an allowance's is positive
	Category Category     // of a whole invoice's; a line's has its line's
}

// Category is how something is taxed: a code of EN 16931 (S, Z, E, AE, K, G, O,
// L or M) and a rate in percent, a decimal, empty where there is none.
type Category struct{ Code, Rate string }

// Tax is the tax of one category.
type Tax struct {
	Category Category
	Scheme   string // such as VAT
	Exempt   string // why nothing is due, where it is said
	Taxable  money.Amount
	Amount   money.Amount
}

// PaymentMeans is one way the seller asks to be paid. The buyer's own account
// or card is not read.
type PaymentMeans struct {
	Code        string // UNCL 4461, such as 30 for a credit transfer
	Reference   string // to be given with the payment
	Account     string // an IBAN, or a number within BIC
	AccountName string
	BIC         string
}

// References are to what the invoice rests on; any may be empty.
type References struct {
	Buyer, Order, SalesOrder, Contract string
	Preceding                          []Preceding
}

// Preceding is an earlier invoice that this one follows.
type Preceding struct {
	Number    string
	IssueDate remit.Date // zero where it is not given
}

// Read reads one document to its end.
//
// The error is a [remit.Error] that names the line, the element and, where a
// rule is broken, the rule: of kind [remit.KindUnsupported] for an archive,
// [remit.KindTooLarge] above MaxBytes, else [remit.KindInvalid]. Anything else is
// the underlying reader's.
func Read(from io.Reader) (Invoice, error) {
	document, err := io.ReadAll(io.LimitReader(from, MaxBytes+1))
	if err != nil {
		return Invoice{}, err
	}
	if len(document) > MaxBytes {
		return Invoice{}, remit.Errorf(remit.KindTooLarge, "file_too_large", "The document is larger than %d MiB.", MaxBytes>>20)
	}
	if err := scan(document); err != nil {
		return Invoice{}, err
	}
	root, err := decode(document)
	if err != nil {
		return Invoice{}, err
	}
	r := reader{root: root}
	r.read()
	if r.err != nil {
		return Invoice{}, r.err
	}
	return r.invoice, nil
}

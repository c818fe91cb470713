package ubl

import (
	"strings"

	"github.com/shopspring/decimal"

	"remit"
	"remit/money"
)

// Input is the invoice, which must be no credit note, as Remit takes invoices in. Organisation and customer
// are the caller's to add, and DueDate where the document has none. Its Total is
// what the document wants paid, so that it is checked once more when lines and
// adjustments are added up.
func (i Invoice) Input() remit.InvoiceInput {
	payable := i.Payable.Minor
	in := remit.InvoiceInput{
		Number: i.Number, Seller: remit.Seller{Name: i.Seller.Name, TaxID: i.Seller.TaxID}, Currency: string(i.Currency),
		IssueDate: i.IssueDate, DueDate: i.DueDate, Total: &payable,
	}
	for _, line := range i.Lines {
		in.Lines = append(in.Lines, line.input())
	}
	for _, adjustment := range i.Adjustments {
		kind := "allowance"
		if adjustment.Charge {
			kind = "charge"
		}
		in.Adjustments = append(in.Adjustments, remit.Adjustment{Kind: kind, Description: adjustment.Reason, Amount: adjustment.signed().Minor})
	}
	for _, tax := range i.Taxes {
		in.Adjustments = append(in.Adjustments, remit.Adjustment{Kind: "tax", Description: tax.said(), Amount: tax.Amount.Minor})
	}
	if i.Prepaid.Minor != 0 {
		in.Adjustments = append(in.Adjustments, remit.Adjustment{Kind: "prepaid", Description: "Paid before", Amount: -i.Prepaid.Minor})
	}
	if i.Rounding.Minor != 0 {
		in.Adjustments = append(in.Adjustments, remit.Adjustment{Kind: "rounding", Description: "Rounding", Amount: i.Rounding.Minor})
	}
	return in
}

// input is a line of the same amount. Quantity and price stay where they make
// it by themselves; else, with the line's own allowances or a price that has no
// end in decimals, the line is of its amount alone and says how it came about.
func (l Line) input() remit.Line {
	line := remit.Line{Description: l.Name, Quantity: l.Quantity, UnitPrice: l.UnitPrice, Amount: l.Amount.Minor}
	if l.Description != "" && l.Description != l.Name {
		line.Description += ": " + l.Description
	}
	if price, ok := l.each(); ok {
		line.UnitPrice = price
		return line
	}
	made := l.Quantity + " × " + l.UnitPrice
	if l.BaseQuantity != "1" {
		made += " per " + l.BaseQuantity
	}
	for _, adjustment := range l.Adjustments {
		made += ", " + adjustment.Reason + " " + adjustment.signed().Decimal()
	}
	line.Description += " (" + made + ")"
	line.Quantity, line.UnitPrice = "1", l.Amount.Decimal()
	return line
}

// each is the price of one, if quantity × that is the line's amount.
func (l Line) each() (price string, ok bool) {
	if l.BaseQuantity == "1" {
		price = l.UnitPrice
	} else {
		whole, err := decimal.NewFromString(l.UnitPrice)
		if err != nil {
			return "", false
		}
		base, err := decimal.NewFromString(l.BaseQuantity)
		if err != nil {
			return "", false
		}
		one := whole.DivRound(base, 12)
		if !one.Mul(base).Equal(whole) {
			return "", false
		}
		price = one.String()
	}
	each, err := money.ParseNumber(price)
	if err != nil {
		return "", false
	}
	quantity, err := money.ParseNumber(l.Quantity)
	if err != nil {
		return "", false
	}
	makes, err := money.Product(quantity, each, l.Amount.Currency)
	return price, err == nil && makes == l.Amount && len(l.Adjustments) == 0
}

// said is what a tax is called: "VAT 25%", "VAT 0%: Reverse charge".
func (t Tax) said() string {
	said := []string{t.Scheme}
	if t.Scheme == "" {
		said[0] = "Tax"
	}
	if t.Category.Rate != "" {
		said = append(said, t.Category.Rate+"%")
	}
	text := strings.Join(said, " ")
	why := t.Exempt
	if why == "" {
		why = untaxed[t.Category.Code]
	}
	if why != "" {
		text += ": " + why
	}
	return text
}

// untaxed is why nothing is due, where the document gives a code alone.
var untaxed = map[string]string{
	"E": "Exempt", "AE": "Reverse charge", "K": "Intra-Community supply", "G": "Export", "O": "Outside the scope of tax",
}

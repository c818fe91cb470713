package ubl

import (
	"slices"

	"github.com/shopspring/decimal"

	"remit/money"
)

// billed reads the lines, and the allowances and charges of the whole.
func (r *reader) billed() {
	r.lines = r.root.all(r.names.line)
	switch {
	case len(r.lines) == 0:
		r.missing(r.root, "BR-16", r.names.line)
	case len(r.lines) > maxLines:
		r.fail(r.lines[maxLines], "", "There are more than %d lines.", maxLines)
	}
	for _, at := range r.lines {
		if r.err != nil {
			return
		}
		r.invoice.Lines = append(r.invoice.Lines, r.line(at))
	}
	r.adjustments = r.root.all("cac:AllowanceCharge")
	if len(r.adjustments) > maxAdjustments {
		r.fail(r.adjustments[maxAdjustments], "", "There are more than %d allowances and charges.", maxAdjustments)
	}
	for _, at := range r.adjustments {
		if r.err != nil {
			return
		}
		rule := "BR-32"
		adjustment := r.allowanceCharge(at)
		if adjustment.Charge {
			rule = "BR-37"
		}
		adjustment.Category = r.category(rule, at, "cac:TaxCategory")
		r.invoice.Adjustments = append(r.invoice.Adjustments, adjustment)
	}
}

func (r *reader) line(at *element) Line {
	line := Line{
		Name:   r.required("BR-25", maxName, at, "cac:Item", "cbc:Name"),
		Amount: r.requiredAmount("BR-24", at, "cbc:LineExtensionAmount"),
	}
	if description := r.one(at, "cac:Item", "cbc:Description"); description != nil {
		line.Description = r.prose(description, maxNote)
	}
	for _, from := range at.all("cac:AllowanceCharge") {
		line.Adjustments = append(line.Adjustments, r.allowanceCharge(from))
	}
	if len(line.Adjustments) > maxAdjustments {
		r.fail(at, "", "The line has more than %d allowances and charges.", maxAdjustments)
	}
	line.Category = r.category("BR-CO-04", at, "cac:Item", "cac:ClassifiedTaxCategory")

	var quantity, price, base decimal.Decimal
	line.Quantity, quantity = r.number(at, r.names.quantity)
	if line.Quantity == "" {
		r.missing(at, "BR-22", r.names.quantity)
	} else {
		line.Unit = shortened(r.one(at, r.names.quantity).unit)
	}
	line.UnitPrice, price = r.price(at)
	if line.BaseQuantity, base = r.number(at, "cac:Price", "cbc:BaseQuantity"); line.BaseQuantity == "" {
		line.BaseQuantity, base = "1", decimal.NewFromInt(1)
	}
	if !base.IsPositive() {
		r.fail(at, "PEPPOL-EN16931-R121", "BaseQuantity is %s. A price is for more than nothing.", line.BaseQuantity)
	}
	if r.err != nil {
		return line
	}
	r.lineAmount(at, line, quantity.Mul(price), base)
	return line
}

// price is the net price, which is the gross price less its discount where both
// are given.
func (r *reader) price(line *element) (string, decimal.Decimal) {
	text, net := r.number(line, "cac:Price", "cbc:PriceAmount")
	if text == "" {
		r.missing(line, "BR-26", "cac:Price", "cbc:PriceAmount")
		return "", net
	}
	at := r.one(line, "cac:Price", "cbc:PriceAmount")
	if r.inCurrency(at) && net.IsNegative() {
		r.fail(at, "BR-27", "PriceAmount is %s. A price is not negative; the quantity may be.", text)
	}
	discount := r.one(line, "cac:Price", "cac:AllowanceCharge")
	if grossText, gross := r.number(discount, "cbc:BaseAmount"); grossText != "" {
		r.inCurrency(r.one(discount, "cbc:BaseAmount"))
		_, less := r.number(discount, "cbc:Amount")
		if makes := gross.Sub(less); !makes.Equal(net) {
			r.fail(at, "PEPPOL-EN16931-R046", "PriceAmount is given as %s, but the gross price of %s less %s makes %s.", text, gross, less, makes)
		}
	}
	return text, net
}

// lineAmount holds a line's amount against price × quantity, divided by the
// quantity that the price is for, and the line's own allowances and charges.
func (r *reader) lineAmount(at *element, line Line, product, base decimal.Decimal) {
	amount := r.one(at, "cbc:LineExtensionAmount")
	exponent, _ := r.invoice.Currency.Exponent()
	makes, err := money.Product(decimal.NewFromInt(1), product.DivRound(base, int32(exponent)), r.invoice.Currency) //nolint:gosec // at most 4
	if err != nil {
		r.fail(amount, "", "%s × %s is too large.", line.Quantity, line.UnitPrice)
		return
	}
	for _, adjustment := range line.Adjustments {
		makes = r.add(amount, makes, adjustment.signed())
	}
	r.agree("PEPPOL-EN16931-R120", amount, line.Amount, makes, "quantity, price, allowances and charges make")
}

func (r *reader) allowanceCharge(from *element) AllowanceCharge {
	a := AllowanceCharge{Amount: r.requiredAmount("BR-31", from, "cbc:Amount"), Reason: r.text(maxReason, from, "cbc:AllowanceChargeReason")}
	if _, err := a.Amount.Neg(); err != nil {
		r.fail(from, "", "Amount is too large.")
	}
	switch indicator := r.text(maxName, from, "cbc:ChargeIndicator"); indicator {
	case "true", "1":
		a.Charge = true
	case "false", "0":
	default:
		r.fail(from, "PEPPOL-EN16931-R043", "ChargeIndicator is %q, neither true nor false.", shortened(indicator))
	}
	if a.Reason == "" {
		a.Reason = "Allowance"
		if a.Charge {
			a.Reason = "Charge"
		}
		if code := r.text(maxName, from, "cbc:AllowanceChargeReasonCode"); code != "" {
			a.Reason += " " + code
		}
	}
	percentText, percent := r.number(from, "cbc:MultiplierFactorNumeric")
	if percentText == "" || r.one(from, "cbc:BaseAmount") == nil {
		return a
	}
	makes, err := r.amount(from, "cbc:BaseAmount").Mul(percent.Shift(-2))
	if err != nil {
		r.fail(from, "", "%s %% of BaseAmount is too large.", percentText)
		return a
	}
	r.agree("PEPPOL-EN16931-R040", r.one(from, "cbc:Amount"), a.Amount, makes, percentText+" % of the base amount makes")
	return a
}

// signed is what an allowance or charge adds. That it can was seen to when it
// was read.
func (a AllowanceCharge) signed() money.Amount {
	if !a.Charge {
		a.Amount.Minor = -a.Amount.Minor
	}
	return a.Amount
}

// categories are the codes of UNCL 5305 that EN 16931 takes, with the letters
// their rules have.
var categories = map[string]string{
	"S": "S", "Z": "Z", "E": "E", "AE": "AE", "K": "IC", "G": "G", "O": "O", "L": "AF", "M": "AG",
}

// category is how something is taxed. Its rate is read as a number, so that
// 25 and 25.0 are one category.
func (r *reader) category(rule string, from *element, names ...string) Category {
	at := r.one(from, names...)
	code := r.text(maxName, at, "cbc:ID")
	if at == nil || code == "" {
		r.missing(from, rule, append(slices.Clone(names), "cbc:ID")...)
		return Category{}
	}
	if _, known := categories[code]; !known {
		r.fail(at, "BR-CL-17", "%q is not a category of VAT.", shortened(code))
	}
	text, rate := r.number(at, "cbc:Percent")
	if text == "" {
		return Category{Code: code}
	}
	if rate.IsNegative() {
		r.fail(at, "", "Percent is %s, less than nothing.", text)
	}
	return Category{Code: code, Rate: rate.String()}
}

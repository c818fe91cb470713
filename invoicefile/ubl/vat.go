package ubl

import (
	"slices"

	"github.com/shopspring/decimal"

	"remit/money"
)

// taxed reads the tax of each category.
func (r *reader) taxed() {
	at := r.taxTotal()
	if r.err != nil {
		return
	}
	r.taxes = at.all("cac:TaxSubtotal")
	if len(r.taxes) == 0 {
		r.fail(r.root, "BR-CO-18", "TaxTotal/TaxSubtotal is missing: nothing says how the invoice is taxed.")
		return
	}
	if len(r.taxes) > maxAdjustments {
		r.fail(r.taxes[maxAdjustments], "", "There are more than %d taxes.", maxAdjustments)
		return
	}
	for _, from := range r.taxes {
		r.invoice.Taxes = append(r.invoice.Taxes, Tax{
			Category: r.category("BR-47", from, "cac:TaxCategory"),
			Scheme:   r.text(maxName, from, "cac:TaxCategory", "cac:TaxScheme", "cbc:ID"),
			Exempt:   r.text(maxReason, from, "cac:TaxCategory", "cbc:TaxExemptionReason"),
			Taxable:  r.requiredAmount("BR-45", from, "cbc:TaxableAmount"),
			Amount:   r.requiredAmount("BR-46", from, "cbc:TaxAmount"),
		})
	}
}

// taxTotal is the total of taxes in the document's currency. The other one, in
// the currency the seller reports in, says the same and is no part of any sum.
func (r *reader) taxTotal() *element {
	var ours *element
	reported := r.text(maxName, r.root, "cbc:TaxCurrencyCode")
	for _, total := range r.root.all("cac:TaxTotal") {
		amount := r.one(total, "cbc:TaxAmount")
		subtotals := len(total.all("cac:TaxSubtotal"))
		switch {
		case amount != nil && reported != "" && amount.currency == reported && reported != string(r.invoice.Currency):
			if subtotals > 0 {
				r.fail(total, "PEPPOL-EN16931-R054", "The total of taxes in %s has subtotals.", shortened(reported))
			}
		case ours != nil:
			r.fail(total, "PEPPOL-EN16931-R053", "TaxTotal in %s is given twice.", r.invoice.Currency)
		default:
			ours = total
		}
	}
	return ours
}

// vat holds the taxes against what is taxed: rates against their categories, the
// taxable amounts against lines, allowances and charges, the tax against both.
func (r *reader) vat() {
	taxable := r.taxable()
	for n, tax := range r.invoice.Taxes {
		at, category := r.taxes[n], tax.Category
		key, letters := category.key(), categories[category.Code]
		if !category.rated() && category.Rate != "" && category.percent().IsPositive() {
			r.fail(at, "BR-"+letters+"-09", "The rate of category %s is given as %s %%, but nothing is due on it.", category.Code, category.Rate)
		}
		if category.Code != "O" && category.Rate == "" {
			r.missing(at, "BR-48", "cac:TaxCategory", "cbc:Percent")
		}
		if category.Code == "O" && len(r.invoice.Taxes) > 1 {
			r.fail(at, "BR-O-11", "There is other tax beside category O, which is out of the scope of any.")
		}
		if slices.ContainsFunc(r.invoice.Taxes[:n], func(other Tax) bool { return other.Category.key() == key }) {
			r.fail(at, category.rule("01", "08"), "The tax of %s is given twice.", category)
		}
		sum, found := taxable[key]
		if !found {
			sum = r.zero()
		}
		delete(taxable, key)
		r.agree("BR-"+letters+"-08", r.one(at, "cbc:TaxableAmount"), tax.Taxable, sum, "what is taxed by "+category.String()+" makes")
		r.due(at, tax)
	}
	for n, line := range r.invoice.Lines {
		r.hasTax(taxable, line.Category, r.lines[n])
	}
	for n, adjustment := range r.invoice.Adjustments {
		r.hasTax(taxable, adjustment.Category, r.adjustments[n])
	}
}

// taxable adds up what is taxed by category, and by rate where that matters.
func (r *reader) taxable() map[Category]money.Amount {
	sums := map[Category]money.Amount{}
	add := func(rule string, category Category, amount money.Amount, at *element) {
		r.rate(rule, category, at)
		sum, found := sums[category.key()]
		if !found {
			sum = r.zero()
		}
		sums[category.key()] = r.add(at, sum, amount)
	}
	for n, line := range r.invoice.Lines {
		add("05", line.Category, line.Amount, r.lines[n])
	}
	for n, adjustment := range r.invoice.Adjustments {
		rule := "06"
		if adjustment.Charge {
			rule = "07"
		}
		add(rule, adjustment.Category, adjustment.signed(), r.adjustments[n])
	}
	return sums
}

// rate says whether a category can have the rate it has.
func (r *reader) rate(rule string, category Category, at *element) {
	rule = "BR-" + categories[category.Code] + "-" + rule
	switch given, percent := category.Rate, category.percent(); {
	case category.Code == "O" && given != "":
		r.fail(at, rule, "The rate is given as %s %%, but category O has none.", given)
	case category.Code != "O" && given == "":
		r.fail(at, rule, "The rate of category %s is missing.", category.Code)
	case category.Code == "S" && !percent.IsPositive():
		r.fail(at, rule, "The rate is given as %s %%, but category S has more than 0 %%.", given)
	case !category.rated() && percent.IsPositive():
		r.fail(at, rule, "The rate is given as %s %%, but category %s has 0 %%.", given, category.Code)
	}
}

// due holds a tax against its taxable amount and rate, rounded once to two
// decimals, or to as few as the currency has.
func (r *reader) due(at *element, tax Tax) {
	rule, what := "BR-CO-17", tax.Category.Rate+" % of "+tax.Taxable.String()+" makes"
	if !tax.Category.rated() {
		rule, what = "BR-"+categories[tax.Category.Code]+"-09", tax.Category.String()+" makes"
	}
	makes := r.zero()
	if tax.Category.rated() {
		exponent, _ := r.invoice.Currency.Exponent()
		beyond := max(exponent-2, 0)
		var err error
		if makes, err = tax.Taxable.Mul(tax.Category.percent().Shift(int32(-2 - beyond))); err != nil { //nolint:gosec // at most 2 beyond
			r.fail(at, "", "%s is too large.", tax.Taxable)
			return
		}
		for range beyond {
			makes.Minor *= 10 // was divided by as much
		}
	}
	r.agree(rule, r.one(at, "cbc:TaxAmount"), tax.Amount, makes, what)
}

// hasTax says that what is left of the taxable sums has no tax to go with.
func (r *reader) hasTax(left map[Category]money.Amount, category Category, at *element) {
	if sum, found := left[category.key()]; found {
		r.fail(at, category.rule("01", "08"), "%s is taxed by %s, but TaxTotal has no such tax: %s there.", sum, category, r.zero())
	}
}

// rated reports that a category comes in rates, each a tax of its own.
func (c Category) rated() bool { return c.Code == "S" || c.Code == "L" || c.Code == "M" }

// key is what the tax of something is found by.
func (c Category) key() Category {
	if !c.rated() {
		c.Rate = ""
	}
	return c
}

// rule is the category's rule of one number, or another where it comes in rates.
func (c Category) rule(number, rated string) string {
	if c.rated() {
		number = rated
	}
	return "BR-" + categories[c.Code] + "-" + number
}

// String reads "category S at 25 %".
func (c Category) String() string {
	if c.Rate == "" {
		return "category " + c.Code
	}
	return "category " + c.Code + " at " + c.Rate + " %"
}

// percent is the rate as a number; it was one when it was read.
func (c Category) percent() decimal.Decimal {
	rate, err := decimal.NewFromString(c.Rate)
	if err != nil {
		return decimal.Zero
	}
	return rate
}

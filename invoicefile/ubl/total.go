package ubl

import "remit/money"

// payable makes a credit of an invoice that asks for less than nothing, and
// refuses a credit note that does.
func (r *reader) payable() {
	if r.totals = r.one(r.root, "cac:LegalMonetaryTotal"); r.totals == nil {
		r.missing(r.root, "BR-15", "cac:LegalMonetaryTotal", "cbc:PayableAmount")
		return
	}
	payable := r.requiredAmount("BR-15", r.totals, "cbc:PayableAmount")
	switch at := r.one(r.totals, "cbc:PayableAmount"); {
	case payable.Minor == 0 && r.invoice.Credit:
		r.fail(at, "", "The credit note is over nothing.")
	case payable.Minor >= 0:
	case r.invoice.Credit:
		r.fail(at, "", "The amount of the credit note is %s. What credits less than nothing is an invoice.", payable)
	default:
		r.invoice.Credit, r.negative = true, true
	}
}

// total holds the document's totals against what they are of, in the order in
// which EN 16931 makes one from the other.
func (r *reader) total() {
	i := &r.invoice
	lines, allowances, charges := r.zero(), r.zero(), r.zero()
	for n, line := range i.Lines {
		lines = r.add(r.lines[n], lines, line.Amount)
	}
	for n, adjustment := range i.Adjustments {
		if adjustment.Charge {
			charges = r.add(r.adjustments[n], charges, adjustment.Amount)
		} else {
			allowances = r.add(r.adjustments[n], allowances, adjustment.Amount)
		}
	}
	r.totalled("BR-CO-10", "cbc:LineExtensionAmount", "BR-12", lines, "the lines make")
	r.totalled("BR-CO-11", "cbc:AllowanceTotalAmount", "", allowances, "the allowances make")
	r.totalled("BR-CO-12", "cbc:ChargeTotalAmount", "", charges, "the charges make")
	net := r.less(r.totals, r.add(r.totals, lines, charges), allowances)
	r.totalled("BR-CO-13", "cbc:TaxExclusiveAmount", "BR-13", net, "lines less allowances plus charges make")
	gross := r.add(r.totals, net, r.tax())
	r.totalled("BR-CO-15", "cbc:TaxInclusiveAmount", "BR-14", gross, "the total without tax plus the tax makes")
	i.Prepaid, i.Rounding = r.amount(r.totals, "cbc:PrepaidAmount"), r.amount(r.totals, "cbc:PayableRoundingAmount")
	i.Payable = r.add(r.totals, r.less(r.totals, gross, i.Prepaid), i.Rounding)
	r.totalled("BR-CO-16", "cbc:PayableAmount", "BR-15", i.Payable, "the total with tax less what is prepaid plus rounding makes")
	if r.negative {
		i.Payable.Minor = -i.Payable.Minor // it was checked as it is written
	}
	if i.Payable.Minor > 0 && !i.Credit && i.DueDate.IsZero() && i.PaymentTerms == "" {
		r.fail(r.root, "BR-CO-25", "%s is to be paid, but neither DueDate nor PaymentTerms says when.", i.Payable)
	}
}

// tax is the sum of the taxes, held against the total that is given.
func (r *reader) tax() money.Amount {
	sum := r.zero()
	for n, tax := range r.invoice.Taxes {
		sum = r.add(r.taxes[n], sum, tax.Amount)
	}
	if at := r.taxTotal(); at != nil {
		r.agree("BR-CO-14", r.one(at, "cbc:TaxAmount"), r.requiredAmount("BR-CO-14", at, "cbc:TaxAmount"), sum, "the taxes by category make")
	}
	return sum
}

// totalled holds a total against the sum that it is. One that no rule demands
// is nothing where it is not given.
func (r *reader) totalled(rule, name, demand string, sum money.Amount, what string) {
	at := r.one(r.totals, name)
	given := r.amount(r.totals, name)
	if at == nil {
		if demand != "" {
			r.missing(r.totals, demand, name)
			return
		}
		if sum.Minor != 0 {
			r.fail(r.totals, rule, "%s is not given, which is %s, but %s %s.", name[len("cbc:"):], given, what, sum)
		}
		return
	}
	r.agree(rule, at, given, sum, what)
}

func (r *reader) agree(rule string, at *element, given, makes money.Amount, what string) {
	if r.err == nil && given != makes {
		r.fail(at, rule, "%s is given as %s, but %s %s.", at.local(), given, what, makes)
	}
}

func (r *reader) zero() money.Amount { return money.Of(0, r.invoice.Currency) }

func (r *reader) add(at *element, a, b money.Amount) money.Amount {
	sum, err := a.Add(b)
	if err != nil {
		r.fail(at, "", "The total becomes too large.")
		return a
	}
	return sum
}

func (r *reader) less(at *element, a, b money.Amount) money.Amount {
	difference, err := a.Sub(b)
	if err != nil {
		r.fail(at, "", "The total becomes too large.")
		return a
	}
	return difference
}

package remit

import (
	"fmt"

	"remit/money"
)

// LineInput is a line as it was sent. Quantity and UnitPrice (in major units,
// as many decimals as it takes) are decimal strings and go together; Amount, in
// minor units, may be left out where they are given. A line of an amount alone
// has a quantity of 1.
type LineInput struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	UnitPrice   string `json:"unit_price"`
	Amount      *int64 `json:"amount"`
}

// InvoiceTotal works out each line's amount and the total, lines plus
// adjustments, in minor units of c. A line's amount is quantity × unit price,
// rounded once, half up. Where a line's amount or the total was given as well,
// a difference is an error that names both figures: nothing is adjusted to fit.
// The total may be negative; whether that can be invoiced is the caller's rule.
//
// The error is an [Error] of kind [KindInvalid] naming the field, such as
// "lines[2].quantity".
func InvoiceTotal(c money.Currency, inputs []LineInput, adjustments []Adjustment, given *int64) ([]Line, money.Amount, error) {
	total := money.Of(0, c)
	lines := make([]Line, len(inputs))
	for i, input := range inputs {
		line, err := lineOf(c, input, fmt.Sprintf("lines[%d]", i))
		if err != nil {
			return nil, money.Amount{}, err
		}
		lines[i] = line
		if total, err = total.Add(money.Of(line.Amount, c)); err != nil {
			return nil, money.Amount{}, Invalid(fmt.Sprintf("lines[%d].amount", i), "The total becomes too large.")
		}
	}
	for i, adjustment := range adjustments {
		var err error
		if total, err = total.Add(money.Of(adjustment.Amount, c)); err != nil {
			return nil, money.Amount{}, Invalid(fmt.Sprintf("adjustments[%d].amount", i), "The total becomes too large.")
		}
	}
	if given != nil && *given != total.Minor {
		return nil, money.Amount{}, Invalid("total", "The total is given as %s, but lines and adjustments make %s.",
			money.Of(*given, c), total)
	}
	return lines, total, nil
}

func lineOf(c money.Currency, input LineInput, field string) (Line, error) {
	line := Line{Description: input.Description, Quantity: input.Quantity, UnitPrice: input.UnitPrice}
	if input.Quantity == "" && input.UnitPrice == "" {
		if input.Amount == nil {
			return Line{}, Invalid(field+".amount", "Give a quantity and a unit price, or an amount.")
		}
		line.Quantity, line.UnitPrice, line.Amount = "1", money.Of(*input.Amount, c).Decimal(), *input.Amount
		return line, nil
	}
	quantity, err := money.ParseNumber(input.Quantity)
	if err != nil {
		return Line{}, Invalid(field+".quantity", "%s", err.Error())
	}
	price, err := money.ParseNumber(input.UnitPrice)
	if err != nil {
		return Line{}, Invalid(field+".unit_price", "A unit price is a decimal number in major units, like %s, of at most 15 digits and 12 decimals.", priceLike(c))
	}
	amount, err := money.Product(quantity, price, c)
	if err != nil {
		return Line{}, Invalid(field+".amount", "%s × %s is too large.", input.Quantity, input.UnitPrice)
	}
	if input.Amount != nil && *input.Amount != amount.Minor {
		says := fmt.Sprintf("The amount is given as %s, but %s × %s makes %s.", money.Of(*input.Amount, c), input.Quantity, input.UnitPrice, amount)
		if inMinor(*input.Amount, amount) {
			says += fmt.Sprintf(" Is the unit price in minor units? It is in major ones, like %s.", priceLike(c))
		}
		return Line{}, Invalid(field+".amount", "%s", says)
	}
	line.Amount = amount.Minor
	return line, nil
}

// priceLike is an example of a unit price: "12.50 in US dollars".
func priceLike(c money.Currency) string {
	exponent, _ := c.Exponent()
	price := int64(125)
	for range exponent - 1 {
		price *= 10
	}
	return money.Of(price, c).Decimal() + " in " + c.Words()
}

// inMinor reports that a line comes to so many times its amount as the currency has minor
// units in a major one: its price was written in minor units, as amounts are.
func inMinor(given int64, made money.Amount) bool {
	exponent, _ := made.Currency.Exponent()
	for range exponent {
		if made.Minor%10 != 0 {
			return false
		}
		made.Minor /= 10
	}
	return exponent > 0 && made.Minor == given
}

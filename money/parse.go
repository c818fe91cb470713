package money

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// InputError is a sentence about text that is not an amount, a number or a
// currency, fit to be shown beside the field it was typed into.
type InputError string

// Error returns the sentence.
func (e InputError) Error() string { return string(e) }

// ParseDecimal reads an amount of c as people type it: "1200", "1,200.50",
// "$1,200", "USD 1,200.00", "−5.00". The point is the decimal mark and a comma
// only groups thousands. More decimals than the currency has are an error and
// never rounded; so are exponents, other currencies' signs, and amounts beyond
// int64 minor units. The error is an [InputError].
func ParseDecimal(text string, c Currency) (Amount, error) {
	exponent, known := c.Exponent()
	if !known {
		return Amount{}, unknownCurrency(c)
	}
	negative, number := stripSignAndCurrency(text, c)
	if decimalComma.MatchString(number) {
		return Amount{}, InputError(fmt.Sprintf("Use a point before the decimals, like %s.", example(c)))
	}
	if !typedNumber.MatchString(number) {
		return Amount{}, InputError(fmt.Sprintf("Enter an amount, like %s.", example(c)))
	}
	return fromDigits(negative, strings.ReplaceAll(number, ",", ""), c, exponent)
}

// ParseStrict reads the one form machines write: an optional '-', digits
// without leading zeros, and at most as many decimals as c has after a point.
// It reads back every [Amount.Decimal]. The error is an [InputError].
func ParseStrict(text string, c Currency) (Amount, error) {
	exponent, known := c.Exponent()
	if !known {
		return Amount{}, unknownCurrency(c)
	}
	if !strictNumber.MatchString(text) {
		return Amount{}, InputError(fmt.Sprintf("Enter an amount, like %s.", example(c)))
	}
	number, negative := strings.CutPrefix(text, "-")
	return fromDigits(negative, number, c, exponent)
}

// ParseNumber reads a quantity, unit price or rate: an optional '-', at most 15
// digits, and at most 12 decimals after a point. Exponents, signs such as '+'
// and NaN are refused. The error is an [InputError].
func ParseNumber(text string) (decimal.Decimal, error) {
	if !plainNumber.MatchString(text) {
		return decimal.Decimal{}, InputError("Enter a decimal number, like 1.5, of at most 15 digits and 12 decimals.")
	}
	return decimal.NewFromString(text)
}

var (
	typedNumber  = regexp.MustCompile(`^(\d{1,3}(,\d{3})+|\d{1,40})(\.\d{1,40})?$`)
	strictNumber = regexp.MustCompile(`^-?(0|[1-9]\d{0,40})(\.\d{1,40})?$`)
	plainNumber  = regexp.MustCompile(`^-?\d{1,15}(\.\d{1,12})?$`)
	// 1.200,50 and 12,5 are how much of the world writes decimals. Guessing
	// would be off by a factor of a hundred, so the mark is asked for.
	decimalComma = regexp.MustCompile(`^\d{1,3}(\.\d{3})*,(\d{1,2}|\d{4,})$|^\d{4,},\d+$`)
)

// stripSignAndCurrency takes off what may stand around the digits, each once: a
// minus before or after the currency, and the currency as sign or code, before
// or after the number.
func stripSignAndCurrency(text string, c Currency) (negative bool, number string) {
	number = strings.TrimSpace(text)
	number, negative = cutMinus(number)
	for _, mark := range marks(c) {
		if len(number) >= len(mark) && strings.EqualFold(number[:len(mark)], mark) {
			number = strings.TrimSpace(number[len(mark):])
			break
		}
		if rest := len(number) - len(mark); rest > 0 && strings.EqualFold(number[rest:], mark) {
			number = strings.TrimSpace(number[:rest])
			break
		}
	}
	if !negative {
		number, negative = cutMinus(number)
	}
	return negative, number
}

func cutMinus(text string) (rest string, found bool) {
	for _, sign := range []string{"-", minus} {
		if rest, found = strings.CutPrefix(text, sign); found {
			return strings.TrimSpace(rest), true
		}
	}
	return text, false
}

// marks are the ways to write c beside a number, the longest first: its code,
// its sign, and the bare $ or ¥ that people type for their own currency.
func marks(c Currency) []string {
	all := []string{string(c)}
	if symbol, ok := symbols[c]; ok {
		all = append(all, symbol)
		for _, bare := range []string{"$", "¥"} {
			if strings.HasSuffix(symbol, bare) && symbol != bare {
				all = append(all, bare)
			}
		}
	}
	return all
}

// fromDigits makes an amount of digits with an optional fraction.
func fromDigits(negative bool, number string, c Currency, exponent int) (Amount, error) {
	whole, fraction, _ := strings.Cut(number, ".")
	if len(fraction) > exponent {
		if exponent == 0 {
			return Amount{}, InputError(fmt.Sprintf("%s has no decimals: enter an amount like %s.", c, example(c)))
		}
		return Amount{}, InputError(fmt.Sprintf("Enter at most %d decimals, like %s.", exponent, example(c)))
	}
	digits := whole + fraction + strings.Repeat("0", exponent-len(fraction))
	if negative {
		digits = "-" + digits
	}
	minor, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Amount{}, InputError("This amount is too large.")
	}
	return Amount{minor, c}, nil
}

// example is 250 in the decimals of c.
func example(c Currency) string {
	if exponent, _ := c.Exponent(); exponent > 0 {
		return "250." + strings.Repeat("0", exponent)
	}
	return "250"
}

func unknownCurrency(c Currency) error {
	return InputError(fmt.Sprintf("%q is not an ISO 4217 currency.", string(c)))
}

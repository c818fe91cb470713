package money

import (
	"fmt"
	"strconv"
	"strings"
)

// minus is the true minus sign, as wide as a figure.
const minus = "\u2212"

// Format writes the amount for people: "$1,200.00", "¥1,200", "−$5.00",
// "CHF 1,200.00" where a currency has no sign of its own. [ParseDecimal] reads
// it back.
func (a Amount) Format() string {
	symbol, ok := symbols[a.Currency]
	if !ok {
		return a.FormatISO()
	}
	sign, number := a.grouped()
	return sign + symbol + number
}

// FormatISO writes the amount with its ISO code, for tables that mix
// currencies: "USD 1,200.00", "−JPY 1,200".
func (a Amount) FormatISO() string {
	sign, number := a.grouped()
	return sign + string(a.Currency) + " " + number
}

// String is [Amount.Format].
func (a Amount) String() string { return a.Format() }

// Decimal writes the amount for machines, in major units with all decimals of
// the currency, ASCII, ungrouped and without it: "-1200.50". [ParseStrict]
// reads it back.
func (a Amount) Decimal() string {
	negative, whole, fraction := a.digits()
	if fraction != "" {
		whole += "." + fraction
	}
	if negative {
		return "-" + whole
	}
	return whole
}

func (a Amount) grouped() (sign, number string) {
	negative, whole, fraction := a.digits()
	if negative {
		sign = minus
	}
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return sign, b.String()
}

// digits splits the amount at its decimal mark. An unknown currency, which only
// an unchecked conversion makes, shows its minor units whole.
func (a Amount) digits() (negative bool, whole, fraction string) {
	size := uint64(a.Minor) //nolint:gosec // the sign is dealt with below
	if a.Minor < 0 {
		size = -size // two's complement: right for the smallest int64 as well
	}
	exponent, _ := a.Currency.Exponent()
	text := strconv.FormatUint(size, 10)
	if exponent > 0 {
		text = fmt.Sprintf("%0*s", exponent+1, text)
	}
	mark := len(text) - exponent
	return a.Minor < 0, text[:mark], text[mark:]
}

// Words name the currency in the plural, as in "12.50 in US dollars"; one that is seldom
// met by its code.
func (c Currency) Words() string {
	if words, known := names[c]; known {
		return words
	}
	return string(c)
}

var names = map[Currency]string{
	"AUD": "Australian dollars", "BRL": "Brazilian reais", "CAD": "Canadian dollars", "CHF": "Swiss francs", "CNY": "Chinese yuan",
	"DKK": "Danish kroner", "EUR": "euros", "GBP": "British pounds", "HKD": "Hong Kong dollars", "ILS": "Israeli shekels",
	"INR": "Indian rupees", "JPY": "Japanese yen", "KRW": "South Korean won", "MXN": "Mexican pesos", "NOK": "Norwegian kroner",
	"NZD": "New Zealand dollars", "PHP": "Philippine pesos", "PLN": "Polish zloty", "SEK": "Swedish kronor", "SGD": "Singapore dollars",
	"TWD": "New Taiwan dollars", "USD": "US dollars", "VND": "Vietnamese dong",
}

// symbols are the signs English readers know (CLDR, locale en). A bare $ is the
// US dollar only.
var symbols = map[Currency]string{
	"AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£",
	"HKD": "HK$", "ILS": "₪", "INR": "₹", "JPY": "¥", "KRW": "₩", "MXN": "MX$",
	"NZD": "NZ$", "PHP": "₱", "TWD": "NT$", "USD": "$", "VND": "₫",
}

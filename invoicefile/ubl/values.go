package ubl

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/unicode/norm"

	"remit"
	"remit/money"
)

// Lengths of texts, in characters.
const (
	maxNumber = 100
	maxName   = 200
	maxReason = 1000
	maxNote   = 5000
)

// fail notes what is wrong at an element, unless something was before.
func (r *reader) fail(at *element, rule, format string, args ...any) {
	if r.err != nil {
		return
	}
	place := fmt.Sprintf("Line %d", at.line)
	if rule != "" {
		place += ", " + rule
	}
	r.err = remit.Invalid(at.path(), "%s: %s", place, fmt.Sprintf(format, args...))
}

// missing fails at what an element should have held.
func (r *reader) missing(from *element, rule string, names ...string) {
	r.fail(from, rule, "%s is missing.", strings.ReplaceAll(strings.ReplaceAll(strings.Join(names, "/"), "cac:", ""), "cbc:", ""))
}

// one is the element at the end of a path of names, each of which may be there
// once; nil where one of them is not there.
func (r *reader) one(from *element, names ...string) *element {
	for _, name := range names {
		found := from.all(name)
		if len(found) == 0 {
			return nil
		}
		if len(found) > 1 {
			r.fail(found[1], "", "%s is given twice.", found[1].local())
		}
		from = found[0]
	}
	return from
}

// text is the text at the end of a path, on one line, in Unicode's composed
// form; empty where there is none.
func (r *reader) text(most int, from *element, names ...string) string {
	e := r.one(from, names...)
	if e == nil {
		return ""
	}
	return strings.Join(strings.Fields(r.prose(e, most)), " ")
}

// prose is an element's text, trimmed, with the ends of its lines.
func (r *reader) prose(e *element, most int) string {
	text := strings.TrimSpace(norm.NFC.String(e.text))
	switch {
	case strings.ContainsFunc(text, func(char rune) bool { return unicode.IsControl(char) && !strings.ContainsRune("\n\r\t", char) }):
		r.fail(e, "", "%s holds a control character.", e.local())
	case utf8.RuneCountInString(text) > most:
		r.fail(e, "", "%s is longer than %d characters.", e.local(), most)
	default:
		return text
	}
	return ""
}

// required is a text that a rule demands.
func (r *reader) required(rule string, most int, from *element, names ...string) string {
	text := r.text(most, from, names...)
	if text == "" {
		r.missing(from, rule, names...)
	}
	return text
}

// date is a date, or zero where there is none.
func (r *reader) date(from *element, name string) remit.Date {
	text := r.text(maxName, from, name)
	if text == "" {
		return remit.Date{}
	}
	date, err := remit.ParseDate(text)
	if err != nil {
		r.fail(r.one(from, name), "PEPPOL-EN16931-F001", "%q is not a date like 2026-04-01.", shortened(text))
	}
	return date
}

// email is an address, or empty where there is none.
func (r *reader) email(e *element) string {
	if e == nil {
		return ""
	}
	text := r.prose(e, maxName)
	if text == "" {
		return ""
	}
	if address, err := mail.ParseAddress(text); err != nil || address.Address != text {
		r.fail(e, "", "%s is not an e-mail address.", shortened(text))
	}
	return text
}

// amount is an amount in the document's currency, or zero where there is none.
func (r *reader) amount(from *element, names ...string) money.Amount {
	zero := money.Of(0, r.invoice.Currency)
	e := r.one(from, names...)
	if e == nil || !r.inCurrency(e) {
		return zero
	}
	amount, err := money.ParseStrict(r.decimal(e), r.invoice.Currency)
	if err != nil {
		r.fail(e, "", "%s is %q, no amount in %s. %s", e.local(), shortened(e.text), r.invoice.Currency, err)
		return zero
	}
	return amount
}

// requiredAmount is an amount that a rule demands.
func (r *reader) requiredAmount(rule string, from *element, names ...string) money.Amount {
	if r.one(from, names...) == nil {
		r.missing(from, rule, names...)
	}
	return r.amount(from, names...)
}

func (r *reader) inCurrency(e *element) bool {
	if e.currency == string(r.invoice.Currency) {
		return true
	}
	r.fail(e, "PEPPOL-EN16931-R051", "%s is in %q, but the document is in %s.", e.local(), shortened(e.currency), r.invoice.Currency)
	return false
}

// number is a decimal, as text too; zero and empty where there is none.
func (r *reader) number(from *element, names ...string) (string, decimal.Decimal) {
	e := r.one(from, names...)
	if e == nil {
		return "", decimal.Zero
	}
	text := r.decimal(e)
	number, err := money.ParseNumber(text)
	if err != nil {
		r.fail(e, "", "%s is %q. %s", e.local(), shortened(e.text), err)
		return "", decimal.Zero
	}
	return text, number
}

var written = regexp.MustCompile(`^([+-]?)0*([0-9]*)(\.[0-9]*)?$`)

// decimal is a number as XML Schema lets it be written ("+5", "007", ".5",
// "5."), written the one way that package money reads.
func (r *reader) decimal(e *element) string {
	text := strings.TrimSpace(e.text)
	m := written.FindStringSubmatch(text)
	if m == nil || !strings.ContainsAny(text, "0123456789") {
		return text
	}
	sign, whole, fraction := strings.TrimPrefix(m[1], "+"), m[2], strings.TrimSuffix(m[3], ".")
	if whole == "" {
		whole = "0"
	}
	return sign + whole + fraction
}

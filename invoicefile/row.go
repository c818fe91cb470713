package invoicefile

import (
	"fmt"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"remit"
	"remit/money"
)

// Lengths of texts, in characters.
const (
	maxName        = 200
	maxDescription = 5000
)

// draft reads one row, collecting everything that is wrong with it.
func (c columns) draft(line int, record []string, options Options) (Draft, []RowError) {
	if len(record) != len(c.header) {
		return Draft{}, []RowError{{Line: line, Reason: fmt.Sprintf("The row has %d fields, the header %d.", len(record), len(c.header))}}
	}
	r := row{columns: c, line: line, record: record}
	d := Draft{Line: line, Number: r.required(number)}
	d.CustomerExternalID, d.CustomerName = r.customer()
	d.CustomerEmail = r.email()
	d.IssueDate, d.DueDate = r.date(issueDate, r.required(issueDate)), r.date(dueDate, r.text(dueDate, maxName))
	d.Amount = r.amount(options.Currency)
	d.Description = r.text(description, maxDescription)
	d.Disputed = r.yes(disputed)
	if !d.DueDate.IsZero() && !d.IssueDate.IsZero() && d.DueDate.Before(d.IssueDate) {
		r.wrong(dueDate, d.DueDate.String(), "Due on %s, before it was issued on %s.", d.DueDate, d.IssueDate)
	}
	if len(r.problems) > 0 {
		return Draft{}, r.problems
	}
	title := d.Description
	if title == "" {
		title = "Invoice " + d.Number
	}
	d.Lines = []remit.Line{{Description: title, Quantity: "1", UnitPrice: d.Amount.Decimal(), Amount: d.Amount.Minor}}
	return d, nil
}

// row is a record being read.
type row struct {
	columns
	line     int
	record   []string
	problems []RowError
}

func (r *row) wrong(c column, value, format string, args ...any) {
	problem := RowError{Line: r.line, Field: string(c), Value: shortened(strings.ToValidUTF8(value, "\uFFFD")), Reason: fmt.Sprintf(format, args...)}
	if at, ok := r.at[c]; ok {
		problem.Field = r.header[at]
	}
	r.problems = append(r.problems, problem)
}

// text is a column's value in Unicode's composed form, trimmed; empty where the
// file has no such column, and where the value is refused.
func (r *row) text(c column, most int) string {
	at, ok := r.at[c]
	if !ok {
		return ""
	}
	value := r.record[at]
	switch {
	case len(value) > MaxField:
		r.wrong(c, value, "The %s is longer than %d KiB.", said(c), MaxField>>10)
		return ""
	case !utf8.ValidString(value):
		r.wrong(c, value, "The %s is not UTF-8. Save the file as CSV in UTF-8.", said(c))
		return ""
	}
	value = strings.TrimSpace(norm.NFC.String(value))
	if strings.ContainsFunc(value, func(char rune) bool {
		return unicode.IsControl(char) && (c != description || char != '\n' && char != '\t')
	}) {
		r.wrong(c, value, "The %s holds a control character.", said(c))
		return ""
	}
	if utf8.RuneCountInString(value) > most {
		r.wrong(c, value, "The %s is longer than %d characters.", said(c), most)
		return ""
	}
	return value
}

func (r *row) required(c column) string {
	before := len(r.problems)
	value := r.text(c, maxName)
	if value == "" && len(r.problems) == before {
		r.wrong(c, "", "The %s is missing.", said(c))
	}
	return value
}

// customer is the customer's id, name or both.
func (r *row) customer() (id, name string) {
	before := len(r.problems)
	id, name = r.text(customerID, maxName), r.text(customerName, maxName)
	if id == "" && name == "" && len(r.problems) == before {
		missing := customerName
		if _, ok := r.at[customerID]; ok {
			missing = customerID
		}
		r.wrong(missing, "", "The customer is missing.")
	}
	return id, name
}

func (r *row) email() string {
	value := r.text(email, maxName)
	if value == "" {
		return ""
	}
	if address, err := mail.ParseAddress(value); err != nil || address.Address != value {
		r.wrong(email, value, "%s is not an e-mail address.", shortened(value))
		return ""
	}
	return value
}

// The two forms of a date, told apart by shape alone and the same for every
// file: 2013-02-01 is ISO 8601, 2/1/2013 is US, month first. Nothing is ever
// read as day first; 31/02/2013 and 13/1/2013 are therefore no dates.
var (
	isoDate = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)
	usDate  = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})$`)
)

func (r *row) date(c column, value string) remit.Date {
	if value == "" {
		return remit.Date{}
	}
	var year, month, day string
	if m := isoDate.FindStringSubmatch(value); m != nil {
		year, month, day = m[1], m[2], m[3]
	} else if m := usDate.FindStringSubmatch(value); m != nil {
		year, month, day = m[3], m[1], m[2]
	} else {
		r.wrong(c, value, "%s is not a date like 2026-04-01 or 4/1/2026.", shortened(value))
		return remit.Date{}
	}
	d, exists := remit.NewDate(integer(year), integer(month), integer(day))
	if !exists {
		r.wrong(c, value, "%s is not a date.", value)
		return remit.Date{}
	}
	return d
}

// integer reads at most four digits, which the patterns made sure of.
func integer(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func (r *row) amount(fallback money.Currency) money.Amount {
	in := fallback
	if code := r.text(currency, maxName); code != "" {
		var err error
		if in, err = money.ParseCurrency(code); err != nil {
			r.wrong(currency, code, "%s is not a currency. %s", shortened(code), err)
			return money.Amount{}
		}
	} else if in == "" {
		r.wrong(currency, "", "The currency is missing.")
		return money.Amount{}
	}
	value := r.required(amount)
	if value == "" {
		return money.Amount{}
	}
	a, err := money.ParseDecimal(value, in)
	switch {
	case err != nil:
		r.wrong(amount, value, "%s is not an amount in %s. %s", shortened(value), in, err)
	case a.Minor < 0:
		r.wrong(amount, value, "%s is negative. Credit notes are not imported.", shortened(value))
	default:
		return a
	}
	return money.Amount{}
}

func (r *row) yes(c column) bool {
	value := r.text(c, maxName)
	switch strings.ToLower(value) {
	case "yes", "y", "true", "1":
		return true
	case "no", "n", "false", "0", "":
	default:
		r.wrong(c, value, "%s is neither yes nor no.", shortened(value))
	}
	return false
}

// said is a column's name in a sentence.
func said(c column) string {
	switch c {
	case customerID:
		return "customer's id"
	case customerName:
		return "customer's name"
	case email:
		return "e-mail address"
	case issueDate, dueDate:
		return strings.ReplaceAll(string(c), "_", " ")
	case number, amount, currency, description, disputed, ignored:
	}
	return string(c)
}

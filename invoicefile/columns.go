package invoicefile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"remit"
)

// column is what a column says.
type column string

const (
	number       column = "number"
	customerID   column = "customer_id"
	customerName column = "customer"
	email        column = "email"
	issueDate    column = "issue_date"
	dueDate      column = "due_date"
	amount       column = "amount"
	currency     column = "currency"
	description  column = "description"
	disputed     column = "disputed"
	ignored      column = "ignored"
)

// names are the columns by what files call them, in small letters and digits
// alone: "InvoiceDate", "invoice_date" and "Invoice date" are one name.
var names = map[string]column{
	"number": number, "invoicenumber": number, "invoiceno": number, "invoiceid": number, "invoice": number,
	"customerid": customerID, "customerexternalid": customerID, "customernumber": customerID, "customerno": customerID, "clientid": customerID,
	"customer": customerName, "customername": customerName, "client": customerName, "clientname": customerName,
	"email": email, "customeremail": email, "billingemail": email,
	"issuedate": issueDate, "invoicedate": issueDate, "issued": issueDate, "date": issueDate,
	"duedate": dueDate, "due": dueDate, "paymentdue": dueDate,
	"amount": amount, "invoiceamount": amount, "total": amount, "totalamount": amount, "invoicetotal": amount,
	"currency": currency, "currencycode": currency,
	"description": description, "memo": description,
	"disputed": disputed, "indispute": disputed,
	// What receivables exports add about the past; nothing of it is owed.
	"settleddate": ignored, "paperlessdate": ignored, "daystosettle": ignored, "dayslate": ignored,
	"paperlessbill": ignored, "countrycode": ignored,
}

// Column is a column of a CSV file as people are told of it.
type Column struct {
	Name string
	Says string
}

// Columns are those that a file may have, the needed ones first.
func Columns() []Column {
	return []Column{
		{string(number), "The invoice's number. Needed. Also: invoice_number, invoice_no, invoice."},
		{string(customerName), "The customer's name; it or customer_id is needed. Also: customer_name, client."},
		{string(customerID), "Your own id of the customer. Also: customer_number, client_id."},
		{string(issueDate), "The day of issue, like 2026-04-01. Needed. Also: invoice_date, date."},
		{string(amount), "The total, like 1200.00. Needed. Also: invoice_amount, total."},
		{string(dueDate), "The day it is due; without it the payment terms hold."},
		{string(currency), "Three letters, like USD; without it the organisation's."},
		{string(description), "What it is for. Also: memo."},
		{string(email), "Where the invoice is mailed to. Also: customer_email."},
		{string(disputed), "Yes puts the invoice on hold."},
	}
}

const headerHint = "The first line names the columns: number, customer or customer_id, issue_date, amount, " +
	"and if you like due_date, currency, description, email, disputed."

// columns is a file's header, understood.
type columns struct {
	header  []string
	at      map[column]int
	ignored []string
}

// mapColumns understands a header, or says everything that is wrong with it. A
// column nobody knows is refused rather than dropped: it might be a discount.
func mapColumns(header []string, currencyKnown bool) (columns, error) {
	c := columns{header: make([]string, len(header)), at: map[column]int{}}
	var unknown, twice []string
	for i, title := range header {
		if !utf8.ValidString(title) {
			return columns{}, remit.Invalid("file", "The header is not UTF-8. Save the file as CSV in UTF-8.")
		}
		title = strings.TrimSpace(title)
		c.header[i] = shortened(title)
		meaning, known := names[simplified(title)]
		earlier, taken := c.at[meaning]
		switch {
		case !known:
			unknown = append(unknown, fmt.Sprintf("%q", c.header[i]))
		case meaning == ignored:
			c.ignored = append(c.ignored, c.header[i])
		case taken:
			twice = append(twice, fmt.Sprintf("%q and %q", c.header[earlier], c.header[i]))
		default:
			c.at[meaning] = i
		}
	}
	if len(c.at) == 0 {
		return columns{}, remit.Invalid("file", "There is no header. %s", headerHint)
	}
	var problems []string
	if missing := c.missing(currencyKnown); len(missing) > 0 {
		problems = append(problems, "Missing columns: "+strings.Join(missing, ", ")+".")
	}
	if len(unknown) > 0 {
		problems = append(problems, "Unknown columns: "+listed(unknown)+".")
	}
	if len(twice) > 0 {
		problems = append(problems, "Columns that mean the same: "+listed(twice)+".")
	}
	if len(problems) > 0 {
		return columns{}, remit.Invalid("file", "%s %s", strings.Join(problems, " "), headerHint)
	}
	return c, nil
}

func (c columns) missing(currencyKnown bool) []string {
	var missing []string
	for _, required := range []column{number, issueDate, amount} {
		if _, ok := c.at[required]; !ok {
			missing = append(missing, string(required))
		}
	}
	_, id := c.at[customerID]
	_, name := c.at[customerName]
	if !id && !name {
		missing = append(missing, "customer or customer_id")
	}
	if _, ok := c.at[currency]; !ok && !currencyKnown {
		missing = append(missing, string(currency))
	}
	slices.Sort(missing)
	return missing
}

// simplified is a title in small letters and digits alone.
func simplified(title string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

// listed joins at most ten, so that a message stays a message.
func listed(all []string) string {
	if len(all) > 10 {
		return strings.Join(all[:10], ", ") + fmt.Sprintf(" and %d more", len(all)-10)
	}
	return strings.Join(all, ", ")
}

// shortened is at most 80 characters of a value.
func shortened(value string) string {
	const most = 80
	if utf8.RuneCountInString(value) <= most {
		return value
	}
	return string([]rune(value)[:most-1]) + "…"
}

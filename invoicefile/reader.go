// Package invoicefile reads invoices from a CSV file or from e-invoices, and
// writes text into CSV files safely.
//
// It owns the form of the file: encoding, columns, dates, amounts, and what of
// a bad row to tell. It does not own what becomes of an invoice: matching
// customers, storing, sending.
//
// Invariants: memory is bounded by constants, whatever the bytes (see
// [MaxBytes]); a bad row is reported with its line and the rest goes on; a value
// is taken as written or refused, never guessed.
package invoicefile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"remit"
	"remit/money"
)

// Bounds of a file. Beyond MaxBytes, MaxRows or maxRecord reading ends with an
// error; a field above MaxField makes its row bad.
const (
	MaxBytes = 32 << 20 // of the file
	MaxRows  = 200_000  // under the header
	MaxField = 64 << 10 // bytes of one field

	maxRecord  = 1 << 20 // bytes of one row, which a quote left open could stretch
	maxColumns = 200
)

// Options are what a file may leave unsaid.
type Options struct {
	// Currency is of amounts where the file has no currency column or a row
	// leaves it empty. Without it the column is required.
	Currency money.Currency
}

// Draft is an invoice as its row says, checked by itself.
type Draft struct {
	Credit             bool   // a credit note over Amount, of which DueDate and Lines say nothing
	Line               int    // of the file, the header being 1
	File               string // of several, the one it stood in
	Number             string
	CustomerExternalID string // the seller's own id of the customer, or
	CustomerName       string // his name: one of the two is there
	CustomerEmail      string
	CustomerVAT        string // of an e-invoice: the id again, where it is the buyer's VAT number
	IssueDate          remit.Date
	DueDate            remit.Date // never before IssueDate; zero where the file gives none: payment terms decide
	Amount             money.Amount
	Description        string
	Disputed           bool
	Seller             remit.Seller // of an e-invoice; a row names none
	Lines              []remit.Line // a row's is one, of the whole amount
	Adjustments        []remit.Adjustment
}

// Hold is why automatic charges are kept off the invoice, if they are.
func (d Draft) Hold() string {
	if d.Disputed {
		return "disputed by the customer"
	}
	return ""
}

// RowError is one thing wrong with a row. Reason is a sentence for a person.
type RowError struct {
	Line   int    `json:"line"`
	Field  string `json:"field"` // the column as the file names it; empty for the whole row
	Value  string `json:"value"` // as written, at most 80 characters of it
	Reason string `json:"reason"`
}

// Error reads "Row 14: 31/02/2013 is not a date."
func (e RowError) Error() string { return fmt.Sprintf("Row %d: %s", e.Line, e.Reason) }

// Reader reads one file from top to bottom.
type Reader struct {
	csv      *csv.Reader
	columns  columns
	options  Options
	rows     int
	repeated int
	seen     map[naturalKey]sighting
}

// NewReader reads the header. The file is UTF-8 with or without a byte order
// mark, its lines end in LF or CRLF, and its delimiter is the comma or the
// semicolon, whichever the header has more of.
//
// The error is a [remit.Error] about the field "file", naming the columns that
// are missing and those that are unknown. Columns known to say nothing about
// what is owed are ignored: see [Reader.Ignored].
func NewReader(file io.Reader, options Options) (*Reader, error) {
	text, delimiter, err := open(file)
	if err != nil {
		return nil, err
	}
	r := &Reader{csv: csv.NewReader(text), options: options, seen: map[naturalKey]sighting{}}
	r.csv.Comma = delimiter
	r.csv.FieldsPerRecord = -1 // counted here, for a message in our own words
	r.csv.TrimLeadingSpace = true
	header, err := r.csv.Read()
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, remit.Invalid("file", "The file is empty. %s", headerHint)
	case errors.As(err, &syntax):
		return nil, remit.Invalid("file", "The header cannot be read: %s", quotesHint)
	case err != nil:
		return nil, err
	}
	if r.columns, err = mapColumns(header, options.Currency != ""); err != nil {
		return nil, err
	}
	return r, nil
}

// Ignored lists the file's columns that are known and not used.
func (r *Reader) Ignored() []string { return r.columns.ignored }

// Repeated counts the rows so far that said again, word for word, what an
// earlier row had said. They are left out: the same key with the same content
// is nothing new.
func (r *Reader) Repeated() int { return r.repeated }

// Next reads the next row: either a draft, or what is wrong with the row, after
// which reading goes on. The error is io.EOF at the end, a [remit.Error] where
// the file as a whole is beyond its bounds or no text, else that of the
// underlying reader.
func (r *Reader) Next() (Draft, []RowError, error) {
	for {
		record, err := r.csv.Read()
		var syntax *csv.ParseError
		if err != nil && !errors.As(err, &syntax) {
			return Draft{}, nil, err
		}
		if err == nil && blank(record) {
			continue
		}
		if r.rows++; r.rows > MaxRows {
			return Draft{}, nil, remit.Errorf(remit.KindTooLarge, "file_too_large", "The file has more than %d rows. Split it.", MaxRows)
		}
		if syntax != nil {
			return Draft{}, []RowError{{Line: syntax.StartLine, Reason: quotesHint}}, nil //nolint:nilerr // of the row, not of the file
		}
		line, _ := r.csv.FieldPos(0)
		draft, problems := r.columns.draft(line, record, r.options)
		if len(problems) > 0 {
			return Draft{}, problems, nil
		}
		repeats, problem := r.sight(draft)
		switch {
		case problem != nil:
			return Draft{}, []RowError{*problem}, nil //nolint:nilerr // of the row, not of the file
		case repeats:
			r.repeated++
		default:
			return draft, nil, nil
		}
	}
}

const quotesHint = "The quotes do not fit: a field with quotes in it is quoted, and its own quotes are doubled."

func blank(record []string) bool {
	for _, field := range record {
		if field != "" {
			return false
		}
	}
	return true
}

package invoicefile

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"remit"
)

// open finds the delimiter and takes off the byte order mark. What it returns
// ends with an error as soon as the text is out of bounds, so that neither a
// quote left open nor a line of delimiters makes the CSV reader allocate.
func open(file io.Reader) (text io.Reader, delimiter rune, err error) {
	in := bufio.NewReaderSize(file, MaxField)
	if start, _ := in.Peek(3); bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		if _, err := in.Discard(3); err != nil {
			return nil, 0, err
		}
	} else if bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")) {
		return nil, 0, remit.Invalid("file", "The file is UTF-16. Save it as CSV in UTF-8.")
	}
	start, err := in.Peek(MaxField)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	header, _, _ := bytes.Cut(start, []byte("\n"))
	delimiter = ','
	if bytes.Count(header, []byte(";")) > bytes.Count(header, []byte(",")) {
		delimiter = ';'
	}
	return &bounded{in: in, delimiter: byte(delimiter), line: 1, start: 1}, delimiter, nil
}

// bounded passes text through while it keeps to the bounds. It follows quotes
// as encoding/csv does, to know where a row ends.
type bounded struct {
	in        *bufio.Reader
	delimiter byte
	place     place
	bytes     int // of the file
	record    int // of this row
	fields    int // of this row, but the last
	line      int // here
	start     int // where this row began
	err       error
}

// place is where in a field the text stands.
type place int

const (
	atStart     place = iota // of a field, where a quote opens
	inPlain                  // in a field without quotes
	inQuotes                 // between the quotes
	afterAQuote              // which closes, unless another follows
)

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.in.Read(p)
	for i, c := range p[:n] {
		if b.err = b.see(c); b.err != nil {
			return i, b.err // rows before this one are still good
		}
	}
	return n, err
}

func (b *bounded) see(c byte) error {
	b.bytes++
	b.record++
	switch {
	case b.bytes > MaxBytes:
		return remit.Errorf(remit.KindTooLarge, "file_too_large", "The file is larger than %d MiB. Split it.", MaxBytes>>20)
	case c == 0:
		return remit.Invalid("file", "There is a NUL byte on line %d: this is no text file. Save it as CSV in UTF-8.", b.line)
	case b.record > maxRecord:
		return remit.Invalid("file", "The row that starts on line %d is longer than 1 MiB. Is a quote left open there?", b.start)
	}
	if c == '\n' {
		b.line++
	}
	if b.place == inQuotes {
		if c == '"' {
			b.place = afterAQuote
		}
		return nil
	}
	switch c {
	case '\n':
		b.place, b.record, b.fields, b.start = atStart, 0, 0, b.line
	case b.delimiter:
		b.place = atStart
		if b.fields++; b.fields >= maxColumns {
			return remit.Invalid("file", "The row on line %d has more than %d columns.", b.start, maxColumns)
		}
	case '"':
		if b.place != inPlain {
			b.place = inQuotes // opened, or doubled inside
		}
	case ' ', '\t':
		if b.place != atStart { // spaces before a quote are trimmed
			b.place = inPlain
		}
	default:
		b.place = inPlain
	}
	return nil
}

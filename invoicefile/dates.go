package invoicefile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"remit"
)

// SlashDates looks through a CSV file's dates with slashes, which are read month
// first. It returns a sentence that says so and gives one of them, "" where the
// file has none.
//
// A file with a date that can only be day first, beside others that would be
// read month first, contradicts itself: the others may well be day first too.
// The error is a [remit.Error] about the field "file", naming a line of each.
// What else is wrong with the file is for [Reader] to say.
func SlashDates(file io.Reader, options Options) (note string, err error) {
	r, err := NewReader(file, options)
	if err != nil {
		return "", err
	}
	var seen slashDates
	for {
		record, err := r.csv.Read()
		if _, syntax := errors.AsType[*csv.ParseError](err); syntax {
			continue
		}
		if err != nil { // the end, or a bound that reading the file meets again
			return seen.verdict()
		}
		for _, c := range []column{issueDate, dueDate} {
			if at, is := r.columns.at[c]; is && at < len(record) {
				line, _ := r.csv.FieldPos(at)
				seen.look(record[at], line)
			}
		}
	}
}

// slashDates are the first dates of each kind that a file has.
type slashDates struct{ monthFirst, either, dayFirst slashDate }

type slashDate struct {
	text string
	line int
	date remit.Date // read month first, if it can be
}

func (s *slashDates) look(text string, line int) {
	text = strings.TrimSpace(text)
	m := usDate.FindStringSubmatch(text)
	if m == nil {
		return
	}
	date, monthFirst := remit.NewDate(integer(m[3]), integer(m[1]), integer(m[2]))
	_, dayFirst := remit.NewDate(integer(m[3]), integer(m[2]), integer(m[1]))
	kind := &s.either
	switch {
	case !monthFirst && !dayFirst:
		return // no date at all
	case !dayFirst:
		kind = &s.monthFirst
	case !monthFirst:
		kind = &s.dayFirst
	}
	if kind.line == 0 {
		*kind = slashDate{text, line, date}
	}
}

func (s *slashDates) verdict() (string, error) {
	read := s.monthFirst
	if read.line == 0 {
		read = s.either
	}
	switch {
	case read.line == 0:
		return "", nil // what is day first alone is a bad row each
	case s.dayFirst.line != 0:
		return "", remit.Invalid("file", "Line %d has the date %s, which is day first, and line %d has %s, which would be read month first, as %s. Write all dates like 2026-04-01.",
			s.dayFirst.line, s.dayFirst.text, read.line, read.text, read.date.Words())
	}
	if s.either.line != 0 { // where a reader may doubt
		read = s.either
	}
	return fmt.Sprintf("Dates with slashes were read month first: %s on line %d is %s.", read.text, read.line, read.date.Words()), nil
}

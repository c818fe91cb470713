package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"remit/apiclient"
	"remit/invoicefile"
	"remit/money"
)

type importCommand struct {
	Files        []string `arg:""                              help:"CSV with a header line, or e-invoices (UBL)." type:"existingfile"`
	Organisation string   `help:"Path the invoices belong to." required:""`
}

// job is an import as the API shows it.
type job struct {
	ID         string
	State      string
	RowsTotal  int    `json:"rows_total"`
	RowsNew    int    `json:"rows_new"`
	RowsSame   int    `json:"rows_same"`
	RowsBad    int    `json:"rows_bad"`
	AmountNew  int64  `json:"amount_new"`
	AmountHeld int64  `json:"amount_held"`
	Currency   string `json:"currency"`
	Others     []struct {
		Currency string
		Amount   int64
	}
	Ignored []string `json:"ignored_columns"`
	Notes   []string
	Failure *string
	Errors  []struct {
		Line   int
		Field  string
		Reason string
	}
}

// pollEvery is how often progress is asked for.
const pollEvery = 200 * time.Millisecond

func (i *importCommand) Run(ctx context.Context, s *surroundings) error {
	client, err := s.ask()
	if err != nil {
		return err
	}
	files := make([]apiclient.File, len(i.Files))
	rows := 0
	for n, path := range i.Files {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[n] = apiclient.File{Name: filepath.Base(path), Content: content}
		rows += rowsIn(content)
	}
	var j job
	err = client.Upload(ctx, apiclient.Request{Method: http.MethodPost, Path: "/v1/imports"},
		map[string]string{"organisation": i.Organisation}, files, &j)
	if err != nil {
		return err
	}
	bar := newBar(s.out, rows)
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for j.State == "running" {
		bar.show(j)
		select {
		case <-ctx.Done():
			return fmt.Errorf("the import goes on by itself: import %s", j.ID)
		case <-ticker.C:
		}
		if err := client.Get(ctx, "/v1/imports/"+url.PathEscape(j.ID), nil, &j); err != nil {
			return err
		}
	}
	bar.end(j)
	return s.report(j)
}

// report prints the sums and the bad rows, and is an error where the import
// failed or a row did not go in.
func (s *surroundings) report(j job) error {
	currency := money.Currency(j.Currency)
	fmt.Fprintf(s.out, "%d rows: %d new, %d known already, %d bad.\n", j.RowsNew+j.RowsSame+j.RowsBad, j.RowsNew, j.RowsSame, j.RowsBad)
	fmt.Fprintf(s.out, "New: %s %s, of which on hold: %s.\n", money.Of(j.AmountNew, currency), j.Currency, money.Of(j.AmountHeld, currency))
	for _, sum := range j.Others {
		fmt.Fprintf(s.out, "New: %s %s.\n", money.Of(sum.Amount, money.Currency(sum.Currency)), sum.Currency)
	}
	if len(j.Ignored) > 0 {
		fmt.Fprintf(s.out, "Columns not used: %s.\n", strings.Join(j.Ignored, ", "))
	}
	for _, note := range j.Notes {
		fmt.Fprintln(s.out, note)
	}
	for _, wrong := range j.Errors {
		field := ""
		if wrong.Field != "" {
			field = wrong.Field + ": "
		}
		fmt.Fprintf(s.out, "Line %d: %s%s\n", wrong.Line, field, wrong.Reason)
	}
	if more := j.RowsBad - len(j.Errors); more > 0 {
		fmt.Fprintf(s.out, "... and %d more.\n", more)
	}
	switch {
	case j.Failure != nil:
		return fmt.Errorf("the import failed: %s", *j.Failure)
	case j.State != "done":
		return fmt.Errorf("the import ended as %s", j.State)
	case j.RowsBad > 0:
		return fmt.Errorf("%d rows did not go in", j.RowsBad)
	}
	return nil
}

// rowsIn is about how many rows a file has: line breaks inside quotes count too.
// An e-invoice is one.
func rowsIn(content []byte) int {
	if invoicefile.IsDocument(content) {
		return 1
	}
	return max(bytes.Count(bytes.TrimSpace(content), []byte("\n")), 1)
}

// bar is a line of progress: redrawn in a terminal, else said now and then.
type bar struct {
	out      io.Writer
	rows     int
	terminal bool
	said     int // tenths that were said
}

func newBar(out io.Writer, rows int) *bar {
	b := &bar{out: out, rows: rows}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return b
}

func (b *bar) show(j job) {
	const width = 30
	done := min(j.RowsTotal, b.rows)
	if b.terminal {
		full := done * width / b.rows
		fmt.Fprintf(b.out, "\r[%s%s] %d of %d, %d new, %d bad ", strings.Repeat("#", full), strings.Repeat(".", width-full), done, b.rows, j.RowsNew, j.RowsBad)
		return
	}
	if tenths := done * 10 / b.rows; tenths > b.said {
		b.said = tenths
		fmt.Fprintf(b.out, "%d of about %d rows, %d new, %d bad\n", done, b.rows, j.RowsNew, j.RowsBad)
	}
}

func (b *bar) end(j job) {
	if b.terminal {
		b.rows = max(j.RowsTotal, 1)
		b.show(j)
		fmt.Fprintln(b.out)
	}
}

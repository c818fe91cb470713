package invoicefile_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"remit"
	"remit/invoicefile"
)

const header = "number,customer,issue_date,due_date,amount,description\n"

// repeating is a file that goes on for ever: a header, then a row after row, or
// one piece of a row after another.
type repeating struct {
	piece func(i int) string
	rest  string
	i     int
}

func (r *repeating) Read(p []byte) (int, error) {
	if r.rest == "" {
		r.rest = r.piece(r.i)
		r.i++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func endless(first string, piece func(i int) string) io.Reader {
	return &repeating{rest: first, piece: piece}
}

// Protects T22: no file, however long or however badly quoted, is read further
// than its bounds, nor makes more memory than a few times those.
func TestBounds(t *testing.T) {
	description := strings.Repeat("x", 4000)
	row := func(i int) string {
		return fmt.Sprintf("N%d,C,2026-01-01,2026-01-31,5,%s\n", i, description)
	}
	always := func(text string) func(int) string {
		piece := strings.Repeat(text, 4096)
		return func(int) string { return piece }
	}
	for _, c := range []struct {
		name    string
		file    io.Reader
		kind    remit.Kind
		problem string
	}{
		{"rows", endless(header, always("x\n")), remit.KindTooLarge, "The file has more than 200000 rows."},
		{"bytes", endless(header, row), remit.KindTooLarge, "The file is larger than 32 MiB."},
		{"quote left open", endless(header+`A,"`, always("x\n")), remit.KindInvalid, "The row that starts on line 2 is longer than 1 MiB."},
		{"line without end", endless(header, always("x")), remit.KindInvalid, "The row that starts on line 2 is longer than 1 MiB."},
		{"delimiters", endless(header, always(",")), remit.KindInvalid, "The row on line 2 has more than 200 columns."},
		{"quoted line ends", endless(header, always("\"\n\",")), remit.KindInvalid, "The row on line 2 has more than 200 columns."},
		{"NUL", strings.NewReader(header + "A,C,2026-01-01,2026-01-31,5,a\x00b\n"), remit.KindInvalid, "There is a NUL byte on line 2"},
		{"gzip", strings.NewReader("\x1f\x8b\x08\x00\x00\x00\x00\x00"), remit.KindInvalid, "There is a NUL byte on line 1"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		drafts, problems, _, err := all(c.file, invoicefile.Options{Currency: "USD"})
		runtime.ReadMemStats(&after)
		var problem *remit.Error
		if !errors.As(err, &problem) || problem.Kind != c.kind || !strings.HasPrefix(problem.Message, c.problem) {
			t.Errorf("%s: %v, want %q", c.name, err, c.problem)
		}
		if len(problems)+len(drafts) > invoicefile.MaxRows {
			t.Errorf("%s: %d drafts, %d problems", c.name, len(drafts), len(problems))
		}
		if c.kind == remit.KindInvalid && after.TotalAlloc-before.TotalAlloc > 16<<20 {
			t.Errorf("%s: %d bytes were allocated", c.name, after.TotalAlloc-before.TotalAlloc)
		}
	}
}

// Protects the file's last good rows: what stands before the fault is read.
func TestRowsBeforeAFaultAreRead(t *testing.T) {
	drafts, _, _, err := all(strings.NewReader(header+"A,C,2026-01-01,2026-01-31,5,\nB,\x00"), invoicefile.Options{Currency: "USD"})
	if err == nil || len(drafts) != 1 {
		t.Errorf("%d drafts, %v", len(drafts), err)
	}
}

// Protects imports from a connection that breaks: its error is not the end of
// the file.
func TestReadErrorIsNotTheEnd(t *testing.T) {
	broken := errors.New("connection reset")
	file := io.MultiReader(strings.NewReader(header+"A,C,2026-01-01,2026-01-31,5,"+strings.Repeat("x", 3000)+"\n"), failing{broken})
	if _, _, _, err := all(file, invoicefile.Options{Currency: "USD"}); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

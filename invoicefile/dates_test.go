package invoicefile_test

import (
	"strings"
	"testing"

	"remit/invoicefile"
)

// Protects whoever brings a file in from dates that mean another day than he
// thinks: how dates with slashes are read is said, and a file that contradicts
// itself is refused, naming both lines.
func TestSlashDates(t *testing.T) {
	const header = "number,customer,issue_date,due_date,amount\n"
	for _, c := range []struct{ rows, note, problem string }{
		{"A,X,2024-01-01,2024-02-01,5\n", "", ""},
		{"A,X,2024-01-01,2024-02-01,5\nB,X,2024-01-01,1/2/2024,5\n", "Dates with slashes were read month first: 1/2/2024 on line 3 is 2 Jan 2024.", ""},
		{"A,X,1/13/2024,2/13/2024,5\nB,X,1/2/2024,2/2/2024,5\n", "Dates with slashes were read month first: 1/2/2024 on line 3 is 2 Jan 2024.", ""},
		{"A,X,1/13/2024,2/13/2024,5\n", "Dates with slashes were read month first: 1/13/2024 on line 2 is 13 Jan 2024.", ""},
		{"A,X,1/13/2024,2/13/2024,5\nB,X,2024-01-01,31/1/2024,5\n", "", "Line 3 has the date 31/1/2024, which is day first, and line 2 has 1/13/2024, which would be read month first, as 13 Jan 2024."},
		{"A,X,31/1/2024,1/2/2024,5\n", "", "Line 2 has the date 31/1/2024, which is day first, and line 2 has 1/2/2024, which would be read month first, as 2 Jan 2024."},
		{"A,X,31/1/2024,2024-02-01,5\n", "", ""},
		{"A,X,1/2/2024,31/02/2024,5\n\"B\"x,1/2\nC,X\n", "Dates with slashes were read month first: 1/2/2024 on line 2 is 2 Jan 2024.", ""},
	} {
		note, err := invoicefile.SlashDates(strings.NewReader(header+c.rows), invoicefile.Options{Currency: "USD"})
		if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.HasPrefix(err.Error(), c.problem)) || note != c.note {
			t.Errorf("%q: %q, %v", c.rows, note, err)
		}
	}
}

package main

import (
	"strings"
	"testing"
	"time"

	"remit"
)

// Protects whoever runs due dates by hand: a run reads with what came otherwise than
// expected first, then charges, then what was not charged and why, then the sums.
func TestARunReadsDifferencesFirst(t *testing.T) {
	charged, declined, skipped, visa, why := "charged", "declined", "skipped", "Visa 4242", "On hold: asked"
	code := "insufficient_funds"
	run := dueRun{AsOf: remit.Date{Year: 2026, Month: 4, Day: 1}, State: "done", Found: 3, Charged: 1, Declined: 1, Skipped: 1}
	run.Sums = append(run.Sums, struct {
		Currency string
		Amount   int64
	}{"USD", 120000})
	bad := dueEntry{Number: "B", CustomerName: "Bell", Amount: 500, Currency: "USD", Method: &visa, Outcome: &declined, Reason: &code, Forecast: &charged}
	run.Differences = []dueEntry{bad}
	var out strings.Builder
	err := run.print(&out, []dueEntry{
		{Number: "A", CustomerName: "Acme", Amount: 120000, Currency: "USD", Method: &visa, Outcome: &charged, Forecast: &charged}, bad,
		{Number: "C", CustomerName: "Cole", ForecastAmount: 700, Currency: "USD", Outcome: &skipped, Reason: &why, Forecast: &skipped},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, want := range []string{
		"Came otherwise", "Bell", "insufficient_funds", "$1,200.00", "Visa 4242", "Not charged:", "Cole", "$7.00", "On hold: asked", "3 due by 1 Apr 2026: 1 charged", "Charged: $1,200.00 USD",
	} {
		next := strings.Index(out.String()[at+1:], want)
		if next < 0 {
			t.Fatalf("%q is missing after character %d of:\n%s", want, at, out.String())
		}
		at += 1 + next
	}
}

// Protects the demo's reader: the clock is told days or a date, in either place.
func TestWhereAClockIsMovedTo(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ by, to, want string }{
		{"45d", "", "2026-05-16"}, {"2026-05-01", "", "2026-05-01"}, {"", "2026-05-01", "2026-05-01"}, {"", "1d", "2026-04-02"},
		{"", "", ""}, {"1d", "2026-05-01", ""}, {"0d", "", ""}, {"soon", "", ""},
	} {
		a := clockAdvanceCommand{By: c.by, To: c.to}
		got, err := a.advanced(now)
		if (err == nil) != (c.want != "") || err == nil && got.Format(time.DateOnly) != c.want {
			t.Errorf("%q, --to %q: %v %v, want %q", c.by, c.to, got, err, c.want)
		}
	}
}

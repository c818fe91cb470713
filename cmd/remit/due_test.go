package main

import (
	"encoding/json"
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

// Protects the demo's reader: a clock's way reads as what came of it, invoice by invoice,
// and what Remit did only for itself is a count.
func TestAClockTellsAStory(t *testing.T) {
	var result clockResult
	err := json.Unmarshal([]byte(`{"now": "2026-05-16T12:00:00Z", "done": true, "fired": [{"at": "2026-04-02T14:00:00Z", "what": "Charges $5.00 to Visa 4242"}],
		"happened": [{"at": "2026-04-02T14:00:00Z", "about": "A-1017", "what": "Attempt 1 was declined."}, {"at": "2026-04-03T04:00:00Z", "about": "RENT", "what": "Made and sent."}],
		"more": true, "looks": 31, "reconciliations": 1}`), &result)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	result.print(&out, time.UTC)
	out.WriteString(besides(result.Looks, result.Nights))
	const want = "2 Apr 2026 14:00 UTC  A-1017  Attempt 1 was declined.\n3 Apr 2026 04:00 UTC  RENT    Made and sent.\n" +
		"More happened than is told at once; the invoices' timelines have it all.\nBesides, Stripe was looked at 31 times, and reconciled with on 1 night.\n"
	if out.String() != want {
		t.Errorf("it reads\n%swant\n%s", out.String(), want)
	}
}

// Protects whoever plans by a forecast: what schedules are yet to make stands by itself,
// before the figures that it is not in.
func TestAForecastSaysWhatIsNotYetMade(t *testing.T) {
	var run dueRun
	err := json.Unmarshal([]byte(`{"as_of": "2026-04-20", "dry_run": true, "state": "done", "not_yet_made": {"count": 3, "more_schedules": false,
		"data": [{"number": "RENT-2026-04-08", "customer_name": "Acme", "issue_date": "2026-04-08", "charge_date": "2026-04-11", "amount": 10000, "currency": "USD"}]}}`), &run)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run.print(&out, nil); err != nil {
		t.Fatal(err)
	}
	const want = "Not yet made, and not in the figures below: billing schedules make these first. They are then planned to be charged.\n" +
		"number           customer  amount   made on     charged on\n" +
		"RENT-2026-04-08  Acme      $100.00  8 Apr 2026  11 Apr 2026\n" +
		"and 2 more\n\n0 due by 20 Apr 2026. Nothing was charged: this is a forecast.\n"
	if out.String() != want {
		t.Errorf("it reads\n%swant\n%s", out.String(), want)
	}
}

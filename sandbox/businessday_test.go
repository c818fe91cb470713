package sandbox

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

// The clock of New York is counted out as its table of zones has it.
func TestEasternIsNewYork(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1704067200, 4102444800).Draw(t, "second"), 0) // 2024 to 2100
		if got, want := at.In(eastern(at)).Format(time.DateTime), at.In(newYork).Format(time.DateTime); got != want {
			t.Errorf("%v is %s, want %s", at.UTC(), got, want)
		}
	})
}

// Money moves on business days alone, forward, and never two on one day.
func TestBusinessDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1704067200, 4102444800).Draw(t, "second"), 0)
		n := rapid.IntRange(1, 12).Draw(t, "days")
		sent := sendingDay(at)
		later := addBusinessDays(sent, n)
		if !businessDay(sent) || !businessDay(later) {
			t.Errorf("%v is sent on %v and ends on %v", at, sent, later)
		}
		if midnight(sent, cutOff).Before(at) || midnight(sent, cutOff).Sub(at) > 6*24*time.Hour {
			t.Errorf("%v is sent on %v", at, sent)
		}
		between := 0
		for day := sent.AddDate(0, 0, 1); !day.After(later); day = day.AddDate(0, 0, 1) {
			if businessDay(day) {
				between++
			}
		}
		if between != n {
			t.Errorf("%d business days between %v and %v, want %d", between, sent, later, n)
		}
		if local := midnight(later, 0); local.In(eastern(local)).Hour() != 0 || local.Day() != later.Day() {
			t.Errorf("%v begins at %v", later, local)
		}
	})
}

// The holidays are those of the Federal Reserve: a Sunday's is kept on Monday, a
// Saturday's not on Friday.
func TestHolidays(t *testing.T) {
	for text, closed := range map[string]bool{
		"2026-01-01": true, "2026-01-19": true, "2026-02-16": true, "2026-05-25": true, "2026-06-19": true,
		"2026-07-03": false, "2026-09-07": true, "2026-10-12": true, "2026-11-11": true, "2026-11-26": true,
		"2026-12-25": true, "2027-07-05": true, "2027-12-24": false, "2026-03-02": false, "2023-01-02": true,
	} {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := holiday(day); got != closed {
			t.Errorf("%s: %v", text, got)
		}
	}
}

package commands

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// Of past charges each invoice is replayed once for each method that failed on it,
// up to where that one paid, with what was known when it first failed.
func TestEpisodesOfPastTries(t *testing.T) {
	one, two, start := uuid.New(), uuid.New(), time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	try := func(invoice uuid.UUID, number int, card string, paid bool) postgres.PastTry {
		return postgres.PastTry{
			InvoiceID: invoice, Number: number, Zone: "America/New_York", Window: remit.DefaultChargeWindow(), Paid: paid,
			At: start.AddDate(0, 0, number), Method: remit.MethodSummary{Type: "card", Fingerprint: card},
			Decline: remit.DeclineRecord{Class: "funds", Code: "insufficient_funds", Rule: "later", Version: "1"},
		}
	}
	got := episodes([]postgres.PastTry{
		try(one, 1, "a", false), try(one, 2, "b", false), try(one, 3, "a", false), try(one, 4, "a", true), try(one, 5, "a", false),
		try(two, 2, "a", true), try(two, 6, "a", false),
	})
	if len(got) != 3 {
		t.Fatalf("%d episodes: %+v", len(got), got)
	}
	if a := got[0]; len(a.Tries) != 2 || !a.Paid.Equal(start.AddDate(0, 0, 4)) || len(a.Facts.Worked) != 0 || a.Tries[0].Decline.Rule != "later" {
		t.Errorf("the first card: %+v", a)
	}
	if b := got[1]; len(b.Tries) != 1 || !b.Paid.IsZero() {
		t.Errorf("the second card: %+v", b)
	}
	if again := got[2]; len(again.Tries) != 1 || !again.Paid.IsZero() || len(again.Facts.Worked) != 2 {
		t.Errorf("the second invoice: %+v", again)
	}
	early := time.Date(2026, 3, 3, 3, 0, 0, 0, time.UTC)
	if opens := got[0].Facts.Open(early); !opens.Equal(time.Date(2026, 3, 3, 14, 0, 0, 0, time.UTC)) {
		t.Errorf("the window opens at %s", opens)
	}
}

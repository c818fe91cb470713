package remit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"remit"
)

// Protects whoever moves a test clock: it is told like a story, a line for each invoice
// and moment, of what came of things; what leads up to that is left out.
func TestAClocksStoryTellsWhatCameOfIt(t *testing.T) {
	nine := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	a, rent := uuid.New(), uuid.New()
	entry := func(after time.Duration, invoice uuid.UUID, number, kind, what string) remit.ToldEntry {
		return remit.ToldEntry{TimelineEntry: remit.TimelineEntry{At: nine.Add(after), Kind: kind, What: what}, InvoiceID: invoice, Number: number}
	}
	got := remit.StoryOf([]remit.ToldEntry{
		entry(0, a, "A-1017", "attempt_started", "Remit pays, attempt 1."),
		entry(5*time.Millisecond, rent, "RENT-3", "created", "Made."),
		entry(6*time.Millisecond, rent, "RENT-3", "sent", "Sent."),
		entry(6*time.Millisecond, rent, "RENT-3", "work_item", "A work item asks somebody."),
		entry(2*time.Second, a, "A-1017", "declined", "Attempt 1 was declined."),
		entry(2*time.Second, a, "A-1017", "collection", "It is tried again."),
		entry(2*time.Second, a, "A-1017", "mail", "A mail is in the outbox."),
		entry(time.Hour, a, "A-1017", "attempt_started", "Remit pays, attempt 2."),
		entry(time.Hour, rent, "RENT-3", "script", "It wrote a label."),
		entry(2*time.Hour, a, "A-1017", "work_item", "A work item asks somebody."),
		entry(2*time.Hour, a, "A-1017", "work_item", "A work item asks somebody."),
	})
	want := []remit.StoryLine{
		{At: nine, About: "A-1017", InvoiceID: a, What: "Attempt 1 was declined. It is tried again. A mail is in the outbox."},
		{At: nine.Add(5 * time.Millisecond), About: "RENT-3", InvoiceID: rent, What: "Made. Sent."},
		{At: nine.Add(time.Hour), About: "A-1017", InvoiceID: a, What: "Remit pays, attempt 2."},
		{At: nine.Add(2 * time.Hour), About: "A-1017", InvoiceID: a, What: "A work item asks somebody."},
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
}

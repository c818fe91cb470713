package remit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// StoryLine is what came of something while a test clock was on its way: of one invoice,
// billing schedule or customer at one time.
type StoryLine struct {
	At        time.Time
	About     string    // the invoice's or schedule's number, or the customer's name
	InvoiceID uuid.UUID // [uuid.Nil] where it is about none
	What      string    // in sentences
}

// ToldEntry is an entry of a timeline with whose it is.
type ToldEntry struct {
	TimelineEntry

	InvoiceID    uuid.UUID
	Number       string
	Organisation string // path
}

// StoryOf tells what happened to invoices from their timelines' entries, given in order of
// time: a line for each invoice and moment. What only leads up to something that is told as
// well, and what nobody waits for, is left out.
func StoryOf(entries []ToldEntry) []StoryLine {
	type moment struct {
		first   ToldEntry
		last    time.Time
		entries []ToldEntry
	}
	var moments []*moment
	open := map[uuid.UUID]*moment{}
	for _, e := range entries {
		m := open[e.InvoiceID]
		if m == nil || e.At.Sub(m.last) > oneMoment {
			m = &moment{first: e}
			open[e.InvoiceID], moments = m, append(moments, m)
		}
		m.last, m.entries = e.At, append(m.entries, e)
	}
	var lines []StoryLine
	for _, m := range moments {
		if what := sentencesOf(m.entries); what != "" {
			lines = append(lines, StoryLine{At: m.first.At, About: m.first.Number, InvoiceID: m.first.InvoiceID, What: what})
		}
	}
	return lines
}

// oneMoment is how far entries may be apart that are told as one: an attempt's answer and
// its mails, however slow the machine, and never two rows of the agenda.
const oneMoment = time.Minute

func sentencesOf(entries []ToldEntry) string {
	has := func(kinds ...string) bool {
		return slices.ContainsFunc(entries, func(e ToldEntry) bool { return slices.Contains(kinds, e.Kind) })
	}
	ended := has("paid", "declined", "canceled", "processing", "unknown", "requires_action", "excess")
	var sentences []string
	for _, e := range entries {
		switch {
		case e.Kind == "attempt_started" && ended, e.Kind == "work_item" && has("sent"), e.Kind == "script", e.Kind == "mail_delivery":
		case e.What == "", slices.Contains(sentences, e.What):
		default:
			sentences = append(sentences, e.What)
		}
	}
	return strings.Join(sentences, " ")
}

// Stands is how a bank account stands, in a sentence.
func (b BankAccount) Stands() string {
	switch {
	case b.State == BankAccountUsable:
		return fmt.Sprintf("The %s is verified.", b.Called())
	case b.State == BankAccountAwaitingEntry:
		return fmt.Sprintf("The deposits to the %s should have arrived; they wait to be entered.", b.Called())
	case b.State.Waits():
		return fmt.Sprintf("The %s waits for its deposits.", b.Called())
	}
	return strings.TrimSpace(fmt.Sprintf("The %s cannot be used. %s", b.Called(), b.Reason))
}

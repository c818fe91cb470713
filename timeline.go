package remit

import "time"

// TimelineEntry is one thing that happened to an invoice: what, why, who, and
// what comes next. Entries are numbered without gaps and never changed.
type TimelineEntry struct {
	Seq       int64
	At        time.Time // on the organisation's clock
	Kind      string
	What      string
	Why       Why
	Actor     Actor
	StripeIDs []string
	Next      Next
	Data      map[string]any
}

// ForPayers is the entry as somebody reads it who may not read what a bank said
// to the merchant: a decline is told in the payer's words, without code or rule
// (a code may tell a thief that a card is reported stolen).
func (e TimelineEntry) ForPayers() TimelineEntry {
	if e.Kind != "declined" {
		return e
	}
	e.What, _ = e.Data[payersWords].(string)
	if e.What == "" {
		e.What = "A payment was declined. Nothing was charged."
	}
	e.Why, e.Data = Why{}, map[string]any{"attempt": e.Data["attempt"]}
	return e
}

// payersWords is the key in a declined entry's data of what payers read.
const payersWords = "payer"

// Why names the rule that decided and its version.
type Why struct {
	Rule    string `json:"rule"`
	Version string `json:"version"`
}

// Next is what will happen by itself and when, read from the agenda.
type Next struct {
	What string     `json:"what"`
	At   *time.Time `json:"at"`
}

// AgendaKind says what a row of the agenda is about.
type AgendaKind string

// The kinds of agenda row.
const (
	AgendaPoll    AgendaKind = "poll"    // ask Stripe about a live attempt
	AgendaOverdue AgendaKind = "overdue" // local midnight after the due date
	AgendaSend    AgendaKind = "send"    // an invoice dated ahead is sent on its date
	AgendaScript  AgendaKind = "script"  // run the after-payment script for a payment
)

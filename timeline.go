package remit

import (
	"maps"
	"time"
)

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
// (a code may tell a thief that a card is reported stolen), a dispute without
// the reason a payer gave his bank.
func (e TimelineEntry) ForPayers() TimelineEntry {
	switch e.Kind {
	case "charge_skipped", "charge_delayed":
		e.What, e.Why, e.Data = "It was not charged by itself.", Why{}, nil
		return e
	case "approval_asked", "approval_escalated", "approval_given", "approval_used", "approval_declined", "approval_lapsed":
		e.What, e.Why, e.Data, e.Actor = "A payment by the seller's people was looked at.", Why{}, nil, System
		return e
	case "collection":
		e.Why, e.Data = Why{}, nil
		return e
	case "disconnected":
		e.What, e.Why, e.Data = "Online payment is not available for now.", Why{}, nil
		return e
	case "declined":
	default:
		if words, told := e.Data[payersWords].(string); told && e.Data[disputeReason] != nil {
			e.What, e.Data = words, maps.Clone(e.Data)
			delete(e.Data, disputeReason)
		}
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

// disputeReason is the key of why a payer objects.
const disputeReason = "dispute_reason"

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
	AgendaRefund  AgendaKind = "refund"  // send a refund, or ask Stripe about it
	AgendaRespond AgendaKind = "respond" // evidence for a dispute is due
	AgendaExcess  AgendaKind = "excess"  // the default action for money that could not be applied
	// AgendaReconcile is the organisation's nightly reconciliation with Stripe.
	AgendaReconcile AgendaKind = "reconcile"
	// AgendaBankAccount is the next look at a bank account that is to be verified.
	AgendaBankAccount AgendaKind = "bank_account"
	// AgendaCharge is the invoice's next charge of a saved method by itself, a retry
	// included. A due-date run carries it out.
	AgendaCharge AgendaKind = "charge"
	// AgendaNotice is the next notice about an invoice: that it will be charged, that
	// a card will have expired by then, that it is due. A due-date run writes it.
	AgendaNotice AgendaKind = "notice"
	// AgendaLateFee is the invoice's next late fee.
	AgendaLateFee AgendaKind = "late_fee"
	// AgendaConnection is the next look at a connected account, whether Stripe reports
	// something of it or not.
	AgendaConnection AgendaKind = "connection"
	// AgendaBill is what a billing schedule does next: make a period's invoice, send
	// its draft, or both. The organisation's billing carries it out.
	AgendaBill AgendaKind = "bill"
	// AgendaOrder is the end of a store's order that nobody pays.
	AgendaOrder AgendaKind = "order"
	// AgendaApproval is when a request for approval goes up the organisation path, or
	// an approval that was given lapses.
	AgendaApproval AgendaKind = "approval"
)

// ByRun reports whether rows of the kind are carried out by due-date runs, and
// not by the invoice's own workflow at their time.
func (k AgendaKind) ByRun() bool { return k == AgendaCharge || k == AgendaNotice }

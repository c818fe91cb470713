package activities

import (
	"fmt"
	"strings"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// The timeline's sentences about disputes. Why a payer objects is for those who
// may read what banks say; [remit.TimelineEntry.ForPayers] takes it away.

func disputeEntry(l *postgres.LockedInvoice, d remit.Dispute) remit.TimelineEntry {
	sum := money.Of(d.Amount, money.Currency(d.Currency))
	var what string
	switch {
	case d.State.Inquiry() && d.State.Contests():
		what = fmt.Sprintf("A bank asks about a payment of %s. No money has moved.", sum)
	case d.State == remit.DisputeWarningClosed:
		what = fmt.Sprintf("The bank's question about a payment of %s is closed.", sum)
	case d.Return():
		what = fmt.Sprintf("The bank returned a payment of %s. That is final: it cannot be contested.", sum)
	case d.State == remit.DisputeNeedsResponse:
		what = fmt.Sprintf("A payment of %s is disputed.", sum)
	case d.State == remit.DisputeUnderReview:
		what = fmt.Sprintf("The bank has the evidence for the dispute of %s.", sum)
	case d.Overruled && d.State == remit.DisputeLost:
		what = fmt.Sprintf("The dispute of %s is lost: Stripe has decided, whatever a person had said of it.", sum)
	case d.State == remit.DisputeWon:
		what = fmt.Sprintf("The dispute of %s is won.", sum)
	default:
		what = fmt.Sprintf("The dispute of %s is lost.", sum)
	}
	if by, may := d.Respond(); may && !d.Wanted {
		what += " Give evidence at Stripe by " + by.In(l.Zone).Format("2 Jan 2006, 15:04 MST") + "."
	}
	return disputeWords(d, "dispute", what)
}

// disputeWords is an entry about a dispute; staff read its reason besides.
func disputeWords(d remit.Dispute, kind, what string) remit.TimelineEntry {
	return remit.TimelineEntry{
		Kind: kind, Actor: remit.Stripe, What: what + reasonWords(d.Reason), Why: remit.Why{Rule: "nothing is collected while a bank reviews", Version: "1"},
		StripeIDs: idsOf(d.StripeDispute, d.Charge),
		Data: map[string]any{
			"dispute": d.ID.String(), "payment": d.PaymentID.String(), "state": string(d.State), "amount": d.Amount, "dispute_reason": d.Reason, "payer": what,
		},
	}
}

func reasonWords(reason string) string {
	if reason == "" || reason == "general" {
		return ""
	}
	return " The reason given: " + strings.ReplaceAll(reason, "_", " ") + "."
}

// wantedEntry tells that Stripe waits for evidence of a dispute that a person said is over.
func wantedEntry(l *postgres.LockedInvoice, d remit.Dispute) remit.TimelineEntry {
	by, _ := d.Respond()
	what := fmt.Sprintf("Stripe has not decided the dispute of %s, which a person said is over, and waits for evidence. Give it at Stripe by %s.",
		money.Of(d.Amount, money.Currency(d.Currency)), by.In(l.Zone).Format("2 Jan 2006, 15:04 MST"))
	e := disputeWords(d, "dispute_wanted", what)
	e.Data["payer"] = "The bank has not decided the dispute yet."
	return e
}

func withdrawnEntry(l *postgres.LockedInvoice, d remit.Dispute, of ledger.Against) remit.TimelineEntry {
	currency := money.Currency(d.Currency)
	what := fmt.Sprintf("%s was taken back by the bank.", money.Of(d.Amount, currency))
	if d.Overruled {
		what = fmt.Sprintf("%s is with the bank, other than a person had said.", money.Of(d.Amount, currency))
	}
	if of.Receivable > 0 {
		what += fmt.Sprintf(" %s is owed again; it is not charged by itself.", money.Of(of.Receivable, currency))
	}
	what += creditTaken(l, d, of)
	e := disputeWords(d, "dispute_withdrawn", what)
	e.What, e.Why = what, remit.Why{Rule: "paid means final money", Version: "1"}
	e.Data["owed"] = of.Receivable
	if l.Hold != nil && !l.Hold.Kind.Money() && of.Receivable > 0 {
		e.Data["hold"] = l.Hold.Reason // which this one takes the place of
	}
	return e
}

// movedEntry tells what becomes of money that a refund did not send and a bank has
// taken.
func movedEntry(l *postgres.LockedInvoice, d remit.Dispute, of ledger.Against) remit.TimelineEntry {
	currency := money.Currency(d.Currency)
	what := fmt.Sprintf("A bank had taken %s of it meanwhile.", money.Of(of.Receivable+of.Excess+of.Surcharge+of.Credit, currency))
	if of.Receivable > 0 {
		what += fmt.Sprintf(" %s is owed again; it is not charged by itself.", money.Of(of.Receivable, currency))
	}
	what += creditTaken(l, d, of)
	e := disputeWords(d, "dispute_withdrawn", what)
	e.What, e.Why = what, remit.Why{Rule: "paid means final money", Version: "1"}
	e.Data["owed"] = of.Receivable
	return e
}

// creditTaken tells what a bank has taken of money that its payer had as credit.
func creditTaken(l *postgres.LockedInvoice, d remit.Dispute, of ledger.Against) string {
	if of.Credit == 0 {
		return ""
	}
	return fmt.Sprintf(" %s of it was %s's credit, and is not any more.", money.Of(of.Credit, money.Currency(d.Currency)), l.CustomerName)
}

func reinstatedEntry(l *postgres.LockedInvoice, d remit.Dispute, to ledger.Against) remit.TimelineEntry {
	what := money.Of(to.Sum(), money.Currency(d.Currency)).String() + " came back from the bank."
	if d.State.Inquiry() {
		what = fmt.Sprintf("%s was not taken by the bank, as a person had said.", money.Of(to.Sum(), money.Currency(d.Currency)))
	}
	if to.Credit > 0 {
		what += fmt.Sprintf(" %s of it is %s's credit again.", money.Of(to.Credit, money.Currency(d.Currency)), l.CustomerName)
	}
	e := disputeWords(d, "dispute_reinstated", what)
	e.What, e.Why = what, remit.Why{Rule: "the ledger decides", Version: "1"}
	return e
}

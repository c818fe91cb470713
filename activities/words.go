package activities

import (
	"fmt"

	"remit"
	"remit/money"
	"remit/postgres"
)

// The timeline's sentences about attempts. They are read by staff; of a decline
// the entry's data also holds what [remit.TimelineEntry.ForPayers] shows.

func declinedEntry(l *postgres.LockedInvoice, a remit.Attempt, r result, payment remit.Payment) remit.TimelineEntry {
	what := fmt.Sprintf("Attempt %d, %s%s, was declined. ", a.Number, money.Of(a.Amount, money.Currency(l.Currency)), byMethod(a.Method))
	return remit.TimelineEntry{
		Kind: "declined", Actor: a.Actor, What: what + r.refused.StaffMessage(r.follows),
		Why: remit.Why{Rule: "decline: " + string(r.refused.Rule), Version: r.refused.Version}, StripeIDs: idsOf(payment.PaymentIntent, a.Charge),
		Data: map[string]any{"attempt": a.Number, "code": r.refused.Code, "class": string(r.refused.Class), "hard": r.refused.Hard, "payer": what + r.refused.PayerMessage()},
	}
}

func canceledEntry(_ *postgres.LockedInvoice, a remit.Attempt, r result, payment remit.Payment) remit.TimelineEntry {
	actor := remit.System
	if r.actor != nil {
		actor = *r.actor
	}
	return remit.TimelineEntry{
		Kind: "canceled", Actor: actor, What: fmt.Sprintf("Attempt %d ended. %s", a.Number, r.why),
		Why: remit.Why{Rule: "only Stripe ends an attempt", Version: "1"}, StripeIDs: idsOf(payment.PaymentIntent, a.StripeSession),
		Data: map[string]any{"attempt": a.Number},
	}
}

func waitingEntry(l *postgres.LockedInvoice, a remit.Attempt, cause error) remit.TimelineEntry {
	e := remit.TimelineEntry{Actor: remit.System, StripeIDs: idsOf(a.StripeSession), Data: map[string]any{"attempt": a.Number, "state": string(a.State)}}
	switch {
	case cause != nil:
		e.Kind, e.What = "unknown", fmt.Sprintf("Whether attempt %d went through is not known yet (%s). Nothing else may start.", a.Number, unknownWords(cause))
		e.Why = remit.Why{Rule: "an unknown outcome blocks", Version: "1"}
	case a.State == remit.AttemptProcessing:
		e.Kind, e.What = "processing", fmt.Sprintf("The bank has attempt %d. Result by %s.", a.Number, a.ResultBy().Words())
		e.Why = remit.Why{Rule: "paid means final money", Version: "1"}
		e.Data["result_by"] = a.ResultBy().String()
		by := a.ResultBy().StartIn(l.Zone)
		e.Next = remit.Next{What: "Result from the bank by " + a.ResultBy().Words(), At: &by}
	default:
		e.Kind, e.What = string(a.State), fmt.Sprintf("Attempt %d waits for the payer.", a.Number)
		e.Why = remit.Why{Rule: "one live attempt", Version: "1"}
	}
	return e
}

// pollWords say what is looked at next of a live attempt.
func pollWords(a remit.Attempt) string {
	if by := a.ResultBy(); !by.IsZero() {
		return fmt.Sprintf("Ask for the bank's result of attempt %d, due by %s", a.Number, by.Words())
	}
	return fmt.Sprintf("Ask Stripe about attempt %d", a.Number)
}

// methodWords names a method as people do: "Visa 4242".
func methodWords(m *remit.MethodSummary) string { return m.Words() }

func byMethod(m *remit.MethodSummary) string {
	if m == nil {
		return ""
	}
	return " with " + methodWords(m)
}

func actorName(a remit.Actor) string {
	if a.Name == "" {
		return "Somebody"
	}
	return a.Name
}

func idsOf(ids ...string) []string {
	kept := []string{}
	for _, id := range ids {
		if id != "" {
			kept = append(kept, id)
		}
	}
	return kept
}

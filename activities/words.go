package activities

import (
	"fmt"
	"strings"

	"remit"
	"remit/money"
	"remit/postgres"
)

// The timeline's sentences about attempts. They are read by staff; of a decline
// the entry's data also holds what [remit.TimelineEntry.ForPayers] shows.

func declinedEntry(l *postgres.LockedInvoice, a remit.Attempt, r result, payment remit.Payment) remit.TimelineEntry {
	what := fmt.Sprintf("Try %d of %s%s was declined. ", a.Number, money.Of(a.Amount, money.Currency(l.Currency)), byMethod(a.Method))
	return remit.TimelineEntry{
		Kind: "declined", Actor: a.Actor, What: what + r.refused.StaffMessage(),
		Why: remit.Why{Rule: "decline: " + string(r.refused.Rule), Version: r.refused.Version}, StripeIDs: idsOf(payment.PaymentIntent, a.Charge),
		Data: map[string]any{"attempt": a.Number, "code": r.refused.Code, "class": string(r.refused.Class), "hard": r.refused.Hard, "payer": what + r.refused.PayerMessage()},
	}
}

func canceledEntry(_ *postgres.LockedInvoice, a remit.Attempt, r result, payment remit.Payment) remit.TimelineEntry {
	return remit.TimelineEntry{
		Kind: "canceled", Actor: remit.System, What: fmt.Sprintf("Try %d ended. %s", a.Number, r.why),
		Why: remit.Why{Rule: "only Stripe ends an attempt", Version: "1"}, StripeIDs: idsOf(payment.PaymentIntent, a.StripeSession),
		Data: map[string]any{"attempt": a.Number},
	}
}

func waitingEntry(_ *postgres.LockedInvoice, a remit.Attempt, cause error) remit.TimelineEntry {
	e := remit.TimelineEntry{Actor: remit.System, StripeIDs: idsOf(a.StripeSession), Data: map[string]any{"attempt": a.Number, "state": string(a.State)}}
	switch {
	case cause != nil:
		e.Kind, e.What = "unknown", fmt.Sprintf("Whether try %d went through is not known yet (%s). Nothing else may start.", a.Number, unknownWords(cause))
		e.Why = remit.Why{Rule: "an unknown outcome blocks", Version: "1"}
	case a.State == remit.AttemptProcessing:
		e.Kind, e.What = "processing", fmt.Sprintf("The bank has try %d.", a.Number)
		e.Why = remit.Why{Rule: "paid means final money", Version: "1"}
	default:
		e.Kind, e.What = string(a.State), fmt.Sprintf("Try %d waits for the payer.", a.Number)
		e.Why = remit.Why{Rule: "one live attempt", Version: "1"}
	}
	return e
}

// methodWords names a method as people do: "Visa 4242".
func methodWords(m *remit.MethodSummary) string {
	switch {
	case m == nil:
		return "a card"
	case m.Type == "us_bank_account":
		return strings.TrimSpace(m.Brand + " account " + m.Last4)
	case m.Brand == "":
		return "card " + m.Last4
	}
	brand, known := map[string]string{
		"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover", "diners": "Diners Club", "jcb": "JCB",
	}[m.Brand]
	if !known {
		brand = m.Brand
	}
	return brand + " " + m.Last4
}

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

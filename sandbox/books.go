package sandbox

import (
	"maps"
	"net/http"
	"strconv"
)

// requestCounts are how often each API method was answered how, since Open.
type requestCounts struct {
	Total    int64            `json:"total"`
	Replayed int64            `json:"replayed"`
	Limited  int64            `json:"limited"`   // refused for their rate; not in the total
	ByAnswer map[string]int64 `json:"by_answer"` // e.g. "POST /v1/refunds 200"
}

func (c *requestCounts) init() { c.ByAnswer = map[string]int64{} }

func (w *world) count(rt *route, a answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Total++
	if a.original != "" {
		w.seen.Replayed++
	}
	w.seen.ByAnswer[rt.method+" "+rt.pattern+" "+strconv.Itoa(a.status)]++
}

// booked are the kinds of object in the books, by the name they have there.
var booked = map[string]*kind{
	"application_fees":     applicationFees,
	"balance_transactions": balanceTransactions,
	"charges":              charges,
	"customers":            customers,
	"early_fraud_warnings": earlyWarnings,
	"deliveries":           deliveries,
	"disputes":             disputes,
	"events":               events,
	"mandates":             mandates,
	"payment_intents":      paymentIntents,
	"payment_methods":      paymentMethods,
	"payouts":              payouts,
	"receipts":             receipts,
	"refunds":              refunds,
	"setup_intents":        setupIntents,
	"webhook_endpoints":    webhookEndpoints,
}

// showBooks answers what the account holds to be true. Without a kind it is
// everything but events, oldest first; ?kind=charges gives one kind, with
// ?after=<id> and ?limit=<n> in pages.
func (t *tx) showBooks(r *http.Request) (any, *apiError) {
	q := r.URL.Query()
	seen := t.seen
	seen.ByAnswer = maps.Clone(seen.ByAnswer) // it is written down after the lock is given back
	out := map[string]any{
		"account": t.world.id, "now": t.at.UTC(), "requests": seen,
	}
	name := q.Get("kind")
	if name == "" {
		for name, k := range booked {
			if k != events {
				out[name] = t.wireAll(t.table(k).all(""))
			}
		}
		return out, nil
	}
	k, ok := booked[name]
	if !ok {
		return nil, invalidParam("", "kind", "Unknown kind %q: the books hold %s", name, orList(sortedKeys(booked)))
	}
	return t.bookPage(out, name, k, q.Get("after"), q.Get("limit"))
}

func (t *tx) bookPage(out map[string]any, name string, k *kind, after, limitText string) (any, *apiError) {
	table := t.table(k)
	start, limit := 0, table.count("")
	if limitText != "" {
		n, err := strconv.Atoi(limitText)
		if err != nil || n < 1 {
			return nil, invalidParam("parameter_invalid_integer", "limit", "Invalid integer: %s", limitText)
		}
		limit = n
	}
	if after != "" {
		place, ok := table.place("", after)
		if !ok {
			return nil, missing(k, "after", after)
		}
		start = place + 1
	}
	page, last := []any{}, ""
	for i := start; i < table.count("") && len(page) < limit; i++ {
		if o := table.nth("", i); o != nil {
			page, last = append(page, t.wire(o)), o.key()
		}
	}
	out[name], out["next"] = page, nil
	if place, ok := table.place("", last); ok && place+1 < table.count("") {
		out["next"] = last
	}
	return out, nil
}

func (t *tx) wireAll(all []object) []any {
	out := make([]any, len(all))
	for i, o := range all {
		out[i] = t.wire(o)
	}
	return out
}

package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
)

// Somebody refunds in Stripe's dashboard, which Remit learns from an event or
// from looking.
func writeElsewhere(r *rand.Rand, s *Story, a *Act) { a.Amount = partOf(r, s, a) }

func doElsewhere(ctx context.Context, w *world, a Act) {
	b, err := w.books(ctx)
	if err != nil {
		return
	}
	for _, in := range b.Intents {
		if in.Metadata.Invoice != w.invoices[a.Invoice].id || in.Received == 0 {
			continue
		}
		form := url.Values{"payment_intent": {in.ID}}
		if a.Amount > 0 {
			form.Set("amount", strconv.FormatInt(min(a.Amount, in.Received), 10))
		}
		got, err := w.account.submit(ctx, "/v1/refunds", w.key(), form)
		w.answered(a.Kind, got, err)
		return
	}
}

// Whoever opened a dispute may be answered: so that the bank finds for the
// business, or against it, or the business gives in.
func writeEvidence(r *rand.Rand, _ *Story, a *Act) {
	a.Choice = []string{"winning_evidence", "losing_evidence", ""}[r.IntN(3)]
}

func doEvidence(ctx context.Context, w *world, a Act) {
	b, err := w.books(ctx)
	if err != nil {
		return
	}
	for _, d := range b.Disputes {
		if d.Status != "needs_response" && d.Status != "warning_needs_response" {
			continue
		}
		path, form := "/v1/disputes/"+d.ID+"/close", url.Values{}
		if a.Choice != "" {
			path, form = "/v1/disputes/"+d.ID, url.Values{"evidence[uncategorized_text]": {a.Choice}}
		}
		got, err := w.account.submit(ctx, path, w.key(), form)
		w.answered(a.Kind, got, err)
	}
}

// A transfer comes that fits no invoice, and somebody decides what becomes of it:
// it is kept as credit, which pays what is charged next, or pays the oldest
// invoice. Some are left to the desk's own decision.
func writeStray(r *rand.Rand, s *Story, a *Act) {
	a.Amount = s.Invoices[a.Invoice].Amount / int64(1+r.IntN(3))
	a.Choice = []string{"credit", "apply", "apply", ""}[r.IntN(4)]
	a.Times = 1 + r.IntN(2)
}

func doStray(ctx context.Context, w *world, a Act) {
	body := map[string]any{"organisation": w.top, "amount": a.Amount, "currency": "USD", "reference": "S-" + w.key(), "customer_id": w.customer}
	got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/excess", w.key(), body)
	w.answered(a.Kind, got, err)
	var item struct{ ID string }
	if err != nil || got.into(&item) != nil || item.ID == "" || a.Choice == "" {
		return
	}
	for range a.Times { // the second time with a key of its own
		got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/excess/"+item.ID+"/resolve", w.key(), map[string]any{"action": a.Choice})
		w.answered(a.Kind+" decided", got, err)
	}
}

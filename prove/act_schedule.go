package prove

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"time"

	"remit"
)

// schedule is a billing schedule that was made, with the terms that were given last.
type schedule struct {
	id    string
	terms map[string]any
}

// Somebody has a customer billed again and again, from some weeks ago or from next
// week on. Choice is how often, Later the days from today to its start, Under says
// that a part is billed by its days, and Quit that bills are there as drafts before.
func writeSchedule(r *rand.Rand, _ *Story, a *Act) {
	a.Amount = 1500 + int64(r.IntN(6000))
	a.Choice = []string{"day", "week", "week", "month", "month"}[r.IntN(5)]
	a.Times = 1 + r.IntN(2)
	a.Later = r.IntN(45) - 38
	if a.Choice == "day" {
		a.Later = r.IntN(6) - 4
	}
	a.Under, a.Quit = r.IntN(2) == 0, r.IntN(3) == 0
}

func doSchedule(ctx context.Context, w *world, a Act) {
	now, err := w.now(ctx)
	if err != nil {
		return
	}
	start := remit.DateOf(now.UTC()).AddDays(a.Later)
	w.mutex.Lock()
	w.made++
	number := fmt.Sprintf("RENT-%d", w.made)
	w.mutex.Unlock()
	terms := map[string]any{
		"customer_id": w.customer, "number": number, "start_date": start.String(), "interval": a.Choice, "interval_count": a.Times,
		"lines": []map[string]any{rent(a.Amount)}, "prorate": a.Under, "due_days": a.Times * 3,
	}
	if a.Choice == "day" { // a month of nights would be a hundred bills
		terms["end_date"] = start.AddDays(9).String()
	}
	if a.Choice == "month" {
		terms["anchor_day"] = []int{1, 15, 31}[a.Amount%3]
		if a.Under {
			terms["end_date"] = start.AddDays(75).String()
		}
	}
	if a.Quit {
		terms["draft_days"] = 2
	}
	var made struct{ ID string }
	got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/billing-schedules", w.key(), terms)
	w.answered(a.Kind, got, err)
	if err != nil || got.into(&made) != nil || made.ID == "" {
		return
	}
	w.mutex.Lock()
	w.schedules = append(w.schedules, schedule{made.ID, terms})
	w.mutex.Unlock()
}

func rent(amount int64) map[string]any {
	return map[string]any{"description": "Rent", "quantity": "1", "unit_price": fmt.Sprintf("%d.%02d", amount/100, amount%100), "amount": amount}
}

// A schedule is paused, and mostly goes on a while later or on another day; it bills
// another sum or at other times from its next period on; or it ends.
func writeReschedule(r *rand.Rand, _ *Story, a *Act) {
	a.Choice = []string{"pause", "pause", "pause", "resume", "resume", "amount", "amount", "cadence", "end"}[r.IntN(9)]
	a.Amount = 1500 + int64(r.IntN(6000))
	a.Later = r.IntN(1200)
	a.Leave = r.IntN(3) > 0
}

func doReschedule(ctx context.Context, w *world, a Act) {
	w.mutex.Lock()
	if len(w.schedules) == 0 {
		w.mutex.Unlock()
		return
	}
	s := w.schedules[a.Invoice%len(w.schedules)]
	w.mutex.Unlock()
	path := "/v1/billing-schedules/" + s.id
	put := func(body map[string]any) {
		got, err := w.admin.insist(ctx, patience, http.MethodPut, path, "", body)
		w.answered(a.Kind+" "+a.Choice, got, err)
	}
	switch a.Choice {
	case "pause":
		put(map[string]any{"paused": true})
		if !a.Leave && pause(ctx, time.Duration(a.Later)*time.Millisecond) {
			put(map[string]any{"paused": false})
		}
	case "resume":
		put(map[string]any{"paused": false})
	case "end":
		got, err := w.admin.insist(ctx, patience, http.MethodDelete, path, "", nil)
		w.answered(a.Kind+" "+a.Choice, got, err)
	default:
		terms := maps.Clone(s.terms)
		terms["lines"] = []map[string]any{rent(a.Amount)}
		if a.Choice == "cadence" && terms["interval"] != "month" {
			terms["interval"], terms["interval_count"] = "week", 2
		}
		put(terms)
	}
}

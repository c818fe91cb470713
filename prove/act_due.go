package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// Of every second world saved methods are charged by themselves: on the due date, or
// on sending. Its other half is paid by people alone.
func autoCharge(r *rand.Rand) string {
	return []string{"", "", "on_due_date", "on_send"}[r.IntN(4)]
}

// Somebody runs the due dates, twice now and then, while the schedule and the clock
// do so too. Choice "dry" only forecasts.
func writeRun(r *rand.Rand, _ *Story, a *Act) {
	a.Times, a.Later = 1+r.IntN(2), r.IntN(150)
	a.Choice = []string{"", "", "dry"}[r.IntN(3)]
}

func doRun(ctx context.Context, w *world, a Act) {
	for range a.Times {
		got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/due-date-runs", w.key(), map[string]any{"organisation": w.top, "dry_run": a.Choice == "dry"})
		w.answered(a.Kind, got, err)
		pause(ctx, time.Duration(a.Later)*time.Millisecond)
	}
}

// An invoice is to be charged by itself now, whatever put that off.
func doCharge(ctx context.Context, w *world, a Act) {
	got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/invoices/"+w.invoices[a.Invoice].id+"/charge", w.key(), nil)
	w.answered(a.Kind, got, err)
}

// An invoice is put on hold while it may be being charged, and the hold lifted, or
// not.
func writeHold(r *rand.Rand, _ *Story, a *Act) {
	a.Later = r.IntN(1200)
	a.Leave = r.IntN(4) == 0
}

func doHold(ctx context.Context, w *world, a Act) {
	path := "/v1/invoices/" + w.invoices[a.Invoice].id + "/hold"
	got, err := w.admin.insist(ctx, patience, http.MethodPost, path, w.key(), map[string]any{"reason": "They ask about it"})
	w.answered(a.Kind, got, err)
	if a.Leave || !pause(ctx, time.Duration(a.Later)*time.Millisecond) {
		return
	}
	got, err = w.admin.insist(ctx, patience, http.MethodDelete, path, "", nil)
	w.answered("lift", got, err)
}

// The customer has another method charged from now on: one that declines, or one
// that pays what was declined before.
func writeMethod(r *rand.Rand, _ *Story, a *Act) {
	a.Card = []string{"saved", "saved-broke", "bank", "bank-broke"}[r.IntN(4)]
}

func doMethod(ctx context.Context, w *world, a Act) {
	got, err := w.admin.insist(ctx, patience, http.MethodPut, "/v1/customers/"+w.customer+"/default-payment-method", "", map[string]any{"payment_method": w.saved[a.Card]})
	w.answered(a.Kind, got, err)
}

package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
)

// lateStages are the late fees of worlds that charge them, and lateCap what they come
// to at most: less than all of them.
var lateStages = []struct {
	days           int
	percent, fixed int64
}{{1, 0, 400}, {8, 5, 0}, {30, 0, 700}}

const lateCap = 900

func lateFees() map[string]any {
	return map[string]any{
		"stages":    []map[string]any{{"after_due_days": 1, "fixed": 400}, {"after_due_days": 8, "percent": "5"}, {"after_due_days": 30, "fixed": 700}},
		"cap_fixed": lateCap,
	}
}

// A late fee is taken back while it may be being charged, or paid: twice now and then.
func writeForgive(r *rand.Rand, _ *Story, a *Act) {
	a.Amount = 1 + int64(r.IntN(len(lateStages)))
	a.Times = 1 + r.IntN(2)
}

func doForgive(ctx context.Context, w *world, a Act) {
	for range max(a.Times, 1) {
		got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/invoices/"+w.invoices[a.Invoice].id+"/late-fees/reverse", w.key(),
			map[string]any{"stage": a.Amount, "reason": "A good customer"})
		w.answered(a.Kind, got, err)
	}
}

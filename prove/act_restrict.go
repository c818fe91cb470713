package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// Stripe wants to know something of the account, and has charges or payouts off
// until it does: at once, or once a deadline has passed that the night goes by. It
// is told within the day, or in the morning.
func writeRestrict(r *rand.Rand, _ *Story, a *Act) {
	a.Choice = []string{"charges", "payouts", "both", "both"}[r.IntN(4)]
	a.Times = []int{0, 0, 1, 3}[r.IntN(4)] // days until then
	a.Later = 200 + r.IntN(2000)
	a.Leave = a.Times > 0 || r.IntN(4) == 0
}

func doRestrict(ctx context.Context, w *world, a Act) {
	wish := map[string]any{"charges": a.Choice != "payouts", "payouts": a.Choice != "charges"}
	if a.Times > 0 {
		wish["deadline"] = a.Times
	}
	w.setRestricted(true)
	got, err := w.account.insist(ctx, patience, http.MethodPost, "/_sandbox/account", "", map[string]any{"restrict": wish})
	w.answered(a.Kind, got, err)
	if !a.Leave && pause(ctx, time.Duration(a.Later)*time.Millisecond) {
		w.clear(ctx)
	}
}

// clear has Stripe be told what it wanted to know.
func (w *world) clear(ctx context.Context) {
	got, err := w.account.insist(ctx, patience, http.MethodPost, "/_sandbox/account", "", map[string]any{"clear": true})
	w.answered("clear", got, err)
	if err == nil && got.status == http.StatusOK {
		w.setRestricted(false)
	}
}

func (w *world) setRestricted(is bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.restricted = is
}

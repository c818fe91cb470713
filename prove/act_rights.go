package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// The payer's role is taken away, and given back a while later. What he pays in
// between is his no more: he must not be charged with a confirm that began after
// the API had answered that he may not.
func writeRights(r *rand.Rand, _ *Story, a *Act) { a.Later = 300 + r.IntN(1500) }

// banned is a time, on the organisation's clock, in which the payer may not pay.
type banned struct{ from, until time.Time }

func doRights(ctx context.Context, w *world, a Act) {
	w.rights.Lock() // one after the other
	defer w.rights.Unlock()
	if a.Under {
		w.untilUnderWay(ctx, w.invoices[a.Invoice])
	}
	got, err := w.admin.insist(ctx, 20*time.Second, http.MethodDelete, "/v1/grants/"+w.grant, "", nil)
	w.answered(a.Kind, got, err)
	if err != nil {
		return
	}
	from, fromErr := w.now(ctx)
	pause(ctx, time.Duration(a.Later)*time.Millisecond)
	until, untilErr := w.now(ctx)
	if fromErr == nil && untilErr == nil && got.status == http.StatusNoContent {
		w.banned = append(w.banned, banned{from, until})
	}
	var given struct{ ID string }
	got, err = w.admin.insist(ctx, 30*time.Second, http.MethodPost, "/v1/grants", w.key(), map[string]any{"user": w.payerID, "role": payerRole, "path": w.top})
	w.answered(a.Kind, got, err)
	if err == nil && got.into(&given) == nil && given.ID != "" {
		w.grant = given.ID
	}
}

// untilUnderWay waits, for a few seconds, until a payment of the invoice has
// begun.
func (w *world) untilUnderWay(ctx context.Context, invoice *bill) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		var begun bool
		err := w.house.sql.QueryRow(ctx, "select exists (select from attempts where tenant = $1 and invoice_id = $2)", w.tenant, invoice.id).Scan(&begun)
		if err == nil && begun || !pause(ctx, 20*time.Millisecond) {
			return
		}
	}
}

package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"remit"
)

// A payment, or a part of it, is paid back; whoever asked sometimes asks twice,
// or goes away before the answer.
func writeRefund(r *rand.Rand, s *Story, a *Act) {
	a.Amount = partOf(r, s, a)
	a.Times = 1 + r.IntN(2)
	a.Choice = []string{"reopen", "settle", "write_off"}[r.IntN(3)]
	a.Leave = r.IntN(4) == 0
	a.Quit = r.IntN(4) == 0 // the second time with a key of its own
}

func doRefund(ctx context.Context, w *world, a Act) {
	w.refundOf(ctx, w.invoices[a.Invoice].id, a)
}

// refundOf pays a payment of an invoice back, or a part of it.
func (w *world) refundOf(ctx context.Context, invoice string, a Act) {
	var made struct {
		Data []struct {
			ID             string
			Amount         int64
			AmountRefunded int64 `json:"amount_refunded"`
			State          remit.AttemptState
			Stripe         struct {
				Intent string `json:"payment_intent"`
			}
		}
	}
	got, err := w.admin.insist(ctx, patience, http.MethodGet, "/v1/invoices/"+invoice+"/payments", "", nil)
	if err != nil || got.into(&made) != nil {
		return
	}
	for _, payment := range made.Data {
		if payment.State != remit.AttemptSucceeded || payment.Stripe.Intent == "" || payment.AmountRefunded >= payment.Amount {
			continue
		}
		amount := payment.Amount - payment.AmountRefunded
		if a.Amount > 0 {
			amount = min(amount, a.Amount)
		}
		w.refund(ctx, payment.ID, amount, a)
		return
	}
}

func (w *world) refund(ctx context.Context, payment string, amount int64, a Act) {
	within := patience
	if a.Leave {
		within = time.Second
	}
	key := w.key()
	var asking sync.WaitGroup
	for range a.Times {
		mine := key
		if a.Quit {
			mine = w.key()
		}
		asking.Go(func() {
			body := map[string]any{"amount": amount, "reason": "Sent back", "then": a.Choice}
			got, err := w.admin.insist(ctx, within, http.MethodPost, "/v1/payments/"+payment+"/refunds", mine, body)
			w.answered(a.Kind, got, err)
		})
	}
	asking.Wait()
}

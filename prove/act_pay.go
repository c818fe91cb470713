package prove

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// A payer pays a work item, or an administrator the invoice, with a saved card;
// sometimes he presses twice, with one key or with two.
func writePay(r *rand.Rand, s *Story, a *Act) {
	a.Amount, a.Card, a.Times = partOf(r, s, a), "saved", 1
	if r.IntN(5) == 0 {
		a.Card = "saved-broke"
	}
	if r.IntN(3) == 0 {
		a.Times = 2 + r.IntN(2)
	}
	a.Later = r.IntN(300)
	a.Leave = r.IntN(4) == 0
	a.Quit = r.IntN(4) == 0 // the second press has a key of its own
	a.Choice = ways[r.IntN(len(ways))]
}

func doPay(ctx context.Context, w *world, a Act) {
	var presses sync.WaitGroup
	invoice := w.invoices[a.Invoice]
	key := w.key()
	for n := range a.Times {
		presses.Go(func() {
			pause(ctx, time.Duration(n*a.Later)*time.Millisecond)
			who, path := w.payer, "/v1/work-items/"+invoice.item+"/pay"
			if n%2 == 1 {
				who, path = w.admin, "/v1/invoices/"+invoice.id+"/pay"
			}
			mine := key
			if a.Quit || who == w.admin {
				mine = fmt.Sprintf("%s-%d", key, n)
			}
			body := map[string]any{"amount": w.amount(ctx, invoice, a.Amount), "payment_method": w.saved[a.Card]}
			within := patience
			if a.Leave {
				within = time.Second
			}
			got, err := who.insist(ctx, within, http.MethodPost, path, mine, body)
			w.answered(a.Kind, got, err)
			if err != nil {
				return
			}
			if w.approved(ctx, got, who, invoice, a.Choice) {
				got, err = who.insist(ctx, within, http.MethodPost, path, mine+"-approved", body)
				w.answered(a.Kind+" as approved", got, err)
				if err != nil {
					return
				}
			}
			w.believe(invoice, got)
			if got.status == http.StatusPaymentRequired { // he takes his other card
				body["payment_method"] = w.saved["saved"]
				got, err := who.insist(ctx, within, http.MethodPost, path, mine+"-other", body)
				w.answered(a.Kind+" with another card", got, err)
				if err == nil {
					w.believe(invoice, got)
				}
			}
		})
	}
	presses.Wait()
}

package prove

import (
	"context"
	"net/http"
	"net/url"
)

// Somebody who may refund looks in Stripe for what Stripe does not tell Remit,
// and says what he saw there.
func doLook(ctx context.Context, w *world, a Act) {
	var unknown struct {
		Data []struct {
			PaymentID string `json:"payment_id"`
			Stripe    struct {
				Intent string `json:"payment_intent"`
			}
		}
	}
	got, err := w.admin.insist(ctx, patience, http.MethodGet, "/v1/unknown-payments?organisation="+url.QueryEscape(w.top), "", nil)
	if err != nil || got.into(&unknown) != nil {
		return
	}
	for _, one := range unknown.Data {
		b, err := w.books(ctx)
		if err != nil {
			return
		}
		for _, in := range b.Intents {
			if in.ID != one.Stripe.Intent {
				continue
			}
			said := map[string]any{"charged": in.Received > 0, "reason": "Seen in Stripe's dashboard"}
			got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/payments/"+one.PaymentID+"/settle", w.key(), said)
			w.answered(a.Kind, got, err)
		}
	}
}

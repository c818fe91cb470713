package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"remit/money"
)

// A transfer that came outside Stripe is recorded.
func writeTransfer(r *rand.Rand, s *Story, a *Act) {
	a.Amount = partOf(r, s, a)
	a.Leave = r.IntN(3) == 0
}

func doTransfer(ctx context.Context, w *world, a Act) {
	invoice := w.invoices[a.Invoice]
	within := patience
	if a.Leave {
		within = 700 * time.Millisecond
	}
	body := map[string]any{"amount": w.amount(ctx, invoice, a.Amount), "method": "bank_transfer", "reference": "T-" + w.key()}
	got, err := w.admin.insist(ctx, within, http.MethodPost, "/v1/invoices/"+invoice.id+"/payments", w.key(), body)
	w.answered(a.Kind, got, err)
	if err == nil && got.status == http.StatusCreated {
		w.believe(invoice, got)
	}
}

func doVoid(ctx context.Context, w *world, a Act) {
	invoice := w.invoices[a.Invoice]
	got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/invoices/"+invoice.id+"/void", w.key(), map[string]any{"reason": "Sent by mistake"})
	w.answered(a.Kind, got, err)
}

// An invoice is amended to bill more or less.
func writeAmend(r *rand.Rand, s *Story, a *Act) {
	a.Amount = max(s.Invoices[a.Invoice].Amount+int64(r.IntN(4000))-2000, 500)
}

func doAmend(ctx context.Context, w *world, a Act) {
	invoice := w.invoices[a.Invoice]
	body := w.content(invoice, a.Amount)
	delete(body, "customer_id")
	delete(body, "organisation")
	body["reason"] = "Agreed on the telephone"
	got, err := w.admin.insist(ctx, patience, http.MethodPut, "/v1/invoices/"+invoice.id, "", body)
	w.answered(a.Kind, got, err)
}

// content is what an invoice says.
func (w *world) content(invoice *bill, amount int64) map[string]any {
	return map[string]any{
		"organisation": w.top, "customer_id": w.customer, "number": invoice.number, "issue_date": w.first.String(), "due_date": invoice.due.String(),
		"lines": []map[string]any{{"description": "Work", "quantity": "1", "unit_price": money.Of(amount, "USD").Decimal(), "amount": amount}},
	}
}

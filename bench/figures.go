package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit"
)

// sent is an invoice that waits to be paid.
type sent struct {
	ID         string `json:"id"`
	WorkItemID string `json:"work_item_id"`
}

// makeInvoice creates an invoice and sends it, which makes its work item.
func (b *bench) makeInvoice(ctx context.Context) (sent, error) {
	var invoice sent
	today := remit.DateOf(time.Now())
	err := b.payer.do(ctx, http.MethodPost, "/v1/invoices", map[string]any{
		"organisation": organisation, "customer_id": b.customer, "number": "B-" + uuid.NewString(), "issue_date": today.String(), "due_date": today.AddDays(30).String(),
		"lines": []map[string]any{{"description": "Work", "quantity": "1", "unit_price": "100.00", "amount": 10000}},
	}, "", &invoice)
	if err != nil {
		return sent{}, err
	}
	return invoice, b.payer.do(ctx, http.MethodPost, "/v1/invoices/"+invoice.ID+"/send", nil, "", &invoice)
}

// pay pays an invoice by its work item with the saved card, under a request key.
func (b *bench) pay(ctx context.Context, invoice sent) error {
	var paid struct {
		Invoice struct {
			Status remit.InvoiceStatus `json:"status"`
		} `json:"invoice"`
		Payment struct {
			State remit.AttemptState `json:"state"`
		} `json:"payment"`
	}
	err := b.payer.do(ctx, http.MethodPost, "/v1/work-items/"+invoice.WorkItemID+"/pay",
		map[string]any{"amount": 10000, "payment_method": b.card}, uuid.NewString(), &paid)
	if err == nil && paid.Invoice.Status != remit.InvoicePaid {
		return fmt.Errorf("invoice %s is %q after its payment, which is %q", invoice.ID, paid.Invoice.Status, paid.Payment.State)
	}
	return err
}

// journey takes an invoice all the way.
func (b *bench) journey(ctx context.Context) (string, error) {
	invoice, err := b.makeInvoice(ctx)
	if err != nil {
		return "", err
	}
	return workflowOf(invoice), b.pay(ctx, invoice)
}

// prepare makes invoices to be paid and returns a step that pays the next one.
func (b *bench) prepare(ctx context.Context, n int) (func(context.Context) (string, error), error) {
	waiting := make(chan sent, n)
	_, err := b.repeat(ctx, n, func(ctx context.Context) (string, error) {
		invoice, err := b.makeInvoice(ctx)
		waiting <- invoice
		return "", err
	})
	return func(ctx context.Context) (string, error) {
		select {
		case invoice := <-waiting:
			return workflowOf(invoice), b.pay(ctx, invoice)
		default:
			return "", errors.New("no invoice is left to be paid")
		}
	}, err
}

func workflowOf(invoice sent) string { return "invoice-payment/" + invoice.ID }

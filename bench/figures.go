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

	card string
}

// makeInvoice creates an invoice and sends it, which makes its work item.
func (b *bench) makeInvoice(ctx context.Context) (sent, error) {
	by := b.payers.take()
	invoice := sent{card: by.card}
	today := remit.DateOf(time.Now())
	err := b.payer.do(ctx, http.MethodPost, "/v1/invoices", map[string]any{
		"organisation": organisation, "customer_id": by.customer, "number": "B-" + uuid.NewString(), "issue_date": today.String(), "due_date": today.AddDays(30).String(),
		"lines": []map[string]any{{"description": "Work", "quantity": "1", "unit_price": "100.00", "amount": 10000}},
	}, "", &invoice)
	if err != nil {
		return sent{}, err
	}
	return invoice, b.payer.do(ctx, http.MethodPost, "/v1/invoices/"+invoice.ID+"/send", nil, "", &invoice)
}

// pay pays an invoice by its work item with the saved card, under a request key.
// Where the answer says how things stand because time was up, it asks until the
// invoice is paid, as a client has to, and all of that counts.
func (b *bench) pay(ctx context.Context, invoice sent) error {
	var paid struct {
		Invoice struct {
			Status remit.InvoiceStatus `json:"status"`
		} `json:"invoice"`
	}
	err := b.payer.do(ctx, http.MethodPost, "/v1/work-items/"+invoice.WorkItemID+"/pay",
		map[string]any{"amount": 10000, "payment_method": invoice.card}, uuid.NewString(), &paid)
	if err != nil || paid.Invoice.Status == remit.InvoicePaid {
		return err
	}
	b.late.Add(1)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ticker := time.NewTicker(200 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return fmt.Errorf("invoice %s is still %q a minute after its payment", invoice.ID, paid.Invoice.Status)
		case <-ticker.C:
		}
		if err := b.payer.do(ctx, http.MethodGet, "/v1/invoices/"+invoice.ID, nil, "", &paid.Invoice); err != nil {
			return err
		}
		if paid.Invoice.Status == remit.InvoicePaid {
			ticker.Stop()
			return nil
		}
	}
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
	_, err := b.repeat(ctx, n, b.InFlight, func(ctx context.Context) (string, error) {
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

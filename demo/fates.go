package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"remit"
	"remit/apiclient"
)

// fateOf does to one invoice what its fate says. Each of its methods looks at
// what is there first, so that it can be called again.
type fateOf struct {
	*seeder
	debtor  debtor
	payer   *apiclient.Client // of the invoice's branch
	invoice invoice
}

// pay charges the customer's card for an amount, as the branch's payer.
func (f fateOf) pay(ctx context.Context, amount int64, until remit.InvoiceStatus) error {
	if f.invoice.Status == until {
		return nil
	}
	card, err := f.methodOf(ctx, f.payer, f.invoice.CustomerID)
	if err != nil {
		return err
	}
	if err := f.post(ctx, f.payer, f.invoice, "pay", map[string]any{"amount": amount, "payment_method": card.ID}, nil); err != nil && !underWay(err) {
		return err
	}
	return f.await(ctx, until)
}

// underWay reports that an earlier run, which was cut off, has begun the same and
// its outcome is still to come.
func underWay(err error) bool { return apiclient.IsCode(err, remit.CodeInFlight) }

// transfer records money that came by bank.
func (f fateOf) transfer(ctx context.Context, amount int64, until remit.InvoiceStatus) error {
	if f.invoice.Status == until {
		return nil
	}
	received := map[string]any{"amount": amount, "method": "bank_transfer", "reference": "Wire " + f.invoice.Number}
	if err := f.post(ctx, f.admin, f.invoice, "payments", received, nil); err != nil && !underWay(err) {
		return err
	}
	return f.await(ctx, until)
}

// decline tries the customer's card, which says no.
func (f fateOf) decline(ctx context.Context) error {
	payments, err := apiclient.All[struct{ Decline *struct{ Message string } }](ctx, f.payer, f.path("/payments"), nil)
	if err != nil {
		return err
	}
	for _, p := range payments {
		if p.Decline != nil {
			return nil
		}
	}
	card, err := f.methodOf(ctx, f.payer, f.invoice.CustomerID)
	if err != nil {
		return err
	}
	err = f.post(ctx, f.payer, f.invoice, "pay", map[string]any{"amount": f.invoice.Outstanding, "payment_method": card.ID}, nil)
	if err == nil {
		return errors.New("the card was not declined")
	}
	if !apiclient.IsCode(err, remit.CodeDeclined) && !underWay(err) {
		return err
	}
	return nil
}

// checkout opens a hosted page on which the invoice can be paid.
func (f fateOf) checkout(ctx context.Context) (page string, err error) {
	if f.invoice.InFlight != nil {
		return "", nil
	}
	var outcome struct{ Checkout *struct{ URL string } }
	err = f.post(ctx, f.payer, f.invoice, "pay", map[string]any{"amount": f.invoice.Outstanding, "checkout": true}, &outcome)
	if underWay(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if outcome.Checkout == nil {
		return "", errors.New("no hosted page was opened")
	}
	return outcome.Checkout.URL, nil
}

// payHosted pays on the hosted page. Where a run was cut off with the page
// open, it is left open.
func (f fateOf) payHosted(ctx context.Context) error {
	if f.invoice.Status == remit.InvoicePaid {
		return nil
	}
	page, err := f.checkout(ctx)
	if err != nil || page == "" {
		return err
	}
	if err := f.typeCard(ctx, page, f.debtor, cardPays); err != nil {
		return err
	}
	return f.await(ctx, remit.InvoicePaid)
}

// claim has the branch's payer say that he is at it.
func (f fateOf) claim(ctx context.Context) error {
	if f.invoice.WorkItemID == nil {
		return errors.New("it has no work item")
	}
	item := "/v1/work-items/" + url.PathEscape(*f.invoice.WorkItemID)
	var found struct{ State remit.WorkItemState }
	if err := f.payer.Get(ctx, item, nil, &found); err != nil || found.State != remit.WorkItemOpen {
		return err
	}
	return f.payer.Do(ctx, apiclient.Request{Method: http.MethodPost, Path: item + "/claim"}, nil)
}

func (f fateOf) hold(ctx context.Context) error {
	if f.invoice.Hold != nil {
		return nil
	}
	return f.post(ctx, f.admin, f.invoice, "hold", map[string]any{"reason": "The customer questions the quantity."}, nil)
}

func (f fateOf) void(ctx context.Context) error {
	if f.invoice.Status == remit.InvoiceVoid {
		return nil
	}
	return f.post(ctx, f.admin, f.invoice, "void", map[string]any{"reason": "Ordered by mistake."}, nil)
}

func (f fateOf) path(below string) string {
	return "/v1/invoices/" + url.PathEscape(f.invoice.ID) + below
}

// settledWithin bounds how long a charge at the stand-in may take to be booked.
const settledWithin = 30 * time.Second

// await waits until the invoice has a status.
func (f fateOf) await(ctx context.Context, status remit.InvoiceStatus) error {
	ctx, cancel := context.WithTimeout(ctx, settledWithin)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		var now invoice
		if err := f.admin.Get(ctx, f.path(""), nil, &now); err != nil {
			return err
		}
		if now.Status == status {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it is %s, not %s: %w", now.Status, status, ctx.Err())
		case <-ticker.C:
		}
	}
}

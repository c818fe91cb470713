package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"remit"
	"remit/apiclient"
	"remit/money"
	"remit/postgres"
)

// seller is who issued the demo's invoices.
var seller = map[string]string{"name": "Dev V51 Services, Inc.", "tax_id": "84-1027365"}

// invoice is what the demo looks at.
type invoice struct {
	ID          string
	Number      string
	CustomerID  string `json:"customer_id"`
	Status      remit.InvoiceStatus
	Total       int64
	Outstanding int64
	InFlight    *struct{ State string } `json:"in_flight"`
	Hold        *struct{ Reason string }
	WorkItemID  *string `json:"work_item_id"`
}

// invoices makes each invoice and brings it to its fate.
func (s *seeder) invoices(ctx context.Context) error { return s.makeBills(ctx, bills) }

// makeBills makes invoices that are not there yet and brings each to its fate, several
// at a time.
func (s *seeder) makeBills(ctx context.Context, bills []bill) error {
	customers, err := s.knownCustomers(ctx)
	if err != nil {
		return err
	}
	known, err := apiclient.All[invoice](ctx, s.admin, "/v1/invoices", top())
	if err != nil {
		return err
	}
	there := map[string]invoice{}
	for _, i := range known {
		there[i.Number] = i
	}
	payers := map[string]*apiclient.Client{}
	for _, p := range []Person{payerA, payerB} {
		if payers[p.Path], err = s.signIn(ctx, p.Email); err != nil {
			return err
		}
	}
	byID := map[string]debtor{}
	for _, d := range debtors {
		byID[d.id] = d
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, b := range bills {
		group.Go(func() error {
			d := byID[b.debtor]
			i, found := there[b.number]
			if !found {
				var err error
				if i, err = s.createInvoice(ctx, b, customers[d.id]); err != nil {
					return fmt.Errorf("invoice %s: %w", b.number, err)
				}
			}
			if err := s.bring(ctx, b, d, payers[d.branch], i); err != nil {
				return fmt.Errorf("invoice %s: %s: %w", b.number, b.fate, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (s *seeder) createInvoice(ctx context.Context, b bill, customer string) (invoice, error) {
	_, total, err := remit.InvoiceTotal("USD", b.lines, nil, nil)
	if err != nil {
		return invoice{}, err
	}
	adjustments := []remit.Adjustment{}
	if b.off > 0 {
		adjustments = append(adjustments, remit.Adjustment{Kind: "allowance", Description: "First month free", Amount: -b.off})
	}
	if b.taxed {
		adjustments = append(adjustments, remit.Adjustment{Kind: "tax", Description: "Sales tax 8.875 %", Amount: salesTax(total)})
	}
	type wireLine struct {
		Description string `json:"description"`
		Quantity    string `json:"quantity"`
		UnitPrice   string `json:"unit_price"`
	}
	sent := make([]wireLine, len(b.lines))
	for n, l := range b.lines {
		sent[n] = wireLine{l.Description, l.Quantity, l.UnitPrice}
	}
	body := map[string]any{
		"customer_id": customer, "number": b.number, "seller": seller, "issue_date": s.day.AddDays(b.issued), "due_date": s.day.AddDays(b.due),
		"lines": sent, "adjustments": adjustments,
	}
	if slices.Contains(byThemselves, b.number) {
		body["auto_charge"] = true
	}
	var made invoice
	err = s.admin.Do(ctx, apiclient.Request{Method: http.MethodPost, Path: "/v1/invoices", Body: body}, &made)
	return made, err
}

// byThemselves are the invoices that are charged by themselves on their due dates,
// once somebody moves the clock: one whose card pays, and one whose card declines.
var byThemselves = []string{"A-1024", "A-1017"}

// salesTax is rounded once, half up, to a cent.
func salesTax(net money.Amount) int64 {
	const million = 1_000_000
	return (net.Minor*taxPerMillion + million/2) / million
}

// bring does what is left to do until the invoice has come to its fate.
func (s *seeder) bring(ctx context.Context, b bill, d debtor, payer *apiclient.Client, i invoice) error {
	if b.fate == leftDraft {
		return nil
	}
	if i.Status == remit.InvoiceDraft {
		if err := s.post(ctx, s.admin, i, "send", nil, &i); err != nil {
			return err
		}
	}
	f := fateOf{s, d, payer, i}
	switch b.fate {
	case leftDraft, leftOpen, nothingIsOwed:
		return nil
	case paidByCard:
		return f.pay(ctx, i.Outstanding, remit.InvoicePaid)
	case partByCard:
		return f.pay(ctx, i.Total/3, remit.InvoicePartiallyPaid)
	case paidByBank:
		return f.transfer(ctx, i.Outstanding, remit.InvoicePaid)
	case partByBank:
		return f.transfer(ctx, i.Total/3, remit.InvoicePartiallyPaid)
	case declinedOnce:
		return f.decline(ctx)
	case hostedOpen:
		_, err := f.checkout(ctx)
		return err
	case paidHosted:
		return f.payHosted(ctx)
	case claimed:
		return f.claim(ctx)
	case onHold:
		return f.hold(ctx)
	case voided:
		return f.void(ctx)
	}
	return fmt.Errorf("unknown fate %q", b.fate)
}

// post asks something of an invoice, as somebody. The key of what moves money
// makes a repetition within a day the same request; one that a run took which was
// killed over it is waited for until it is free.
func (s *seeder) post(ctx context.Context, as *apiclient.Client, i invoice, verb string, body, into any) error {
	request := apiclient.Request{Method: http.MethodPost, Path: "/v1/invoices/" + url.PathEscape(i.ID) + "/" + verb, Body: body}
	if verb == "pay" || verb == "payments" {
		request.Key = "demo-" + i.Number + "-" + verb
	}
	free := time.After(postgres.RequestKeyLease + settledWithin)
	for {
		err := as.Do(ctx, request, into)
		if !apiclient.IsCode(err, "idempotency_key_in_use") {
			return err
		}
		select {
		case <-free:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", verb, ctx.Err())
		case <-time.After(time.Second):
		}
	}
}

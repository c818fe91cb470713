package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"remit"
)

// How often somebody pays while it is looked how soon he is answered, and for how
// long where nothing else goes on.
const (
	payEvery = 300 * time.Millisecond
	payAlone = 15 * time.Second
)

// latency measures how soon a payment is answered over HTTP, a few of them a second:
// first with nothing else going on, then while a due-date run charges all it can.
func (b *bench) latency(ctx context.Context) error {
	if err := b.addPayers(ctx, payers); err != nil {
		return err
	}
	b.say("Paying with nothing else going on")
	alone := &series{name: "nothing else going on"}
	if err := b.payAlong(ctx, &series{}, int(3*time.Second/payEvery), nil); err != nil { // warming up
		return err
	}
	if err := b.payAlong(ctx, alone, int(payAlone/payEvery), nil); err != nil {
		return err
	}
	if err := b.makeDue(ctx, b.Beside); err != nil {
		return err
	}
	b.say(fmt.Sprintf("Paying while a due-date run charges %d invoices", b.Beside))
	busy := &series{name: "beside a due-date run in full swing"}
	var charged time.Duration
	// There are more charges than payments a second.
	err := b.payAlong(ctx, busy, b.Beside/3, func(ctx context.Context) error {
		began := time.Now()
		_, err := b.chargeDue(b.Beside)(ctx)
		charged = time.Since(began)
		return err
	})
	if err != nil {
		return err
	}
	if err := b.reportPaid([]*series{alone, busy}); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\nThe run charged %.1f a second meanwhile.\n", float64(b.Beside)/charged.Seconds())
	return nil
}

// reportPaid prints how soon payments were answered.
func (b *bench) reportPaid(all []*series) error {
	fmt.Fprintf(b.out, "\nmilliseconds until a payment was answered, one begun every %v%s\n\n", payEvery, loadNow())
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "payments\tp50\tp95\tp99\tmost\t")
	for _, s := range all {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t %s\n", len(s.each), s.quantile(0.5).Milliseconds(), s.quantile(0.95).Milliseconds(),
			s.quantile(0.99).Milliseconds(), s.quantile(1).Milliseconds(), s.name)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// payAlong pays so many invoices, one every so often, whether or not those before have
// been answered, and, where something else is given, no longer than that goes on. The
// invoices are made beforehand.
func (b *bench) payAlong(ctx context.Context, into *series, n int, beside func(context.Context) error) error {
	waiting := make(chan sent, n)
	_, err := b.repeat(ctx, n, b.InFlight, func(ctx context.Context) (string, error) {
		invoice, err := b.makeInvoice(ctx)
		waiting <- invoice
		return "", err
	})
	if err != nil {
		return err
	}
	if err := b.rest(ctx); err != nil {
		return err
	}
	ended := make(chan error, 1)
	if beside != nil {
		go func() { ended <- beside(ctx) }()
	}
	var paying sync.WaitGroup
	var lock sync.Mutex
	var failed error
	ticker := time.NewTicker(payEvery)
	defer ticker.Stop()
	defer paying.Wait()
	for {
		select {
		case err := <-ended:
			paying.Wait()
			return errors.Join(err, failed)
		case <-ticker.C:
		}
		if len(waiting) == 0 {
			if beside != nil {
				continue // the rest of the run goes on by itself
			}
			paying.Wait()
			return failed
		}
		invoice := <-waiting
		paying.Go(func() {
			began := time.Now()
			err := b.payDirectly(ctx, invoice)
			lock.Lock()
			defer lock.Unlock()
			into.each = append(into.each, time.Since(began))
			failed = errors.Join(failed, err)
		})
	}
}

// payDirectly pays an invoice without its work item, and wants it paid in the answer.
func (b *bench) payDirectly(ctx context.Context, invoice sent) error {
	var paid struct {
		Invoice struct {
			Status remit.InvoiceStatus `json:"status"`
		} `json:"invoice"`
	}
	err := b.payer.do(ctx, http.MethodPost, "/v1/invoices/"+invoice.ID+"/pay", map[string]any{"amount": 10000, "payment_method": invoice.card}, uuid.NewString(), &paid)
	if err == nil && paid.Invoice.Status != remit.InvoicePaid {
		err = fmt.Errorf("a payment was answered before it had ended: the invoice is %q", paid.Invoice.Status)
	}
	return err
}

package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"remit"
)

// series is one measurement over all its rounds.
type series struct {
	name  string
	done  int
	took  time.Duration
	each  []time.Duration
	cpu   cpu
	last  string // a workflow of it
	floor *series
}

// measure takes the floors and the figures in turns.
func (b *bench) measure(ctx context.Context) error {
	floors := b.floorWorker()
	if err := floors.Start(); err != nil {
		return fmt.Errorf("start the bare worker: %w", err)
	}
	defer floors.Stop()
	u1 := &series{name: "floor: bare workflow, one update, one empty activity"}
	pay := &series{name: "payment by HTTP: sign-in, permission, key, ledger, audit, webhooks", floor: u1}
	inv := &series{name: "floor: bare journey of an invoice"}
	whole := &series{name: "journey by HTTP: invoice made, sent (work item), paid", floor: inv}
	for round := range b.Rounds + 1 {
		warm := round == 0 // the first round warms caches and is not counted
		invoices, err := b.invoices(ctx, b.Payments)
		if err != nil {
			return err
		}
		var next atomic.Int64
		steps := []struct {
			into  *series
			limit int
			step  func(context.Context) (string, error)
		}{
			{u1, 0, b.floorPayment},
			{pay, len(invoices), func(ctx context.Context) (string, error) {
				invoice := invoices[next.Add(1)-1]
				return "invoice-payment/" + invoice, b.pay(ctx, invoice)
			}},
			{inv, 0, b.floorJourney},
			{whole, b.Payments, b.journey},
		}
		for _, each := range steps {
			into := each.into
			if warm {
				into = &series{name: into.name}
			}
			if err := b.run(ctx, into, each.limit, each.step); err != nil {
				return err
			}
		}
	}
	b.report(ctx, u1, pay, inv, whole)
	return nil
}

// run repeats a step with b.InFlight under way, limit times, or for b.Each.
func (b *bench) run(ctx context.Context, into *series, limit int, step func(context.Context) (string, error)) error {
	var mutex sync.Mutex
	var wait sync.WaitGroup
	var failed error
	var taken atomic.Int64
	before := b.cpu()
	began := time.Now()
	for range b.InFlight {
		wait.Go(func() {
			for {
				if limit > 0 && taken.Add(1) > int64(limit) || limit == 0 && time.Since(began) > b.Each {
					return
				}
				at := time.Now()
				id, err := step(ctx)
				mutex.Lock()
				into.each = append(into.each, time.Since(at))
				into.last = id
				into.done++
				if err != nil && failed == nil {
					failed = err
				}
				stop := failed != nil
				mutex.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wait.Wait()
	into.took += time.Since(began)
	into.cpu = into.cpu.plus(b.cpu().minus(before))
	return failed
}

// invoices makes sent invoices to be paid, and waits for nothing of them.
func (b *bench) invoices(ctx context.Context, n int) ([]string, error) {
	ids := make([]string, n)
	var taken atomic.Int64
	err := b.run(ctx, &series{}, n, func(ctx context.Context) (string, error) {
		id, err := b.make(ctx)
		ids[taken.Add(1)-1] = id
		return id, err
	})
	return ids, err
}

func (b *bench) make(ctx context.Context) (string, error) {
	var invoice struct{ ID string }
	today := remit.DateOf(time.Now())
	err := b.payer.do(ctx, "POST", "/v1/invoices", map[string]any{
		"organisation": b.top, "customer_id": b.customer, "number": uniqueNumber(), "issue_date": today.String(), "due_date": today.AddDays(30).String(),
		"lines": []map[string]any{{"description": "Work", "quantity": "1", "unit_price": "100.00", "amount": 10000}},
	}, "", &invoice)
	if err != nil {
		return "", err
	}
	return invoice.ID, b.payer.do(ctx, "POST", "/v1/invoices/"+invoice.ID+"/send", nil, "", nil)
}

func (b *bench) pay(ctx context.Context, invoice string) error {
	return b.payer.do(ctx, "POST", "/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 10000, "payment_method": b.card}, invoice, nil)
}

func (b *bench) journey(ctx context.Context) (string, error) {
	invoice, err := b.make(ctx)
	if err != nil {
		return "", err
	}
	return "invoice-payment/" + invoice, b.pay(ctx, invoice)
}

// rate is how many a second.
func (s *series) rate() float64 { return float64(s.done) / s.took.Seconds() }

func (s *series) quantile(q float64) time.Duration {
	slices.Sort(s.each)
	if len(s.each) == 0 {
		return 0
	}
	return s.each[min(int(q*float64(len(s.each))), len(s.each)-1)]
}

func (b *bench) report(ctx context.Context, all ...*series) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format, args...) }
	line("\n%d in flight, %d rounds in turns, one machine; all parts share its processors\n\n", b.InFlight, b.Rounds)
	for _, s := range all {
		line("%s\n", s.name)
		line("  %6.1f /s   p50 %4d ms   p99 %4d ms   of %d\n", s.rate(), s.quantile(0.5).Milliseconds(), s.quantile(0.99).Milliseconds(), s.done)
		if s.floor != nil {
			line("  %6.2f of its floor\n", s.rate()/s.floor.rate())
		}
		line("  CPU ms each: %s\n", s.cpu.each(s.done))
		if events, transitions, err := b.cost(ctx, s.last); err == nil {
			line("  %d events and %d state transitions each\n", events, transitions)
		}
	}
}

// cost reads a workflow's events and state transitions.
func (b *bench) cost(ctx context.Context, id string) (events, transitions int64, err error) {
	described, err := b.client.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return 0, 0, fmt.Errorf("describe %s: %w", id, err)
	}
	info := described.GetWorkflowExecutionInfo()
	return info.GetHistoryLength(), info.GetStateTransitionCount(), nil
}

package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

// Times bounds the steps. They are part of no decision, so they may differ from
// one deployment to the next.
type Times struct {
	// Step is how long one step may take; a charge waits that long for a bank.
	Step time.Duration
	// Heartbeat is how soon a step whose process died is given to another.
	Heartbeat time.Duration
}

// DefaultTimes suit production.
var DefaultTimes = Times{Step: 2 * time.Minute, Heartbeat: 10 * time.Second}

// Invoices holds the workflows of invoices.
type Invoices struct {
	Times Times
}

// stepFailed is how long a workflow rests after a step that failed for good,
// before it looks again. Nothing about money is ever given up.
const stepFailed = time.Minute

// refusedInFlight is the type of the error with which a second payment of an
// invoice is turned away at the door, without a trace in the history.
const refusedInFlight = remit.CodeInFlight

// InvoicePayment is the one writer of an invoice (M1). It carries out what is
// asked of it one at a time, wakes for what the agenda says, and ends when the
// invoice is at rest; any later message starts it again.
func (i Invoices) InvoicePayment(ctx workflow.Context, ref remit.InvoiceRef) error {
	p := &invoicePayment{ref: ref, times: i.Times, turn: workflow.NewMutex(ctx), wakes: workflow.GetSignalChannel(ctx, remit.SignalWake)}
	if err := p.listen(ctx); err != nil {
		return err
	}
	p.load(ctx)
	for {
		if err := p.run(ctx); err != nil {
			return err
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) && !p.scripting }); err != nil {
			return err
		}
		if p.wakes.Len() > 0 || len(p.state.Refunds) > 0 || !p.state.Rest && !workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			continue // something came in while the handlers ended
		}
		p.publish(ctx)
		if p.state.Rest {
			return nil
		}
		return workflow.NewContinueAsNewError(ctx, i.InvoicePayment, ref)
	}
}

// invoicePayment is what a run knows. All of it can be read anew.
type invoicePayment struct {
	ref       remit.InvoiceRef
	times     Times
	turn      workflow.Mutex
	wakes     workflow.ReceiveChannel
	state     remit.InvoiceState
	published remit.InvoiceStatus
	paying    bool // a request that collects money is being carried out
	changed   bool // a handler has brought a new state
	scripting bool // an after-payment script runs, beside the turn
}

// payments names the activities; the workflow never calls methods on it.
var payments *activities.Payments

func (p *invoicePayment) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, remit.QueryState, func() (remit.InvoiceState, error) { return p.state, nil }); err != nil {
		return fmt.Errorf("register the query: %w", err)
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, remit.UpdateRequest, p.request, workflow.UpdateHandlerOptions{Validator: p.admit})
	if err != nil {
		return fmt.Errorf("register the update: %w", err)
	}
	if err := workflow.SetUpdateHandler(ctx, remit.UpdateRefresh, p.refresh); err != nil {
		return fmt.Errorf("register the update: %w", err)
	}
	if err := workflow.SetUpdateHandler(ctx, remit.UpdateAdvance, p.carryOut); err != nil {
		return fmt.Errorf("register the update: %w", err)
	}
	return nil
}

// admit turns a payment away while another is being carried out, so that the
// second payer has an answer at once.
func (p *invoicePayment) admit(_ workflow.Context, r remit.Request) error {
	if r.Kind.Collects() && p.paying {
		return temporal.NewApplicationError("a payment is under way", refusedInFlight)
	}
	return nil
}

// request carries out what a row of invoice_requests asks for.
func (p *invoicePayment) request(ctx workflow.Context, r remit.Request) (remit.RequestResult, error) {
	if r.Kind.Collects() {
		if p.paying { // admitted together with the one before it
			return remit.RequestResult{Refused: &remit.Refusal{Kind: remit.KindConflict, Code: remit.CodeInFlight,
				Message: "A payment is already under way. Nothing more was charged."}}, nil
		}
		p.paying = true
		defer func() { p.paying = false }()
	}
	var done activities.Performed
	err := p.inTurn(ctx, func() error {
		return workflow.ExecuteActivity(p.step(ctx), payments.Perform, p.ref, r).Get(ctx, &done)
	})
	if err != nil {
		p.take(p.unknown()) // it may have done anything
		return remit.RequestResult{}, err
	}
	p.take(done.State)
	return done.Result, nil
}

// refresh looks at the live attempt for somebody who came back from a hosted page.
func (p *invoicePayment) refresh(ctx workflow.Context) (remit.InvoiceState, error) {
	var state remit.InvoiceState
	err := p.inTurn(ctx, func() error {
		return workflow.ExecuteActivity(p.step(ctx), payments.Refresh, p.ref).Get(ctx, &state)
	})
	if err != nil {
		return p.state, err
	}
	p.take(state)
	return state, nil
}

// carryOut has what is due carried out for a due-date run, which waits for it.
func (p *invoicePayment) carryOut(ctx workflow.Context) (remit.InvoiceState, error) {
	p.advance(ctx)
	return p.state, nil
}

// run wakes for signals and for the agenda until the invoice is at rest or the
// history is long.
func (p *invoicePayment) run(ctx workflow.Context) error {
	for {
		p.handRefunds(ctx)
		p.afterPayment(ctx)
		due, err := p.wait(ctx)
		if err != nil {
			return err
		}
		if p.drain() || due {
			p.advance(ctx)
		}
		p.changed = false
		p.handRefunds(ctx)
		if p.wakes.Len() == 0 && (p.state.Rest || workflow.GetInfo(ctx).GetContinueAsNewSuggested()) {
			return nil
		}
		p.publish(ctx)
	}
}

// afterPayment runs the after-payment script where one waits. It does so beside
// the turn: a script takes seconds, and touches nothing that a payment, a refund
// or a look at Stripe has to wait for.
func (p *invoicePayment) afterPayment(ctx workflow.Context) {
	if !p.state.Script || p.scripting {
		return
	}
	p.scripting = true
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { p.scripting = false }()
		err := workflow.ExecuteActivity(p.step(ctx), payments.AfterPayment, p.ref).Get(ctx, nil)
		if err == nil {
			// What another step brought meanwhile may be older or newer than the end
			// of the script, so that the state is read again, in turn.
			err = p.reload(ctx)
		}
		if err != nil {
			workflow.GetLogger(ctx).Error("the after-payment script was not run", "error", err)
			p.take(p.unknown())
		}
	})
}

// wait returns when a signal came or a handler changed the state (due false) or
// when the agenda's next row is due (due true).
func (p *invoicePayment) wait(ctx workflow.Context) (due bool, err error) {
	stirred := func() bool { return p.wakes.Len() > 0 || p.changed }
	if p.state.Rest || stirred() {
		return false, nil
	}
	if p.state.WakeIn == nil {
		return false, workflow.Await(ctx, stirred)
	}
	// The timer is taken back when something else came first: one for a due date
	// months ahead would otherwise be left behind by every message.
	timing, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimer(timing, *p.state.WakeIn)
	err = workflow.Await(ctx, func() bool { return stirred() || timer.IsReady() })
	return !stirred(), err
}

// drain takes all signals that have come; they only say "look".
func (p *invoicePayment) drain() bool {
	woken := false
	for p.wakes.ReceiveAsync(nil) {
		woken = true
	}
	return woken
}

func (p *invoicePayment) advance(ctx workflow.Context) {
	var state remit.InvoiceState
	err := p.inTurn(ctx, func() error {
		p.drain() // what came while another step ran is looked at by this one
		return workflow.ExecuteActivity(p.step(ctx), payments.Advance, p.ref).Get(ctx, &state)
	})
	if err != nil {
		workflow.GetLogger(ctx).Error("the invoice could not be brought up to date", "error", err)
		state = p.unknown()
	}
	p.take(state)
}

// unknown is the state after a step that failed for good: what was known, and
// another look before long.
func (p *invoicePayment) unknown() remit.InvoiceState {
	again := stepFailed
	return remit.InvoiceState{Status: p.state.Status, InFlight: p.state.InFlight, DueDate: p.state.DueDate, WakeIn: &again}
}

func (p *invoicePayment) load(ctx workflow.Context) {
	if err := p.reload(ctx); err != nil {
		p.advance(ctx) // the database does not answer now: go on when it does
		return
	}
	p.changed = false
	p.published = p.state.Status // the starter gave it
}

// reload reads the state without doing anything.
func (p *invoicePayment) reload(ctx workflow.Context) error {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 5 * time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3},
	})
	var state remit.InvoiceState
	err := p.inTurn(ctx, func() error {
		return workflow.ExecuteLocalActivity(local, payments.Load, p.ref).Get(ctx, &state)
	})
	if err == nil {
		p.take(state)
	}
	return err
}

func (p *invoicePayment) take(state remit.InvoiceState) {
	p.state, p.changed = state, true
}

// publish tells an operator's view of the workflows the invoice's status.
func (p *invoicePayment) publish(ctx workflow.Context) {
	if p.state.Status == "" || p.state.Status == p.published {
		return
	}
	p.published = p.state.Status
	err := workflow.UpsertTypedSearchAttributes(ctx, searchState.ValueSet(string(p.state.Status)))
	if err != nil {
		workflow.GetLogger(ctx).Error("the search attributes were not set", "error", err)
	}
}

func (p *invoicePayment) inTurn(ctx workflow.Context, step func() error) error {
	if err := p.turn.Lock(ctx); err != nil {
		return err
	}
	defer p.turn.Unlock()
	return step()
}

// step bounds an activity. It is repeated for ten minutes; what it has done by
// then stays recorded, and the workflow looks again.
func (p *invoicePayment) step(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: p.times.Step, HeartbeatTimeout: p.times.Heartbeat, ScheduleToCloseTimeout: 10 * time.Minute,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	})
}

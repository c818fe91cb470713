package workflows_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdk "go.temporal.io/sdk/worker"

	"remit"
	"remit/activities"
	"remit/worker"
	"remit/workflows"
)

// desk runs one workflow in skipped time. Its steps are fakes with the
// signatures of the true ones, each of which takes a while of skipped time.
type desk struct {
	env *testsuite.TestWorkflowEnvironment
	ref remit.InvoiceRef

	took    time.Duration      // how long a step takes
	state   remit.InvoiceState // what the database says
	load    func() (remit.InvoiceState, error)
	perform func(remit.Request) (activities.Performed, error)
	advance func() (remit.InvoiceState, error)
	refresh func() (remit.InvoiceState, error)

	mu      sync.Mutex
	log     []string // what happened, in order: "+Name" a step began, "-Name" it ended, "wake"
	running map[string]bool
	most    int           // steps that ran at once
	within  time.Duration // how long the last step may be repeated
}

// failer is what a desk reports to: a test, or one try of a property.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func openDesk(t *testing.T, state remit.InvoiceState) *desk {
	t.Helper()
	d := newDesk(state)
	t.Cleanup(func() { d.env.AssertExpectations(t) })
	return d
}

func newDesk(state remit.InvoiceState) *desk {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent{})
	d := &desk{env: suite.NewTestWorkflowEnvironment(), ref: remit.InvoiceRef{Tenant: uuid.New(), Invoice: uuid.New()}, running: map[string]bool{}, took: time.Second, state: state}
	// A busy machine is not a deadlock.
	d.env.SetWorkerOptions(sdk.Options{DeadlockDetectionTimeout: 5 * time.Minute})
	known := func() (remit.InvoiceState, error) { return d.state, nil }
	d.load, d.advance, d.refresh = known, known, known
	d.perform = d.becomes(state)
	// The default of a second finds busy machines, not workflows that block.
	d.env.SetWorkerOptions(sdk.Options{DeadlockDetectionTimeout: time.Minute})
	payments := &activities.Payments{}
	worker.Register(d.env, worker.Steps{Payments: payments, Imports: &activities.Imports{}}, workflows.DefaultTimes)
	takes := func() time.Duration { return d.took }
	d.env.OnActivity(payments.Load, mock.Anything, mock.Anything).Maybe().AfterFn(takes).
		Return(func(context.Context, remit.InvoiceRef) (remit.InvoiceState, error) { return d.load() })
	d.env.OnActivity(payments.Perform, mock.Anything, mock.Anything, mock.Anything).Maybe().AfterFn(takes).
		Return(func(_ context.Context, _ remit.InvoiceRef, r remit.Request) (activities.Performed, error) {
			return d.perform(r)
		})
	d.env.OnActivity(payments.Advance, mock.Anything, mock.Anything).Maybe().AfterFn(takes).
		Return(func(context.Context, remit.InvoiceRef) (remit.InvoiceState, error) { return d.advance() })
	d.env.OnActivity(payments.Refresh, mock.Anything, mock.Anything).Maybe().AfterFn(takes).
		Return(func(context.Context, remit.InvoiceRef) (remit.InvoiceState, error) { return d.refresh() })
	d.watch()
	return d
}

func (d *desk) watch() {
	d.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) { d.began(info) })
	d.env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) { d.ended(info) })
	// The one local activity is Load; it is named otherwise when it ends.
	load := &activity.Info{ActivityID: "load", ActivityType: activity.Type{Name: "Load"}}
	d.env.SetOnLocalActivityStartedListener(func(*activity.Info, context.Context, []any) { d.began(load) })
	d.env.SetOnLocalActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) { d.ended(load) })
}

func (d *desk) began(info *activity.Info) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, "+"+info.ActivityType.Name)
	d.running[info.ActivityID] = true // a repeated step keeps its id
	d.most = max(d.most, len(d.running))
	d.within = info.ScheduleToCloseTimeout
}

func (d *desk) ended(info *activity.Info) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, "-"+info.ActivityType.Name)
	delete(d.running, info.ActivityID)
}

// at does something after a while of skipped time.
func (d *desk) at(after time.Duration, do func()) { d.env.RegisterDelayedCallback(do, after) }

// reply is what an update came to.
type reply struct {
	accepted bool
	rejected error
	ended    bool
	value    any
	err      error
}

func (r *reply) answered() bool { return r.rejected != nil || r.ended }

func (r *reply) result(t *testing.T) remit.RequestResult {
	t.Helper()
	if !r.ended || r.err != nil {
		t.Fatalf("the update came to %+v", *r)
	}
	result, ok := r.value.(remit.RequestResult)
	if !ok {
		t.Fatalf("the update returned a %T", r.value)
	}
	return result
}

// ask sends a request to the workflow at this moment.
func (d *desk) ask(kind remit.RequestKind) *reply {
	return d.update(remit.UpdateRequest, remit.Request{ID: uuid.New(), Kind: kind})
}

func (d *desk) update(name string, args ...any) *reply {
	r := &reply{}
	d.env.UpdateWorkflow(name, uuid.NewString(), &testsuite.TestUpdateCallback{
		OnAccept:   func() { r.accepted = true },
		OnReject:   func(err error) { r.rejected = err },
		OnComplete: func(value any, err error) { r.ended, r.value, r.err = true, value, err },
	}, args...)
	return r
}

func (d *desk) wake() {
	d.mu.Lock()
	d.log = append(d.log, "wake")
	d.mu.Unlock()
	d.env.SignalWorkflow(remit.SignalWake, remit.Wake{Why: "test"})
}

// run runs the invoice's workflow to its end and returns the error it ended with.
func (d *desk) run() error {
	d.env.ExecuteWorkflow(remit.InvoicePaymentWorkflow, d.ref)
	return d.env.GetWorkflowError()
}

// wantEnd runs the workflow to an end without an error.
func (d *desk) wantEnd(t failer) {
	t.Helper()
	err := d.run()
	if !d.env.IsWorkflowCompleted() || err != nil {
		t.Fatalf("the workflow ended with %v after %v", err, d.log)
	}
	d.wantOneAtATime(t)
}

func (d *desk) wantOneAtATime(t failer) {
	t.Helper()
	if d.most > 1 {
		t.Fatalf("%d steps ran at once: %v", d.most, d.log)
	}
}

// steps are the steps that ended, in order.
func (d *desk) steps() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, event := range d.log {
		if name, ended := strings.CutPrefix(event, "-"); ended {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// want compares the steps with one order, or with one of several that may be.
func (d *desk) want(t *testing.T, orders ...string) {
	t.Helper()
	if got := d.steps(); !slices.Contains(orders, got) {
		t.Fatalf("the steps were %q, want one of %q; all of it: %v", got, orders, d.log)
	}
}

func in(d time.Duration) *time.Duration { return &d }

func open(wake *time.Duration) remit.InvoiceState {
	return remit.InvoiceState{Status: remit.InvoiceOpen, WakeIn: wake, DueDate: "2030-04-01"}
}

func paid() remit.InvoiceState {
	return remit.InvoiceState{Status: remit.InvoicePaid, Rest: true, DueDate: "2030-04-01"}
}

func failedForGood() error {
	return temporal.NewNonRetryableApplicationError("failed for good", "internal", nil)
}

// becomes is a step that carries a request out and leaves the invoice in a state.
func (d *desk) becomes(state remit.InvoiceState) func(remit.Request) (activities.Performed, error) {
	return func(r remit.Request) (activities.Performed, error) {
		d.state = state
		return activities.Performed{Result: remit.RequestResult{Attempt: &r.ID}, State: state}, nil
	}
}

type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

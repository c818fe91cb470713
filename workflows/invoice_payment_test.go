package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
)

const month = 30 * 24 * time.Hour

// A payment asked of a waiting invoice is carried out at once, its result goes
// to the payer, and the workflow ends where nothing more will happen (M1).
func TestPayOnAWaitingInvoice(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.perform = d.becomes(paid())
	var pay *reply
	d.at(time.Hour, func() { pay = d.ask(remit.RequestPay) })
	d.wantEnd(t)
	d.want(t, "Load Perform")
	if result := pay.result(t); result.Attempt == nil || result.Refused != nil {
		t.Fatalf("the payer was told %+v", result)
	}
}

// A second payer has his answer at once, while the first payment runs, and may
// try again when it is over.
func TestSecondPaymentIsTurnedAwayAtTheDoor(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.took = 10 * time.Second
	d.perform = d.becomes(open(in(month)))
	var first, second, checkout, third *reply
	d.at(time.Minute, func() { first = d.ask(remit.RequestPay) })
	d.at(time.Minute+time.Second, func() { second = d.ask(remit.RequestPay) })
	d.at(time.Minute+2*time.Second, func() {
		checkout = d.ask(remit.RequestCheckout)
		if first.ended {
			t.Error("the first payment was over before the second was asked for")
		}
	})
	d.at(time.Hour, func() {
		for _, loser := range []*reply{second, checkout} {
			var refused *temporal.ApplicationError
			if !errors.As(loser.rejected, &refused) || refused.Type() != remit.CodeInFlight {
				t.Errorf("a second payer was told %+v", *loser)
			}
		}
		d.perform = d.becomes(paid())
		third = d.ask(remit.RequestPay)
	})
	d.wantEnd(t)
	d.want(t, "Load Perform Perform")
	first.result(t)
	third.result(t)
}

// What collects nothing is not turned away while a payment runs; it waits its turn.
func TestOtherRequestsWaitTheirTurn(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.took = 10 * time.Second
	d.perform = d.becomes(open(in(month)))
	var hold, back *reply
	d.at(time.Minute, func() { d.ask(remit.RequestPay) })
	d.at(time.Minute+time.Second, func() { hold, back = d.ask(remit.RequestHold), d.update(remit.UpdateRefresh) })
	d.at(time.Hour, func() { d.advance = func() (remit.InvoiceState, error) { return paid(), nil }; d.wake() })
	d.wantEnd(t)
	d.want(t, "Load Perform Perform Refresh Advance", "Load Perform Refresh Perform Advance")
	hold.result(t)
	if state, ok := back.value.(remit.InvoiceState); !ok || state.Status != remit.InvoiceOpen || back.err != nil {
		t.Fatalf("who came back was told %+v", *back)
	}
}

// Two payments that arrive in one moment start one charge.
func TestTwoPaymentsAtOnceStartOne(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.perform = d.becomes(paid())
	var replies [2]*reply
	d.at(time.Hour, func() { replies[0], replies[1] = d.ask(remit.RequestPay), d.ask(remit.RequestPay) })
	d.wantEnd(t)
	d.want(t, "Load Perform")
	if !replies[0].answered() || !replies[1].answered() {
		t.Fatalf("the payers were told %+v and %+v", *replies[0], *replies[1])
	}
}

// A payment that starts the workflow is carried out though nothing is loaded yet.
func TestUpdateBeforeLoadIsNotLost(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.took = time.Minute
	d.perform = d.becomes(paid())
	var pay *reply
	d.at(0, func() { pay = d.ask(remit.RequestPay) })
	d.wantEnd(t)
	d.want(t, "Load Perform", "Perform Load") // either may have the first turn
	pay.result(t)
}

// An update that finds the invoice at rest is answered before the run ends.
func TestUpdateStartsAnInvoiceAtRest(t *testing.T) {
	d := openDesk(t, paid())
	refused := &remit.Refusal{Kind: remit.KindConflict, Code: remit.CodeNotPayable, Message: "It is paid."}
	d.perform = func(remit.Request) (activities.Performed, error) {
		return activities.Performed{Result: remit.RequestResult{Refused: refused}, State: paid()}, nil
	}
	var pay *reply
	d.at(0, func() { pay = d.ask(remit.RequestPay) })
	d.wantEnd(t)
	d.want(t, "Load Perform", "Perform Load")
	if result := pay.result(t); result.Refused == nil || result.Refused.Code != remit.CodeNotPayable {
		t.Fatalf("the payer was told %+v", result)
	}
}

// A signal that starts the workflow of an invoice at rest, such as that of a
// dispute a year later, makes it look before it ends again (M1).
func TestSignalStartsAnInvoiceAtRest(t *testing.T) {
	d := openDesk(t, paid())
	d.at(0, d.wake)
	d.wantEnd(t)
	d.want(t, "Load Advance")
}

// Signals that come while a step runs make the workflow look once more after
// it, however many they are.
func TestSignalsDuringAStepAreDrained(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.took = 10 * time.Second
	d.perform = d.becomes(open(in(month)))
	d.advance = func() (remit.InvoiceState, error) { return paid(), nil }
	d.at(time.Minute, func() { d.ask(remit.RequestHold) })
	for n := range 5 {
		d.at(time.Minute+time.Duration(n+1)*time.Second, d.wake)
	}
	d.wantEnd(t)
	d.want(t, "Load Perform Advance")
}

// A signal that comes while the last handler ends is not lost: the workflow
// looks once more though the invoice is at rest.
func TestSignalAtTheVeryEndIsNotLost(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.took = 10 * time.Second
	d.perform = d.becomes(paid())
	d.advance = func() (remit.InvoiceState, error) { return paid(), nil }
	d.at(time.Minute, func() { d.ask(remit.RequestPay) })
	d.at(time.Minute+10*time.Second, d.wake) // the instant the payment's step ends
	d.wantEnd(t)
	d.want(t, "Load Perform Advance")
}

// The workflow wakes for the agenda's row when it is due, looks, and waits for
// the next one.
func TestTimerFiresForTheAgendaAndIsArmedAgain(t *testing.T) {
	d := openDesk(t, open(in(month)))
	started := d.env.Now()
	var looked []time.Duration
	d.advance = func() (remit.InvoiceState, error) {
		looked = append(looked, d.env.Now().Sub(started).Round(time.Hour))
		if len(looked) == 3 {
			return paid(), nil
		}
		return open(in(time.Duration(len(looked)) * 24 * time.Hour)), nil
	}
	d.wantEnd(t)
	d.want(t, "Load Advance Advance Advance")
	for n, want := range []time.Duration{month, month + 24*time.Hour, month + 3*24*time.Hour} {
		if looked[n] != want {
			t.Fatalf("looked after %v, want %v at %d", looked, want, n)
		}
	}
}

// A clock that was moved, or a row that was, arms the timer anew: the wake makes
// it look, and what is said then counts.
func TestWakeArmsTheTimerAnew(t *testing.T) {
	d := openDesk(t, open(in(month)))
	started := d.env.Now()
	var second time.Duration
	d.advance = func() (remit.InvoiceState, error) {
		if since := d.env.Now().Sub(started); since < 2*time.Hour {
			return open(in(4 * time.Hour)), nil
		}
		second = d.env.Now().Sub(started).Round(time.Hour)
		return paid(), nil
	}
	d.at(time.Hour, d.wake)
	d.wantEnd(t)
	if second != 5*time.Hour {
		t.Fatalf("it looked again after %v", second)
	}
}

// A row that is due already is looked at without waiting.
func TestDueRowIsLookedAtAtOnce(t *testing.T) {
	d := openDesk(t, open(in(0)))
	d.advance = func() (remit.InvoiceState, error) { return paid(), nil }
	d.wantEnd(t)
	d.want(t, "Load Advance")
}

// A look that fails for good is repeated after a minute of rest: nothing about
// money is ever given up.
func TestFailedLookRestsAMinute(t *testing.T) {
	d := openDesk(t, open(in(time.Hour)))
	var looked []time.Time
	d.advance = func() (remit.InvoiceState, error) {
		looked = append(looked, d.env.Now())
		if len(looked) < 3 {
			return remit.InvoiceState{}, failedForGood()
		}
		return paid(), nil
	}
	d.wantEnd(t)
	d.want(t, "Load Advance Advance Advance")
	for n := 1; n < len(looked); n++ {
		if rested := looked[n].Sub(looked[n-1]); rested < time.Minute || rested > 2*time.Minute {
			t.Fatalf("it rested for %v", rested)
		}
	}
}

// A request whose step fails for good may have done anything: its sender hears
// of the failure, and a minute later the workflow looks by itself.
func TestFailedRequestIsLookedAfter(t *testing.T) {
	d := openDesk(t, open(nil))
	d.perform = func(remit.Request) (activities.Performed, error) { return activities.Performed{}, failedForGood() }
	d.advance = func() (remit.InvoiceState, error) { return paid(), nil }
	var pay *reply
	d.at(time.Hour, func() { pay = d.ask(remit.RequestPay) })
	d.at(month, d.wake)
	started := d.env.Now()
	d.wantEnd(t)
	d.want(t, "Load Perform Advance")
	if took := d.env.Now().Sub(started); took > 2*time.Hour {
		t.Fatalf("it looked after %v", took)
	}
	if !pay.ended || pay.err == nil {
		t.Fatalf("the payer was told %+v", *pay)
	}
}

// A step that keeps failing is repeated for a while and not for ever, so that
// what waits behind it has its turn. (The test's clock ends after ten tries; that
// the server ends after ten minutes is asked of the step's options.)
func TestStepIsRepeatedAndLetGo(t *testing.T) {
	d := openDesk(t, open(nil))
	tries := 0
	d.perform = func(r remit.Request) (activities.Performed, error) {
		if r.Kind == remit.RequestPay {
			tries++
			return activities.Performed{}, temporal.NewApplicationError("Stripe does not answer", "stripe")
		}
		return d.becomes(paid())(r)
	}
	var pay, hold *reply
	d.at(time.Minute, func() { pay = d.ask(remit.RequestPay) })
	d.at(2*time.Minute, func() { hold = d.ask(remit.RequestHold) })
	d.wantEnd(t)
	if !pay.ended || pay.err == nil || tries < 10 || d.within != 10*time.Minute {
		t.Fatalf("%d tries within %v, then %+v", tries, d.within, *pay)
	}
	hold.result(t)
}

// Where the database does not answer at the start, the workflow goes on when it does.
func TestFailedLoadIsMadeUpFor(t *testing.T) {
	d := openDesk(t, open(nil))
	d.load = func() (remit.InvoiceState, error) { return remit.InvoiceState{}, failedForGood() }
	looks := 0
	d.advance = func() (remit.InvoiceState, error) {
		if looks++; looks == 1 {
			return remit.InvoiceState{}, failedForGood()
		}
		return paid(), nil
	}
	d.wantEnd(t)
	d.want(t, "Load Advance Advance")
}

// A long history is continued in a new run, once the handlers have answered and
// no signal waits.
func TestContinueAsNewWhenSuggested(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.took = 10 * time.Second
	d.perform = d.becomes(open(in(month)))
	var pay *reply
	d.at(time.Minute, func() { d.env.SetContinueAsNewSuggested(true); pay = d.ask(remit.RequestPay) })
	d.at(time.Minute+time.Second, d.wake)
	d.at(time.Minute+5*time.Second, func() { d.ask(remit.RequestHold) })
	err := d.run()
	var again *workflow.ContinueAsNewError
	if !errors.As(err, &again) || again.WorkflowType.Name != remit.InvoicePaymentWorkflow {
		t.Fatalf("the run ended with %v", err)
	}
	d.wantOneAtATime(t)
	pay.result(t)
	d.want(t, "Load Perform Perform Advance", "Load Perform Advance Perform")
}

// A workflow without an invoice, such as a forged one, ends and does nothing.
func TestWithoutAnInvoiceItEnds(t *testing.T) {
	d := openDesk(t, remit.InvoiceState{Rest: true})
	d.wantEnd(t)
	d.want(t, "Load")
}

// Anybody may ask the workflow what it knows, at any time.
func TestStateCanBeQueried(t *testing.T) {
	d := openDesk(t, open(in(month)))
	d.advance = func() (remit.InvoiceState, error) { return paid(), nil }
	d.at(time.Hour, func() {
		value, err := d.env.QueryWorkflow(remit.QueryState)
		if err != nil {
			t.Errorf("the query failed: %v", err)
			return
		}
		var state remit.InvoiceState
		if err := value.Get(&state); err != nil || state.Status != remit.InvoiceOpen || state.DueDate != "2030-04-01" {
			t.Errorf("the workflow knows %+v (%v)", state, err)
		}
	})
	d.wantEnd(t)
}

// An operator's list shows a status once it has changed, and is not told again
// what it shows already.
func TestStatusIsPublishedWhenItChanges(t *testing.T) {
	d := openDesk(t, open(in(time.Hour)))
	var told []temporal.SearchAttributes
	d.env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		told = append(told, args.Get(0).(temporal.SearchAttributes))
	}).Return(nil)
	states := []remit.InvoiceState{open(in(time.Hour)), {Status: remit.InvoicePartiallyPaid, WakeIn: in(time.Hour)}, {Status: remit.InvoicePartiallyPaid, WakeIn: in(time.Hour)}, paid()}
	d.advance = func() (remit.InvoiceState, error) {
		state := states[0]
		states = states[1:]
		return state, nil
	}
	d.wantEnd(t)
	d.want(t, "Load Advance Advance Advance Advance")
	if len(told) != 2 {
		t.Fatalf("it was told %d times: %v", len(told), told)
	}
	key := temporal.NewSearchAttributeKeyKeyword(remit.SearchState)
	for n, want := range []remit.InvoiceStatus{remit.InvoicePartiallyPaid, remit.InvoicePaid} {
		if status, _ := told[n].GetKeyword(key); status != string(want) {
			t.Fatalf("it was told %q, want %q", status, want)
		}
	}
}

// A request of a kind this version does not know is the step's to refuse, not
// the workflow's to fail on.
func TestForgedRequestDoesNothing(t *testing.T) {
	d := openDesk(t, open(in(time.Hour)))
	d.perform = func(r remit.Request) (activities.Performed, error) {
		return activities.Performed{Result: remit.RequestResult{Refused: &remit.Refusal{Code: remit.CodeForbidden}}, State: paid()}, nil
	}
	var forged *reply
	d.at(time.Minute, func() { forged = d.update(remit.UpdateRequest, remit.Request{ID: uuid.New(), Kind: "rob"}) })
	d.wantEnd(t)
	if result := forged.result(t); result.Refused == nil {
		t.Fatalf("the forger was told %+v", result)
	}
}

package workflows_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"remit"
	"remit/activities"
)

// Whatever order requests, people who come back, signals, timers and failures
// come in: at most one step runs at a time, every accepted update is answered, every
// signal is followed by a look, and the run ends (M1).
func TestAnyOrderOfMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := rapid.SliceOfN(rapid.Custom(drawState), 1, 12).Draw(t, "states")
		failures := rapid.SliceOfN(rapid.IntRange(0, 4), 24, 24).Draw(t, "failures")
		d := newDesk(states[0])
		d.took = time.Duration(rapid.IntRange(0, 20).Draw(t, "a step takes (s)")) * time.Second
		script(d, states, failures)
		var replies []*reply
		for range rapid.IntRange(0, 12).Draw(t, "messages") {
			// Close together, so that they meet steps and each other.
			after := time.Duration(rapid.IntRange(0, 90).Draw(t, "after (s)")) * time.Second
			kind := rapid.SampledFrom([]string{"wake", "pay", "checkout", "hold", "void", "refresh", "long history"}).Draw(t, "message")
			d.at(after, func() {
				if d.env.IsWorkflowCompleted() {
					return // it would start the workflow again
				}
				switch kind {
				case "wake":
					d.wake()
				case "refresh":
					replies = append(replies, d.update(remit.UpdateRefresh))
				case "long history":
					d.env.SetContinueAsNewSuggested(true)
				default:
					replies = append(replies, d.update(remit.UpdateRequest, remit.Request{ID: uuid.New(), Kind: remit.RequestKind(kind)}))
				}
			})
		}
		d.at(10*time.Minute, func() { // an end for those that wait for ever
			if !d.env.IsWorkflowCompleted() {
				states, failures = []remit.InvoiceState{paid()}, nil
				script(d, states, failures)
				d.wake()
			}
		})
		var again *workflow.ContinueAsNewError
		if err := d.run(); err != nil && !errors.As(err, &again) {
			t.Fatalf("the run ended with %v after %v", err, d.log)
		}
		d.wantOneAtATime(t)
		for _, r := range replies {
			// One that met the run's end before it was accepted is none of this
			// run: the server gives it to the next one.
			if r.accepted && !r.answered() {
				t.Fatalf("an accepted update was not answered: %+v after %v", *r, d.log)
			}
		}
		if last := lastOf(d.log, "wake"); last > lastOf(d.log, "+Advance") {
			t.Fatalf("a signal was not looked at: %v", d.log)
		}
	})
}

// drawState is what the database may say after a step.
func drawState(t *rapid.T) remit.InvoiceState {
	switch rapid.IntRange(0, 3).Draw(t, "state") {
	case 0:
		return paid()
	case 1:
		return open(nil)
	default:
		return open(in(time.Duration(rapid.IntRange(0, 6).Draw(t, "wake in (10 s)")*10) * time.Second))
	}
}

// script has the steps say one state after the other, the last one for good,
// and fail where a one is drawn.
func script(d *desk, states []remit.InvoiceState, failures []int) {
	next := func() (remit.InvoiceState, error) {
		if len(failures) > 0 {
			failed := failures[0] == 1
			failures = failures[1:]
			if failed {
				return remit.InvoiceState{}, failedForGood()
			}
		}
		if len(states) > 1 {
			states = states[1:]
		} else if states[0].WakeIn != nil && *states[0].WakeIn == 0 {
			states[0].WakeIn = in(10 * time.Minute) // what is due is done some time
		}
		return states[0], nil
	}
	d.load, d.advance, d.refresh = next, next, next
	d.perform = func(r remit.Request) (activities.Performed, error) {
		state, err := next()
		return activities.Performed{Result: remit.RequestResult{Attempt: &r.ID}, State: state}, err
	}
}

func lastOf(log []string, event string) int {
	for n, each := range slices.Backward(log) {
		if each == event {
			return n
		}
	}
	return -1
}

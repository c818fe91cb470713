package remit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit"
)

// Whatever order a dispute's states are heard of in, and however often, it ends
// in the highest of them, its money moved at most once each way (M6).
func TestDisputeOnlyClimbs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d remit.Dispute
		taken, back, highest := 0, 0, remit.DisputeWarningNeedsResponse
		states := rapid.SliceOfN(rapid.SampledFrom(remit.DisputeStates()), 1, 12).Draw(t, "states")
		for n, state := range states {
			view := remit.DisputeFacts{State: state, Reason: "fraudulent", Withdrawn: !state.Inquiry(), Reinstated: state == remit.DisputeWon}
			var moves remit.DisputeMoves
			d, moves = d.Take(view, time.Unix(int64(n), 0))
			if moves.Withdrawn {
				taken++
			}
			if moves.Reinstated {
				back++
			}
			if highest.Climbs(state) {
				highest = state
			}
			if again, moves := d.Take(view, time.Unix(99, 0)); moves.Any() || again.State != d.State {
				t.Fatalf("%s heard twice moved %+v", state, moves)
			}
			if d.State.Contests() == (d.ClosedAt != nil) {
				t.Fatalf("%s is closed at %v", d.State, d.ClosedAt)
			}
		}
		if d.State != highest {
			t.Fatalf("%v ended in %s", states, d.State)
		}
		if taken > 1 || back > taken || d.Withdrawn != (taken == 1) || d.Reinstated != (back == 1) {
			t.Fatalf("%v: taken %d times, given back %d times, %+v", states, taken, back, d)
		}
	})
}

// A bank debit that comes back is final, and no evidence is asked for (F8).
func TestReturnedDebitIsFinal(t *testing.T) {
	t.Parallel()
	by := time.Unix(1000, 0)
	for _, d := range []remit.Dispute{
		{State: remit.DisputeNeedsResponse, RespondBy: &by, Reason: "insufficient_funds"},
		{State: remit.DisputeNeedsResponse, RespondBy: &by, Reason: "general", MethodType: "us_bank_account"},
	} {
		if _, may := d.Respond(); may || !d.Return() {
			t.Errorf("%+v may be contested", d)
		}
	}
	d := remit.Dispute{State: remit.DisputeNeedsResponse, RespondBy: &by, Reason: "fraudulent", MethodType: "card"}
	if got, may := d.Respond(); !may || !got.Equal(by) || d.Return() {
		t.Errorf("a card's dispute: %v %v", got, may)
	}
}

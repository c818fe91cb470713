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

// What only a person said was won is lost when Stripe says so, and what he said was given
// back is taken, once; won after all, it is given back. What Stripe has said was won stays
// so, also of a dispute that a person had said was lost (M3, M6).
func TestStripeOverrulesAWordAboutADispute(t *testing.T) {
	now := time.Now()
	won, lost := remit.DisputeFacts{State: remit.DisputeWon}, remit.DisputeFacts{State: remit.DisputeLost, Withdrawn: true}
	said := func(f remit.DisputeFacts) remit.DisputeFacts { return remit.DisputeFacts{State: f.State, ByHand: true} }
	take := func(facts ...remit.DisputeFacts) (d remit.Dispute, m remit.DisputeMoves) {
		for _, f := range facts {
			d, m = d.Take(f, now)
		}
		return d, m
	}
	open := remit.DisputeFacts{State: remit.DisputeNeedsResponse, Withdrawn: true}
	if d, m := take(open, said(won), lost); d.State != remit.DisputeLost || d.Reinstated || !d.Overruled || d.ByHand || !m.State || !m.Withdrawn || m.Reinstated {
		t.Errorf("overruled it is %+v, moved by %+v", d, m)
	}
	if _, m := take(open, said(won), lost, lost); m.Any() {
		t.Errorf("heard again it moves by %+v", m)
	}
	if d, m := take(open, said(won), lost, won); d.State != remit.DisputeWon || !d.Reinstated || !m.Reinstated || m.Withdrawn {
		t.Errorf("won after all it is %+v, moved by %+v", d, m)
	}
	if d, m := take(remit.DisputeFacts{State: remit.DisputeNeedsResponse}, said(won), lost); !d.Withdrawn || d.Overruled || !m.Withdrawn {
		t.Errorf("of money that was not taken before it is %+v, moved by %+v", d, m)
	}
	if d, m := take(open, said(won), won); d.ByHand || m.Any() {
		t.Errorf("won as Stripe says too it is %+v, moved by %+v", d, m)
	}
	if d, m := take(open, said(won), open); !d.Doubted() || m.Any() {
		t.Errorf("not decided at Stripe it is %+v, moved by %+v", d, m)
	}
	for what, facts := range map[string][]remit.DisputeFacts{
		"as both said":   {open, said(won), won, lost},
		"as Stripe said": {open, won, lost}, "as Stripe said after a person": {open, said(lost), won, lost}, "as a person said after Stripe": {open, lost, won, said(lost)},
	} {
		if d, m := take(facts...); d.State != remit.DisputeWon || !d.Reinstated || m.Any() {
			t.Errorf("won, %s, it is %+v, moved by %+v", what, d, m)
		}
	}
}

// Evidence that Stripe waits for, of what a person said was over, is asked for once for each
// deadline, until Stripe does not wait for it any more or the deadline has passed (F8).
func TestEvidenceIsWantedAgainstAWord(t *testing.T) {
	t.Parallel()
	now := time.Now()
	by, later, past := now.Add(time.Hour), now.Add(2*time.Hour), now.Add(-time.Hour)
	open := func(by time.Time) remit.DisputeFacts {
		return remit.DisputeFacts{State: remit.DisputeNeedsResponse, Withdrawn: true, Reason: "fraudulent", RespondBy: &by}
	}
	for _, word := range []remit.DisputeState{remit.DisputeWon, remit.DisputeLost} {
		d, _ := remit.Dispute{MethodType: "card"}.Take(open(by), now)
		d, _ = d.Take(remit.DisputeFacts{State: word, Reason: "fraudulent", ByHand: true}, now)
		for n, step := range []struct {
			facts          remit.DisputeFacts
			moved, waiting bool
		}{
			{open(by), true, true}, {open(by), false, true}, {open(later), true, true}, {open(past), false, false}, {open(later), true, true},
			{remit.DisputeFacts{State: remit.DisputeUnderReview, Withdrawn: true}, false, false},
		} {
			next, moves := d.Take(step.facts, now)
			until, may := next.Respond()
			if moves.Wanted != step.moved || may != step.waiting || next.State != word || may && !until.Equal(*step.facts.RespondBy) || moves.State || moves.Withdrawn || moves.Reinstated {
				t.Fatalf("said to be %s, look %d: moved %+v, evidence until %v (%t)", word, n, moves, until, may)
			}
			d = next
		}
	}
	d, _ := remit.Dispute{MethodType: "us_bank_account"}.Take(remit.DisputeFacts{State: remit.DisputeLost, ByHand: true}, now)
	if d, moves := d.Take(open(by), now); moves.Wanted {
		t.Errorf("of a bank debit evidence is wanted: %+v", d)
	}
}

// An inquiry that a person said was lost took nothing once Stripe says that it is closed: what
// was booked as taken is given back, once. One that becomes a dispute after all takes it then.
func TestInquiryThatWasSaidToBeLost(t *testing.T) {
	t.Parallel()
	now := time.Now()
	closed, open := remit.DisputeFacts{State: remit.DisputeWarningClosed}, remit.DisputeFacts{State: remit.DisputeNeedsResponse}
	d, _ := remit.Dispute{}.Take(remit.DisputeFacts{State: remit.DisputeWarningNeedsResponse}, now)
	for n, step := range []struct {
		facts          remit.DisputeFacts
		taken, back    bool
		state          remit.DisputeState
		overruled, own bool
	}{
		{remit.DisputeFacts{State: remit.DisputeLost, ByHand: true}, true, false, remit.DisputeLost, false, true},
		{closed, false, true, remit.DisputeWarningClosed, false, false},
		{closed, false, false, remit.DisputeWarningClosed, false, false},
		{open, false, false, remit.DisputeNeedsResponse, true, false},
		{remit.DisputeFacts{State: remit.DisputeUnderReview, Withdrawn: true}, true, false, remit.DisputeUnderReview, true, false},
		{remit.DisputeFacts{State: remit.DisputeWon, Withdrawn: true, Reinstated: true}, false, true, remit.DisputeWon, true, false},
	} {
		next, moves := d.Take(step.facts, now)
		if moves.Withdrawn != step.taken || moves.Reinstated != step.back || next.State != step.state || next.Overruled != step.overruled || next.ByHand != step.own {
			t.Fatalf("look %d: %+v, moved %+v", n, next, moves)
		}
		d = next
	}
}

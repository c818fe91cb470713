package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stripe/stripe-go/v79"
	"pgregory.net/rapid"

	"remit/bucket"
)

// shared is a limiter in memory, as PostgreSQL's is for several processes.
type shared struct {
	mu     sync.Mutex
	levels map[string]bucket.Level
	asked  int
	broken error
}

func (s *shared) LeaseStripe(_ context.Context, _ string, _ bool, asks []bucket.Ask) ([]bucket.Grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.levels == nil {
		s.levels = map[string]bucket.Level{}
	}
	grants := make([]bucket.Grant, len(asks))
	for i, ask := range asks {
		now := time.Now()
		level, found := s.levels[ask.Name]
		if !found {
			level = bucket.Full(ask.Limit, now)
		}
		level, grants[i].Tokens = level.Take(ask, now)
		grants[i].Wait = level.Wait(ask)
		s.levels[ask.Name] = level
	}
	return grants, s.broken
}

// process is the queue of one process for an account in test mode.
func process(limiter Limiter, rate int64) *queue {
	of := &queues{limiter: limiter, limits: Limits{Test: rate}, patience: time.Hour}
	return of.of(Access{Key: "sk_test_1", Owner: "acct_1"})
}

// Whoever calls, from however many processes, for whatever, after whatever pauses:
// Stripe's bucket, which holds one second's worth, is never overfilled, for an
// account or for one of its endpoints, even if calls are under way for up to half
// a second. And everybody has his turn.
func TestStripesBucketIsNeverOverfilled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.SampledFrom([]int64{4, 10, 25, 40, 100}).Draw(rt, "rate")
		type plan struct {
			process      int
			pause, under time.Duration
			group        string
			batch        bool
		}
		plans := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) plan {
			milliseconds := func(most int, label string) time.Duration {
				return time.Duration(rapid.IntRange(0, most).Draw(rt, label)) * time.Millisecond
			}
			pause := time.Duration(0) // or many come at once
			if rapid.Bool().Draw(rt, "pauses") {
				pause = milliseconds(400, "pause")
			}
			return plan{
				rapid.IntRange(0, 2).Draw(rt, "process"), pause, milliseconds(500, "under way"),
				rapid.SampledFrom([]string{"GET account", "GET balance", "POST refunds"}).Draw(rt, "group"), rapid.Bool().Draw(rt, "batch"),
			}
		}), 1, 150).Draw(rt, "calls")
		synctest.Test(t, func(t *testing.T) {
			limiter := &shared{}
			processes := []*queue{process(limiter, rate), process(limiter, rate), process(limiter, rate)}
			var mu sync.Mutex
			arrived := map[string][]time.Time{}
			var calls sync.WaitGroup
			for _, p := range plans {
				<-time.After(p.pause) // of the bubble's own time
				calls.Go(func() {
					ctx := t.Context()
					if p.batch {
						ctx = Batch(ctx)
					}
					if err := processes[p.process].wait(ctx, p.group); err != nil {
						t.Error(err)
					}
					at := time.Now().Add(p.under)
					mu.Lock()
					defer mu.Unlock()
					arrived["all"], arrived[p.group] = append(arrived["all"], at), append(arrived[p.group], at)
				})
			}
			calls.Wait()
			if len(arrived["all"]) != len(plans) {
				t.Errorf("%d of %d had their turn", len(arrived["all"]), len(plans))
			}
			for name, times := range arrived {
				most := rate
				if name != allCalls {
					most = min(rate, endpointRate)
				}
				overfilled(t, name, times, most)
			}
		})
	})
}

// overfilled complains of a span in which more calls arrived than flow out of a
// bucket that holds one second's worth, and than it holds.
func overfilled(t *testing.T, name string, times []time.Time, rate int64) {
	t.Helper()
	slices.SortFunc(times, time.Time.Compare)
	for i, first := range times {
		for j := i; j < len(times); j++ {
			if span := times[j].Sub(first); int64(j-i+1)*int64(time.Second) > int64(span)*rate+rate*int64(time.Second) {
				t.Errorf("%s: %d calls within %s at %d a second", name, j-i+1, span, rate)
				return
			}
		}
	}
}

// Who is waited for passes everybody who is not, finds the reserve that those left,
// and otherwise those go first who came first.
func TestWhoIsWaitedForGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := process(&shared{}, 25)
		var mu sync.Mutex
		var order []string
		var calls sync.WaitGroup
		come := func(ctx context.Context, name string) {
			calls.Go(func() {
				if err := q.wait(ctx, "POST payment_intents"); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
			})
			synctest.Wait() // until this one waits, or has gone
		}
		gone := func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(order)
		}
		for i := range 6 {
			come(Batch(t.Context()), fmt.Sprintf("batch %d", i))
		}
		if n := gone(); n != 2 { // of seven, five are the reserve
			t.Fatalf("%d went of those nobody waits for: %v", n, order)
		}
		for i := range 8 {
			come(t.Context(), fmt.Sprintf("person %d", i))
		}
		if n := gone(); n != 7 {
			t.Errorf("%d went at once: %v", n, order)
		}
		calls.Wait()
		want := []string{"batch 0", "batch 1"}
		for i := range 8 {
			want = append(want, fmt.Sprintf("person %d", i))
		}
		for i := 2; i < 6; i++ {
			want = append(want, fmt.Sprintf("batch %d", i))
		}
		slices.Sort(order[2:10]) // those whom one lease lets go, go at once
		slices.Sort(order[10:])
		if !slices.Equal(order, want) {
			t.Errorf("went in the order %v", order)
		}
	})
}

// Within a queue nobody is passed: tokens that come one by one are given to those
// who wait in the order in which they came.
func TestFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	q := &queue{leases: map[string]*lease{}, asking: true}
	for i := range 5 {
		q.people = append(q.people, &caller{group: fmt.Sprintf("GET %d", i%2), turn: make(chan error, 1)})
	}
	first, second := q.people[0], q.people[1]
	give := func(name string) {
		q.lease(name).add(bucket.Grant{Tokens: 1}, time.Now(), false)
		q.people = q.release(q.people)
	}
	give(allCalls)
	give("GET 1")
	if len(second.turn) != 1 || len(first.turn) != 0 || len(q.people) != 4 {
		t.Error("who lacks another group's token keeps others waiting, or somebody was passed")
	}
	give(allCalls)
	give("GET 0")
	if len(first.turn) != 1 || len(q.people) != 3 {
		t.Error("somebody was passed")
	}
}

// A call whose turn does not come was not made, which is known: it may be made
// again later. That holds where the caller gives up, where it waited too long, and
// where the limiter is out of reach.
func TestWhatWasNotSentMayBeSentLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := &shared{levels: map[string]bucket.Level{allCalls: {At: time.Now()}}}
		q := process(full, 1)
		q.patience = 100 * time.Millisecond
		ended, end := context.WithCancel(t.Context())
		end()
		for name, check := range map[string]struct {
			err, cause error
		}{
			"given up":     {q.wait(ended, "GET account"), context.Canceled},
			"for too long": {q.wait(t.Context(), "GET account"), context.DeadlineExceeded},
			"out of reach": {process(&shared{broken: errors.ErrUnsupported}, 1).wait(t.Context(), "GET account"), errors.ErrUnsupported},
		} {
			if MeaningOf(failureOf(check.err)) != Later || !errors.Is(check.err, check.cause) {
				t.Errorf("%s: %v", name, check.err)
			}
		}
		if len(q.people) != 0 {
			t.Error("somebody who gave up still waits")
		}
	})
}

// After Stripe said that the rate was too high nothing leased before is used; and
// what nobody used within a moment is not kept.
func TestALeaseEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := &shared{}
		calls := &limited{queue: process(limiter, 100)}
		call := func(answer error) (asked int) {
			before := limiter.asked
			if err := calls.inTurn(t.Context(), "GET", "/v1/account", func() error { return answer }); !errors.Is(err, answer) {
				t.Errorf("%v", err)
			}
			synctest.Wait()
			return limiter.asked - before
		}
		call(nil) // one
		call(nil) // two, of which one is left
		if n := call(nil); n != 0 {
			t.Errorf("asked %d times with a token at hand", n)
		}
		call(nil) // four
		call(&stripe.Error{HTTPStatusCode: 429, Code: stripe.ErrorCodeLockTimeout})
		if n := call(&stripe.Error{HTTPStatusCode: 429, Code: stripe.ErrorCodeRateLimit}); n != 0 {
			t.Errorf("asked %d times with a token at hand", n)
		}
		if n := call(nil); n == 0 {
			t.Errorf("asked %d times after a rate that was too high", n)
		}
		call(nil)
		<-time.After(leaseLife)
		if n := call(nil); n == 0 {
			t.Errorf("asked %d times after a lease's end", n)
		}
	})
}

// Calls count against the account whose key it is, in its mode, and against the
// resource that they read or write.
func TestWhatACallCountsAgainst(t *testing.T) {
	t.Parallel()
	own := budgetOf(Access{Key: "rk_live_1", Owner: "acct_1"})
	if own != (budget{"acct_1", true}) {
		t.Errorf("%+v", own)
	}
	platform, other := budgetOf(Access{Key: "sk_test_1", Account: "acct_1"}), budgetOf(Access{Key: "sk_test_1", Account: "acct_2"})
	if platform != other || platform.livemode {
		t.Errorf("%+v %+v", platform, other)
	}
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/v1/account", "GET account"},
		{"POST", "/v1/payment_intents/pi_1/confirm", "POST payment_intents"},
		{"DELETE", "/v1/webhook_endpoints/we_1", "POST webhook_endpoints"},
		{"GET", "/v1/checkout/sessions", "GET checkout"},
	} {
		if got := groupOf(c.method, c.path); got != c.want {
			t.Errorf("%s %s counts against %s", c.method, c.path, got)
		}
	}
}

// A stand-in limits nothing unless it is told to; Stripe always does.
func TestLimitsAreReadByWhereCallsGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, url string
		want      Limits
		wrong     bool
	}{
		{"", "", Limits{100, 25}, false},
		{"", "https://api.stripe.com", Limits{100, 25}, false},
		{"", "http://127.0.0.1:12111", Limits{}, false},
		{"auto", "http://127.0.0.1:12111", Limits{100, 25}, false},
		{"off", "", Limits{}, false},
		{"40", "", Limits{40, 40}, false},
		{"0", "", Limits{}, true},
		{"fast", "", Limits{}, true},
	} {
		got, err := ParseLimits(c.text, c.url)
		if got != c.want || (err != nil) != c.wrong {
			t.Errorf("%q at %q: %+v %v", c.text, c.url, got, err)
		}
	}
}

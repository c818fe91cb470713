package gateway

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"remit/bucket"
)

// queues are where calls wait, one for each budget. They are never removed: there
// are as many as accounts.
type queues struct {
	limiter  Limiter
	limits   Limits
	patience time.Duration

	mu sync.Mutex
	by map[budget]*queue
}

// of gives the queue of an access, nil where its mode is not limited.
func (s *queues) of(access Access) *queue {
	whose := budgetOf(access)
	rate := s.limits.Test
	if whose.livemode {
		rate = s.limits.Live
	}
	if s.limiter == nil || rate == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, found := s.by[whose]
	if !found {
		q = &queue{limiter: s.limiter, patience: s.patience, whose: whose, rate: rate, leases: map[string]*lease{}}
		q.wake = time.AfterFunc(time.Hour, q.awake)
		q.wake.Stop()
		if s.by == nil {
			s.by = map[budget]*queue{}
		}
		s.by[whose] = q
	}
	return q
}

// queue is one budget in this process: who waits, and the tokens at hand. A call
// goes when a token of all calls and one of its own group are there, and takes
// both at once; who waits for one group's tokens keeps nobody of another waiting.
// Within a group those go first who came first, and nobody goes whom no one waits
// for while somebody waits whom one does.
type queue struct {
	limiter  Limiter
	patience time.Duration
	whose    budget
	rate     int64

	mu     sync.Mutex
	people []*caller // in the order they came
	batch  []*caller
	leases map[string]*lease // by bucket
	asking bool              // one statement at a time
	wake   *time.Timer       // when to ask again
}

type caller struct {
	group string
	turn  chan error // gets one value
}

// lease is what is at hand of one bucket.
type lease struct {
	tokens  int64
	until   time.Time // what was not used then is gone
	last    int64     // what the last ask was given, 0 once some of that was gone
	again   time.Time // not to be asked for before, since there was nothing
	batched bool      // which was said to who leaves a reserve
}

// wait returns when the call may be made, or a [Failure] that says [Later]: the
// context is done, the call waited for as long as one may take, or the limiter
// cannot be asked.
func (q *queue) wait(ctx context.Context, group string) error {
	ctx, cancel := context.WithTimeout(ctx, q.patience)
	defer cancel()
	c := &caller{group: group, turn: make(chan error, 1)}
	q.mu.Lock()
	if isBatch(ctx) {
		q.batch = append(q.batch, c)
	} else {
		q.people = append(q.people, c)
	}
	q.serve()
	q.mu.Unlock()
	select {
	case err := <-c.turn:
		return err
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	is := func(other *caller) bool { return other == c }
	q.people, q.batch = slices.DeleteFunc(q.people, is), slices.DeleteFunc(q.batch, is)
	q.serve()
	return fmt.Errorf("%w: %w", notSent(), ctx.Err())
}

// notSent is the failure of a call that was not made.
func notSent() *Failure { return &Failure{Meaning: Later, Code: codeNotSent} }

// forfeit drops what was leased.
func (q *queue) forfeit() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.leases {
		l.tokens, l.last = 0, 0
	}
}

func (q *queue) awake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serve()
}

// serve lets go who can, and asks for what is lacking. It needs the lock.
func (q *queue) serve() {
	now := time.Now()
	for _, l := range q.leases {
		l.expire(now)
	}
	q.people = q.release(q.people)
	if len(q.people) == 0 {
		q.batch = q.release(q.batch)
	}
	q.ask(now)
}

// release lets go for whom there are tokens, and returns the others.
func (q *queue) release(waiting []*caller) []*caller {
	all := q.lease(allCalls)
	if all.tokens == 0 {
		return waiting
	}
	return slices.DeleteFunc(waiting, func(c *caller) bool {
		group := q.lease(c.group)
		if all.tokens == 0 || group.tokens == 0 {
			return false
		}
		all.tokens--
		group.tokens--
		c.turn <- nil
		return true
	})
}

// ask sends for the tokens that the next in line lack, or has itself awoken when
// it is worth asking again.
func (q *queue) ask(now time.Time) {
	waiting, batch := q.people, false
	if len(waiting) == 0 {
		waiting, batch = q.batch, true
	}
	if len(waiting) == 0 || q.asking {
		return
	}
	asks, again := q.lacking(now, waiting, batch)
	if len(asks) == 0 {
		q.wake.Reset(again.Sub(now))
		return
	}
	q.asking = true
	go q.send(asks, batch)
}

// lacking is what to ask for, and where that is nothing, when to look again. No
// more of all calls' tokens are asked for than can be used with the groups'.
func (q *queue) lacking(now time.Time, waiting []*caller, batch bool) (asks []bucket.Ask, again time.Time) {
	all := q.lease(allCalls)
	if all.tokens == 0 && all.shut(now, batch) {
		return nil, all.again
	}
	counts := map[string]int64{}
	for _, c := range waiting {
		counts[c.group]++
	}
	// Tokens taken without leaving a reserve are for people: more than they lack
	// would go to the batch that waits behind them.
	ahead := batch || len(q.batch) == 0
	usable := int64(0)
	for group, n := range counts {
		l := q.lease(group)
		coming := int64(0)
		switch {
		case l.tokens >= n:
		case l.shut(now, batch):
			if again.IsZero() || l.again.Before(again) {
				again = l.again
			}
		default:
			wish := l.wish(group, min(q.rate, endpointRate), n-l.tokens, ahead && now.Before(l.until), batch)
			asks, coming = append(asks, wish), wish.Want
		}
		usable += min(n, l.tokens+coming)
	}
	if usable > all.tokens {
		asks = append(asks, all.wish(allCalls, q.rate, usable-all.tokens, ahead && now.Before(all.until), batch))
	}
	return asks, again
}

// leaseTimeout is how long the limiter may take to answer.
const leaseTimeout = 5 * time.Second

// send asks the limiter. The tokens are for whoever is first when they come, so
// that no caller's context ends the asking.
func (q *queue) send(asks []bucket.Ask, batch bool) {
	ctx, cancel := context.WithTimeout(context.Background(), leaseTimeout)
	defer cancel()
	grants, err := q.limiter.LeaseStripe(ctx, q.whose.account, q.whose.livemode, asks)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asking = false
	if err != nil {
		for _, c := range slices.Concat(q.people, q.batch) {
			c.turn <- fmt.Errorf("%w: %w", notSent(), err)
		}
		q.people, q.batch = nil, nil
		return
	}
	now := time.Now()
	for i, ask := range asks {
		q.lease(ask.Name).add(grants[i], now, batch)
	}
	q.serve()
}

func (q *queue) lease(name string) *lease {
	l, found := q.leases[name]
	if !found {
		l = &lease{}
		q.leases[name] = l
	}
	return l
}

// add takes in what was given. Tokens that came before are not kept any longer by
// those that come.
func (l *lease) add(grant bucket.Grant, now time.Time, batch bool) {
	l.expire(now)
	if l.tokens == 0 {
		l.until = now.Add(leaseLife)
	}
	l.tokens += grant.Tokens
	l.last = grant.Tokens
	if grant.Tokens == 0 {
		l.again, l.batched = now.Add(grant.Wait), batch
	}
}

func (l *lease) expire(now time.Time) {
	if l.tokens > 0 && !now.Before(l.until) {
		l.tokens, l.last = 0, 0
	}
}

// shut reports that there was nothing a moment ago. Whoever leaves a reserve says
// nothing about who need not.
func (l *lease) shut(now time.Time, batch bool) bool {
	return now.Before(l.again) && (batch || !l.batched)
}

// wish is what to ask of a bucket: as many as are lacking or, to be ahead of who
// comes next, twice what the last lease gave and was used up.
func (l *lease) wish(name string, rate, lacking int64, ahead, batch bool) bucket.Ask {
	want := lacking
	if ahead {
		want = max(want, 2*l.last)
	}
	ask := bucket.Ask{Name: name, Limit: limitOf(rate), Want: min(want, mostAtOnce(rate))}
	if batch {
		ask.Reserve = reserveOf(rate)
	}
	return ask
}

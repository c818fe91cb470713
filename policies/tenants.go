package policies

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

// Invalidate forgets a tenant's policy. Whoever asks after it has returned
// waits for a policy whose loading began afterwards. It is called for each
// notice that roles, grants, members or organisations of a tenant changed.
func (a *Authority) Invalidate(tenant uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slots.Remove(tenant)
}

// InvalidateAll forgets every tenant's policy: notices may have been lost.
func (a *Authority) InvalidateAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slots.Purge()
}

// slot is one loading of a tenant's policy and what came of it. Only the slot
// in Authority.slots answers questions; one that was taken out while it loaded
// answers those who already waited for it, and nobody else.
type slot struct {
	began time.Time     // of the loading; what it found is at least that new
	ready chan struct{} // closed once policy or err is set
	next  *slot         // its successor while that loads; guarded by Authority.mu

	policy *Policy
	err    error
}

// slot returns a loaded slot that is not older than allowed.
func (a *Authority) slot(ctx context.Context, tenant uuid.UUID) (*slot, error) {
	s := a.claim(ctx, tenant)
	select {
	case <-s.ready:
		return s, s.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the permissions of tenant %s: %w", tenant, ctx.Err())
	}
}

// claim finds the slot to wait for and starts loading where that is due. A
// policy near its greatest age answers on while its successor loads; beyond it,
// or if there is none, the caller waits.
func (a *Authority) claim(ctx context.Context, tenant uuid.UUID) *slot {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, found := a.slots.Get(tenant)
	if !found {
		return a.replace(ctx, tenant, nil)
	}
	select {
	case <-s.ready:
	default:
		return s
	}
	age := a.options.Now().Sub(s.began)
	if s.next == nil && age >= a.options.MaxAge/5*4 {
		s.next = a.start(ctx, tenant, s)
	}
	if age < a.options.MaxAge {
		return s
	}
	return a.replace(ctx, tenant, s.next)
}

// replace puts a loading slot in the tenant's place, a new one if none is
// loading yet.
func (a *Authority) replace(ctx context.Context, tenant uuid.UUID, loading *slot) *slot {
	if loading == nil {
		loading = a.start(ctx, tenant, nil)
	}
	a.slots.Add(tenant, loading)
	return loading
}

// start begins loading. It does not end with the request that asked first,
// since others wait for it too.
func (a *Authority) start(ctx context.Context, tenant uuid.UUID, previous *slot) *slot {
	s := &slot{began: a.options.Now(), ready: make(chan struct{})}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.options.LoadTimeout)
		defer cancel()
		s.policy, s.err = a.load(ctx, tenant)
		a.settle(tenant, s, previous)
	}()
	return s
}

// settle publishes what was loaded, unless the tenant was invalidated since.
func (a *Authority) settle(tenant uuid.UUID, s, previous *slot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(s.ready)
	holder, found := a.slots.Peek(tenant)
	switch {
	case !found:
	case holder == s && s.err != nil:
		a.slots.Remove(tenant) // the next question tries again
	case holder == previous && s.err != nil:
		previous.next = nil
	case holder == previous:
		a.slots.Add(tenant, s)
	}
}

func (a *Authority) load(ctx context.Context, tenant uuid.UUID) (policy *Policy, err error) {
	defer func() {
		if r := recover(); r != nil {
			policy, err = nil, fmt.Errorf("load the permissions of tenant %s: panic: %v\n%s", tenant, r, debug.Stack())
		}
	}()
	snapshot, err := a.source.LoadPolicy(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("load the permissions of tenant %s: %w", tenant, err)
	}
	if policy, err = Compile(tenant, snapshot); err != nil {
		return nil, err
	}
	policy.epoch, policy.decisions = a.epochs.Add(1), a.decisions
	return policy, nil
}

// atLeast returns a policy of a version or a later one. What is too old is
// taken out of use. The third loading at the latest began after this call: the
// first may have been at hand, the second under way as its successor.
func (a *Authority) atLeast(ctx context.Context, tenant uuid.UUID, version int64) (*Policy, error) {
	var newest int64
	for range 3 {
		s, err := a.slot(ctx, tenant)
		if err != nil {
			return nil, err
		}
		if newest = s.policy.version; newest >= version {
			return s.policy, nil
		}
		a.drop(tenant, s)
	}
	return nil, fmt.Errorf("the permissions of tenant %s are at version %d, asked for %d", tenant, newest, version)
}

// drop takes a slot out of use, and no later one.
func (a *Authority) drop(tenant uuid.UUID, s *slot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if holder, found := a.slots.Peek(tenant); found && holder == s {
		a.slots.Remove(tenant)
	}
}

package policies

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

type fakeClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeClock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// fakeSource is a Source in memory, with a version that set raises.
type fakeSource struct {
	loads  atomic.Int64
	panics atomic.Bool

	mu        sync.Mutex
	snapshots map[uuid.UUID]Snapshot
	failure   error
	hold      *heldLoad
}

// heldLoad is a loading that has read its snapshot and does not return yet.
type heldLoad struct{ begun, release chan struct{} }

func newFakeSource() *fakeSource {
	return &fakeSource{snapshots: map[uuid.UUID]Snapshot{tenant: snapshot()}}
}

func (f *fakeSource) set(change func(*Snapshot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.snapshots[tenant]
	change(&s)
	s.Version++
	f.snapshots[tenant] = s
}

func (f *fakeSource) add(tenant uuid.UUID, s Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshots[tenant] = s
}

func (f *fakeSource) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure = err
}

func (f *fakeSource) holdNextLoad() *heldLoad {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold = &heldLoad{make(chan struct{}), make(chan struct{})}
	return f.hold
}

func (f *fakeSource) LoadPolicy(ctx context.Context, tenant uuid.UUID) (Snapshot, error) {
	f.loads.Add(1)
	if f.panics.Load() {
		panic("a bug in the source")
	}
	f.mu.Lock()
	s, found := f.snapshots[tenant]
	failure, hold := f.failure, f.hold
	f.hold = nil
	f.mu.Unlock()
	if hold != nil {
		close(hold.begun)
		select {
		case <-hold.release:
		case <-ctx.Done():
			return Snapshot{}, ctx.Err()
		}
	}
	if failure == nil && !found {
		failure = errors.New("no such tenant")
	}
	return s, failure
}

func (f *fakeSource) Version(_ context.Context, tenant uuid.UUID) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshots[tenant].Version, f.failure
}

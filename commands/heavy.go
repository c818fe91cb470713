package commands

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"remit"
)

// Heavy counts what is under way, by tenant, of what costs much for one request:
// drawing a PDF, trying a script, reading files of invoices, replaying failures. A bound on it keeps
// one tenant's haste from the others. It counts one process's work; nil bounds
// none.
type Heavy struct {
	most    int
	mutex   sync.Mutex
	running map[uuid.UUID]int
}

// HeavyAtOnce is how much heavy work of one tenant a process does at once.
const HeavyAtOnce = 4

// NewHeavy allows each tenant most pieces of heavy work at once.
func NewHeavy(most int) *Heavy { return &Heavy{most: most, running: map[uuid.UUID]int{}} }

// begin begins a piece of heavy work, or refuses it as limited where as much as
// may be is under way. end is called once, when it is done.
func (h *Heavy) begin(tenant uuid.UUID) (end func(), err error) {
	if h == nil {
		return func() {}, nil
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.running[tenant] >= h.most {
		return nil, &DelayedError{remit.Errorf(remit.KindLimited, "rate_limited", "Too much is being done for you at once. Try again in a second."), time.Second}
	}
	h.running[tenant]++
	return func() {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		if h.running[tenant]--; h.running[tenant] == 0 {
			delete(h.running, tenant)
		}
	}, nil
}

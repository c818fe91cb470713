package httpsec

import "sync"

// Gate lets a number of things run at once for each key, such as a tenant's
// imports and reports. It remembers only keys that are inside. Safe for
// concurrent use.
type Gate struct {
	most   int
	mu     sync.Mutex
	inside map[string]int
}

// NewGate allows most at once for each key.
func NewGate(most int) *Gate { return &Gate{most: most, inside: map[string]int{}} }

// Enter reports whether there is room. If so, call leave when done; a second
// call of leave does nothing.
func (g *Gate) Enter(key string) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside[key] >= g.most {
		return func() {}, false
	}
	g.inside[key]++
	return sync.OnceFunc(func() { g.leave(key) }), true
}

func (g *Gate) leave(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside[key]--; g.inside[key] == 0 {
		delete(g.inside, key)
	}
}

package prove

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// process is a part that runs.
type process interface {
	Done() <-chan struct{}
	Stop(ctx context.Context) error
	Kill() error
}

// part is a process that is brought back whenever it ends.
type part struct {
	name  string
	start func(context.Context) (process, error)

	mutex    sync.Mutex
	current  process
	notUntil time.Time // killed: not brought back before
	held     int       // how many want it down
	killing  bool      // its end is our doing
	stopping bool
	watched  chan struct{}

	kills  int // by us, from outside
	deaths int // at a boundary
	falls  int // for want of another part, or for no reason we know
	panics []string
}

// keep starts a part and brings it back whenever it ends.
func (h *house) keep(ctx context.Context, name string, start func(context.Context) (process, error)) error {
	first, err := start(ctx)
	if err != nil {
		return err
	}
	p := &part{name: name, start: start, current: first, watched: make(chan struct{})}
	h.parts[name] = p
	go p.watch(context.WithoutCancel(ctx))
	return nil
}

func (p *part) watch(ctx context.Context) {
	defer close(p.watched)
	for {
		p.mutex.Lock()
		current := p.current
		p.mutex.Unlock()
		<-current.Done()
		p.mutex.Lock()
		p.ended(current)
		for !p.stopping {
			if p.held == 0 && time.Now().After(p.notUntil) {
				next, err := p.start(ctx)
				if err == nil {
					p.current = next
					break
				}
				p.notUntil = time.Now().Add(200 * time.Millisecond)
			}
			p.mutex.Unlock()
			pause(ctx, 10*time.Millisecond)
			p.mutex.Lock()
		}
		stopping := p.stopping
		p.mutex.Unlock()
		if stopping {
			return
		}
	}
}

// ended notes why a process ended.
func (p *part) ended(current process) {
	code := -1
	if own, ok := current.(interface{ ExitCode() int }); ok {
		code = own.ExitCode()
	}
	const panicked = 2
	switch {
	case p.stopping:
	case p.killing:
		p.killing = false
	case code == panicked:
		p.panics = append(p.panics, fmt.Sprintf("the %s panicked; its log says why", p.name))
	case code == -1 && (p.name == partWorker || p.name == partAPI):
		p.deaths++
	default:
		p.falls++
		p.notUntil = time.Now().Add(200 * time.Millisecond)
	}
}

// kill ends the part on the spot and lets it come back after a while.
func (p *part) kill(down time.Duration) error {
	p.mutex.Lock()
	current := p.current
	p.notUntil = time.Now().Add(down)
	select {
	case <-current.Done():
		p.mutex.Unlock()
		return nil // it is down already
	default:
	}
	p.killing = true
	p.kills++
	p.mutex.Unlock()
	return current.Kill()
}

// hold kills the part and keeps it down until release.
func (p *part) hold() error {
	p.mutex.Lock()
	p.held++
	p.mutex.Unlock()
	return p.kill(0)
}

func (p *part) release() {
	p.mutex.Lock()
	p.held--
	p.mutex.Unlock()
}

func (p *part) stop(ctx context.Context) error {
	p.mutex.Lock()
	p.stopping = true
	current := p.current
	p.mutex.Unlock()
	err := current.Stop(ctx)
	<-p.watched
	if err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	return nil
}

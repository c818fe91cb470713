package dev

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// process is a part that runs as a process of its own.
type process interface {
	Done() <-chan struct{}
	Stop(ctx context.Context) error
}

// part is a process that is brought back when it dies.
type part struct {
	name  string
	start func(context.Context) (process, error)

	mu       sync.Mutex
	current  process
	stopping bool
	watched  chan struct{} // closed when nobody watches any more
}

// A part that dies more often than this is not brought back any more.
const (
	mostRestarts   = 5
	restartsWithin = time.Minute
)

// keep starts a part and watches over it until it is stopped. The process it
// returns is the first one.
func (r *running) keep(ctx context.Context, name string, start func(context.Context) (process, error)) (process, error) {
	first, err := start(ctx)
	if err != nil {
		return nil, err
	}
	p := &part{name: name, start: start, current: first, watched: make(chan struct{})}
	r.parts = append(r.parts, p)
	go func() {
		defer close(p.watched)
		if err := p.watch(context.WithoutCancel(ctx), r.died); err != nil {
			r.broken <- err
		}
	}()
	return first, nil
}

func (r *running) died(name string) {
	r.log.Error("a part died and is started again", "part", name)
	r.say.line(name + " died; starting it again")
}

// watch returns nil once the part was stopped, and an error when it cannot be
// brought back.
func (p *part) watch(ctx context.Context, died func(name string)) error {
	var deaths []time.Time
	for {
		<-p.now().Done()
		now := time.Now()
		deaths = append(deaths, now)
		for now.Sub(deaths[0]) > restartsWithin {
			deaths = deaths[1:]
		}
		p.mu.Lock()
		if p.stopping {
			p.mu.Unlock()
			return nil
		}
		if len(deaths) > mostRestarts {
			p.mu.Unlock()
			return fmt.Errorf("%s died %d times within %s; look at its log in the data folder", p.name, len(deaths), restartsWithin)
		}
		died(p.name)
		next, err := p.start(ctx)
		if err == nil {
			p.current = next
		}
		p.mu.Unlock()
		if err != nil {
			return fmt.Errorf("%s died and could not be started again: %w", p.name, err)
		}
	}
}

func (p *part) now() process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

// stop ends the part for good and returns once it is gone.
func (p *part) stop(ctx context.Context) error {
	p.mu.Lock()
	p.stopping = true
	current := p.current
	p.mu.Unlock()
	err := current.Stop(ctx)
	<-p.watched
	if err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	return nil
}

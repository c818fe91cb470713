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
	stopping chan struct{} // closed when it is to end for good
	watched  chan struct{} // closed when nobody watches any more
}

// A part that dies more often than this is not brought back any more. A start
// that fails counts as a death: what the part needs may have died as well, as
// Temporal's PostgreSQL, and is back a moment later.
const (
	mostRestarts   = 5
	restartsWithin = time.Minute
	restartPause   = time.Second
)

// keep starts a part and watches over it until it is stopped. The process it
// returns is the first one.
func (r *running) keep(ctx context.Context, name string, start func(context.Context) (process, error)) (process, error) {
	first, err := start(ctx)
	if err != nil {
		return nil, err
	}
	p := &part{name: name, start: start, current: first, stopping: make(chan struct{}), watched: make(chan struct{})}
	r.parts = append(r.parts, p)
	go func() {
		defer close(p.watched)
		if err := p.watch(context.WithoutCancel(ctx), r.died); err != nil {
			r.broken <- err
		}
	}()
	return first, nil
}

func (r *running) died(name string, cause error) {
	if cause != nil {
		r.log.Error("a part could not be started and is started again", "part", name, "error", cause)
		r.say.line(name + " could not be started; trying again")
		return
	}
	r.log.Error("a part died and is started again", "part", name)
	r.say.line(name + " died; starting it again")
}

// watch returns nil once the part was stopped, and an error when it cannot be
// brought back. It tells each death, with the error of a start that failed.
func (p *part) watch(ctx context.Context, died func(name string, cause error)) error {
	var deaths []time.Time
	var failed error
	for {
		<-p.now().Done()
		now := time.Now()
		deaths = append(deaths, now)
		for now.Sub(deaths[0]) > restartsWithin {
			deaths = deaths[1:]
		}
		if failed != nil && !p.pause() || p.isStopping() {
			return nil
		}
		if len(deaths) > mostRestarts {
			if failed != nil {
				return fmt.Errorf("%s died and could not be started again: %w", p.name, failed)
			}
			return fmt.Errorf("%s died %d times within %s; look at its log in the data folder", p.name, len(deaths), restartsWithin)
		}
		died(p.name, failed)
		failed = p.restart(ctx)
	}
}

// restart leaves the dead process in its place where the start fails.
func (p *part) restart(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isStopping() {
		return nil
	}
	next, err := p.start(ctx)
	if err == nil {
		p.current = next
	}
	return err
}

// pause says whether the part is still wanted after it.
func (p *part) pause() bool {
	timer := time.NewTimer(restartPause)
	defer timer.Stop()
	select {
	case <-p.stopping:
		return false
	case <-timer.C:
		return true
	}
}

func (p *part) isStopping() bool {
	select {
	case <-p.stopping:
		return true
	default:
		return false
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
	close(p.stopping)
	current := p.current
	p.mu.Unlock()
	err := current.Stop(ctx)
	<-p.watched
	if err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	return nil
}

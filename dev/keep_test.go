package dev

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

// mortal is a process that the test kills.
type mortal struct{ done chan struct{} }

func (m *mortal) Done() <-chan struct{} { return m.done }

func (m *mortal) Stop(context.Context) error {
	select {
	case <-m.done:
	default:
		close(m.done)
	}
	return nil
}

// A part that dies is brought back, one that was stopped is not, and one that
// keeps dying ends Remit with a message that names it instead of for ever
// starting it.
func TestPartsAreBroughtBackWithinReason(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	r := &running{say: newProgress(&said), log: slog.New(slog.DiscardHandler), broken: make(chan error, 1)}
	lives := make(chan *mortal, 2*mostRestarts)
	alive := func(context.Context) (process, error) {
		m := &mortal{done: make(chan struct{})}
		lives <- m
		return m, nil
	}
	if _, err := r.keep(t.Context(), "PostgreSQL", alive); err != nil {
		t.Fatal(err)
	}
	close((<-lives).done)
	<-lives // another one
	if err := r.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(lives) > 0 {
		t.Error("a part that was stopped was started again")
	}

	dying := &running{say: newProgress(&said), log: slog.New(slog.DiscardHandler), broken: make(chan error, 1)}
	if _, err := dying.keep(t.Context(), "Temporal", alive); err != nil {
		t.Fatal(err)
	}
	for range mostRestarts + 1 {
		close((<-lives).done)
	}
	if err := <-dying.broken; err == nil || !strings.Contains(err.Error(), "Temporal died") {
		t.Errorf("got %v, want a message that names the part", err)
	}
	if err := dying.stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A start that fails because what the part needs is down as well is made again,
// and not for ever.
func TestPartIsStartedAgainUntilWhatItNeedsIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &running{say: newProgress(io.Discard), log: slog.New(slog.DiscardHandler), broken: make(chan error, 1)}
		lives := make(chan *mortal, 1)
		starts, failures := 0, 2
		start := func(context.Context) (process, error) {
			if starts++; starts > 1 && starts <= 1+failures {
				return nil, errors.New("no usable database connection")
			}
			m := &mortal{done: make(chan struct{})}
			lives <- m
			return m, nil
		}
		if _, err := r.keep(t.Context(), "Temporal", start); err != nil {
			t.Fatal(err)
		}
		close((<-lives).done)
		last := <-lives
		if starts != 2+failures {
			t.Errorf("started %d times, want %d", starts, 2+failures)
		}
		failures = 2 * mostRestarts
		starts = 1
		close(last.done)
		if err := <-r.broken; err == nil || !strings.Contains(err.Error(), "no usable database") {
			t.Errorf("got %v, want the reason of the failed start", err)
		}
		if err := r.stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A part whose address others have comes back there or not at all.
func TestPartComesBackWhereItWas(t *testing.T) {
	t.Parallel()
	stopped := 0
	stop := func() error { stopped++; return nil }
	first := ""
	if err := errors.Join(sameAddress(&first, "a", stop), sameAddress(&first, "a", stop)); err != nil || stopped != 0 {
		t.Errorf("at the same address: %v, stopped %d times", err, stopped)
	}
	if err := sameAddress(&first, "b", stop); err == nil || stopped != 1 {
		t.Errorf("at another address: %v, stopped %d times, want it refused and stopped", err, stopped)
	}
}

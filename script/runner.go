package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	wallTime  = 3 * time.Second
	maxOutput = 64 << 10 // bytes
	atOnce    = 2
)

// Runner runs scripts, each in a process of its own that is confined by
// [Main], two at a time. Nil runs none.
type Runner struct {
	Wall    time.Duration // the most that one run may take, by the clock
	command []string
	slots   chan struct{}
}

// NewRunner runs scripts by a command that ends in [Main]. The program it names
// is never one built with -race, which takes many times the addresses.
func NewRunner(command ...string) *Runner {
	return &Runner{Wall: wallTime, command: command, slots: make(chan struct{}, atOnce)}
}

// Run runs a script and checks what it asks for. Returns [Failure] whatever the
// script did or the process died of; any other error is ctx's.
func (r *Runner) Run(ctx context.Context, source string, in Input) (Result, error) {
	if r == nil {
		return Result{}, failuref("Scripts are not run here.")
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Result{}, fmt.Errorf("wait to run a script: %w", ctx.Err())
	}
	answer, err := r.process(ctx, source, in)
	if err != nil {
		return Result{}, err
	}
	if answer.Failure != nil {
		return Result{Printed: answer.Printed}, &Failure{Line: answer.Failure.Line, Message: short(answer.Failure.Message)}
	}
	effects, err := effectsOf(answer.Effects)
	return Result{Effects: effects, Printed: answer.Printed}, err
}

func (r *Runner) process(ctx context.Context, source string, in Input) (report, error) {
	ordered, err := json.Marshal(order{Source: source, Input: in})
	if err != nil {
		return report{}, fmt.Errorf("write a script's input: %w", err)
	}
	running, cancel := context.WithTimeout(ctx, r.Wall)
	defer cancel()
	out, said := &bounded{most: maxOutput, full: cancel}, &bounded{most: 4 << 10}
	process := exec.CommandContext(running, r.command[0], r.command[1:]...) //nolint:gosec // the program itself, given by whoever starts it
	process.Env, process.Dir = sparing, "/"
	process.Stdin, process.Stdout, process.Stderr = bytes.NewReader(ordered), out, said
	process.WaitDelay = time.Second
	err = process.Run()
	switch {
	case ctx.Err() != nil:
		return report{}, fmt.Errorf("run a script: %w", ctx.Err())
	case out.overflowed:
		return report{}, tooMuch()
	case errors.Is(running.Err(), context.DeadlineExceeded):
		return report{}, failuref("It took longer than %d seconds.", int(r.Wall.Seconds()))
	case err != nil:
		return report{}, died(err, said.kept.String())
	}
	var answer report
	if err := json.Unmarshal(out.kept.Bytes(), &answer); err != nil {
		return report{}, failuref("Its process gave no answer.")
	}
	return answer, nil
}

// died says what a process ended of. What it wrote while dying is not repeated.
func died(err error, said string) *Failure {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return failuref("Its process could not be started.")
	}
	status, _ := exit.Sys().(syscall.WaitStatus)
	switch {
	case strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory"):
		return failuref("It asked for more memory than it may have.")
	case strings.Contains(said, "stack overflow") || strings.Contains(said, "stack exceeds"):
		return failuref("It is nested too deeply.")
	case status.Signaled():
		return failuref("Its process was killed: it used more than %d seconds of processor time, or the machine ended it.", cpuSeconds)
	}
	return failuref("Its process ended with code %d.", exit.ExitCode())
}

// bounded keeps what is written up to most bytes. The buffer is a field and not
// embedded: its ReadFrom would take everything.
type bounded struct {
	kept       bytes.Buffer
	most       int
	full       func()
	overflowed bool
}

// Write never fails: what does not fit ends the process instead.
func (b *bounded) Write(p []byte) (int, error) {
	room := min(b.most-b.kept.Len(), len(p))
	b.kept.Write(p[:room])
	if room < len(p) {
		b.overflowed = true
		if b.full != nil {
			b.full()
		}
	}
	return len(p), nil
}

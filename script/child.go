package script

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
)

// Subcommand is the argument with which this program is the process that one
// script runs in. It is no command for people.
const Subcommand = "run-script"

// Limits of that process, which is thrown away after one run. A Go program that
// finds one GiB of addresses reserves 700 MiB and has the rest to use; the soft
// limit keeps it far below.
const (
	addressSpace = 1 << 30  // bytes
	softMemory   = 64 << 20 // bytes
	cpuSeconds   = 2
	maxStack     = 32 << 20 // bytes
)

// order is what the process reads, report what it answers.
type order struct {
	Source string `json:"source"`
	Input  Input  `json:"input"`
}

type report struct {
	Effects []json.RawMessage `json:"effects"`
	Printed string            `json:"printed"`
	Failure *Failure          `json:"failure,omitempty"`
}

// Main is the process: it takes limits on itself that it cannot lift again,
// reads one order, runs the script, and answers. It returns the exit code.
//
// The limits are set by starting over: a Go program that is running already has
// reserved more addresses than it may have here.
func Main(in io.Reader, out io.Writer) int {
	if err := confine(); err != nil {
		return exitUnconfined
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return exitBroken
	}
	var o order
	if err := json.Unmarshal(raw, &o); err != nil {
		return exitBroken
	}
	effects, printed, err := call(o.Source, o.Input)
	answer := report{Effects: effects, Printed: printed}
	if err != nil {
		answer.Failure = failureOf(err)
	}
	if err := json.NewEncoder(out).Encode(answer); err != nil {
		return exitBroken
	}
	return 0
}

// Exit codes of the process; a Go program that dies by itself has 2.
const (
	exitUnconfined = 3
	exitBroken     = 4
)

func confine() error {
	debug.SetMemoryLimit(softMemory)
	debug.SetMaxStack(maxStack)
	var addresses syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &addresses); err != nil {
		return fmt.Errorf("read a limit: %w", err)
	}
	if addresses.Max <= addressSpace {
		return nil
	}
	// Where the machine, or a container, runs out of memory all the same, it is
	// this process that goes and not the worker beside it. A system without this
	// file has no such choice to make.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// Addresses come last: nothing may be left to allocate after them.
	for _, limit := range []struct {
		resource int
		most     uint64
	}{{syscall.RLIMIT_CPU, cpuSeconds}, {syscall.RLIMIT_CORE, 0}, {syscall.RLIMIT_FSIZE, 0}, {syscall.RLIMIT_AS, addressSpace}} {
		// Hard and soft alike: the Go runtime ignores the soft limit's signal.
		if err := syscall.Setrlimit(limit.resource, &syscall.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return fmt.Errorf("set a limit: %w", err)
		}
	}
	return fmt.Errorf("start over: %w", syscall.Exec("/proc/self/exe", os.Args, []string{})) //nolint:gosec // this program itself
}

package script

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// Subcommand is the argument with which this program is the process that one
// script runs in. It is no command for people.
const Subcommand = "run-script"

// Limits of that process, which is thrown away after one run. The soft limit
// keeps it far below the hard one.
const (
	mostGrowth = 320 << 20 // bytes of addresses beyond those it starts with
	softMemory = 64 << 20  // bytes
	cpuSeconds = 2
	maxStack   = 32 << 20 // bytes
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

// sparing is all the environment there is: each thread would take addresses.
var sparing = []string{"GOMAXPROCS=1", "MALLOC_ARENA_MAX=1"}

func confine() error {
	debug.SetMemoryLimit(softMemory)
	debug.SetMaxStack(maxStack)
	// Where the machine, or a container, runs out of memory all the same, it is
	// this process that goes and not the worker beside it. A system without this
	// file has no such choice to make.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	has, err := addresses()
	if err != nil {
		return err
	}
	// Addresses come last: little may be left to allocate after them.
	for _, limit := range []struct {
		resource int
		most     uint64
	}{{syscall.RLIMIT_CPU, cpuSeconds}, {syscall.RLIMIT_CORE, 0}, {syscall.RLIMIT_FSIZE, 0}, {syscall.RLIMIT_AS, has + mostGrowth}} {
		// Hard and soft alike: the Go runtime ignores the soft limit's signal.
		if err := syscall.Setrlimit(limit.resource, &syscall.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return fmt.Errorf("set a limit: %w", err)
		}
	}
	return nil
}

// addresses are how many bytes of them the process has. How many the Go runtime
// reserves when it starts, and where, is chance, so that the limit is one on what
// comes after: a script that asks for little never meets it.
func addresses() (uint64, error) {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("read this process's size: %w", err)
	}
	first, _, _ := strings.Cut(string(raw), " ")
	pages, err := strconv.ParseUint(first, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read this process's size: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil //nolint:gosec // a page's size is positive
}

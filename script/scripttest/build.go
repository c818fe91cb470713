// Package scripttest gives tests a process for scripts. It is for tests.
package scripttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"remit/script"
)

// TB is what this package needs of a testing.TB.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Runner runs scripts by a program that is built once for each test binary, and
// never with -race.
func Runner(t TB) *script.Runner {
	runner := script.NewRunner(Program(t))
	// A machine that is busy with other tests is slow: what a script takes is bounded
	// by its steps and its processor time all the same.
	runner.Wall = time.Minute
	return runner
}

// Program is that program's file.
func Program(t TB) string {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var build = sync.OnceValues(func() (string, error) {
	cache := os.Getenv("REMIT_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a folder for programs: %w", err)
		}
		cache = filepath.Join(user, "remit")
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", fmt.Errorf("make a folder for programs: %w", err)
	}
	// Built beside its place and moved there: other packages' tests may run it.
	file := filepath.Join(cache, "script-runner")
	made := fmt.Sprintf("%s.%d", file, os.Getpid())
	command := exec.Command("go", "build", "-trimpath", "-o", made, "remit/script/scripttest/runner") //nolint:gosec // a file of the cache's
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the process for scripts: %w: %s", err, said)
	}
	if err := os.Rename(made, file); err != nil {
		return "", fmt.Errorf("keep the process for scripts: %w", err)
	}
	return file, nil
})

// Package scripttest gives tests a process for scripts. It is for tests.
package scripttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"remit/script"
)

// TB is what this package needs of a testing.TB.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Runner runs scripts by a program that is built once for each test binary, and
// never with -race.
func Runner(t TB) *script.Runner { return script.NewRunner(Program(t)) }

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
	dir, err := os.MkdirTemp("", "remit-script")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "runner")
	command := exec.Command("go", "build", "-trimpath", "-o", file, "remit/script/scripttest/runner") //nolint:gosec // once, for all tests; the file is in a folder just made
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if said, err := command.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build the process for scripts: %w: %s", err, said), os.RemoveAll(dir))
	}
	return file, nil
})

package prove

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A process dies at the passing that was written down, once, and what passes
// there afterwards lives.
func TestCrashAtTheNthPassing(t *testing.T) {
	const variable = "REMIT_PROVE_TEST_CRASHES"
	if folder := os.Getenv(variable); folder != "" { // the process that dies
		hook := crashes(folder).hook()
		for n := range 3 {
			hook("last look passed")
			_, _ = os.Stdout.WriteString(string(rune('a' + n)))
		}
		return
	}
	c := crashes(t.TempDir())
	if err := c.arm("last look passed", 2); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a", "abc"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestCrashAtTheNthPassing$")
		cmd.Env = append(os.Environ(), variable+"="+string(c))
		said, err := cmd.Output()
		if !strings.HasPrefix(string(said), want) || (err != nil) != (want == "a") {
			t.Errorf("it said %q and ended with %v, want %q", said, err, want)
		}
	}
	if struck := c.take(); len(struck) != 1 || struck[0] != "last look passed" {
		t.Errorf("struck: %q", struck)
	}
}

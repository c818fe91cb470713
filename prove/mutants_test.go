package prove

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Each planted mutant still fits the sources, and compiles in them, so that it can
// be planted on the day it is needed.
func TestMutantsFitTheSources(t *testing.T) {
	root, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		overlay, err := m.overlay(root, t.TempDir())
		if err != nil {
			t.Error(err)
			continue
		}
		compile := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay)
		for _, e := range m.edits {
			compile.Args = append(compile.Args, "./"+filepath.Dir(e.file))
		}
		compile.Dir = root
		if said, err := compile.CombinedOutput(); err != nil {
			t.Errorf("mutant %s: %v %s", m.letter, err, said)
		}
	}
}

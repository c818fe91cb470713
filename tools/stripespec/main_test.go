package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// One run fills the folder with the document of the expected version, the
// fixtures and a binary that starts; a second run changes nothing.
func TestRunFillsTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	for range 2 {
		if err := run(dir, nil); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(filepath.Join(dir, "spec3.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Info struct{ Version string } }
	if err := json.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	if document.Info.Version != "2024-09-30.acacia" {
		t.Errorf("the document is of %s", document.Info.Version)
	}
	if _, err := os.Stat(filepath.Join(dir, "fixtures3.json")); err != nil {
		t.Error(err)
	}
	if out, err := exec.Command(filepath.Join(dir, "stripe-mock"), "-version").CombinedOutput(); err != nil {
		t.Errorf("stripe-mock does not start: %v %s", err, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("%d files, want 3: %v", len(left), err)
	}
}

// A word that is no flag is a mistake, not a folder.
func TestRunRefusesArguments(t *testing.T) {
	if run(t.TempDir(), []string{"folder"}) == nil {
		t.Error("an argument was taken")
	}
}

// The version that names the folder is the one the module depends on.
func TestVersionIsThePinnedOne(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/stripe/stripe-mock").Output()
	if err != nil || string(out) != Version+"\n" {
		t.Errorf("go.mod has %q, the folder is named %s (%v)", out, Version, err)
	}
}

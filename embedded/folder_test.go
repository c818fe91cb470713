package embedded

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFolderIsExclusive protects the data from a second `remit dev`, and tells
// its user who is in the way and what to do.
func TestFolderIsExclusive(t *testing.T) {
	folder := openFolder(t, filepath.Join(t.TempDir(), "data"))
	_, err := OpenFolder(folder.Path())
	if !errors.Is(err, ErrFolderBusy) || !strings.Contains(err.Error(), "REMIT_DATA_DIR") {
		t.Fatalf("second open: %v, want %v and a way out", err, ErrFolderBusy)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	openFolder(t, folder.Path())
}

// TestPortsAreRemembered protects bookmarks and command lines: a name keeps
// its port over restarts, gives it up only when somebody else has it, and no
// two names share one.
func TestPortsAreRemembered(t *testing.T) {
	dir := t.TempDir()
	folder := openFolder(t, dir)
	web, other := port(t, folder, "web"), port(t, folder, "other")
	if web == other {
		t.Errorf("two names share port %d", web)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	folder = openFolder(t, dir)
	if got := port(t, folder, "web"); got != web {
		t.Errorf("port %d after a restart, want %d", got, web)
	}
	listener, err := net.Listen("tcp", address(web))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if got := port(t, folder, "web"); got == web {
		t.Errorf("gave out port %d, which is taken", got)
	}
}

// TestTornPorts protects a start after a crash that left ports.json broken.
func TestTornPorts(t *testing.T) {
	for _, content := range []string{"", "{\"web\":", "null"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "ports.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		port(t, openFolder(t, dir), "web")
	}
}

// TestDefaultFolder protects people's data from landing where the next start
// does not look for it.
func TestDefaultFolder(t *testing.T) {
	for _, c := range []struct{ remit, xdg, want string }{
		{"/srv/remit", "/xdg", "/srv/remit"},
		{"", "/xdg", "/xdg/remit"},
		{"", "relative is ignored", "/home/someone/.local/share/remit"},
		{"", "", "/home/someone/.local/share/remit"},
	} {
		t.Setenv("HOME", "/home/someone")
		t.Setenv("REMIT_DATA_DIR", c.remit)
		t.Setenv("XDG_DATA_HOME", c.xdg)
		if got, err := DefaultFolder(); err != nil || got != c.want {
			t.Errorf("REMIT_DATA_DIR=%q XDG_DATA_HOME=%q: %q, %v, want %q", c.remit, c.xdg, got, err, c.want)
		}
	}
}

func port(t *testing.T, folder *Folder, name string) int {
	t.Helper()
	port, err := folder.Port(name)
	if err != nil {
		t.Fatal(err)
	}
	return port
}
